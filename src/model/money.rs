//! Exact sums of money: prices are decimal text, and no cent is rounded.

use std::fmt;
use std::ops::AddAssign;

use super::Money;

/// A sum, which may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// The sum without its point.
    units: i128,
    /// Digits after the point.
    scale: u32,
}

impl Money {
    /// The price of so many seats; nothing for an amount that is no price.
    pub fn times(&self, seats: i64) -> Sum {
        let (whole, cents) = self.amount.split_once('.').unwrap_or((&self.amount, ""));
        let units = format!("{whole}{cents}").parse::<i128>().unwrap_or(0);
        let scale = u32::try_from(cents.len()).unwrap_or(0);
        Sum { units: units.saturating_mul(i128::from(seats)), scale }
    }
}

impl Sum {
    fn at_scale(self, scale: u32) -> i128 {
        self.units.saturating_mul(10_i128.saturating_pow(scale.saturating_sub(self.scale)))
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        let scale = self.scale.max(other.scale);
        *self = Self { units: self.at_scale(scale).saturating_add(other.at_scale(scale)), scale };
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let width = self.scale as usize + 1;
        let digits = format!("{:0>width$}", self.units.unsigned_abs());
        let (whole, cents) = digits.split_at_checked(digits.len() - self.scale as usize).unwrap_or((&digits, ""));
        let point = if cents.is_empty() { "" } else { "." };
        f.pad(&format!("{sign}{whole}{point}{cents}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(amount: &str) -> Money {
        Money { amount: amount.to_owned(), currency: "USD".to_owned(), per: "month".to_owned() }
    }

    #[test]
    fn no_cent_is_rounded() {
        for (amount, seats, expected) in [
            ("100.00", 3, "300.00"),
            ("100.00", -41, "-4100.00"),
            ("0.05", 1, "0.05"),
            ("0.05", -1, "-0.05"),
            ("12", 10, "120"),
            ("0.1", 3, "0.3"),
            ("9.99", 0, "0.00"),
            ("999999999999.999999999999", 1_000_000, "999999999999999999.999999000000"),
        ] {
            assert_eq!(price(amount).times(seats).to_string(), expected, "{amount} x {seats}");
        }
        let mut sum = price("0.1").times(1);
        sum += price("0.25").times(-2);
        sum += price("7").times(1);
        assert_eq!(sum.to_string(), "6.60");
    }
}

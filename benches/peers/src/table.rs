//! One random table and people for it, from a seed, in a form that every engine can be given.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use fastrand::Rng;

/// Tiers by rank; the first is what nobody's row gives.
pub const TIERS: [&str; 4] = ["requester", "approver", "fulfiller", "lead"];

/// A place in [`TIERS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier(usize);

impl Tier {
    /// Whoever no row matches.
    pub const DEFAULT: Self = Self(0);

    /// The tier of this name.
    pub fn named(name: &str) -> Option<Self> {
        TIERS.iter().position(|tier| *tier == name).map(Self)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        TIERS.get(self.0).copied().unwrap_or_default()
    }
}

/// The job codes of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// This one.
    Exact(String),
    /// All that begin so.
    Prefix(String),
    /// All.
    Any,
}

/// A row; a column that is `None` is met by everybody.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its job codes.
    pub code: Code,
    /// Its department.
    pub department: Option<String>,
    /// Its country.
    pub country: Option<String>,
    /// What it gives.
    pub tier: Tier,
}

/// The facts of one person.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The job code.
    pub code: String,
    /// The department.
    pub department: String,
    /// The country.
    pub country: String,
}

impl Row {
    /// Whether it is about this person.
    pub fn matches(&self, facts: &Facts) -> bool {
        let code = match &self.code {
            Code::Exact(code) => *code == facts.code,
            Code::Prefix(prefix) => facts.code.starts_with(prefix),
            Code::Any => true,
        };
        code && self.department.as_ref().is_none_or(|department| *department == facts.department)
            && self.country.as_ref().is_none_or(|country| *country == facts.country)
    }

    /// Rows with a smaller key go first: the table's own order, which engines of a first match must be told.
    fn precedence(&self) -> (u8, usize) {
        let code = match self.code {
            Code::Exact(_) => 0,
            Code::Prefix(_) => 1,
            Code::Any => 2,
        };
        (code, 2 - usize::from(self.department.is_some()) - usize::from(self.country.is_some()))
    }
}

fn department(rng: &mut Rng) -> String {
    format!("Department {}", rng.usize(..40))
}

fn country(rng: &mut Rng) -> String {
    format!("X{}", char::from(b'A' + rng.u8(..26)))
}

/// A code of one of the families that a table of so many rows has: families hold a thousand codes, of which rows name
/// some, so that people meet exact rows, rows of a prefix, both and neither.
fn code(rng: &mut Rng, rows: usize) -> String {
    format!("F{:03}-{:03}", rng.usize(..rows.div_ceil(100)), rng.usize(..1_000))
}

/// Of a hundred rows 80 name an exact code, 6 a code and a department, 10 a prefix and a country and 4 a department and
/// a country. Ordered so that the first match decides; no two rows tie.
pub fn rows(count: usize, rng: &mut Rng) -> Vec<Row> {
    let mut seen = BTreeSet::new();
    let mut rows = Vec::with_capacity(count);
    while rows.len() < count {
        let code = code(rng, count);
        let (code, department, country) = match rows.len() % 50 {
            0..40 => (Code::Exact(code), None, None),
            40..43 => (Code::Exact(code), Some(department(rng)), None),
            43..48 => (Code::Prefix(code.chars().take(6).collect()), None, Some(country(rng))),
            _ => (Code::Any, Some(department(rng)), Some(country(rng))),
        };
        if seen.insert((code.clone(), department.clone(), country.clone())) {
            rows.push(Row { code, department, country, tier: Tier(rng.usize(1..TIERS.len())) });
        }
    }
    rows.sort_by_key(Row::precedence);
    rows
}

/// Nine of ten people have what some row asks for, with the rest at random; the tenth is a stranger to the table.
pub fn people(count: usize, rows: &[Row], rng: &mut Rng) -> Vec<Facts> {
    let mut people = Vec::with_capacity(count);
    for number in 0..count {
        let row = if number % 10 == 9 { None } else { rng.choice(rows) };
        let code = match row.map(|row| &row.code) {
            None => format!("Z-{}", rng.u16(..)),
            Some(Code::Exact(code)) => code.clone(),
            Some(Code::Prefix(prefix)) => format!("{prefix}{:02}", rng.u8(..100)),
            Some(Code::Any) => code(rng, rows.len()),
        };
        let department = row.and_then(|row| row.department.clone()).unwrap_or_else(|| department(rng));
        let country = row.and_then(|row| row.country.clone()).unwrap_or_else(|| country(rng));
        people.push(Facts { code, department, country });
    }
    people
}

/// The table as people write it. From the last row to the first: the order of rows in a file must not matter.
pub fn csv(rows: &[Row]) -> String {
    let mut text = "id,job_code,department,country,tier\n".to_owned();
    for (number, row) in rows.iter().enumerate().rev() {
        let code = match &row.code {
            Code::Exact(code) => code.clone(),
            Code::Prefix(prefix) => format!("{prefix}*"),
            Code::Any => String::new(),
        };
        let (department, country) = (row.department.as_deref(), row.country.as_deref());
        let cells = [code.as_str(), department.unwrap_or_default(), country.unwrap_or_default(), row.tier.name()];
        let _written = writeln!(text, "row-{number},{}", cells.join(","));
    }
    text
}

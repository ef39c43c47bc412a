//! Seats as bars.

use super::Screen;
use crate::worker::view::SeatsView;

/// Bought seats as a bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) used: u64,
    pub(super) pending: u64,
    pub(super) cooling: u64,
    pub(super) foreign: u64,
    pub(super) of: u64,
}

impl Share {
    /// The seats of a pool; `None` where they are not counted.
    pub(super) fn of_pool(pool: &SeatsView) -> Option<Self> {
        Some(Self {
            used: u64::from(pool.used),
            pending: u64::from(pool.pending),
            cooling: u64::from(pool.cooling),
            foreign: pool.foreign,
            of: u64::from(pool.bought?),
        })
    }

    /// All that uses up what was bought.
    pub(super) fn taken(&self) -> u64 {
        [self.used, self.pending, self.cooling, self.foreign].into_iter().fold(0, u64::saturating_add)
    }

    /// How the seats that are taken are counted in words, the used ones first: `80 of 120 used, 1 being granted`.
    pub(super) fn words(&self) -> String {
        let Self { used, pending, cooling, foreign, of } = self;
        let mut parts = vec![format!("{used} of {of} used")];
        let more = [(pending, "being granted"), (cooling, "cooling"), (foreign, "not ours")];
        parts.extend(more.iter().filter(|(count, _)| **count > 0).map(|(count, word)| format!("{count} {word}")));
        parts.join(", ")
    }
}

impl Screen {
    /// How wide names before bars are.
    pub(super) const fn names(self) -> usize {
        if self.width < 140 { 22 } else { 40 }
    }

    /// How wide bars are.
    pub(super) const fn bar_width(self) -> usize {
        match self.width {
            0..=99 => 24,
            100..=139 => 36,
            _ => 50,
        }
    }

    /// A bar of `width` cells between brackets. Whatever there is at all shows, if only as one cell.
    pub(super) fn bar(self, share: Share, width: usize) -> String {
        let marks = self.marks();
        let Share { used, pending, cooling, foreign, of } = share;
        let mut cells = String::new();
        let mut left = width;
        let taken = [used, pending, cooling, foreign];
        for (count, mark) in taken.iter().zip(marks) {
            if *count == 0 {
                continue;
            }
            let exact = u128::from(*count).saturating_mul(width as u128).checked_div(u128::from(of)).unwrap_or(0);
            let own = usize::try_from(exact).unwrap_or(width).max(1).min(left);
            left = left.saturating_sub(own);
            cells.push_str(&mark.to_string().repeat(own));
        }
        // A pool with a free seat never looks full, and a full one never free.
        let is_full = share.taken() >= of;
        if is_full && left > 0 {
            let mark = cells.chars().last().unwrap_or(marks[0]);
            cells.push_str(&mark.to_string().repeat(left));
        } else if !is_full && left == 0 {
            cells.pop();
            left = 1;
        }
        if !is_full {
            cells.push_str(&self.free_mark().to_string().repeat(left));
        }
        format!("[{cells}]")
    }

    /// Used, being granted, cooling, not ours.
    pub(super) const fn marks(self) -> [char; 4] {
        if self.unicode { ['█', '▓', '▒', '×'] } else { ['#', '+', '~', 'x'] }
    }

    /// Somebody who waits.
    pub(super) const fn wait_mark(self) -> char {
        if self.unicode { '•' } else { 'w' }
    }

    /// A seat that nobody has.
    pub(super) const fn free_mark(self) -> char {
        if self.unicode { '░' } else { '.' }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_only_when_no_seat_is_free() {
        let screen = Screen::new(80, false);
        let bar = |used, of| screen.bar(Share { used, of, ..Share::default() }, 10);
        assert_eq!(bar(0, 10), "[..........]");
        assert_eq!(bar(1, 1_000), "[#.........]");
        assert_eq!(bar(999, 1_000), "[#########.]");
        assert_eq!(bar(1_000, 1_000), "[##########]");
        assert_eq!(bar(12, 10), "[##########]");
        assert_eq!(bar(3, 0), "[##########]");
        assert_eq!(bar(0, 0), "[##########]", "nothing was bought, so nothing is free");
        let mixed = Share { used: 5, pending: 1, cooling: 1, foreign: 1, of: 10 };
        assert_eq!(screen.bar(mixed, 10), "[#####+~x..]");
        assert_eq!(Screen::new(80, true).bar(mixed, 10), "[█████▓▒×░░]");
    }
}

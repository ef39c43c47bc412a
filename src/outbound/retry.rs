//! When to try again, and when to end. The only file that names `backoff`, which nobody maintains any more; what is
//! used of it is the growing ceiling. Chance and time come from our own ports.

use std::time::Duration;

use backoff::backoff::Backoff;
use backoff::{ExponentialBackoff, ExponentialBackoffBuilder};

use crate::ambient::Chance;
use crate::model::Time;

/// More tries than this have never helped, and each costs the vendor's budget.
const TRIES: u32 = 8;
const FIRST: Duration = Duration::from_secs(1);
const CEILING: Duration = Duration::from_mins(5);
/// Full jitter may draw nothing; a try after no pause at all is a waste.
const LEAST: Duration = Duration::from_millis(50);
/// Spread of those who were all told the same instant.
const SPREAD: Duration = Duration::from_millis(500);

/// The tries of one call.
pub(super) struct Retry {
    ceiling: ExponentialBackoff,
    tries: u32,
    deadline: Time,
}

/// What follows a try that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Try again then.
    At(Time),
    /// End; the other side may have said when to come back.
    End(Option<Time>),
}

impl Retry {
    /// A call whose first try is at `now`.
    pub(super) fn new(now: Time, patience: Duration) -> Self {
        let ceiling = ExponentialBackoffBuilder::new()
            .with_initial_interval(FIRST)
            .with_multiplier(2.0)
            .with_max_interval(CEILING)
            .with_randomization_factor(0.0)
            .with_max_elapsed_time(None)
            .build();
        Self { ceiling, tries: 0, deadline: now.plus(patience) }
    }

    /// The number of the try that begins now, from 1.
    pub(super) fn begin(&mut self) -> u32 {
        self.tries = self.tries.saturating_add(1);
        self.tries
    }

    /// When retries end.
    pub(super) fn deadline(&self) -> Time {
        self.deadline
    }

    /// What follows a failed try: the instant that the other side gave and a little, or full jitter below a ceiling that
    /// doubles. Ends after eight tries, and where the wait would outlast our patience.
    pub(super) fn next(&mut self, until: Option<Time>, now: Time, chance: &Chance) -> Next {
        if self.tries >= TRIES {
            return Next::End(until);
        }
        let ceiling = self.ceiling.next_backoff().unwrap_or(CEILING);
        let at = match until {
            Some(until) if until > self.deadline => return Next::End(Some(until)),
            Some(until) => until.max(now).plus(SPREAD.mul_f64(chance.fraction())),
            None => now.plus(ceiling.mul_f64(chance.fraction()).max(LEAST)),
        };
        if until.is_none() && at > self.deadline { Next::End(None) } else { Next::At(at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        Time::from_millis(1_000_000)
    }

    #[test]
    fn pauses_grow_under_a_doubling_ceiling_and_end_after_eight_tries() {
        let chance = Chance::seeded(7);
        let mut retry = Retry::new(now(), Duration::from_hours(1));
        for ceiling in [1, 2, 4, 8, 16, 32, 64] {
            retry.begin();
            let Next::At(at) = retry.next(None, now(), &chance) else { panic!("ended early") };
            assert!(at.since(now()) >= LEAST && at.since(now()) <= Duration::from_secs(ceiling), "{ceiling}");
        }
        assert_eq!(retry.begin(), 8);
        assert_eq!(retry.next(None, now(), &chance), Next::End(None));
    }

    #[test]
    fn jitter_is_full() {
        let chance = Chance::seeded(1);
        let pauses: Vec<u128> = (0..200)
            .map(|_| match Retry::new(now(), Duration::from_mins(1)).next(None, now(), &chance) {
                Next::At(at) => at.since(now()).as_millis(),
                Next::End(_) => panic!("ended"),
            })
            .collect();
        assert!(pauses.iter().any(|pause| *pause < 200) && pauses.iter().any(|pause| *pause > 800));
    }

    #[test]
    fn a_given_instant_is_kept_or_ends_the_call_but_is_never_cut_short() {
        let chance = Chance::seeded(7);
        let mut retry = Retry::new(now(), Duration::from_mins(1));
        retry.begin();
        let given = now().plus(Duration::from_mins(1));
        let Next::At(at) = retry.next(Some(given), now(), &chance) else { panic!("ended") };
        assert!(at >= given && at <= given.plus(SPREAD));
        let beyond = now().plus(Duration::from_secs(61));
        assert_eq!(retry.next(Some(beyond), now(), &chance), Next::End(Some(beyond)));
    }

    #[test]
    fn patience_ends_a_call() {
        let chance = Chance::seeded(7);
        let mut retry = Retry::new(now(), Duration::from_secs(5));
        retry.begin();
        assert_eq!(retry.next(None, now().plus(Duration::from_secs(6)), &chance), Next::End(None));
        let mut hasty = Retry::new(now(), Duration::ZERO);
        hasty.begin();
        assert_eq!(hasty.next(None, now(), &chance), Next::End(None));
    }
}

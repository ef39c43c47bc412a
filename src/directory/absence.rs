//! What a missing account means: believed, or held until somebody looks.

use crate::model::FeedName;

/// Whether the absences that a whole reading showed are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shrink {
    /// Few enough to be leavers.
    Believed,
    /// So many that the feed may be at fault: read again, then hold. None of them is believed, since nothing tells
    /// the honest ones from the others.
    Doubted {
        /// Why, for the held plan: the feed and the numbers.
        why: String,
    },
}

/// Judges the absences of one whole reading. `accepted`: accounts in the last accepted whole reading. `missing`:
/// accounts that the reading did not show, are not known to be gone and not yet accepted as missing. `allowed`: how
/// many of `accepted` the brake `feed_shrink` lets pass. A feed that lost all its accounts is doubted whatever is
/// allowed: an empty answer is the commonest fault of all.
pub fn judge(feed: &FeedName, accepted: u64, missing: u64, allowed: u64) -> Shrink {
    if missing == 0 || (missing <= allowed && missing < accepted) {
        return Shrink::Believed;
    }
    let why = if missing >= accepted {
        format!("feed {feed} shows none of its {accepted} accounts any more")
    } else {
        format!("feed {feed} no longer shows {missing} of {accepted} accounts, {allowed} may go at once")
    };
    Shrink::Doubted { why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_to_the_limit_absences_are_believed_and_above_it_none_is() {
        let believed = |accepted, missing, allowed| judge(&"hr".into(), accepted, missing, allowed) == Shrink::Believed;
        assert!(believed(100, 0, 0));
        assert!(believed(100, 5, 5));
        assert!(!believed(100, 6, 5));
        assert!(!believed(100, 1, 0));
    }

    #[test]
    fn a_feed_that_lost_everybody_is_doubted_whatever_is_allowed() {
        for (accepted, missing) in [(100, 100), (1, 1), (0, 3)] {
            assert_ne!(judge(&"hr".into(), accepted, missing, 1000), Shrink::Believed, "{missing} of {accepted}");
        }
        assert_eq!(judge(&"hr".into(), 0, 0, 0), Shrink::Believed);
    }

    #[test]
    fn the_doubt_is_told_in_numbers() {
        let doubt = judge(&"hr".into(), 400, 37, 20);
        let why = "feed hr no longer shows 37 of 400 accounts, 20 may go at once".to_owned();
        assert_eq!(doubt, Shrink::Doubted { why });
    }
}

//! The format of a store folder, and the way from older formats to this one.

use super::StoreError;

/// The format that this program writes.
///
/// | format | what is else |
/// |---|---|
/// | 1 | seats have no numbers |
/// | 2 | a record per numbered seat, and its number in what is held and what cools |
/// | 3 | a book per pool, and in a wait since when it is one for a seat |
///
/// Everything about seats is the sum of the journal, so an older format is left by summing it up again and writing
/// what comes out, in one transaction that also names the new format.
pub const FORMAT: u32 = 3;

/// Whether a folder of that format can be opened. A newer one is refused before anything in it is touched; a format
/// that was never written is damage.
pub fn check(found: u32) -> Result<(), StoreError> {
    match found {
        1..=FORMAT => Ok(()),
        newer if newer > FORMAT => Err(StoreError::Newer { found: newer, known: FORMAT }),
        never => Err(StoreError::Damaged(format!("format {never} was never written"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_format_is_refused_and_an_impossible_one_is_damage() {
        assert!(check(1).is_ok() && check(FORMAT).is_ok());
        assert!(matches!(check(FORMAT + 1), Err(StoreError::Newer { known: FORMAT, .. })));
        assert!(matches!(check(0), Err(StoreError::Damaged(_))));
    }
}

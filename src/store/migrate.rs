//! The format of a store folder, and the way from older formats to this one.

use super::StoreError;

/// The format that this program writes.
pub const FORMAT: u32 = 1;

/// What has to be done with a folder of that format before it is opened. A newer one is refused before anything in
/// it is touched; a format that was never written is damage.
pub fn check(found: u32) -> Result<(), StoreError> {
    match found {
        // Format 1 is the first: nothing leads to it. A step from 1 to 2 rewrites record by record under a new tree
        // name and changes the format in the last transaction, so that a crash begins it again.
        FORMAT => Ok(()),
        newer if newer > FORMAT => Err(StoreError::Newer { found: newer, known: FORMAT }),
        never => Err(StoreError::Damaged(format!("format {never} was never written"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_format_is_refused_and_an_impossible_one_is_damage() {
        assert!(check(FORMAT).is_ok());
        assert!(matches!(check(FORMAT + 1), Err(StoreError::Newer { found: 2, known: 1 })));
        assert!(matches!(check(0), Err(StoreError::Damaged(_))));
    }
}

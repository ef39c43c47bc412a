//! The codes of findings. A code never changes its meaning; a number that is no longer used stays unused.
//!
//! Numbers below 30 are common to both files and written `C…` for `seatwarden.toml`, `K…` for the catalog.

/// The number of a code; the file gives the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(pub u16);

impl Code {
    /// The code as it is shown: `C006`, `K006`.
    pub fn shown(self, letter: char) -> String {
        format!("{letter}{:03}", self.0)
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: Code = Code($number);)+

        /// Every code with its line of explanation, in order.
        pub const TABLE: &[(Code, &str)] = &[$(($name, concat!($($doc),+)),)+];
    };
}

codes! {
    /// The file cannot be read.
    UNREADABLE = 1;
    /// The file is larger than any such file should be.
    TOO_LARGE = 2;
    /// The file is not UTF-8 text, or holds NUL bytes.
    NOT_TEXT = 3;
    /// The file is not TOML.
    SYNTAX = 4;
    /// Tables or arrays are nested deeper than any setting is.
    TOO_DEEP = 5;
    /// There is no such setting.
    UNKNOWN_KEY = 6;
    /// The value is of another type than the setting.
    WRONG_TYPE = 7;
    /// A setting that must be given is absent.
    MISSING = 8;
    /// The word is none of those the setting knows.
    BAD_CHOICE = 9;
    /// The number lies outside the range.
    BAD_NUMBER = 10;
    /// The text is not a duration such as `90s`, or too short for the setting.
    BAD_DURATION = 11;
    /// The name has characters that names do not have.
    BAD_NAME = 12;
    /// The list names something twice.
    REPEATED = 13;
    /// The setting belongs to a later version.
    NOT_YET = 14;
    /// The value is empty.
    EMPTY = 15;
    /// Two settings are given of which one excludes the other.
    EXCLUSIVE = 16;
    /// A percentage or a limit is not written as one.
    BAD_LIMIT = 30;
    /// The text is not a URL that can be used there.
    BAD_URL = 31;
    /// The host is not on this machine and the URL is not https.
    NOT_HTTPS = 32;
    /// A secret stands in the file itself.
    LITERAL_SECRET = 33;
    /// A secret's table does not say where the secret is kept.
    BAD_SECRET = 34;
    /// The kind of feed or target cannot use this kind of authentication.
    WRONG_AUTH = 35;
    /// A feed and a target have one name.
    SAME_NAME = 36;
    /// There is no such feed.
    UNKNOWN_FEED = 37;
    /// There is no such pool in the catalog.
    UNKNOWN_POOL = 38;
    /// The pool's seats are not counted, so there is nothing to grant.
    FREE_POOL = 39;
    /// The text is not a path into a wire object.
    BAD_PATH = 40;
    /// The feed does not say where the job code stands.
    NO_JOB_CODE = 41;
    /// The text is not an address to listen on.
    BAD_ADDRESS = 42;
    /// The time zone is not known to this machine.
    BAD_TIME_ZONE = 43;
    /// An environment variable or flag does not name one setting.
    BAD_OVERRIDE = 44;
    /// Two pools are granted by one thing at the desk.
    SAME_SEAT = 45;
    /// There is no feed, or a target without seats: nothing will happen.
    NOTHING_TO_DO = 46;
    /// The brake can never trip.
    NEVER_TRIPS = 47;
    /// A secret or certificate that is named cannot be read.
    NO_SECRET = 48;
    /// Everybody on this machine can read a secret.
    OPEN_SECRET = 49;
    /// The rules file or folder cannot be used.
    NO_RULES = 50;
    /// The setting is allowed and rarely what is meant.
    ODD = 51;
    /// A file in the rules folder may hold a table and is of a kind that is not read.
    OTHER_KIND = 52;
    /// The default tier does not exist.
    NO_DEFAULT_TIER = 60;
    /// The default tier costs seats.
    DEFAULT_NOT_FREE = 61;
    /// Two tiers have one rank.
    SAME_RANK = 62;
    /// The fallback is not a tier.
    BAD_FALLBACK = 63;
    /// The fallback is not below its tier.
    FALLBACK_RANK = 64;
    /// Fallbacks lead back to where they began.
    FALLBACK_CYCLE = 65;
    /// The floors of a pool add up to more seats than it has.
    RESERVE_TOO_LARGE = 66;
    /// `requires` names something that is not a tier.
    BAD_REQUIRES = 67;
    /// `excludes` names something that is not a pool, or the pool itself.
    BAD_EXCLUDES = 68;
    /// A tier and an add-on have one name.
    TIER_AND_ADDON = 69;
    /// The price is not written as one.
    BAD_MONEY = 70;
    /// The setting means nothing for seats that are not counted.
    POINTLESS = 71;
    /// The add-on requires only tiers that it excludes.
    IMPOSSIBLE_ADDON = 72;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_once_and_explained() {
        assert!(TABLE.is_sorted_by(|(a, _), (b, _)| a < b));
        assert!(TABLE.iter().all(|(_, line)| line.trim().ends_with('.')));
        assert_eq!((UNKNOWN_KEY.shown('C'), NO_DEFAULT_TIER.shown('K')), ("C006".to_owned(), "K060".to_owned()));
    }
}

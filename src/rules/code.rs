//! Every kind of finding about rules files, in one table. Codes are stable: people search for them.

use super::Severity;

/// A kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The stable code, such as `R012`.
    pub id: &'static str,
    /// Whether it stops the table from being used.
    pub severity: Severity,
    /// What it is about, in a sentence without a full stop.
    pub title: &'static str,
}

macro_rules! codes {
    ($($name:ident = $id:literal $severity:ident $title:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $title, ".")]
            pub const $name: Code = Code { id: $id, severity: Severity::$severity, title: $title };
        )*

        /// All of them, by number.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    FILE_KIND = "R001" Error "the file is neither .toml nor .csv";
    FILE_SIZE = "R002" Error "the file is larger than a table may be";
    ENCODING = "R003" Error "the file is not UTF-8, nor UTF-16 with a byte order mark";
    LINE_ENDS = "R004" Error "a line ends with a carriage return alone";
    TOML_SYNTAX = "R005" Error "the file is not TOML";
    CSV_QUOTING = "R006" Error "a cell is quoted in a way that RFC 4180 does not know";
    CSV_WIDTH = "R007" Error "a row is longer or shorter than the header";
    FORMULA = "R008" Error "a cell starts like a formula of a spreadsheet";
    CSV_HEADER = "R009" Error "the file has no header, or a column has no name";
    UNKNOWN_KEY = "R010" Error "a column or key is not known";
    KEY_TWICE = "R011" Error "a column or key is there twice";
    MISSING_COLUMN = "R012" Error "a column that every row needs is missing";
    WRONG_TYPE = "R013" Error "a value has the wrong type";
    NO_ID = "R014" Error "a row has no id";
    ID_TWICE = "R015" Error "two rows have the same id";
    BAD_ID = "R016" Error "an id is reserved or too long";
    EMPTY_ROW = "R017" Error "a row neither matches on anything nor gives anything";
    GIVES_NOTHING = "R018" Error "a row or exception gives nothing";
    UNKNOWN_TIER = "R019" Error "a tier is not in the catalog";
    UNKNOWN_ADDON = "R020" Error "an add-on is not in the catalog";
    UNKNOWN_CLASS = "R021" Warning "no pool reserves seats for the class";
    NONE_WITH_ADDONS = "R022" Error "`none` denies every add-on, and add-ons are given beside it";
    BAD_RANGE = "R023" Error "a range cannot be read";
    BAD_VALUE = "R024" Error "a value to match cannot be read";
    BAD_STATUS = "R025" Error "a status is none of our words";
    BAD_DATE = "R026" Error "a date cannot be read";
    DATES_REVERSED = "R027" Error "`from` is after `until`";
    BAD_PRIORITY = "R028" Error "a priority is not a whole number";
    EXCEPTION_INCOMPLETE = "R029" Error "an exception has no person, end, owner or reason";
    EXCEPTION_OVER = "R030" Warning "an exception is over";
    TIE = "R031" Error "two rows tie for a person and disagree";
    UNPROVEN = "R032" Warning "rows are too entangled to tell whether they disagree about a person";
    ADDONS_MEET = "R033" Error "pools that exclude each other meet in one person";
    EXCEPTIONS_DISAGREE = "R034" Error "two exceptions for one person disagree";
    SPACE_IN_CODE = "R035" Warning "a job code holds a space, which CSV would read as two codes";
    CLASS_WITHOUT_TIER = "R036" Warning "a class without a tier has no effect";
    NO_BASE = "R037" Warning "an add-on is given beside a tier that it does not build on";
    TOO_MANY = "R038" Error "there are more findings than are shown";
    DATE = "R039" Error "a spreadsheet has turned a value into a date";
    DATE_LIKE = "R040" Warning "a value looks like a date that a spreadsheet has made";
    SCIENTIFIC = "R041" Error "a spreadsheet has turned a code into a number with an exponent";
    LOST_ZEROS = "R042" Warning "a code may have lost its leading zeros";
    CELL_ERROR = "R043" Error "the error of a spreadsheet stands in a cell";
    INVISIBLE = "R044" Error "an invisible character stands in a value";
    ODD_SPACE = "R045" Warning "a non-breaking or other odd space stands in a value";
    QUOTES = "R046" Error "a value stands in typographic quotes";
    CURLY = "R047" Warning "a typographic quote stands in a value";
    LOOKALIKE = "R048" Warning "two values differ in nothing but letters that look alike";
    NEVER_MATCHES = "R049" Warning "a row can never match anybody";
    COVERED = "R050" Warning "other rows take everybody from a row, so that it never counts";
    ROW_OVER = "R051" Warning "the dates of a row are over";
    GAP = "R052" Warning "dates leave days on which no row counts";
    FOREIGN = "R053" Warning "a value looks like a pattern or list of another language";
    CASE_EXPECTS_NOTHING = "R070" Error "a case expects nothing";
    UNKNOWN_ROW = "R071" Error "a case names a row that the table does not have";
}

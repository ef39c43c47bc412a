//! What spreadsheets and word processors do to values: dates and numbers made of codes, quotes that curl, characters
//! that nobody sees. Each is told by the form of the value alone.

use super::code::{self, Code};

/// A value that is not what somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) code: Code,
    /// What is wrong with it, to stand after the value.
    pub(super) message: String,
    pub(super) help: String,
}

pub(super) fn damage(code: Code, message: impl Into<String>, help: impl Into<String>) -> Damage {
    Damage { code, message: message.into(), help: help.into() }
}

/// Characters in a name or value that would keep it from ever being equal to what a directory has.
pub(super) fn hidden(text: &str) -> Option<Damage> {
    let at = text.chars().find(|letter| is_hidden(*letter))?;
    let what = match at {
        '\u{feff}' => "a byte order mark in the middle of the file",
        '\n' | '\r' => "a line break",
        '\t' => "a tab",
        '\u{ad}' => "a soft hyphen",
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => "a mark of writing direction",
        '\u{fffd}' => "the sign for a letter that was lost",
        _ => "an invisible character",
    };
    let message = format!("holds {what} (U+{:04X})", u32::from(at));
    Some(damage(code::INVISIBLE, message, "delete the cell and type the value again"))
}

/// Zero-width joiners are left out: Persian and several Indian scripts are written with them.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{2064}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
                | '\u{fffd}'
        )
}

/// A space that is not the one of the keyboard. It counts as one all the same.
pub(super) fn odd_space(text: &str) -> Option<Damage> {
    let odd = |letter: &char| matches!(letter, '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}');
    let at = text.chars().find(odd)?;
    let message = format!("holds a non-breaking or other odd space (U+{:04X})", u32::from(at));
    Some(damage(code::ODD_SPACE, message, "it is read as a plain space; type it again to be sure of what is meant"))
}

/// Quotes that a word processor has put around the value.
pub(super) fn quotes(text: &str) -> Option<Damage> {
    let (first, last) = (text.chars().next()?, text.chars().next_back()?);
    let wrapped = text.chars().count() > 1 && is_quote(first) && is_quote(last);
    let double = |letter: char| matches!(letter, '“' | '”' | '„' | '‟');
    (wrapped || double(first) || double(last)).then(|| {
        let help = "remove them; in CSV a cell is quoted with straight double quotes, in TOML every string is";
        damage(code::QUOTES, "stands in typographic quotes, which belong to the value here", help)
    })
}

/// A quote inside a value that a word processor may have curled, and the value with straight ones.
pub(super) fn curly(text: &str) -> Option<(Damage, String)> {
    let at = text.chars().find(|letter| is_quote(*letter))?;
    let straight = straight(text);
    let message = format!("holds a typographic quote (U+{:04X})", u32::from(at));
    let help = format!("a directory that has `{straight}` is not matched; name both if either may be there");
    Some((damage(code::CURLY, message, help), straight))
}

/// The text with straight quotes.
pub(super) fn straight(text: &str) -> String {
    let letter = |letter| match letter {
        '‘' | '’' | '‚' | '‛' => '\'',
        other if is_quote(other) => '"',
        other => other,
    };
    text.chars().map(letter).collect()
}

const fn is_quote(letter: char) -> bool {
    matches!(letter, '“' | '”' | '„' | '‟' | '«' | '»' | '‹' | '›' | '‘' | '’' | '‚' | '‛')
}

/// A code that a spreadsheet has taken for a date or a number.
pub(super) fn remade(text: &str) -> Option<Damage> {
    if is_scientific(text) {
        let help = "format the column as text and type the code again: the digits that are not shown are lost";
        return Some(damage(
            code::SCIENTIFIC,
            "is a number with an exponent, as a spreadsheet makes of a long code",
            help,
        ));
    }
    match date(text)? {
        Sure::Yes => {
            let help = format!(
                "format the column as text and type the code again; if the code is `{text}` all the same, write `{text}*`"
            );
            Some(damage(code::DATE, "is a date, as a spreadsheet makes of a code such as JAN1 or 1-1", help))
        }
        Sure::No => {
            let help = "format the column as text and look whether this is the code that was typed";
            Some(damage(code::DATE_LIKE, "looks like a date that a spreadsheet has made of a code", help))
        }
    }
}

/// What a cell shows whose formula has failed.
pub(super) fn is_cell_error(text: &str) -> bool {
    const ERRORS: [&str; 13] = [
        "#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#ERROR!", "#FIELD!",
        "#NV", "#BEZUG!",
    ];
    let text = text.trim();
    let is_libre = |rest: &str| rest.len() == 3 && rest.bytes().all(|byte| byte.is_ascii_digit());
    ERRORS.contains(&text) || text.strip_prefix("Err:").is_some_and(is_libre)
}

/// `1E+05`, `1.23E+11`, `1,23E+11`: spreadsheets write the sign, people do not.
fn is_scientific(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    digits(whole) && whole.len() == 1 && digits(fraction) && exponent.strip_prefix(['+', '-']).is_some_and(digits)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sure {
    Yes,
    No,
}

/// The months as spreadsheets shorten them in English and German.
const MONTHS: [&str; 18] = [
    "jan", "feb", "mar", "mär", "mrz", "apr", "may", "mai", "jun", "jul", "aug", "sep", "sept", "oct", "okt", "nov",
    "dec", "dez",
];

fn date(text: &str) -> Option<Sure> {
    let lower = text.to_lowercase();
    let (day, time) = lower.split_once(' ').filter(|(_, time)| time.contains(':')).unwrap_or((&lower, ""));
    let parts: Vec<&str> = day.split(['-', '.', '/', ' ']).filter(|part| !part.is_empty()).collect();
    let number = |text: &str, most: u16| text.parse::<u16>().is_ok_and(|number| (1..=most).contains(&number));
    let digits = |text: &str, width: usize| text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_day = |text: &str| text.len() <= 2 && number(text, 31);
    let is_month = |text: &str| text.len() <= 2 && number(text, 12);
    let is_year = |text: &str| digits(text, 4) && (text.starts_with("19") || text.starts_with("20"));
    let timed = !time.is_empty();
    match *parts.as_slice() {
        [day, month] if is_day(day) && MONTHS.contains(&month) => Some(Sure::Yes),
        [day, month, year] if is_day(day) && MONTHS.contains(&month) && (is_year(year) || digits(year, 2)) => {
            Some(Sure::Yes)
        }
        [month, year] if MONTHS.contains(&month) && (is_year(year) || digits(year, 2)) => Some(Sure::No),
        [year, month, day] if is_year(year) && digits(month, 2) && is_month(month) && digits(day, 2) && is_day(day) => {
            Some(if timed { Sure::Yes } else { Sure::No })
        }
        [one, two, year]
            if is_year(year)
                && !day.contains('-')
                && (is_day(one) && is_month(two) || is_month(one) && is_day(two)) =>
        {
            Some(Sure::Yes)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Sure, date, is_cell_error, is_scientific, quotes, remade};

    #[test]
    fn dates_that_spreadsheets_write() {
        for text in
            ["1-Jan", "01-Jan", "1-Jan-26", "01.Jan", "1. Jan", "01. Jan 2026", "1-Mrz", "2/1/2026", "01.02.2026"]
        {
            assert_eq!(date(text), Some(Sure::Yes), "{text}");
        }
        assert_eq!(date("2026-01-02 00:00:00"), Some(Sure::Yes));
        for text in ["Jan-01", "JAN-2026", "2026-01-02", "May 26"] {
            assert_eq!(date(text), Some(Sure::No), "{text}");
        }
        for text in ["JAN1", "JAN", "32-Jan", "SD-1", "1-1", "1.2.26", "2026-1", "JAN-1", "4711", "MAR-SEA", "1-2-2026"]
        {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_that_spreadsheets_write() {
        assert!(["1E+05", "1.23E+11", "1,2e+09", "4E-02"].into_iter().all(is_scientific));
        assert!(!["1E5", "E+05", "12E+05", "1E+", "SD-1E+05", "1.E+5"].into_iter().any(is_scientific));
        assert!(remade("1E5").is_none());
    }

    #[test]
    fn errors_and_quotes() {
        assert!(
            is_cell_error(" #REF! ") && is_cell_error("Err:502") && !is_cell_error("#1") && !is_cell_error("Err:x")
        );
        assert!(quotes("“SD-1”").is_some() && quotes("„SD-1").is_some() && quotes("‘x’").is_some());
        assert!(quotes("’s-Hertogenbosch").is_none() && quotes("Children’s").is_none() && quotes("’").is_none());
    }
}

//! The form in which cells and attributes are compared.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Unicode NFKC, lower case, trimmed. Letters are lowered one by one, so that a piece of a text has the form it has
/// in the whole: globs compare pieces. The two small sigmas are one letter for the same reason.
pub(crate) fn normal(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        let folded: String = text.nfkc().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect();
        let trimmed = folded.trim();
        return if trimmed.len() == folded.len() { Cow::Owned(folded) } else { Cow::Owned(trimmed.to_owned()) };
    }
    let trimmed = text.trim();
    if trimmed.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(trimmed.to_ascii_lowercase())
    } else {
        Cow::Borrowed(trimmed)
    }
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn width_case_and_margins_do_not_matter() {
        assert_eq!(normal("  SD-12 "), "sd-12");
        assert_eq!(normal("ＳＤ－１２"), "sd-12");
        assert_eq!(normal("\u{a0}ﬁnance\u{a0}"), "finance");
        assert_eq!(normal("ΟΔΟΣ"), normal("οδος"));
        assert_eq!(normal("e\u{301}"), normal("É"));
    }
}

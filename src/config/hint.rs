//! "Did you mean".

/// The candidate that `word` was probably meant to be. Case and `-` against `_` do not count as mistakes.
pub(crate) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = plain(word);
    let most = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| {
            let begins = wanted.len() >= 3 && plain(candidate).starts_with(&wanted);
            (*distance <= most && *distance < wanted.chars().count()) || begins
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// The help for an unknown word: what was probably meant, else everything that is known.
pub(crate) fn help<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>, nothing: &str) -> String {
    let mut known: Vec<&str> = candidates.into_iter().collect();
    known.sort_unstable();
    known.dedup();
    match closest(word, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => nothing.to_owned(),
        None => format!("known here: {}", listed(&known)),
    }
}

/// Words for people: `a, b, c`, cut where the list becomes too long to read.
pub(crate) fn listed(words: &[&str]) -> String {
    const MOST: usize = 20;
    let shown: Vec<String> = words.iter().take(MOST).map(|word| format!("`{word}`")).collect();
    let more = if words.len() > MOST { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// The form in which names are compared: lower case, `_` for `-`.
pub(crate) fn plain(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_word_is_found_and_far_ones_are_not() {
        assert_eq!(closest("incremantal", ["full", "incremental"]), Some("incremental"));
        assert_eq!(closest("match-on", ["match_on", "mode"]), Some("match_on"));
        assert_eq!(closest("col", ["path", "url"]), None);
        assert_eq!(closest("attr", ["attributes", "auth"]), Some("attributes"));
        assert_eq!(closest("colour", ["path", "url"]), None);
    }

    #[test]
    fn without_a_close_word_everything_known_is_named() {
        assert_eq!(help("x", ["b", "a"], "nothing"), "known here: `a`, `b`");
        assert_eq!(help("x", [], "nothing"), "nothing");
    }
}

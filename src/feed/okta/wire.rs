//! Okta's shapes: the user object, its status words, `Link` headers (RFC 8288), error codes.

use http::HeaderMap;
use http::header::LINK;
use serde_json::Value;

use crate::feed::answer::{self, Trouble, id_of};
use crate::feed::mapping::Mapping;
use crate::model::{Account, AccountId, FeedName, Status, Time};
use crate::outbound::Reply;

/// The rows of a list.
pub(super) fn rows(body: Value) -> Result<Vec<Value>, Trouble> {
    match body {
        Value::Array(rows) => Ok(rows),
        Value::Object(_) => Err(Trouble::invalid("answered an object where a list of users was expected")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Err(Trouble::invalid("answered a single value where a list of users was expected"))
        }
    }
}

/// The account of a user object.
pub(super) fn account(feed: &FeedName, mapping: &Mapping, row: &Value) -> Result<Account, String> {
    let id = AccountId { feed: feed.clone(), id: id_of(row.get("id"))?.to_owned() };
    let (status, word) = match row.get("status") {
        Some(Value::String(word)) => (status(word), word.chars().take(60).collect()),
        _ => (Status::Unknown, "no status".to_owned()),
    };
    let mut account = mapping.account(id, status, word, row)?;
    account.changed_at = row.get("lastUpdated").and_then(Value::as_str).and_then(|text| Time::parse(text).ok());
    account.display_name = account.display_name.or_else(|| full_name(row));
    Ok(account)
}

/// Our word for Okta's (`UserStatus` of the management API). A person whose password expired or who is locked out
/// still works here; `transitioningToStatus` is a plan, not a status.
fn status(word: &str) -> Status {
    match word {
        "ACTIVE" | "RECOVERY" | "LOCKED_OUT" | "PASSWORD_EXPIRED" => Status::Active,
        "STAGED" | "PROVISIONED" => Status::PreStart,
        "SUSPENDED" => Status::Suspended,
        "DEPROVISIONED" => Status::Gone,
        _ => Status::Unknown,
    }
}

/// `displayName` is optional in the default profile, first and last name are not.
fn full_name(row: &Value) -> Option<String> {
    let profile = row.get("profile")?;
    let name = |key: &str| profile.get(key).and_then(Value::as_str).map_or("", str::trim);
    let full = format!("{} {}", name("firstName"), name("lastName")).trim().to_owned();
    (!full.is_empty() && full.len() < 1_000).then_some(full)
}

/// The `errorCode` of an error; only the code is stable, texts change.
pub(super) fn error_code(reply: &Reply) -> Option<String> {
    let body = answer::body(reply).ok()?;
    body.get("errorCode")?.as_str().map(|code| code.chars().take(20).collect())
}

/// The links of an answer by relation.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<(String, String)>);

impl Links {
    /// The target of a relation. Two different targets are a broken answer.
    pub(super) fn of(&self, relation: &str) -> Result<Option<&str>, Trouble> {
        let mut found = self.0.iter().filter(|(name, _)| name == relation).map(|(_, url)| url.as_str());
        let first = found.next();
        match found.find(|other| Some(*other) != first) {
            None => Ok(first),
            Some(_) => Err(Trouble::invalid(format!("the answer has two different `{relation}` links"))),
        }
    }
}

/// Reads `Link` headers: one line per link, as Okta sends them, or several in one line, as proxies fold them. A line
/// that cannot be read is trouble, never "no next page".
pub(super) fn links(headers: &HeaderMap) -> Result<Links, Trouble> {
    let mut links = Links::default();
    for line in headers.get_all(LINK) {
        let broken = || Trouble::invalid("the answer has a `Link` header that cannot be read");
        let mut rest = line.to_str().map_err(|_| broken())?.trim();
        while !rest.is_empty() {
            let (url, tail) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).ok_or_else(broken)?;
            let (relations, tail) = relations(tail).ok_or_else(broken)?;
            links.0.extend(relations.into_iter().map(|relation| (relation, url.trim().to_owned())));
            rest = tail.trim_start();
        }
    }
    Ok(links)
}

/// The relations in the parameters after a link's target, and what follows the comma.
fn relations(mut text: &str) -> Option<(Vec<String>, &str)> {
    let mut relations = None;
    loop {
        text = text.trim_start();
        if text.is_empty() {
            return Some((relations?, text));
        }
        if let Some(tail) = text.strip_prefix(',') {
            return Some((relations?, tail));
        }
        let parameter = text.strip_prefix(';')?.trim_start();
        let (name, tail) = parameter.split_at(parameter.find(['=', ';', ',']).unwrap_or(parameter.len()));
        let Some(tail) = tail.strip_prefix('=').map(str::trim_start) else {
            text = tail;
            continue;
        };
        let (value, tail) = match tail.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => tail.split_at(tail.find([';', ',']).unwrap_or(tail.len())),
        };
        // The first `rel` counts (RFC 8288 section 3.3); it may hold several words.
        if name.trim().eq_ignore_ascii_case("rel") && relations.is_none() {
            let words: Vec<String> = value.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
            // A link that names no relation was cut off.
            relations = Some(words).filter(|words| !words.is_empty());
            relations.as_ref()?;
        }
        text = tail;
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(lines: &[&'static str]) -> Result<Links, Trouble> {
        links(&lines.iter().map(|line| (LINK, HeaderValue::from_static(line))).collect())
    }

    #[test]
    fn links_are_read_from_several_lines_and_from_one() {
        let one = "<https://o.example/u?limit=2>; rel=\"self\"";
        let two = "<https://o.example/u?after=a,b&limit=2>; title=\"x, y\"; rel=\"next\"";
        let folded = "<https://o.example/u?limit=2>; rel=\"self\", <https://o.example/u?after=a,b&limit=2>;rel=next";
        for lines in [&[one, two][..], &[folded][..]] {
            let links = read(lines).unwrap();
            assert_eq!(links.of("next").unwrap(), Some("https://o.example/u?after=a,b&limit=2"));
            assert_eq!(links.of("self").unwrap(), Some("https://o.example/u?limit=2"));
        }
        assert_eq!(read(&[]).unwrap().of("next").unwrap(), None);
        let foreign = read(&["</x.css>; crossorigin; rel=preload; as=style", one]).unwrap();
        assert_eq!(foreign.of("next").unwrap(), None);
    }

    #[test]
    fn no_prefix_of_a_link_header_reads_as_the_end() {
        let whole = "<https://o.example/u?after=a>; rel=\"next\"";
        for length in 1..whole.len() {
            let cut: &'static str = whole.get(..length).unwrap();
            assert!(read(&[cut]).is_err(), "{cut}");
        }
        assert!(
            read(&["<https://o.example/1>; rel=next, <https://o.example/2>; rel=next"]).unwrap().of("next").is_err()
        );
    }

    #[test]
    fn every_documented_status_has_its_word_and_a_new_one_is_unknown() {
        let words = [
            ("STAGED", Status::PreStart),
            ("PROVISIONED", Status::PreStart),
            ("ACTIVE", Status::Active),
            ("RECOVERY", Status::Active),
            ("LOCKED_OUT", Status::Active),
            ("PASSWORD_EXPIRED", Status::Active),
            ("SUSPENDED", Status::Suspended),
            ("DEPROVISIONED", Status::Gone),
            ("ACTIVATING", Status::Unknown),
            ("active", Status::Unknown),
        ];
        for (word, expected) in words {
            assert_eq!(status(word), expected, "{word}");
        }
    }
}

//! Reading answers with suspicion: status, content type, JSON, links, ids.

use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderMap, Method};
use serde_json::Value;
use url::Url;

use crate::directory::{Gap, GapKind};
use crate::model::Time;
use crate::outbound::{Call, CallError, Client, Place, Reply};

/// The longest immutable id. Okta has 20 characters, Graph 36, SCIM leaves it open; ids become part of keys and URLs.
const LONGEST_ID: usize = 512;

/// What is wrong, before it is known on which call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub kind: GapKind,
    pub why: String,
}

impl Trouble {
    pub(super) fn invalid(why: impl Into<String>) -> Self {
        Self { kind: GapKind::Invalid, why: why.into() }
    }

    pub(super) fn drift(why: impl Into<String>) -> Self {
        Self { kind: GapKind::Drift, why: why.into() }
    }

    pub(super) fn at(self, call: String) -> Gap {
        Gap { kind: self.kind, call, why: self.why }
    }
}

/// What the client says, in the words of a reading.
pub(super) fn trouble_of(error: CallError) -> Trouble {
    match error {
        CallError::Unreachable { why, .. } => Trouble { kind: GapKind::Unreachable, why },
        CallError::Refused { why, .. } => Trouble { kind: GapKind::Refused, why },
        CallError::Unexpected { status, why, .. } if status == 429 || status >= 500 => {
            Trouble { kind: GapKind::Unreachable, why }
        }
        CallError::Unexpected { why, .. } => Trouble::invalid(why),
    }
}

/// A read without a body.
pub(super) fn get(class: &'static str, place: Place, headers: HeaderMap, expects: &'static [u16]) -> Call {
    Call { label: String::new(), class, method: Method::GET, place, headers, body: None, expects }
}

/// Sends a read of one account under a label that does not hold the id.
pub(super) async fn fetch(client: &Client, mut call: Call, what: &str) -> Result<Reply, Gap> {
    call.label = what.to_owned();
    client.send(call).await.map_err(|error| trouble_of(error).at(what.to_owned()))
}

/// The JSON of an answer with status 200.
pub(super) fn json(reply: &Reply) -> Result<Value, Trouble> {
    if reply.status != 200 {
        return Err(Trouble::invalid(format!("answered {} where 200 was expected", reply.status)));
    }
    body(reply)
}

/// The JSON of an answer, whatever its status. An answer that says it is something else (a login page, a proxy's
/// notice) is not JSON even where it happens to parse; one that does not say is tried. Nesting is cut off at serde's
/// 128 levels.
pub(super) fn body(reply: &Reply) -> Result<Value, Trouble> {
    if let Some(kind) = reply.headers.get(CONTENT_TYPE) {
        let kind = String::from_utf8_lossy(kind.as_bytes());
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let subtype = essence.split_once('/').map_or("", |(_, subtype)| subtype);
        if subtype != "json" && !subtype.ends_with("+json") {
            let essence: String = essence.chars().take(60).collect();
            return Err(Trouble::invalid(format!("answered `{}` instead of JSON", essence.escape_debug())));
        }
    }
    // The error names line, column and what was expected; it never quotes the body.
    serde_json::from_slice(&reply.body).map_err(|error| {
        Trouble::invalid(format!(
            "the answer is not the JSON that was expected: {:?} error at line {} column {} of {} bytes",
            error.classify(),
            error.line(),
            error.column(),
            reply.body.len()
        ))
    })
}

/// The server's own time.
pub(super) fn date_of(headers: &HeaderMap) -> Option<Time> {
    let text = headers.get(DATE)?.to_str().ok()?;
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok().map(Time::from)
}

/// A link that the provider gave. It has to be absolute and on the configured scheme, host and port, else a token
/// would be sent to a stranger.
pub(super) fn link(base: &Url, name: &str, text: &str) -> Result<Place, Trouble> {
    let url: Url =
        text.parse().map_err(|error| Trouble::invalid(format!("the {name} is not an absolute URL: {error}")))?;
    if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
        let (there, here) = (url.origin().ascii_serialization(), base.origin().ascii_serialization());
        return Err(Trouble::invalid(format!(
            "the {name} leads to {there}, away from {here}; if that is the provider's own name, set it as the feed's url"
        )));
    }
    Ok(Place::Link(url))
}

/// The immutable id of a row.
pub(super) fn id_of(id: Option<&Value>) -> Result<&str, String> {
    match id {
        Some(Value::String(id)) => check_id(id),
        None | Some(Value::Null) => Err("it has no id".into()),
        Some(_) => Err("its id is not text".into()),
    }
}

/// An id that can be a key and a part of a URL.
pub(super) fn check_id(id: &str) -> Result<&str, String> {
    if id.is_empty() {
        return Err("its id is empty".into());
    }
    if id.len() > LONGEST_ID {
        return Err(format!("its id has {} bytes, {LONGEST_ID} is the most", id.len()));
    }
    if id.chars().any(char::is_control) || id == "." || id == ".." {
        return Err("its id cannot be a part of a URL".into());
    }
    Ok(id)
}

/// An id as one segment of a path (RFC 3986 section 3.3): everything but unreserved characters is encoded.
pub(super) fn segment(id: &str) -> String {
    let mut text = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push_str(&hex::encode_upper([byte]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_clients_errors_keep_their_kind_and_lose_their_label() {
        let (label, why) = (String::from("GET /x (page 2)"), String::from("why"));
        let unexpected = |status| CallError::Unexpected { label: label.clone(), status, why: why.clone() };
        let cases = [
            (CallError::Unreachable { label: label.clone(), why: why.clone(), until: None }, GapKind::Unreachable),
            (CallError::Refused { label: label.clone(), why: why.clone() }, GapKind::Refused),
            (unexpected(0), GapKind::Invalid),
            (unexpected(404), GapKind::Invalid),
            (unexpected(429), GapKind::Unreachable),
            (unexpected(503), GapKind::Unreachable),
        ];
        for (error, kind) in cases {
            assert_eq!(trouble_of(error), Trouble { kind, why: why.clone() });
        }
    }

    #[test]
    fn the_servers_date_is_read_and_nonsense_is_none() {
        let read = |text: &'static str| date_of(&HeaderMap::from_iter([(DATE, HeaderValue::from_static(text))]));
        let at = read("Thu, 27 Aug 2020 18:19:48 GMT").map(|at| at.to_string());
        assert_eq!(at.as_deref(), Some("2020-08-27T18:19:48Z"));
        for nonsense in ["", "now", "1598552388", "Thu, 99 Aug 2020 18:19:48 GMT"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn an_id_is_one_segment_of_a_path() {
        assert_eq!(segment("00u1-a_b.c~D"), "00u1-a_b.c~D");
        assert_eq!(segment("a/b?c#d%e f\u{e9}"), "a%2Fb%3Fc%23d%25e%20f%C3%A9");
        assert!(check_id("..").is_err() && check_id("...").is_ok());
        assert!(check_id(&"x".repeat(LONGEST_ID)).is_ok() && check_id(&"x".repeat(LONGEST_ID + 1)).is_err());
    }
}

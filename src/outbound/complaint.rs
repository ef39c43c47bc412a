//! Turns an error body into one short sentence. Vendors put names and addresses into their texts, and these sentences go
//! to logs and reports, so that a body is never shown: codes are, and texts only with every doubtful word left out.

use serde_json::Value;

/// Larger error bodies are pages for people.
const BODY: usize = 64 << 10;
const TEXT: usize = 200;

/// What the other side complains about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Complaint {
    /// The vendor's code, such as `E0000006`, `Authorization_RequestDenied`, `uniqueness`, `invalid_client`.
    pub(super) code: Option<String>,
    /// What it says in words, without doubtful words.
    pub(super) text: Option<String>,
}

/// Reads Okta's `errorCode`, Graph's `error.code` (the deepest), SCIM's `scimType` and `detail`, OAuth's `error` and the
/// usual variants of desks.
pub(super) fn read(body: &[u8]) -> Complaint {
    if body.len() > BODY {
        return Complaint::default();
    }
    // serde_json ends at 128 levels, so that hostile nesting is an error and not a stack overflow.
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return Complaint::default() };
    let object = if let Value::Array(items) = &value { items.first().unwrap_or(&Value::Null) } else { &value };
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let (code, words) = match object.get("error") {
        Some(Value::String(error)) => {
            let description = text(object, "error_description").unwrap_or_default();
            (Some(aadsts(&description).unwrap_or_else(|| error.clone())), Some(description))
        }
        Some(error @ Value::Object(_)) => {
            (deepest_code(error), text(error, "message").or_else(|| text(error, "detail")))
        }
        _ => (
            ["errorCode", "scimType", "code"].iter().find_map(|name| text(object, name)),
            ["errorSummary", "detail", "description", "message"].iter().find_map(|name| text(object, name)),
        ),
    };
    Complaint { code: code.filter(|code| is_code(code)), text: words.and_then(|words| without_people(&words)) }
}

/// One sentence: status, code, words. `advice` comes last.
pub(super) fn sentence(status: u16, complaint: &Complaint, advice: Option<&str>) -> String {
    let mut sentence = format!("answered {status}");
    if let Some(code) = &complaint.code {
        sentence.push(' ');
        sentence.push_str(code);
    }
    // Where the meaning of a code is known, our own words are better and surely without personal data.
    match (complaint.code.as_deref().and_then(meaning), &complaint.text) {
        (Some(meaning), _) => sentence.extend([" (", meaning, ")"]),
        (None, Some(text)) => sentence.extend([" (", text, ")"]),
        (None, None) => {}
    }
    if (300..400).contains(&status) {
        sentence.push_str(": redirects are not followed; correct the URL in the configuration");
    }
    if let Some(advice) = advice {
        sentence.push_str("; ");
        sentence.push_str(advice);
    }
    sentence
}

/// What an operator should do about a refusal.
pub(super) fn advice(status: u16, code: Option<&str>) -> &'static str {
    match code.unwrap_or_default() {
        "E0000006" => "give the service app an admin role (Read-only Administrator is enough) and grant its scopes",
        "E0000004" | "E0000011" => {
            "check the credentials in `auth`: an API token dies with the admin who made it and after 30 days without use; of a \
             service app check client_id, key and key_id"
        }
        "E0000015" => "this org's plan lacks the feature: ask the vendor, or read people by another feed",
        "Authorization_RequestDenied" | "Authorization_IdentityNotFound" => {
            "grant the app the application permissions User.Read.All and GroupMember.Read.All, with admin consent"
        }
        "invalid_client" => "check client_id, the secret or key, and key_id",
        "invalid_scope" | "AADSTS70011" | "AADSTS1002012" => "grant the scopes to the app, or correct `scope`",
        "unauthorized_client" | "unsupported_grant_type" => "allow the client credentials grant for this app",
        "invalid_dpop_proof" | "use_dpop_nonce" => {
            "the app asks for DPoP proofs; write `dpop = true` in `auth`, or turn DPoP off for this app"
        }
        "AADSTS7000215" => "use the secret's value, not its id",
        "AADSTS7000222" => "the secret has expired: make a new one",
        "AADSTS700016" => "correct client_id or tenant",
        "AADSTS90002" | "AADSTS900023" => "correct the tenant",
        "AADSTS700027" | "AADSTS7000272" => "upload the certificate of this key to the app",
        "AADSTS53003" => "exempt this app from the conditional access policy",
        _ if status == 403 => {
            "the credentials are accepted but lack a right: check the roles and scopes of this client"
        }
        _ => "check the credentials in `auth`: they may be mistyped, expired or revoked",
    }
}

/// Codes whose meaning for us is known.
fn meaning(code: &str) -> Option<&'static str> {
    Some(match code {
        "E0000001" => "the request is not valid",
        "E0000004" => "authentication failed",
        "E0000005" => "the session is not valid",
        "E0000006" => "a right is missing",
        "E0000007" | "Request_ResourceNotFound" => "not found",
        "E0000009" => "internal error",
        "E0000010" => "the org is in read-only mode",
        "E0000011" | "InvalidAuthenticationToken" => "the token is not valid",
        "E0000015" => "the feature is not enabled",
        "E0000022" | "E0000060" => "the operation is not supported",
        "E0000031" => "the search criteria are not valid",
        "E0000038" => "not allowed in the user's status",
        "E0000047" => "too many requests",
        "E0000053" => "the filter is not valid",
        "uniqueness" => "it is there already",
        "noTarget" => "the path matches nothing",
        _ => return None,
    })
}

/// Graph nests the precise code below `innerError`, also spelled `innererror`.
fn deepest_code(error: &Value) -> Option<String> {
    let mut code = None;
    let mut next = Some(error);
    while let Some(error) = next {
        let here = ["code", "status"].iter().find_map(|name| error.get(name)?.as_str());
        code = here.map(str::to_owned).or(code);
        next = error.get("innerError").or_else(|| error.get("innererror"));
    }
    code
}

/// The code at the head of Entra's `error_description`, more precise than `error`.
fn aadsts(description: &str) -> Option<String> {
    let code = description.split(':').next()?;
    code.starts_with("AADSTS").then(|| code.to_owned())
}

fn is_code(code: &str) -> bool {
    (1..=64).contains(&code.len()) && code.chars().all(|c| c.is_ascii_alphanumeric() || "_.-:".contains(c))
}

/// Keeps plain words. Leaves out what stands in quotes or may be an address, an id, a number of a person or a token.
fn without_people(text: &str) -> Option<String> {
    let line = text.lines().next()?.split("Trace ID").next()?;
    let mut kept: Vec<&str> = Vec::new();
    let mut quoted = false;
    for word in line.split_whitespace() {
        let begins = word.starts_with(QUOTES);
        let ends = word.trim_end_matches(['.', ',', ';', ':', ')']).ends_with(QUOTES);
        let doubtful = quoted || begins || ends || !is_plain(word);
        if begins && word.len() > 1 && !ends {
            quoted = true;
        } else if ends {
            quoted = false;
        }
        let name = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if !doubtful || (!quoted && is_attribute(name)) {
            kept.push(word);
        } else if kept.last() != Some(&"…") {
            kept.push("…");
        }
    }
    let text: String = kept.join(" ").chars().take(TEXT).collect();
    if text.chars().any(char::is_alphabetic) { Some(text.trim_end_matches('.').to_owned()) } else { None }
}

const QUOTES: [char; 7] = ['\'', '"', '`', '“', '”', '‘', '’'];

/// A word of a sentence: letters and a little punctuation, and in lower case but for its first letter.
fn is_plain(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| c.is_ascii_punctuation() && c != '@');
    let acronym = bare.len() <= 5 && bare.chars().all(|c| c.is_ascii_uppercase());
    bare.chars().count() <= 20
        && bare.chars().all(|c| c.is_alphabetic() || c == '-' || c == '/')
        && (acronym || bare.chars().skip(1).all(|c| !c.is_uppercase()) || is_attribute(bare))
}

/// Attribute names help and name nobody: `userName`, `members`.
fn is_attribute(name: &str) -> bool {
    const NAMES: [&str; 12] =
        ["active", "count", "emails", "filter", "id", "members", "op", "path", "roles", "schemas", "scope", "value"];
    let camel = ["userName", "displayName", "externalId", "startIndex", "jobCode", "excludedAttributes", "nickName"];
    NAMES.contains(&name) || camel.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(body: &str) -> (Option<String>, Option<String>) {
        let Complaint { code, text } = read(body.as_bytes());
        (code, text)
    }

    fn pair(code: &str, text: &str) -> (Option<String>, Option<String>) {
        (Some(code.to_owned()), Some(text.to_owned()))
    }

    #[test]
    fn the_shapes_of_the_vendors() {
        assert_eq!(
            both(r#"{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit.","errorCauses":[]}"#),
            pair("E0000047", "API call exceeded rate limit")
        );
        assert_eq!(
            both(
                r#"{"error":{"code":"BadRequest","message":"Bad thing","innerError":{"code":"syncStateNotFound","innererror":{"date":"x"}}}}"#
            ),
            pair("syncStateNotFound", "Bad thing")
        );
        assert_eq!(
            both(r#"{"schemas":["urn"],"status":409,"scimType":"uniqueness","detail":"userName already in use"}"#),
            pair("uniqueness", "userName already in use")
        );
        assert_eq!(
            both(
                "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client secret provided. Trace ID: 1\\r\\nTimestamp\"}"
            ),
            pair("AADSTS7000215", "… Invalid client secret provided")
        );
        assert_eq!(both(r#"{"error":"invalid_client"}"#), (Some("invalid_client".to_owned()), None));
        assert_eq!(
            both(r#"{"error":{"message":"Rate limit exceeded","detail":"x"},"status":"failure"}"#),
            (None, Some("Rate limit exceeded".to_owned()))
        );
    }

    #[test]
    fn people_are_left_out() {
        for body in [
            r#"{"detail":"User ann@acme.example not found"}"#,
            r#"{"detail":"User 'Ann' not found"}"#,
            r#"{"detail":"User \"Ann Mary Smith\" not found"}"#,
            r#"{"detail":"employee 104233 not found: (ann.smith)"}"#,
            r#"{"detail":"token eyJhbGciOiJSUzI1NiJ9.abc.def refused for O'Neil-Smith99"}"#,
        ] {
            let (_, text) = both(body);
            let text = text.unwrap_or_default().to_lowercase();
            for bad in ["ann", "mary", "smith", "104233", "eyj", "neil", "acme"] {
                assert!(!text.contains(bad), "{body} -> {text}");
            }
        }
    }

    #[test]
    fn hostile_bodies_say_nothing() {
        let deep = "[".repeat(100_000);
        let inner = format!("{}{}", r#"{"innerError":"#.repeat(100), "}".repeat(100));
        for body in ["", "<html>ann@acme.example</html>", "\u{0}", "null", "[]", "7", &deep, &inner] {
            assert_eq!(read(body.as_bytes()), Complaint::default(), "{}", &body[..body.len().min(20)]);
        }
        assert_eq!(read(format!(r#"{{"detail":"{}"}}"#, "word ".repeat(20_000)).as_bytes()), Complaint::default());
        let long = read(format!(r#"{{"code":"{}","detail":"{}"}}"#, "c".repeat(65), "word ".repeat(1000)).as_bytes());
        assert_eq!(long.code, None);
        assert!(long.text.unwrap().chars().count() <= TEXT);
    }

    #[test]
    fn a_sentence_says_what_and_what_to_do() {
        let complaint = read(br#"{"errorCode":"E0000006","errorSummary":"You do not have permission, Ann"}"#);
        assert_eq!(
            sentence(403, &complaint, Some(advice(403, complaint.code.as_deref()))),
            "answered 403 E0000006 (a right is missing); give the service app an admin role (Read-only Administrator \
             is enough) and grant its scopes"
        );
        assert!(sentence(302, &Complaint::default(), None).contains("redirects are not followed"));
    }
}

//! Hides what may be a secret in the texts that findings show. A broken configuration is looked at in terminals, tickets
//! and build logs, so whatever may be a literal secret is blotted out before any finding is made.

use super::context::Context;
use super::tree::{Node, Table, Value};

/// Settings beside secrets that say nothing secret.
const HARMLESS: [&str; 18] = [
    "kind",
    "client_id",
    "username",
    "key_id",
    "token_url",
    "scope",
    "client_auth",
    "dpop",
    "public_url",
    "file",
    "env",
    "credential",
    "grant_type",
    "login_url",
    "issuer",
    "audience",
    "jwks_url",
    "window",
];

/// Parts of names behind which secrets are kept.
const TELLING: [&str; 9] =
    ["token", "secret", "passw", "passphrase", "client_state", "api_key", "apikey", "private_key", "credential"];

/// Blots out every value that may be a secret: all text below `auth` and `hook` but the known harmless settings, text
/// under a telling name anywhere, and URLs with a password in them.
pub(crate) fn blot(cx: &Context<'_>, table: &Table) {
    walk(cx, table, false);
}

fn walk(cx: &Context<'_>, table: &Table, private: bool) {
    for (name, entry) in table {
        let name = super::hint::plain(name);
        let harmless = HARMLESS.contains(&name.as_str());
        let telling = TELLING.iter().any(|word| name.contains(word)) && !harmless;
        let begins = name == "auth" || name == "hook";
        visit(cx, &entry.node, telling || begins || (private && !harmless), private || begins);
    }
}

fn visit(cx: &Context<'_>, node: &Node, hide: bool, private: bool) {
    match &node.value {
        Value::Text(text) => {
            if hide || has_password(text) {
                cx.blot(&node.spot);
            }
        }
        Value::List(items) => {
            for item in items {
                visit(cx, item, hide, private);
            }
        }
        Value::Table(table) => walk(cx, table, private),
        Value::Integer(_) | Value::Float(_) | Value::Flag(_) | Value::Date(_) | Value::Time => {}
    }
}

fn has_password(text: &str) -> bool {
    text.contains("://") && text.contains('@')
}

/// Blots out lines of a text that is not TOML and so cannot be walked: everything behind the first `=` of a line that
/// has a telling word in it.
pub(crate) fn telling_spans(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut at = 0;
    let mut spans = Vec::new();
    for line in text.split_inclusive('\n') {
        let plain = super::hint::plain(line);
        if TELLING.iter().any(|word| plain.contains(word)) || has_password(line) {
            let from = line.find('=').map_or(0, |equals| equals + 1);
            spans.push(at + from..at + line.trim_end().len());
        }
        at += line.len();
    }
    spans
}

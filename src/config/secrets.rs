//! Secrets as the file names them, and the look at them that `check` takes. Loading never opens one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::codes;
use super::context::Problem;
use super::parse;
use super::section::Section;
use super::tree::{Node, Value};
use super::{Loaded, Named, NamedFile, Secret};
use crate::rules::{Finding, Severity};

const HOW: &str = "keep it in a file, a variable or a systemd credential and write where: \
    `{ file = \"path\" }`, `{ env = \"NAME\" }` or `{ credential = \"name\" }`";

/// Reads a setting that is a secret.
pub(crate) fn need(section: &mut Section<'_>, key: &'static str) -> Option<Secret> {
    let Some(node) = section.node(key) else {
        section.missing(key, "{ file = \"path\" }");
        return None;
    };
    if let Some(problem) = literal(key, node) {
        section.cx.blot(&node.spot);
        section.cx.report(&node.spot, problem);
        return None;
    }
    // A secret pasted where its place belongs must not be shown either.
    for entry in node.table().into_iter().flat_map(|table| table.values()) {
        if entry.node.text().is_some_and(|text| !is_place(text)) {
            section.cx.blot(&entry.node.spot);
        }
    }
    let name = section.key(key);
    let mut inner = section.some_table(key, "secret")?;
    let file = inner.path("file", None);
    let env = inner.get("env", |node| place_name(node, '_'));
    let credential = inner.get("credential", |node| place_name(node, '.'));
    let given: Vec<&str> = inner.present().filter(|key| ["file", "env", "credential"].contains(key)).collect();
    let secret = match (file, env, credential) {
        (Some(path), None, None) => Some(Secret::File(path)),
        (None, Some(name), None) => Some(Secret::Env(name)),
        (None, None, Some(name)) => Some(Secret::Credential(name)),
        _ => None,
    };
    if given.len() != 1 {
        let message = match given.as_slice() {
            [] => format!("the secret `{key}` does not say where it is kept"),
            _ => format!("the secret `{key}` is kept in more than one place"),
        };
        inner.report(Problem::new(codes::BAD_SECRET, message).help(HOW));
    }
    inner.finish();
    let secret = secret.filter(|_| given.len() == 1)?;
    section.cx.keep_named(name, Named::Secret(secret.clone()), &node.spot);
    Some(secret)
}

fn literal(key: &str, node: &Node) -> Option<Problem> {
    match &node.value {
        Value::Table(_) => None,
        Value::Text(_) | Value::Integer(_) | Value::Float(_) => {
            let message = format!("the secret `{key}` must not stand here itself");
            Some(Problem::new(codes::LITERAL_SECRET, message).help(HOW))
        }
        Value::Flag(_) | Value::Date(_) | Value::Time | Value::List(_) => {
            Some(parse::wrong_type(node, "a table that says where the secret is kept").help(HOW))
        }
    }
}

/// Whether the text looks like a path or name and not like a key or token: short, on one line, without blanks.
fn is_place(text: &str) -> bool {
    text.len() <= 255 && !text.contains(|c: char| c.is_control() || c == ' ')
}

/// The name of a variable or credential. Never repeated in the message: a secret pasted here must not be shown.
fn place_name(node: &Node, also: char) -> Result<String, Problem> {
    let text = parse::text(node)?;
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == also || (also == '.' && c == '-');
    if text.chars().all(good) && !text.starts_with('.') && text.len() <= 255 {
        return Ok(text);
    }
    Err(Problem::new(codes::BAD_SECRET, "this is not the name of a variable or credential").help(HOW))
}

/// Looks at every secret and certificate that is named: whether it is there, has something in it, and is not open to
/// everybody on this machine. `check` does this; loading does not, so that `plan` and `explain` show other faults first.
pub fn check_named(loaded: &Loaded, env: &BTreeMap<String, String>) -> Vec<Finding> {
    let look_at = |named: &NamedFile| {
        let (code, severity, message, help) = look(&named.what, env)?;
        let message = format!("`{}`: {message}", named.setting);
        Some(Finding::new(named.place.clone(), code.shown('C'), severity, message).with_help(help))
    };
    let mut findings: Vec<Finding> = loaded.named_files.iter().filter_map(look_at).collect();
    findings.sort();
    findings
}

type Seen = (codes::Code, Severity, String, String);

fn look(what: &Named, env: &BTreeMap<String, String>) -> Option<Seen> {
    match what {
        Named::Secret(Secret::File(path)) => look_at_file(path, true),
        Named::Certificate(path) => look_at_file(path, false),
        Named::Secret(Secret::Env(name)) => env.get(name).is_none_or(|value| value.trim().is_empty()).then(|| {
            let help = format!("set it for the service, for example `export {name}=…`, or keep the secret in a file");
            absent(format!("environment variable {name} is not set or empty"), help)
        }),
        Named::Secret(Secret::Credential(name)) => match env.get("CREDENTIALS_DIRECTORY") {
            Some(folder) => look_at_file(&PathBuf::from(folder).join(name), false),
            None => Some(absent(
                format!("credential {name} cannot be read: CREDENTIALS_DIRECTORY is not set"),
                format!("run under systemd with `LoadCredential={name}:/path`"),
            )),
        },
    }
}

fn look_at_file(path: &Path, private: bool) -> Option<Seen> {
    let shown = path.display();
    let help = || format!("create it with `install -m 0600 /dev/stdin {shown}`");
    let file = match std::fs::File::open(path).and_then(|file| file.metadata()) {
        Ok(file) => file,
        Err(error) => return Some(absent(format!("cannot read {shown}: {error}"), help())),
    };
    if !file.is_file() {
        return Some(absent(format!("{shown} is not a file"), help()));
    }
    if file.len() == 0 {
        return Some(absent(format!("{shown} is empty"), help()));
    }
    (private && readable_by_all(&file)).then(|| {
        let message = format!("everybody on this machine can read {shown}");
        (codes::OPEN_SECRET, Severity::Warning, message, format!("run `chmod o-rwx {shown}`"))
    })
}

fn readable_by_all(file: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.permissions().mode() & 0o004 != 0
}

fn absent(message: String, help: String) -> Seen {
    (codes::NO_SECRET, Severity::Error, message, help)
}

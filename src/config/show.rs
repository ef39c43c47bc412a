//! `config show`: every setting with its effective value and where that came from. A secret shows only where it is
//! kept, never what it is: the values it is made of are paths and names.

use std::fmt;

use serde_json::{Map, Value, json};

use super::{Loaded, Origin};

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line } => write!(f, "{file}:{line}"),
            Self::Env(name) => write!(f, "environment {name}"),
            Self::Flag(key) => write!(f, "flag {key}"),
        }
    }
}

/// One line per setting, as TOML with dotted keys and the origin as comment.
pub fn text(loaded: &Loaded) -> String {
    let rows: Vec<(String, String)> = loaded
        .values
        .iter()
        .map(|(key, effective)| (format!("{key} = {}", toml(&effective.value)), effective.origin.to_string()))
        .collect();
    // A value of unusual length does not push every origin off the screen.
    let width = rows.iter().map(|(value, _)| value.chars().count()).filter(|width| *width <= 72).max().unwrap_or(0);
    let mut lines: Vec<String> =
        rows.into_iter().map(|(value, origin)| format!("{value:width$}  # {origin}")).collect();
    lines.push(String::new());
    lines.join("\n")
}

/// `{"file": …, "catalog": …, "values": {"store.path": {"value": …, "origin": "default" | "file" | "env" | "flag", …}}}`;
/// with `file` and `line`, or the variable's or flag's `name`.
pub fn json(loaded: &Loaded) -> Value {
    let values: Map<String, Value> = loaded
        .values
        .iter()
        .map(|(key, effective)| {
            let origin = match &effective.origin {
                Origin::Default => json!({"value": effective.value, "origin": "default"}),
                Origin::File { file, line } => {
                    json!({"value": effective.value, "origin": "file", "file": file, "line": line})
                }
                Origin::Env(name) => json!({"value": effective.value, "origin": "env", "name": name}),
                Origin::Flag(name) => json!({"value": effective.value, "origin": "flag", "name": name}),
            };
            (key.clone(), origin)
        })
        .collect();
    let (file, catalog) = (loaded.config.file.display().to_string(), loaded.config.catalog.display().to_string());
    json!({"file": file, "catalog": catalog, "values": values})
}

/// A value as TOML would have it on one line.
fn toml(value: &Value) -> String {
    match value {
        Value::Null => "\"\"".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key} = {}", toml(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
    }
}

/// Basic strings of TOML and JSON share their escapes, except `\/` and surrogates, which are never written.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

//! The environment and flags laid over the file: default < file < environment < flag.
//!
//! `SEATWARDEN_FEED__OKTA_PROD__URL` is `feed.okta-prod.url`: `__` nests, case does not count, `-` and `_` are alike.
//! A value that begins with `[` or `{` is read as TOML; any other is taken as text and, where a setting is a number or
//! a list, read as that (lists are split at commas).

use std::collections::BTreeMap;

use super::codes;
use super::context::Problem;
use super::hint;
use super::tree::{Entry, Node, Spot, Table, Value, parse_value};

/// What names of our environment variables begin with.
pub const PREFIX: &str = "SEATWARDEN_";

/// Variables that belong to the command line and are no settings of the file.
pub const NOT_SETTINGS: [&str; 12] = [
    "SEATWARDEN_COLOR",
    "SEATWARDEN_CONFIG",
    "SEATWARDEN_DEADLINE",
    "SEATWARDEN_LOG",
    "SEATWARDEN_LOG_FORMAT",
    "SEATWARDEN_LOG_LEVEL",
    "SEATWARDEN_NO_COLOR",
    "SEATWARDEN_OUTPUT",
    "SEATWARDEN_QUIET",
    "SEATWARDEN_SET",
    "SEATWARDEN_VERBOSE",
    "SEATWARDEN_YES",
];

/// Tables in which one setting excludes the others, so that the one laid on top replaces those below.
const ONE_OF: [&[&str]; 2] = [&["file", "env", "credential"], &["group", "group_id", "entitlement", "role"]];

/// Lays environment and flags over what the file says, and gives back what could not be laid.
pub(crate) fn apply(
    table: &mut Table,
    env: &BTreeMap<String, String>,
    flags: &[(String, String)],
) -> Vec<(Spot, Problem)> {
    let mut problems = Vec::new();
    for (name, value) in env {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        if NOT_SETTINGS.contains(&name.as_str()) || is_service_link(rest, value) {
            continue;
        }
        let lower = rest.to_lowercase();
        let steps: Vec<&str> = lower.split("__").collect();
        let spot = Spot::Env(name.clone());
        problems.extend(set(table, &steps, value, &spot).err().map(|problem| (spot, problem)));
    }
    for (key, value) in flags {
        let steps: Vec<&str> = key.split('.').collect();
        let spot = Spot::Flag(key.clone());
        problems.extend(set(table, &steps, value, &spot).err().map(|problem| (spot, problem)));
    }
    problems
}

/// Whether Kubernetes put the variable there for a Service whose name begins with `seatwarden`
/// (`SEATWARDEN_SERVICE_HOST`, `SEATWARDEN_OPS_PORT_9464_TCP_ADDR`): those are no settings and nobody asked for them.
fn is_service_link(rest: &str, value: &str) -> bool {
    if rest.contains("__") {
        return false;
    }
    let rest = format!("_{rest}");
    let port = rest.ends_with("_PORT") && (value.starts_with("tcp://") || value.starts_with("udp://"));
    let numbered = rest.split_once("_PORT_").is_some_and(|(_, after)| {
        after.starts_with(|c: char| c.is_ascii_digit()) && (after.contains("_TCP") || after.contains("_UDP"))
    });
    port || numbered || rest.ends_with("_SERVICE_HOST") || rest.contains("_SERVICE_PORT")
}

fn set(table: &mut Table, steps: &[&str], text: &str, spot: &Spot) -> Result<(), Problem> {
    let Some((first, rest)) = steps.split_first() else { return Ok(()) };
    let name = name_of(table, first)?;
    if rest.is_empty() {
        let node = value_of(text, spot)?;
        for other in ONE_OF.iter().filter(|group| group.contains(first)).copied().flatten() {
            // One of the same layer stays, so that a contradiction within a layer is still seen.
            table.retain(|key, entry| key != other || *key == name || same_layer(&entry.node.spot, spot));
        }
        let key = table.get(&name).map_or_else(|| spot.clone(), |entry| entry.key.clone());
        table.insert(name, Entry { key, node });
        return Ok(());
    }
    let empty = || Node { spot: spot.clone(), value: Value::Table(Table::new()) };
    let entry = table.entry(name).or_insert_with(|| Entry { key: spot.clone(), node: empty() });
    if entry.node.table().is_none() {
        entry.node = empty();
    }
    match &mut entry.node.value {
        Value::Table(inner) => set(inner, rest, text, spot),
        Value::Text(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Flag(_)
        | Value::Date(_)
        | Value::Time
        | Value::List(_) => Ok(()),
    }
}

/// The name in the table that is meant, or the step itself when there is none yet.
fn name_of(table: &Table, step: &str) -> Result<String, Problem> {
    if step.is_empty() {
        let help = "nest with `__` in the environment (SEATWARDEN_STORE__PATH), with `.` in a flag (store.path)";
        return Err(Problem::new(codes::BAD_OVERRIDE, "a part of the name is empty").help(help));
    }
    if table.contains_key(step) {
        return Ok(step.to_owned());
    }
    let alike: Vec<&str> =
        table.keys().map(String::as_str).filter(|key| hint::plain(key) == hint::plain(step)).collect();
    match alike.as_slice() {
        [] => Ok(step.to_owned()),
        [one] => Ok((*one).to_owned()),
        several => {
            let message = format!("`{step}` could be any of {}", hint::listed(several));
            Err(Problem::new(codes::BAD_OVERRIDE, message).help("set this one in the file"))
        }
    }
}

fn value_of(text: &str, spot: &Spot) -> Result<Node, Problem> {
    if text.trim_start().starts_with(['[', '{']) {
        let value = parse_value(text.trim(), spot).ok_or_else(|| {
            let help = "write it as in the file, such as `[\"a\", \"b\"]` or `{ file = \"token\" }`";
            Problem::new(codes::SYNTAX, "the value begins like a list or table and is none").help(help)
        })?;
        return Ok(Node { spot: spot.clone(), value });
    }
    Ok(Node::loose(text, spot.clone()))
}

fn same_layer(a: &Spot, b: &Spot) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::context::shown;

    fn laid(file: &str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> (serde_json::Value, Vec<String>) {
        let mut table = crate::config::tree::parse(&"f".into(), file).unwrap();
        let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let problems = apply(&mut table, &pairs(env).into_iter().collect(), &pairs(flags));
        let tree = table.iter().map(|(key, entry)| (key.clone(), shown(&entry.node))).collect();
        (tree, problems.into_iter().map(|(_, problem)| problem.message).collect())
    }

    #[test]
    fn a_flag_beats_the_environment_and_that_beats_the_file() {
        let file = "[store]\npath = 'file'\n[feed.Okta-Prod]\nurl = 'x'";
        let env = [("SEATWARDEN_STORE__PATH", "env"), ("SEATWARDEN_FEED__OKTA_PROD__URL", "y")];
        let (tree, problems) = laid(file, &env, &[("store.path", "flag")]);
        assert_eq!(tree, serde_json::json!({"store": {"path": "flag"}, "feed": {"Okta-Prod": {"url": "y"}}}));
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn variables_of_the_command_line_and_of_kubernetes_are_no_settings() {
        let env = [
            ("SEATWARDEN_LOG", "debug"),
            ("SEATWARDEN_SERVICE_HOST", "10.0.0.1"),
            ("SEATWARDEN_PORT", "tcp://10.0.0.1:80"),
            ("SEATWARDEN_OPS_PORT_9464_TCP_ADDR", "10.0.0.1"),
            ("SEATWARDEN_SERVICE_PORT_PUBLIC", "8440"),
            ("HOME", "/root"),
        ];
        assert_eq!(laid("", &env, &[]), (serde_json::json!({}), Vec::new()));
        assert_eq!(laid("", &[("SEATWARDEN_PORT", "80")], &[]).0, serde_json::json!({"port": 80}));
    }

    #[test]
    fn a_place_of_a_secret_replaces_the_one_below_it() {
        let file = "[feed.a.auth]\ntoken = { file = 'x' }";
        let (tree, _) = laid(file, &[("SEATWARDEN_FEED__A__AUTH__TOKEN__ENV", "T")], &[]);
        assert_eq!(tree, serde_json::json!({"feed": {"a": {"auth": {"token": {"env": "T"}}}}}));
    }

    #[test]
    fn lists_and_tables_are_read_as_toml_and_odd_names_are_refused() {
        let (tree, _) = laid("", &[("SEATWARDEN_PEOPLE__MATCH_ON", "['email']")], &[]);
        assert_eq!(tree, serde_json::json!({"people": {"match_on": ["email"]}}));
        let (_, problems) = laid("[feed.a-b]\n[feed.a_b]", &[("SEATWARDEN_FEED__A-B__URL", "x")], &[("store..x", "1")]);
        assert_eq!(problems, ["a part of the name is empty"]);
        let (_, problems) = laid("[feed.a-B]\n[feed.A_b]", &[("SEATWARDEN_FEED__A_B__URL", "x")], &[("a", "[1")]);
        assert_eq!(problems.len(), 2, "{problems:?}");
    }
}

//! The JSON Schemas as editors see them. That they know the settings that are read is tested beside them; that the one
//! of tables and the readers of tables know the same is tested here.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::tz::TimeZone;
use seatwarden::config::schema;
use seatwarden::model::Catalog;
use seatwarden::rules::{Column, Source, compile};
use serde_json::{Value, json};

#[test]
fn nothing_in_a_schema_is_null_since_toml_has_no_null() {
    for schema in [schema::configuration(), schema::catalog(), schema::rules()] {
        let text = schema::text(&schema);
        assert!(!text.contains("null"), "{text}");
        assert!(text.contains("draft-07") && text.ends_with("}\n"));
    }
}

/// A file as editors hand it to a schema: days are texts there.
fn as_json(value: toml::Value) -> Value {
    match value {
        toml::Value::Table(table) => table.into_iter().map(|(name, value)| (name, as_json(value))).collect(),
        toml::Value::Array(items) => items.into_iter().map(as_json).collect(),
        toml::Value::Datetime(date) => json!(date.to_string()),
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(truth) => json!(truth),
    }
}

fn faults(schema: &Value, text: &str) -> Vec<String> {
    let file = as_json(toml::Value::Table(text.parse().unwrap()));
    let validator = jsonschema::draft7::new(schema).unwrap();
    validator.iter_errors(&file).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

const TABLE: &str = r#"
[[rule]]
id     = "sd-analysts"
when   = { job_code = ["SD-1*", "SD-20..SD-29"], department = "IT", attr = { shift = "late" }, "attr.b" = ["x"] }
tier   = "fulfiller"
addons = ["major-incident"]
class  = "on-call"
priority = -3
from   = 2026-01-01
until  = "2026-12-31"
owner  = "itam@acme.example"
note   = "CHG-1042"

[[exception]]
person = "ann@acme.example"
tier   = "fulfiller"
until  = 2026-12-15
owner  = "desk-lead@acme.example"
reason = "covers for a colleague on leave"

[[case]]
given  = { job_code = "SD-12" }
expect = { tier = "fulfiller", addons = [], rule = "sd-analysts" }
"#;

#[test]
fn the_samples_fit_their_schemas() {
    for path in ["src/config/init/people.toml", "deploy/kubernetes/config/rules/people.toml"] {
        assert_eq!(faults(&schema::rules(), &read(path)), Vec::<String>::new(), "{path}");
    }
    assert_eq!(faults(&schema::rules(), TABLE), Vec::<String>::new());
    for path in
        ["src/config/init/catalog.toml", "tests/it/config/sample/catalog.toml", "deploy/kubernetes/config/catalog.toml"]
    {
        assert_eq!(faults(&schema::catalog(), &read(path)), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn what_the_readers_refuse_the_schemas_refuse_as_well() {
    for (from, to) in [
        ("job_code", "job_cod"),
        ("tier   =", "tyer   ="),
        ("[[exception]]", "[[exceptions]]"),
        ("owner  = \"desk", "own  = \"desk"),
        ("reason =", "note ="),
        ("id     =", "# id ="),
        ("priority = -3", "priority = 1.5"),
        ("\"2026-12-31\"", "\"31.12.2026\""),
        ("\"IT\"", "4711"),
        ("expect = { tier", "expect = { tiers"),
    ] {
        let broken = TABLE.replacen(from, to, 1);
        assert!(broken != TABLE && !faults(&schema::rules(), &broken).is_empty(), "{from} -> {to}");
    }
    let catalog = read("src/config/init/catalog.toml");
    for (from, to) in
        [("seats    =", "seat ="), ("rank  =", "rang ="), ("default_tier", "default"), ("\"7d\"", "\"7 days\"")]
    {
        let broken = catalog.replacen(from, to, 1);
        assert!(broken != catalog && !faults(&schema::catalog(), &broken).is_empty(), "{from} -> {to}");
    }
}

/// The keys that the reader lists when it does not know one.
fn known(text: &str) -> BTreeSet<String> {
    let catalog = Catalog { default_tier: "none".into(), pools: std::collections::BTreeMap::new() };
    let file = Source { path: "a.toml".to_owned(), bytes: text.as_bytes().to_vec() };
    let findings = compile(&[file], &catalog, &TimeZone::UTC).findings;
    let unknown = findings.iter().find(|finding| finding.code == "R010").unwrap();
    let help = unknown.help.as_deref().unwrap();
    help.strip_prefix("known: ").unwrap_or_else(|| panic!("{help}")).split(", ").map(str::to_owned).collect()
}

fn described(definition: &str) -> BTreeSet<String> {
    let schema = schema::rules();
    let shape = schema["definitions"].get(definition).unwrap_or(&schema);
    shape["properties"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn readers_of_tables_and_their_schema_know_the_same_keys() {
    assert_eq!(known("[[rule]]\nqqqqqqqqqqqq = 1\n"), described("RuleFile"));
    assert_eq!(known("[[exception]]\nqqqqqqqqqqqq = 1\n"), described("ExceptionFile"));
    assert_eq!(known("qqqqqqqqqqqq = 1\n"), described("rules"));
    let columns: BTreeSet<String> = Column::names().into_iter().chain(["attr".to_owned()]).collect();
    assert_eq!(columns, described("WhenFile"));
}

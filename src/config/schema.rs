//! The JSON Schemas of both files, for editors (`#:schema` lines, Even Better TOML, taplo) and for `config schema`.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use super::raw::{CatalogFile, ConfigFile};

/// The schema of `seatwarden.toml`.
pub fn configuration() -> Value {
    of::<ConfigFile>()
}

/// The schema of `catalog.toml`.
pub fn catalog() -> Value {
    of::<CatalogFile>()
}

/// A schema as text, with a line break at its end.
pub fn text(schema: &Value) -> String {
    format!("{schema:#}\n")
}

/// Draft 7 is what the TOML editors understand.
fn of<T: JsonSchema>() -> Value {
    let generator: SchemaGenerator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    without_null(&mut schema);
    schema
}

/// Takes out null, which TOML does not have: an optional setting is left out.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.remove("default");
            if let Some(Value::Array(types)) = fields.get_mut("type") {
                types.retain(|name| name != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    fields.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(choices)) = fields.get_mut("anyOf") {
                choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
                if let [Value::Object(one)] = choices.as_slice() {
                    let one = one.clone();
                    fields.remove("anyOf");
                    // Draft 7 ignores whatever stands beside `$ref`, so that stays wrapped.
                    if one.contains_key("$ref") && !fields.is_empty() {
                        fields.insert("allOf".to_owned(), Value::Array(vec![Value::Object(one)]));
                    } else {
                        fields.extend(one);
                    }
                }
            }
            fields.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

//! The JSON Schemas of all files, for editors (`#:schema` lines, Even Better TOML, taplo) and for `config schema`.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use super::raw::{CatalogFile, ConfigFile, TableFile};

/// The schema of `seatwarden.toml`.
pub fn configuration() -> Value {
    of::<ConfigFile>()
}

/// The schema of `catalog.toml`.
pub fn catalog() -> Value {
    of::<CatalogFile>()
}

/// The schema of a rules table in TOML.
pub fn rules() -> Value {
    of::<TableFile>()
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

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    type Settings = BTreeMap<String, BTreeSet<String>>;

    /// The settings of every object, by the name of its definition; kinds of a tagged union by their `kind` as well.
    fn described(schema: &Value, found: &mut Settings) {
        collect(schema["title"].as_str().unwrap(), schema, found);
        for (name, definition) in schema["definitions"].as_object().unwrap() {
            collect(name, definition, found);
        }
    }

    fn collect(name: &str, schema: &Value, found: &mut Settings) {
        if let Some(properties) = schema["properties"].as_object() {
            assert_eq!(schema["additionalProperties"], false, "{name} takes anything");
            let kind = properties.get("kind").and_then(|kind| kind["const"].as_str());
            let name = kind.map_or(name.to_owned(), |kind| format!("{name} {kind}"));
            found.insert(name, properties.keys().cloned().collect());
        }
        for one in ["oneOf", "anyOf"].iter().filter_map(|key| schema[*key].as_array()).flatten() {
            collect(name, one, found);
        }
    }

    /// Shape of a table as the readers call it -> definitions that describe it.
    const SHAPES: [(&str, &[&str]); 40] = [
        ("file", &["seatwarden.toml"]),
        ("store", &["StoreFile"]),
        ("listen", &["ListenFile"]),
        ("rules", &["RulesFile"]),
        ("catalog", &["CatalogSection"]),
        ("people", &["PeopleFile"]),
        ("pass", &["PassFile"]),
        ("brakes", &["BrakesFile"]),
        ("brake", &["BrakeFile"]),
        ("brake once", &["OnceBrakeFile"]),
        ("brake grant", &["GrantBrakeFile"]),
        ("feed okta", &["FeedFile okta"]),
        ("feed entra", &["FeedFile entra"]),
        ("feed scim", &["FeedFile scim"]),
        ("feed scim_push", &["FeedFile scim_push"]),
        ("feed csv", &["FeedFile csv"]),
        ("status", &["StatusFile"]),
        ("hook", &["HookFile"]),
        ("hook entra", &["EntraHookFile"]),
        ("hook set", &["SetFile"]),
        ("secret", &["SecretFile"]),
        ("auth ssws", &["OktaAuth ssws"]),
        ("auth bearer", &["ScimAuth bearer", "PushAuth bearer"]),
        ("auth basic", &["ScimAuth basic", "PushAuth basic"]),
        ("auth jwt", &["PushAuth jwt"]),
        ("auth client_secret", &["EntraAuth client_secret", "ScimAuth client_secret"]),
        ("auth private_key_jwt", &["OktaAuth private_key_jwt", "ScimAuth private_key_jwt"]),
        ("auth certificate", &["EntraAuth certificate"]),
        ("auth federated", &["EntraAuth federated"]),
        ("target", &["TargetFile"]),
        ("seat", &["SeatFile"]),
        ("bought", &["catalog.toml"]),
        ("tier", &["TierFile"]),
        ("addon", &["AddonFile"]),
        ("cost", &["CostFile"]),
        ("min_hold", &["MinHoldFile"]),
        ("reassign", &["ReassignFile"]),
        ("terms", &["TermsFile"]),
        ("limit", &["LimitFile"]),
        ("attributes", &[]),
    ];

    #[test]
    fn readers_and_schemas_know_the_same_settings() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("seatwarden.toml");
        let catalog = "default_tier = 'a'\n[tier.a]\ncost = {}\nmin_hold = {}\nreassign = {}\nterms = {}\n[addon.b]\n";
        std::fs::write(dir.path().join("catalog.toml"), catalog).unwrap();
        let target =
            "[target.t]\nkind = 'scim'\nauth = { kind = 'basic', password = {} }\nseats = { a = {} }\n".to_owned();
        let scim = ["bearer", "basic", "client_secret", "private_key_jwt"].map(|auth| ("scim", auth));
        let okta = ["ssws", "private_key_jwt"].map(|auth| ("okta", auth));
        let entra = ["client_secret", "certificate", "federated"].map(|auth| ("entra", auth));
        let feeds = scim.into_iter().chain(okta).chain(entra).chain([("scim_push", "basic"), ("scim_push", "jwt")]).enumerate().map(|(number, (kind, auth))| {
            format!("[feed.f{number}]\nkind = '{kind}'\nauth = {{ kind = '{auth}' }}\nhook = {{ set = {{ token = {{}} }}, secret = {{}} }}\n")
        });
        let csv = "[feed.csv]\nkind = 'csv'\nstatus = {}\n".to_owned();
        let text: Vec<String> = [target, csv].into_iter().chain(feeds).collect();
        let text = text.concat();
        std::fs::write(&file, text).unwrap();
        let (_, mut read) = crate::config::load::read(&file, &BTreeMap::new(), &[]);
        read.insert("limit", ["count", "percent"].into());
        let mut described_settings = Settings::new();
        described(&configuration(), &mut described_settings);
        described(&catalog_schema(), &mut described_settings);
        for (shape, definitions) in SHAPES {
            let known: BTreeSet<String> = read[shape].iter().map(|key| (*key).to_owned()).collect();
            let union: BTreeSet<String> =
                definitions.iter().flat_map(|name| described_settings.remove(*name).expect(name)).collect();
            assert!(definitions.is_empty() || known == union, "{shape}: read {known:?}, described {union:?}");
        }
        assert_eq!(described_settings, Settings::new(), "described and never read");
    }

    fn catalog_schema() -> Value {
        super::catalog()
    }
}

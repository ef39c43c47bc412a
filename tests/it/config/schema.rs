//! The JSON Schemas as editors see them. That they know the settings that are read is tested beside them.

use seatwarden::config::schema;

#[test]
fn nothing_in_a_schema_is_null_since_toml_has_no_null() {
    for schema in [schema::configuration(), schema::catalog()] {
        let text = schema::text(&schema);
        assert!(!text.contains("null"), "{text}");
        assert!(text.contains("draft-07") && text.ends_with("}\n"));
    }
}

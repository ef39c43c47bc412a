//! Asks a filter of a JSON resource, as SCIM would: names without case, arrays by any of their elements, times as times.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Expr, Op};

/// Says whether `resource` is what the filter asks for.
pub(crate) fn matches(expr: &Expr, resource: &Value) -> bool {
    match expr {
        Expr::And(left, right) => matches(left, resource) && matches(right, resource),
        Expr::Or(left, right) => matches(left, resource) || matches(right, resource),
        Expr::Not(inner) => !matches(inner, resource),
        Expr::Compare { path, op: Op::Ne, value } => !any(resource, path, |found| holds(found, Op::Eq, value)),
        Expr::Compare { path, op, value } => any(resource, path, |found| holds(found, *op, value)),
        Expr::Present(path) => any(resource, path, |found| !is_void(found)),
        Expr::Within { attribute, inner, then } => {
            let Some(found) = find(resource, attribute) else { return false };
            elements(found).filter(|element| matches(inner, element)).any(|element| match then {
                None => true,
                Some((sub, op, value)) => any(element, sub, |found| holds(found, *op, value)),
            })
        }
    }
}

/// Says whether any value at `path` satisfies `test`. The value of a complex multi-valued attribute is its `value`.
fn any(resource: &Value, path: &str, test: impl Fn(&Value) -> bool) -> bool {
    let mut found = Vec::new();
    collect(resource, path, &mut found);
    found.into_iter().flat_map(elements).any(|element| match element.get("value") {
        Some(value) if element.is_object() => test(value),
        _ => test(element),
    })
}

fn collect<'a>(resource: &'a Value, path: &str, into: &mut Vec<&'a Value>) {
    if let Some(found) = find(resource, path) {
        into.push(found);
        return;
    }
    let Some((head, rest)) = split(resource, path) else { return };
    let Some(found) = find(resource, head) else { return };
    elements(found).for_each(|element| collect(element, rest, into));
}

/// Finds an attribute of a resource by name, without case; a full URN names the extension or one of its attributes.
pub(crate) fn find<'a>(resource: &'a Value, name: &str) -> Option<&'a Value> {
    let object = resource.as_object()?;
    member(object, name).or_else(|| {
        // Core attributes may be named in full: urn:ietf:params:scim:schemas:core:2.0:User:userName
        let (urn, rest) = name.rsplit_once(':')?;
        let in_core = urn.to_ascii_lowercase().starts_with("urn:ietf:params:scim:schemas:core:2.0:");
        if in_core { member(object, rest) } else { member(member(object, urn)?.as_object()?, rest) }
    })
}

fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// Splits `name.familyName`; the dots within a URN (`2.0`) do not count.
fn split<'p>(resource: &Value, path: &'p str) -> Option<(&'p str, &'p str)> {
    let dots = path.char_indices().filter(|(_, letter)| *letter == '.').map(|(at, _)| at);
    dots.filter_map(|at| Some((path.get(..at)?, path.get(at + 1..)?))).find(|(head, _)| find(resource, head).is_some())
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    let many = value.as_array();
    many.into_iter().flatten().chain(many.is_none().then_some(value))
}

fn is_void(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(many) => many.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn holds(found: &Value, op: Op, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::String(found), Value::String(wanted)) => compare_text(found, op, wanted),
        (Value::Number(found), Value::Number(wanted)) => {
            ordered(op, found.as_f64().zip(wanted.as_f64()).and_then(|(found, wanted)| found.partial_cmp(&wanted)))
        }
        (found, wanted) => op == Op::Eq && found == wanted,
    }
}

fn compare_text(found: &str, op: Op, wanted: &str) -> bool {
    match op {
        Op::Eq => same_text(found, wanted),
        Op::Ne => !same_text(found, wanted),
        Op::Co => found.to_lowercase().contains(&wanted.to_lowercase()),
        Op::Sw => found.to_lowercase().starts_with(&wanted.to_lowercase()),
        Op::Ew => found.to_lowercase().ends_with(&wanted.to_lowercase()),
        Op::Gt | Op::Ge | Op::Lt | Op::Le => match (found.parse::<Timestamp>(), wanted.parse::<Timestamp>()) {
            (Ok(found), Ok(wanted)) => ordered(op, Some(found.cmp(&wanted))),
            _ => ordered(op, Some(found.to_lowercase().cmp(&wanted.to_lowercase()))),
        },
    }
}

/// Compares as SCIM compares what is not case-exact.
fn same_text(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right) || left.to_lowercase() == right.to_lowercase()
}

fn ordered(op: Op, order: Option<Ordering>) -> bool {
    match (op, order) {
        (_, None) | (Op::Co | Op::Sw | Op::Ew, _) => false,
        (Op::Eq, Some(order)) => order.is_eq(),
        (Op::Ne, Some(order)) => order.is_ne(),
        (Op::Gt, Some(order)) => order.is_gt(),
        (Op::Ge, Some(order)) => order.is_ge(),
        (Op::Lt, Some(order)) => order.is_lt(),
        (Op::Le, Some(order)) => order.is_le(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::parse;
    use super::*;

    fn ann() -> Value {
        json!({"id": "u-1", "userName": "Ann@acme.example", "active": true,
            "name": {"familyName": "Berg"},
            "emails": [{"value": "ann@acme.example", "type": "work"}, {"value": "a@home.example", "type": "home"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "104233"},
            "meta": {"lastModified": "2026-11-21T16:03:55Z"}})
    }

    #[test]
    fn filters_that_hold() {
        for filter in [
            r#"userName eq "ann@ACME.example""#,
            r#"USERNAME eq "ann@acme.example" and active eq true"#,
            r#"emails.value eq "ann@acme.example""#,
            r#"emails eq "a@home.example""#,
            r#"emails[type eq "work"].value eq "ann@acme.example""#,
            r#"emails[type eq "work" and value eq "ann@acme.example"]"#,
            r#"name.familyName sw "be""#,
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "104233""#,
            r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ann@acme.example""#,
            r#"meta.lastModified ge "2026-11-21T17:03:55+01:00""#,
            r#"meta.lastModified lt "2026-11-21T16:03:55.001Z""#,
            r#"not (title pr) and userName ne "bob""#,
        ] {
            assert!(matches(&parse(filter).unwrap(), &ann()), "{filter}");
        }
    }

    #[test]
    fn filters_that_do_not() {
        for filter in [
            r#"emails[type eq "home"].value eq "ann@acme.example""#,
            r#"meta.lastModified gt "2026-11-21T16:03:55Z""#,
            "title pr",
            r#"active eq "true""#,
            "id eq null",
        ] {
            assert!(!matches(&parse(filter).unwrap(), &ann()), "{filter}");
        }
    }
}

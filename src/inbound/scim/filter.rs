//! Filters: the grammar of RFC 7644 section 3.4.2.2 by `scim_v2`, what real clients write beside it, and the evaluation.
//!
//! Two forms are brought into the grammar first: values without quotes (Microsoft's own examples), and a part of what a
//! value filter finds (`emails[type eq "work"].value eq "x"`, Entra's way to match people).

use std::cmp::Ordering;

use scim_v2::filter::{AttrExp, AttrPath, CompValue, CompareOp, Filter, ValFilter};
use serde_json::{Map, Value};

use super::error::Refusal;
use super::names::{self, Place, is_exact, is_present};
use super::rewrite;
use crate::feed::push::Kind;
use crate::model::Time;

/// The longest filter. Entra's have some hundred bytes; the address of a request has no more room than a few times this.
pub const LONGEST: usize = 8 << 10;

/// Reads a filter.
pub fn parse(text: &str) -> Result<Filter, Refusal> {
    if text.len() > LONGEST {
        let detail = format!("the filter has {} bytes, {LONGEST} is the most", text.len());
        return Err(Refusal::bad("invalidFilter", detail));
    }
    let first = match text.parse::<Filter>() {
        Ok(filter) => return check(filter),
        Err(error) => error,
    };
    let again = rewrite::filter(text).and_then(|text| text.parse::<Filter>().ok());
    let filter = again.ok_or_else(|| Refusal::bad("invalidFilter", format!("the filter cannot be read: {first}")))?;
    check(filter)
}

/// Order means nothing between truth values (RFC 7644 section 3.4.2.2).
fn check(filter: Filter) -> Result<Filter, Refusal> {
    if orders_truth(&filter) {
        return Err(Refusal::bad("invalidFilter", "truth values and null have no order and no parts"));
    }
    Ok(filter)
}

fn orders_truth(filter: &Filter) -> bool {
    match filter {
        Filter::Attr(expression) => expression_orders_truth(expression),
        Filter::ValuePath(path) => value_orders_truth(&path.filter),
        Filter::Not(inner) => orders_truth(inner),
        Filter::And(parts) | Filter::Or(parts) => parts.iter().any(orders_truth),
    }
}

pub(super) fn value_orders_truth(filter: &ValFilter) -> bool {
    match filter {
        ValFilter::Attr(expression) => expression_orders_truth(expression),
        ValFilter::Not(inner) => value_orders_truth(inner),
        ValFilter::And(parts) | ValFilter::Or(parts) => parts.iter().any(value_orders_truth),
    }
}

fn expression_orders_truth(expression: &AttrExp) -> bool {
    match expression {
        AttrExp::Present(_) => false,
        AttrExp::Comparison(_, operator, value) => {
            let has_order = matches!(value, CompValue::Str(_) | CompValue::Number(_));
            !has_order && !matches!(operator, CompareOp::Eq | CompareOp::Ne)
        }
    }
}

/// Whether a resource is meant.
pub fn matches(filter: &Filter, kind: Kind, resource: &Map<String, Value>) -> bool {
    match filter {
        Filter::Attr(expression) => expression_matches(expression, kind, resource),
        Filter::ValuePath(path) => {
            let value = Place::of(kind, &path.attr).value(resource);
            items(value).any(|item| value_matches(&path.filter, item))
        }
        Filter::Not(inner) => !matches(inner, kind, resource),
        Filter::And(parts) => parts.iter().all(|part| matches(part, kind, resource)),
        Filter::Or(parts) => parts.iter().any(|part| matches(part, kind, resource)),
    }
}

fn expression_matches(expression: &AttrExp, kind: Kind, resource: &Map<String, Value>) -> bool {
    let (AttrExp::Present(path) | AttrExp::Comparison(path, _, _)) = expression;
    let place = Place::of(kind, path);
    // The name of a whole extension reads like an attribute of a shorter URN.
    let whole = path.uri.as_ref().and_then(|uri| names::get(resource, &format!("{uri}:{}", path.name)));
    let found = place.value(resource).or(whole);
    let mut values: Vec<&Value> = items(found).collect();
    if let Some(sub) = &place.sub {
        values = values.into_iter().filter_map(|value| names::get(value.as_object()?, sub)).flat_map(flat).collect();
    }
    let name = place.sub.as_deref().unwrap_or(&place.name);
    compare_all(expression, name, &values)
}

/// Whether one value of an attribute is meant.
pub(super) fn value_matches(filter: &ValFilter, item: &Value) -> bool {
    match filter {
        ValFilter::Attr(expression) => {
            let (AttrExp::Present(AttrPath { name, sub_attr, .. })
            | AttrExp::Comparison(AttrPath { name, sub_attr, .. }, _, _)) = expression;
            let found = match item {
                Value::Object(object) => names::get(object, name),
                // A plain value is its own `value`.
                Value::String(_) | Value::Number(_) | Value::Bool(_) => {
                    Some(item).filter(|_| name.eq_ignore_ascii_case("value"))
                }
                Value::Null | Value::Array(_) => None,
            };
            let mut values: Vec<&Value> = items(found).collect();
            if let Some(sub) = sub_attr {
                values = values.into_iter().filter_map(|value| names::get(value.as_object()?, sub)).collect();
            }
            compare_all(expression, sub_attr.as_deref().unwrap_or(name), &values)
        }
        ValFilter::Not(inner) => !value_matches(inner, item),
        ValFilter::And(parts) => parts.iter().all(|part| value_matches(part, item)),
        ValFilter::Or(parts) => parts.iter().any(|part| value_matches(part, item)),
    }
}

/// The values of an attribute, one by one.
fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.into_iter().flat_map(flat)
}

fn flat(value: &Value) -> std::slice::Iter<'_, Value> {
    match value {
        Value::Array(items) => items.iter(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            std::slice::from_ref(value).iter()
        }
    }
}

fn compare_all(expression: &AttrExp, name: &str, values: &[&Value]) -> bool {
    match expression {
        AttrExp::Present(_) => values.iter().any(|value| is_present(value)),
        AttrExp::Comparison(_, CompareOp::Ne, wanted) => !any(values, name, &CompareOp::Eq, wanted),
        AttrExp::Comparison(_, operator, wanted) => any(values, name, operator, wanted),
    }
}

fn any(values: &[&Value], name: &str, operator: &CompareOp, wanted: &CompValue) -> bool {
    if *wanted == CompValue::Null {
        return *operator == CompareOp::Eq && !values.iter().any(|value| is_present(value));
    }
    values.iter().any(|value| {
        // A complex value stands for its `value`.
        let plain = value.as_object().map_or(Some(*value), |object| names::get(object, "value"));
        plain.is_some_and(|plain| compare(plain, name, operator, wanted))
    })
}

fn compare(value: &Value, name: &str, operator: &CompareOp, wanted: &CompValue) -> bool {
    match (value, wanted) {
        (Value::String(ours), CompValue::Str(wanted)) => compare_texts(ours, wanted, is_exact(name), operator),
        (Value::Number(ours), CompValue::Number(wanted)) => {
            let order = match (ours.as_i64(), wanted.as_i64()) {
                (Some(ours), Some(wanted)) => Some(ours.cmp(&wanted)),
                _ => ours.as_f64().zip(wanted.as_f64()).and_then(|(ours, wanted)| ours.partial_cmp(&wanted)),
            };
            order.is_some_and(|order| holds(order, operator))
        }
        (Value::Bool(ours), CompValue::True) => *ours,
        (Value::Bool(ours), CompValue::False) => !*ours,
        // Entra writes truth values as texts.
        (Value::Bool(ours), CompValue::Str(wanted)) => {
            *operator == CompareOp::Eq && wanted.eq_ignore_ascii_case(if *ours { "true" } else { "false" })
        }
        _ => false,
    }
}

fn compare_texts(ours: &str, wanted: &str, exact: bool, operator: &CompareOp) -> bool {
    if let (CompareOp::Gt | CompareOp::Ge | CompareOp::Lt | CompareOp::Le, Ok(ours), Ok(wanted)) =
        (operator, Time::parse(ours), Time::parse(wanted))
    {
        return holds(ours.cmp(&wanted), operator);
    }
    let fold = |text: &str| if exact { text.to_owned() } else { text.to_lowercase() };
    let (ours, wanted) = (fold(ours), fold(wanted));
    match operator {
        CompareOp::Co => ours.contains(&wanted),
        CompareOp::Sw => ours.starts_with(&wanted),
        CompareOp::Ew => ours.ends_with(&wanted),
        CompareOp::Eq | CompareOp::Ne | CompareOp::Gt | CompareOp::Lt | CompareOp::Ge | CompareOp::Le => {
            holds(ours.cmp(&wanted), operator)
        }
    }
}

fn holds(order: Ordering, operator: &CompareOp) -> bool {
    match operator {
        CompareOp::Eq => order.is_eq(),
        CompareOp::Ne => order.is_ne(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        CompareOp::Co | CompareOp::Sw | CompareOp::Ew => false,
    }
}

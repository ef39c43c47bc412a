//! From the wire object to the facts that tables match: which path holds which attribute.

use serde_json::{Map, Value};

use crate::config::{FeedConfig, WirePath};
use crate::model::{Account, AccountId, Attribute, Attributes, Status};

/// The longest value that is taken in. Attributes are written to the mirror and matched by tables; a job code of
/// several pages is a mistake somewhere.
const LONGEST_VALUE: usize = 4096;
/// The most values of one attribute.
const MOST_VALUES: usize = 5_000;

/// The schema whose attributes stand at the top of a user (RFC 7643 section 4.1).
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// How names compare and what multi-valued attributes look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Names compare exactly (Okta, Graph).
    Exact,
    /// Names and URNs compare case-insensitively (RFC 7643 section 2.1); an object stands for its `value`; the primary,
    /// then the work value comes first.
    Scim,
}

/// Where the facts of an account stand.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    dialect: Dialect,
    user_name: WirePath,
    email: WirePath,
    employee_number: WirePath,
    display_name: WirePath,
    attributes: Vec<(Attribute, WirePath)>,
}

/// The paths of the four facts that tell people apart, for where the configuration does not name them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Defaults {
    pub user_name: &'static str,
    pub email: &'static str,
    pub employee_number: (Option<&'static str>, &'static str),
    pub display_name: &'static str,
}

impl Mapping {
    pub(super) fn new(config: &FeedConfig, dialect: Dialect, defaults: Defaults) -> Self {
        let path = |name: &str, urn: Option<&str>, default: &str| {
            config.attributes.get(name).cloned().unwrap_or_else(|| WirePath {
                urn: urn.map(str::to_owned),
                steps: default.split('.').map(str::to_owned).collect(),
            })
        };
        let (urn, number) = defaults.employee_number;
        let identity = ["user_name", "email", "employee_number", "display_name"];
        let attributes = config
            .attributes
            .iter()
            .filter(|(name, _)| !identity.contains(&name.as_str()))
            .map(|(name, path)| (Attribute::from_mapping(name), path.clone()))
            .collect();
        Self {
            dialect,
            user_name: path("user_name", None, defaults.user_name),
            email: path("email", None, defaults.email),
            employee_number: path("employee_number", urn, number),
            display_name: path("display_name", None, defaults.display_name),
            attributes,
        }
    }

    /// Whether the configuration says where this attribute stands.
    pub(super) fn maps(&self, attribute: &Attribute) -> bool {
        self.attributes.iter().any(|(mapped, _)| mapped == attribute)
    }

    /// The first name of every path: the properties to ask for.
    pub(super) fn properties(&self) -> impl Iterator<Item = &str> {
        [&self.user_name, &self.email, &self.employee_number, &self.display_name]
            .into_iter()
            .chain(self.attributes.iter().map(|(_, path)| path))
            .filter_map(|path| path.steps.first().map(String::as_str))
    }

    /// Makes the account of a row, or says why the row cannot be believed. `null`, empty and blank texts are absent.
    pub(super) fn account(&self, id: AccountId, status: Status, raw: String, row: &Value) -> Result<Account, String> {
        let mut attributes = Attributes::new();
        for (attribute, path) in &self.attributes {
            let mut values = self.values(row, path).map_err(|why| format!("its {attribute} has {why}"))?;
            // Providers give several values in any order; the mirror should not take that for a change.
            values.sort_unstable();
            values.dedup();
            if !values.is_empty() {
                attributes.insert(attribute.clone(), values);
            }
        }
        let one = |name: &str, path: &WirePath| {
            let values = self.values(row, path).map_err(|why| format!("its {name} has {why}"))?;
            Ok::<_, String>(values.into_iter().next())
        };
        Ok(Account {
            id,
            status,
            raw_status: raw,
            user_name: one("user_name", &self.user_name)?,
            email: one("email", &self.email)?,
            employee_number: one("employee_number", &self.employee_number)?,
            display_name: one("display_name", &self.display_name)?,
            attributes,
            changed_at: None,
        })
    }

    fn values(&self, row: &Value, path: &WirePath) -> Result<Vec<String>, String> {
        let mut values = Vec::new();
        let WirePath { urn, steps } = path;
        match (urn.as_deref(), row) {
            (None, _) => self.walk(row, steps, &mut values)?,
            (Some(urn), _) if urn.eq_ignore_ascii_case(CORE) => self.walk(row, steps, &mut values)?,
            (Some(urn), Value::Object(object)) => match (self.get(object, urn), steps.split_first()) {
                (Some(extension), _) => self.walk(extension, steps, &mut values)?,
                // Some servers write the whole URN as one name instead of nesting.
                (None, Some((first, rest))) => {
                    if let Some(value) = self.get(object, &format!("{urn}:{first}")) {
                        self.walk(value, rest, &mut values)?;
                    }
                }
                (None, None) => {}
            },
            (Some(_), _) => {}
        }
        Ok(values)
    }

    fn get<'a>(&self, object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
        match self.dialect {
            Dialect::Exact => object.get(name),
            Dialect::Scim => get_ignoring_case(object, name),
        }
    }

    fn walk(&self, value: &Value, steps: &[String], values: &mut Vec<String>) -> Result<(), String> {
        match (value, steps.split_first()) {
            (Value::Array(items), _) => self.walk_all(items, steps, values),
            (Value::Object(object), Some((step, rest))) => {
                self.get(object, step).map_or(Ok(()), |inner| self.walk(inner, rest, values))
            }
            (Value::Object(object), None) => match (self.dialect, get_ignoring_case(object, "value")) {
                (Dialect::Scim, Some(inner)) if !inner.is_object() && !inner.is_array() => {
                    self.walk(inner, steps, values)
                }
                _ => Ok(()),
            },
            (Value::String(text), None) => push(text.clone(), values),
            (Value::Number(number), None) => push(number.to_string(), values),
            (Value::Bool(flag), None) => push(flag.to_string(), values),
            (Value::Null, _) | (Value::String(_) | Value::Number(_) | Value::Bool(_), Some(_)) => Ok(()),
        }
    }

    fn walk_all(&self, items: &[Value], steps: &[String], values: &mut Vec<String>) -> Result<(), String> {
        match self.dialect {
            Dialect::Exact => items.iter().try_for_each(|item| self.walk(item, steps, values)),
            Dialect::Scim => {
                let mut items: Vec<&Value> = items.iter().collect();
                items.sort_by_key(|item| rank(item));
                items.into_iter().try_for_each(|item| self.walk(item, steps, values))
            }
        }
    }
}

/// A name of a SCIM object (RFC 7643 section 2.1: names are case-insensitive). The exact spelling goes first, so that
/// the usual case costs one look-up.
pub(super) fn get_ignoring_case<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// Primary first, then work, then the order of the provider.
fn rank(item: &Value) -> u8 {
    let Value::Object(object) = item else { return 2 };
    match get_ignoring_case(object, "primary") {
        Some(Value::Bool(true)) => return 0,
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => return 0,
        _ => {}
    }
    let work =
        get_ignoring_case(object, "type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("work"));
    if work { 1 } else { 2 }
}

fn push(text: String, values: &mut Vec<String>) -> Result<(), String> {
    if text.len() > LONGEST_VALUE {
        return Err(format!("a value of {} bytes, {LONGEST_VALUE} is the most", text.len()));
    }
    if values.len() >= MOST_VALUES {
        return Err(format!("more than {MOST_VALUES} values"));
    }
    if !text.trim().is_empty() {
        values.push(text);
    }
    Ok(())
}

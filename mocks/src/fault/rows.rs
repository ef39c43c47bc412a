//! The rows of a list answer, wherever the vendor keeps them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Server;

/// The rows of the last page that each server gave, for [`Fault::DuplicatePage`](super::Fault::DuplicatePage).
#[derive(Debug, Default)]
pub(crate) struct LastPages(BTreeMap<Server, Value>);

impl LastPages {
    /// Keeps the rows of an answer, if it is a list.
    pub(crate) fn keep(&mut self, server: Server, answer: Option<&Value>) {
        let rows = answer.cloned().and_then(|mut answer| rows_of(&mut answer).map(std::mem::take));
        if let Some(rows) = rows.filter(|rows| !rows.is_empty()) {
            self.0.insert(server, Value::Array(rows));
        }
    }

    pub(crate) fn last(&self, server: Server) -> Option<&Vec<Value>> {
        self.0.get(&server)?.as_array()
    }
}

/// The rows: the answer itself at Okta, `value` at Entra, `Resources` or `resources` in SCIM.
pub(crate) fn rows_of(answer: &mut Value) -> Option<&mut Vec<Value>> {
    if answer.is_array() {
        return answer.as_array_mut();
    }
    let object = answer.as_object_mut()?;
    let key = ["value", "Resources", "resources"].into_iter().find(|key| object.contains_key(*key))?;
    object.get_mut(key)?.as_array_mut()
}

/// Removes a member of this name wherever it stands.
pub(crate) fn lose(value: &mut Value, name: &str) {
    match value {
        Value::Object(object) => {
            object.retain(|key, _| !key.eq_ignore_ascii_case(name));
            object.values_mut().for_each(|inner| lose(inner, name));
        }
        Value::Array(many) => many.iter_mut().for_each(|inner| lose(inner, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

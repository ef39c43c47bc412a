//! Our own shape, for HR systems and scripts that can sign a body:
//!
//! ```json
//! {"events": [{"id": "evt-1", "account": "u-7f3", "leaver": true}, {"employee_number": "104233"}, {"email": "a@x"}]}
//! ```
//!
//! An event without a person points at the feed as a whole.

use serde::Deserialize;

use super::{Heard, To, Unheard, account, parse};
use crate::model::MatchKey;

/// The longest employee number or address that is looked up.
const LONGEST_KEY: usize = 320;

#[derive(Deserialize)]
struct Delivery {
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    id: Option<String>,
    account: Option<String>,
    employee_number: Option<String>,
    email: Option<String>,
    #[serde(default)]
    leaver: bool,
}

/// Reads a delivery.
pub fn read(body: &[u8]) -> Result<Heard, Unheard> {
    let delivery: Delivery = parse(body)?;
    let mut heard = Heard::default();
    for event in &delivery.events {
        let person = |key, value: &Option<String>| {
            value.as_ref().filter(|value| value.len() <= LONGEST_KEY).map(|value| To::Person(key, value.clone()))
        };
        let to = match &event.account {
            Some(id) => account(id),
            None => person(MatchKey::EmployeeNumber, &event.employee_number)
                .or_else(|| person(MatchKey::Email, &event.email)),
        };
        heard.point(event.id.as_deref(), to.unwrap_or(To::Feed), event.leaver);
    }
    Ok(heard)
}

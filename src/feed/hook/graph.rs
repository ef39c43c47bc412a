//! Notifications of Microsoft Graph: what changed, and what becomes of the subscription.
//!
//! Each item proves by itself where it comes from, for one delivery may mix items of several subscriptions.

use serde::Deserialize;
use serde_json::Value;

use super::{Heard, To, Unheard, account, parse};

/// What Graph says of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lifecycle {
    /// It wants to be renewed now, or notifications pause.
    Reauthorize,
    /// It is gone.
    Removed,
    /// Notifications were lost.
    Missed,
}

#[derive(Deserialize)]
struct Delivery {
    value: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    client_state: Option<String>,
    tenant_id: Option<String>,
    change_type: Option<String>,
    resource: Option<String>,
    resource_data: Option<ResourceData>,
    lifecycle_event: Option<String>,
}

#[derive(Deserialize)]
struct ResourceData {
    id: Option<String>,
}

/// Reads a delivery. `is_ours` judges the client state of an item, `tenant` is the tenant's id where it is known.
/// Graph gives events no ids.
pub fn read(body: &[u8], tenant: Option<&str>, is_ours: &dyn Fn(&str) -> bool) -> Result<Heard, Unheard> {
    let delivery: Delivery = parse(body)?;
    let mut heard = Heard::default();
    let mut understood = delivery.value.is_empty();
    for item in delivery.value {
        let Ok(item) = serde_json::from_value::<Item>(item) else {
            heard.ignored = heard.ignored.saturating_add(1);
            continue;
        };
        understood = true;
        let strange = |id: &str| tenant.is_some_and(|ours| !ours.eq_ignore_ascii_case(id));
        // Both are looked at in any case, so that the time taken tells nothing.
        let proven = is_ours(item.client_state.as_deref().unwrap_or_default());
        if !proven || item.tenant_id.as_deref().is_some_and(strange) {
            heard.dropped = heard.dropped.saturating_add(1);
            continue;
        }
        take(&item, &mut heard);
    }
    if understood { Ok(heard) } else { Err(Unheard("none of the items is a notification".to_owned())) }
}

fn take(item: &Item, heard: &mut Heard) {
    if let Some(event) = item.lifecycle_event.as_deref() {
        match event {
            "reauthorizationRequired" => heard.lifecycle.push(Lifecycle::Reauthorize),
            "subscriptionRemoved" => heard.lifecycle.push(Lifecycle::Removed),
            "missed" => heard.lifecycle.push(Lifecycle::Missed),
            _ => {
                heard.ignored = heard.ignored.saturating_add(1);
                return;
            }
        }
        // Whatever the reason, notifications may be missing.
        heard.point(None, To::Feed, false);
        return;
    }
    let resource = item.resource.as_deref().unwrap_or_default();
    let (folder, id) = resource.trim_start_matches('/').split_once('/').unwrap_or((resource, ""));
    let id = item.resource_data.as_ref().and_then(|data| data.id.as_deref()).unwrap_or(id);
    let to = if folder.eq_ignore_ascii_case("users") { account(id) } else { None };
    let deleted = item.change_type.as_deref() == Some("deleted");
    heard.point(None, to.unwrap_or(To::Feed), deleted);
}

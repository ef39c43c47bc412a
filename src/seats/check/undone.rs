//! Whether what is done in an operator's name is what the operator asked for.

use super::{Reader, gained, lost, name};
use crate::model::PoolId;
use crate::rules::Want;
use crate::seats::Evidence;

/// Invariant 8: a step that names an undo has one behind it that says the same.
pub(super) fn read(reader: &mut Reader<'_>) {
    let plan = reader.plan;
    for step in &plan.steps {
        // A seat that an undo gave may be taken on other grounds later; it is given by that name only while it stands.
        let by_undo = step.cause.rule.as_ref().is_some_and(|rule| rule.as_str().starts_with("undo:"));
        if !(by_undo && gained(step).is_some()) && step.cause.evidence != Evidence::Operator {
            continue;
        }
        let Some(pin) = reader.ledger.pins.get(&step.person).map(|pinned| &pinned.pin) else {
            reader.fault(8, format!("{}: nobody asked for it", name(step)));
            continue;
        };
        let says = |pool: &PoolId| pin.tier.as_ref() == Some(pool) || pin.addons.contains(pool);
        if lost(step).is_some_and(|pool| says(pool) && !is_above(reader, gained(step), pool)) {
            reader.fault(8, format!("{} takes what the undo of pass {} gives back", name(step), pin.undone));
        }
        let wanted = reader.desired.get(&step.person).is_some_and(|want| is_by(want, pin.undone));
        if !wanted {
            reader.fault(8, format!("{}: the undo of pass {} does not stand", name(step), pin.undone));
        }
    }
}

/// A fallback gives way to the tier that it stood for.
fn is_above(reader: &Reader<'_>, gained: Option<&PoolId>, lost: &PoolId) -> bool {
    let rank = |pool: &PoolId| reader.policy.catalog.pools.get(pool).map(|pool| pool.rank);
    gained.is_some_and(|gained| rank(gained) > rank(lost))
}

fn is_by(want: &Want, pass: u64) -> bool {
    want.rule.as_ref().is_some_and(|rule| *rule.as_str() == format!("undo:{pass}"))
}

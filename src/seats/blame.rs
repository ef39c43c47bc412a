//! What a held plan comes from, in numbers and without names: the largest cause first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Ledger;
use super::event::Reason;
use super::guard::Group;
use super::plan::Step;
use super::reason::is_exception;
use super::undo::pass_of;
use crate::model::{Attribute, RuleId};
use crate::rules::{Desired, Standing};

/// How many causes are named before the rest is summed up.
const NAMED: usize = 3;

/// `37 of 41 come from job code 4711 leaving row 12; 4 of 41 …`, after what the brake counted beyond the pool.
pub(super) fn text(group: &Group, desired: &Desired, ledger: &Ledger) -> String {
    let mut causes: BTreeMap<String, usize> = BTreeMap::new();
    for step in &group.counted {
        let count = causes.entry(cause_of(step, desired, ledger)).or_default();
        *count = count.saturating_add(1);
    }
    let held = u64::try_from(group.counted.len()).unwrap_or(u64::MAX);
    let whole = if group.story.is_some() { held } else { group.wanted };
    let mut causes: Vec<(Reverse<usize>, String)> =
        causes.into_iter().map(|(cause, count)| (Reverse(count), cause)).collect();
    causes.sort();
    let named = causes.iter().take(NAMED);
    let mut parts: Vec<String> = group.story.iter().cloned().collect();
    parts.extend(named.map(|(Reverse(count), cause)| format!("{count} of {whole} come from {cause}")));
    let rest: usize = causes.iter().skip(NAMED).map(|(Reverse(count), _)| count).sum();
    if rest > 0 {
        parts.push(format!("{rest} of {whole} from {} smaller causes", causes.len().saturating_sub(NAMED)));
    }
    if held < whole {
        parts.push(format!("{} of {whole} who left pass all the same", whole.saturating_sub(held)));
    }
    parts.join("; ")
}

fn cause_of(step: &Step, desired: &Desired, ledger: &Ledger) -> String {
    let holding = step.ends().and_then(|pool| ledger.holding(step.person, pool));
    let gave = holding.map_or_else(|| step.cause.rule.as_ref(), |holding| holding.rule.as_ref());
    let row = gave.map_or_else(|| "the seats taken over from the desk".to_owned(), rule_words);
    let code = |basis: &crate::rules::Basis| basis.facts.get(&Attribute::JobCode).cloned();
    let old = holding.and_then(|holding| code(&holding.basis));
    match step.cause.reason {
        Reason::JobCodeChanged => {
            let now = code(&step.basis).unwrap_or_else(|| "none".to_owned());
            match old {
                Some(old) if now == "none" => format!("job code {old} that is gone, leaving {row}"),
                Some(old) => format!("job code {old} leaving {row} (now {now})"),
                None => format!("a new job code {now} leaving {row}"),
            }
        }
        Reason::RulesChanged => match old {
            Some(old) => format!("job code {old} leaving {row}"),
            None => format!("people leaving {row}"),
        },
        Reason::AttributeChanged => format!("changed attributes of people leaving {row}"),
        Reason::Left | Reason::Absent => match desired.get(&step.person).map(|want| &want.standing) {
            Some(Standing::Left { feed, absence: true, .. }) => format!("people whom {feed} no longer shows"),
            Some(Standing::Left { feed, word, absence: false, .. }) => format!("people of whom {feed} says {word}"),
            Some(Standing::Active | Standing::Frozen { .. } | Standing::Suspended { .. } | Standing::PreStart)
            | None => "people who left".to_owned(),
        },
        Reason::Suspended => "suspended people".to_owned(),
        Reason::NotStarted => "people who have not started".to_owned(),
        Reason::Expired => format!("the last day of {row}"),
        Reason::BaseMissing => "add-ons without their base tier".to_owned(),
        Reason::Exception if step.gains().is_none() => "exceptions that take the seat".to_owned(),
        Reason::Rule | Reason::Exception => format!("{row} giving {}", step.pool),
        Reason::Fallback => format!("{row} giving {} meanwhile", step.pool),
        Reason::SeatFreed => format!("people who waited for {}", step.pool),
        Reason::Drift => "seats that the desk no longer shows".to_owned(),
        Reason::Operator => match step.cause.rule.as_ref().and_then(pass_of) {
            Some(pass) => format!("the undo of pass {pass}"),
            None => "an operator".to_owned(),
        },
    }
}

/// An exception's id names its person, so it stays out of the text.
fn rule_words(rule: &RuleId) -> String {
    if is_exception(rule) { "exceptions".to_owned() } else { format!("row {rule}") }
}

//! An entry in words, for the history that `explain` shows. Names people by number only.

use super::Entry;
use crate::model::{ClassName, PersonId, UnitNo};
use crate::seats::event::HoldEnd;
use crate::seats::{Event, Pin};

/// One line: when, in which pass, what, and why.
pub fn sentence(entry: &Entry) -> String {
    let what = what(&entry.event);
    match entry.pass {
        0 => format!("{} #{}: {what}", entry.at, entry.seq),
        pass => format!("{} #{} pass {pass}: {what}", entry.at, entry.seq),
    }
}

/// What happened to the person whom an event is about, without naming them: `holds fulfiller`.
pub fn deed(event: &Event) -> String {
    let told = what(event);
    let short = subject(event).and_then(|person| {
        let rest = told.strip_prefix(&person.to_string())?;
        rest.strip_prefix(' ').or_else(|| rest.strip_prefix("'s "))
    });
    short.map(str::to_owned).unwrap_or(told)
}

/// The person whom an event is about, where it is about one.
pub const fn subject(event: &Event) -> Option<PersonId> {
    match event {
        Event::Person(known) => Some(known.person),
        Event::Pinned(pin) => Some(pin.person),
        Event::Granting { person, .. }
        | Event::Granted { person, .. }
        | Event::GrantDropped { person, .. }
        | Event::Adopted { person, .. }
        | Event::Revoking { person, .. }
        | Event::Revoked { person, .. }
        | Event::RevokeDropped { person, .. }
        | Event::Leaving { person, .. }
        | Event::Stays { person, .. }
        | Event::Rebased { person, .. }
        | Event::Waiting { person, .. }
        | Event::WaitEnded { person, .. }
        | Event::Cooled { person, .. }
        | Event::DeskAccount { person, .. }
        | Event::Unpinned { person, .. } => Some(*person),
        Event::Held(_)
        | Event::Approved { .. }
        | Event::Rejected { .. }
        | Event::HoldEnded { .. }
        | Event::FeedAccepted { .. }
        | Event::Rebuilt { .. }
        | Event::Trusted {} => None,
    }
}

fn what(event: &Event) -> String {
    match event {
        Event::Person(known) => {
            let accounts: Vec<String> = known.accounts.iter().map(ToString::to_string).collect();
            format!("{} is known by {}", known.person, accounts.join(" and "))
        }
        Event::Granting { person, pool, class, cause, basis: _, unit } => {
            let seat = seat(*unit);
            format!("{person} is being granted {seat}{pool}{}: {}", of_class(class.as_ref()), cause.text)
        }
        Event::Granted { person, pool } => format!("{person} holds {pool}"),
        Event::GrantDropped { person, pool, why } => format!("{person} did not get {pool}: {why}"),
        Event::Adopted { person, pool, target, class, cause, basis: _, unit: _ } => {
            format!("{person}'s {pool} at {target} was adopted{}: {}", of_class(class.as_ref()), cause.text)
        }
        Event::Revoking { person, pool, cause } => format!("{person} is losing {pool}: {}", cause.text),
        Event::Revoked { person, pool, cooling_until: None } => format!("{person} lost {pool}"),
        Event::Revoked { person, pool, cooling_until: Some(until) } => {
            format!("{person} lost {pool}, the seat cools until {until}")
        }
        Event::RevokeDropped { person, pool, why } => format!("{person} keeps {pool}: {why}"),
        Event::Leaving { person, pool, due_at, cause } => {
            format!("{person} keeps {pool} until {due_at}: {}", cause.text)
        }
        Event::Stays { person, pool } => format!("{person} keeps {pool} after all"),
        Event::Rebased { person, pool, class, rule, basis: _ } => match rule {
            Some(rule) => format!("{person} holds {pool}{} by {rule} now", of_class(class.as_ref())),
            None => format!("{person} holds {pool}{} on other grounds now", of_class(class.as_ref())),
        },
        Event::Waiting { person, pool, rule: Some(rule), .. } => format!("{person} waits for {pool} by {rule}"),
        Event::Waiting { person, pool, rule: None, .. } => format!("{person} waits for {pool}"),
        Event::WaitEnded { person, pool, granted: true } => format!("{person} waited for {pool} and got it"),
        Event::WaitEnded { person, pool, granted: false } => format!("{person} no longer waits for {pool}"),
        Event::Cooled { person, pool } => format!("the seat of {pool} that {person} had is free again"),
        Event::Held(plan) => {
            format!("{} held {} step(s) in {}: {}", plan.cause, plan.steps.len(), plan.pool, plan.text)
        }
        Event::Approved { digest, by, reason } => format!("{by} approved {digest}: {reason}"),
        Event::Rejected { digest, by, reason } => format!("{by} rejected {digest}: {reason}"),
        Event::HoldEnded { digest, why } => {
            let how = match why {
                HoldEnd::Released => "was released",
                HoldEnd::Expired => "expired",
                HoldEnd::Outdated => "no longer fits the facts",
            };
            format!("the held plan {digest} {how}")
        }
        Event::FeedAccepted { feed, accounts } => format!("{accounts} account(s) of {feed} were accepted"),
        Event::Rebuilt { why } => format!("the store was rebuilt, nothing is revoked for now: {why}"),
        Event::Trusted {} => "every feed was read whole, revocations go on".to_owned(),
        Event::Pinned(Pin { person, undone: pass, by, reason, .. }) => {
            format!("{person} is held to what pass {pass} found, which {by} undid: {reason}")
        }
        Event::DeskAccount { person, target, account } => format!("{person} is account {account} at {target}"),
        Event::Unpinned { person, why } => format!("{person} is decided about by the table again: {}", why.text()),
    }
}

fn seat(unit: Option<UnitNo>) -> String {
    unit.map(|unit| format!("seat {unit} of ")).unwrap_or_default()
}

fn of_class(class: Option<&ClassName>) -> String {
    class.map(|class| format!(" as {class}")).unwrap_or_default()
}

//! Whether an attribute has been lost: it was filled for the holders of seats, and is empty for many of them at once.
//! Then it is not people who changed but the mapping of a feed, or a column of an export.

use std::collections::{BTreeMap, BTreeSet};

use super::brake::home;
use super::ledger::Holding;
use super::plan::Step;
use super::{Ledger, Policy};
use crate::model::{Attribute, FeedName, PersonId};
use crate::rules::{Desired, Standing, Want};

/// An attribute of the people of one feed; `None` where the journal does not say whose they are.
type Column<'a> = (Option<&'a FeedName>, Attribute);

/// In how many holders an attribute was filled, and in how many of them it is empty.
#[derive(Clone, Copy, Debug, Default)]
struct Fill {
    had: u64,
    lost: u64,
}

/// Columns that broke, with the limit that each went over and the story of it.
#[derive(Debug, Default)]
pub(super) struct Broken<'a>(BTreeMap<Column<'a>, (u64, String)>);

impl<'a> Broken<'a> {
    /// Looks at all holders, but only if there is a step that a lost attribute could be behind.
    pub(super) fn find(steps: &[&Step], desired: &'a Desired, ledger: &'a Ledger, policy: &'a Policy) -> Self {
        let candidates: BTreeSet<PersonId> =
            steps.iter().filter(|step| !lost_by(step, desired, ledger).is_empty()).map(|step| step.person).collect();
        let brake = &policy.brakes.lost_attribute;
        if u64::try_from(candidates.len()).unwrap_or(u64::MAX) <= brake.at_least {
            return Self::default();
        }
        let mut people: BTreeMap<PersonId, BTreeMap<Attribute, bool>> = BTreeMap::new();
        for ((person, _), holding) in &ledger.holdings {
            let Some(want) = desired.get(person).filter(|want| want.standing == Standing::Active) else { continue };
            let columns = people.entry(*person).or_default();
            let filled = holding.basis.facts.iter().filter(|(_, value)| !value.is_empty());
            columns.extend(filled.map(|(attribute, _)| (attribute.clone(), is_empty(want, attribute))));
        }
        let mut fills: BTreeMap<Column<'a>, Fill> = BTreeMap::new();
        for (person, columns) in people {
            let feed = feed_of(person, ledger, policy);
            for (attribute, is_lost) in columns {
                let fill = fills.entry((feed, attribute)).or_default();
                fill.had = fill.had.saturating_add(1);
                fill.lost = fill.lost.saturating_add(u64::from(is_lost));
            }
        }
        let broken = fills.into_iter().filter_map(|(column, Fill { had, lost })| {
            let limit = brake.per_pass_of(had);
            let story = || {
                let of = column.0.map(|feed| format!(" of {feed}")).unwrap_or_default();
                let name = column.1.to_string().replace('_', " ");
                format!("{lost} of the {had} holders{of} whose {name} was filled have none")
            };
            (lost > limit).then(|| (column.clone(), (limit, story())))
        });
        Self(broken.collect())
    }

    /// The limit and the story of the column that the step is made for, if that column broke.
    pub(super) fn behind(
        &self,
        step: &Step,
        desired: &Desired,
        ledger: &'a Ledger,
        policy: &'a Policy,
    ) -> Option<&(u64, String)> {
        if self.0.is_empty() {
            return None;
        }
        let feed = feed_of(step.person, ledger, policy);
        lost_by(step, desired, ledger).into_iter().find_map(|attribute| self.0.get(&(feed, attribute)))
    }
}

/// The feed that a holder belongs to.
pub(super) fn feed_of<'a>(person: PersonId, ledger: &'a Ledger, policy: &Policy) -> Option<&'a FeedName> {
    let accounts = ledger.known.get(&person).into_iter().flat_map(|known| &known.accounts);
    home(accounts.map(|account| &account.feed), &policy.prefer)
}

/// The attributes that the seat was given by and that are empty for its holder, who works here. Grace that runs was
/// let through when it began.
fn lost_by(step: &Step, desired: &Desired, ledger: &Ledger) -> BTreeSet<Attribute> {
    let holding = step.ends().and_then(|pool| ledger.holding(step.person, pool));
    let want = desired.get(&step.person).filter(|want| want.standing == Standing::Active);
    let (Some(Holding { basis, leaving: None, .. }), Some(want)) = (holding, want) else {
        return BTreeSet::new();
    };
    let filled = basis.facts.iter().filter(|(_, value)| !value.is_empty());
    filled.filter(|(attribute, _)| is_empty(want, attribute)).map(|(attribute, _)| attribute.clone()).collect()
}

/// Whether the person has no value of the attribute. A column that the table no longer has tells nothing, but a job
/// code is among the facts whenever there is one.
fn is_empty(want: &Want, attribute: &Attribute) -> bool {
    match want.basis.facts.get(attribute) {
        Some(value) => value.is_empty(),
        None => *attribute == Attribute::JobCode,
    }
}

//! Pools that exclude each other and could meet in one person: an add-on beside a tier or beside another add-on,
//! given by two rows. What one row gives by itself is looked at by `check`.

use std::collections::BTreeSet;

use super::automaton::TooLong;
use super::check::excludes;
use super::conflicts::{Unproven, beaten, pool_of};
use super::desired::carries;
use super::lookup::Best;
use super::pairs;
use super::row::Row;
use super::seek::{Case, Seeker, Witness};
use super::table::Entry;
use super::text::Findings;
use super::{code, labels};
use crate::model::{Catalog, PoolId};

/// Looks at every two pools that exclude each other.
pub(super) fn find<'a>(
    seeker: &mut Seeker<'a>,
    entries: &[Entry],
    catalog: &'a Catalog,
    unproven: &mut Unproven,
    findings: &mut Findings<'_>,
) {
    let pools: Vec<&PoolId> = catalog.pools.keys().collect();
    let rows: &'a [Row] = &seeker.lookup.rows;
    let mut search = Search { seeker, entries, catalog, unproven, findings, told: BTreeSet::new() };
    for (at, one) in pools.iter().enumerate() {
        for other in pools.iter().skip(at + 1).filter(|other| excludes(catalog, one, other)) {
            search.pools(rows, one, other);
            if search.is_default(one) || search.is_default(other) {
                search.beside_default(rows, one, other);
            }
        }
    }
}

struct Search<'s, 'a, 'f> {
    seeker: &'s mut Seeker<'a>,
    entries: &'s [Entry],
    catalog: &'a Catalog,
    unproven: &'s mut Unproven,
    findings: &'s mut Findings<'f>,
    /// Rows with a finding; one is enough to mend the table.
    told: BTreeSet<&'a str>,
}

/// Names a row that takes a witness away.
type Spoils<'a> = dyn Fn(&Witness, Option<Best<'a>>) -> Option<&'a Row> + 'a;

impl<'a> Search<'_, 'a, '_> {
    fn pools(&mut self, rows: &'a [Row], one: &PoolId, other: &PoolId) {
        let giving = |pool: &PoolId| rows.iter().filter(|row| gives(row, pool)).collect::<Vec<&'a Row>>();
        let single: Vec<usize> = (0..self.seeker.columns.len()).filter(|slot| self.seeker.is_single(*slot)).collect();
        pairs::between(&giving(one), &giving(other), &single, &mut |first, second| {
            // Of two rows with a tier only one decides.
            let both_decide = first.gives.tier.is_some() && second.gives.tier.is_some();
            if both_decide || self.told.contains(second.id.as_str()) {
                return;
            }
            let outcome = match (&first.gives.tier, &second.gives.tier) {
                (None, None) => self.beside_any(rows, [first, second], [one, other]),
                (Some(_), _) => self.decided_by(first, vec![first, second], [one, other]),
                (None, Some(_)) => self.decided_by(second, vec![second, first], [one, other]),
            };
            self.report(outcome, [first, second], [one, other]);
        });
    }

    /// The decider's tier carries both pools, and nobody takes the person away from it.
    fn decided_by(
        &mut self,
        decider: &'a Row,
        rows: Vec<&'a Row>,
        pools: [&PoolId; 2],
    ) -> Result<Option<Witness>, TooLong> {
        let Some(tier) = pool_of(decider.gives.tier.as_ref()) else { return Ok(None) };
        if !pools.iter().all(|pool| carries(self.catalog, Some(tier), pool)) {
            return Ok(None);
        }
        let case = Case { rows, decider: Some(decider), ..Case::default() };
        self.seeker.find(&case, &beaten(decider))
    }

    /// Two rows with add-ons alone: they meet beside any tier that carries both.
    fn beside_any(
        &mut self,
        rows: &'a [Row],
        adding: [&'a Row; 2],
        pools: [&PoolId; 2],
    ) -> Result<Option<Witness>, TooLong> {
        let both = |tier: &PoolId| pools.iter().all(|pool| carries(self.catalog, Some(tier), pool));
        let case = Case { rows: adding.to_vec(), ..Case::default() };
        // Without any row that decides otherwise, the default tier.
        let mut too_long = false;
        if both(&self.catalog.default_tier) {
            match self.seeker.find(&case, &nobody()) {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(TooLong) => too_long = true,
            }
        } else if let Ok(None) = self.seeker.find(&case, &|_, _| None) {
            return Ok(None);
        }
        let deciding: Vec<&'a Row> =
            rows.iter().filter(|row| pool_of(row.gives.tier.as_ref()).is_some_and(both)).collect();
        for decider in deciding {
            match self.decided_by(decider, vec![decider, adding[0], adding[1]], pools) {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(TooLong) => too_long = true,
            }
        }
        if too_long { Err(TooLong) } else { Ok(None) }
    }

    /// An add-on that excludes the default tier, given to people whom no row gives a tier.
    fn beside_default(&mut self, rows: &'a [Row], one: &PoolId, other: &PoolId) {
        let addon = if self.is_default(one) { other } else { one };
        if !carries(self.catalog, Some(&self.catalog.default_tier), addon) {
            return;
        }
        for row in rows.iter().filter(|row| row.gives.tier.is_none() && row.gives.addons.contains(addon)) {
            let case = Case { rows: vec![row], ..Case::default() };
            let outcome = self.seeker.find(&case, &nobody());
            self.report(outcome, [row, row], [one, other]);
        }
    }

    fn is_default(&self, pool: &PoolId) -> bool {
        *pool == self.catalog.default_tier
    }

    fn report(&mut self, outcome: Result<Option<Witness>, TooLong>, rows: [&'a Row; 2], pools: [&PoolId; 2]) {
        let [first, second] = rows;
        match outcome {
            Ok(None) => {}
            Err(TooLong) => self.unproven.add(first, second),
            Ok(Some(witness)) => {
                self.told.insert(second.id.as_str());
                let person = witness.text(self.seeker.columns);
                let [one, other] = pools;
                let message = format!("{one} and {other} exclude each other and meet in {person}");
                let (early, late) = if first.place <= second.place { (first, second) } else { (second, first) };
                let help = if first.id == second.id {
                    format!("{} adds to people to whom no row gives a tier", late.id)
                } else {
                    let at = format!("{}:{}", early.place.file, early.place.line);
                    format!("row {} at {at} matches too; keep the people of one out of the other", early.id)
                };
                let columns = self.seeker.columns;
                let mut others = labels::cells(self.entries, late, columns, Some(&witness));
                if first.id != second.id {
                    others.push(labels::row(self.entries, early));
                    others.extend(labels::cells(self.entries, early, columns, Some(&witness)));
                }
                let here = labels::row(self.entries, late);
                self.findings.add_labelled(code::ADDONS_MEET, here, others, message, help);
            }
        }
    }
}

/// Spoils a witness when any row gives or denies a tier.
fn nobody<'a>() -> Box<Spoils<'a>> {
    Box::new(|_, best| best.map(|best| best.row))
}

fn gives(row: &Row, pool: &PoolId) -> bool {
    row.gives.addons.contains(pool) || pool_of(row.gives.tier.as_ref()) == Some(pool)
}

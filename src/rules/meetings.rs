//! Pools that exclude each other and could meet in one person: an add-on beside a tier or beside another add-on,
//! given by two rows. What one row gives by itself is looked at by `check`.

use super::automaton::TooLong;
use super::check::excludes;
use super::conflicts::{PAIRS_A_STEP, Unproven, beaten, pool_of};
use super::desired::carries;
use super::lookup::Best;
use super::pairs::{self, One, Pairs};
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
    let told = vec![false; rows.len()];
    let mut search = Search { seeker, entries, catalog, unproven, findings, told };
    for (at, one) in pools.iter().enumerate() {
        for other in pools.iter().skip(at + 1).filter(|other| excludes(catalog, one, other)) {
            search.pools(rows, [one, other]);
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
    told: Vec<bool>,
}

/// Two pools that exclude each other, and the rows that give them.
struct OfPools<'p, 's, 'a, 'f> {
    search: &'p mut Search<'s, 'a, 'f>,
    rows: &'a [Row],
    pools: [&'p PoolId; 2],
}

/// Names a row that takes a witness away.
type Spoils<'a> = dyn Fn(&Witness, Option<Best<'a>>) -> Option<&'a Row> + 'a;

impl<'a> Pairs<'a> for OfPools<'_, '_, 'a, '_> {
    fn is_idle(&self, _: usize, other: usize) -> bool {
        self.search.told.get(other) == Some(&true)
    }

    fn see(&mut self, first: One<'a>, second: One<'a>) -> bool {
        let pair = [first.row, second.row];
        let [one, other] = pair;
        let outcome = match (&one.gives.tier, &other.gives.tier) {
            // Of two rows with a tier only one decides.
            (Some(_), Some(_)) => return true,
            (None, None) => self.search.beside_any(self.rows, pair, self.pools),
            (Some(_), None) => self.search.decided_by(one, vec![one, other], self.pools),
            (None, Some(_)) => self.search.decided_by(other, vec![other, one], self.pools),
        };
        self.search.report(outcome, [first, second], self.pools);
        !self.search.seeker.is_spent()
    }

    fn passed(&mut self, pairs: usize) -> bool {
        self.search.seeker.spend(pairs as u64 / PAIRS_A_STEP).is_ok()
    }
}

impl<'a> Search<'_, 'a, '_> {
    fn pools(&mut self, rows: &'a [Row], pools: [&PoolId; 2]) {
        let numbered = || rows.iter().enumerate().map(|(number, row)| One { number, row });
        let [left, right] = pools.map(|pool| numbered().filter(|one| gives(one.row, pool)).collect::<Vec<One<'a>>>());
        let single: Vec<usize> = (0..self.seeker.columns.len()).filter(|slot| self.seeker.is_single(*slot)).collect();
        if !pairs::between(&left, &right, &single, &mut OfPools { search: self, rows, pools }) {
            let numbers = left.iter().chain(&right).map(|one| one.number);
            let told = &self.told;
            self.unproven.leave(numbers.filter(|number| told.get(*number) != Some(&true)));
        }
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
        let adds = |row: &Row| row.gives.tier.is_none() && row.gives.addons.contains(addon);
        for (number, row) in rows.iter().enumerate().filter(|(_, row)| adds(row)) {
            let case = Case { rows: vec![row], ..Case::default() };
            let outcome = self.seeker.find(&case, &nobody());
            self.report(outcome, [One { number, row }; 2], [one, other]);
        }
    }

    fn is_default(&self, pool: &PoolId) -> bool {
        *pool == self.catalog.default_tier
    }

    fn report(&mut self, outcome: Result<Option<Witness>, TooLong>, pair: [One<'a>; 2], pools: [&PoolId; 2]) {
        let [_, One { number, .. }] = pair;
        let [first, second] = pair.map(|one| one.row);
        match outcome {
            Ok(None) => {}
            Err(TooLong) => self.unproven.add(first, second),
            Ok(Some(witness)) => {
                if let Some(told) = self.told.get_mut(number) {
                    *told = true;
                }
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

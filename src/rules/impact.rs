//! What an edit of the table does, in numbers: for everybody, per pool, per row and per job code.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::diff::Differ;
use super::edits::{Edit, edits};
use super::outcome::{Kind, Outcome, OutcomeNo};
use super::{Line, Place, RuleSet};
use crate::model::{Catalog, Digest, PersonId, PoolId, RuleId};

/// Two tables compared over all people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impact {
    /// The digest of the old table.
    pub old: Digest,
    /// The digest of the new table.
    pub new: Digest,
    /// The day for which both were asked.
    pub today: Date,
    /// People to whom a table can give or take something.
    pub people: u64,
    /// People for whom the table has no say: left, not started, suspended, in conflict.
    pub apart: u64,
    /// People by what becomes of them.
    pub total: Tally,
    /// Counted pools, by name.
    pub pools: Vec<PoolImpact>,
    /// Rows and exceptions that were edited or by which something changes, by id.
    pub rows: Vec<RowImpact>,
    /// Job codes of people for whom something changes, by code; people without one come last.
    pub codes: Vec<CodeImpact>,
    /// People for whom something changes, in the order in which they were shown.
    pub changes: Vec<Change>,
    /// The outcomes that changes name by number.
    pub outcomes: Vec<Outcome>,
}

/// People by what becomes of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Gain seats and lose none.
    pub gain: u64,
    /// Gain some and lose others.
    #[serde(rename = "move")]
    pub moves: u64,
    /// Lose seats and gain none.
    pub lose: u64,
    /// Keep their seats by another row, for another class, or change a free tier.
    pub other: u64,
    /// Are in conflict by one of the tables.
    pub conflict: u64,
}

/// What becomes of one pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolImpact {
    /// The pool.
    pub pool: PoolId,
    /// People who gain a seat in it, also by moving.
    pub gain: u64,
    /// People who lose a seat in it, also by moving.
    pub lose: u64,
    /// Seats needed by the old table.
    pub before: u64,
    /// Seats needed by the new table.
    pub after: u64,
}

/// What becomes of people by one row or exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowImpact {
    /// The row's id, or `exception:PERSON`.
    pub id: RuleId,
    /// What happened to the row.
    pub edit: Edit,
    /// Where it stands; in the old table when the new one has it no longer.
    pub place: Option<Place>,
    /// What it said.
    pub was: Option<String>,
    /// What it says.
    pub is: Option<String>,
    /// People to whom it gave something in the old table.
    pub before: u64,
    /// People to whom it gives something in the new table.
    pub after: u64,
    /// Seats gained by it, without those of people who move to another tier.
    pub gain: u64,
    /// People who move to or from the tier that it gives.
    #[serde(rename = "move")]
    pub moves: u64,
    /// Seats lost that it gave, without those of people who move to another tier.
    pub lose: u64,
}

/// What becomes of people of one job code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeImpact {
    /// The code as written at the provider; `None` for people without one.
    pub code: Option<String>,
    /// People by what becomes of them.
    #[serde(flatten)]
    pub people: Tally,
}

/// One person for whom something changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub person: PersonId,
    /// The number of the person's job code.
    pub(super) code: Option<u32>,
    pub(super) before: OutcomeNo,
    pub(super) after: OutcomeNo,
}

impl Tally {
    fn add(&mut self, kind: Kind, people: u64) {
        let count = match kind {
            Kind::Gain => &mut self.gain,
            Kind::Move => &mut self.moves,
            Kind::Lose => &mut self.lose,
            Kind::Other => &mut self.other,
            Kind::Conflict => &mut self.conflict,
        };
        *count += people;
    }

    /// Everybody.
    pub const fn sum(&self) -> u64 {
        let Self { gain, moves, lose, other, conflict } = self;
        *gain + *moves + *lose + *other + *conflict
    }
}

impl Impact {
    pub(super) fn of(differ: Differ<'_>) -> Self {
        let Differ { today, old, new, outcomes, groups, changes, codes, people, apart, .. } = differ;
        let catalog = &new.catalog;
        let mut pairs: BTreeMap<(OutcomeNo, OutcomeNo), u64> = BTreeMap::new();
        for group in &groups {
            *pairs.entry((group.before, group.after)).or_default() += group.people;
        }
        let mut counts = Counts::default();
        let mut kinds = BTreeMap::new();
        let mut total = Tally::default();
        for ((before, after), people) in &pairs {
            let (Some(was), Some(is)) = (outcomes.get(*before), outcomes.get(*after)) else { continue };
            if before == after {
                counts.stay(is, *people, catalog);
                continue;
            }
            let kind = Kind::between(was, is, catalog);
            kinds.insert((*before, *after), kind);
            total.add(kind, *people);
            counts.change(was, is, kind, *people, catalog);
        }
        let mut by_code: BTreeMap<(bool, Option<&String>), Tally> = BTreeMap::new();
        for group in &groups {
            let code = group.code.and_then(|code| codes.shown.get(code as usize));
            if let Some(kind) = kinds.get(&(group.before, group.after)) {
                by_code.entry((code.is_none(), code)).or_default().add(*kind, group.people);
            }
        }
        let codes = by_code.into_iter().map(|((_, code), people)| CodeImpact { code: code.cloned(), people });
        Self {
            old: old.digest().clone(),
            new: new.digest().clone(),
            today,
            people,
            apart,
            total,
            pools: counts.pools(catalog),
            rows: counts.rows(old, new),
            codes: codes.collect(),
            changes,
            outcomes: outcomes.into_list(),
        }
    }

    /// Whether nothing changes for anybody. Rows may have been edited all the same.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// What both tables give somebody.
    pub fn outcomes_of(&self, change: &Change) -> Option<(&Outcome, &Outcome)> {
        let outcome = |number: OutcomeNo| self.outcomes.get(number as usize);
        Some((outcome(change.before)?, outcome(change.after)?))
    }
}

/// Seats and people, while they are counted.
#[derive(Default)]
struct Counts {
    before: BTreeMap<PoolId, u64>,
    after: BTreeMap<PoolId, u64>,
    gain: BTreeMap<PoolId, u64>,
    lose: BTreeMap<PoolId, u64>,
    rows: BTreeMap<RuleId, RowCounts>,
}

#[derive(Default)]
struct RowCounts {
    before: u64,
    after: u64,
    gain: u64,
    moves: u64,
    lose: u64,
    /// Somebody's outcome changes by it.
    concerned: bool,
}

impl Counts {
    fn stay(&mut self, outcome: &Outcome, people: u64, catalog: &Catalog) {
        for pool in outcome.seats(catalog) {
            *self.before.entry(pool.clone()).or_default() += people;
            *self.after.entry(pool).or_default() += people;
        }
        for row in outcome.rows() {
            let row = self.row(row);
            row.before += people;
            row.after += people;
        }
    }

    fn change(&mut self, was: &Outcome, is: &Outcome, kind: Kind, people: u64, catalog: &Catalog) {
        let (had, has) = (was.seats(catalog), is.seats(catalog));
        for (pools, count) in [(&had, &mut self.before), (&has, &mut self.after)] {
            for pool in pools {
                *count.entry(pool.clone()).or_default() += people;
            }
        }
        for row in was.rows() {
            let row = self.row(row);
            row.before += people;
            row.concerned = true;
        }
        for row in is.rows() {
            let row = self.row(row);
            row.after += people;
            row.concerned = true;
        }
        if kind == Kind::Conflict {
            return;
        }
        let (gained, lost): (Vec<&PoolId>, Vec<&PoolId>) =
            (has.difference(&had).collect(), had.difference(&has).collect());
        // From one counted tier to another is a move, not a loss and a gain.
        let changed_tier =
            |pools: &[&PoolId], tier: &Option<PoolId>| tier.as_ref().is_some_and(|tier| pools.contains(&tier));
        let moves = changed_tier(&gained, &is.tier) && changed_tier(&lost, &was.tier);
        if moves {
            let rows: BTreeSet<&RuleId> = was.rule.iter().chain(&is.rule).collect();
            for row in rows {
                self.row(row).moves += people;
            }
        }
        for pool in gained {
            *self.gain.entry(pool.clone()).or_default() += people;
            if let Some(row) = is.row_of(pool).filter(|_| !(moves && is.tier.as_ref() == Some(pool))) {
                self.row(row).gain += people;
            }
        }
        for pool in lost {
            *self.lose.entry(pool.clone()).or_default() += people;
            if let Some(row) = was.row_of(pool).filter(|_| !(moves && was.tier.as_ref() == Some(pool))) {
                self.row(row).lose += people;
            }
        }
    }

    fn row(&mut self, id: &RuleId) -> &mut RowCounts {
        if !self.rows.contains_key(id) {
            self.rows.insert(id.clone(), RowCounts::default());
        }
        self.rows.entry(id.clone()).or_default()
    }

    fn pools(&self, catalog: &Catalog) -> Vec<PoolImpact> {
        let counted = catalog.pools.keys().filter(|pool| catalog.is_counted(pool));
        let of = |counts: &BTreeMap<PoolId, u64>, pool: &PoolId| counts.get(pool).copied().unwrap_or(0);
        counted
            .map(|pool| PoolImpact {
                pool: pool.clone(),
                gain: of(&self.gain, pool),
                lose: of(&self.lose, pool),
                before: of(&self.before, pool),
                after: of(&self.after, pool),
            })
            .collect()
    }

    fn rows(&self, old: &RuleSet, new: &RuleSet) -> Vec<RowImpact> {
        let (was, is) = (lines(old), lines(new));
        let none = RowCounts::default();
        let mut rows = Vec::new();
        for (id, edit) in edits(old, new) {
            let counts = self.rows.get(&id).unwrap_or(&none);
            if edit == Edit::Same && !counts.concerned {
                continue;
            }
            let (was, is) = (was.get(&id), is.get(&id));
            rows.push(RowImpact {
                edit,
                place: is.or(was).map(|line| line.place.clone()),
                was: was.map(|line| line.text.clone()),
                is: is.map(|line| line.text.clone()),
                before: counts.before,
                after: counts.after,
                gain: counts.gain,
                moves: counts.moves,
                lose: counts.lose,
                id,
            });
        }
        rows
    }
}

fn lines(set: &RuleSet) -> BTreeMap<RuleId, Line> {
    set.lines().map(|line| (line.id.clone(), line)).collect()
}

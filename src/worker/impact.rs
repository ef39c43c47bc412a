//! `rules diff`: two tables over everybody in the store, and what the planner makes of the new one.
//!
//! Reads only: no feed and no desk is asked. The brakes are judged by the planner itself, on the ledger as it is: the
//! answer is what the next pass would hold if the new table came into force now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::request::{Answer, RulesFile, Table, exit};
use super::view::{BrakeView, ChangeView, CostView, ImpactView, PersonView, PoolImpactView, RowImpactView};
use super::warden::{Concerned, Warden, WardenError};
use crate::config;
use crate::model::{Money, PersonId, Pool, PoolId, PoolKind, Seats, Sum};
use crate::rules::impact::{Impact, RowImpact};
use crate::rules::{Desired, Differ, Edit, Kind, RuleSet, Severity, Source, compile};
use crate::seats::{self, HeldPlan, Ledger, Plan, Policy, Reason, guard};
use crate::store::{Batch, StoreError};

/// A table to ask and what people call it, or the answer that says why there is none.
pub(super) type Resolved = Result<(String, Arc<RuleSet>), Box<Answer>>;

/// The notes that keep the table of the last pass and its digest, so that a table can be compared with it when no
/// daemon has it in force.
const TABLE: &str = "table";
const TABLE_DIGEST: &str = "table_digest";

/// A larger table is not kept: a revision of it has to be named to compare with.
const LARGEST_KEPT: usize = 4 << 20;

impl Warden {
    /// The table that a request names, compiled for the catalog that is in force here.
    pub(super) fn table_of(&self, table: Table) -> Result<Resolved, WardenError> {
        let (name, files) = match table {
            Table::InForce => return Ok(Ok(("the table in force".to_owned(), self.rules()?))),
            Table::Files { name, files } => (name, files),
            Table::Kept { or } => match (self.parts.store.note(TABLE)?, or) {
                (Some(kept), _) => {
                    let files: Vec<RulesFile> = serde_json::from_str(&kept)
                        .map_err(|error| StoreError::Damaged(format!("the table of the last pass: {error}")))?;
                    ("the table of the last pass".to_owned(), files)
                }
                (None, Some(other)) => return self.table_of(*other),
                (None, None) => {
                    let why = "there is no table to compare with: no daemon runs, no pass was made with this store, and \
                        the rules are in no git repository; name one: `seatwarden rules diff OLD`";
                    return Ok(Err(Box::new(Answer::failed(exit::USAGE, why))));
                }
            },
        };
        let sources: Vec<Source> = files.into_iter().map(Source::from).collect();
        let compiled = compile(&sources, &self.parts.catalog, &self.parts.config.time_zone);
        let Some(set) = compiled.set else {
            let lines: Vec<String> = compiled.findings.iter().map(config::render::line).collect();
            let why = format!("{name} does not compile:\n{}", lines.join("\n"));
            return Ok(Err(Box::new(Answer::failed(exit::DATA, why))));
        };
        Ok(Ok((name, Arc::new(set))))
    }

    /// Writes down the table of a pass when it is another one than before.
    pub(super) async fn remember_table(&self, rules: &RuleSet, pass: u64) -> Result<(), StoreError> {
        let digest = rules.digest().to_string();
        let table = self.table.load_full();
        let is_in_force = table.set.as_ref().is_some_and(|set| set.digest() == rules.digest())
            && table.findings.iter().all(|finding| finding.severity != Severity::Error);
        if !is_in_force || self.parts.store.note(TABLE_DIGEST)?.as_ref() == Some(&digest) {
            return Ok(());
        }
        let bytes: usize = table.sources.iter().map(|source| source.bytes.len()).sum();
        let kept = if bytes > LARGEST_KEPT {
            None
        } else {
            serde_json::to_string(&table.sources.iter().cloned().map(RulesFile::from).collect::<Vec<_>>()).ok()
        };
        let mut batch = Batch::new(self.now(), pass);
        batch.notes.insert(TABLE.to_owned(), kept);
        batch.notes.insert(TABLE_DIGEST.to_owned(), Some(digest));
        self.commit(batch).await
    }

    /// Compares two tables.
    pub(super) fn rules_diff(&self, old: Table, new: Table, names: bool) -> Result<Answer, WardenError> {
        let ((old_name, old), (new_name, new)) = match (self.table_of(old)?, self.table_of(new)?) {
            (Ok(old), Ok(new)) => (old, new),
            (Err(answer), _) | (_, Err(answer)) => return Ok(*answer),
        };
        let compared = self.compare_tables(&old, &new, names)?;
        let Compared { impact, desired_old, desired_new, people } = compared;
        let before = self.plan_by(&old, &desired_old);
        let after = self.plan_by(&new, &desired_new);
        let changes = names.then(|| changes(&impact, people, &self.parts.catalog));
        let pools = self.pool_views(&impact, &before.0, &after.0);
        let brakes = self.brake_views(&before.0, &after.0, &after.1, &desired_new);
        Ok(Answer::data(&ImpactView {
            old: old_name,
            new: new_name,
            old_digest: impact.old.clone(),
            new_digest: impact.new.clone(),
            made_at: self.now(),
            day: impact.today.to_string(),
            people: impact.people,
            apart: impact.apart,
            summary: impact.total,
            cost: total_cost(&impact, &pools, &self.parts.catalog.pools),
            pools,
            rows: row_views(&impact.rows, names),
            held: brakes.iter().any(|brake| brake.holds || brake.holds_later),
            brakes,
            changes,
            codes: impact.codes,
        }))
    }

    fn compare_tables(&self, old: &RuleSet, new: &RuleSet, names: bool) -> Result<Compared, StoreError> {
        let today = new.today(self.now());
        let ledger = self.ledger();
        let concerned = Concerned::by(&ledger);
        let known = self.known();
        let mut differ = Differ::new(old, new, today);
        let (mut desired_old, mut desired_new) = (Desired::new(), Desired::new());
        let mut people = BTreeMap::new();
        self.parts.store.people(&mut |record| {
            let person = self.person_of(&record);
            let changed = differ.see(self.subject(&known, &person));
            self.desire_one(&known, old, today, &concerned, &person, &mut desired_old);
            self.desire_one(&known, new, today, &concerned, &person, &mut desired_new);
            if changed && names {
                let code = person.attributes.get(&crate::model::Attribute::JobCode).map(|codes| codes.join(", "));
                let view = PersonView { id: record.id, email: person.email, employee_number: person.employee_number };
                people.insert(record.id, (view, code));
            }
            true
        })?;
        Ok(Compared { impact: differ.finish(), desired_old, desired_new, people })
    }

    /// What the planner would do with a table.
    fn plan_by(&self, rules: &RuleSet, desired: &Desired) -> (Plan, Policy) {
        let policy = self.policy(rules);
        (seats::decide(desired, &self.ledger(), &policy, self.now()), policy)
    }

    fn pool_views(&self, impact: &Impact, before: &Plan, after: &Plan) -> Vec<PoolImpactView> {
        let ledger = self.ledger();
        let counts = ledger.counts();
        let occupied = self.stand().occupied();
        let waited: BTreeSet<(PersonId, &PoolId)> = before.waiting.iter().map(|row| (row.person, &row.pool)).collect();
        let waits = |plan: &Plan, pool: &PoolId| long(plan.waiting.iter().filter(|row| row.pool == *pool).count());
        let views = impact.pools.iter().filter_map(|counted| {
            let pool = self.parts.catalog.pool(&counted.pool)?;
            let Seats::Bought(bought) = pool.seats else { return None };
            let foreign = occupied.get(&pool.id).map_or(0, |others| others.strangers);
            let short = counted.after.saturating_add(u64::from(foreign)).saturating_sub(u64::from(bought));
            let new =
                after.waiting.iter().filter(|row| row.pool == pool.id && !waited.contains(&(row.person, &row.pool)));
            Some(PoolImpactView {
                pool: pool.id.clone(),
                kind: pool.kind,
                bought,
                used: counts.get(&pool.id).copied().unwrap_or_default().total(),
                foreign,
                gain: counted.gain,
                lose: counted.lose,
                before: counted.before,
                after: counted.after,
                short,
                waiting_before: waits(before, &pool.id),
                waiting: waits(after, &pool.id),
                waiting_new: long(new.count()),
                cost: pool.cost.as_ref().map(|price| cost(price, counted.before, counted.after, short)),
            })
        });
        let mut views: Vec<PoolImpactView> = views.collect();
        let rank = |view: &PoolImpactView| self.parts.catalog.pool(&view.pool).map_or(0, |pool: &Pool| -pool.rank);
        views.sort_by_key(|view| (view.kind == PoolKind::Addon, rank(view), view.pool.clone()));
        views
    }

    /// The edit's own brake for every pool that loses seats by it, and every other brake that the new table trips.
    fn brake_views(&self, before: &Plan, after: &Plan, policy: &Policy, desired: &Desired) -> Vec<BrakeView> {
        let ledger = self.ledger();
        let later = at_the_end_of_grace(after, desired, &ledger, policy);
        let holds_later = |pool: &PoolId| later.as_ref().is_some_and(|plan| held_by(plan, pool).is_some());
        let mut brakes = Vec::new();
        for pool in self.parts.catalog.pools.keys().filter(|pool| self.parts.catalog.is_counted(pool)) {
            let edited = |plan: &Plan| {
                let steps = plan.steps.iter().filter(|step| step.cause.reason == Reason::RulesChanged);
                let (now, later): (Vec<_>, Vec<_>) = steps
                    .filter(|step| step.loses().unwrap_or(&step.pool) == pool && step.gains() != Some(pool))
                    .partition(|step| step.due_at.is_none());
                (long(now.len()), long(later.len()))
            };
            let (wanted, later) = edited(after);
            if let Some(held) = held_by(after, pool) {
                brakes.push(BrakeView { later, holds_later: later > 0 && holds_later(pool), ..brake_view(held) });
            } else if wanted > 0 || later > 0 {
                let whole = ledger.holdings.keys().filter(|(_, other)| other == pool).count();
                brakes.push(BrakeView {
                    cause: guard::RULES_EDIT.to_owned(),
                    pool: pool.clone(),
                    limit: policy.brakes.rules_edit.per_pass_of(long(whole)),
                    wanted,
                    holds: false,
                    later,
                    holds_later: later > 0 && holds_later(pool),
                    text: None,
                });
            }
        }
        let worse = |held: &&HeldPlan| {
            let twin = before.held.iter().find(|other| other.cause == held.cause && other.pool == held.pool);
            held.cause != guard::RULES_EDIT && twin.is_none_or(|twin| twin.wanted < held.wanted)
        };
        brakes.extend(after.held.iter().filter(worse).map(brake_view));
        brakes
    }
}

/// What one walk over everybody gives.
struct Compared {
    impact: Impact,
    desired_old: Desired,
    desired_new: Desired,
    people: BTreeMap<PersonId, (PersonView, Option<String>)>,
}

fn brake_view(held: &HeldPlan) -> BrakeView {
    BrakeView {
        cause: held.cause.clone(),
        pool: held.pool.clone(),
        limit: held.limit,
        wanted: held.wanted,
        holds: true,
        later: 0,
        holds_later: false,
        text: Some(held.text.clone()),
    }
}

/// What the edit's own brake holds in a pool.
fn held_by<'p>(plan: &'p Plan, pool: &PoolId) -> Option<&'p HeldPlan> {
    plan.held.iter().find(|held| held.cause == guard::RULES_EDIT && held.pool == *pool)
}

/// The plan of the moment at which the last grace that the edit begins is over, if nothing else changes until then.
fn at_the_end_of_grace(plan: &Plan, desired: &Desired, ledger: &Ledger, policy: &Policy) -> Option<Plan> {
    let edited = plan.steps.iter().filter(|step| step.cause.reason == Reason::RulesChanged);
    let due = edited.filter_map(|step| step.due_at).max()?;
    let mut ledger = ledger.clone();
    for note in &plan.notes {
        ledger.apply(due, note);
    }
    Some(seats::decide(desired, &ledger, policy, due))
}

/// Exceptions name people, so that they are told together unless names are wanted.
fn row_views(rows: &[RowImpact], names: bool) -> Vec<RowImpactView> {
    let mut views: Vec<RowImpactView> = Vec::new();
    let mut exceptions: Option<RowImpactView> = None;
    for row in rows {
        let view = RowImpactView {
            id: row.id.to_string(),
            edit: row.edit,
            place: row.place.clone(),
            was: row.was.clone(),
            is: row.is.clone(),
            before: row.before,
            after: row.after,
            gain: row.gain,
            r#move: row.moves,
            lose: row.lose,
        };
        if names || !row.id.as_str().starts_with("exception:") {
            views.push(view);
            continue;
        }
        let all = exceptions.get_or_insert(RowImpactView {
            id: "exceptions".to_owned(),
            edit: row.edit,
            place: None,
            was: None,
            is: None,
            before: 0,
            after: 0,
            gain: 0,
            r#move: 0,
            lose: 0,
        });
        if all.edit != view.edit {
            all.edit = Edit::Changed;
        }
        all.before = all.before.saturating_add(view.before);
        all.after = all.after.saturating_add(view.after);
        all.gain = all.gain.saturating_add(view.gain);
        all.r#move = all.r#move.saturating_add(view.r#move);
        all.lose = all.lose.saturating_add(view.lose);
    }
    views.extend(exceptions);
    views
}

fn changes(
    impact: &Impact,
    mut people: BTreeMap<PersonId, (PersonView, Option<String>)>,
    catalog: &crate::model::Catalog,
) -> Vec<ChangeView> {
    let view = |change: &crate::rules::Change| {
        let (before, after) = impact.outcomes_of(change)?;
        let (person, job_code) = people.remove(&change.person)?;
        Some(ChangeView {
            person,
            job_code,
            kind: Kind::between(before, after, catalog),
            before: before.text(),
            after: after.text(),
            row_before: before.rule.as_ref().map(ToString::to_string),
            row_after: after.rule.as_ref().map(ToString::to_string),
        })
    };
    impact.changes.iter().filter_map(view).collect()
}

fn cost(price: &Money, before: u64, after: u64, short: u64) -> CostView {
    let seats = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    CostView {
        currency: price.currency.clone(),
        per: price.per.clone(),
        before: price.times(seats(before)).to_string(),
        after: price.times(seats(after)).to_string(),
        change: price.times(seats(after).saturating_sub(seats(before))).to_string(),
        to_buy: price.times(seats(short)).to_string(),
    }
}

/// Sums of all pools that have a price, by currency and period.
fn total_cost(impact: &Impact, views: &[PoolImpactView], pools: &BTreeMap<PoolId, Pool>) -> Vec<CostView> {
    let mut sums: BTreeMap<(&str, &str), [Sum; 4]> = BTreeMap::new();
    for counted in &impact.pools {
        let Some(price) = pools.get(&counted.pool).and_then(|pool| pool.cost.as_ref()) else { continue };
        let short = views.iter().find(|view| view.pool == counted.pool).map_or(0, |view| view.short);
        let seats = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let change = seats(counted.after).saturating_sub(seats(counted.before));
        let [before, after, difference, to_buy] = sums.entry((&price.currency, &price.per)).or_default();
        *before += price.times(seats(counted.before));
        *after += price.times(seats(counted.after));
        *difference += price.times(change);
        *to_buy += price.times(seats(short));
    }
    let view = |((currency, per), [before, after, change, to_buy]): ((&str, &str), [Sum; 4])| CostView {
        currency: currency.to_owned(),
        per: per.to_owned(),
        before: before.to_string(),
        after: after.to_string(),
        change: change.to_string(),
        to_buy: to_buy.to_string(),
    };
    sums.into_iter().map(view).collect()
}

fn long(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

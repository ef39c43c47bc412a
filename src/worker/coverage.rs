//! `rules coverage`, and the small history of job codes behind it.
//!
//! Whenever a pass decides for everybody (at a start, on a new day, by a new table) it also counts people by code. The
//! counts live in notes of the store: `codes` is how it stands, `codes/2026-12-31` what that day changed.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use tracing::warn;

use super::request::{Answer, Table};
use super::view::{ChangedView, CodeCoverage, CoverageSummary, CoverageView, DayCount, RowCoverage};
use super::warden::{Warden, WardenError};
use crate::model::Digest;
use crate::rules::history::{CodeBook, CodeEntry, DayBefore};
use crate::rules::{Census, CensusTaker, CodeCount, RuleSet};
use crate::store::{Batch, StoreError};

/// The note that tells how it stands.
const BOOK: &str = "codes";

impl Warden {
    /// Writes down what a pass has counted, when it counted everybody and found something that is not known.
    pub(super) async fn remember_codes(&self, digest: &Digest, pass: u64) -> Result<(), StoreError> {
        let Some(census) = self.learn().census.take() else { return Ok(()) };
        let mut book: CodeBook = self.kept(BOOK)?.unwrap_or_default();
        let today = day_note(census.today);
        let mut before: DayBefore = self.kept(&today)?.unwrap_or_default();
        let Some(dropped) = book.learn(&census, digest, &mut before) else { return Ok(()) };
        let mut batch = Batch::new(self.now(), pass);
        for (name, text) in [(BOOK.to_owned(), serde_json::to_string(&book)), (today, serde_json::to_string(&before))] {
            match text {
                Ok(text) => {
                    batch.notes.insert(name, Some(text));
                }
                Err(error) => warn!(%error, "counts of job codes cannot be written down"),
            }
        }
        batch.notes.extend(dropped.into_iter().map(|day| (day_note(day), None)));
        self.commit(batch).await
    }

    /// A note as it was written; one that cannot be read counts as none, for it is a help and no truth.
    fn kept<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let text = self.parts.store.note(name)?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Counts everybody by a table.
    pub(super) fn rules_coverage(&self, table: Table) -> Result<Answer, WardenError> {
        let set = match self.table_of(table)? {
            Ok((_, set)) => set,
            Err(answer) => return Ok(*answer),
        };
        let census = self.census(&set)?;
        let book: CodeBook = self.kept(BOOK)?.unwrap_or_default();
        let mut days = BTreeMap::new();
        for day in &book.days {
            days.insert(*day, self.kept::<DayBefore>(&day_note(*day))?.unwrap_or_default());
        }
        Ok(Answer::data(&view(&set, &census, &book, &days)))
    }

    fn census(&self, set: &RuleSet) -> Result<Census, StoreError> {
        let today = set.today(self.now());
        let mut taker = CensusTaker::new(set, today);
        self.parts.store.people(&mut |record| {
            let person = self.person_of(&record);
            taker.see(&person, &set.decide(&person, today));
            true
        })?;
        Ok(taker.finish())
    }
}

fn day_note(day: Date) -> String {
    format!("{BOOK}/{day}")
}

fn view(set: &RuleSet, census: &Census, book: &CodeBook, days: &BTreeMap<Date, DayBefore>) -> CoverageView {
    let is_counted = book.digest.as_ref() == Some(set.digest());
    let known = book.codes.iter().filter(|(code, _)| !census.codes.contains_key(*code));
    let gone = CodeCount::default();
    let seen = census.codes.iter().map(|(code, count)| (code, count, book.codes.get(code)));
    let all = seen.chain(known.map(|(code, entry)| (code, &gone, Some(entry))));
    let mut codes: Vec<CodeCoverage> = all
        .map(|(code, count, entry)| {
            let history = book.history(code, days).into_iter();
            let history = history.map(|(day, people)| DayCount { day: day.to_string(), people });
            code_view(count, entry, is_counted, history.collect())
        })
        .collect();
    codes.sort_by(|a, b| a.code.cmp(&b.code));
    let count = |found: usize| u64::try_from(found).unwrap_or(u64::MAX);
    let (exceptions, rows): (Vec<_>, Vec<_>) = census.rows.iter().partition(|row| row.exception);
    let idle =
        |rows: &[&crate::rules::RowCount]| count(rows.iter().filter(|row| row.decides == 0 && row.adds == 0).count());
    let seen = || codes.iter().filter(|code| code.people > 0);
    CoverageView {
        rules_digest: set.digest().clone(),
        day: census.today.to_string(),
        counted_since: book.since.map(|day| day.to_string()),
        table_since: book.digest_since.map(|day| day.to_string()),
        summary: CoverageSummary {
            people: census.people,
            people_without_code: census.without_code,
            people_without_row: seen().map(|code| code.without_row).sum(),
            codes: count(seen().count()),
            codes_without_row: count(seen().filter(|code| code.without_row == code.people).count()),
            codes_changed: count(codes.iter().filter(|code| code.changed.is_some()).count()),
            rows: count(rows.len()),
            rows_without_people: idle(&rows),
            exceptions: count(exceptions.len()),
            exceptions_without_people: idle(&exceptions),
        },
        rows: rows
            .into_iter()
            .map(|row| RowCoverage {
                id: row.line.id.clone(),
                place: row.line.place.clone(),
                text: row.line.text.clone(),
                owner: row.line.owner.clone(),
                people: row.decides,
                adds: row.adds,
            })
            .collect(),
        codes,
    }
}

fn code_view(count: &CodeCount, entry: Option<&CodeEntry>, is_counted: bool, history: Vec<DayCount>) -> CodeCoverage {
    let shown = if count.people == 0 { entry.map(|entry| &entry.shown) } else { None };
    let meaning = count.meaning();
    let (rule, tier) = meaning.map(|meaning| (meaning.rule.clone(), meaning.tier.clone())).unwrap_or_default();
    let changed = entry.and_then(|entry| match &entry.changed {
        // A table that is not in force is compared with what the last pass counted.
        _ if !is_counted => {
            let differs = count.people > 0 && (&entry.rule, &entry.tier) != (&rule, &tier);
            differs.then(|| ChangedView { on: None, rule: entry.rule.clone(), tier: entry.tier.clone() })
        }
        Some(changed) if count.people > 0 => Some(ChangedView {
            on: Some(changed.on.to_string()),
            rule: changed.rule.clone(),
            tier: changed.tier.clone(),
        }),
        Some(_) | None => None,
    });
    CodeCoverage {
        code: shown.unwrap_or(&count.shown).clone(),
        people: count.people,
        without_row: count.without_row,
        rule,
        tier,
        first_seen: entry.map(|entry| entry.first_seen.to_string()),
        last_seen: entry.map(|entry| entry.last_seen.to_string()),
        changed,
        history,
    }
}

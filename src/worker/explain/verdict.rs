//! What a table gives somebody, in words.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::ROWS_LISTED;
use crate::directory::Person;
use crate::model::{Catalog, PoolId, RuleId};
use crate::rules::{Decision, Finding, Given, RuleSet, Standing, Want, unmet};
use crate::worker::view::{DesiredView, RowView};

/// How the rows met a person, and how many are left out: those that matched or nearly matched go before the rest.
pub(super) fn rows(rules: &RuleSet, person: &Person, today: Date, all: bool) -> (Vec<RowView>, u64) {
    let mut rows = rules.trace(person, today);
    let matched = rows.iter().filter(|row| row.matched).count();
    let shown = if all { rows.len() } else { rows.len().min(matched.saturating_add(ROWS_LISTED)) };
    let omitted = rows.len().saturating_sub(shown);
    rows.truncate(shown);
    let view = rows.into_iter().map(|row| RowView {
        id: row.id,
        matched: row.matched,
        decides: row.decides,
        near: row.near,
        why: row.why,
        missed: row.missed,
        gives: row.gives,
        place: format!("{}:{}", row.place.file, row.place.line),
        owner: row.owner,
        note: row.note,
    });
    (view.collect(), u64::try_from(omitted).unwrap_or(u64::MAX))
}

/// What a person should hold.
pub(super) fn desired(want: &Want, decision: &Decision, rows: &[RowView], catalog: &Catalog) -> DesiredView {
    let unmet = unmet(decision, catalog);
    let needs = |addon: &PoolId| {
        let tiers: Vec<&str> =
            catalog.pool(addon).into_iter().flat_map(|pool| pool.requires.iter().map(PoolId::as_str)).collect();
        format!("it needs {}", tiers.join(" or "))
    };
    DesiredView {
        tier: want.tier.as_ref().map(|(pool, _)| pool.clone()).or_else(|| want.free_tier.clone()),
        addons: want.addons.keys().cloned().collect(),
        class: want.class.as_ref().map(ToString::to_string),
        rule: want.rule.clone(),
        standing: standing_word(&want.standing),
        unmet: unmet.keys().map(|addon| (addon.clone(), needs(addon))).collect::<BTreeMap<_, _>>(),
        text: sentence(want, decision, rows, catalog),
    }
}

/// The decision in a sentence: what the table gives, and why that may not be what they get.
fn sentence(want: &Want, decision: &Decision, rows: &[RowView], catalog: &Catalog) -> String {
    let by = |rule: &RuleId| rule_words(rule);
    let gives = match &decision.tier {
        Given::Default if rows.iter().any(|row| row.matched) => {
            format!("no row decides the tier, so the default tier {} counts", catalog.default_tier)
        }
        Given::Default => format!("no row matches, so the default tier {} counts", catalog.default_tier),
        Given::Denied(claim) => format!("{} denies every tier", by(&claim.rule)),
        Given::Tier(pool, claim) => {
            let until = claim.until.map(|until| format!(" until {until}")).unwrap_or_default();
            format!("{} gives {pool}{until}", by(&claim.rule))
        }
    };
    let addons: Vec<String> =
        decision.addons.iter().map(|(addon, claim)| format!("{addon} by {}", by(&claim.rule))).collect();
    let addons = if addons.is_empty() { String::new() } else { format!(", beside it {}", addons.join(", ")) };
    let but = match &want.standing {
        Standing::Active => String::new(),
        Standing::Frozen { why } => format!("; but nothing of theirs may change: {why}"),
        Standing::Suspended { word } => {
            format!("; but they are suspended ({word}): they keep what they hold through grace and gain nothing")
        }
        Standing::PreStart => "; but they have not started, so they hold nothing".to_owned(),
        Standing::Left { feed, word, absence: false, .. } => {
            format!("; but {feed} says that they left ({word}), so they hold nothing")
        }
        Standing::Left { feed, absence: true, accepted: true, .. } => {
            format!("; but {feed} no longer shows them, and a read by id says gone, so they hold nothing")
        }
        Standing::Left { feed, absence: true, accepted: false, .. } => {
            format!("; but {feed} no longer shows them, which is not believed yet (feed_shrink)")
        }
    };
    format!("{gives}{addons}{but}")
}

/// `row sd-analysts`, `exception:ann@acme.example`.
pub(super) fn rule_words(rule: &RuleId) -> String {
    if rule.as_str().starts_with("exception:") { rule.to_string() } else { format!("row {rule}") }
}

fn standing_word(standing: &Standing) -> String {
    match standing {
        Standing::Active => "active".to_owned(),
        Standing::Frozen { why } => format!("frozen: {why}"),
        Standing::Suspended { word } => format!("suspended: {word}"),
        Standing::PreStart => "pre_start".to_owned(),
        Standing::Left { word, .. } => format!("left: {word}"),
    }
}

/// A finding on one line.
pub(super) fn finding(finding: &Finding) -> String {
    let place = finding.place.as_ref().map(|place| format!("{}:{}:{}: ", place.file, place.line, place.column));
    let help = finding.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{}{}: {}{help}", place.unwrap_or_default(), finding.code, finding.message)
}

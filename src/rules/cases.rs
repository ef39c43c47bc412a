//! Cases beside the table: "somebody like this gets that". They test the table and are no part of it.
//!
//! A case asks only for what it names. What `given` leaves out the person lacks; the status is active unless given.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::case_table;
use super::desired::unmet;
use super::text::{Findings, Text};
use super::{Decision, Finding, Given, Place, RuleSet, Source};
use crate::directory::Person;
use crate::model::{ClassName, PoolId, RuleId};

/// A case that can be judged.
#[derive(Clone, Debug)]
pub struct Case {
    /// Where it begins.
    pub place: Place,
    /// What people call it.
    pub name: Option<String>,
    /// The day for which it asks; the present one when it names none.
    pub on: Option<Date>,
    /// Somebody with the given facts.
    pub person: Person,
    /// What they should get.
    pub expect: Expect,
}

/// What a case expects; `None` where it does not care.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// The tier; `Some(None)` when it is denied.
    pub tier: Option<Option<PoolId>>,
    /// All add-ons that stand on the tier.
    pub addons: Option<BTreeSet<PoolId>>,
    /// The class; `Some(None)` for none.
    pub class: Option<Option<ClassName>>,
    /// The deciding row; `Some(None)` when no row decides.
    pub rule: Option<Option<RuleId>>,
}

/// What a case came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What is not as expected; nothing when the case passes.
    pub faults: Vec<Fault>,
    /// The row that decided.
    pub rule: Option<RuleId>,
    /// Why it did.
    pub why: String,
    /// Why the expected row did not, when another one was expected.
    pub why_not: Option<String>,
    /// The deciding row and those that gave add-ons.
    pub rows: BTreeSet<RuleId>,
}

/// One expectation that is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `tier`, `addons`, `class`, `rule` or `conflict`.
    pub field: &'static str,
    /// What the case says.
    pub expected: String,
    /// What the table says.
    pub got: String,
}

/// Reads the cases of all TOML files. Those with a finding are left out.
pub fn cases(files: &[Source], set: &RuleSet) -> (Vec<Case>, Vec<Finding>) {
    let mut refused = Vec::new();
    let mut texts = Vec::new();
    for file in files.iter().filter(|file| file.path.to_ascii_lowercase().ends_with(".toml")) {
        match Text::decode(file) {
            Ok(text) => texts.push(text),
            Err(finding) => refused.push(*finding),
        }
    }
    texts.sort_by(|a, b| a.path.cmp(&b.path));
    let mut findings = Findings::new(&texts, refused);
    let mut cases = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        case_table::read(number, &text.content, set, &mut cases, &mut findings);
    }
    (cases, findings.into_sorted())
}

impl Case {
    /// Asks the table.
    pub fn judge(&self, set: &RuleSet, today: Date) -> Judged {
        let day = self.on.unwrap_or(today);
        let decision = set.decide(&self.person, day);
        let mut faults = Vec::new();
        let mut compare = |field, expected: Option<String>, got: String| {
            if let Some(expected) = expected.filter(|expected| *expected != got) {
                faults.push(Fault { field, expected, got });
            }
        };
        let Expect { tier, addons, class, rule } = &self.expect;
        compare("tier", tier.as_ref().map(|tier| word(tier.as_ref())), word(tier_of(set, &decision).as_ref()));
        compare("addons", addons.as_ref().map(list), list(&addons_of(set, &decision)));
        compare("class", class.as_ref().map(|class| word(class.as_ref())), word(decision.class.as_ref()));
        compare("rule", rule.as_ref().map(|rule| word(rule.as_ref())), word(decision.rule.as_ref()));
        compare("conflict", Some("none".to_owned()), decision.clash.clone().unwrap_or_else(|| "none".to_owned()));
        let (why, why_not) = if faults.is_empty() { (String::new(), None) } else { self.reasons(set, day) };
        let adding = decision.addons.values().map(|claim| claim.rule.clone());
        let rows = decision.rule.iter().cloned().chain(adding).collect();
        Judged { faults, rule: decision.rule, why, why_not, rows }
    }

    /// Why the deciding row decided, and why the expected one did not.
    fn reasons(&self, set: &RuleSet, day: Date) -> (String, Option<String>) {
        let trace: BTreeMap<RuleId, _> =
            set.trace(&self.person, day).into_iter().map(|row| (row.id.clone(), row)).collect();
        let decides = trace.values().find(|row| row.decides);
        let why = decides.map_or_else(|| "no row decides".to_owned(), |row| row.why.clone());
        let expected = self.expect.rule.as_ref().and_then(Option::as_ref);
        let why_not = expected.and_then(|rule| trace.get(rule)).filter(|row| !row.decides).map(|row| row.why.clone());
        (why, why_not)
    }
}

fn tier_of(set: &RuleSet, decision: &Decision) -> Option<PoolId> {
    match &decision.tier {
        Given::Default => Some(set.catalog.default_tier.clone()),
        Given::Denied(_) => None,
        Given::Tier(pool, _) => Some(pool.clone()),
    }
}

fn addons_of(set: &RuleSet, decision: &Decision) -> BTreeSet<PoolId> {
    let unmet = unmet(decision, &set.catalog);
    decision.addons.keys().filter(|addon| !unmet.contains_key(*addon)).cloned().collect()
}

fn word<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(|| "none".to_owned(), ToString::to_string)
}

fn list(pools: &BTreeSet<PoolId>) -> String {
    let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
    format!("[{}]", names.join(", "))
}

//! One person through the table.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::check::excludes;
use super::column::Column;
use super::facts::Facts;
use super::index::RowNo;
use super::normal::normal;
use super::row::{Exception, Gives, Row, Tier};
use super::{Basis, Claim, Place, RuleSet};
use crate::directory::Person;
use crate::model::{Attribute, ClassName, PoolId, RuleId};

/// What the table gives one person on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The tier.
    pub tier: Given,
    /// Add-ons beside it, each with the row that gives it; also those whose base tier this is not, see
    /// [`unmet`](super::unmet).
    pub addons: BTreeMap<PoolId, Claim>,
    /// The class of the deciding row.
    pub class: Option<ClassName>,
    /// The deciding row or exception; `None` when no row decides.
    pub rule: Option<RuleId>,
    /// The person's values of every attribute that the table has a column for, and the job code. An attribute that
    /// the person lacks is an empty text (a missing job code is left out). All columns, not only those of the
    /// deciding row: whoever loses a row because an attribute changed is told from whoever loses it by an edit.
    pub basis: Basis,
    /// Add-ons that exclude each other and meet in this person, or rows or exceptions that tie and disagree: nothing
    /// about them may change.
    pub clash: Option<String>,
}

/// The tier that the table gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// No row decides: the catalog's default tier.
    Default,
    /// `tier = "none"`: no tier and no add-on.
    Denied(Claim),
    /// This tier.
    Tier(PoolId, Claim),
}

/// How one row or exception met one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowTrace {
    /// The row.
    pub id: RuleId,
    /// Whether it matched.
    pub matched: bool,
    /// Whether it decided the tier.
    pub decides: bool,
    /// Whether it nearly matched: one column alone, or its dates alone, keep it from matching.
    pub near: bool,
    /// Why, in a few words: `job_code SD-12 matches SD-1*`, `department is HR, not IT`, `less specific than row x`.
    /// Values of the person are shown as the provider wrote them.
    pub why: String,
    /// What kept it from matching: names of columns, and `from` or `until`.
    pub missed: Vec<String>,
    /// What it gives, such as `fulfiller + major-incident for class on-call`.
    pub gives: String,
    /// Where it is written.
    pub place: Place,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The note of a row, the reason of an exception.
    pub note: Option<String>,
}

impl RuleSet {
    /// Decides for one person. About one look-up, whatever the number of rows.
    ///
    /// An exception that names a tier beats every row; one that names add-ons alone adds them, also to somebody whom
    /// a row denies. `none` in the deciding row takes the add-ons of all rows, `none` in an exception also those of
    /// other exceptions. Of several sources of one add-on an exception is named first, then the deciding row, then
    /// the row with the smallest id.
    pub fn decide(&self, person: &Person, today: Date) -> Decision {
        let facts = Facts::of(person, &self.columns);
        let Met { source, row: _, plain: _, addons, clash } = self.meet(person, &facts, today);
        let tier = match source.and_then(|source| Some((source, source.gives().tier.as_ref()?))) {
            None => Given::Default,
            Some((source, Tier::Denied)) => Given::Denied(source.claim()),
            Some((source, Tier::Pool(pool))) => Given::Tier(pool.clone(), source.claim()),
        };
        let until = source.and_then(|source| source.claim().until);
        Decision {
            tier,
            addons: addons.into_iter().map(|(addon, source)| (addon.clone(), source.claim())).collect(),
            class: source.and_then(|source| source.gives().class.clone()),
            rule: source.map(|source| source.id().clone()),
            basis: Basis { facts: self.basis(person), until },
            clash,
        }
    }

    /// The part of a decision that every look at many people needs: what gives the tier and the add-ons, without
    /// copies. `facts` are those of this table's columns.
    pub(super) fn meet(&self, person: &Person, facts: &Facts<'_>, today: Date) -> Met<'_> {
        let exceptions = self.exceptions_of(person, today);
        let (exception, mut clash) = deciding_exception(&exceptions);
        let best = if exception.is_some() { None } else { self.lookup.best(facts, today) };
        let source = exception.map(Source::Exception).or(best.map(|best| Source::Row(best.row)));
        if let Some((row, rival)) = best.and_then(|best| Some((best.row, best.rival?))) {
            clash = Some(format!("rows {} and {} tie and disagree", row.id, rival.id));
        }

        let mut addons = BTreeMap::new();
        if !exception.is_some_and(|exception| exception.gives.denies()) {
            let adding = exceptions.iter().filter(|exception| exception.gives.tier.is_none());
            for source in adding.map(|exception| Source::Exception(exception)).chain(source) {
                source.add_to(&mut addons);
            }
        }
        if !source.is_some_and(|source| source.gives().denies()) {
            for row in self.lookup.adding(facts, today) {
                Source::Row(row).add_to(&mut addons);
            }
        }
        let clash = clash.or_else(|| self.clash(self.base(source), &addons));
        Met { source, row: best.map(|best| best.number), plain: exceptions.is_empty(), addons, clash }
    }

    /// The tier that add-ons may stand on, free or not; `None` when it is denied.
    pub(super) fn base<'a>(&'a self, source: Option<Source<'a>>) -> Option<&'a PoolId> {
        match source.and_then(|source| source.gives().tier.as_ref()) {
            None => Some(&self.catalog.default_tier),
            Some(Tier::Denied) => None,
            Some(Tier::Pool(pool)) => Some(pool),
        }
    }

    /// The next day after `today` on which a row or exception begins or is over.
    pub fn next_change(&self, today: Date) -> Option<Date> {
        let after = self.turns.partition_point(|day| *day <= today);
        self.turns.get(after).copied()
    }

    /// Exceptions for the person that are in force, by id.
    pub(super) fn exceptions_of(&self, person: &Person, today: Date) -> Vec<&Exception> {
        if self.by_person.is_empty() {
            return Vec::new();
        }
        let keys = [&person.email, &person.employee_number];
        let numbers = keys.into_iter().flatten().filter_map(|key| self.by_person.get(&*normal(key)));
        let mut numbers: Vec<usize> = numbers.flatten().copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        let exceptions = numbers.into_iter().filter_map(|number| self.exceptions.get(number));
        exceptions.filter(|exception| exception.window.holds(today)).collect()
    }

    /// Pools that the person would hold and that exclude each other. An add-on whose base tier the person does not
    /// get is not held, so it excludes nothing.
    fn clash(&self, base: Option<&PoolId>, addons: &BTreeMap<&PoolId, Source<'_>>) -> Option<String> {
        if addons.is_empty() || !self.has_exclusions {
            return None;
        }
        let held = addons.keys().copied().filter(|addon| super::desired::carries(&self.catalog, base, addon));
        let held: Vec<&PoolId> = base.into_iter().chain(held).collect();
        let pairs =
            held.iter().enumerate().flat_map(|(at, one)| held.iter().skip(at + 1).map(move |other| (one, other)));
        let clash = |(one, other): (&&PoolId, &&PoolId)| {
            excludes(&self.catalog, one, other).then(|| format!("{one} and {other} exclude each other"))
        };
        pairs.into_iter().find_map(clash)
    }

    fn basis(&self, person: &Person) -> BTreeMap<Attribute, String> {
        let mut facts = BTreeMap::new();
        for (column, named) in self.columns.iter().zip(&self.named) {
            let Column::Attribute(attribute) = column else { continue };
            let text = match person.attributes.get(attribute).map(Vec::as_slice) {
                None | Some([]) => String::new(),
                Some([only]) => only.trim().to_owned(),
                // Of many values, such as groups, those count that the table names.
                Some(values) => {
                    let mut kept: Vec<&str> = values.iter().map(|value| value.trim()).collect();
                    kept.retain(|value| named.best(&normal(value)).is_some());
                    kept.sort_unstable();
                    kept.dedup();
                    kept.join("|")
                }
            };
            if !(text.is_empty() && *attribute == Attribute::JobCode) {
                facts.insert(attribute.clone(), text);
            }
        }
        facts
    }
}

/// What gives a person their tier and add-ons.
pub(super) struct Met<'a> {
    /// The deciding row or exception.
    pub(super) source: Option<Source<'a>>,
    /// The number of the deciding row.
    pub(super) row: Option<RowNo>,
    /// No exception names the person.
    pub(super) plain: bool,
    /// Also those whose base tier this is not.
    pub(super) addons: BTreeMap<&'a PoolId, Source<'a>>,
    pub(super) clash: Option<String>,
}

/// What gives a tier or add-ons.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Row(&'a Row),
    Exception(&'a Exception),
}

impl<'a> Source<'a> {
    pub(super) const fn gives(self) -> &'a Gives {
        match self {
            Self::Row(row) => &row.gives,
            Self::Exception(exception) => &exception.gives,
        }
    }

    pub(super) const fn id(self) -> &'a RuleId {
        match self {
            Self::Row(row) => &row.id,
            Self::Exception(exception) => &exception.id,
        }
    }

    fn claim(self) -> Claim {
        match self {
            Self::Row(row) => {
                Claim { rule: row.id.clone(), exception: false, priority: row.priority, until: row.window.until }
            }
            Self::Exception(exception) => {
                Claim { rule: exception.id.clone(), exception: true, priority: 0, until: exception.window.until }
            }
        }
    }

    fn add_to(self, addons: &mut BTreeMap<&'a PoolId, Self>) {
        for addon in &self.gives().addons {
            addons.entry(addon).or_insert(self);
        }
    }
}

/// The exception that decides the tier, and whether others disagree: one person may be named by e-mail in one and by
/// employee number in another, which the table alone cannot tell.
pub(super) fn deciding_exception<'a>(exceptions: &[&'a Exception]) -> (Option<&'a Exception>, Option<String>) {
    let mut with_tier = exceptions.iter().filter(|exception| exception.gives.tier.is_some());
    let Some(first) = with_tier.next() else { return (None, None) };
    let rival = with_tier.find(|other| other.gives != first.gives);
    (Some(first), rival.map(|rival| format!("{} and {} disagree", first.id, rival.id)))
}

//! A slow evaluator, written from the text of the contract alone. It shares no code with the program but types.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use seatwarden::directory::Person;
use seatwarden::model::Attribute;
use seatwarden::rules::{Decision, Given};
use unicode_normalization::UnicodeNormalization;

#[derive(Clone, Debug, Default)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) when: BTreeMap<String, Vec<String>>,
    pub(super) tier: Option<String>,
    pub(super) addons: BTreeSet<String>,
    pub(super) class: Option<String>,
    pub(super) priority: i64,
    pub(super) from: Option<Date>,
    pub(super) until: Option<Date>,
}

#[derive(Clone, Debug)]
pub(super) struct Exception {
    pub(super) person: String,
    pub(super) tier: Option<String>,
    pub(super) addons: BTreeSet<String>,
    pub(super) until: Date,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) rules: Vec<Rule>,
    pub(super) exceptions: Vec<Exception>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) tier: Option<String>,
    pub(super) addons: BTreeSet<String>,
    pub(super) class: Option<String>,
    pub(super) rule: Option<String>,
}

impl From<&Decision> for Verdict {
    /// What the program decided, in the words of this evaluator.
    fn from(decision: &Decision) -> Self {
        Self {
            tier: match &decision.tier {
                Given::Default => None,
                Given::Denied(_) => Some("none".to_owned()),
                Given::Tier(pool, _) => Some(pool.to_string()),
            },
            addons: decision.addons.keys().map(ToString::to_string).collect(),
            class: decision.class.as_ref().map(ToString::to_string),
            rule: decision.rule.as_ref().map(ToString::to_string),
        }
    }
}

/// The person ties rows or exceptions that disagree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tie;

pub(super) fn plain(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase().trim().to_owned()
}

fn values(person: &Person, column: &str) -> Vec<String> {
    let raw: Vec<String> = match column {
        "status" => vec![person.status.as_str().to_owned()],
        "feed" => person.feeds.iter().map(ToString::to_string).collect(),
        other => person.attributes.get(&Attribute::from_column(other).unwrap()).cloned().unwrap_or_default(),
    };
    raw.iter().map(|value| plain(value)).filter(|value| !value.is_empty()).collect()
}

fn glob(pattern: &[char], text: &[char]) -> bool {
    match pattern.first() {
        None => text.is_empty(),
        Some('*') => (0..=text.len()).any(|skip| glob(&pattern[1..], &text[skip..])),
        Some(letter) => text.first() == Some(letter) && glob(&pattern[1..], &text[1..]),
    }
}

fn tail(text: &str) -> (String, String) {
    let digits = text.chars().rev().take_while(char::is_ascii_digit).count();
    (text[..text.len() - digits].to_owned(), text[text.len() - digits..].to_owned())
}

/// 3 exact, 2 range, 1 glob; with the length of the glob.
fn specificity(pattern: &str, value: &str) -> Option<(u8, usize)> {
    let pattern = plain(pattern);
    if let Some((low, high)) = pattern.split_once("..") {
        let ((prefix, low), (_, high), (stem, number)) = (tail(low), tail(high), tail(value));
        let number_of = |digits: &str| digits.parse::<u128>().ok();
        let inside = prefix == stem
            && number_of(&number)
                .is_some_and(|number| number_of(&low).unwrap() <= number && number <= number_of(&high).unwrap())
            && (low.len() != high.len() || number.len() == low.len());
        return inside.then_some((2, 0));
    }
    if pattern.contains('*') {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        let length = pattern.chars().filter(|letter| *letter != '*').count();
        return glob(&letters(&pattern), &letters(value)).then_some((1, length));
    }
    (pattern == value).then_some((3, 0))
}

/// Whether a cell matches, and how specifically.
fn cell(written: &[String], values: &[String]) -> Option<(u8, usize)> {
    let (not, any): (Vec<&String>, Vec<&String>) = written.iter().partition(|value| plain(value).starts_with('!'));
    if values.is_empty() {
        return None;
    }
    let excluded = |value: &String| not.iter().any(|pattern| specificity(&plain(pattern)[1..], value).is_some());
    if values.iter().any(excluded) {
        return None;
    }
    if any.is_empty() {
        return Some((0, 0));
    }
    values.iter().flat_map(|value| any.iter().filter_map(|pattern| specificity(pattern, value))).max()
}

fn meets(rule: &Rule, person: &Person, today: Date) -> Option<(u8, usize)> {
    if rule.from.is_some_and(|from| today < from) || rule.until.is_some_and(|until| until < today) {
        return None;
    }
    let mut job = (0, 0);
    for (column, written) in &rule.when {
        let met = cell(written, &values(person, column))?;
        if column == "job_code" {
            job = met;
        }
    }
    Some(job)
}

/// What the table gives, or that two rows of the highest rank disagree.
pub(super) fn decide(table: &Table, person: &Person, today: Date) -> Result<Verdict, Tie> {
    let names: Vec<String> =
        [&person.email, &person.employee_number].into_iter().flatten().map(|key| plain(key)).collect();
    let exceptions: Vec<&Exception> =
        table.exceptions.iter().filter(|one| one.until >= today && names.contains(&plain(&one.person))).collect();
    let matching: Vec<(&Rule, (u8, usize))> =
        table.rules.iter().filter_map(|rule| Some((rule, meets(rule, person, today)?))).collect();
    let rank = |(rule, job): &(&Rule, (u8, usize))| (rule.priority, *job, rule.when.len());
    let with_tier: Vec<_> = matching.iter().filter(|(rule, _)| rule.tier.is_some()).collect();
    let highest = with_tier.iter().map(|one| rank(one)).max();
    let mut leaders: Vec<&Rule> =
        with_tier.iter().filter(|one| Some(rank(one)) == highest).map(|(rule, _)| *rule).collect();
    leaders.sort_by(|a, b| a.id.cmp(&b.id));

    let mut special: Vec<&&Exception> = exceptions.iter().filter(|one| one.tier.is_some()).collect();
    special.sort_by(|a, b| a.person.cmp(&b.person));
    let (tier, mut addons, class, rule) = if let Some(first) = special.first() {
        if special.iter().any(|other| (&other.tier, &other.addons) != (&first.tier, &first.addons)) {
            return Err(Tie);
        }
        (first.tier.clone(), first.addons.clone(), None, Some(format!("exception:{}", first.person)))
    } else if let Some(first) = leaders.first() {
        let same =
            |other: &&Rule| (&other.tier, &other.addons, &other.class) == (&first.tier, &first.addons, &first.class);
        if !leaders.iter().all(same) {
            return Err(Tie);
        }
        (first.tier.clone(), first.addons.clone(), first.class.clone(), Some(first.id.clone()))
    } else {
        (None, BTreeSet::new(), None, None)
    };
    let denied = tier.as_deref() == Some("none");
    if !denied {
        let adding = matching.iter().filter(|(rule, _)| rule.tier.is_none());
        addons.extend(adding.flat_map(|(rule, _)| rule.addons.iter().cloned()));
    }
    if !(denied && !special.is_empty()) {
        addons.extend(exceptions.iter().filter(|one| one.tier.is_none()).flat_map(|one| one.addons.iter().cloned()));
    }
    Ok(Verdict { tier, addons, class, rule })
}

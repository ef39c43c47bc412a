//! What was written becomes what the program relies on, or findings: all of them, none stops the others.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::cell::Cell;
use super::code;
use super::column::{Column, Key, STATUS_WORDS, did_you_mean};
use super::csv_table::shortened;
use super::damage::{curly, hidden, quotes, remade};
use super::foreign::foreign;
use super::normal::normal;
use super::pattern::{Fault, MAX_VALUE_CHARS, Pattern};
use super::row::{Exception, Gives, Row, Tier, Window};
use super::table::{Entry, Kind, Value, Written};
use super::text::{Findings, Span};
use super::{Severity, zeros};
use crate::model::{Catalog, ClassName, PoolId, PoolKind, RuleId};

/// Rows and exceptions without a fault of their own.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// Match columns that any row fills; the job code first.
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
    pub(super) exceptions: Vec<Exception>,
}

/// Checks every entry by itself, and that no id is there twice.
pub(super) fn check(entries: &[Entry], catalog: &Catalog, findings: &mut Findings<'_>) -> Checked {
    let columns = columns_of(entries);
    let mut checker = Checker::new(&columns, catalog, findings);
    let mut sound = Checked::default();
    let mut ids = BTreeMap::new();
    for (number, entry) in entries.iter().enumerate() {
        match entry.kind {
            Kind::Rule => {
                checker.unique(entry, &mut ids);
                sound.rows.extend(checker.row(number, entry));
            }
            Kind::Exception => sound.exceptions.extend(checker.exception(number, entry)),
        }
    }
    zeros::find(entries, &columns, findings);
    sound.columns = columns;
    sound
}

fn columns_of(entries: &[Entry]) -> Vec<Column> {
    let filled = |entry: &'_ Entry| -> Vec<Column> {
        let columns = entry.cells.iter().filter(|(_, cell)| !cell.values.is_empty());
        columns.filter_map(|(key, _)| if let Key::On(column) = key { Some(column.clone()) } else { None }).collect()
    };
    let mut columns: BTreeSet<Column> = entries.iter().flat_map(filled).collect();
    columns.remove(&Column::JOB_CODE);
    std::iter::once(Column::JOB_CODE).chain(columns).collect()
}

/// What was found in an entry; a row with an error is left out of the checks of the whole table.
type Sound<T> = Option<T>;

struct Checker<'c, 'r, 'f> {
    columns: &'c [Column],
    tiers: BTreeMap<String, PoolId>,
    addons: BTreeMap<String, PoolId>,
    classes: BTreeSet<ClassName>,
    catalog: &'c Catalog,
    findings: &'r mut Findings<'f>,
}

impl<'c, 'r, 'f> Checker<'c, 'r, 'f> {
    fn new(columns: &'c [Column], catalog: &'c Catalog, findings: &'r mut Findings<'f>) -> Self {
        let named = |kind: PoolKind| {
            let pools = catalog.pools.values().filter(move |pool| pool.kind == kind);
            pools.map(|pool| (normal(pool.id.as_str()).into_owned(), pool.id.clone())).collect()
        };
        let classes = catalog.pools.values().flat_map(|pool| pool.reserve.keys().cloned()).collect();
        Self { columns, tiers: named(PoolKind::Tier), addons: named(PoolKind::Addon), classes, catalog, findings }
    }

    fn unique<'e>(&mut self, entry: &'e Entry, ids: &mut BTreeMap<String, &'e Value>) {
        let Some(id) = entry.one(&Key::Id) else { return };
        match ids.entry(normal(&id.text).into_owned()) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(id);
            }
            std::collections::btree_map::Entry::Occupied(taken) => {
                let first = self.findings.place(taken.get().span);
                let first = first.map(|place| format!("{}:{}", place.file, place.line)).unwrap_or_default();
                let message = format!("the id `{}` is taken", shortened(&id.text));
                let help = format!("the first row with it is at {first}; plans and seats name rows by id");
                let others = vec![(taken.get().span, "first here".to_owned())];
                self.findings.add_labelled(code::ID_TWICE, (id.span, "again".to_owned()), others, message, help);
            }
        }
    }

    fn row(&mut self, number: usize, entry: &Entry) -> Sound<Row> {
        let has_cells = entry.cells.iter().any(|(key, cell)| matches!(key, Key::On(_)) && !is_blank(cell));
        let gives_any = entry.get(&Key::Tier).is_some() || entry.get(&Key::Addons).is_some();
        if !has_cells && !gives_any {
            let help = "delete the row, or give it columns to match on and a tier or add-ons";
            self.findings.add(code::EMPTY_ROW, entry.span, "the row matches on nothing and gives nothing", help);
            return None;
        }
        let id = self.id(entry);
        let cells = self.cells(entry);
        let gives = self.gives(entry);
        let window = self.window(entry);
        let priority = self.priority(entry);
        let place = self.findings.place(entry.get(&Key::Id).map_or(entry.span, |cell| cell.span))?;
        if entry.unsure {
            return None;
        }
        Some(Row {
            id: id?,
            place,
            entry: number,
            cells: cells?,
            gives: gives?,
            window: window?,
            priority: priority?,
            owner: text_of(entry, &Key::Owner),
            note: text_of(entry, &Key::Note),
        })
    }

    fn id(&mut self, entry: &Entry) -> Sound<RuleId> {
        let Some(cell) = entry.get(&Key::Id) else {
            let help = "give every row an id that stays when the row changes, such as `sd-analysts`";
            self.findings.add(code::NO_ID, entry.span, "the row has no id", help);
            return None;
        };
        let id = entry.one(&Key::Id)?;
        if id.text.starts_with("exception:") {
            let help = "exceptions are named so; choose another id";
            self.findings.add(code::BAD_ID, cell.span, format!("the id `{}` is reserved", shortened(&id.text)), help);
            return None;
        }
        if id.text.chars().count() > MAX_VALUE_CHARS || id.text.chars().any(char::is_control) {
            let help = "choose a short name on one line";
            self.findings.add(code::BAD_ID, cell.span, "the id is too long or spans lines", help);
            return None;
        }
        self.clean(id)?;
        Some(RuleId::new(id.text.as_str()))
    }

    fn cells(&mut self, entry: &Entry) -> Sound<Vec<(usize, Cell)>> {
        let mut cells = Vec::new();
        let mut sound = true;
        for (slot, column) in self.columns.iter().enumerate() {
            let Some(written) = entry.get(&Key::On(column.clone())) else { continue };
            sound &= !written.broken;
            let mut cell = Cell::default();
            for value in &written.values {
                sound &= self.clean(value).is_some() && self.value(column, value, &mut cell);
                self.curly(value, written);
            }
            cell.arrange();
            cells.push((slot, cell));
        }
        // A broken cell without values names a column that is in no other row.
        sound &= !entry.cells.values().any(|cell| cell.broken);
        sound.then_some(cells)
    }

    /// Whether a name or value is free of characters that nobody sees and of quotes that nobody means.
    fn clean(&mut self, value: &Value) -> Sound<()> {
        let Some(damage) = hidden(&value.text).or_else(|| quotes(value.text.trim_start_matches('!'))) else {
            return Some(());
        };
        let message = format!("`{}` {}", shortened(&value.text).escape_debug(), damage.message);
        self.findings.add(damage.code, value.span, message, damage.help);
        None
    }

    /// Warns of a quote inside a value, unless the cell also names the value with straight quotes.
    fn curly(&mut self, value: &Value, cell: &Written) {
        if quotes(value.text.trim_start_matches('!')).is_none()
            && let Some((damage, straight)) = curly(&value.text)
            && !cell.values.iter().any(|other| other.text == straight)
        {
            let message = format!("`{}` {}", shortened(&value.text), damage.message);
            self.findings.add(damage.code, value.span, message, damage.help);
        }
    }

    /// Adds a value to a cell; false when it cannot be read.
    fn value(&mut self, column: &Column, value: &Value, cell: &mut Cell) -> bool {
        // Full-width forms of `!` are the same sign.
        let text = normal(&value.text);
        let (excludes, inner) = match text.strip_prefix('!') {
            Some(_) => {
                (true, value.text.get(value.text.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default())
            }
            None => (false, value.text.as_str()),
        };
        let inner = inner.trim();
        if *column == Column::JOB_CODE && inner.contains(char::is_whitespace) {
            let message = format!("the job code `{}` holds a space", shortened(inner));
            let help = "several codes are a list: job_code = [\"A\", \"B\"]; for a code with a space in CSV, write `*`";
            self.findings.add(code::SPACE_IN_CODE, value.span, message, help);
        }
        let pattern = match Pattern::parse(inner) {
            Ok(pattern) => pattern,
            Err(Fault::Range(why)) => {
                let message = format!("`{}` is not a range: {why}", shortened(inner));
                let help = if inner.contains('…') {
                    "write two dots, not the one character `…` that a word processor makes of three: SD-20..SD-29"
                } else {
                    "write a range as SD-20..SD-29"
                };
                self.findings.add(code::BAD_RANGE, value.span, message, help);
                return false;
            }
            Err(Fault::Value(why)) => {
                let message = format!("`{}` cannot be matched: {why}", shortened(&value.text));
                let help =
                    "a value is a text, a glob such as SD-1*, a range such as SD-20..SD-29, or one of them after `!`";
                self.findings.add(code::BAD_VALUE, value.span, message, help);
                return false;
            }
        };
        if *column == Column::Status && !STATUS_WORDS.iter().any(|word| pattern.matches(word)) {
            let message = format!("`{}` is not a status", shortened(inner));
            self.findings.add(code::BAD_STATUS, value.span, message, did_you_mean(inner, STATUS_WORDS));
            return false;
        }
        if let (true, Pattern::Exact(_), Some(damage)) = (column.holds_codes(), &pattern, remade(inner)) {
            let message = format!("`{}` {}", shortened(inner), damage.message);
            self.findings.add(damage.code, value.span, message, damage.help);
            if damage.code.severity == Severity::Error {
                return false;
            }
        }
        if let Some(damage) = foreign(inner, column) {
            let message = format!("`{}` {}", shortened(inner), damage.message);
            self.findings.add(damage.code, value.span, message, damage.help);
        }
        let side = if excludes { &mut cell.exclude } else { &mut cell.include };
        side.push(pattern, inner);
        true
    }

    fn gives(&mut self, entry: &Entry) -> Sound<Gives> {
        let tier = match entry.one(&Key::Tier) {
            None if entry.get(&Key::Tier).is_some() => return None,
            None => None,
            Some(value) if normal(&value.text) == "none" => Some(Tier::Denied),
            Some(value) => Some(Tier::Pool(self.pool(value, PoolKind::Tier)?)),
        };
        let mut addons = BTreeSet::new();
        if let Some(cell) = entry.get(&Key::Addons) {
            let mut sound = !cell.broken;
            for value in &cell.values {
                match self.pool(value, PoolKind::Addon) {
                    Some(pool) => {
                        addons.insert(pool);
                    }
                    None => sound = false,
                }
            }
            if !sound {
                return None;
            }
            if tier == Some(Tier::Denied) {
                let help = "remove the add-ons, or the `none`";
                self.findings.add(code::NONE_WITH_ADDONS, cell.span, "`none` denies every add-on", help);
                return None;
            }
        }
        if tier.is_none() && addons.is_empty() {
            let help = "give it a tier, `none`, or add-ons";
            self.findings.add(code::GIVES_NOTHING, entry.span, "it gives neither a tier nor add-ons", help);
            return None;
        }
        let class = self.class(entry, tier.is_some())?;
        let gives = Gives { tier, addons, class };
        self.pools_fit(entry, &gives).then_some(gives)
    }

    fn pool(&mut self, value: &Value, kind: PoolKind) -> Sound<PoolId> {
        self.clean(value)?;
        let (this, other) =
            if kind == PoolKind::Tier { (&self.tiers, &self.addons) } else { (&self.addons, &self.tiers) };
        let exact = PoolId::new(value.text.as_str());
        if self.catalog.pool(&exact).is_some_and(|pool| pool.kind == kind) {
            return Some(exact);
        }
        let name = normal(&value.text);
        if let Some(pool) = this.get(&*name) {
            return Some(pool.clone());
        }
        let (word, code) = match kind {
            PoolKind::Tier => ("a tier", code::UNKNOWN_TIER),
            PoolKind::Addon => ("an add-on", code::UNKNOWN_ADDON),
        };
        let message = format!("`{}` is not {word} of the catalog", shortened(&value.text));
        let help = if other.contains_key(&*name) {
            let (is, column) = if kind == PoolKind::Tier { ("an add-on", "addons") } else { ("a tier", "tier") };
            format!("it is {is}; write it into `{column}`")
        } else {
            let none = (kind == PoolKind::Tier).then_some("none");
            did_you_mean(&value.text, this.values().map(PoolId::as_str).chain(none))
        };
        self.findings.add(code, value.span, message, help);
        None
    }

    fn class(&mut self, entry: &Entry, has_tier: bool) -> Sound<Option<ClassName>> {
        let Some(cell) = entry.get(&Key::Class) else { return Some(None) };
        let value = entry.one(&Key::Class)?;
        let known = self.classes.iter().find(|class| normal(class.as_str()) == normal(&value.text));
        let class = known.cloned().unwrap_or_else(|| ClassName::new(value.text.as_str()));
        if known.is_none() {
            let message = format!("no pool reserves seats for class `{}`", shortened(&value.text));
            let help = did_you_mean(&value.text, self.classes.iter().map(ClassName::as_str));
            self.findings.add(code::UNKNOWN_CLASS, cell.span, message, help);
        }
        if !has_tier {
            let help = "the class is that of the row that decides the tier";
            self.findings.add(code::CLASS_WITHOUT_TIER, cell.span, "a class without a tier has no effect", help);
        }
        Some(Some(class).filter(|_| has_tier))
    }

    /// Whether no two pools of one row exclude each other; warns of add-ons that their tier does not carry.
    fn pools_fit(&mut self, entry: &Entry, gives: &Gives) -> bool {
        let span = entry.get(&Key::Addons).map_or(entry.span, |cell| cell.span);
        let tier = if let Some(Tier::Pool(pool)) = &gives.tier { Some(pool) } else { None };
        let beside: Vec<(Span, String)> =
            tier.and_then(|tier| Some((entry.get(&Key::Tier)?.span, format!("beside {tier}")))).into_iter().collect();
        let pools: Vec<&PoolId> = tier.into_iter().chain(&gives.addons).collect();
        let mut fit = true;
        for (at, one) in pools.iter().enumerate() {
            for other in pools.iter().skip(at + 1).filter(|other| excludes(self.catalog, one, other)) {
                let message = format!("{one} and {other} exclude each other");
                let others = beside.iter().filter(|_| tier == Some(one)).cloned().collect();
                let here = (span, format!("gives {other}"));
                self.findings.add_labelled(code::ADDONS_MEET, here, others, message, "give one of them".to_owned());
                fit = false;
            }
        }
        for addon in tier.iter().flat_map(|_| &gives.addons) {
            if let (Some(tier), Some(pool)) = (tier, self.catalog.pool(addon))
                && !pool.requires.is_empty()
                && !pool.requires.contains(tier)
            {
                let bases: Vec<&str> = pool.requires.iter().map(PoolId::as_str).collect();
                let message = format!("{addon} is never given beside {tier}");
                let help = format!("it builds on {}", bases.join(" or "));
                let here = (span, format!("gives {addon}"));
                self.findings.add_labelled(code::NO_BASE, here, beside.clone(), message, help);
            }
        }
        fit
    }

    fn window(&mut self, entry: &Entry) -> Sound<Window> {
        let from = self.date(entry, &Key::From);
        let until = self.date(entry, &Key::Until);
        let window = Window { from: from?, until: until? };
        if window.is_empty() {
            let span = entry.get(&Key::Until).map_or(entry.span, |cell| cell.span);
            let from = entry.get(&Key::From).map_or(entry.span, |cell| cell.span);
            let (this, others) = ((span, "the last day".to_owned()), vec![(from, "the first day".to_owned())]);
            let (message, help) = ("`until` is before `from`".to_owned(), "both days are included".to_owned());
            self.findings.add_labelled(code::DATES_REVERSED, this, others, message, help);
            return None;
        }
        Some(window)
    }

    fn date(&mut self, entry: &Entry, key: &Key) -> Sound<Option<Date>> {
        let Some(cell) = entry.get(key) else { return Some(None) };
        let text = &entry.one(key)?.text;
        // jiff also reads times and zones; a table holds plain days.
        let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        if let (true, Ok(date)) = (is_plain, text.parse::<Date>()) {
            return Some(Some(date));
        }
        let message = format!("`{}` is not a day", shortened(text));
        self.findings.add(code::BAD_DATE, cell.span, message, "write the day as year-month-day: 2026-12-31");
        None
    }

    fn priority(&mut self, entry: &Entry) -> Sound<i64> {
        let Some(cell) = entry.get(&Key::Priority) else { return Some(0) };
        let text = &entry.one(&Key::Priority)?.text;
        if let Ok(priority) = text.parse() {
            return Some(priority);
        }
        let message = format!("`{}` is not a whole number", shortened(text));
        self.findings.add(code::BAD_PRIORITY, cell.span, message, "the higher number wins; 0 when nothing is written");
        None
    }

    fn exception(&mut self, number: usize, entry: &Entry) -> Sound<Exception> {
        let mut complete = true;
        for (key, help) in [
            (Key::Person, "name one person by e-mail or employee number"),
            (Key::Until, "name the last day, such as until = 2026-12-31; an exception without an end is a rule"),
            (Key::Owner, "name who answers for it"),
            (Key::Reason, "say why, for whoever asks later"),
        ] {
            if entry.get(&key).is_none() {
                let span = entry.cells.get(&key).map_or(entry.span, |cell| cell.span);
                let message = format!("the exception has no `{key}`");
                self.findings.add(code::EXCEPTION_INCOMPLETE, span, message, help);
                complete = false;
            }
        }
        let gives = self.gives(entry);
        let window = self.window(entry);
        let person = entry.one(&Key::Person)?;
        let sound = complete && !entry.unsure && !entry.cells.values().any(|cell| cell.broken);
        let place = self.findings.place(person.span)?;
        if person.text.chars().count() > MAX_VALUE_CHARS {
            let help = "name one person by e-mail or employee number";
            self.findings.add(code::BAD_VALUE, person.span, "the person has more than 1,024 characters", help);
            return None;
        }
        self.clean(person)?;
        sound.then_some(Exception {
            id: RuleId::new(format!("exception:{}", person.text)),
            place,
            entry: number,
            person: normal(&person.text).into_owned(),
            gives: gives?,
            window: window?,
            owner: text_of(entry, &Key::Owner)?,
            reason: text_of(entry, &Key::Reason)?,
        })
    }
}

fn is_blank(cell: &Written) -> bool {
    cell.values.is_empty() && !cell.broken
}

fn text_of(entry: &Entry, key: &Key) -> Option<String> {
    entry.one(key).map(|value| value.text.clone())
}

/// Whether nobody may hold both pools, by the word of either.
pub(super) fn excludes(catalog: &Catalog, one: &PoolId, other: &PoolId) -> bool {
    let says = |a: &PoolId, b: &PoolId| catalog.pool(a).is_some_and(|pool| pool.excludes.contains(b));
    says(one, other) || says(other, one)
}

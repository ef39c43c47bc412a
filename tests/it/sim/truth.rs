//! Who should hold what, written from the documents: slow, obvious, and without a line of the program's own rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::civil::Date;
use seatwarden_mocks::world::{Person, Standing};
use seatwarden_mocks::{Field, Homes, Server};

use super::case::{PoolShape, Shape};

/// What is known of a person at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) standing: Standing,
    pub(super) okta_word: Option<String>,
    pub(super) job: Option<String>,
    pub(super) department: Option<String>,
    pub(super) email: String,
    pub(super) number: Option<String>,
    pub(super) homes: Homes,
}

impl Facts {
    pub(super) fn of(person: &Person) -> Self {
        let text = |field| person.get(field).map(str::to_owned);
        Self {
            standing: person.standing,
            okta_word: person.okta_status.clone(),
            job: text(Field::JobCode),
            department: text(Field::Department),
            email: person.email.clone(),
            number: text(Field::EmployeeNumber),
            homes: person.homes,
        }
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: u64,
    /// Exact, or a prefix with `*` behind it; any of them may match.
    pub(super) codes: Vec<&'static str>,
    pub(super) department: Option<&'static str>,
    /// `None` for a row that only adds add-ons.
    pub(super) tier: Option<&'static str>,
    pub(super) addons: Vec<&'static str>,
    pub(super) class: Option<&'static str>,
    pub(super) from: Option<Date>,
    pub(super) until: Option<Date>,
}

/// One person's exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exception {
    pub(super) person: String,
    pub(super) tier: &'static str,
    pub(super) until: Date,
}

/// The table. A row further down has the higher priority, so that no two ever tie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    pub(super) exceptions: Vec<Exception>,
}

impl Table {
    /// The table as a file.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (priority, row) in self.rows.iter().enumerate() {
            write!(text, "[[rule]]\nid = \"row-{}\"\n", row.id).unwrap();
            let codes: Vec<String> = row.codes.iter().map(|code| format!("\"{code}\"")).collect();
            let department = row.department.map(|department| format!(", department = \"{department}\""));
            writeln!(text, "when = {{ job_code = [{}]{} }}", codes.join(", "), department.unwrap_or_default()).unwrap();
            if let Some(tier) = row.tier {
                write!(text, "tier = \"{tier}\"\npriority = {priority}\n").unwrap();
            }
            if !row.addons.is_empty() {
                writeln!(text, "addons = {:?}", row.addons).unwrap();
            }
            if let Some(class) = row.class {
                writeln!(text, "class = \"{class}\"").unwrap();
            }
            for (name, date) in [("from", row.from), ("until", row.until)] {
                if let Some(date) = date {
                    writeln!(text, "{name} = {date}").unwrap();
                }
            }
        }
        for exception in &self.exceptions {
            let Exception { person, tier, until } = exception;
            write!(
                text,
                "[[exception]]\nperson = \"{person}\"\ntier = \"{tier}\"\nuntil = {until}\nowner = \"lead@acme.example\"\nreason = \"cover\"\n"
            )
            .unwrap();
        }
        text
    }
}

/// Where somebody stands, as the provider that counts shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    Active,
    /// Keeps what is held and gains nothing.
    Frozen,
    /// Keeps what is held through grace and gains nothing.
    Suspended,
    PreStart,
    Left,
}

/// What somebody should hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) stand: Stand,
    /// The wanted counted tier and what stands in for it, best first.
    pub(super) tiers: Vec<&'static str>,
    pub(super) addons: BTreeSet<&'static str>,
    pub(super) class: Option<&'static str>,
}

impl Due {
    /// Whether the person may have a seat of that pool.
    pub(super) fn gives(&self, pool: &str) -> bool {
        self.stand == Stand::Active && (self.tiers.contains(&pool) || self.addons.contains(pool))
    }
}

/// What was bought, by name.
pub(super) type Pools = BTreeMap<&'static str, PoolShape>;

/// Decides. Where somebody stands and what they are may have been read at different times.
pub(super) fn due(shape: &Shape, table: &Table, pools: &Pools, stands: &Facts, is: &Facts, today: Date) -> Due {
    let stand = stand(shape, stands);
    let mut due = Due { stand, tiers: Vec::new(), addons: BTreeSet::new(), class: None };
    if matches!(stand, Stand::Left | Stand::PreStart) {
        return due;
    }
    let exception = table.exceptions.iter().find(|exception| {
        exception.until >= today
            && (exception.person.eq_ignore_ascii_case(&is.email) || Some(&exception.person) == is.number.as_ref())
    });
    let matching = table.rows.iter().filter(|row| matches(row, is, today));
    let deciding = matching.clone().rfind(|row| row.tier.is_some());
    let tier = match (exception, deciding) {
        (Some(exception), _) => exception.tier,
        (None, Some(row)) => {
            due.class = row.class;
            due.addons.extend(&row.addons);
            row.tier.unwrap()
        }
        (None, None) => "requester",
    };
    if tier == "none" {
        due.addons.clear();
        return due;
    }
    for row in matching.filter(|row| row.tier.is_none()) {
        due.addons.extend(&row.addons);
    }
    due.addons.retain(|addon| carries(pools, addon, Some(tier)));
    let mut next = Some(tier);
    while let Some(tier) = next.filter(|tier| pools.get(tier).is_some_and(|pool| pool.seats.is_some())) {
        due.tiers.push(pools[tier].id);
        next = pools[tier].fallback;
    }
    due
}

/// Whether an add-on may stand on a tier.
pub(super) fn carries(pools: &Pools, addon: &str, tier: Option<&str>) -> bool {
    let requires = &pools[addon].requires;
    requires.is_empty() || tier.is_some_and(|tier| requires.contains(&tier))
}

fn matches(row: &Row, is: &Facts, today: Date) -> bool {
    let job = is.job.as_deref().is_some_and(|job| {
        row.codes.iter().any(|code| match code.strip_suffix('*') {
            Some(prefix) => job.starts_with(prefix),
            None => job == *code,
        })
    });
    job && row.department.is_none_or(|department| is.department.as_deref() == Some(department))
        && row.from.is_none_or(|from| from <= today)
        && row.until.is_none_or(|until| today <= until)
}

/// The first feed of `prefer` in which the person has an account decides.
fn stand(shape: &Shape, is: &Facts) -> Stand {
    let decides = shape.feeds.iter().find(|feed| is_home(is.homes, **feed));
    let okta = decides == Some(&Server::Okta);
    match is.standing {
        Standing::Active if okta && is.okta_word.as_deref() == Some("ODD") => Stand::Frozen,
        Standing::Active => Stand::Active,
        Standing::PreStart if okta => Stand::PreStart,
        Standing::Suspended if okta && shape.on_suspended == "keep" => Stand::Active,
        Standing::Suspended if okta && shape.on_suspended == "hold" => Stand::Suspended,
        Standing::PreStart | Standing::Suspended | Standing::Left | Standing::Deleted | Standing::Purged => Stand::Left,
    }
}

/// Whether that feed shows the person.
pub(super) fn is_home(homes: Homes, feed: Server) -> bool {
    match feed {
        Server::Okta => homes.okta,
        Server::Entra => homes.entra,
        Server::Scim => homes.scim,
        Server::Desk => false,
    }
}

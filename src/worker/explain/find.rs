//! Whom a text names: by number, e-mail, employee number, login name or account id, of people who are here and of
//! those who are gone.

use std::collections::BTreeSet;

use super::{Answer, PersonId, Warden, WardenError, exit};
use crate::directory::normalize;
use crate::model::{AccountId, MatchKey};
use crate::seats::Ledger;

/// People that are listed where a text fits several or nearly fits.
const LISTED: usize = 10;

/// Who was asked for.
pub(in crate::worker) enum Found {
    /// This person.
    One(PersonId),
    /// Nobody.
    Nobody,
    /// Several.
    Several(Vec<PersonId>),
}

impl Found {
    fn of(people: &BTreeSet<PersonId>) -> Self {
        let mut people = people.iter().copied();
        match (people.next(), people.next()) {
            (None, _) => Self::Nobody,
            (Some(one), None) => Self::One(one),
            (Some(one), Some(other)) => Self::Several([one, other].into_iter().chain(people).collect()),
        }
    }
}

impl Warden {
    /// Finds somebody. Who is known to the feeds goes before those whom the journal alone remembers.
    pub(in crate::worker) fn look_up(&self, text: &str) -> Result<Found, WardenError> {
        let text = text.trim();
        if let Ok(id) = text.to_ascii_lowercase().parse::<PersonId>() {
            let exists = self.parts.store.person(id)?.is_some() || self.ledger().known.contains_key(&id);
            return Ok(if exists { Found::One(id) } else { Found::Nobody });
        }
        let mut people: BTreeSet<PersonId> = [MatchKey::Email, MatchKey::EmployeeNumber, MatchKey::UserName]
            .into_iter()
            .flat_map(|key| self.people_with(key, text))
            .collect();
        let by_account: Vec<PersonId> = {
            let known = self.known();
            let (feed, id) = text.split_once('/').unwrap_or(("", text));
            let feeds = self.parts.config.feeds.keys();
            feeds
                .flat_map(|name| {
                    let whole = AccountId { feed: name.clone(), id: text.to_owned() };
                    let parted = AccountId { feed: name.clone(), id: id.to_owned() };
                    let parted = (name.as_str() == feed).then_some(parted);
                    std::iter::once(whole)
                        .chain(parted)
                        .filter_map(|id| known.mirror.person_of(&id))
                        .collect::<Vec<_>>()
                })
                .collect()
        };
        people.extend(by_account);
        if people.is_empty() {
            people = remembered(&self.ledger(), text);
        }
        Ok(Found::of(&people))
    }

    /// The answer where a text names nobody, or several.
    pub(in crate::worker) fn not_one(&self, text: &str, found: Found) -> Result<Answer, WardenError> {
        let (message, people) = match found {
            Found::One(id) => (format!("`{text}` is {id}"), vec![id]),
            Found::Several(people) => (format!("`{text}` fits {} people; name one of them:", people.len()), people),
            Found::Nobody => {
                let near = self.nearly(text)?;
                let message = format!("nobody is known as `{text}`");
                (if near.is_empty() { message } else { format!("{message}; did you mean:") }, near)
            }
        };
        let more = people.len().saturating_sub(LISTED);
        let mut lines = vec![message];
        for id in people.iter().take(LISTED) {
            lines.push(format!("  {}", self.line_of(*id)?));
        }
        if more > 0 {
            lines.push(format!("  and {more} more"));
        }
        Ok(Answer::failed(exit::DATA, lines.join("\n")))
    }

    /// One line to tell a person by.
    fn line_of(&self, id: PersonId) -> Result<String, WardenError> {
        let record = self.parts.store.person(id)?.filter(|record| !record.accounts.is_empty());
        let Some(record) = record else {
            let ledger = self.ledger();
            let view = self.person_view(id, &ledger);
            return Ok(format!("{id}  {}  (known from the journal only)", view.label()));
        };
        let person = self.person_of(&record);
        let accounts: Vec<String> = record.accounts.iter().map(|row| row.account.id.to_string()).collect();
        let words = [
            person.display_name.clone(),
            person.email.clone().map(|email| format!("<{email}>")),
            person.employee_number.clone().map(|number| format!("number {number}")),
            Some(person.status.to_string()),
            Some(format!("({})", accounts.join(", "))),
        ];
        Ok(format!("{id}  {}", words.into_iter().flatten().collect::<Vec<_>>().join("  ")))
    }

    /// People whose names contain the text.
    fn nearly(&self, text: &str) -> Result<Vec<PersonId>, WardenError> {
        let Some(wanted) = normalize(text).filter(|text| text.chars().count() > 2) else { return Ok(Vec::new()) };
        let mut near = Vec::new();
        self.parts.store.people(&mut |record| {
            let fits = record.accounts.iter().any(|row| {
                let account = &row.account;
                [&account.email, &account.display_name, &account.user_name, &account.employee_number]
                    .into_iter()
                    .flatten()
                    .any(|name| normalize(name).is_some_and(|name| name.contains(&wanted)))
            });
            if fits {
                near.push(record.id);
            }
            near.len() <= LISTED
        })?;
        Ok(near)
    }
}

/// People whom a ledger knows by that e-mail, employee number or account id.
pub(super) fn remembered(ledger: &Ledger, text: &str) -> BTreeSet<PersonId> {
    let wanted = normalize(text);
    let is = |name: &Option<String>| wanted.is_some() && name.as_deref().and_then(normalize) == wanted;
    let known = ledger.known.values().filter(|known| {
        let by_account = known.accounts.iter().any(|account| account.id == text || account.to_string() == text);
        by_account || is(&known.email) || is(&known.employee_number)
    });
    known.map(|known| known.person).collect()
}

//! A company in motion: people who are hired, move, are renamed, leave and come back.
//!
//! A world is a plain value. It depends on its seed and on the verbs called on it, and it has its own clock, which only
//! callers move ([`World::advance`]). The servers show the world as Okta, Entra and SCIM would show it.

mod change;
mod company;
mod ids;
mod person;
mod tick;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub use change::{Change, What};
pub use company::Company;
pub(crate) use ids::guid;
pub use person::{Accounts, Field, Hire, Homes, Person, PersonId, Standing};
pub use tick::Event;

use crate::rng::{Rng, mix};
use ids::okta_id;

/// The company, its clock and its log.
#[derive(Debug, Clone)]
pub struct World {
    /// The world's clock. Every `Date` header, time stamp and token life follows it.
    pub now: Timestamp,
    seed: u64,
    rng: Rng,
    people: Vec<Person>,
    log: Vec<Change>,
    okta: BTreeMap<Arc<str>, PersonId>,
    entra: BTreeMap<Arc<str>, PersonId>,
    scim: BTreeMap<Arc<str>, PersonId>,
    entra_purged: BTreeSet<Arc<str>>,
    next_number: u32,
}

/// When a world begins unless it is told otherwise: 2026-11-22T10:00:00Z.
pub const BEGINNING: Timestamp = Timestamp::constant(1_795_341_600, 0);

impl World {
    /// Begins with nobody in it, at [`BEGINNING`].
    pub fn empty(seed: u64) -> Self {
        Self {
            now: BEGINNING,
            seed,
            rng: Rng::labeled(seed, "events"),
            people: Vec::new(),
            log: Vec::new(),
            okta: BTreeMap::new(),
            entra: BTreeMap::new(),
            scim: BTreeMap::new(),
            entra_purged: BTreeSet::new(),
            next_number: 100_000,
        }
    }

    /// Moves the clock forward (or back, to see what a client makes of it).
    pub fn advance(&mut self, by: SignedDuration) {
        self.now = self.now.saturating_add(by).unwrap_or(self.now);
    }

    /// Hires somebody: an account appears in each of their homes.
    pub fn hire(&mut self, hire: Hire) -> PersonId {
        let id = PersonId(u32::try_from(self.people.len()).unwrap_or(u32::MAX));
        let person = self.newcomer(id, hire);
        self.people.push(person);
        self.open_accounts(id);
        self.note(id, What::Hired, None);
        id
    }

    /// Gives a person another job code and another department.
    pub fn move_to(&mut self, id: PersonId, job_code: &str, department: &str) {
        self.put(id, Field::JobCode, Some(job_code));
        self.put(id, Field::Department, Some(department));
        self.note(id, What::Moved, None);
    }

    /// Sets one attribute, or clears it with `None`.
    pub fn set(&mut self, id: PersonId, field: Field, value: Option<&str>) {
        self.put(id, field, value);
        self.note(id, What::Moved, None);
    }

    /// Gives a person another address and login name.
    pub fn rename(&mut self, id: PersonId, email: &str) {
        self.with(id, |person| email.clone_into(&mut person.email));
        self.note(id, What::Renamed, None);
    }

    /// Gives a person another name.
    pub fn rename_person(&mut self, id: PersonId, given_name: &str, family_name: &str) {
        self.with(id, |person| {
            given_name.clone_into(&mut person.given_name);
            family_name.clone_into(&mut person.family_name);
        });
        self.note(id, What::Renamed, None);
    }

    /// Gives a person another manager, or none.
    pub fn report_to(&mut self, id: PersonId, manager: Option<PersonId>) {
        self.with(id, |person| person.manager = manager);
        self.note(id, What::Manager, None);
    }

    /// Lets a person leave: see [`Standing::Left`].
    pub fn leave(&mut self, id: PersonId) {
        self.stand(id, Standing::Left, What::Left);
    }

    /// Takes a person back with the same employee number. The old accounts wake up; after a purge there are new ones,
    /// with new ids.
    pub fn rehire(&mut self, id: PersonId) {
        let purged = self.person(id).is_some_and(|person| person.standing == Standing::Purged);
        if purged {
            let now = self.now;
            self.with(id, |person| {
                person.generation += 1;
                person.created = now;
            });
            self.open_accounts(id);
        }
        self.stand(id, Standing::Active, What::Rehired);
    }

    /// Suspends a person: see [`Standing::Suspended`]. Group memberships stay, as at Okta.
    pub fn suspend(&mut self, id: PersonId) {
        self.stand(id, Standing::Suspended, What::Suspended);
    }

    /// Ends a suspension, or starts somebody who was hired as [`Standing::PreStart`].
    pub fn unsuspend(&mut self, id: PersonId) {
        self.stand(id, Standing::Active, What::Unsuspended);
    }

    /// Soft-deletes the accounts: see [`Standing::Deleted`].
    pub fn delete(&mut self, id: PersonId) {
        self.stand(id, Standing::Deleted, What::Deleted);
    }

    /// Deletes the accounts for good: they answer 404 everywhere and are in no list.
    pub fn purge(&mut self, id: PersonId) {
        let accounts = self.person(id).map(|person| person.accounts.clone()).unwrap_or_default();
        if let Some(account) = &accounts.okta {
            self.okta.remove(account);
        }
        if let Some(account) = &accounts.entra {
            self.entra.remove(account);
            self.entra_purged.insert(account.clone());
        }
        if let Some(account) = &accounts.scim {
            self.scim.remove(account);
        }
        self.with(id, |person| person.groups.clear());
        self.stand(id, Standing::Purged, What::Purged);
    }

    /// Puts a person into a group of the `IdP`. The user's own change stamp stays, as at Okta.
    pub fn join(&mut self, id: PersonId, group: &str) {
        self.with(id, |person| person.groups.extend([group.to_owned()]));
        self.note(id, What::Joined, Some(group));
    }

    /// Takes a person out of a group of the `IdP`.
    pub fn part(&mut self, id: PersonId, group: &str) {
        self.with(id, |person| person.groups.retain(|joined| joined != group));
        self.note(id, What::Parted, Some(group));
    }

    /// Gives a person an account in further homes.
    pub fn add_home(&mut self, id: PersonId, homes: Homes) {
        self.with(id, |person| person.homes = person.homes.and(homes));
        self.open_accounts(id);
        self.note(id, What::Hired, None);
    }

    /// Makes Okta show a status that does not follow from the standing (`LOCKED_OUT`, `PASSWORD_EXPIRED`, `RECOVERY`,
    /// `PROVISIONED`, or one that nobody has heard of), or ends that with `None`. A change of standing ends it too.
    pub fn set_okta_status(&mut self, id: PersonId, status: Option<&str>) {
        self.with(id, |person| person.okta_status = status.map(str::to_owned));
        self.note(id, What::Status, None);
    }

    /// Gives one person.
    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.people.get(id.index())
    }

    /// Gives everybody who was ever hired, in that order.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Finds a person by their present address.
    pub fn by_email(&self, email: &str) -> Option<PersonId> {
        self.people.iter().find(|person| person.email == email).map(|person| person.id)
    }

    /// Finds a person by employee number.
    pub fn by_number(&self, number: &str) -> Option<PersonId> {
        self.people.iter().find(|person| person.get(Field::EmployeeNumber) == Some(number)).map(|person| person.id)
    }

    /// Gives the Okta id of a person who has (or had) one.
    pub fn okta_id(&self, id: PersonId) -> Option<String> {
        self.person(id)?.accounts.okta.as_deref().map(str::to_owned)
    }

    /// Gives the Entra id of a person who has (or had) one.
    pub fn entra_id(&self, id: PersonId) -> Option<String> {
        self.person(id)?.accounts.entra.as_deref().map(str::to_owned)
    }

    /// Gives the id in the SCIM feed of a person who has (or had) one.
    pub fn scim_id(&self, id: PersonId) -> Option<String> {
        self.person(id)?.accounts.scim.as_deref().map(str::to_owned)
    }

    /// Gives the company's log: everything that ever happened, in order.
    pub fn log(&self) -> &[Change] {
        &self.log
    }

    /// Gives the seed the world began with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn okta_accounts(&self) -> &BTreeMap<Arc<str>, PersonId> {
        &self.okta
    }

    pub(crate) fn entra_accounts(&self) -> &BTreeMap<Arc<str>, PersonId> {
        &self.entra
    }

    /// The Entra accounts that were deleted for good.
    pub(crate) fn entra_purged(&self) -> &BTreeSet<Arc<str>> {
        &self.entra_purged
    }

    /// The log from `seq` (exclusive) on.
    pub(crate) fn log_after(&self, seq: u64) -> &[Change] {
        self.log.get(usize::try_from(seq).unwrap_or(usize::MAX)..).unwrap_or_default()
    }

    pub(crate) fn last_seq(&self) -> u64 {
        u64::try_from(self.log.len()).unwrap_or(u64::MAX)
    }

    fn newcomer(&mut self, id: PersonId, hire: Hire) -> Person {
        let Hire { email, given_name, family_name, employee_number, title, department, division, .. } = hire.clone();
        let Hire { cost_center, country, job_code, employee_type, manager, homes, standing, .. } = hire;
        let email = if email.is_empty() { format!("person-{}@acme.example", id.0) } else { email };
        let (given, family) = names_of(&email);
        let number = employee_number.unwrap_or_else(|| {
            self.next_number += 1;
            self.next_number.to_string()
        });
        let values = [
            (Field::EmployeeNumber, Some(number).filter(|number| !number.is_empty())),
            (Field::Title, title),
            (Field::Department, department),
            (Field::Division, division),
            (Field::CostCenter, cost_center),
            (Field::Organization, Some("Acme".to_owned())),
            (Field::Country, country),
            (Field::JobCode, job_code),
            (Field::EmployeeType, Some(employee_type.unwrap_or_else(|| "Employee".to_owned()))),
        ];
        Person {
            id,
            given_name: if given_name.is_empty() { given } else { given_name },
            family_name: if family_name.is_empty() { family } else { family_name },
            email,
            manager,
            groups: BTreeSet::new(),
            homes: if homes == Homes::default() { Homes::OKTA } else { homes },
            accounts: Accounts::default(),
            standing,
            okta_status: None,
            created: self.now,
            standing_changed: self.now,
            changed: self.now,
            generation: 0,
            fields: values.into_iter().filter(|(_, value)| value.is_some()).collect(),
        }
    }

    /// Opens what accounts a person lacks, by their homes and generation.
    fn open_accounts(&mut self, id: PersonId) {
        let Some(person) = self.people.get(id.index()) else { return };
        let (homes, generation) = (person.homes, person.generation);
        let number = |home: &str| mix(self.seed, format!("{home}/{}/{generation}", id.0).as_bytes());
        let okta: Option<Arc<str>> = homes.okta.then(|| okta_id(number("okta"), number("okta-tail")).into());
        let entra: Option<Arc<str>> = homes.entra.then(|| guid(number("entra"), number("entra-tail")).into());
        let scim: Option<Arc<str>> = homes.scim.then(|| format!("u-{:012x}", number("scim") >> 16).into());
        self.okta.extend(okta.iter().map(|account| (account.clone(), id)));
        self.entra.extend(entra.iter().map(|account| (account.clone(), id)));
        self.scim.extend(scim.iter().map(|account| (account.clone(), id)));
        self.with(id, |person| person.accounts = Accounts { okta, entra, scim });
    }

    fn stand(&mut self, id: PersonId, standing: Standing, what: What) {
        let now = self.now;
        self.with(id, |person| {
            person.standing = standing;
            person.standing_changed = now;
            person.okta_status = None;
        });
        self.note(id, what, None);
    }

    fn put(&mut self, id: PersonId, field: Field, value: Option<&str>) {
        self.with(id, |person| {
            let known = person.fields.contains_key(&field);
            // Clearing what was never set leaves it unset.
            if value.is_some() || known {
                person.fields.insert(field, value.map(str::to_owned));
            }
        });
    }

    fn with(&mut self, id: PersonId, edit: impl FnOnce(&mut Person)) {
        if let Some(person) = self.people.get_mut(id.index()) {
            edit(person);
        }
    }

    fn note(&mut self, id: PersonId, what: What, group: Option<&str>) {
        let (now, seq) = (self.now, self.last_seq() + 1);
        if !matches!(what, What::Joined | What::Parted) {
            self.with(id, |person| person.changed = now);
        }
        let Some(person) = self.people.get(id.index()) else { return };
        let accounts = person.accounts.clone();
        self.log.push(Change { seq, at: now, person: id, what, accounts, group: group.map(str::to_owned) });
    }
}

/// Makes a first and a last name from an address such as `ann.berg@acme.example`.
fn names_of(email: &str) -> (String, String) {
    let local = email.split('@').next().unwrap_or_default();
    let (given, family) = local.split_once('.').unwrap_or((local, "Acme"));
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    (capital(given), capital(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_history() {
        let mut left = Company::generate(7, 50);
        let mut right = Company::generate(7, 50);
        for _ in 0..200 {
            assert_eq!(left.tick(), right.tick());
        }
        assert_eq!(left.log(), right.log());
        assert_ne!(Company::generate(8, 50).log(), Company::generate(7, 50).log());
    }

    #[test]
    fn a_rehire_wakes_the_account_and_a_purge_ends_it() {
        let mut world = World::empty(1);
        let ann = world.hire(Hire::new("ann.berg@acme.example").job("SD-12").homes(Homes::OKTA.and(Homes::ENTRA)));
        let before = world.okta_id(ann);
        world.leave(ann);
        world.rehire(ann);
        assert_eq!(world.okta_id(ann), before);
        world.purge(ann);
        assert!(world.okta_accounts().is_empty() && world.entra_accounts().is_empty());
        world.rehire(ann);
        assert_ne!(world.okta_id(ann), before);
        assert_eq!(world.person(ann).unwrap().get(Field::JobCode), Some("SD-12"));
        assert_eq!(world.person(ann).unwrap().display_name(), "Ann Berg");
    }

    #[test]
    fn cleared_differs_from_never_set() {
        let mut world = World::empty(1);
        let ann = world.hire(Hire::new("ann@acme.example").job("SD-12"));
        world.set(ann, Field::JobCode, None);
        world.set(ann, Field::Title, None);
        let ann = world.person(ann).unwrap();
        assert!(ann.is_cleared(Field::JobCode) && !ann.is_cleared(Field::Title));
    }

    #[test]
    fn joining_a_group_leaves_the_change_stamp_alone() {
        let mut world = World::empty(1);
        let ann = world.hire(Hire::new("ann@acme.example"));
        world.advance(SignedDuration::from_secs(60));
        world.join(ann, "lic-desk");
        assert_eq!(world.person(ann).unwrap().changed, BEGINNING);
        assert_eq!(world.log().last().unwrap().what, What::Joined);
    }

    #[test]
    fn ids_look_like_the_vendors() {
        let mut world = World::empty(3);
        let ann = world.hire(Hire::new("ann@acme.example").homes(Homes::OKTA.and(Homes::ENTRA).and(Homes::SCIM)));
        let okta = world.okta_id(ann).unwrap();
        assert!(okta.starts_with("00u") && okta.len() == 20, "{okta}");
        assert_eq!(world.entra_id(ann).unwrap().len(), 36);
        assert_eq!("2026-11-22T10:00:00Z", BEGINNING.to_string());
    }
}

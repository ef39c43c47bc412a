//! Whom no pass takes a seat from, whatever the cause.

use std::collections::{BTreeMap, BTreeSet};

use super::warden::Warden;
use crate::directory::normalize;
use crate::model::{MatchKey, PersonId};

impl Warden {
    /// The people behind each name of `[people] protected`. A name that fits several protects all of them; one that fits
    /// nobody protects nobody, and `status` says so.
    pub(super) fn protected_names(&self) -> BTreeMap<String, BTreeSet<PersonId>> {
        let ledger = self.ledger();
        let found = |name: &String| {
            let keys = [MatchKey::Email, MatchKey::EmployeeNumber, MatchKey::UserName];
            let mut people: BTreeSet<PersonId> = keys.into_iter().flat_map(|key| self.people_with(key, name)).collect();
            // After a rebuild the journal knows holders whom no feed has shown yet.
            let wanted = normalize(name);
            let fits = |text: &Option<String>| text.as_deref().and_then(normalize) == wanted;
            let known = ledger.known.values().filter(|known| fits(&known.email) || fits(&known.employee_number));
            people.extend(known.map(|known| known.person));
            (name.clone(), people)
        };
        self.parts.config.protected.iter().map(found).collect()
    }

    /// Everybody who is protected.
    pub(super) fn protected(&self) -> BTreeSet<PersonId> {
        self.protected_names().into_values().flatten().collect()
    }
}

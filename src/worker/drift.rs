//! `target drift`: where a desk and the ledger say different things.

use super::observe::{Sorted, owners};
use super::request::{Answer, exit};
use super::view::{Difference, DriftView};
use super::warden::Warden;
use crate::model::TargetName;

impl Warden {
    /// Reads one desk or all and compares them with the ledger, person by person. Changes nothing.
    pub(super) async fn drift(&self, only: Option<&TargetName>) -> Answer {
        if let Some(name) = only.filter(|name| !self.parts.targets.contains_key(*name)) {
            return Answer::failed(exit::USAGE, format!("there is no target `{name}` in the configuration"));
        }
        let mut rows: Vec<DriftView> = Vec::new();
        let mut trouble = Vec::new();
        let mut code = exit::DONE;
        for (name, desk) in self.parts.targets.iter().filter(|(name, _)| only.is_none_or(|only| only == *name)) {
            let observed = match desk.observe().await {
                Ok(observed) => observed,
                Err(error) => {
                    code = code.max(super::answer::target_exit(&error));
                    trouble.push(format!("{name}: {error}"));
                    continue;
                }
            };
            let ledger = self.ledger();
            let owners = owners(&ledger, name);
            for (pool, accounts) in &observed.holders {
                let row = |difference, person, account| DriftView {
                    target: name.clone(),
                    pool: pool.clone(),
                    difference,
                    person: Option::map(person, |id| self.person_view(id, &ledger)),
                    account,
                };
                let Sorted { others, strangers, lost } = self.sort(name, pool, accounts, &ledger, &owners);
                rows.extend(
                    others
                        .into_iter()
                        .map(|(id, account)| row(Difference::NotInLedger, Some(id), Some(account.id.clone()))),
                );
                rows.extend(
                    strangers.into_iter().map(|account| row(Difference::Stranger, None, Some(account.id.clone()))),
                );
                rows.extend(lost.into_iter().map(|id| {
                    let account = ledger.desk_accounts.get(&(id, name.clone())).cloned();
                    row(Difference::NotAtDesk, Some(id), account)
                }));
            }
        }
        rows.sort();
        let mut answer = Answer::with_exit(code, &rows);
        answer.error = (!trouble.is_empty()).then(|| trouble.join("\n"));
        answer
    }
}

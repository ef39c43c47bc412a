//! `target drift`: where a desk and the ledger say different things.

use super::observe::owners;
use super::request::{Answer, exit};
use super::view::{Difference, DriftView};
use super::warden::Warden;
use crate::model::TargetName;
use crate::seats::HoldState;

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
                let mut shown = Vec::new();
                for account in accounts {
                    let person = self.holder(name, account, &owners);
                    match person {
                        Some(id) if ledger.holding(id, pool).is_some() => shown.push(id),
                        Some(_) => rows.push(row(Difference::NotInLedger, person, Some(account.id.clone()))),
                        None => rows.push(row(Difference::Stranger, None, Some(account.id.clone()))),
                    }
                }
                shown.sort();
                let held = ledger.holdings.iter().filter(|((_, of), holding)| {
                    // What is under way is settled by the pass that began it.
                    of == pool && holding.state == HoldState::Held
                });
                let missing = held.map(|((id, _), _)| *id).filter(|id| shown.binary_search(id).is_err());
                rows.extend(missing.map(|id| {
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

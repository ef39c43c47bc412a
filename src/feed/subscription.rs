//! A provider's promise to call us, where it has to be asked for and ends by itself.

use serde::{Deserialize, Serialize};

use crate::model::Time;

/// What we want to be called for.
pub struct Wish {
    /// Where to.
    pub url: String,
    /// Where to with news of the subscription itself.
    pub lifecycle_url: String,
    /// What every call has to repeat.
    pub client_state: secrecy::SecretString,
    /// Renew it now, however long it still runs.
    pub renew: bool,
}

/// A subscription as it was last seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its id at the provider.
    pub id: String,
    /// When it ends.
    pub expires_at: Time,
    /// When it was made or renewed last.
    pub renewed_at: Time,
    /// When it was last seen at the provider.
    pub checked_at: Time,
    /// A digest of what it was made for: another URL or another client state needs another subscription.
    pub made_for: String,
}

impl Subscription {
    /// When it should be renewed: in the middle of its life, so that there are many tries before it ends.
    pub fn half_life(&self) -> Time {
        self.renewed_at.plus(self.expires_at.since(self.renewed_at) / 2)
    }
}

/// What a provider did not call out, or called out in vain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missed {
    /// Where to go on reading.
    pub cursor: Option<String>,
    /// Calls did not come through.
    pub lost: bool,
    /// Accounts that may be gone, by id.
    pub gone: Vec<String>,
}

//! Where a reading of Okta ended: a time for the list of changes, a link for the System Log.

use serde::{Deserialize, Serialize};

use crate::feed::since::Since;

/// Raised with every change of what is asked of the log: a link keeps the filter of its first call.
const LOG_VERSION: u32 = 1;

/// The cursor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Changes up to here are known.
    #[serde(flatten)]
    pub since: Since,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log: Option<Log>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Log {
    v: u32,
    link: String,
}

impl Cursor {
    pub(super) fn new(since: Since, link: Option<String>) -> Self {
        Self { since, log: link.map(|link| Log { v: LOG_VERSION, link }) }
    }

    /// Reads a cursor; `None` for one that this version did not write.
    pub(super) fn read(text: &str) -> Option<Self> {
        let since = Since::read(text)?;
        let log = serde_json::from_str::<Self>(text).ok().and_then(|cursor| cursor.log);
        Some(Self { since, log: log.filter(|log| log.v == LOG_VERSION) })
    }

    pub(super) fn write(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// Where the log goes on.
    pub(super) fn link(&self) -> Option<&str> {
        self.log.as_ref().map(|log| log.link.as_str())
    }
}

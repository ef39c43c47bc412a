//! The cursor of feeds that list changes by time: Okta's `lastUpdated`, SCIM's `meta.lastModified`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::pages::Walked;
use crate::model::Time;

/// Read again with every list of changes: covers indexes that lag and clocks that differ between a provider's nodes.
const OVERLAP: Duration = Duration::from_mins(5);
const VERSION: u32 = 1;

/// Where the next list of changes begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Since {
    v: u32,
    /// Changes up to here are known.
    at: Time,
}

impl Since {
    /// The mark that a walk leaves. It is the server's own time when the walk began: an account that changes behind the
    /// walk is younger than that, however late its page was. Where the server does not tell the time it is that of the
    /// latest change. Never later than our own clock, so that no wrong date can skip the changes to come.
    pub(super) fn after(walked: &Walked, read_at: Time) -> Self {
        let at = walked.began.or(walked.latest).map_or(read_at, |there| there.min(read_at));
        Self { v: VERSION, at }
    }

    /// The cursor as text.
    pub(super) fn write(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// Reads a cursor; `None` for one that this version did not write.
    pub(super) fn read(cursor: &str) -> Option<Self> {
        serde_json::from_str(cursor).ok().filter(|since: &Self| since.v == VERSION)
    }

    /// The instant to ask from, with overlap.
    pub(super) fn from(self) -> Time {
        self.at.minus(OVERLAP)
    }
}

/// The spelling of Okta and most SCIM servers: milliseconds, always three digits.
pub(super) fn stamp(at: Time) -> String {
    at.timestamp().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

//! What the command line asks, and how it is answered: the same whether a daemon or the command itself owns the store.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::rules::Source;

/// A verb and its arguments. Travels over the control socket as one JSON line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Request {
    /// Reads the feeds and plans; writes nothing.
    Plan {},
    /// Plans and does it; with `expected`, only if the facts have not moved since.
    Apply {
        /// The digest of the plan that was shown.
        expected: Option<String>,
    },
    /// A full pass, or one for a feed or person.
    Sync {
        /// A feed's name, or a person as `explain` takes them; everything if `None`.
        what: Option<String>,
    },
    /// Releases a held plan for the next pass.
    Approve {
        /// Which.
        digest: String,
        /// Why.
        reason: String,
        /// Who.
        by: String,
    },
    /// Refuses a held plan.
    Reject {
        /// Which.
        digest: String,
        /// Why.
        reason: String,
        /// Who.
        by: String,
    },
    /// Gives the seats of a pass back.
    Undo {
        /// The pass.
        pass: u64,
        /// Why.
        reason: String,
        /// Who.
        by: String,
        /// Whether it is done or only shown.
        really: bool,
    },
    /// Why somebody has what they have.
    Explain {
        /// E-mail, employee number, login name, account id or `p-17`.
        person: String,
        /// What was at that date or time, instead of what is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
        /// What would be with this table, instead of the one in force.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rules: Option<Vec<RulesFile>>,
        /// Lists every row of the table.
        #[serde(default)]
        all_rows: bool,
    },
    /// Compares two tables over everybody in the store.
    RulesDiff {
        /// The old one.
        old: Table,
        /// The new one.
        new: Table,
        /// Whether people are named; else they are only counted.
        names: bool,
    },
    /// Counts everybody by row and by job code.
    RulesCoverage {
        /// By which table.
        table: Table,
    },
    /// How everything stands.
    Status {},
    /// Seats by pool.
    Seats {},
    /// People and what they hold.
    People {
        /// Only holders and people in queues of that pool.
        pool: Option<String>,
        /// Only people whose name, e-mail or number contains this.
        search: Option<String>,
        /// How many at most.
        limit: usize,
    },
    /// The desks.
    TargetList {},
    /// Takes seats at a desk into the ledger.
    TargetAdopt {
        /// The desk.
        target: String,
    },
    /// The journal, entry by entry.
    AuditExport {
        /// From this number on.
        from: u64,
    },
    /// Verifies the chain.
    AuditVerify {},
    /// Reads the whole store and compares it.
    StoreVerify {},
    /// The lines of a backup, one by one.
    StoreBackup {},
    /// Seats at a desk and in the ledger that are not the same.
    TargetDrift {
        /// The desk; all of them if `None`.
        target: Option<String>,
    },
    /// Takes in a recorded delivery of a hook.
    WebhookReplay {
        /// The feed it was meant for.
        feed: String,
        /// The body as it came.
        body: String,
    },
}

/// Which table a request is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// The one in force.
    InForce,
    /// The one of the last pass, for whoever asks without a daemon; where no pass was made, another one if it is given.
    Kept {
        /// Instead of it.
        or: Option<Box<Table>>,
    },
    /// Files, as whoever asks has read them.
    Files {
        /// What people call the table: `HEAD~1`, `the files`.
        name: String,
        /// The files.
        files: Vec<RulesFile>,
    },
}

impl Table {
    /// Files that were read.
    pub fn files(name: impl Into<String>, sources: Vec<Source>) -> Self {
        Self::Files { name: name.into(), files: sources.into_iter().map(RulesFile::from).collect() }
    }
}

/// A file of a table that travels with a request: a daemon need not be able to read what its user can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesFile {
    /// Its path as shown to people.
    pub path: String,
    /// Its content.
    pub content: Content,
}

/// The content of a file: as text where it is UTF-8, for that is shorter on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// UTF-8.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl From<Source> for RulesFile {
    fn from(source: Source) -> Self {
        let content = String::from_utf8(source.bytes);
        Self {
            path: source.path,
            content: content.map_or_else(|error| Content::Bytes(error.into_bytes()), Content::Text),
        }
    }
}

impl From<RulesFile> for Source {
    fn from(file: RulesFile) -> Self {
        let bytes = match file.content {
            Content::Text(text) => text.into_bytes(),
            Content::Bytes(bytes) => bytes,
        };
        Self { path: file.path, bytes }
    }
}

/// One frame of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// A part of a long answer.
    Item(Value),
    /// A line for people, on stderr.
    Talk(String),
    /// The end.
    End(Answer),
}

/// The end of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The exit code.
    pub exit: u8,
    /// The data, in the shape of INTERFACE section 5; `null` where items came before or nothing is to be said.
    pub data: Value,
    /// What went wrong, for stderr.
    pub error: Option<String>,
}

impl Answer {
    /// Success with data.
    pub fn data(value: &impl Serialize) -> Self {
        Self::with_exit(exit::DONE, value)
    }

    /// Data with an exit code.
    pub fn with_exit(exit: u8, value: &impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(data) => Self { exit, data, error: None },
            Err(error) => Self::failed(exit::FAILED, error.to_string()),
        }
    }

    /// A failure.
    pub fn failed(exit: u8, why: impl Into<String>) -> Self {
        Self { exit, data: Value::Null, error: Some(why.into()) }
    }
}

/// Exit codes of INTERFACE section 4.
pub mod exit {
    /// Done, or nothing to do.
    pub const DONE: u8 = 0;
    /// Failed.
    pub const FAILED: u8 = 1;
    /// Only with `--detailed-exitcode`: changes pending.
    pub const PENDING: u8 = 2;
    /// Held by a brake, approval needed.
    pub const HELD: u8 = 3;
    /// Usage.
    pub const USAGE: u8 = 64;
    /// Rules or data invalid.
    pub const DATA: u8 = 65;
    /// A provider, desk or the store is unreachable.
    pub const UNREACHABLE: u8 = 69;
    /// Try later.
    pub const LATER: u8 = 75;
    /// Refused by the other side.
    pub const REFUSED: u8 = 77;
    /// Configuration.
    pub const CONFIG: u8 = 78;
}

/// Frames that wait for the reader; above this the answer waits.
pub const FRAMES: usize = 64;

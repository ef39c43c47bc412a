//! What is wrong with a file that people edit, and where.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing found in a configuration, catalog or rules file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// Where it is; `None` only where no file is to blame.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// Stable code: `C…` configuration, `K…` catalog, `R…` rules.
    pub code: String,
    /// Whether it stops the program.
    pub severity: Severity,
    /// What is wrong, lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// What stands at the place, where the message names several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Other places that have a part in it, such as the cells of the other row of a tie.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
}

/// Another place that has a part in a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Related {
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// What part it has, in a few words.
    pub message: String,
}

impl Finding {
    /// A finding at one place, or at none.
    pub fn new(place: Option<Place>, code: impl Into<String>, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            place,
            code: code.into(),
            severity,
            message: message.into(),
            help: None,
            label: None,
            related: Vec::new(),
        }
    }

    /// With advice; an empty text is none.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into()).filter(|text| !text.is_empty());
        self
    }
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Path as it was given or found.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Byte offset of the offending text in the file, for labels.
    #[serde(skip)]
    pub offset: usize,
    /// Length of the offending text in bytes.
    #[serde(skip)]
    pub length: usize,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The files cannot be used.
    Error,
    /// They can, and somebody should look.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

//! Secrets: where they are kept, never what they are.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;
use thiserror::Error;

/// Where a secret is kept. It is read each time it is used, so that a rotated file needs no restart.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The content of a file, without the trailing line break.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// A systemd credential: a file below `$CREDENTIALS_DIRECTORY`.
    Credential(String),
}

/// Why a secret cannot be had. Says where, never what.
#[derive(Debug, Error)]
#[error("cannot read the secret from {place}: {why}")]
pub struct SecretError {
    /// Where it should be.
    pub place: String,
    /// What is wrong.
    pub why: String,
}

impl Secret {
    /// Reads the secret now.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        let text = match self {
            Self::File(path) => std::fs::read_to_string(path).map_err(|error| self.error(&error))?,
            Self::Env(name) => std::env::var(name).map_err(|error| self.error(&error))?,
            Self::Credential(name) => {
                let folder = std::env::var_os("CREDENTIALS_DIRECTORY")
                    .ok_or_else(|| self.error(&"$CREDENTIALS_DIRECTORY is not set"))?;
                std::fs::read_to_string(PathBuf::from(folder).join(name)).map_err(|error| self.error(&error))?
            }
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(self.error(&"it is empty"));
        }
        Ok(SecretString::from(text))
    }

    fn error(&self, why: &dyn fmt::Display) -> SecretError {
        SecretError { place: format!("{self:?}"), why: why.to_string() }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::Credential(name) => write!(f, "credential {name}"),
        }
    }
}

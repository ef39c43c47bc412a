//! `approve` and `reject`: an operator's word on a held plan.

use clap::Args;
use serde_json::Value;

use super::{Global, asking, output};
use crate::worker::Request;

/// Arguments of `approve`.
#[derive(Debug, Args)]
pub struct Approve {
    #[command(flatten)]
    word: Word,
}

/// Arguments of `reject`.
#[derive(Debug, Args)]
pub struct Reject {
    #[command(flatten)]
    word: Word,
}

#[derive(Debug, Args)]
struct Word {
    /// The digest that `plan` and `status` show, or its beginning.
    digest: String,
    /// Why; goes into the audit.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who; the operating system's user without it.
    #[arg(long = "as", value_name = "NAME")]
    by: Option<String>,
}

impl Approve {
    pub(super) async fn run(self, global: &Global) -> u8 {
        let Word { digest, reason, by } = self.word;
        let by = by.unwrap_or_else(user);
        send(global, Request::Approve { digest, reason, by }).await
    }
}

impl Reject {
    pub(super) async fn run(self, global: &Global) -> u8 {
        let Word { digest, reason, by } = self.word;
        let by = by.unwrap_or_else(user);
        send(global, Request::Reject { digest, reason, by }).await
    }
}

async fn send(global: &Global, request: Request) -> u8 {
    match asking::ask_once(global, request).await {
        Ok(answer) => output::finish(global, answer, |value: &Value| {
            let text = |name: &str| value.get(name).map(|field| field.to_string().replace('"', "")).unwrap_or_default();
            if value.get("approved") == Some(&Value::Bool(true)) {
                let count = |name: &str| value.get(name).and_then(Value::as_u64).unwrap_or_default();
                let (approvals, needed) = (count("approvals"), count("needed"));
                let then = match needed.saturating_sub(approvals) {
                    0 => "the next pass does it".to_owned(),
                    more => format!("{more} more needed"),
                };
                format!("approved by {} ({approvals} of {needed} needed); {then}", text("by"))
            } else {
                format!("rejected by {}; the steps stay held", text("by"))
            }
        }),
        Err(code) => code,
    }
}

/// The operating system's user, for the audit: the login name where the environment tells it, else the number.
pub(super) fn user() -> String {
    std::env::var("USER")
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

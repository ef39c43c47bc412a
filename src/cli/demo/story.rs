//! What happens in the first minute, told as it happens. It sees the daemon as any operator does: by the control socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use owo_colors::OwoColorize as _;
use seatwarden_mocks::{Mocks, PersonId};
use serde::de::DeserializeOwned;

use crate::cli::output;
use crate::cli::screen::{self, Screen};
use crate::inbound::control;
use crate::model::PoolId;
use crate::worker::Request;
use crate::worker::view::{ExplainView, PersonRow, SeatsView, StatusView};

/// How often the story looks whether something has happened.
const LOOK: Duration = Duration::from_millis(300);
/// How many times it looks before it goes on all the same.
const LOOKS: usize = 100;

pub(super) async fn tell(mocks: Mocks, socket: PathBuf, config: PathBuf) {
    let desk = Desk { mocks, socket };
    let Some(status) = desk.wait(|status| !status.held.is_empty()).await else { return };
    say(
        "The first pass has read everybody. The first big fill of an empty ledger looks like a mistake, so a brake holds it:",
    );
    for held in &status.held {
        say(&format!("  {} ({}): {}", held.cause.yellow(), held.pool, held.text));
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    for held in &status.held {
        say(&format!("  $ seatwarden approve {} --reason 'first fill'", output::short(held.digest.as_str())));
        let (digest, reason) = (held.digest.to_string(), "first fill".to_owned());
        desk.ask::<serde_json::Value>(Request::Approve { digest, reason, by: "demo".to_owned() }).await;
    }
    desk.wait_seats(|seats| seats.free == Some(0) || seats.used >= 100).await;
    desk.show_seats("Exactly that plan was released, once:").await;

    desk.mover().await;
    desk.leaver().await;
    desk.mass_move(&config).await;
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let told = {
            let world = &mut desk.mocks.state().world;
            let event = world.tick();
            event.told(world)
        };
        say(&format!("meanwhile: {}", told.dimmed()));
    }
}

struct Desk {
    mocks: Mocks,
    socket: PathBuf,
}

impl Desk {
    async fn ask<T: DeserializeOwned>(&self, request: Request) -> Option<T> {
        let answer = control::ask(&self.socket, &request, &mut |_| {}).await.ok()?;
        serde_json::from_value(answer.data).ok()
    }

    async fn wait(&self, seen: impl Fn(&StatusView) -> bool) -> Option<StatusView> {
        for _ in 0..LOOKS {
            if let Some(status) = self.ask::<StatusView>(Request::Status {}).await
                && seen(&status)
            {
                return Some(status);
            }
            tokio::time::sleep(LOOK).await;
        }
        None
    }

    async fn fulfiller(&self) -> Option<SeatsView> {
        let seats: Vec<SeatsView> = self.ask(Request::Seats {}).await?;
        seats.into_iter().find(|seats| seats.pool == PoolId::from("fulfiller"))
    }

    async fn wait_seats(&self, seen: impl Fn(&SeatsView) -> bool) {
        for _ in 0..LOOKS {
            if self.fulfiller().await.is_some_and(|seats| seen(&seats)) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn show_seats(&self, text: &str) {
        say(text);
        if let Some(seats) = self.fulfiller().await {
            say(screen::pool_lines(&seats, Screen::of_process()).trim_end());
        }
    }

    async fn people(&self) -> Vec<PersonRow> {
        let request = Request::People { pool: Some("fulfiller".to_owned()), search: None, limit: 1_000 };
        self.ask(request).await.unwrap_or_default()
    }

    /// Holders on the service desk: their address and who they are in the company.
    async fn analysts(&self) -> Vec<(String, PersonId)> {
        let people = self.people().await;
        let state = self.mocks.state();
        people
            .into_iter()
            .filter(|row| row.tier == PoolId::from("fulfiller") && row.waiting_for.is_empty())
            .filter(|row| row.job_code.as_ref().is_some_and(|code| code.starts_with("SD-")))
            .filter_map(|row| row.person.email.and_then(|email| Some((email.clone(), state.world.by_email(&email)?))))
            .collect()
    }

    async fn waiting(&self) -> Vec<String> {
        let people = self.people().await;
        people.into_iter().filter(|row| !row.waiting_for.is_empty()).filter_map(|row| row.person.email).collect()
    }

    async fn mover(&self) {
        let Some((email, id)) = self.analysts().await.into_iter().next() else { return };
        self.mocks.state().world.move_to(id, "FIN-3", "Finance");
        say(&format!("\n{} moves from the service desk to Finance.", email.bold()));
        for _ in 0..LOOKS {
            let view: Option<ExplainView> =
                self.ask(Request::Explain { person: email.clone(), at: None, rules: None, all_rows: false }).await;
            let leaving = view.iter().flat_map(|view| &view.holding.seats).find_map(|seat| seat.leaving_at);
            if let Some(at) = leaving {
                say(&format!("  A mover keeps the seat through the grace of the tier, until {at}."));
                say(&format!("  $ seatwarden explain {email}"));
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn leaver(&self) {
        let Some((email, id)) = self.analysts().await.into_iter().next() else { return };
        let before = self.waiting().await;
        self.mocks.state().world.leave(id);
        say(&format!("\n{} leaves the company.", email.bold()));
        for _ in 0..LOOKS {
            let after = self.waiting().await;
            let left = !self.analysts().await.iter().any(|(other, _)| *other == email);
            if left && let Some(next) = before.iter().find(|waiting| !after.contains(waiting)) {
                say(&format!("  The seat went to {}, first in the queue, in the same pass.", next.bold()));
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn mass_move(&self, config: &Path) {
        let many: Vec<(String, PersonId)> = self.analysts().await.into_iter().take(12).collect();
        for (_, id) in &many {
            self.mocks.state().world.move_to(*id, "FIN-4", "Finance");
        }
        say(&format!("\nHR moves {} analysts to Finance at once. When their grace ends …", many.len()));
        let Some(status) = self.wait(|status| status.held.iter().any(|held| held.cause.starts_with("revoke"))).await
        else {
            return;
        };
        for held in status.held.iter().filter(|held| held.cause.starts_with("revoke")) {
            say(&format!("  … a brake holds: {} wanted, {} pass. {}", held.wanted, held.limit, held.text.yellow()));
            say("  Nobody lost a seat by it, and everything else goes on. Look and decide:");
            say(&format!("  $ export SEATWARDEN_CONFIG={}", config.display()));
            say("  $ seatwarden plan");
            say(&format!("  $ seatwarden approve {} --reason TEXT", output::short(held.digest.as_str())));
        }
        say("\nThe company goes on by itself now. Ctrl-C ends the demo.");
    }
}

fn say(text: &str) {
    output::say(text);
}

//! `demo`: a company of 400 people in two mock identity providers, a mock desk, and the daemon between them, in one
//! process. Everything is in a temporary folder; Ctrl-C ends it and leaves nothing behind.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use seatwarden_mocks::{Company, MockServer, Mocks, Server};

use super::{Global, LogLevel, output, run, setup};
use crate::ambient::{Clock as _, SystemClock};
use crate::worker::request::exit;

mod files;
mod story;

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// How many people the company has.
    #[arg(long, default_value_t = 400)]
    pub people: usize,
    /// Another company for another seed.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Ends by itself after so long.
    #[arg(long, value_parser = super::duration, value_name = "TIME")]
    pub stop_after: Option<Duration>,
}

impl Demo {
    pub(super) async fn run(self, global: &Global) -> u8 {
        match self.start(global).await {
            Ok(code) => code,
            Err(error) => {
                output::complain(&format!("the demo cannot start: {error}"));
                exit::FAILED
            }
        }
    }

    async fn start(self, global: &Global) -> std::io::Result<u8> {
        let mocks = Mocks::new(Company::generate(self.seed, self.people));
        mocks.run_clock(SystemClock.now().timestamp());
        let servers = Servers::start(&mocks).await?;
        let folder = tempfile::Builder::new().prefix("seatwarden-demo-").tempdir()?;
        let config = files::write(folder.path(), &servers.okta.url(), &servers.entra.url(), &servers.desk.url())?;
        let mut global = global.clone();
        global.config.clone_from(&config);
        global.set = Vec::new();
        setup::start_log(&global, LogLevel::Error);
        let Ok(ready) = setup::read(&global) else { return Ok(exit::CONFIG) };
        welcome(&config, &servers);
        let socket = ready.loaded.config.listen.control.clone();
        let told = tokio::spawn(story::tell(mocks, socket, config));
        let code = tokio::select! {
            code = run::daemon(&global, ready) => code,
            () = ended(self.stop_after) => exit::DONE,
        };
        told.abort();
        output::say("\nThe demo has ended; its folder is removed.");
        Ok(code)
    }
}

struct Servers {
    okta: MockServer,
    entra: MockServer,
    desk: MockServer,
}

impl Servers {
    async fn start(mocks: &Mocks) -> std::io::Result<Self> {
        for (group, seats) in [("lic-fulfiller", 120), ("lic-major-incident", 15)] {
            let mut state = mocks.state();
            let state = &mut *state;
            state.desk.add_group(&state.world, group, Some(seats));
        }
        Ok(Self {
            okta: mocks.serve(Server::Okta).await?,
            entra: mocks.serve(Server::Entra).await?,
            desk: mocks.serve(Server::Desk).await?,
        })
    }
}

async fn ended(after: Option<Duration>) {
    match after {
        Some(after) => tokio::time::sleep(after).await,
        None => std::future::pending().await,
    }
}

fn welcome(config: &Path, servers: &Servers) {
    let program = std::env::current_exe().map_or("seatwarden".to_owned(), |path| path.display().to_string());
    let config = config.display();
    output::say(&format!(
        "A mock Okta ({}), a mock Entra ID ({}) and a desk with 120 fulfiller seats ({}) are up.\n\
         Look from another terminal:\n\n\
         \x20 export SEATWARDEN_CONFIG={config}\n\
         \x20 {program} status\n\
         \x20 {program} seats\n\
         \x20 {program} people --pool fulfiller\n\
         \x20 {program} plan\n\
         \x20 {program} audit export | tail -3\n\n\
         Ctrl-C ends it and leaves nothing behind.\n",
        servers.okta.url(),
        servers.entra.url(),
        servers.desk.url(),
    ));
}

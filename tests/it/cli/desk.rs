//! A company, its mocks, and the files of a configuration, for running the program against.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use jiff::Timestamp;
use seatwarden_mocks::{Hire, MockServer, Mocks, Server, World, okta, scim};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(super) struct Desk {
    pub(super) mocks: Mocks,
    pub(super) folder: TempDir,
    runtime: Runtime,
    servers: Vec<MockServer>,
}

/// What one run of the program said.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Said {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Desk {
    /// So many analysts and one accountant at a mock Okta, a SCIM desk, and brakes as given.
    pub(super) fn new(analysts: usize, brakes: &str) -> Self {
        let mut world = World::empty(5);
        for number in 1..=analysts {
            world.hire(
                Hire::new(&format!("a{number:03}@acme.example"))
                    .number(&format!("{number:05}"))
                    .job("SD-12")
                    .department("IT"),
            );
        }
        world.hire(Hire::new("fin@acme.example").number("90001").job("FIN-3").department("Finance"));
        let mocks = Mocks::new(world);
        mocks.with(|state| state.desk.add_group(&state.world, "lic-fulfiller", None));
        #[expect(clippy::disallowed_methods, reason = "the program under test lives by the system's clock")]
        mocks.run_clock(Timestamp::now());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (idp, desk) = runtime
            .block_on(async { (mocks.serve(Server::Okta).await.unwrap(), mocks.serve(Server::Desk).await.unwrap()) });
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "[store]\npath = \"store\"\n[listen]\nops = \"127.0.0.1:0\"\ncontrol = \"control.sock\"\n\
             [rules]\npath = \"rules\"\n[catalog]\npath = \"catalog.toml\"\n[people]\nmatch_on = [\"employee_number\", \"email\"]\n\
             [pass]\nincremental = \"1s\"\nfull = \"1h\"\njitter = \"0%\"\n{brakes}\n\
             [feed.okta]\nkind = \"okta\"\nurl = \"{}\"\nauth = {{ kind = \"ssws\", token = {{ file = \"okta.token\" }} }}\n\
             attributes = {{ job_code = \"profile.jobCode\" }}\nbudget = \"100%\"\n\
             [target.desk]\nkind = \"scim\"\nurl = \"{}/scim/v2\"\nauth = {{ kind = \"bearer\", token = {{ file = \"desk.token\" }} }}\n\
             mode = \"full\"\nmatch_on = [\"external_id\", \"email\"]\nseats = {{ fulfiller = {{ group = \"lic-fulfiller\" }} }}\n",
            idp.url(),
            desk.url()
        );
        let desk = Self { mocks, folder, runtime, servers: vec![idp, desk] };
        fs::create_dir(desk.path("rules")).unwrap();
        desk.write("seatwarden.toml", &config);
        desk.write(
            "catalog.toml",
            "default_tier = \"requester\"\n[tier.requester]\nrank = 0\nseats = \"unlimited\"\n\
             [tier.fulfiller]\nrank = 20\nseats = 30\nfallback = \"requester\"\n",
        );
        desk.write("rules/people.csv", "id,job_code,department,tier\nanalysts,SD-1* SD-20..SD-29,IT,fulfiller\n");
        desk.write("okta.token", okta::SSWS_TOKEN);
        desk.write("desk.token", scim::BEARER_TOKEN);
        desk
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seatwarden"));
        command.env_clear().env("SEATWARDEN_CONFIG", self.path("seatwarden.toml")).args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(super) fn run(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    /// Stops the mock Okta, as a provider that is down.
    pub(super) fn stop_okta(&mut self) {
        let server = self.servers.remove(0);
        self.runtime.block_on(server.stop());
    }

    pub(super) fn leave(&self, email: &str) {
        self.mocks.with(|state| {
            let id = state.world.by_email(email).unwrap();
            state.world.leave(id);
        });
    }

    /// Waits for what the mocks do over the wire.
    pub(super) fn block_on<T>(&self, action: impl Future<Output = T>) -> T {
        self.runtime.block_on(action)
    }

    pub(super) fn members(&self) -> usize {
        self.mocks.with(|state| state.desk.members("lic-fulfiller").len())
    }
}

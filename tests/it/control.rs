//! The control socket among peers that do not know what they say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use seatwarden::ambient::{Chance, SystemClock};
use seatwarden::config;
use seatwarden::inbound::control;
use seatwarden::outbound::{HttpTransport, Ports};
use seatwarden::store::Overlay;
use seatwarden::worker::request::exit;
use seatwarden::worker::{Frame, Parts, Request, Warden};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio_util::sync::CancellationToken;

struct Served {
    path: PathBuf,
    stop: CancellationToken,
    ended: tokio::task::JoinHandle<()>,
    _folder: TempDir,
}

/// A warden without feeds or desks behind a control socket.
async fn serve() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let text = "[store]\npath = \"store\"\n[rules]\npath = \"rules.csv\"\n[catalog]\npath = \"catalog.toml\"\n\
        [listen]\ncontrol = \"control.sock\"\n[feed.okta]\nkind = \"okta\"\nurl = \"http://127.0.0.1:9\"\n\
        auth = { kind = \"ssws\", token = { file = \"token\" } }\nattributes = { job_code = \"profile.jobCode\" }\n";
    let catalog = "default_tier = \"requester\"\n[tier.requester]\nrank = 0\nseats = \"unlimited\"\n\
        [tier.fulfiller]\nrank = 20\nseats = 5\nfallback = \"requester\"\n";
    let rules = "id,job_code,tier\nanalysts,SD-*,fulfiller\n";
    for (name, content) in
        [("seatwarden.toml", text), ("catalog.toml", catalog), ("rules.csv", rules), ("token", "00sesame")]
    {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let loaded = config::load(&folder.path().join("seatwarden.toml"), &BTreeMap::new(), &[])
        .unwrap_or_else(|failed| panic!("{}", config::render::text(&failed.findings, &failed.sources, false)));
    let outlet = |ca_file: Option<&Path>| {
        HttpTransport::new(ca_file).map(|transport| Ports {
            transport: Arc::new(transport),
            clock: Arc::new(SystemClock),
            chance: Arc::new(Chance::system()),
            patience: Duration::from_secs(1),
        })
    };
    let sources = config::load_rules_sources(&loaded.config.rules).unwrap();
    let store = Arc::new(Overlay::empty());
    let parts = Parts::build(loaded.config, loaded.catalog, store, Arc::new(SystemClock), outlet).unwrap();
    let warden = Arc::new(Warden::open(parts, sources).unwrap());
    let path = folder.path().join("control.sock");
    let listener = control::listen(&path).await.unwrap();
    let stop = CancellationToken::new();
    let (triggers, _inbox) = tokio::sync::mpsc::channel(4);
    let ended = tokio::spawn(control::serve(listener, path.clone(), warden, triggers, stop.clone()));
    Served { path, stop, ended, _folder: folder }
}

impl Served {
    /// Says these bytes and hears the answer to its end.
    async fn say(&self, bytes: &[u8]) -> String {
        let mut stream = UnixStream::connect(&self.path).await.unwrap();
        // A daemon that has heard enough may close before everything is said.
        let _closed = stream.write_all(bytes).await;
        let mut answer = String::new();
        let _reset = stream.read_to_string(&mut answer).await;
        answer
    }

    async fn is_well(&self) {
        let mut deaf = |_| {};
        let asked = control::ask(&self.path, &Request::Status {}, &mut deaf);
        let answer = tokio::time::timeout(Duration::from_secs(30), asked).await.expect("no answer").unwrap();
        assert_eq!(answer.exit, exit::DONE);
    }

    async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(5), self.ended).await.expect("it does not stop").unwrap();
    }
}

fn refused(answer: &str) -> String {
    match serde_json::from_str(answer.trim()) {
        Ok(Frame::End(answer)) => {
            assert_eq!(answer.exit, exit::USAGE);
            answer.error.unwrap()
        }
        other => panic!("{other:?} from {answer:?}"),
    }
}

#[tokio::test]
async fn junk_is_answered_and_harms_nobody() {
    let served = serve().await;
    let brackets = "[".repeat(100_000) + &"]".repeat(100_000) + "\n";
    let nested = format!("{{\"verb\":{}\n", "{\"verb\":".repeat(100_000));
    let junk: [&[u8]; 8] = [
        b"hello\n",
        b"{}\n",
        b"{\"verb\":\"explode\"}\n",
        b"{\"verb\":\"approve\",\"digest\":7}\n",
        b"\x00\x01\xff\xfe\n",
        b"GET / HTTP/1.1\r\n\r\n",
        brackets.as_bytes(),
        nested.as_bytes(),
    ];
    for bytes in junk {
        let why = refused(&served.say(bytes).await);
        assert!(why.len() < 500, "an answer does not repeat what was said: {why}");
    }
    served.is_well().await;
    served.stop().await;
}

#[tokio::test]
async fn half_a_line_that_ends_is_no_request() {
    let served = serve().await;
    let mut stream = UnixStream::connect(&served.path).await.unwrap();
    stream.write_all(b"{\"verb\":\"sta").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.is_empty() || !refused(&answer).is_empty());
    drop(UnixStream::connect(&served.path).await.unwrap());
    served.is_well().await;
    served.stop().await;
}

#[tokio::test]
async fn an_endless_line_is_cut() {
    let served = serve().await;
    let mut stream = UnixStream::connect(&served.path).await.unwrap();
    let chunk = vec![b'a'; 1 << 20];
    let mut said = 0_usize;
    while said < 200 && stream.write_all(&chunk).await.is_ok() {
        said += 1;
    }
    assert!(said < 200, "200 MiB were taken in");
    served.is_well().await;
    served.stop().await;
}

#[tokio::test]
async fn many_at_once_wait_their_turn_and_silent_ones_do_not_stop_the_daemon() {
    let served = serve().await;
    let mut silent = Vec::new();
    for _ in 0..12 {
        silent.push(UnixStream::connect(&served.path).await.unwrap());
    }
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let path = served.path.clone();
        asking.spawn(
            async move { control::ask(&path, &Request::Status {}, &mut |_| {}).await.map(|answer| answer.exit) },
        );
    }
    while let Some(answer) = asking.join_next().await {
        assert_eq!(answer.unwrap().unwrap(), exit::DONE);
    }
    served.stop().await;
    drop(silent);
}

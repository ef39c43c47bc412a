//! The ops listener: who is ready, what is counted, and who may stay connected.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use seatwarden::ambient::{Chance, SystemClock};
use seatwarden::config;
use seatwarden::inbound::listener::{Bounds, Listener};
use seatwarden::inbound::ops;
use seatwarden::outbound::{HttpTransport, Ports};
use seatwarden::store::Overlay;
use seatwarden::worker::{Parts, Warden};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

struct Served {
    address: SocketAddr,
    warden: Arc<Warden>,
    stop: CancellationToken,
    ended: tokio::task::JoinHandle<()>,
    _folder: TempDir,
}

const GOOD: &str = "id,job_code,tier\nanalysts,SD-*,fulfiller\n";

/// A warden with one feed that nobody answers for, and this table.
async fn serve(rules: &str) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let text = "[store]\npath = \"store\"\n[rules]\npath = \"rules.csv\"\n[catalog]\npath = \"catalog.toml\"\n\
        [listen]\ncontrol = \"control.sock\"\n[feed.okta]\nkind = \"okta\"\nurl = \"http://127.0.0.1:9\"\n\
        auth = { kind = \"ssws\", token = { file = \"token\" } }\nattributes = { job_code = \"profile.jobCode\" }\n";
    let catalog = "default_tier = \"requester\"\n[tier.requester]\nrank = 0\nseats = \"unlimited\"\n\
        [tier.fulfiller]\nrank = 20\nseats = 5\nfallback = \"requester\"\n";
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
    let store = Arc::new(Overlay::empty());
    let sources = config::load_rules_sources(&loaded.config.rules).unwrap();
    let parts = Parts::build(loaded.config, loaded.catalog, store, Arc::new(SystemClock), outlet).unwrap();
    let warden = Arc::new(Warden::open(parts, sources).unwrap());

    let recorder = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || metrics::counter!("seatwarden_passes_total").increment(3));
    let listener = ops::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.address().unwrap();
    let stop = CancellationToken::new();
    let ended = tokio::spawn(ops::serve(listener, warden.clone(), recorder.handle(), stop.clone()));
    Served { address, warden, stop, ended, _folder: folder }
}

async fn ask(served: &Served, line: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let text = format!("{line} HTTP/1.1\r\nhost: ops\r\nconnection: close\r\n\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

#[tokio::test]
async fn a_provider_that_is_down_leaves_us_ready() {
    let served = serve(GOOD).await;
    let pass = served.warden.pass(seatwarden::worker::Scope::Full).await;
    assert!(pass.is_ok(), "a feed that is down does not stop a pass");
    assert_eq!(ask(&served, "GET /livez").await, (200, "ok\n".into()));
    assert_eq!(ask(&served, "GET /readyz").await, (200, "ok\n".into()));
    assert_eq!(ask(&served, "GET /healthz").await, (200, "ok\n".into()));
    let (status, body) = ask(&served, "GET /healthz?verbose").await;
    assert_eq!(status, 200);
    assert!(body.contains("[+] store") && body.contains("[-] feed okta"), "{body}");
    assert!(!body.contains("sesame"), "{body}");
}

#[tokio::test]
async fn without_a_table_that_compiles_we_are_alive_but_not_ready() {
    let served = serve("id,job_code,tier\nanalysts,SD-*,no-such-tier\n").await;
    assert_eq!(ask(&served, "GET /livez").await.0, 200);
    assert_eq!(ask(&served, "GET /readyz").await, (503, "no rules table is in force\n".into()));
    assert_eq!(ask(&served, "GET /healthz?verbose").await.0, 503);
}

#[tokio::test]
async fn metrics_are_shown_and_other_things_are_not() {
    let served = serve(GOOD).await;
    let (status, body) = ask(&served, "GET /metrics").await;
    assert!(status == 200 && body.contains("seatwarden_passes_total 3"), "{body}");
    assert_eq!(ask(&served, "POST /metrics").await.0, 405);
    assert_eq!(ask(&served, "GET /").await.0, 404);
    assert_eq!(ask(&served, &format!("GET /{}", "a".repeat(1 << 20))).await.0, 431, "a request head has an end");
}

#[tokio::test]
async fn it_stops_when_asked_also_with_a_silent_connection() {
    let served = serve(GOOD).await;
    ask(&served, "GET /livez").await;
    let _silent = TcpStream::connect(served.address).await.unwrap();
    served.stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), served.ended).await.expect("stops in time").unwrap();
}

#[tokio::test]
async fn silent_and_slow_connections_are_closed() {
    let bounds = Bounds { connections: 1, idle: Duration::from_millis(100), life: Duration::from_millis(400) };
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), bounds).await.unwrap();
    let address = listener.address().unwrap();
    let router = axum::Router::new().route("/", axum::routing::get(|| async { "ok" }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut silent = TcpStream::connect(address).await.unwrap();
    assert_eq!(silent.read(&mut [0; 16]).await.unwrap(), 0, "closed");
    let mut slow = TcpStream::connect(address).await.unwrap();
    let mut sent = 0;
    // One byte at a time keeps it from idling, but not from its end.
    while sent < 100 && slow.write_all(b"G").await.is_ok() {
        sent += 1;
        let pause = Duration::from_millis(50);
        if tokio::time::timeout(pause, slow.read(&mut [0; 16])).await.is_ok() {
            break;
        }
    }
    assert!((2..100).contains(&sent), "{sent}");
}

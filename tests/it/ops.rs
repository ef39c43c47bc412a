//! Probes, metrics, signals and logs.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seatwarden::ambient::logs::{Format, Level, subscriber};
use seatwarden::ambient::{Clock, Lifecycle, ManualClock, SystemClock};
use seatwarden::inbound::listener::{Bounds, Listener};
use seatwarden::inbound::ops::{self, Health, Ops, Report};
use seatwarden::inbound::telemetry;
use seatwarden::model::Time;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

fn now() -> Time {
    Time::parse("2026-11-22T10:00:00Z").unwrap()
}

struct Served {
    address: std::net::SocketAddr,
    health: watch::Sender<Health>,
    clock: ManualClock,
    stop: CancellationToken,
    ended: tokio::task::JoinHandle<std::io::Result<()>>,
}

async fn serve() -> Served {
    let listener = ops::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.address().unwrap();
    let (health, seen) = watch::channel(Health::default());
    let clock = ManualClock::new(now());
    let recorder = telemetry::recorder().unwrap();
    metrics::with_local_recorder(&recorder, || {
        telemetry::describe();
        metrics::counter!("seatwarden_outbound_requests_total", "peer" => "okta", "class" => "users", "code" => "200")
            .increment(3);
        metrics::histogram!("seatwarden_event_to_seat_seconds").record(0.7);
    });
    let ops = Ops { health: seen, metrics: Some(recorder.handle()), clock: Arc::new(clock.clone()) };
    let stop = CancellationToken::new();
    let ended = tokio::spawn(ops::serve(listener, ops, stop.clone()));
    Served { address, health, clock, stop, ended }
}

async fn ask(served: &Served, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let text = format!("{request} HTTP/1.1\r\nhost: ops\r\nconnection: close\r\n\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

#[tokio::test]
async fn ready_means_store_and_rules_and_nothing_else() {
    let served = serve().await;
    assert_eq!(ask(&served, "GET /livez").await, (200, "ok\n".into()), "alive before the first pass");
    assert_eq!(ask(&served, "GET /readyz").await, (503, "the store is not open\n".into()));
    served.health.send_modify(|health| health.store_open = true);
    assert_eq!(ask(&served, "GET /readyz").await, (503, "no rules table is loaded\n".into()));
    served.health.send_modify(|health| health.rules_loaded = true);
    assert_eq!(ask(&served, "GET /readyz").await, (200, "ok\n".into()));

    let down = Report { ok: false, detail: "answered 503".into(), at: now(), expires_at: None };
    let well = Report {
        ok: true,
        detail: "read whole".into(),
        at: now(),
        expires_at: Some(now().plus(Duration::from_secs(30))),
    };
    served.health.send_modify(|health| {
        health.components.insert("feed okta".into(), down);
        health.components.insert("feed entra".into(), well);
    });
    assert_eq!(ask(&served, "GET /readyz").await, (200, "ok\n".into()), "a provider that is down changes nothing here");
    assert_eq!(ask(&served, "GET /healthz").await, (200, "degraded\n".into()));
    let expected = "[+] feed entra: read whole, 2026-11-22T10:00:00Z\n[-] feed okta: answered 503, 2026-11-22T10:00:00Z\ndegraded\n";
    assert_eq!(ask(&served, "GET /healthz?verbose").await, (200, expected.into()));
    served.clock.advance(Duration::from_secs(31));
    let (_, body) = ask(&served, "GET /healthz?verbose=1").await;
    assert!(body.contains("[-] feed entra: read whole, 2026-11-22T10:00:00Z (expired)"), "{body}");
    let (_, body) = ask(&served, "GET /healthz HTTP/1.1\r\naccept: application/json\r\nx: ").await;
    let json: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&json["ready"], &json["ok"]), (&true.into(), &false.into()));
    assert_eq!(json["components"]["feed entra"]["expired"], true);
}

#[tokio::test]
async fn a_stuck_loop_is_not_alive() {
    let served = serve().await;
    served.health.send_modify(|health| health.alive_until = Some(now().plus(Duration::from_secs(30))));
    assert_eq!(ask(&served, "GET /livez").await.0, 200);
    served.clock.advance(Duration::from_secs(31));
    assert_eq!(ask(&served, "GET /livez").await, (503, "the loop is stuck\n".into()));
}

#[tokio::test]
async fn metrics_are_shown_and_other_things_are_not() {
    let served = serve().await;
    let (status, body) = ask(&served, "GET /metrics").await;
    assert_eq!(status, 200);
    assert!(body.contains(&format!("seatwarden_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))), "{body}");
    assert!(
        body.contains("seatwarden_outbound_requests_total{peer=\"okta\",class=\"users\",code=\"200\"} 3"),
        "{body}"
    );
    assert!(body.contains("seatwarden_event_to_seat_seconds_bucket{le=\"1\"} 1"), "{body}");
    assert_eq!(ask(&served, "POST /metrics").await.0, 405);
    assert_eq!(ask(&served, "GET /").await.0, 404);
    assert_eq!(ask(&served, &format!("GET /{}", "a".repeat(1 << 20))).await.0, 431, "a request head has an end");
}

#[tokio::test]
async fn it_stops_when_asked() {
    let served = serve().await;
    ask(&served, "GET /livez").await;
    // A connection that is open and silent does not keep it.
    let _idle = TcpStream::connect(served.address).await.unwrap();
    served.stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(5), served.ended).await;
    ended.expect("stops in time").unwrap().unwrap();
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
    while slow.write_all(b"G").await.is_ok() && sent < 100 {
        sent += 1;
        let closed = tokio::time::timeout(Duration::from_millis(50), slow.read(&mut [0; 16])).await;
        if closed.is_ok() {
            break;
        }
    }
    assert!((4..=40).contains(&sent), "{sent}");
}

#[tokio::test]
async fn the_first_signal_is_soft_and_the_second_hard() {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(now()));
    let lifecycle = Lifecycle::listen(Duration::from_secs(5), clock).unwrap();
    let mut reloads = lifecycle.reloads();
    let me = rustix::process::getpid();
    let send = |signal| rustix::process::kill_process(me, signal).unwrap();

    send(rustix::process::Signal::HUP);
    reloads.changed().await.unwrap();
    assert!(!lifecycle.soft().is_cancelled());
    send(rustix::process::Signal::TERM);
    lifecycle.soft().cancelled().await;
    assert!(!lifecycle.hard().is_cancelled());
    send(rustix::process::Signal::INT);
    lifecycle.hard().cancelled().await;
}

#[tokio::test]
async fn the_grace_ends_in_a_hard_stop() {
    let clock = ManualClock::new(now());
    let lifecycle = Lifecycle::listen(Duration::from_secs(5), Arc::new(clock.clone())).unwrap();
    lifecycle.stop();
    lifecycle.soft().cancelled().await;
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(!lifecycle.hard().is_cancelled());
    clock.advance(Duration::from_secs(5));
    lifecycle.hard().cancelled().await;
}

#[tokio::test]
async fn a_system_clock_sleeps_until_then() {
    let until = SystemClock.now().plus(Duration::from_millis(20));
    SystemClock.sleep_until(until).await;
    assert!(SystemClock.now() >= until);
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        std::io::Write::write(&mut *self.0.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn logged(level: Level, format: Format) -> String {
    let page = Page::default();
    let writer = page.clone();
    tracing::subscriber::with_default(subscriber(level, format, false, move || writer.clone()), || {
        let pass = tracing::info_span!(target: "seatwarden", "pass", id = 7);
        let _inside = pass.enter();
        tracing::info!(target: "seatwarden::worker", seats = 12, "a pass is done");
        tracing::debug!(target: "seatwarden::worker", "why");
        tracing::debug!(target: "hyper", "authorization: Bearer sesame");
        tracing::warn!(target: "hyper", "odd");
    });
    let text = page.0.lock().unwrap().clone();
    String::from_utf8(text).unwrap()
}

#[test]
fn logs_are_text_or_json_and_libraries_whisper() {
    let text = logged(Level::Info, Format::Text);
    assert!(text.contains("a pass is done seats=12") && text.contains("odd"), "{text}");
    assert!(!text.contains("why") && !text.contains('\u{1b}'), "{text}");
    let trace = logged(Level::Trace, Format::Text);
    assert!(trace.contains("why") && !trace.contains("sesame"), "{trace}");
    assert_eq!(logged(Level::Error, Format::Text), "");

    let json = logged(Level::Info, Format::Json);
    let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!((&first["message"], &first["seats"]), (&"a pass is done".into(), &12.into()));
    assert_eq!(first["span"]["id"], 7);
}

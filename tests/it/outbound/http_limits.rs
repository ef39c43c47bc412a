//! Limits of time and size over real HTTP on loopback, where the other side behaves as badly as it can.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request as Incoming;
use axum::response::Response as Outgoing;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{Request, Response};
use seatwarden::ambient::{Chance, SystemClock};
use seatwarden::outbound::{
    BuildError, CallError, Client, HttpTransport, Limits, Peer, Ports, Transport, TransportError,
};

use super::world::{bearer, get};

const SMALL: Limits = Limits { time: Duration::from_secs(10), body: 1 << 20 };

async fn serve(behave: fn(Incoming) -> Outgoing) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(async move |request: Incoming| behave(request));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn fetch(address: SocketAddr, path: &str, limits: Limits) -> Result<Response<Bytes>, TransportError> {
    let request = Request::get(format!("http://{address}{path}")).body(Bytes::new()).unwrap();
    HttpTransport::new(None).unwrap().call(request, &limits).await
}

/// Writes bits from the lowest, as RFC 1951 section 3.1.1 wants.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    word: u64,
    filled: u32,
}

impl Bits {
    fn put(&mut self, value: u64, width: u32) {
        self.word |= value << self.filled;
        self.filled += width;
        while self.filled >= 8 {
            self.bytes.push(u8::try_from(self.word & 0xff).unwrap());
            self.word >>= 8;
            self.filled -= 8;
        }
    }
}

/// A gzip member of one fixed block: a zero byte, then copies of 258 bytes from one byte back.
fn gzip_of_zeros(size: usize) -> Vec<u8> {
    let mut bits = Bits { bytes: vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff], ..Bits::default() };
    bits.put(0b011, 3); // last block, fixed codes
    bits.put(0b0000_1100, 8); // literal 0 is 00110000, written from its highest bit
    for _ in 0..size / 258 {
        bits.put(0b1010_0011, 8); // length 258 is 11000101
        bits.put(0, 5); // distance 1
    }
    bits.put(0, 7); // end of block
    bits.put(0, (8 - bits.filled) % 8);
    if size > 1 << 20 {
        return bits.bytes; // nobody comes to read the checksum
    }
    let length = 1 + size / 258 * 258;
    bits.bytes.extend(crc_of_zeros(length).to_le_bytes());
    bits.bytes.extend(u32::try_from(length).unwrap().to_le_bytes());
    bits.bytes
}

/// RFC 1952 section 8, for a body that is nothing but zeros.
fn crc_of_zeros(length: usize) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !(0..length).fold(u32::MAX, |crc, _| (0..8).fold(crc, step))
}

fn resident_mib() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4096 / (1 << 20)
}

#[tokio::test]
async fn a_gzip_bomb_is_refused_after_decompression() {
    let address = serve(|request| {
        let size = if request.uri().path() == "/bomb" { 64 << 20 } else { 500_000 };
        Outgoing::builder().header("content-encoding", "gzip").body(Body::from(gzip_of_zeros(size))).unwrap()
    })
    .await;
    let good = fetch(address, "/good", SMALL).await.unwrap();
    assert!(good.body().len() > 490_000 && good.body().iter().all(|byte| *byte == 0), "{}", good.body().len());
    let before = resident_mib();
    assert_eq!(fetch(address, "/bomb", SMALL).await.unwrap_err(), TransportError::TooLarge(1 << 20));
    assert!(resident_mib() < before + 40, "{before} MiB became {}", resident_mib());
}

#[tokio::test]
async fn an_endless_body_and_a_gigabyte_are_refused_without_memory() {
    let address = serve(|request| {
        let block = Bytes::from(vec![b' '; 64 << 10]);
        let chunks = stream::repeat(block).map(Ok::<Bytes, Infallible>);
        match request.uri().path() {
            "/endless" => Outgoing::new(Body::from_stream(chunks)),
            // Announced, and sent.
            _ => Outgoing::builder()
                .header("content-length", 1_u64 << 30)
                .body(Body::from_stream(chunks.take(1 << 14)))
                .unwrap(),
        }
    })
    .await;
    let before = resident_mib();
    for path in ["/endless", "/gigabyte"] {
        assert_eq!(fetch(address, path, SMALL).await.unwrap_err(), TransportError::TooLarge(1 << 20), "{path}");
    }
    let limits = Limits::default();
    assert_eq!(fetch(address, "/endless", limits).await.unwrap_err(), TransportError::TooLarge(32 << 20));
    assert!(resident_mib() < before + 150, "{before} MiB became {}", resident_mib());
}

#[tokio::test]
async fn a_stalled_answer_ends_in_time() {
    let address = serve(|_| {
        let first = stream::iter([Ok::<Bytes, Infallible>(Bytes::from_static(b"{"))]);
        Outgoing::new(Body::from_stream(first.chain(stream::pending())))
    })
    .await;
    let limits = Limits { time: Duration::from_millis(200), ..SMALL };
    assert_eq!(fetch(address, "/", limits).await.unwrap_err(), TransportError::TimedOut(limits.time));

    // One that accepts and never says a word.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    assert_eq!(fetch(address, "/", limits).await.unwrap_err(), TransportError::TimedOut(limits.time));
}

#[tokio::test]
async fn a_broken_stream_is_a_broken_connection() {
    use tokio::io::AsyncWriteExt as _;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"half\":").await.unwrap();
    });
    let error = fetch(address, "/Users?filter=ann", SMALL).await.unwrap_err();
    server.await.unwrap();
    let TransportError::Connection(why) = &error else { panic!("{error:?}") };
    assert!(!why.contains("ann") && !why.contains("127.0.0.1"), "the URL may name a person: {why}");
    // Nobody listens there any more.
    assert!(matches!(fetch(address, "/", SMALL).await, Err(TransportError::Connection(_))));
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let address = serve(|request| match request.uri().path() {
        "/from" => Outgoing::builder().status(302).header("location", "/to").body(Body::empty()).unwrap(),
        _ => Outgoing::new(Body::from("followed")),
    })
    .await;
    let answer = fetch(address, "/from", SMALL).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().len()), (302, 0));
}

#[tokio::test]
async fn plain_http_beyond_loopback_never_leaves() {
    let transport = HttpTransport::new(None).unwrap();
    for uri in ["http://192.0.2.1/", "http://acme.okta.example/", "ftp://127.0.0.1/"] {
        let request = Request::get(uri).body(Bytes::new()).unwrap();
        let error = transport.call(request, &SMALL).await.unwrap_err();
        assert!(matches!(error, TransportError::Forbidden(_)), "{uri}: {error:?}");
    }
}

#[tokio::test]
async fn trust_anchors_that_are_none_are_an_error_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let missing = HttpTransport::new(Some(&folder.path().join("ca.pem"))).unwrap_err();
    assert!(matches!(missing, BuildError::CaFile { .. }) && missing.to_string().contains("ca.pem"));
    let text = folder.path().join("text.pem");
    std::fs::write(&text, "not a certificate").unwrap();
    assert!(matches!(HttpTransport::new(Some(&text)), Err(BuildError::NotPem { .. })));
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(&text, garbage).unwrap();
    assert!(HttpTransport::new(Some(&text)).is_err());
}

#[tokio::test]
async fn the_whole_client_over_sockets() {
    let address = serve(|request| {
        let agent = request.headers()["user-agent"].to_str().unwrap().to_owned();
        let token = request.headers()["authorization"].to_str().unwrap().to_owned();
        match request.uri().path() {
            "/api/v1/users" => {
                Outgoing::new(Body::from(format!("{agent} {token} {}", request.uri().query().unwrap_or(""))))
            }
            _ => Outgoing::builder().status(429).header("retry-after", "120").body(Body::empty()).unwrap(),
        }
    })
    .await;
    let peer = Peer {
        name: "okta".into(),
        base: format!("http://{address}").parse().unwrap(),
        auth: bearer(),
        budget: 0.4,
        patience: Duration::from_secs(5),
    };
    let ports = Ports {
        transport: Arc::new(HttpTransport::new(None).unwrap()),
        clock: Arc::new(SystemClock),
        chance: Arc::new(Chance::system()),
        patience: std::time::Duration::from_mins(1),
    };
    let client = Client::new(peer, ports);
    let reply = client.send(get("/api/v1/users")).await.unwrap();
    assert_eq!(reply.body, format!("seatwarden/{} Bearer sesame ", env!("CARGO_PKG_VERSION")));
    let error = client.send(get("/elsewhere")).await.unwrap_err();
    let CallError::Unreachable { until: Some(until), .. } = error else { panic!("{error:?}") };
    let away = until.since(client.ports().clock.now());
    assert!(away > Duration::from_secs(115) && away <= Duration::from_mins(2), "{away:?}");
}

//! What strangers may try: size, depth, slowness, number.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use seatwarden::inbound::listener::Bounds;
use seatwarden::inbound::public::Limits;
use seatwarden::store::Overlay;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::super::company::{Setup, run};
use super::world::{Called, SECRET, analysts, delivery, okta_hook};

/// Writes a head and then the body in pieces, and gives the first line of the answer.
async fn raw(called: &Called, head: &str, piece: &[u8], pieces: usize) -> String {
    let mut stream = TcpStream::connect(called.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..pieces {
        if stream.write_all(piece).await.is_err() {
            break;
        }
    }
    let mut answer = vec![0; 64];
    let read = stream.read(&mut answer).await.unwrap_or(0);
    String::from_utf8_lossy(&answer[..read]).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_body_has_an_end() {
    run(async {
        let called = Called::new(analysts(&["ann"]), okta_hook()).await;
        let mut fits = delivery("user.account.lock", &[("e1", "00u1")]);
        fits.push_str(&" ".repeat((1 << 20) - fits.len()));
        assert_eq!(called.okta(fits.clone()).await, 200);
        fits.push(' ');
        assert_eq!(called.okta(fits).await, 413);
        let head = format!("POST /hooks/okta HTTP/1.1\r\nhost: x\r\nauthorization: {SECRET}\r\n");
        let announced = format!("{head}content-length: 1073741824\r\n\r\n");
        assert!(raw(&called, &announced, &vec![b' '; 1 << 16], 1 << 11).await.contains("413"), "a gigabyte");
        let mut chunk = b"10000\r\n".to_vec();
        chunk.resize(chunk.len() + (1 << 16), b' ');
        chunk.extend(b"\r\n");
        let unannounced = format!("{head}transfer-encoding: chunked\r\n\r\n");
        assert!(raw(&called, &unannounced, &chunk, 1 << 11).await.contains("413"), "endless");
        let stranger = "POST /hooks/okta HTTP/1.1\r\nhost: x\r\ncontent-length: 1073741824\r\n\r\n";
        assert!(raw(&called, stranger, &vec![b' '; 1 << 16], 1 << 11).await.contains("401"));
        let packed = [("authorization", SECRET), ("content-encoding", "gzip")];
        assert_eq!(called.post("/hooks/okta", &packed, "x").await.status, 415);
    });
}

#[test]
fn deep_and_broken_json_is_turned_away() {
    run(async {
        let called = Called::new(analysts(&["ann"]), okta_hook()).await;
        let deep = 100_000;
        for body in [
            "[".repeat(deep),
            format!("{}{}", "[".repeat(deep), "]".repeat(deep)),
            format!("{{\"data\":{{\"events\":{}", "[".repeat(deep)),
            format!("{{\"data\":{{\"events\":[{}", "{\"a\":".repeat(deep)),
        ] {
            assert_eq!(called.okta(body).await, 400);
        }
        let ignored = format!("{{\"x\":{}{},\"data\":{{\"events\":[]}}}}", "[".repeat(deep), "]".repeat(deep));
        assert!([200, 400].contains(&called.okta(ignored).await));
        assert_eq!(called.okta(vec![0xff, 0xfe, 0x00]).await, 400);
        assert_eq!(
            called.post("/hooks/okta", &[("authorization", SECRET), ("content-type", "text/xml")], "<a/>").await.status,
            400
        );
    });
}

#[test]
fn a_head_has_an_end() {
    run(async {
        let called = Called::new(analysts(&["ann"]), okta_hook()).await;
        let head = format!("POST /hooks/okta HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "a".repeat(100_000));
        assert!(raw(&called, &head, b"", 0).await.contains("431"));
        let many = "x-many: a\r\n".repeat(500);
        let head = format!("POST /hooks/okta HTTP/1.1\r\nhost: x\r\n{many}\r\n");
        assert!(raw(&called, &head, b"", 0).await.contains("431"));
    });
}

#[test]
fn who_is_slow_is_cut_off() {
    run(async {
        let limits = Limits {
            bounds: Bounds { connections: 8, idle: Duration::from_secs(5), life: Duration::from_secs(20) },
            head: Duration::from_millis(150),
            body: Duration::from_millis(150),
            ..Limits::default()
        };
        let setup = Setup { more: okta_hook(), ..Setup::default() };
        let called = Called::on(analysts(&["ann"]), setup, limits, Arc::new(Overlay::empty())).await;
        let mut slow = Vec::new();
        for _ in 0..8 {
            let mut stream = TcpStream::connect(called.address).await.unwrap();
            stream.write_all(b"POST /hooks/okta HT").await.unwrap();
            slow.push(stream);
        }
        // All places are taken, until the slow ones are shown out.
        assert_eq!(called.okta(delivery("user.account.lock", &[("e1", "00u1")])).await, 200);
        let head =
            format!("POST /hooks/okta HTTP/1.1\r\nhost: x\r\nauthorization: {SECRET}\r\ncontent-length: 100\r\n\r\n{{");
        assert!(raw(&called, &head, b"", 0).await.contains("408"), "a body that does not come");
    });
}

#[test]
fn who_calls_too_often_is_told_so() {
    run(async {
        let limits = Limits { per_peer: NonZeroU32::new(3).unwrap(), ..Limits::default() };
        let setup = Setup { more: okta_hook(), ..Setup::default() };
        let called = Called::on(analysts(&["ann"]), setup, limits, Arc::new(Overlay::empty())).await;
        let mut answers = Vec::new();
        for number in 0..6 {
            answers.push(called.okta(delivery("user.account.lock", &[(&number.to_string(), "00u1")])).await);
        }
        assert_eq!(answers[..3], [200, 200, 200]);
        assert!(answers.contains(&429), "{answers:?}");
    });
}

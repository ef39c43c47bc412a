//! Real sockets: what only a connection can show.

use std::time::Duration;

use jiff::SignedDuration;
use seatwarden_mocks::{Company, Fault, Hire, Homes, MockServer, Mocks, Rule, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const WAIT: Duration = Duration::from_secs(10);

fn request(path: &str, close: bool) -> String {
    let token = seatwarden_mocks::okta::SSWS_TOKEN;
    let connection = if close { "close" } else { "keep-alive" };
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: SSWS {token}\r\nconnection: {connection}\r\n\r\n")
}

/// Asks once and reads to the end of the connection.
async fn ask(server: &MockServer, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(server.address()).await?;
    stream.write_all(request(path, true).as_bytes()).await?;
    let mut bytes = Vec::new();
    tokio::time::timeout(WAIT, stream.read_to_end(&mut bytes)).await.expect("an end")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn company() -> Mocks {
    Mocks::new(Company::new(1, 50).homes(&[Homes::OKTA]).build())
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").expect("a head").1
}

#[tokio::test]
async fn a_page_over_a_socket_is_the_page_in_process() {
    let mocks = company();
    let server = mocks.serve(Server::Okta).await.unwrap();
    let answer = ask(&server, "/api/v1/users?limit=5").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\r\ndate: Sun, 22 Nov 2026 10:00:00 GMT\r\n"), "{answer}");
    assert_eq!(answer.matches("\r\nlink: ").count(), 2);
    let rows: Vec<serde_json::Value> = serde_json::from_str(body(&answer)).unwrap();
    assert_eq!(rows.len(), 5);
    assert_eq!(server.url(), format!("http://{}", server.address()));
}

#[tokio::test]
async fn a_connection_that_breaks_off_has_announced_more() {
    let mocks = company();
    let server = mocks.serve(Server::Okta).await.unwrap();
    let whole = body(&ask(&server, "/api/v1/users").await.unwrap()).len();
    mocks.faults.push(Rule::any().play(Fault::DropMidway));
    let broken = ask(&server, "/api/v1/users").await.unwrap();
    assert!(broken.contains(&format!("content-length: {whole}\r\n")), "{}", &broken[..300]);
    assert_eq!(body(&broken).len(), whole / 2);
}

#[tokio::test]
async fn a_stalled_body_stays_open_until_the_server_is_gone() {
    let mocks = company();
    let server = mocks.serve(Server::Okta).await.unwrap();
    mocks.faults.push(Rule::any().play(Fault::Stall));
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(request("/api/v1/users", true).as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let mut rest = Vec::new();
    let more = tokio::time::timeout(Duration::from_millis(200), stream.read_to_end(&mut rest)).await;
    assert!(more.is_err(), "nothing may end it");
    server.kill();
    // Closed or reset: either way it is over.
    drop(tokio::time::timeout(WAIT, stream.read_to_end(&mut rest)).await.expect("an end"));
}

#[tokio::test]
async fn an_endless_body_never_ends() {
    let mocks = company();
    let server = mocks.serve(Server::Okta).await.unwrap();
    mocks.faults.push(Rule::any().play(Fault::EndlessBody));
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(request("/api/v1/users", true).as_bytes()).await.unwrap();
    let mut chunk = vec![0; 64 * 1024];
    let mut read = 0;
    while read < 5_000_000 {
        read += tokio::time::timeout(WAIT, stream.read(&mut chunk)).await.expect("more").unwrap();
    }
    drop(stream);
    // The next one is served as ever.
    mocks.faults.clear();
    assert!(ask(&server, "/api/v1/users").await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_killed_server_cuts_its_connections_and_frees_its_port() {
    let mocks = company();
    let server = mocks.serve(Server::Okta).await.unwrap();
    let address = server.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request("/api/v1/users?limit=1", false).as_bytes()).await.unwrap();
    assert!(stream.read(&mut [0; 64]).await.unwrap() > 0);
    server.kill();
    let mut rest = Vec::new();
    drop(tokio::time::timeout(WAIT, stream.read_to_end(&mut rest)).await.expect("an end"));
    let mut tries = 0;
    while TcpStream::connect(address).await.is_ok() {
        tries += 1;
        assert!(tries < 1000, "the port is still open");
        tokio::task::yield_now().await;
    }
    let again = MockServer::start_on(mocks.router(Server::Okta), address.port()).await.unwrap();
    assert!(ask(&again, "/api/v1/users").await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn stopping_lets_the_request_in_hand_end() {
    let mocks = company();
    let server = mocks.serve(Server::Okta).await.unwrap();
    mocks.faults.push(Rule::any().play(Fault::Slow(Duration::from_millis(200))));
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(request("/api/v1/users", true).as_bytes()).await.unwrap();
    while mocks.most_at_once(Server::Okta) == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::timeout(WAIT, server.stop()).await.expect("an end");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    assert!(bytes.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test(start_paused = true)]
async fn the_worlds_clock_can_run_with_the_runtimes() {
    let mocks = company();
    let began = mocks.state().world.now;
    mocks.run_clock(began);
    tokio::time::advance(Duration::from_secs(90)).await;
    assert_eq!(mocks.state().world.now, began + SignedDuration::from_secs(90));
    mocks.advance(SignedDuration::from_secs(10));
    let ann = mocks.state().world.hire(Hire::new("ann@acme.example"));
    assert_eq!(mocks.state().world.person(ann).unwrap().changed, began + SignedDuration::from_secs(100));
}

//! Whatever comes in, an answer goes out.

use http::Request;
use seatwarden_mocks::{Body, Company, Homes, Mocks, Rng, Server};
use tower::ServiceExt as _;

use crate::client::Client;

fn everywhere() -> Mocks {
    let all = Homes::OKTA.and(Homes::ENTRA).and(Homes::SCIM);
    Mocks::new(Company::new(1, 20).homes(&[all]).build())
}

#[tokio::test]
async fn paths_and_queries_that_make_no_sense() {
    let mocks = everywhere();
    let entra = Client::entra(&mocks).await;
    let clients = [Client::okta(&mocks), entra, Client::scim(&mocks, Server::Scim), Client::scim(&mocks, Server::Desk)];
    for client in &clients {
        for path in [
            "/",
            "//",
            "/%ff%00",
            "/api/v1/users?limit=%ff",
            "/api/v1/users?after=%00",
            "/api/v1/users?filter=%22",
            "/api/v1/logs?after=eyJhIjoiMTg0NDY3NDQwNzM3MDk1NTE2MTUifQ&since=2026-01-01T00:00:00Z",
            "/v1.0/users/delta?$skiptoken=%F0",
            "/v1.0/users?$top=0",
            "/scim/v2/Users?filter=((((",
            "/scim/v2/Users?startIndex=99999999999999999999",
            "/scim/v2/Groups/%2e%2e",
        ] {
            let answer = client.get(path).await;
            assert!((400..500).contains(&answer.status), "{:?} {path}: {}", client.server, answer.text);
        }
    }
}

/// Pieces that mean something somewhere, put together as a seed has it.
const PIECES: [&str; 28] = [
    "/scim/v2/Users",
    "/scim/v2/Groups",
    "/api/v1/users",
    "/v1.0/users/delta",
    "/oauth2/v1/token",
    "?",
    "&",
    "filter=",
    "cursor=",
    "count=",
    "startIndex=",
    "$skiptoken=",
    "after=",
    "eyJhIjoxfQ",
    "%22",
    "%5B",
    "%20eq%20",
    "userName",
    "members%5Bvalue",
    "urn:x:",
    "-1",
    "18446744073709551616",
    "%C3%28",
    "(",
    ")",
    "..",
    "\\",
    "attributes=.",
];
const BODIES: [&str; 10] = [
    "",
    "{",
    "[[[[[[[[",
    "null",
    "7",
    "{\"Operations\":[{\"op\":\"add\",\"path\":\"members[\",\"value\":[7]}]}",
    "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{\"op\":\"replace\",\"value\":{\"a.b\":1}}]}",
    "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":{}}",
    "{\"requests\":[{}]}",
    "grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=a.b.c",
];

#[tokio::test]
async fn drawn_requests_never_break_a_server() {
    let mocks = everywhere();
    let mut rng = Rng::new(11);
    let token = format!("Bearer {}", seatwarden_mocks::scim::BEARER_TOKEN);
    let ssws = format!("SSWS {}", seatwarden_mocks::okta::SSWS_TOKEN);
    let mut answered = 0;
    for _ in 0..3000 {
        let length = 1 + rng.below(6);
        let path: String = (0..length).map(|_| *rng.pick(&PIECES).unwrap()).collect();
        let method = *rng.pick(&["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]).unwrap();
        let kind = *rng.pick(&["application/scim+json", "application/x-www-form-urlencoded"]).unwrap();
        let body = *rng.pick(&BODIES).unwrap();
        let server = *rng.pick(&Server::ALL).unwrap();
        let request = Request::builder().method(method).uri(format!("/{path}")).header("content-type", kind);
        let request = request.header("authorization", if server == Server::Okta { &ssws } else { &token });
        // What no client can send is no request.
        let Ok(request) = request.body(Body::from(body)) else { continue };
        let response = mocks.router(server).oneshot(request).await.unwrap();
        assert!(response.status().as_u16() < 500 || response.status() == 501, "{method} {path}: {}", response.status());
        answered += 1;
    }
    assert!(answered > 2000, "{answered}");
}

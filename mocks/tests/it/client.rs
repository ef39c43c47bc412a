//! A client without opinions: it calls a router in process and gives what came back.

use axum::body::Body;
use http::{HeaderMap, Request};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use seatwarden_mocks::{Mocks, Server};
use serde_json::{Value, json};

/// The host that calls in process name.
pub(crate) const HOST: &str = "http://mock.example";

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The address of the next page, from the `Link` lines.
    pub(crate) fn next(&self) -> Option<String> {
        let lines = self.headers.get_all("link").iter().map(|line| line.to_str().unwrap());
        let next = lines.into_iter().find(|line| line.contains("rel=\"next\""))?;
        Some(next.split(['<', '>']).nth(1).unwrap().to_owned())
    }

    pub(crate) fn rows(&self) -> &Vec<Value> {
        let rows = [&self.json, &self.json["value"], &self.json["Resources"], &self.json["resources"]];
        rows.into_iter().find_map(Value::as_array).expect("a list")
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) mocks: Mocks,
    pub(crate) server: Server,
    pub(crate) authorization: Option<String>,
}

impl Client {
    pub(crate) fn new(mocks: &Mocks, server: Server, authorization: &str) -> Self {
        Self { mocks: mocks.clone(), server, authorization: Some(authorization.to_owned()) }
    }

    pub(crate) fn okta(mocks: &Mocks) -> Self {
        Self::new(mocks, Server::Okta, &format!("SSWS {}", seatwarden_mocks::okta::SSWS_TOKEN))
    }

    pub(crate) fn scim(mocks: &Mocks, server: Server) -> Self {
        Self::new(mocks, server, &format!("Bearer {}", seatwarden_mocks::scim::BEARER_TOKEN))
    }

    /// Logs in at Entra first.
    pub(crate) async fn entra(mocks: &Mocks) -> Self {
        use seatwarden_mocks::entra;
        let client = Self { mocks: mocks.clone(), server: Server::Entra, authorization: None };
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", entra::CLIENT_ID),
            ("client_secret", entra::CLIENT_SECRET),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let answer = client.form(&format!("/{}/oauth2/v2.0/token", entra::TENANT_ID), &form).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Self::new(mocks, Server::Entra, &format!("Bearer {}", answer.json["access_token"].as_str().unwrap()))
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.send("GET", url, &[], Body::empty()).await
    }

    pub(crate) async fn write(&self, method: &str, url: &str, body: &Value) -> Answer {
        self.send(method, url, &[("content-type", "application/scim+json")], Body::from(body.to_string())).await
    }

    pub(crate) async fn form(&self, url: &str, pairs: &[(&str, &str)]) -> Answer {
        self.form_with(url, pairs, &[]).await
    }

    pub(crate) async fn form_with(&self, url: &str, pairs: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        self.send("POST", url, &all, Body::from(body)).await
    }

    /// `url` is a path, or an address on [`HOST`] as links have it.
    pub(crate) async fn send(&self, method: &str, url: &str, headers: &[(&str, &str)], body: Body) -> Answer {
        let url = url.strip_prefix(HOST).unwrap_or(url);
        let mut request = Request::builder().method(method).uri(url).header("host", "mock.example");
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.mocks.call(self.server, request.body(body).unwrap()).await;
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 64 * 1024 * 1024).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: head.status.as_u16(), headers: head.headers, text, json }
    }
}

/// A query parameter, encoded.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A client assertion, with what a test wants to be different.
pub(crate) fn assertion(key: &str, client_id: &str, audience: &str, now: i64, changes: &Value) -> String {
    let mut claims = json!({
        "iss": client_id, "sub": client_id, "aud": audience, "iat": now, "exp": now + 300, "jti": "jti-1",
    });
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(seatwarden_mocks::TEST_KEY_ID.to_owned());
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_rsa_pem(key.as_bytes()).unwrap()).unwrap()
}

//! Secrets and people stay out of logs and errors, at every level.

use std::io::Write;
use std::sync::{Arc, Mutex};

use seatwarden::config::{Auth, ClientAuth};
use seatwarden::outbound::{Call, Place, TransportError};
use tracing_subscriber::fmt::MakeWriter;

use super::world::{answer, get, secret, world};

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Page {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn neither_secrets_nor_people_are_written_anywhere() {
    const SECRET: &str = "client-secret-s3same";
    const TOKEN: &str = "access-t0ken";
    const PERSON: &str = "ann@acme.example";
    let page = Page::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(page.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let (_file, secret) = secret(SECRET);
    let auth = Auth::ClientSecret {
        client_id: "c".into(),
        secret,
        token_url: "https://login.example/token".parse().unwrap(),
        scope: None,
        client_auth: ClientAuth::Basic,
    };
    let world = world(auth, 5, |number, request| {
        if request.uri().host() == Some("login.example") {
            let body = format!(r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"{TOKEN}-{number}"}}"#);
            return if number == 1 { answer(503, &[], SECRET) } else { answer(200, &[], &body) };
        }
        let authorization = request.headers()["authorization"].to_str().unwrap().to_owned();
        let echo = format!(r#"{{"detail":"{authorization} of {PERSON} is odd","scimType":"{authorization}"}}"#);
        match request.uri().path() {
            "/scim/v2/401" => answer(401, &[("www-authenticate", &authorization)], &echo),
            "/scim/v2/403" => answer(403, &[], &echo),
            "/scim/v2/500" => answer(500, &[], &echo),
            "/scim/v2/lost" => Err(TransportError::Connection("reset by peer".into())),
            _ => answer(422, &[], &echo),
        }
    });
    let mut said = String::new();
    for path in ["401", "403", "500", "lost", "422"] {
        let query = vec![("filter".to_owned(), format!("userName eq \"{PERSON}\""))];
        let call = Call { place: Place::Path(format!("/{path}"), query), ..get("") };
        let error = world.client.send(call).await.unwrap_err();
        said.extend([error.to_string(), format!("{error:?}")]);
    }
    let written = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    assert!(written.contains("answered") && written.contains("duration_ms"), "the log is on: {written}");
    assert!(said.contains("422"));
    for text in [&written, &said] {
        for bad in [SECRET, TOKEN, PERSON, "Basic", "ann%40"] {
            assert!(!text.contains(bad), "{bad} in {text}");
        }
    }
}

//! Where a call may go. Ids and links come from others, so neither may lead a call, and with it the token, off the
//! configured host or out of the base path.

use url::{Host, Url, form_urlencoded};

use super::Place;

/// True for `localhost`, `127.0.0.0/8` and `::1`: the only hosts that may be called without TLS.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Encodes an id, so that it is one segment of a path whatever it holds. The ids `.` and `..` cannot be encoded;
/// [`Client::send`](super::Client::send) refuses them.
pub fn segment(id: &str) -> String {
    percent_encode(id)
}

/// The URL of a call, or why it must not be sent.
pub(super) fn resolve(base: &Url, place: &Place) -> Result<Url, String> {
    let url = match place {
        Place::Path(path, query) => below(base, path, query)?,
        Place::Link(link) => same_host(base, link)?,
    };
    guard(&url)?;
    Ok(url)
}

/// Refuses plain http beyond loopback.
pub(super) fn guard(url: &Url) -> Result<(), String> {
    if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url)) {
        Ok(())
    } else {
        Err(format!("{} is not called without TLS; only loopback is", host_of(url)))
    }
}

fn below(base: &Url, path: &str, query: &[(String, String)]) -> Result<Url, String> {
    let wanders = |part: &str| matches!(part.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if path.contains(['?', '#', '\\']) || path.chars().any(char::is_control) || path.split('/').any(wanders) {
        return Err("the path of the call is not a plain path; an id has to be encoded".to_owned());
    }
    let mut url = base.clone();
    let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    url.set_path(&format!("{}{slash}{path}", base.path().trim_end_matches('/')));
    url.set_fragment(None);
    url.set_query(None);
    if !query.is_empty() {
        let pairs: Vec<String> =
            query.iter().map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value))).collect();
        url.set_query(Some(&pairs.join("&")));
    }
    Ok(url)
}

fn same_host(base: &Url, link: &Url) -> Result<Url, String> {
    let same = link.scheme() == base.scheme()
        && link.host() == base.host()
        && link.port_or_known_default() == base.port_or_known_default();
    if !same {
        return Err(format!("the link leaves {} for {}", host_of(base), host_of(link)));
    }
    if !link.username().is_empty() || link.password().is_some() {
        return Err(format!("the link leaves {}: it carries credentials", host_of(base)));
    }
    let mut link = link.clone();
    link.set_fragment(None);
    Ok(link)
}

/// Scheme, host and port; links may carry personal data in path and query.
fn host_of(url: &Url) -> String {
    let host: String = url.host_str().unwrap_or("no host").chars().take(100).collect();
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

/// `%20` for a space, never `+`: it means the same in a path and in every server's reading of a query.
fn percent_encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn path(path: &str, query: &[(&str, &str)]) -> Place {
        Place::Path(path.into(), query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn a_path_goes_below_the_base_with_its_query_encoded() {
        let base = url("https://hr.acme.example/scim/v2");
        let place = path("/Users", &[("filter", r#"userName eq "a+b@x&y""#), ("count", "100")]);
        assert_eq!(
            resolve(&base, &place).unwrap().as_str(),
            "https://hr.acme.example/scim/v2/Users?filter=userName%20eq%20%22a%2Bb%40x%26y%22&count=100"
        );
        assert_eq!(
            resolve(&url("https://acme.okta.com/"), &path("api/v1/users", &[])).unwrap().path(),
            "/api/v1/users"
        );
    }

    #[test]
    fn an_id_cannot_lead_out_of_the_base_path() {
        let base = url("https://hr.acme.example/scim/v2");
        for bad in ["/Users/../../admin", "/Users/%2e%2E/x", "/Users/a?b=c", "/Users/a#b", "/Users\\..\\x", "/Users/."]
        {
            assert!(resolve(&base, &path(bad, &[])).is_err(), "{bad}");
        }
        let place = path(&format!("/Users/{}", segment("../a b?c#d/e\\f")), &[]);
        assert_eq!(resolve(&base, &place).unwrap().path(), "/scim/v2/Users/..%2Fa%20b%3Fc%23d%2Fe%5Cf");
    }

    #[test]
    fn a_link_stays_on_the_configured_host() {
        let base = url("https://acme.okta.com");
        let good = url("https://acme.okta.com:443/api/v1/users?after=00u&limit=200#top");
        let resolved = resolve(&base, &Place::Link(good)).unwrap();
        assert_eq!(resolved.as_str(), "https://acme.okta.com/api/v1/users?after=00u&limit=200");
        for bad in [
            "https://evil.example/api/v1/users",
            "https://acme.okta.com.evil.example/",
            "https://acme.okta.com:8443/api/v1/users",
            "http://acme.okta.com/api/v1/users",
            "http://acme.okta.com:443/api/v1/users",
            "https://user:pass@acme.okta.com/api/v1/users",
            "https://acme.okta.com@evil.example/",
            "ftp://acme.okta.com/",
            "data:text/plain,x",
        ] {
            let why = resolve(&base, &Place::Link(url(bad))).unwrap_err();
            assert!(why.contains("the link leaves https://acme.okta.com"), "{bad}: {why}");
        }
    }

    #[test]
    fn only_loopback_is_called_without_tls() {
        for good in ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9", "http://127.9.9.9"] {
            assert!(resolve(&url(good), &path("/x", &[])).is_ok(), "{good}");
        }
        for bad in ["http://10.0.0.1", "http://localhost.evil.example", "http://0.0.0.0", "http://[::2]", "http://a.b"]
        {
            assert!(resolve(&url(bad), &path("/x", &[])).is_err(), "{bad}");
        }
    }
}

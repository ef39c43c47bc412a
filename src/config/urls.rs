//! URLs: https only, except on this machine.

use url::{Host, Url};

use super::codes;
use super::context::Problem;
use super::parse;
use super::section::Parsed;
use super::tree::Node;

/// The base URL of a provider or desk, without a trailing slash, query or fragment. `versioned` are endings of the path
/// that we add ourselves.
pub(crate) fn base(versioned: &'static [&'static str]) -> impl Fn(&Node) -> Parsed<Url> {
    move |node| {
        let mut url = endpoint(node)?;
        if url.query().is_some() {
            return Err(refused("the URL has a query", "leave out everything from `?` on"));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        if let Some(ending) = versioned.iter().find(|ending| path.ends_with(**ending)) {
            let help = format!("leave out `{ending}`, it is added");
            return Err(refused("the URL goes further than the base", &help));
        }
        url.set_path(&path);
        Ok(url)
    }
}

/// A whole URL, such as where tokens are issued.
pub(crate) fn endpoint(node: &Node) -> Parsed<Url> {
    let text = parse::text(node)?;
    let help = format!("write the whole URL, such as `https://{}`", host_like(&text));
    let url = Url::parse(&text)
        .map_err(|error| Problem::new(codes::BAD_URL, format!("this is not a URL: {error}")).help(help.clone()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(
            "the URL has a user or password in it",
            "credentials belong into `auth`, kept outside the file",
        ));
    }
    if url.fragment().is_some() {
        return Err(refused("the URL has a fragment", "leave out everything from `#` on"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => {
            let message = format!(
                "{} is not on this machine, and http is readable on the way",
                url.host_str().unwrap_or("the host")
            );
            let help = "use https; http is for 127.0.0.1, [::1] and localhost alone";
            Err(Problem::new(codes::NOT_HTTPS, message).help(help))
        }
        other => Err(Problem::new(codes::BAD_URL, format!("`{other}` is not https")).help(help)),
    }
}

/// The URL as text that a path can be added to: `Url` itself writes a slash behind a bare host.
pub(crate) fn as_base(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

/// Whether the host is this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn refused(message: &str, help: &str) -> Problem {
    Problem::new(codes::BAD_URL, message).help(help)
}

fn host_like(text: &str) -> &str {
    let host = text.split("://").last().unwrap_or(text);
    let plain = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '@');
    if plain { host } else { "acme.example" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tree::Spot;

    fn read(text: &str) -> Result<String, String> {
        base(&["/v1.0"])(&Node::loose(text, Spot::Default))
            .map(|url| as_base(&url).to_owned())
            .map_err(|problem| problem.code.shown('C'))
    }

    #[test]
    fn https_anywhere_and_http_on_this_machine() {
        assert_eq!(read("https://acme.okta.com/").as_deref(), Ok("https://acme.okta.com"));
        assert_eq!(read("https://hr.acme.example/scim/v2//").as_deref(), Ok("https://hr.acme.example/scim/v2"));
        for local in ["http://127.0.0.1:8080", "http://127.8.9.1", "http://[::1]:80", "http://localhost:1"] {
            assert!(read(local).is_ok(), "{local}");
        }
        for remote in ["http://acme.okta.com", "http://localhost.acme.example", "http://0.0.0.0", "http://10.0.0.1"] {
            assert_eq!(read(remote).unwrap_err(), "C032", "{remote}");
        }
    }

    #[test]
    fn anything_else_is_no_base() {
        for wrong in [
            "acme.okta.com",
            "localhost:80",
            "ftp://a.example",
            "https://",
            "https://u:p@a.example",
            "https://a.example?x=1",
            "https://a.example#x",
            "https://graph.microsoft.com/v1.0/",
            "file:///etc/passwd",
        ] {
            assert_eq!(read(wrong).unwrap_err(), "C031", "{wrong}");
        }
    }
}

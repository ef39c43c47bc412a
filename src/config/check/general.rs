//! `[store]`, `[listen]`, `[rules]`, `[people]` and `[pass]`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::config::codes;
use crate::config::context::Problem;
use crate::config::hint;
use crate::config::parse;
use crate::config::section::{Parsed, Section};
use crate::config::tree::Node;
use crate::config::{Listen, PassTimes};
use crate::directory::Matching;
use crate::model::{FeedName, MatchKey};

/// What fits into `sun_path` of a Unix socket on Linux, with the closing NUL.
const LONGEST_SOCKET_PATH: usize = 107;

pub(crate) fn store(root: &mut Section<'_>) -> Option<PathBuf> {
    let mut section = root.table("store", "store");
    let path = section.path("path", Some("/var/lib/seatwarden"));
    if section.node("url").is_some() {
        let problem = Problem::new(codes::NOT_YET, "a shared store is not supported yet")
            .help("leave `url` out; `path` names the folder of the embedded store");
        section.cx.report(section.key_spot("url"), problem);
    }
    section.finish();
    path
}

pub(crate) fn listen(root: &mut Section<'_>) -> Option<Listen> {
    let mut section = root.table("listen", "listen");
    let public = section.or("public", "127.0.0.1:8440", parse::address);
    let ops = section.or("ops", "127.0.0.1:9464", parse::address);
    let control = section.path("control", Some("/run/seatwarden/control.sock"));
    if let (Some(Some(public)), Some(Some(ops))) = (public, ops)
        && public == ops
        && public.port() != 0
    {
        let message = format!("`public` and `ops` both listen on {ops}");
        let problem = Problem::new(codes::EXCLUSIVE, message).help("give them different ports");
        section.cx.report(section.spot("ops"), problem);
    }
    if let Some(length) = control.as_ref().map(|path| path.as_os_str().len()).filter(|len| *len > LONGEST_SOCKET_PATH) {
        let message = format!("the socket's path has {length} bytes, the system takes {LONGEST_SOCKET_PATH}");
        let problem = Problem::new(codes::BAD_ADDRESS, message).help("choose a folder with a shorter path");
        section.cx.report(section.spot("control"), problem);
    }
    section.finish();
    Some(Listen { public: public?, ops: ops?, control: control? })
}

pub(crate) fn rules(root: &mut Section<'_>) -> Option<(PathBuf, TimeZone)> {
    let mut section = root.table("rules", "rules");
    let path = section.path("path", Some("rules"));
    let zone = section.or("time_zone", "UTC", time_zone);
    section.finish();
    Some((path?, zone?))
}

fn time_zone(node: &Node) -> Parsed<TimeZone> {
    let name = parse::text(node)?;
    if name == "UTC" {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(&name).map_err(|_| {
        let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
        let help = match hint::closest(&name, known.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "use a name of the IANA database such as `Europe/Berlin`, or `UTC`".to_owned(),
        };
        Problem::new(codes::BAD_TIME_ZONE, format!("there is no time zone `{name}` on this machine")).help(help)
    })
}

/// `[people]`; read after the feeds, whose names `prefer` takes.
pub(crate) fn people(root: &mut Section<'_>) -> Option<(Matching, BTreeSet<String>)> {
    const KEYS: [(&str, MatchKey); 3] =
        [("employee_number", MatchKey::EmployeeNumber), ("email", MatchKey::Email), ("user_name", MatchKey::UserName)];
    let feeds: Vec<&str> = root.table("feed", "feeds").present().collect();
    let mut section = root.table("people", "people");
    let match_on = section.list("match_on", "employee_number,email", parse::choice(&KEYS));
    let prefer = section.list("prefer", "", |node| {
        let name = parse::text(node)?;
        if feeds.contains(&name.as_str()) {
            return Ok(FeedName::new(name));
        }
        let help = hint::help(&name, feeds.iter().copied(), "there is no feed at all");
        Err(Problem::new(codes::UNKNOWN_FEED, format!("there is no feed `{name}`")).help(help))
    });
    if match_on.as_ref().is_some_and(Vec::is_empty) && feeds.len() > 1 {
        let message = "accounts of different feeds are never taken for one person";
        let help = "name what they share, such as [\"employee_number\", \"email\"]";
        section.cx.report(section.spot("match_on"), Problem::warning(codes::ODD, message).help(help));
    }
    let protected = section.list("protected", "", |node| {
        let text = parse::text(node)?;
        if text.contains('*') {
            let problem = Problem::new(codes::ODD, format!("`{text}` is no name of one person"));
            return Err(problem.help("name each protected person by e-mail, employee number or login name"));
        }
        Ok(text)
    });
    section.finish();
    let matching = Matching { match_on: values(match_on?), prefer: values(prefer?) };
    Some((matching, values(protected?).into_iter().collect()))
}

pub(crate) fn pass(root: &mut Section<'_>) -> Option<PassTimes> {
    const LEAST: Duration = Duration::from_secs(1);
    let mut section = root.table("pass", "pass");
    let incremental = section.or("incremental", "2m", parse::duration(LEAST));
    let full = section.or("full", "24h", parse::duration(LEAST));
    let jitter = section.or("jitter", "10%", parse::percent(0.0..=50.0));
    if let (Some(incremental), Some(full)) = (incremental, full)
        && full < incremental
    {
        let message = "full passes come more often than incremental ones";
        let help = "an incremental pass is the cheap one; swap the two?";
        section.cx.report(section.spot("full"), Problem::warning(codes::ODD, message).help(help));
    }
    section.finish();
    Some(PassTimes { incremental: incremental?, full: full?, jitter: jitter? / 100.0 })
}

/// The values of a list without their places.
pub(crate) fn values<T, S>(list: Vec<(T, S)>) -> Vec<T> {
    list.into_iter().map(|(value, _)| value).collect()
}

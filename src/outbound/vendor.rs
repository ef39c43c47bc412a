//! What a vendor's headers tell of limits and waiting.
//!
//! Okta tells its bucket in `X-Rate-Limit-{Limit,Remaining,Reset}` (Reset: UTC epoch seconds), Jira in `X-RateLimit-*`
//! with an ISO 8601 Reset, ServiceNow the same with epoch seconds, Zendesk `ratelimit-*` with seconds to go, Freshservice
//! `X-RateLimit-Total`, others the IETF draft's `RateLimit` and `RateLimit-Policy`. Graph tells only, above 80 %, how
//! much is used (`x-ms-throttle-limit-percentage`). `Retry-After` is RFC 9110 section 10.2.3.

use std::time::Duration;

use http::HeaderMap;
use jiff::fmt::{rfc2822, strtime};
use jiff::tz::TimeZone;

use crate::model::Time;

/// What one answer told. Instants are on our clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Told {
    /// Calls per window. Okta tells 0 when it was the number of calls at the same time that was too high.
    pub(super) limit: Option<u64>,
    /// Calls left in this window.
    pub(super) remaining: Option<u64>,
    /// When the window ends.
    pub(super) reset: Option<Time>,
    /// How long a window lasts, where that is told.
    pub(super) window: Option<Duration>,
    /// When to come back.
    pub(super) retry_after: Option<Time>,
    /// Share of the limit that is used, 0.8 and more.
    pub(super) used: Option<f64>,
}

/// Reads the headers of an answer that came at `now`. What cannot be read counts as not told.
pub(super) fn read(headers: &HeaderMap, now: Time) -> Told {
    // Absolute times are meant on the server's clock. The difference to its own `Date` is right on every clock.
    let server_now = text(headers, "date").and_then(http_date).unwrap_or(now);
    let here = |at: Time| now.plus(at.since(server_now));
    let draft = fields(headers, "ratelimit");
    let policy = fields(headers, "ratelimit-policy");
    let first = |names: &[&str]| names.iter().find_map(|name| number(text(headers, name)?));
    let draft_reset = draft.get("t").or(draft.get("reset")).map(|seconds| now.plus(Duration::from_secs(*seconds)));
    Told {
        limit: first(&[
            "x-rate-limit-limit",
            "x-ratelimit-limit",
            "ratelimit-limit",
            "x-ratelimit-total",
            "x-rate-limit",
        ])
        .or(draft.get("limit").or(policy.get("q")).copied()),
        remaining: first(&["x-rate-limit-remaining", "x-ratelimit-remaining", "ratelimit-remaining"])
            .or(draft.get("r").or(draft.get("remaining")).copied()),
        reset: ["x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset"]
            .iter()
            .find_map(|name| moment(text(headers, name)?, now, here))
            .or(draft_reset),
        window: policy.get("w").map(|seconds| Duration::from_secs(*seconds)),
        retry_after: text(headers, "retry-after").and_then(|value| moment(value, now, here)),
        used: text(headers, "x-ms-throttle-limit-percentage").and_then(|value| value.parse().ok()),
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// The leading number: older drafts write `100, 100;w=60`.
fn number(value: &str) -> Option<u64> {
    let digits = value.split([',', ';', ' ']).next()?;
    digits.parse().ok()
}

/// `"default";r=50;t=30` or `limit=100, remaining=50, reset=5`: the numbers by name.
fn fields(headers: &HeaderMap, name: &str) -> std::collections::BTreeMap<String, u64> {
    let pairs = text(headers, name).unwrap_or_default().split([';', ',']);
    pairs
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().parse().ok()?))
        })
        .collect()
}

/// Seconds to go, epoch seconds or milliseconds, an HTTP date or ISO 8601: told apart by their looks.
fn moment(value: &str, now: Time, here: impl Fn(Time) -> Time) -> Option<Time> {
    if let Ok(seconds) = value.parse::<f64>() {
        if !seconds.is_finite() || seconds < 0.0 {
            return None;
        }
        let seconds = seconds.min(1e15);
        return Some(if seconds >= 1e12 {
            here(Time::from_millis(whole(seconds)))
        } else if seconds >= 1e9 {
            here(Time::from_millis(whole(seconds * 1000.0)))
        } else {
            now.plus(Duration::from_secs_f64(seconds))
        });
    }
    http_date(value).or_else(|| Time::parse(value).ok()).map(here)
}

#[expect(clippy::cast_possible_truncation, reason = "the caller keeps it below 1e15")]
fn whole(value: f64) -> i64 {
    value as i64
}

/// RFC 9110 section 5.6.7: the fixed form, and the two old ones that a recipient must read.
fn http_date(value: &str) -> Option<Time> {
    let fixed = rfc2822::DateTimeParser::new().parse_timestamp(value).ok();
    let old = |form| {
        let civil = strtime::parse(form, value).ok()?.to_datetime().ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
    };
    fixed.or_else(|| old("%A, %d-%b-%y %H:%M:%S GMT")).or_else(|| old("%a %b %e %H:%M:%S %Y")).map(Time::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pairs: &[(&'static str, &str)]) -> Told {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        read(&headers, now())
    }

    fn now() -> Time {
        Time::parse("2026-11-22T10:00:00Z").unwrap()
    }

    fn at(text: &str) -> Option<Time> {
        Time::parse(text).ok()
    }

    #[test]
    fn retry_after_in_every_form() {
        for (value, expected) in [
            ("120", at("2026-11-22T10:02:00Z")),
            ("0", at("2026-11-22T10:00:00Z")),
            ("1.5", at("2026-11-22T10:00:01.5Z")),
            ("Sun, 22 Nov 2026 10:05:00 GMT", at("2026-11-22T10:05:00Z")),
            ("Sunday, 22-Nov-26 10:05:00 GMT", at("2026-11-22T10:05:00Z")),
            ("Sun Nov 22 10:05:00 2026", at("2026-11-22T10:05:00Z")),
            ("Sun, 22 Nov 2026 09:00:00 GMT", at("2026-11-22T10:00:00Z")),
            ("-5", None),
            ("soon", None),
            ("NaN", None),
            ("", None),
        ] {
            assert_eq!(told(&[("retry-after", value)]).retry_after, expected, "{value:?}");
        }
        assert!(told(&[("retry-after", "99999999999999999999999")]).retry_after.is_some(), "far away, but no overflow");
    }

    #[test]
    fn a_reset_is_judged_on_the_servers_clock() {
        // The server is seven minutes ahead; its window ends in 30 s.
        let skewed = told(&[
            ("date", "Sun, 22 Nov 2026 10:07:00 GMT"),
            ("x-rate-limit-limit", "600"),
            ("x-rate-limit-remaining", "0"),
            ("x-rate-limit-reset", "1795342050"),
        ]);
        assert_eq!(skewed.reset, at("2026-11-22T10:00:30Z"));
        assert_eq!((skewed.limit, skewed.remaining), (Some(600), Some(0)));
        // Without a Date, our clock has to do.
        assert_eq!(told(&[("x-rate-limit-reset", "1795341630")]).reset, at("2026-11-22T10:00:30Z"));
    }

    #[test]
    fn other_vendors_forms() {
        let jira = told(&[("x-ratelimit-limit", "100"), ("x-ratelimit-reset", "2026-11-22T10:05Z")]);
        assert_eq!((jira.limit, jira.reset), (Some(100), at("2026-11-22T10:05:00Z")));
        let zendesk = told(&[("ratelimit-limit", "700"), ("ratelimit-remaining", "699"), ("ratelimit-reset", "41")]);
        assert_eq!(zendesk.reset, at("2026-11-22T10:00:41Z"));
        let freshservice = told(&[("x-ratelimit-total", "140"), ("x-ratelimit-remaining", "7")]);
        assert_eq!((freshservice.limit, freshservice.remaining, freshservice.reset), (Some(140), Some(7), None));
        let draft = told(&[("ratelimit", r#""default";r=50;t=30"#), ("ratelimit-policy", r#""default";q=100;w=60"#)]);
        assert_eq!((draft.limit, draft.remaining), (Some(100), Some(50)));
        assert_eq!((draft.reset, draft.window), (at("2026-11-22T10:00:30Z"), Some(Duration::from_mins(1))));
        let older = told(&[("ratelimit", "limit=10, remaining=4, reset=5"), ("ratelimit-limit", "10, 10;w=60")]);
        assert_eq!((older.limit, older.remaining, older.reset), (Some(10), Some(4), at("2026-11-22T10:00:05Z")));
        assert_eq!(told(&[("x-ms-throttle-limit-percentage", "1.25")]).used, Some(1.25));
    }
}

//! What an answer means for trying again. A pure function of status, headers, time and one random number.

use std::time::Duration;

use http::HeaderMap;

use super::vendor;
use crate::model::Time;

/// What to do about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// The caller gets it.
    Done,
    /// We were too many or too quick; come back then, or after a growing pause.
    Throttled {
        /// When, as far as the other side said.
        until: Option<Time>,
    },
    /// The other side is in trouble; it may be well soon.
    Transient {
        /// When, as far as the other side said.
        until: Option<Time>,
    },
    /// The token is not accepted.
    Unauthorized,
    /// The token is accepted and not enough.
    Forbidden,
    /// The same call would get the same answer.
    Permanent,
}

/// Classes `status`, which came at `now`. `draw` in `0.0..1.0` spreads those that nobody told when to come back.
pub(super) fn classify(status: u16, headers: &HeaderMap, now: Time, draw: f64) -> Class {
    match status {
        200..=299 => Class::Done,
        401 => Class::Unauthorized,
        403 => Class::Forbidden,
        429 => Class::Throttled { until: throttled_until(headers, now, draw) },
        // 408 and 425 ask for the same again; 509 is Graph's, 520-527 are those of a content network before the vendor.
        408 | 425 | 500 | 502 | 503 | 504 | 509 | 520..=527 => {
            Class::Transient { until: vendor::read(headers, now).retry_after }
        }
        _ => Class::Permanent,
    }
}

fn throttled_until(headers: &HeaderMap, now: Time, draw: f64) -> Option<Time> {
    let told = vendor::read(headers, now);
    if told.retry_after.is_some() {
        return told.retry_after;
    }
    if told.limit == Some(0) {
        // Okta: too many calls at the same time. Its Reset is only a suggestion then.
        return Some(now.plus(Duration::from_secs(1) + Duration::from_secs(4).mul_f64(draw)));
    }
    told.reset.map(|reset| reset.max(now.plus(Duration::from_secs(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(status: u16, pairs: &[(&'static str, &str)], draw: f64) -> Class {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        classify(status, &headers, now(), draw)
    }

    fn now() -> Time {
        Time::parse("2026-11-22T10:00:00Z").unwrap()
    }

    fn after(millis: u64) -> Option<Time> {
        now().plus(Duration::from_millis(millis)).into()
    }

    #[test]
    fn every_status_has_a_class() {
        assert_eq!(class(200, &[], 0.0), Class::Done);
        assert_eq!(class(204, &[], 0.0), Class::Done);
        for permanent in [100, 301, 302, 304, 307, 400, 404, 405, 409, 410, 412, 413, 422, 451, 501, 505, 599] {
            assert_eq!(class(permanent, &[("retry-after", "5")], 0.0), Class::Permanent, "{permanent}");
        }
        for transient in [408, 425, 500, 502, 503, 504, 509, 522] {
            assert_eq!(class(transient, &[], 0.0), Class::Transient { until: None }, "{transient}");
            assert_eq!(class(transient, &[("retry-after", "5")], 0.0), Class::Transient { until: after(5000) });
        }
        assert_eq!(class(401, &[], 0.0), Class::Unauthorized);
        assert_eq!(class(403, &[], 0.0), Class::Forbidden);
    }

    #[test]
    fn throttling_comes_in_four_kinds() {
        let bucket = [("x-rate-limit-limit", "600"), ("x-rate-limit-reset", "1795341630")];
        assert_eq!(class(429, &bucket, 0.0), Class::Throttled { until: after(30_000) });
        let past = [("x-rate-limit-limit", "600"), ("x-rate-limit-reset", "1795341000")];
        assert_eq!(class(429, &past, 0.0), Class::Throttled { until: after(1000) });
        let both = [("retry-after", "7"), ("x-rate-limit-reset", "1795341630")];
        assert_eq!(class(429, &both, 0.0), Class::Throttled { until: after(7000) });
        let concurrency =
            [("x-rate-limit-limit", "0"), ("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "1795341660")];
        assert_eq!(class(429, &concurrency, 0.0), Class::Throttled { until: after(1000) });
        assert_eq!(class(429, &concurrency, 0.5), Class::Throttled { until: after(3000) });
        assert_eq!(class(429, &[], 0.5), Class::Throttled { until: None });
    }
}

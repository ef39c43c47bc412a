//! The budget against a server that enforces Okta's bucket: fixed windows of a minute, correct headers, a `Date` of its
//! own, and other clients in the same bucket.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use seatwarden::ambient::{Clock, ManualClock};
use seatwarden::model::Time;
use seatwarden::outbound::{CallError, Client, Limits, Peer, Transport};

use super::world::{Answer, answer, bearer, get, http_date, ports, start};

const MINUTE_MS: i64 = 60_000;

struct Bucket {
    clock: ManualClock,
    limit: u64,
    latency: Duration,
    /// How far the server's clock is ahead.
    skew_ms: i64,
    /// Where its windows begin, away from the full minute.
    phase_ms: i64,
    /// Calls per minute of others, evenly spread.
    others: u64,
    windows: Mutex<Vec<Window>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    begins_ms: i64,
    ours: u64,
    refused: u64,
    others_refused: u64,
}

impl Bucket {
    /// Counts one call of ours at `now`; what is left, and when the window ends on the server's clock.
    fn count(&self, now: Time) -> (Option<u64>, Time) {
        let begins_ms = (now.millis() - self.phase_ms).div_euclid(MINUTE_MS) * MINUTE_MS + self.phase_ms;
        let mut windows = self.windows.lock().unwrap();
        if windows.last().is_none_or(|window| window.begins_ms != begins_ms) {
            windows.push(Window { begins_ms, ..Window::default() });
        }
        let window = windows.last_mut().unwrap();
        let elapsed = u64::try_from(now.millis() - begins_ms).unwrap();
        let others = self.others * elapsed / 60_000;
        let used = others + window.ours;
        window.others_refused = used.saturating_sub(self.limit);
        let ends = Time::from_millis(begins_ms + MINUTE_MS + self.skew_ms);
        if used >= self.limit {
            window.refused += 1;
            return (None, ends);
        }
        window.ours += 1;
        (Some(self.limit - used - 1), ends)
    }
}

#[async_trait]
impl Transport for Bucket {
    async fn call(&self, _: Request<Bytes>, _: &Limits) -> Answer {
        let (left, ends) = self.count(self.clock.now());
        self.clock.sleep_until(self.clock.now().plus(self.latency)).await;
        let there = Time::from_millis(self.clock.now().millis() + self.skew_ms);
        let headers = [
            ("date", http_date(there)),
            ("x-rate-limit-limit", self.limit.to_string()),
            ("x-rate-limit-remaining", left.unwrap_or(0).to_string()),
            ("x-rate-limit-reset", ends.millis().div_euclid(1000).to_string()),
        ];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        answer(if left.is_some() { 200 } else { 429 }, &headers, "{}")
    }
}

struct Run {
    windows: Vec<Window>,
    client: Arc<Client>,
}

fn peer(share: f64) -> Peer {
    Peer {
        name: "okta-prod".into(),
        base: "https://acme.okta.example".parse().unwrap(),
        auth: bearer(),
        budget: share,
        patience: Duration::from_mins(1),
    }
}

/// `callers` make `calls` calls as fast as they are let.
async fn run(bucket: Bucket, share: f64, callers: usize, calls: usize) -> Run {
    let clock = bucket.clock.clone();
    let bucket = Arc::new(bucket);
    let client = Arc::new(Client::new(peer(share), ports(bucket.clone(), &clock)));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let client = client.clone();
        tasks.spawn(async move {
            for _ in 0..calls / callers {
                client.send(get("/api/v1/users")).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let windows = bucket.windows.lock().unwrap().clone();
    Run { windows, client }
}

fn bucket(limit: u64) -> Bucket {
    Bucket {
        clock: ManualClock::auto(start()),
        limit,
        latency: Duration::from_millis(150),
        skew_ms: 0,
        phase_ms: 17_300,
        others: 0,
        windows: Mutex::default(),
    }
}

/// The windows that were ours from their first to their last second.
fn whole(run: &Run) -> &[Window] {
    &run.windows[1..run.windows.len() - 1]
}

#[tokio::test]
async fn ten_thousand_calls_without_a_429_and_with_nine_tenths_of_our_share() {
    for (limit, share, skew_ms, callers, latency_ms) in [
        (600, 0.4, 0, 8, 150),
        (600, 0.4, 431_700, 8, 30),
        (600, 0.4, -431_700, 1, 150),
        (6000, 0.5, 900, 8, 5),
        (600, 1.0, 300, 8, 30),
    ] {
        let latency = Duration::from_millis(latency_ms);
        let run = run(Bucket { latency, skew_ms, ..bucket(limit) }, share, callers, 10_000).await;
        let refused: u64 = run.windows.iter().map(|window| window.refused).sum();
        assert_eq!(refused, 0, "limit {limit}, share {share}, skew {skew_ms}");
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "counts"
        )]
        let allowed = (limit as f64 * share) as u64;
        for window in &run.windows {
            assert!(window.ours <= allowed, "{window:?} takes more than {allowed}");
        }
        let used: u64 = whole(&run).iter().map(|window| window.ours).sum();
        let fair = allowed * u64::try_from(whole(&run).len()).unwrap();
        assert!(used * 100 >= fair * 90, "limit {limit}, share {share}, skew {skew_ms}: {used} of {fair}");
        assert_eq!(run.client.budget().throttled, 0);
    }
}

#[tokio::test]
async fn a_small_bucket_is_used_too() {
    let run = run(bucket(10), 0.4, 2, 200).await;
    for window in whole(&run) {
        assert!(window.refused == 0 && (3..=4).contains(&window.ours), "{window:?}");
    }
    let tiny = self::run(bucket(2), 0.4, 1, 10).await;
    assert!(whole(&tiny).iter().all(|window| window.ours == 1), "at least one, or we would stand still");
}

#[tokio::test]
async fn others_are_given_way() {
    for (others, at_least) in [(300, 170), (480, 80), (570, 1)] {
        let run = run(Bucket { others, ..bucket(600) }, 0.4, 8, 2_000).await;
        for window in &run.windows {
            assert_eq!((window.refused, window.others_refused), (0, 0), "{others} a minute: {window:?}");
        }
        let fewest = whole(&run).iter().map(|window| window.ours).min().unwrap();
        assert!(fewest >= at_least, "{others} a minute of others: we got {fewest}");
    }
}

#[tokio::test]
async fn a_spent_bucket_is_waited_for_or_told() {
    // Others leave nothing at all.
    let clock = ManualClock::auto(start());
    let empty = Arc::new(Bucket { clock: clock.clone(), others: 1_000_000, ..bucket(600) });
    let client = Client::new(peer(0.4), ports(empty.clone(), &clock));
    let error = client.send(get("/api/v1/users")).await.unwrap_err();
    let CallError::Unreachable { until: Some(until), .. } = &error else { panic!("{error:?}") };
    assert!(until.since(start()) > Duration::from_mins(1) && until.since(start()) < Duration::from_secs(80));
    let refused: u64 = empty.windows.lock().unwrap().iter().map(|window| window.refused).sum();
    assert!(refused <= 3, "{refused} times knocked in vain");

    let clock = ManualClock::auto(start());
    let spent = Arc::new(Bucket { clock: clock.clone(), others: 0, latency: Duration::ZERO, ..bucket(3) });
    let peer = Peer { patience: Duration::from_secs(2), ..peer(0.4) };
    let client = Client::new(peer, ports(spent.clone(), &clock));
    client.send(get("/api/v1/users")).await.unwrap();
    let budget = client.budget();
    assert_eq!((budget.limit, budget.remaining, budget.left), (Some(3), Some(2), Some(0.0)));
    let error = client.send(get("/api/v1/users")).await.unwrap_err();
    let CallError::Unreachable { until: Some(until), why, .. } = &error else { panic!("{error:?}") };
    assert!(why.contains("budget is spent") && *until > clock.now().plus(Duration::from_secs(2)));
    assert_eq!(spent.windows.lock().unwrap()[0].ours, 1, "nothing was sent");
    clock.set(*until);
    client.send(get("/api/v1/users")).await.unwrap();
}

#[tokio::test]
async fn graph_pressure_slows_us_down() {
    let clock = ManualClock::auto(start());
    let world = super::world::world_on(clock, bearer(), 60, |number, _| {
        let used = if (20..60).contains(&number) { "1.1" } else { "0.5" };
        answer(200, &[("x-ms-throttle-limit-percentage", used)], "{}")
    });
    let mut spans = Vec::new();
    for _ in 0..4 {
        let before = world.clock.now();
        for _ in 0..20 {
            world.client.send(get("/users")).await.unwrap();
        }
        spans.push(world.clock.now().since(before));
    }
    assert!(spans[0] <= Duration::from_secs(1) && spans[2] >= spans[0] * 3, "{spans:?}");
    for _ in 0..2_000 {
        world.client.send(get("/users")).await.unwrap();
    }
    let before = world.clock.now();
    for _ in 0..20 {
        world.client.send(get("/users")).await.unwrap();
    }
    assert!(world.clock.now().since(before) <= Duration::from_millis(1100), "quick again when the pressure is gone");
}

#[tokio::test]
async fn a_clock_put_back_does_not_stop_us() {
    let world = super::world::world(bearer(), 60, |_, _| answer(200, &[], "{}"));
    for _ in 0..50 {
        world.client.send(get("/users")).await.unwrap();
    }
    world.clock.set(start().minus(Duration::from_hours(24)));
    let before = world.clock.now();
    for _ in 0..50 {
        world.client.send(get("/users")).await.unwrap();
    }
    assert!(world.clock.now().since(before) < Duration::from_secs(4));
}

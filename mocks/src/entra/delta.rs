//! `GET /v1.0/users/delta`: rounds of pages that end in a delta link.

use std::collections::BTreeMap;
use std::ops::Bound;

use http::StatusCode;
use http::header::LOCATION;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::select::Select;
use super::{Tenant, error, view};
use crate::World;
use crate::wire::{Call, Reply, opaque, opened, query_of};
use crate::world::Standing;

/// How long a token of a directory object lives.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Numbers the tokens, so that all that are out can be made stale at once.
#[derive(Debug, Default)]
pub(super) struct Links {
    given: u64,
    expired: u64,
    forgotten: u64,
}

impl Links {
    pub(super) fn expire(&mut self) {
        self.expired = self.given;
    }

    pub(super) fn reset(&mut self) {
        self.forgotten = self.given;
    }
}

/// Where a round stands. It travels within the opaque token.
#[derive(Debug, Clone)]
struct Round {
    select: Select,
    /// The log up to here is known to the client; `None` in the first round.
    from: Option<u64>,
    /// The round shows the log up to here.
    to: u64,
    /// The place of the next page: an id in the first round, a number of rows in later ones.
    place: Option<String>,
    issued: Timestamp,
    number: u64,
}

impl Tenant {
    pub(super) fn delta(&mut self, world: &World, call: &Call) -> Reply {
        for option in ["$top", "$orderby", "$expand", "$search", "$filter", "$skip", "$count"] {
            if call.param(option).is_some() {
                return error::unsupported(world, &format!("'{option}' is not supported on this delta query."));
            }
        }
        let round = match (call.param("$skiptoken"), call.param("$deltatoken")) {
            (Some(token), _) => self.resume(world, call, token),
            (None, Some("latest")) => {
                let to = world.last_seq();
                self.begin(world, call).map(|round| Round { from: Some(to), to, ..round })
            }
            (None, Some("") | None) => self.begin(world, call),
            (None, Some(token)) => self.resume(world, call, token).map(|round| {
                // A delta link begins a new round where the last one ended.
                if round.place.is_none() { Round { to: world.last_seq(), ..round } } else { round }
            }),
        };
        match round {
            Ok(round) => self.page(world, call, round),
            Err(reply) => reply,
        }
    }

    fn begin(&self, world: &World, call: &Call) -> Result<Round, Reply> {
        let select = Select::read(call.param("$select")).map_err(|name| {
            let text = format!("Could not find a property named '{name}' on type 'microsoft.graph.user'.");
            error::bad_request(world, &text)
        })?;
        self.may_select(world, &select)?;
        if select.has("signInActivity") {
            let text = "Invalid request for delta query: signInActivity cannot be selected.";
            return Err(error::bad_request(world, text));
        }
        Ok(Round { select, from: None, to: world.last_seq(), place: None, issued: world.now, number: 0 })
    }

    fn resume(&self, world: &World, call: &Call, token: &str) -> Result<Round, Reply> {
        let Some(round) = Round::of_token(token) else {
            return Err(error::bad_request(world, "Badly formed token."));
        };
        if round.number <= self.links.forgotten {
            let select = query_of([("$select", round.select.text().as_str())]);
            let location = format!("{}{}?$deltatoken=&{select}", call.base, call.path);
            let text = "The delta token is no longer valid, start a full synchronization.";
            return Err(error::of(world, StatusCode::GONE, "resyncRequired", text).with(LOCATION, &location));
        }
        let too_old = round.issued.saturating_add(LIFE).is_ok_and(|until| world.now >= until);
        if too_old || round.number <= self.links.expired {
            let text = "The sync state generation is not found or it is not in the list of acceptable generations.";
            return Err(error::of(world, StatusCode::BAD_REQUEST, "syncStateNotFound", text));
        }
        Ok(round)
    }

    fn page(&mut self, world: &World, call: &Call, round: Round) -> Reply {
        let size = users_page_size(call, self.page_size);
        // The first page is never empty on purpose, and the one after an empty one never is.
        let nth = self.links.given + 1;
        let void = round.place.is_some() && self.empty_page_every.is_some_and(|every| nth.is_multiple_of(every.max(2)));
        let (mut rows, next) = match round.from {
            _ if void => (Vec::new(), round.place.clone()),
            None => self.first_round(world, &round, size),
            Some(from) => self.later_round(world, &round, from, size),
        };
        if self.repeat_ids {
            rows.extend(rows.first().cloned());
        }
        let mut body = Map::new();
        body.insert("@odata.context".to_owned(), json!(format!("{}/v1.0/$metadata#users", call.base)));
        let (key, param, round) = match next {
            Some(place) => ("@odata.nextLink", "$skiptoken", Round { place: Some(place), ..round }),
            None => ("@odata.deltaLink", "$deltatoken", Round { place: None, from: Some(round.to), ..round }),
        };
        let token = self.token_of(world, &round);
        body.insert(key.to_owned(), json!(format!("{}/v1.0/users/delta?{param}={token}", call.base)));
        body.insert("value".to_owned(), Value::Array(rows));
        Reply::json(StatusCode::OK, &Value::Object(body))
    }

    /// Everybody, in the order of their ids, so that a page is found again while the company moves on.
    fn first_round(&self, world: &World, round: &Round, size: usize) -> (Vec<Value>, Option<String>) {
        let start = round.place.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let range = (start, Bound::Unbounded);
        let gone = world.entra_purged().range::<str, _>(range).filter(|_| self.removed_in_first_round);
        let shown = world.entra_accounts().range::<str, _>(range).filter(|(_, person)| {
            self.removed_in_first_round || world.person(**person).is_some_and(|p| p.standing != Standing::Deleted)
        });
        // Both are sorted, and a page takes no more than its size of either.
        let shown = shown.map(|(id, _)| id.as_ref()).take(size + 1);
        let mut ids: Vec<&str> = shown.chain(gone.map(AsRef::as_ref).take(size + 1)).collect();
        ids.sort_unstable();
        let more = ids.len() > size;
        ids.truncate(size);
        let next = ids.last().filter(|_| more).map(|id| (*id).to_owned());
        (ids.into_iter().map(|id| self.row(world, id, &round.select)).collect(), next)
    }

    /// Whoever changed, each once, in the order of their last change. The log only grows, so the list stands still.
    fn later_round(&self, world: &World, round: &Round, from: u64, size: usize) -> (Vec<Value>, Option<String>) {
        let replayed = u64::try_from(self.replay).unwrap_or(u64::MAX);
        let log = world.log_after(from.saturating_sub(replayed)).iter().take_while(|change| change.seq <= round.to);
        let mut last: BTreeMap<&str, u64> = BTreeMap::new();
        for change in log.filter(|change| round.select.touched_by(change.what)) {
            if let Some(id) = change.accounts.entra.as_deref() {
                last.insert(id, change.seq);
            }
        }
        let mut ids: Vec<(u64, &str)> = last.into_iter().map(|(id, seq)| (seq, id)).collect();
        ids.sort_unstable();
        let start = round.place.as_deref().and_then(|place| place.parse().ok()).unwrap_or(0_usize);
        let end = start.saturating_add(size);
        let next = (end < ids.len()).then(|| end.to_string());
        let rows = ids.into_iter().skip(start).take(size).map(|(_, id)| self.row(world, id, &round.select));
        (rows.collect(), next)
    }

    fn row(&self, world: &World, id: &str, select: &Select) -> Value {
        let person = world.entra_accounts().get(id).and_then(|person| world.person(*person));
        match person {
            None => json!({"id": id, "@removed": {"reason": "deleted"}}),
            Some(person) if person.standing == Standing::Deleted => {
                json!({"id": id, "@removed": {"reason": "changed"}})
            }
            Some(person) => Value::Object(view::user(self, world, person, id, select)),
        }
    }

    fn token_of(&mut self, world: &World, round: &Round) -> String {
        self.links.given += 1;
        opaque(&json!({
            "s": round.select.text(), "f": round.from, "t": round.to, "p": round.place,
            "i": world.now.as_second(), "n": self.links.given,
        }))
    }
}

impl Round {
    fn of_token(token: &str) -> Option<Self> {
        let parts = opened(token)?;
        Some(Self {
            select: Select::read(parts.get("s")?.as_str()).ok()?,
            from: parts.get("f")?.as_u64(),
            to: parts.get("t")?.as_u64()?,
            place: parts.get("p")?.as_str().map(str::to_owned),
            issued: Timestamp::from_second(parts.get("i")?.as_i64()?).ok()?,
            number: parts.get("n")?.as_u64()?,
        })
    }
}

/// The page size that `Prefer: odata.maxpagesize` may make smaller.
pub(super) fn users_page_size(call: &Call, size: usize) -> usize {
    let wish = call.header("prefer").and_then(|prefer| {
        let wish = prefer.split(',').find_map(|part| part.trim().strip_prefix("odata.maxpagesize="))?;
        wish.trim().parse::<usize>().ok()
    });
    wish.map_or(size, |wish| wish.min(size)).max(1)
}

//! When faults have stopped and everything held is approved: the ledger is the one that the documents say.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use seatwarden::ambient::Clock as _;
use seatwarden::model::PoolId;
use seatwarden::seats::{HoldState, next_due};
use seatwarden::store::Store as _;
use seatwarden::worker::{Request as Ask, Scope};
use seatwarden_mocks::world::PersonId as Who;

use super::house::{House, feed_name, group};
use super::laws::Watch;
use super::life::{mend, pass};
use super::truth::{Due, Row, Stand, carries};

/// More passes than any world needs: months of grace, cooling and approvals, one after the other.
const ROUNDS: usize = 100;

/// Mends everything, approves what is held, and makes full passes until nothing is left to do.
pub(super) async fn settle(house: &mut House, watch: &mut Watch) -> Result<(), String> {
    mend(house);
    house.broken = false;
    // An undo stands as long as the table.
    let nobody = Row {
        id: 1_000_001,
        codes: vec!["NOBODY"],
        department: None,
        tier: Some("fulfiller"),
        addons: Vec::new(),
        class: None,
        from: None,
        until: None,
    };
    house.table.rows.push(nobody);
    house.edit_rules()?;
    house.shape.mode = "full";
    house.restart()?;
    // A change that a provider left out of its list of changes is found by reading the feed afresh.
    for feed in house.shape.feeds.clone() {
        pass(house, watch, Scope::Feed(feed_name(feed).into()), None).await?;
    }
    let mut open = String::new();
    for _ in 0..ROUNDS {
        approve_all(house).await;
        house.wait(Duration::from_mins(1));
        let entries = count(house)?;
        let Some(outcome) = pass(house, watch, Scope::Full, None).await? else {
            return Err("a pass without any fault could not be made".to_owned());
        };
        let ledger = house.ledger();
        let moving =
            ledger.holdings.values().any(|holding| holding.state != HoldState::Held || holding.leaving.is_some());
        let quiet = outcome.plan.steps.is_empty() && outcome.plan.held.is_empty() && outcome.view.result == "ok";
        // What an earlier process began is finished after the plan is made; what that frees is given by the next pass.
        let quiet = quiet && count(house)? == entries;
        let waited = |pool: &PoolId| ledger.waiting.keys().any(|(_, waited)| waited == pool);
        let terms = watch.numbers.next(&house.shape.pools, &waited, house.clock.now());
        if quiet && !moving && ledger.cooling.is_empty() && ledger.held.is_empty() {
            match terms {
                None => return rest(house, watch).await,
                Some(at) => house.wait(at.since(house.clock.now()) + Duration::from_secs(1)),
            }
        }
        open = format!("{:?}; {:?}; {:?}; {:?}", outcome.view, outcome.plan, outcome.desk_trouble, outcome.readings);
        let due = next_due(&ledger, house.clock.now());
        if ledger.held.is_empty() {
            let soon = house.clock.now().plus(Duration::from_hours(7));
            let wake = due.map_or(soon, |due| if moving { due.min(soon) } else { due });
            house.wait(wake.since(house.clock.now()) + Duration::from_secs(1));
        }
    }
    Err(format!("it never settles: {open}"))
}

/// A further full pass changes nothing, and what is held is what should be.
async fn rest(house: &House, watch: &mut Watch) -> Result<(), String> {
    fits(house, watch)?;
    let entries = count(house)?;
    let ledger = house.ledger();
    pass(house, watch, Scope::Full, None).await?;
    if count(house)? != entries || *house.ledger() != *ledger {
        return Err("invariant 5: a further full pass changed something".to_owned());
    }
    Ok(())
}

fn count(house: &House) -> Result<u64, String> {
    let mut entries = 0;
    house
        .store
        .journal(1, &mut |_| {
            entries += 1;
            true
        })
        .map_err(|error| error.to_string())?;
    Ok(entries)
}

async fn approve_all(house: &House) {
    let held: Vec<String> = house.ledger().held.keys().map(ToString::to_string).collect();
    for digest in held {
        for by in ["ada", "bob"].into_iter().take(house.shape.approvers as usize) {
            let (digest, reason, by) = (digest.clone(), "calm".to_owned(), by.to_owned());
            drop(house.ask(Ask::Approve { digest, reason, by }).await);
        }
    }
}

/// The ledger against the documents.
fn fits(house: &House, watch: &Watch) -> Result<(), String> {
    let ledger = house.ledger();
    let pools = &house.shape.pools;
    super::tell(|| {
        let mut lines: Vec<String> = Vec::new();
        let all = house.store.people(&mut |record| {
            lines.push(format!("{:?} is {record:?}", watch.name_of(house, record.id)));
            true
        });
        format!("{all:?}\n{}\n{:?}\n{:?}", lines.join("\n"), ledger.holdings.keys(), ledger.cooling)
    });
    let mut holds: BTreeMap<Who, BTreeSet<&str>> = BTreeMap::new();
    let mut waits: BTreeMap<Who, BTreeSet<&str>> = BTreeMap::new();
    for (person, pool) in ledger.holdings.keys() {
        let Some(who) = watch.name_of(house, *person) else {
            return Err(format!("{person} holds {pool} and is nobody any more"));
        };
        holds.entry(who).or_default().insert(pools[pool.as_str()].id);
    }
    for (person, pool) in ledger.waiting.keys() {
        if let Some(who) = watch.name_of(house, *person) {
            waits.entry(who).or_default().insert(pools[pool.as_str()].id);
        }
    }
    let people: Vec<Who> = house.mocks.state().world.people().iter().map(|person| person.id).collect();
    for who in people {
        let due = watch.due_now(house, who);
        let none = BTreeSet::new();
        let (held, waited) = (holds.get(&who).unwrap_or(&none), waits.get(&who).unwrap_or(&none));
        person_fits(house, watch, &due, held, waited)
            .map_err(|why| format!("{who:?} holds {held:?}, waits for {waited:?}, and {why}; due {due:?}"))?;
    }
    desks_fit(house, watch)
}

fn person_fits(
    house: &House,
    watch: &Watch,
    due: &Due,
    held: &BTreeSet<&str>,
    waited: &BTreeSet<&str>,
) -> Result<(), String> {
    let pools = &house.shape.pools;
    match due.stand {
        Stand::Left | Stand::PreStart if !held.is_empty() => return Err("should hold nothing".to_owned()),
        Stand::Suspended => {
            return match held.iter().find(|pool| pools[**pool].grace_days > 0) {
                Some(pool) => Err(format!("grace of {pool} is over")),
                None => Ok(()),
            };
        }
        Stand::Left | Stand::PreStart | Stand::Frozen => return Ok(()),
        Stand::Active => {}
    }
    if let Some(pool) = held.iter().find(|pool| !due.gives(pool)) {
        return Err(format!("should not hold {pool}"));
    }
    let tier = due.tiers.iter().position(|tier| held.contains(tier));
    for better in due.tiers.get(..tier.unwrap_or(due.tiers.len())).unwrap_or_default() {
        if free(house, watch, better, due.class) > 0 {
            return Err(format!("there is a free seat of {better}"));
        }
        if !waited.contains(better) {
            return Err(format!("should wait for {better}"));
        }
    }
    let base = match tier {
        Some(at) => Some(due.tiers[at]),
        None => Some("requester"),
    };
    for addon in due.addons.iter().filter(|addon| !held.contains(*addon) && carries(pools, addon, base)) {
        if free(house, watch, addon, due.class) > 0 {
            return Err(format!("there is a free seat of {addon}"));
        }
        if !waited.contains(addon) {
            return Err(format!("should wait for {addon}"));
        }
    }
    match held.iter().find(|pool| pools[**pool].addon && !carries(pools, pool, base)) {
        Some(addon) => Err(format!("{addon} stands on nothing")),
        None => Ok(()),
    }
}

/// Seats left for somebody of that class, with what others hold at the desks.
fn free(house: &House, watch: &Watch, pool: &str, class: Option<&str>) -> i64 {
    let ledger = house.ledger();
    let shape = &house.shape.pools[pool];
    let id = PoolId::from(pool);
    let holdings = || ledger.holdings.iter().filter(|((_, held), _)| *held == id);
    let on_call =
        holdings().filter(|(_, holding)| holding.class.as_ref().is_some_and(|class| class.as_str() == "on-call"));
    let floor = i64::from(shape.floor.min(shape.seats.unwrap()));
    let open = if class == Some("on-call") { 0 } else { (floor - i64::try_from(on_call.count()).unwrap()).max(0) };
    let ours = i64::try_from(holdings().count()).unwrap();
    let others = (0..house.shape.desks).map(|desk| strangers(house, watch, desk, pool)).max().unwrap_or(0);
    i64::from(shape.seats.unwrap()) - ours - others - open
}

/// Members that the ledger does not hold.
fn strangers(house: &House, watch: &Watch, desk: usize, pool: &str) -> i64 {
    let ours = ours(house, watch, pool);
    let members = house.mocks.state().desk.members(&group(desk, pool));
    i64::try_from(members.iter().filter(|member| !ours.contains(*member)).count()).unwrap()
}

/// Addresses of those who hold a seat by the ledger, as they are now.
fn ours(house: &House, watch: &Watch, pool: &str) -> BTreeSet<String> {
    let ledger = house.ledger();
    let id = PoolId::from(pool);
    let holders = ledger.holdings.keys().filter(|(_, held)| *held == id);
    let holders: Vec<Who> = holders.filter_map(|(person, _)| watch.name_of(house, *person)).collect();
    let state = house.mocks.state();
    holders.into_iter().filter_map(|who| Some(state.world.person(who)?.email.clone())).collect()
}

/// Every desk shows the ledger and strangers, and nobody else.
fn desks_fit(house: &House, watch: &Watch) -> Result<(), String> {
    for desk in 0..house.shape.desks {
        for pool in house.shape.pools.values().filter(|pool| pool.seats.is_some()) {
            let name = group(desk, pool.id);
            let members: BTreeSet<String> = house.mocks.state().desk.members(&name).into_iter().collect();
            let ours = ours(house, watch, pool.id);
            if let Some(missing) = ours.iter().find(|holder| !members.contains(*holder)) {
                return Err(format!("{missing} holds {} and is not in {name}: {members:?}", pool.id));
            }
            let by_hand = house.wire.strangers.lock().unwrap();
            let extra = members
                .iter()
                .find(|member| !ours.contains(*member) && !by_hand.contains(&(name.clone(), (*member).clone())));
            if let Some(extra) = extra {
                return Err(format!("{extra} is in {name} and holds nothing"));
            }
        }
    }
    Ok(())
}

//! A world as its seed makes it: what was bought, the table, the feeds, and what happens in what order.

use std::fmt::Write as _;

use jiff::ToSpan as _;
use jiff::civil::Date;
use seatwarden_mocks::{Rng, Server};

use super::truth::{Pools, Row, Table};

/// Everything about a world that its seed decides.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) seed: u64,
    pub(super) shape: Shape,
    pub(super) table: Table,
    pub(super) steps: Vec<Step>,
}

/// What does not change while the world lives, but for the number of seats.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// In order of preference.
    pub(super) feeds: Vec<Server>,
    /// Desks that have a place for every pool.
    pub(super) desks: usize,
    pub(super) mode: &'static str,
    pub(super) pools: Pools,
    pub(super) on_suspended: &'static str,
    pub(super) tight: bool,
    pub(super) approvers: u32,
    pub(super) people: usize,
}

/// A tier or an add-on.
#[derive(Clone, Debug)]
pub(super) struct PoolShape {
    pub(super) id: &'static str,
    pub(super) addon: bool,
    pub(super) rank: i64,
    /// `None` where there is nothing to count.
    pub(super) seats: Option<u32>,
    /// Seats for people of class `on-call` alone.
    pub(super) floor: u32,
    pub(super) fallback: Option<&'static str>,
    pub(super) grace_days: u32,
    pub(super) min_hold_days: u32,
    /// Changes of hands at most, in so many days.
    pub(super) reassign: Option<(u32, u32)>,
    pub(super) requires: Vec<&'static str>,
    pub(super) excludes: Vec<&'static str>,
}

/// One thing that happens. The number draws whatever is left to chance, so that a step means much the same when steps
/// before it are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) what: What,
    pub(super) number: u64,
}

/// Kinds of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Hire,
    Move,
    LoseCode,
    Leave,
    Rehire,
    Rename,
    Suspend,
    Unsuspend,
    Delete,
    Purge,
    Word,
    Rules,
    BreakRules,
    Catalog,
    FeedFault,
    DeskFault,
    Unplug,
    Mend,
    Stranger,
    ByHand,
    TakenByHand,
    Full,
    Incremental,
    Due,
    Crash,
    Restart,
    Approve,
    Reject,
    Undo,
    Wait,
    Back,
}

/// Kinds with their weights.
const WEIGHTS: [(What, usize); 31] = [
    (What::Hire, 6),
    (What::Move, 12),
    (What::LoseCode, 1),
    (What::Leave, 6),
    (What::Rehire, 5),
    (What::Rename, 4),
    (What::Suspend, 3),
    (What::Unsuspend, 3),
    (What::Delete, 2),
    (What::Purge, 2),
    (What::Word, 2),
    (What::Rules, 4),
    (What::BreakRules, 1),
    (What::Catalog, 3),
    (What::FeedFault, 4),
    (What::DeskFault, 3),
    (What::Unplug, 2),
    (What::Mend, 5),
    (What::Stranger, 1),
    (What::ByHand, 1),
    (What::TakenByHand, 1),
    (What::Full, 14),
    (What::Incremental, 12),
    (What::Due, 3),
    (What::Crash, 5),
    (What::Restart, 2),
    (What::Approve, 6),
    (What::Reject, 1),
    (What::Undo, 2),
    (What::Wait, 8),
    (What::Back, 1),
];

/// Things of which a pass over changes hears as well as a full one, and which no fault disturbs.
const QUIET: [What; 14] = [
    What::Hire,
    What::Move,
    What::LoseCode,
    What::Leave,
    What::Rehire,
    What::Rename,
    What::Suspend,
    What::Unsuspend,
    What::Word,
    What::Rules,
    What::Full,
    What::Full,
    What::Full,
    What::Wait,
];

impl Case {
    /// The world of a seed.
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = Rng::labeled(seed, "case");
        let shape = Shape::random(&mut rng);
        let table = random_table(&mut rng, &shape);
        let total: usize = WEIGHTS.iter().map(|(_, weight)| weight).sum();
        let length = 20 + rng.below(50);
        let step = |rng: &mut Rng| {
            let mut point = rng.below(total);
            let kind = WEIGHTS.iter().find(|(_, weight)| {
                let hit = point < *weight;
                point = point.saturating_sub(*weight);
                hit
            });
            Step { what: kind.unwrap().0, number: rng.draw() }
        };
        let steps = (0..length).map(|_| step(&mut rng)).collect();
        Self { seed, shape, table, steps }
    }

    /// A world without faults, whose passes may all be full or all be incremental.
    pub(super) fn quiet(seed: u64) -> Self {
        let mut rng = Rng::labeled(seed, "quiet");
        let shape = Shape { mode: "full", ..Shape::random(&mut rng) };
        let table = random_table(&mut rng, &shape);
        let length = 20 + rng.below(30);
        let steps = (0..length).map(|_| Step { what: *rng.pick(&QUIET).unwrap(), number: rng.draw() }).collect();
        Self { seed, shape, table, steps }
    }
}

impl Shape {
    fn random(rng: &mut Rng) -> Self {
        let mut feeds = vec![Server::Okta, Server::Entra, Server::Scim];
        let first = rng.below(3);
        feeds.rotate_left(first);
        if rng.chance(300) {
            feeds.reverse();
        }
        feeds.truncate(1 + rng.below(3));
        let desks = *rng.pick(&[0, 1, 1, 1, 1, 2]).unwrap();
        let mode = if rng.chance(900) { "full" } else { rng.pick(&["observe", "add_only"]).copied().unwrap() };
        let on_suspended = *rng.pick(&["hold", "hold", "keep", "revoke"]).unwrap();
        let (tight, approvers) = (rng.chance(300), 1 + u32::from(rng.chance(200)));
        Self { feeds, desks, mode, pools: random_pools(rng), on_suspended, tight, approvers, people: 6 + rng.below(14) }
    }

    /// `catalog.toml`.
    pub(super) fn catalog(&self) -> String {
        let mut text = "default_tier = \"requester\"\n".to_owned();
        for pool in self.pools.values() {
            writeln!(text, "[{}.{}]", if pool.addon { "addon" } else { "tier" }, pool.id).unwrap();
            if !pool.addon {
                writeln!(text, "rank = {}", pool.rank).unwrap();
            }
            let Some(seats) = pool.seats else {
                text.push_str("seats = \"unlimited\"\n");
                continue;
            };
            writeln!(text, "seats = {seats}").unwrap();
            if pool.floor > 0 {
                writeln!(text, "reserve = {{ on-call = {} }}", pool.floor.min(seats)).unwrap();
            }
            if let Some(fallback) = pool.fallback {
                writeln!(text, "fallback = \"{fallback}\"").unwrap();
            }
            if pool.grace_days > 0 {
                writeln!(text, "grace = \"{}d\"", pool.grace_days).unwrap();
            }
            if pool.min_hold_days > 0 {
                writeln!(text, "min_hold = {{ time = \"{}d\", exempt = [\"leaver\"] }}", pool.min_hold_days).unwrap();
            }
            if let Some((at_most, days)) = pool.reassign {
                writeln!(text, "reassign = {{ at_most = {at_most}, per = \"{days}d\" }}").unwrap();
            }
            if !pool.requires.is_empty() {
                writeln!(text, "requires = {:?}", pool.requires).unwrap();
            }
            if !pool.excludes.is_empty() {
                writeln!(text, "excludes = {:?}", pool.excludes).unwrap();
            }
        }
        text
    }
}

fn random_pools(rng: &mut Rng) -> Pools {
    let mut pools = Pools::new();
    let mut add = |pool: PoolShape| pools.insert(pool.id, pool);
    let plain = |id, addon, rank| PoolShape {
        id,
        addon,
        rank,
        seats: None,
        floor: 0,
        fallback: None,
        grace_days: 0,
        min_hold_days: 0,
        reassign: None,
        requires: Vec::new(),
        excludes: Vec::new(),
    };
    add(plain("requester", false, 0));
    let mut counted = |id, addon, rank, seats: usize| PoolShape {
        seats: Some(u32::try_from(seats).unwrap()),
        grace_days: *rng.pick(&[0, 0, 1, 7]).unwrap(),
        min_hold_days: *rng.pick(&[0, 0, 0, 20]).unwrap(),
        reassign: *rng.pick(&[None, None, None, Some((2, 30))]).unwrap(),
        ..plain(id, addon, rank)
    };
    let mut agent = counted("agent", false, 10, 0);
    let mut fulfiller = counted("fulfiller", false, 20, 0);
    let mut lead = counted("lead", false, 30, 0);
    let mut major = counted("major", true, 0, 0);
    let mut cab = counted("cab", true, 0, 0);
    agent.seats = Some(u32::try_from(2 + rng.below(10)).unwrap());
    agent.fallback = Some("requester");
    fulfiller.seats = Some(u32::try_from(2 + rng.below(12)).unwrap());
    fulfiller.floor = *rng.pick(&[0, 0, 1, 2]).unwrap();
    fulfiller.fallback = *rng.pick(&[Some("requester"), Some("agent"), Some("agent"), None]).unwrap();
    lead.seats = Some(u32::try_from(1 + rng.below(4)).unwrap());
    lead.fallback = *rng.pick(&[Some("fulfiller"), Some("fulfiller"), Some("agent"), None]).unwrap();
    major.seats = Some(u32::try_from(1 + rng.below(5)).unwrap());
    major.requires.extend(*rng.pick(&[&["fulfiller", "lead"][..], &["fulfiller"], &["lead"]]).unwrap());
    cab.seats = Some(u32::try_from(1 + rng.below(5)).unwrap());
    cab.requires.extend(*rng.pick(&[&[][..], &["fulfiller", "lead"], &["requester", "agent"]]).unwrap());
    cab.excludes.extend(*rng.pick(&[&[][..], &[], &["major"]]).unwrap());
    for pool in [agent, fulfiller, lead, major, cab] {
        pools.insert(pool.id, pool);
    }
    pools
}

/// Job codes that people have.
pub(super) const CODES: [&str; 8] = ["SD-1", "SD-2", "SD-12", "OPS-1", "OPS-2", "AG-1", "AG-2", "FIN-1"];
/// Departments that people are in.
pub(super) const DEPARTMENTS: [&str; 3] = ["IT", "Ops", "Finance"];
/// The first day of every world.
pub(super) const FIRST_DAY: Date = jiff::civil::date(2026, 11, 22);

fn random_table(rng: &mut Rng, shape: &Shape) -> Table {
    let mut table = Table::default();
    table.rows.push(Row {
        codes: vec!["SD-*"],
        department: None,
        tier: Some("fulfiller"),
        ..random_row(rng, FIRST_DAY)
    });
    for _ in 0..2 + rng.below(4) {
        table.rows.push(random_row(rng, FIRST_DAY));
    }
    keep_apart(&mut table, shape);
    table
}

/// A row with a number of its own.
pub(super) fn random_row(rng: &mut Rng, today: Date) -> Row {
    const PATTERNS: [&str; 9] = ["SD-*", "SD-1", "SD-1*", "OPS-*", "OPS-1", "AG-*", "AG-1", "FIN-*", "SD-2"];
    let codes = (0..=rng.below(2)).map(|_| *rng.pick(&PATTERNS).unwrap()).collect();
    let department = if rng.chance(250) { Some(*rng.pick(&DEPARTMENTS).unwrap()) } else { None };
    let tiers =
        [Some("fulfiller"), Some("fulfiller"), Some("agent"), Some("lead"), Some("requester"), Some("none"), None];
    let tier = *rng.pick(&tiers).unwrap();
    let mut addons = Vec::new();
    if tier != Some("none") && (tier.is_none() || rng.chance(250)) {
        addons.push(*rng.pick(&["major", "cab"]).unwrap());
    }
    let class = (tier.is_some() && tier != Some("none") && rng.chance(300)).then_some("on-call");
    let mut day = |per_mille, at_most| {
        rng.chance(per_mille).then(|| today + (1 + i64::try_from(rng.below(at_most)).unwrap()).days())
    };
    let (from, until) = (day(60, 10), day(120, 60));
    let until = until.filter(|until| from.is_none_or(|from| from <= *until));
    Row { id: rng.draw() % 1_000_000, codes, department, tier, addons, class, from, until }
}

/// Add-ons that exclude each other are never in one table, which would be refused.
pub(super) fn keep_apart(table: &mut Table, shape: &Shape) {
    if shape.pools["cab"].excludes.contains(&"major") {
        let first = table.rows.iter().find_map(|row| row.addons.first().copied());
        for row in &mut table.rows {
            row.addons.retain(|addon| Some(*addon) == first);
        }
    }
    table.rows.retain(|row| row.tier.is_some() || !row.addons.is_empty());
    table.rows.dedup_by_key(|row| row.id);
}

//! How many seats are left, pool by pool, while a plan is made.
//!
//! Two sums guard a pool: everything in use never exceeds what was bought, and the seats that a class has not used of
//! its floor are not there for anybody else.

use std::collections::{BTreeMap, BTreeSet};

use super::Occupied;
use super::frame::Frame;
use super::holdings::Holdings;
use super::terms::Quota;
use crate::model::{ClassName, PersonId, Pool, PoolId, PoolKind, Seats};

/// The counted pools of a catalog with their use.
#[derive(Clone, Debug)]
pub(super) struct Rooms<'a>(BTreeMap<&'a PoolId, Room<'a>>);

#[derive(Clone, Debug)]
struct Room<'a> {
    kind: PoolKind,
    bought: i64,
    in_use: i64,
    floors: Vec<Floor<'a>>,
    occupants: Option<&'a BTreeSet<PersonId>>,
    /// What is left of the vendor's limit on changes of hands.
    quota: Option<Quota>,
    /// The most that was free since the watch began.
    most: Option<Most>,
}

/// How many seats were left at best: for people without a floor, and for each floor's class.
#[derive(Clone, Debug)]
struct Most {
    others: i64,
    classes: Vec<i64>,
}

#[derive(Clone, Debug)]
struct Floor<'a> {
    class: &'a ClassName,
    size: i64,
    used: i64,
}

impl Floor<'_> {
    fn open(&self) -> i64 {
        self.size.saturating_sub(self.used).max(0)
    }
}

impl<'a> Rooms<'a> {
    /// Every counted pool, used by nobody but those at the desk whom the ledger does not hold.
    pub(super) fn new(frame: &Frame<'a>) -> Self {
        let policy = frame.policy;
        let room = |pool: &'a Pool, bought: u32| {
            let occupied = policy.occupied.get(&pool.id);
            let floor = |(class, size): (&'a ClassName, &u32)| Floor { class, size: i64::from(*size), used: 0 };
            Room {
                kind: pool.kind,
                bought: i64::from(bought),
                in_use: occupied.map_or(0, at_desk),
                floors: pool.reserve.iter().map(floor).collect(),
                occupants: occupied.map(|occupied| &occupied.people),
                quota: Quota::of(frame, pool),
                most: None,
            }
        };
        let counted = |pool: &'a Pool| match pool.seats {
            Seats::Bought(bought) => Some((&pool.id, room(pool, bought))),
            Seats::Unlimited => None,
        };
        Self(policy.catalog.pools.values().filter_map(counted).collect())
    }

    /// Whether the person has a seat there that the ledger does not hold.
    pub(super) fn is_occupant(&self, pool: &PoolId, person: PersonId) -> bool {
        self.0.get(pool).and_then(|room| room.occupants).is_some_and(|people| people.contains(&person))
    }

    /// Counts a seat of the ledger.
    pub(super) fn hold(&mut self, pool: &PoolId, person: PersonId, class: Option<&ClassName>) {
        let seats = i64::from(!self.is_occupant(pool, person));
        self.change(pool, class, seats, 1);
    }

    /// The reverse of [`Rooms::hold`].
    pub(super) fn unhold(&mut self, pool: &PoolId, person: PersonId, class: Option<&ClassName>) {
        let seats = i64::from(!self.is_occupant(pool, person));
        self.change(pool, class, seats.saturating_neg(), -1);
    }

    /// Counts all seats of the ledger, by their sums.
    pub(super) fn hold_all(&mut self, holdings: &Holdings) {
        for (pool, tally) in holdings.tallies() {
            let Some(room) = self.0.get_mut(pool) else { continue };
            let people = room.occupants.into_iter().flatten();
            let counted = people.filter(|person| holdings.contains_key(&(**person, pool.clone()))).count();
            let seats = number(tally.seats).saturating_sub(i64::try_from(counted).unwrap_or(i64::MAX));
            room.in_use = room.in_use.saturating_add(seats);
            for floor in &mut room.floors {
                let used = tally.classes.get(floor.class).copied().unwrap_or_default();
                floor.used = floor.used.saturating_add(number(used));
            }
        }
    }

    /// From now on it is remembered how much was free in pools of that kind.
    pub(super) fn watch(&mut self, kind: PoolKind) {
        for room in self.0.values_mut().filter(|room| room.kind == kind) {
            room.most = Some(room.left());
        }
    }

    /// Whether any pool had a seat to give since the watch began.
    pub(super) fn had_any(&self) -> bool {
        self.0.keys().any(|pool| self.had(pool))
    }

    /// Whether the pool had a seat to give to anybody since the watch began.
    pub(super) fn had(&self, pool: &PoolId) -> bool {
        let most = self.0.get(pool).and_then(|room| room.most.as_ref());
        most.is_some_and(|most| most.others > 0 || most.classes.iter().any(|left| *left > 0))
    }

    /// Whether the pool had a seat to give to people of this class since the watch began.
    pub(super) fn had_for(&self, pool: &PoolId, class: Option<&ClassName>) -> bool {
        let Some((room, most)) = self.0.get(pool).and_then(|room| Some((room, room.most.as_ref()?))) else {
            return false;
        };
        let mine = room.floors.iter().zip(&most.classes).find(|(floor, _)| Some(floor.class) == class);
        mine.map_or(most.others, |(_, left)| *left) > 0
    }

    /// Counts a cooling seat.
    pub(super) fn cool(&mut self, pool: &PoolId) {
        self.change(pool, None, 1, 0);
    }

    /// Frees a seat that was counted; a cooling one stays in use by nobody.
    pub(super) fn release(&mut self, pool: &PoolId, class: Option<&ClassName>, cools: bool) {
        self.change(pool, class, if cools { 0 } else { -1 }, -1);
    }

    /// Takes a release back.
    pub(super) fn restore(&mut self, pool: &PoolId, class: Option<&ClassName>, cools: bool) {
        self.change(pool, class, i64::from(!cools), 1);
    }

    /// Uses a seat for somebody of whom `counted` seats are counted there (adopted, or cooling from before).
    pub(super) fn take(&mut self, pool: &PoolId, person: PersonId, class: Option<&ClassName>, counted: i64) {
        self.change(pool, class, 1_i64.saturating_sub(counted), 1);
        if let Some(quota) = self.0.get_mut(pool).and_then(|room| room.quota.as_mut()) {
            quota.take(person, counted > 0);
        }
    }

    /// Whether the vendor's terms let the person have a seat that is free.
    pub(super) fn may_change_hands(&self, pool: &PoolId, person: PersonId) -> bool {
        self.0.get(pool).and_then(|room| room.quota.as_ref()).is_none_or(|quota| quota.allows(person))
    }

    /// How many more seats are in use than were bought.
    pub(super) fn over(&self, pool: &PoolId) -> i64 {
        self.0.get(pool).map_or(0, |room| room.in_use.saturating_sub(room.bought).max(0))
    }

    /// How many seats people of this class may still get.
    pub(super) fn left_for(&self, pool: &PoolId, class: Option<&ClassName>) -> i64 {
        self.0.get(pool).map_or(0, |room| room.left_for(class))
    }

    /// Whether the class has seats left of its own floor.
    pub(super) fn has_floor(&self, pool: &PoolId, class: Option<&ClassName>) -> bool {
        let mine = |floor: &Floor<'_>| Some(floor.class) == class && floor.open() > 0;
        class.is_some() && self.0.get(pool).is_some_and(|room| room.floors.iter().any(mine))
    }

    /// Whether there are seats left for anybody at all.
    pub(super) fn has_free(&self, pool: &PoolId) -> bool {
        self.0.get(pool).is_some_and(|room| room.in_use < room.bought)
    }

    fn change(&mut self, pool: &PoolId, class: Option<&ClassName>, seats: i64, of_class: i64) {
        if let Some(room) = self.0.get_mut(pool) {
            room.in_use = room.in_use.saturating_add(seats);
            for floor in room.floors.iter_mut().filter(|floor| Some(floor.class) == class) {
                floor.used = floor.used.saturating_add(of_class);
            }
            room.remember();
        }
    }
}

impl Room<'_> {
    fn left_for(&self, class: Option<&ClassName>) -> i64 {
        let others = self.floors.iter().filter(|floor| Some(floor.class) != class).map(Floor::open);
        self.bought.saturating_sub(self.in_use).saturating_sub(others.sum())
    }

    fn left(&self) -> Most {
        let classes = self.floors.iter().map(|floor| self.left_for(Some(floor.class))).collect();
        Most { others: self.left_for(None), classes }
    }

    fn remember(&mut self) {
        if self.most.is_none() {
            return;
        }
        let left = self.left();
        if let Some(most) = &mut self.most {
            most.others = most.others.max(left.others);
            for (most, left) in most.classes.iter_mut().zip(left.classes) {
                *most = left.max(*most);
            }
        }
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn at_desk(occupied: &Occupied) -> i64 {
    i64::from(occupied.strangers).saturating_add(i64::try_from(occupied.people.len()).unwrap_or(i64::MAX))
}

//! Who is next. Seats of a class's own floor go first, then by priority of the row, then by time of waiting, then by
//! order key, then by number.

use std::cmp::Reverse;

use super::room::Rooms;
use crate::model::{ClassName, PersonId, PoolId, Time};

/// Somebody who wants a seat of one pool.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    /// Where the caller finds the person again.
    pub(super) index: usize,
    /// Who.
    pub(super) person: PersonId,
    /// The class whose floor may be used.
    pub(super) class: Option<&'a ClassName>,
    /// The priority of the row that gives the seat.
    pub(super) priority: i64,
    /// Since when.
    pub(super) since: Time,
    /// Orders people who wait equally long.
    pub(super) order_key: &'a str,
    /// Seats of the pool that are counted for this person before: adopted at the desk, or their own cooling.
    pub(super) counted: i64,
}

impl Entry<'_> {
    fn key(&self) -> (Reverse<i64>, Time, &str, PersonId) {
        (Reverse(self.priority), self.since, self.order_key, self.person)
    }
}

/// Gives the seats that are left, and tells who got one, in order. Whoever has a seat counted there needs no further
/// one and comes first, unless more are in use than were bought.
pub(super) fn serve(rooms: &mut Rooms<'_>, pool: &PoolId, mut queue: Vec<Entry<'_>>) -> Vec<usize> {
    queue.sort_by(|a, b| a.key().cmp(&b.key()));
    let mut served = Vec::new();
    let mut phase = |wanted: &dyn Fn(&Rooms<'_>, &Entry<'_>) -> bool| {
        queue.retain(|entry| {
            let gets = wanted(rooms, entry);
            if gets {
                rooms.take(pool, entry.person, entry.class, entry.counted);
                served.push(entry.index);
            }
            !gets
        });
    };
    phase(&|rooms, entry| entry.counted > 0 && rooms.left_for(pool, entry.class).saturating_add(entry.counted) > 0);
    let left = |rooms: &Rooms<'_>, entry: &Entry<'_>| {
        rooms.left_for(pool, entry.class) > 0 && rooms.may_change_hands(pool, entry.person)
    };
    phase(&|rooms, entry| rooms.has_floor(pool, entry.class) && left(rooms, entry));
    phase(&|rooms, entry| left(rooms, entry));
    served
}

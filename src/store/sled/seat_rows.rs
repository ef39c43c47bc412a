//! How the part of the ledger that is about seats lies in the trees: a row per person, a record per numbered seat, and
//! one per pool for its book.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::blocks::{self, Rows};
use super::changes::{each_row, text};
use super::trees::{Kind, Stage, Trees};
use crate::model::{PersonId, PoolId, UnitNo};
use crate::seats::{Cooling, Event, Holding, Ledger, Unit, Waiting};
use crate::store::{StoreError, codec};

/// The seats of one person, as one row: they change together.
#[derive(Debug, Default, Serialize, Deserialize)]
struct SeatRow {
    holdings: Vec<(PoolId, Holding)>,
    waiting: Vec<(PoolId, Waiting)>,
    cooling: Vec<(PoolId, Cooling)>,
}

fn of_person<T: Clone>(
    rows: &BTreeMap<(PersonId, PoolId), T>,
    person: PersonId,
) -> impl Iterator<Item = (PoolId, T)> + '_ {
    rows.range((person, PoolId::new(""))..)
        .take_while(move |((holder, _), _)| *holder == person)
        .map(|((_, pool), row)| (pool.clone(), row.clone()))
}

impl SeatRow {
    fn of(ledger: &Ledger, person: PersonId) -> Self {
        Self {
            holdings: of_person(&ledger.holdings, person).collect(),
            waiting: of_person(&ledger.waiting, person).collect(),
            cooling: of_person(&ledger.cooling, person).collect(),
        }
    }

    const fn is_empty(&self) -> bool {
        let Self { holdings, waiting, cooling } = self;
        holdings.is_empty() && waiting.is_empty() && cooling.is_empty()
    }

    fn put_into(self, ledger: &mut Ledger, person: PersonId) {
        let Self { holdings, waiting, cooling } = self;
        ledger.holdings.extend(holdings.into_iter().map(|(pool, row)| ((person, pool), row)));
        ledger.waiting.extend(waiting.into_iter().map(|(pool, row)| ((person, pool), row)));
        ledger.cooling.extend(cooling.into_iter().map(|(pool, row)| ((person, pool), row)));
    }
}

/// What a group of entries touches, brought from the ledger into one that has nothing else.
#[derive(Debug, Default)]
pub(super) struct Brought {
    people: BTreeSet<PersonId>,
    units: BTreeSet<(PoolId, UnitNo)>,
    whole: BTreeSet<PoolId>,
    books: BTreeSet<PoolId>,
}

impl Brought {
    /// Brings what an entry about that seat looks at.
    pub(super) fn seat(&mut self, part: &mut Ledger, base: &Ledger, person: PersonId, pool: &PoolId, event: &Event) {
        if self.people.insert(person) {
            let row = SeatRow::of(base, person);
            let held = row.holdings.iter().map(|(pool, holding)| (pool, holding.unit));
            let cooling = row.cooling.iter().map(|(pool, cooling)| (pool, cooling.unit));
            for (pool, unit) in held.chain(cooling) {
                self.unit(part, base, pool, unit);
            }
            row.put_into(part, person);
        }
        if self.books.insert(pool.clone())
            && let Some(book) = base.books.get(pool)
        {
            part.books.insert(pool.clone(), book.clone());
        }
        let key = (person, pool.clone());
        if let Event::Granting { unit, .. } | Event::Adopted { unit, .. } = event
            && !part.holdings.contains_key(&key)
            && !part.cooling.contains_key(&key)
        {
            if let Some(unit) = unit {
                self.unit(part, base, pool, *unit);
            }
            let open = unit.is_some_and(|unit| part.units.get(pool).is_none_or(|units| units.is_open(unit)));
            if !open {
                // Another number is looked for among all of the pool.
                self.pool(part, base, pool);
            }
        }
    }

    fn unit(&mut self, part: &mut Ledger, base: &Ledger, pool: &PoolId, unit: UnitNo) {
        if self.units.insert((pool.clone(), unit))
            && let Some(known) = base.units.get(pool).and_then(|units| units.get(unit))
        {
            part.units.entry(pool.clone()).or_default().put(unit, Some(known.clone()));
        }
    }

    fn pool(&mut self, part: &mut Ledger, base: &Ledger, pool: &PoolId) {
        if self.whole.insert(pool.clone()) {
            let Some(units) = base.units.get(pool) else { return };
            let numbers: Vec<UnitNo> = units.iter().map(|(number, _)| number).collect();
            for number in numbers {
                self.unit(part, base, pool, number);
            }
        }
    }

    /// Stages what became of it.
    pub(super) fn stage(mut self, stage: &mut Stage<'_>, part: &Ledger, base: &Ledger) -> Result<(), StoreError> {
        let mut seats = BTreeMap::new();
        for person in self.people {
            let row = SeatRow::of(part, person);
            seats.insert(person.0, if row.is_empty() { None } else { Some(codec::encode(&row)?) });
        }
        blocks::write(stage, Rows::Seats, seats)?;
        for pool in self.books {
            if let Some(book) = part.books.get(&pool).filter(|book| base.books.get(&pool) != Some(*book)) {
                stage.put(Kind::Books, pool.as_str().as_bytes(), &codec::encode(book)?)?;
            }
        }
        for (pool, units) in &part.units {
            self.units.extend(units.iter().map(|(number, _)| (pool.clone(), number)));
        }
        for (pool, number) in self.units {
            let after = part.units.get(&pool).and_then(|units| units.get(number));
            let before = base.units.get(&pool).and_then(|units| units.get(number));
            match after {
                Some(unit) if before == Some(unit) => {}
                Some(unit) => stage.put(Kind::Units, &unit_key(&pool, number), &codec::encode(unit)?)?,
                None if before.is_none() => {}
                None => stage.remove(Kind::Units, &unit_key(&pool, number))?,
            }
        }
        Ok(())
    }
}

/// Reads what is about seats into a ledger.
pub(super) fn load(trees: &Trees, ledger: &mut Ledger) -> Result<(), StoreError> {
    each_row(trees, Rows::Seats, 0, &mut |id, row| {
        codec::decode::<SeatRow>(&row)?.put_into(ledger, PersonId(id));
        Ok(true)
    })?;
    trees.scan(Kind::Books, &[], None, &mut |key, payload| {
        ledger.books.insert(PoolId::new(text(key)?), codec::decode(&payload)?);
        Ok(true)
    })?;
    trees.scan(Kind::Units, &[], None, &mut |key, payload| {
        let (pool, number) = key
            .split_last_chunk::<4>()
            .ok_or_else(|| StoreError::Damaged("a key of `units` is too short".to_owned()))?;
        let (pool, unit) = (PoolId::new(text(pool)?), codec::decode::<Unit>(&payload)?);
        ledger.units.entry(pool).or_default().put(UnitNo(u32::from_be_bytes(*number)), Some(unit));
        Ok(true)
    })
}

/// Stages every row anew out of `ledger`, whatever was there: for a store of an older format.
pub(super) fn rewrite(stage: &mut Stage<'_>, ledger: &Ledger) -> Result<(), StoreError> {
    let mut people: BTreeSet<PersonId> = ledger.people();
    each_row(stage.trees, Rows::Seats, 0, &mut |id, _| {
        people.insert(PersonId(id));
        Ok(true)
    })?;
    let books = ledger.books.keys().cloned().collect();
    let all = Brought { people, books, ..Brought::default() };
    all.stage(stage, ledger, &Ledger::default())
}

/// The numbers of one pool lie together and in order.
fn unit_key(pool: &PoolId, number: UnitNo) -> Vec<u8> {
    [pool.as_str().as_bytes(), &number.0.to_be_bytes()].concat()
}

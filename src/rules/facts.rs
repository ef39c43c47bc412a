//! A person in the form that rows are compared with.

use std::borrow::Cow;
use std::slice;

use super::column::Column;
use super::normal::normal;
use crate::directory::Person;

/// The values of one column, in normal form; none when the person lacks the attribute. A blank value is no value.
#[derive(Debug)]
pub(super) enum Slot<'p> {
    None,
    One(Cow<'p, str>),
    Many(Vec<Cow<'p, str>>),
}

impl<'p> Slot<'p> {
    pub(super) fn values(&self) -> &[Cow<'p, str>] {
        match self {
            Self::None => &[],
            Self::One(value) => slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl<'p> FromIterator<Cow<'p, str>> for Slot<'p> {
    fn from_iter<I: IntoIterator<Item = Cow<'p, str>>>(values: I) -> Self {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (None, _) => Self::None,
            (Some(only), None) => Self::One(only),
            (Some(first), Some(second)) => Self::Many([first, second].into_iter().chain(values).collect()),
        }
    }
}

/// The values of every column of a table.
#[derive(Debug)]
pub(super) struct Facts<'p> {
    slots: Vec<Slot<'p>>,
}

impl<'p> Facts<'p> {
    pub(super) fn of(person: &'p Person, columns: &[Column]) -> Self {
        Self { slots: columns.iter().map(|column| slot_of(person, column)).collect() }
    }

    pub(super) const fn from_slots(slots: Vec<Slot<'p>>) -> Self {
        Self { slots }
    }

    pub(super) fn values(&self, slot: usize) -> &[Cow<'p, str>] {
        self.slots.get(slot).map_or(&[], Slot::values)
    }
}

fn slot_of<'p>(person: &'p Person, column: &Column) -> Slot<'p> {
    match column {
        Column::Status => Slot::One(Cow::Borrowed(person.status.as_str())),
        Column::Feed => person.feeds.iter().map(|feed| normal(feed.as_str())).collect(),
        Column::Attribute(attribute) => match person.attributes.get(attribute).map(Vec::as_slice) {
            None => Slot::None,
            Some(values) => values.iter().map(|value| normal(value)).filter(|value| !value.is_empty()).collect(),
        },
    }
}

//! One event at a time, drawn from the world's seed.

use super::company::plain;
use super::{Field, Homes, PersonId, Standing, World};
use crate::rng::Rng;

/// What a tick did, for those who tell the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody new came.
    Hired(PersonId),
    /// Somebody has another job; the new code.
    Moved(PersonId, String),
    /// Somebody left.
    Left(PersonId),
    /// Somebody came back.
    Rehired(PersonId),
    /// Somebody has another address; the new one.
    Renamed(PersonId, String),
}

impl Event {
    /// Tells the event in one line. Mock people alone are named here.
    pub fn told(&self, world: &World) -> String {
        let name = |id: &PersonId| world.person(*id).map(|person| person.email.clone()).unwrap_or_default();
        let code = |id: &PersonId| world.person(*id).and_then(|person| person.get(Field::JobCode)).unwrap_or("none");
        match self {
            Self::Hired(id) => format!("hired    {} as {}", name(id), code(id)),
            Self::Moved(id, code) => format!("moved    {} to {code}", name(id)),
            Self::Left(id) => format!("left     {} ({})", name(id), code(id)),
            Self::Rehired(id) => format!("rehired  {} as {}", name(id), code(id)),
            Self::Renamed(id, email) => {
                let number = world.person(*id).and_then(|person| person.get(Field::EmployeeNumber)).unwrap_or("none");
                format!("renamed  {number} to {email}")
            }
        }
    }
}

impl World {
    /// Lets one thing happen: of a hundred ticks about 40 are moves, 20 hires, 18 leavers, 12 rehires and 10 renames.
    pub fn tick(&mut self) -> Event {
        let mut rng = self.rng.clone();
        let event = self.happen(&mut rng);
        self.rng = rng;
        event
    }

    fn happen(&mut self, rng: &mut Rng) -> Event {
        let point = rng.below(100);
        let wanted = if (60..72).contains(&point) { Standing::Left } else { Standing::Active };
        let Some(id) = self.somebody(rng, wanted) else { return self.newcomer_at_random(rng) };
        match point {
            0..40 => Event::Moved(id, self.move_at_random(id, rng)),
            40..60 => self.newcomer_at_random(rng),
            60..72 => {
                self.rehire(id);
                Event::Rehired(id)
            }
            72..90 => {
                self.leave(id);
                Event::Left(id)
            }
            _ => {
                let email = self.new_address(id, rng);
                self.rename(id, &email);
                Event::Renamed(id, email)
            }
        }
    }

    fn newcomer_at_random(&mut self, rng: &mut Rng) -> Event {
        let homes = rng.pick(self.people()).map_or(Homes::OKTA, |person| person.homes);
        let department = rng.below(super::company::DEPARTMENTS.len());
        let manager = self.somebody(rng, Standing::Active);
        Event::Hired(self.hire_at_random(rng, department, manager, homes))
    }

    /// Somebody of that standing; the search begins at a drawn place and goes around once.
    fn somebody(&self, rng: &mut Rng, standing: Standing) -> Option<PersonId> {
        let start = rng.below(self.people().len());
        let (before, after) = self.people().split_at_checked(start)?;
        after.iter().chain(before).find(|person| person.standing == standing).map(|person| person.id)
    }

    fn new_address(&self, id: PersonId, rng: &mut Rng) -> String {
        let person = self.person(id);
        let given = person.map(|person| plain(&person.given_name)).unwrap_or_default();
        let number = person.and_then(|person| person.get(Field::EmployeeNumber)).unwrap_or("0");
        format!("{given}.{number}.{}@acme.example", rng.below(1000))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Company;
    use super::*;

    #[test]
    fn a_tick_changes_exactly_one_person() {
        let mut world = Company::generate(3, 40);
        for _ in 0..300 {
            let before = world.last_seq();
            world.tick();
            assert_eq!(world.last_seq(), before + 1);
        }
        assert!(world.people().iter().any(|person| person.standing == Standing::Left));
    }

    #[test]
    fn an_empty_world_begins_with_a_hire() {
        let mut world = World::empty(3);
        assert!(matches!(world.tick(), Event::Hired(_)));
    }
}

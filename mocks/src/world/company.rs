//! A company of a given size, made from a seed.

use super::{Field, Hire, Homes, PersonId, World};
use crate::rng::Rng;

/// How a company is made. The defaults give two identity providers: of ten people six live in Okta, three in Entra and
/// one in both.
#[derive(Debug, Clone)]
pub struct Company {
    seed: u64,
    people: usize,
    spread: Vec<Homes>,
}

/// A department: name, division, prefix and numbers of its job codes, title, and its share of a hundred people.
pub(super) struct Department {
    pub(super) name: &'static str,
    division: &'static str,
    prefix: &'static str,
    first: usize,
    codes: usize,
    title: &'static str,
    share: usize,
}

impl Department {
    pub(super) fn code(&self, rng: &mut Rng) -> String {
        format!("{}{}", self.prefix, self.first + rng.below(self.codes))
    }
}

#[rustfmt::skip]
pub(super) const DEPARTMENTS: &[Department] = &[
    Department { name: "IT", division: "Shared Services", prefix: "SD-", first: 10, codes: 20, title: "Service Desk Analyst", share: 30 },
    Department { name: "Infrastructure", division: "Shared Services", prefix: "OPS-", first: 1, codes: 9, title: "Operations Engineer", share: 10 },
    Department { name: "Finance", division: "Corporate", prefix: "FIN-", first: 1, codes: 8, title: "Accountant", share: 14 },
    Department { name: "People", division: "Corporate", prefix: "HR-", first: 1, codes: 5, title: "People Partner", share: 6 },
    Department { name: "Sales", division: "Market", prefix: "SAL-", first: 1, codes: 9, title: "Account Manager", share: 18 },
    Department { name: "Engineering", division: "Product", prefix: "ENG-", first: 100, codes: 20, title: "Engineer", share: 14 },
    Department { name: "Warehouse", division: "Logistics", prefix: "", first: 4700, codes: 20, title: "Warehouse Clerk", share: 8 },
];

const GIVEN: &[&str] = &[
    "Ann", "Dayo", "Ines", "Jürgen", "Kofi", "Lena", "Mei", "Noor", "Oskar", "Priya", "Quentin", "Rosa", "Søren",
    "Tomás", "Uma", "Viktor", "Wen", "Ximena", "Yuki", "Zofia",
];
const FAMILY: &[&str] = &[
    "Abara",
    "Berg",
    "Castillo",
    "Dubois",
    "Eriksen",
    "Fischer",
    "Garcia",
    "Haddad",
    "Ito",
    "Jansen",
    "Kowalska",
    "Lindqvist",
    "Moreau",
    "Nakamura",
    "Okafor",
    "Petrov",
    "Quist",
    "Rossi",
    "Sørensen",
    "Tanaka",
];
const COUNTRIES: &[&str] = &["DE", "SE", "US", "JP", "NG", "BR"];

impl Company {
    /// Makes a company of `people` with the default spread: `Company::generate(7, 400)`.
    pub fn generate(seed: u64, people: usize) -> World {
        Self::new(seed, people).build()
    }

    /// Begins a company whose spread is still to be chosen.
    pub fn new(seed: u64, people: usize) -> Self {
        let both = Homes::OKTA.and(Homes::ENTRA);
        let mut spread = vec![Homes::OKTA; 6];
        spread.extend([Homes::ENTRA; 3]);
        spread.push(both);
        Self { seed, people, spread }
    }

    /// Chooses where people live; the homes are dealt out in turn: `.homes(&[Homes::SCIM])`.
    #[must_use]
    pub fn homes(mut self, spread: &[Homes]) -> Self {
        self.spread = spread.to_vec();
        self
    }

    /// Makes the world.
    pub fn build(self) -> World {
        let mut world = World::empty(self.seed);
        let mut rng = Rng::labeled(self.seed, "company");
        let mut managers: Vec<(usize, PersonId)> = Vec::new();
        for at in 0..self.people {
            let homes = self.spread.get(at % self.spread.len().max(1)).copied().unwrap_or(Homes::OKTA);
            let department = department_of(rng.below(100));
            let boss = managers.iter().find(|(led, _)| *led == department).map(|(_, boss)| *boss);
            let id = world.hire_at_random(&mut rng, department, boss, homes);
            if boss.is_none() {
                managers.push((department, id));
            }
        }
        world
    }
}

/// The department into which a number below 100 falls.
fn department_of(mut point: usize) -> usize {
    for (at, department) in DEPARTMENTS.iter().enumerate() {
        if point < department.share {
            return at;
        }
        point -= department.share;
    }
    0
}

impl World {
    /// Hires somebody with a drawn name, code and country.
    pub(super) fn hire_at_random(
        &mut self,
        rng: &mut Rng,
        department: usize,
        manager: Option<PersonId>,
        homes: Homes,
    ) -> PersonId {
        let given = rng.pick(GIVEN).copied().unwrap_or_default();
        let family = rng.pick(FAMILY).copied().unwrap_or_default();
        let serial = self.people().len() + 1;
        let mut hire = Hire {
            email: format!("{}.{}{serial}@acme.example", plain(given), plain(family)),
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            country: rng.pick(COUNTRIES).map(|&country| country.to_owned()),
            employee_type: Some(if rng.chance(80) { "Contractor" } else { "Employee" }.to_owned()),
            manager,
            homes,
            ..Hire::default()
        };
        if let Some(unit) = DEPARTMENTS.get(department) {
            hire.department = Some(unit.name.to_owned());
            hire.division = Some(unit.division.to_owned());
            hire.title = Some(unit.title.to_owned());
            hire.job_code = Some(unit.code(rng));
            hire.cost_center = Some(format!("CC-{}", 4400 + department));
        }
        self.hire(hire)
    }

    /// Moves somebody to a drawn department, with its title, division and one of its codes.
    pub(super) fn move_at_random(&mut self, id: PersonId, rng: &mut Rng) -> String {
        let at = department_of(rng.below(100));
        let Some(unit) = DEPARTMENTS.get(at) else { return String::new() };
        let code = unit.code(rng);
        self.put(id, Field::Title, Some(unit.title));
        self.put(id, Field::Division, Some(unit.division));
        self.put(id, Field::CostCenter, Some(&format!("CC-{}", 4400 + at)));
        self.move_to(id, &code, unit.name);
        code
    }
}

/// The letters of a name that go into an address.
pub(super) fn plain(name: &str) -> String {
    name.chars()
        .map(|letter| match letter {
            'ü' => 'u',
            'ø' => 'o',
            'á' => 'a',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_company_has_the_size_spread_and_desk_it_should() {
        let world = Company::generate(7, 400);
        assert_eq!(world.people().len(), 400);
        assert_eq!(world.okta_accounts().len(), 280);
        assert_eq!(world.entra_accounts().len(), 160);
        let desk = world.people().iter().filter(|person| person.get(Field::Department) == Some("IT")).count();
        assert!((95..150).contains(&desk), "{desk}");
        assert!(world.people().iter().all(|person| person.email.is_ascii()));
        let with_manager = world.people().iter().filter(|person| person.manager.is_some()).count();
        assert_eq!(with_manager, 393);
    }

    #[test]
    fn the_shares_add_up() {
        assert_eq!(DEPARTMENTS.iter().map(|department| department.share).sum::<usize>(), 100);
    }
}

//! What a step does to the house.

use std::time::Duration;

use jiff::ToSpan as _;
use seatwarden::store::Store as _;
use seatwarden::worker::{Request as Ask, Scope};
use seatwarden_mocks::world::{PersonId, Standing};
use seatwarden_mocks::{Fault, Field, Hire, Homes, Rng, Rule, Server, World};

use super::case::{CODES, DEPARTMENTS, Step, What, keep_apart, random_row};
use super::house::{Ended, HOSTS, House, group};
use super::laws::{Watch, today};
use super::truth::Exception;

/// The first people, hired before the first pass.
pub(super) fn settle(house: &House, seed: u64) {
    let mut rng = Rng::labeled(seed, "people");
    for _ in 0..house.shape.people {
        hire(house, &mut rng);
    }
}

/// Makes one step, and looks at what came of it.
pub(super) async fn step(house: &mut House, watch: &mut Watch, step: Step) -> Result<(), String> {
    super::tell(|| format!("{step:?}"));
    let mut rng = Rng::labeled(step.number, "step");
    house.wait(Duration::from_secs(60 + rng.draw() % 600));
    let passes = match step.what {
        What::Full => Some((Scope::Full, None)),
        What::Incremental => Some((Scope::Incremental, None)),
        What::Due => Some((Scope::Due, None)),
        What::Crash => {
            let scope = if rng.chance(600) { Scope::Full } else { Scope::Incremental };
            Some((scope, Some(rng.draw() % 60)))
        }
        _ => None,
    };
    if let Some((scope, dies)) = passes {
        pass(house, watch, scope, dies).await?;
        if step.what == What::Crash {
            house.restart()?;
        }
    } else {
        happen(house, &mut rng, step.what).await?;
    }
    watch.note_world(house);
    watch.look(house, None)
}

/// One pass under the eyes of the laws.
pub(super) async fn pass(
    house: &House,
    watch: &mut Watch,
    scope: Scope,
    dies: Option<u64>,
) -> Result<Option<Box<seatwarden::worker::Outcome>>, String> {
    let before = watch.before(house);
    let ended = house.pass(scope, dies).await;
    watch.look(house, Some(&before))?;
    match ended {
        Ended::Done(outcome) => {
            watch.note_readings(&before, &outcome.readings);
            watch.outcome(house, &outcome)?;
            Ok(Some(outcome))
        }
        Ended::Failed(seatwarden::worker::WardenError::Rules(_)) if house.in_force.is_none() => Ok(None),
        Ended::Failed(error) => Err(format!("a pass failed: {error}")),
        Ended::Died => {
            watch.totals.crashes += 1;
            Ok(None)
        }
    }
}

async fn happen(house: &mut House, rng: &mut Rng, what: What) -> Result<(), String> {
    match what {
        What::Hire => hire(house, rng),
        What::Move => on_somebody(house, rng, &[Standing::Active, Standing::Suspended], |world, rng, who| {
            world.move_to(who, rng.pick(&CODES).unwrap(), rng.pick(&DEPARTMENTS).unwrap());
        }),
        What::LoseCode => on_somebody(house, rng, &[Standing::Active], |world, _, who| {
            world.set(who, Field::JobCode, None);
        }),
        What::Leave => {
            on_somebody(house, rng, &[Standing::Active, Standing::Suspended], |world, _, who| world.leave(who));
        }
        What::Rehire => {
            let gone = [Standing::Left, Standing::Deleted, Standing::Purged];
            on_somebody(house, rng, &gone, |world, _, who| world.rehire(who));
        }
        What::Rename => rename(house, rng),
        What::Suspend => on_somebody(house, rng, &[Standing::Active], |world, _, who| world.suspend(who)),
        What::Unsuspend => {
            on_somebody(house, rng, &[Standing::Suspended, Standing::PreStart], |world, _, who| world.unsuspend(who));
        }
        What::Delete => on_somebody(house, rng, &[Standing::Left], |world, _, who| world.delete(who)),
        What::Purge => {
            on_somebody(house, rng, &[Standing::Left, Standing::Deleted, Standing::Active], |world, _, who| {
                // Somebody who is made anew at two providers, one of which is read a pass before the other, stays a
                // conflict until an operator looks: settled people are never united.
                let Homes { okta, entra, scim } = world.person(who).unwrap().homes;
                if u8::from(okta) + u8::from(entra) + u8::from(scim) == 1 {
                    world.purge(who);
                }
            });
        }
        What::Word => on_somebody(house, rng, &[Standing::Active], |world, rng, who| {
            let words = [Some("LOCKED_OUT"), Some("PASSWORD_EXPIRED"), Some("ODD"), None, None];
            world.set_okta_status(who, *rng.pick(&words).unwrap());
        }),
        What::Rules => edit_rules(house, rng)?,
        What::BreakRules => {
            house.broken = !house.broken;
            house.edit_rules()?;
        }
        What::Catalog => edit_catalog(house, rng)?,
        What::FeedFault => feed_fault(house, rng),
        What::DeskFault => desk_fault(house, rng),
        What::Unplug => {
            house.wire.unplugged.lock().unwrap().insert(rng.pick(&HOSTS).unwrap());
        }
        What::Mend => mend(house),
        What::Stranger => at_desk(house, rng, |_, _| Some("stranger@desk.example".to_owned()), true),
        What::ByHand => at_desk(house, rng, |world, rng| Some(rng.pick(world.people())?.email.clone()), true),
        What::TakenByHand => at_desk(house, rng, |world, rng| Some(rng.pick(world.people())?.email.clone()), false),
        What::Restart => house.restart()?,
        What::Approve => judge(house, rng, true).await,
        What::Reject => judge(house, rng, false).await,
        What::Undo => undo(house, rng).await,
        What::Wait => {
            let hours = *rng.pick(&[1, 6, 24, 24, 72, 24 * 8, 24 * 25]).unwrap();
            house.wait(Duration::from_hours(hours));
        }
        What::Back => house.set_back(Duration::from_secs(rng.draw() % 600)),
        What::Full | What::Incremental | What::Due | What::Crash => {}
    }
    Ok(())
}

fn hire(house: &House, rng: &mut Rng) {
    let feeds = &house.shape.feeds;
    let mut homes = Homes::default();
    for feed in feeds {
        if rng.chance(600) {
            homes = homes.and(home(*feed));
        }
    }
    if homes == Homes::default() {
        homes = home(*rng.pick(feeds).unwrap());
    }
    let mut state = house.mocks.state();
    let world = &mut state.world;
    let number = world.people().len();
    let mut hire = Hire::new(&format!("p{number}@acme.example"))
        .number(&if rng.chance(850) { format!("{number:04}") } else { String::new() })
        .department(rng.pick(&DEPARTMENTS).unwrap())
        .homes(homes);
    if rng.chance(950) {
        hire = hire.job(rng.pick(&CODES).unwrap());
    }
    if rng.chance(100) {
        hire.standing = Standing::PreStart;
    }
    world.hire(hire);
}

fn home(feed: Server) -> Homes {
    match feed {
        Server::Okta => Homes::OKTA,
        Server::Entra => Homes::ENTRA,
        Server::Scim | Server::Desk => Homes::SCIM,
    }
}

fn on_somebody(house: &House, rng: &mut Rng, standing: &[Standing], act: impl FnOnce(&mut World, &mut Rng, PersonId)) {
    let mut state = house.mocks.state();
    let people = state.world.people().iter().filter(|person| standing.contains(&person.standing));
    let people: Vec<PersonId> = people.map(|person| person.id).collect();
    if let Some(who) = rng.pick(&people).copied() {
        act(&mut state.world, rng, who);
    }
}

fn rename(house: &House, rng: &mut Rng) {
    let tail = rng.draw() % 1000;
    on_somebody(house, rng, &[Standing::Active, Standing::Suspended, Standing::Left], |world, _, who| {
        let person = world.person(who).unwrap();
        // Desks know people without a number by their address alone; one that changes at both ends is another person.
        if person.get(Field::EmployeeNumber).is_none() {
            return;
        }
        let old = person.email.clone();
        let new = format!("{}.{tail}@acme.example", old.split(['@', '.']).next().unwrap());
        world.rename(who, &new);
        let mut strangers = house.wire.strangers.lock().unwrap();
        let renamed: Vec<_> =
            strangers.iter().filter(|(_, name)| *name == old).map(|(group, _)| group.clone()).collect();
        strangers.extend(renamed.into_iter().map(|group| (group, new.clone())));
    });
}

fn edit_rules(house: &mut House, rng: &mut Rng) -> Result<(), String> {
    let today = today(house);
    let table = &mut house.table;
    let at = rng.below(table.rows.len());
    match rng.below(6) {
        0 if table.rows.len() > 1 => drop(table.rows.remove(at)),
        1 => table.rows.push(random_row(rng, today)),
        2 => table.rows.insert(at, random_row(rng, today)),
        3 if !table.rows.is_empty() => {
            let fresh = random_row(rng, today);
            let row = &mut table.rows[at];
            (row.codes, row.department) = (fresh.codes, fresh.department);
        }
        4 if !table.rows.is_empty() => {
            let fresh = random_row(rng, today);
            let row = &mut table.rows[at];
            (row.tier, row.addons, row.class) = (fresh.tier, fresh.addons, fresh.class);
        }
        _ => {
            let state = house.mocks.state();
            table.exceptions.clear();
            if let Some(person) = rng.pick(state.world.people()) {
                let number = person.get(Field::EmployeeNumber).filter(|_| rng.chance(500));
                table.exceptions.push(Exception {
                    person: number.unwrap_or(&person.email).to_owned(),
                    tier: rng.pick(&["fulfiller", "agent", "lead", "none", "requester"]).unwrap(),
                    until: today + i64::try_from(rng.below(20)).unwrap().days(),
                });
            }
        }
    }
    keep_apart(table, &house.shape);
    house.edit_rules()
}

fn edit_catalog(house: &mut House, rng: &mut Rng) -> Result<(), String> {
    let mut counted = house.shape.pools.values_mut().filter(|pool| pool.seats.is_some());
    let pool = counted.nth(rng.below(5)).unwrap();
    let seats = pool.seats.unwrap();
    let change = 1 + u32::try_from(rng.below(4)).unwrap();
    pool.seats = Some(if rng.chance(500) { seats + change } else { seats.saturating_sub(change).max(1) });
    house.restart()
}

fn feed_fault(house: &House, rng: &mut Rng) {
    let server = *rng.pick(&house.shape.feeds).unwrap();
    let mut faults = Fault::passing();
    faults.extend(Fault::lying());
    faults.extend([
        Fault::Status(403, "{}".to_owned()),
        Fault::NestedBrackets(10_000),
        Fault::HostileNext("https://evil.example".to_owned()),
        Fault::ExpireCursors,
        Fault::ResetDelta,
        Fault::Reversed,
        Fault::Stall,
        Fault::ConcurrencyLimit,
    ]);
    let fault = rng.pick(&faults).unwrap().clone();
    super::tell(|| format!("  fault {}", fault.name()));
    let rule = Rule::on(server);
    let rule = match rng.below(4) {
        0 => rule.nth(1 + rng.draw() % 6),
        1 => rule.from(1 + rng.draw() % 4),
        2 => rule.every(2 + rng.draw() % 3),
        _ => rule.chance(200, rng.draw()),
    };
    house.mocks.faults.push(rule.play(fault));
}

fn desk_fault(house: &House, rng: &mut Rng) {
    let mut faults = Fault::passing();
    faults.extend([
        Fault::Status(403, "{}".to_owned()),
        Fault::Status(404, "{}".to_owned()),
        Fault::Status(409, "{}".to_owned()),
        Fault::Html,
        Fault::TruncatedJson,
        Fault::EmptyList,
        Fault::ShortPage,
        Fault::Stall,
    ]);
    let fault = rng.pick(&faults).unwrap().clone();
    super::tell(|| format!("  fault {}", fault.name()));
    let rule = if rng.chance(300) { Rule::on(Server::Desk).method("PATCH") } else { Rule::on(Server::Desk) };
    let rule = match rng.below(4) {
        0 => rule.nth(1 + rng.draw() % 8),
        1 => rule.from(1 + rng.draw() % 6),
        2 => rule.every(2 + rng.draw() % 3),
        _ => rule.chance(200, rng.draw()),
    };
    house.mocks.faults.push(rule.play(fault));
}

/// Ends every fault.
pub(super) fn mend(house: &House) {
    house.mocks.faults.clear();
    house.wire.unplugged.lock().unwrap().clear();
}

/// Somebody at the desk puts somebody into a group, or takes them out.
fn at_desk(house: &House, rng: &mut Rng, name: impl FnOnce(&World, &mut Rng) -> Option<String>, adds: bool) {
    if house.shape.desks == 0 {
        return;
    }
    let desk = rng.below(house.shape.desks);
    let pool = *rng.pick(&["fulfiller", "agent", "major"]).unwrap();
    let group = group(desk, pool);
    let mut state = house.mocks.state();
    let state = &mut *state;
    let Some(name) = name(&state.world, rng) else { return };
    state.desk.catch_up(&state.world);
    if !adds {
        state.desk.remove_member(&state.world, &group, &name);
    } else if !state.desk.members(&group).contains(&name) {
        state.desk.add_member(&state.world, &group, &name);
        house.wire.strangers.lock().unwrap().insert((group, name));
    }
}

async fn judge(house: &House, rng: &mut Rng, approve: bool) {
    let held: Vec<String> = house.ledger().held.keys().map(ToString::to_string).collect();
    let Some(digest) = rng.pick(&held).cloned() else { return };
    for by in ["ada", "bob"].into_iter().take(1 + rng.below(2)) {
        let (digest, reason, by) = (digest.clone(), "looked at".to_owned(), by.to_owned());
        let ask = if approve { Ask::Approve { digest, reason, by } } else { Ask::Reject { digest, reason, by } };
        drop(house.ask(ask).await);
    }
}

/// An operator undoes one of the last passes.
async fn undo(house: &House, rng: &mut Rng) {
    let mut last = 0;
    let read = house.store.journal(1, &mut |entry| {
        last = last.max(entry.pass);
        true
    });
    if read.is_ok() && last > 0 {
        let pass = last - rng.draw() % last.min(4);
        drop(house.ask(Ask::Undo { pass, reason: "a mistake".to_owned(), by: "ada".to_owned(), really: true }).await);
    }
}

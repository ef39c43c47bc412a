//! `[target.NAME]`.

use std::collections::BTreeMap;

use super::auth::{self, Peer};
use super::feed;
use super::general::values;
use crate::config::catalog::Names;
use crate::config::codes;
use crate::config::context::Problem;
use crate::config::hint;
use crate::config::parse;
use crate::config::section::Section;
use crate::config::tree::Spot;
use crate::config::{DeskKey, DeskSeat, Mode, TargetConfig, urls};
use crate::model::{PoolId, Seats, TargetName};

/// Desks that have a name already and no code yet.
const LATER: [&str; 5] = ["servicenow", "jira", "freshservice", "zendesk", "webhook"];

pub(crate) fn all(root: &mut Section<'_>, pools: Option<&Names>) -> Option<BTreeMap<TargetName, TargetConfig>> {
    let section = root.table("target", "targets");
    let targets: Vec<Option<TargetConfig>> =
        section.tables("target").into_iter().map(|(name, target)| one(name, target, pools)).collect();
    targets.into_iter().map(|target| target.map(|target| (target.name.clone(), target))).collect()
}

fn one(name: &str, mut section: Section<'_>, pools: Option<&Names>) -> Option<TargetConfig> {
    const MODES: [(&str, Mode); 3] = [("observe", Mode::Observe), ("add_only", Mode::AddOnly), ("full", Mode::Full)];
    const KEYS: [(&str, DeskKey); 3] =
        [("external_id", DeskKey::ExternalId), ("user_name", DeskKey::UserName), ("email", DeskKey::Email)];
    if !section.is_there() {
        return None;
    }
    let named = parse::name(name).map_err(|problem| section.report(problem));
    let kind = section.need("kind", "\"scim\"", parse::text)?;
    if kind != "scim" {
        section.cx.report(section.spot("kind"), unfit(&kind));
        return None;
    }
    let url = section.need("url", "\"https://desk.acme.example/scim/v2\"", urls::base(&["/Users", "/Groups"]));
    let auth = auth::read(&mut section, &Peer::Scim);
    let mode = section.or("mode", "observe", parse::choice(&MODES));
    let match_on = section.list("match_on", "external_id,email", parse::choice(&KEYS));
    if match_on.as_ref().is_some_and(Vec::is_empty) {
        let problem = Problem::new(codes::EMPTY, "nobody can be found at the desk")
            .help("name what is compared, such as [\"external_id\", \"email\"]");
        section.cx.report(section.spot("match_on"), problem);
    }
    let create = section.or("create", "false", parse::flag);
    let seats = seats(&mut section, pools);
    let budget = feed::budget(&mut section);
    let ca_file = feed::ca_file(&mut section);
    section.finish();
    named.ok()?;
    Some(TargetConfig {
        name: TargetName::new(name),
        url: url?,
        auth: auth?,
        mode: mode?,
        match_on: values(match_on?),
        create: create?,
        seats: seats?,
        budget: budget?,
        ca_file: ca_file?,
    })
}

fn unfit(kind: &str) -> Problem {
    if LATER.contains(&kind) {
        return Problem::new(codes::NOT_YET, format!("a desk of kind `{kind}` is not supported yet"))
            .help("use `scim` if the desk speaks it");
    }
    let help = hint::help(kind, ["scim"].into_iter().chain(LATER), "use `scim`");
    Problem::new(codes::BAD_CHOICE, format!("`{kind}` is no kind of target")).help(help)
}

fn seats(target: &mut Section<'_>, pools: Option<&Names>) -> Option<BTreeMap<PoolId, DeskSeat>> {
    let title = target.title();
    let section = target.table("seats", "seats");
    let mut seats: BTreeMap<PoolId, DeskSeat> = BTreeMap::new();
    let mut whole = true;
    for (name, inner) in section.tables("seat") {
        let at = inner.at().clone();
        let pool = pool(name, &at, pools).map_err(|problem| section.cx.report(&at, problem));
        let (Ok(pool), Some(seat)) = (pool, seat(inner, name)) else {
            whole = false;
            continue;
        };
        if let Some((other, _)) = seats.iter().find(|(_, other)| **other == seat) {
            let message = format!("`{name}` and `{other}` are granted by the same thing at the desk");
            let help = "taking one away would take the other with it; give each pool its own";
            section.cx.report(&at, Problem::new(codes::SAME_SEAT, message).help(help));
            whole = false;
        }
        seats.insert(pool, seat);
    }
    if seats.is_empty() && whole && !section.is_wrong() {
        let help = "say what grants a pool there: `seats = { fulfiller = { group = \"lic-fulfiller\" } }`";
        section.report(Problem::warning(codes::NOTHING_TO_DO, format!("{title} grants no pool")).help(help));
    }
    whole.then_some(seats)
}

/// The pool of that name; from the environment `major_incident` means `major-incident`.
fn pool(name: &str, at: &Spot, pools: Option<&Names>) -> Result<PoolId, Problem> {
    let Some(pools) = pools else { return Ok(PoolId::new(name)) };
    let exact = pools.get_key_value(&PoolId::new(name));
    let alike = || pools.iter().find(|(id, _)| at.is_loose() && hint::plain(id.as_str()) == hint::plain(name));
    let Some((id, seats)) = exact.or_else(alike) else {
        let help = hint::help(name, pools.keys().map(PoolId::as_str), "the catalog has no pool");
        return Err(Problem::new(codes::UNKNOWN_POOL, format!("the catalog has no tier or add-on `{name}`")).help(help));
    };
    if *seats == Some(Seats::Unlimited) {
        let message = format!("seats of `{id}` are unlimited, so there is nothing to grant");
        return Err(Problem::new(codes::FREE_POOL, message).help("leave it out, or give it a number of seats"));
    }
    Ok(id.clone())
}

fn seat(mut section: Section<'_>, pool: &str) -> Option<DeskSeat> {
    if !section.is_there() {
        return None;
    }
    let group = section.get("group", parse::text).map(DeskSeat::Group);
    let group_id = section.get("group_id", parse::text).map(DeskSeat::GroupId);
    let entitlement = section.get("entitlement", parse::text).map(DeskSeat::Entitlement);
    let role = section.get("role", parse::text).map(DeskSeat::Role);
    let given = section.present().filter(|key| ["group", "group_id", "entitlement", "role"].contains(key)).count();
    if given != 1 {
        let message = match given {
            0 => format!("nothing says what grants `{pool}`"),
            _ => format!("several things grant `{pool}`"),
        };
        let code = if given == 0 { codes::MISSING } else { codes::EXCLUSIVE };
        let help = "give exactly one of `group`, `group_id`, `entitlement`, `role`";
        section.report(Problem::new(code, message).help(help));
    }
    section.finish();
    group.or(group_id).or(entitlement).or(role).filter(|_| given == 1)
}

//! The checks of `seatwarden.toml`, one file per section. Everything that is wrong is reported in one run.

pub(crate) mod attributes;
pub(crate) mod auth;
pub(crate) mod brakes;
pub(crate) mod feed;
mod files;
pub(crate) mod general;
mod hook;
pub(crate) mod target;

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::config::Config;
use crate::config::catalog::Names;
use crate::config::codes;
use crate::config::context::Problem;
use crate::config::section::Section;

/// Where the catalog is; read first, since targets name its pools.
pub(crate) fn catalog_path(root: &mut Section<'_>) -> Option<PathBuf> {
    let mut section = root.table("catalog", "catalog");
    let path = section.path("path", Some("catalog.toml"));
    section.finish();
    path
}

/// Everything but where catalog and table are. `None` when something is wrong and reported. `pools` are those of the catalog; without them
/// the pools that targets name are not looked up.
pub(crate) fn configuration(
    mut root: Section<'_>,
    file: &Path,
    rules: Option<(PathBuf, TimeZone)>,
    catalog_path: Option<PathBuf>,
    pools: Option<&Names>,
) -> Option<Config> {
    let store = general::store(&mut root);
    let listen = general::listen(&mut root);
    let pass = general::pass(&mut root);
    let brakes = brakes::read(&mut root);
    let public = listen.as_ref().and_then(|listen| listen.public);
    let feeds = feed::all(&mut root, public);
    let targets = target::all(&mut root, pools);
    let people = general::people(&mut root);
    root.finish();
    let (rules, time_zone) = rules?;
    let (people, protected) = people?;
    Some(Config {
        file: file.to_owned(),
        store: store?,
        listen: listen?,
        rules,
        time_zone,
        catalog: catalog_path?,
        people,
        protected,
        pass: pass?,
        brakes: brakes?,
        feeds: feeds?,
        targets: targets?,
    })
}

/// Refuses a name that a feed and a target share: logs, metrics and the audit tell peers apart by name alone.
fn names(feeds: &Section<'_>, targets: &Section<'_>) {
    for name in targets.present().filter(|name| feeds.present().any(|feed| feed == *name)) {
        let message = format!("`{name}` is a feed already");
        let help = "give the feed or the target another name";
        targets.cx.report(targets.key_spot(name), Problem::new(codes::SAME_NAME, message).help(help));
    }
}

//! From the configuration file to a warden.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::output;
use super::{Global, LogFormat, LogLevel, Output};
use crate::ambient::{Chance, Clock, SystemClock, logs};
use crate::config::{self, Loaded, Sound, Sources};
use crate::outbound::{BuildError, HttpTransport, Ports};
use crate::rules::{Draft, Finding, Severity, Source, compile, examine};
use crate::store::Store;
use crate::worker::request::exit;
use crate::worker::{Parts, Warden};

/// Files that were read, checked and may be relied on.
pub(super) struct Ready {
    pub(super) loaded: Loaded,
    pub(super) sources: Vec<Source>,
}

/// Reads configuration, catalog and rules. Shows what is wrong and gives the exit code if they cannot be used.
pub(super) fn read(global: &Global) -> Result<Ready, u8> {
    with_rules(global, read_config(global)?)
}

/// Adds the rules to a configuration, if they compile.
pub(super) fn with_rules(global: &Global, loaded: Loaded) -> Result<Ready, u8> {
    let (sources, findings) = read_rules(&loaded);
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        show_findings(global, &findings, &texts(&loaded, &sources));
        return Err(code_of(&findings));
    }
    Ok(Ready { loaded, sources })
}

/// The exit code of findings: 65 where the table is at fault, 78 where only the configuration is, as when no table is
/// where it says.
pub(super) fn code_of(findings: &[Finding]) -> u8 {
    let errors: Vec<&Finding> = findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    match () {
        () if errors.is_empty() => exit::DONE,
        () if errors.iter().any(|finding| finding.code.starts_with('R')) => exit::DATA,
        () => exit::CONFIG,
    }
}

/// Adds the rules as they are: for verbs that decide nothing.
pub(super) fn with_any_rules(loaded: Loaded) -> Ready {
    let (sources, _) = read_rules(&loaded);
    Ready { loaded, sources }
}

/// Whether a secret or certificate that the configuration names is missing.
pub(super) fn lacks_secret(loaded: &Loaded) -> bool {
    config::check_named(loaded, &environment()).iter().any(|finding| finding.severity == Severity::Error)
}

/// Reads configuration and catalog alone.
pub(super) fn read_config(global: &Global) -> Result<Loaded, u8> {
    match load(global) {
        Ok(loaded) => Ok(loaded),
        Err(failed) => {
            show_findings(global, &failed.findings, &failed.sources);
            Err(exit::CONFIG)
        }
    }
}

/// Shows what is wrong with a configuration and, as far as it can be told without it, with these files of rules or
/// those that it names: who mends one sees the other in the same run.
pub(super) fn show_all(global: &Global, failed: config::Failed, files: Option<Vec<Source>>) -> u8 {
    let config::Failed { mut findings, sources: mut texts, sound } = failed;
    let Sound { rules, catalog } = *sound;
    let (path, zone) = rules.unzip();
    let read = match (files, path) {
        (Some(files), _) => Some(Ok(files)),
        (None, path) => path.as_deref().map(config::load_rules_sources),
    };
    match (read, catalog) {
        (Some(Ok(sources)), catalog) => {
            texts.add_rules(&sources);
            let zone = zone.unwrap_or(TimeZone::UTC);
            let found = match catalog {
                Some(catalog) => examine(&sources, &catalog, &zone, SystemClock.now().date_in(&zone)).findings,
                // Without a catalog no tier is known; what the files say can be read all the same.
                None => Draft::read(&sources).err().unwrap_or_default(),
            };
            findings.extend(found);
        }
        (Some(Err(finding)), _) => findings.push(finding),
        (None, _) => {}
    }
    findings.sort();
    show_findings(global, &findings, &texts);
    exit::CONFIG
}

/// The environment, as far as it is text.
pub(super) fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

pub(super) fn load(global: &Global) -> Result<Loaded, config::Failed> {
    let flags: Vec<(String, String)> = global
        .set
        .iter()
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect();
    config::load(&global.config, &environment(), &flags)
}

/// Reads and compiles the rules.
pub(super) fn read_rules(loaded: &Loaded) -> (Vec<Source>, Vec<Finding>) {
    match config::load_rules_sources(&loaded.config.rules) {
        Ok(sources) => {
            let compiled = compile(&sources, &loaded.catalog, &loaded.config.time_zone);
            (sources, compiled.findings)
        }
        Err(finding) => (Vec::new(), vec![finding]),
    }
}

/// Reads the rules and looks at everything that a person who edits them should know.
pub(super) fn examine_rules(loaded: &Loaded) -> (Vec<Source>, Vec<Finding>) {
    match config::load_rules_sources(&loaded.config.rules) {
        Ok(sources) => {
            let mut findings = examine_sources(loaded, &sources);
            findings.extend(config::files_of_other_kinds(&loaded.config.rules));
            (sources, findings)
        }
        Err(finding) => (Vec::new(), vec![finding]),
    }
}

/// The same for files that were read already.
pub(super) fn examine_sources(loaded: &Loaded, sources: &[Source]) -> Vec<Finding> {
    let zone = &loaded.config.time_zone;
    examine(sources, &loaded.catalog, zone, SystemClock.now().date_in(zone)).findings
}

/// The texts that findings point into.
pub(super) fn texts(loaded: &Loaded, rules: &[Source]) -> Sources {
    let mut texts = loaded.sources.clone();
    texts.add_rules(rules);
    texts
}

/// Shows findings: on stderr for people, on stdout as JSON.
pub(super) fn show_findings(global: &Global, findings: &[Finding], texts: &Sources) {
    if global.output == Output::Json {
        output::json(&config::render::json(findings));
    } else if global.output == Output::Sarif {
        output::json(&sarif(findings));
    } else {
        let color = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
        let mut stderr = anstream::stderr().lock();
        // Nothing more can be done where stderr is gone.
        drop(std::io::Write::write_all(&mut stderr, config::render::text(findings, texts, color).as_bytes()));
    }
}

/// Findings for code hosts; files are named as they stand below the folder we are in.
pub(super) fn sarif(findings: &[Finding]) -> serde_json::Value {
    let folder = std::env::current_dir().ok().and_then(|folder| folder.into_os_string().into_string().ok());
    config::sarif::sarif(findings, folder.as_deref().unwrap_or_default())
}

/// Starts the log.
pub(super) fn start_log(global: &Global, default: LogLevel) {
    let level = match (global.log, global.quiet, global.verbose) {
        (Some(level), _, _) => level,
        (None, true, _) => LogLevel::Error,
        (None, false, 0) => default,
        (None, false, 1) => LogLevel::Debug,
        (None, false, _) => LogLevel::Trace,
    };
    let level = match level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Trace => tracing::Level::TRACE,
    };
    logs::start(level, global.log_format == LogFormat::Json);
}

/// A warden on a store. Nothing is called yet.
pub(super) fn warden(global: &Global, ready: Ready, store: Arc<dyn Store>) -> Result<Warden, u8> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let chance = Arc::new(Chance::system());
    let outlet = |ca_file: Option<&Path>| {
        let transport = Arc::new(HttpTransport::new(ca_file)?);
        Ok::<_, BuildError>(Ports {
            transport,
            clock: clock.clone(),
            chance: chance.clone(),
            patience: global.deadline,
        })
    };
    let Loaded { config, catalog, .. } = ready.loaded;
    let parts = Parts::build(config, catalog, store, clock.clone(), outlet).map_err(|error| {
        output::complain(&error.to_string());
        exit::CONFIG
    })?;
    Warden::open(parts, ready.sources).map_err(|error| {
        output::complain(&error.to_string());
        crate::worker::failed(&error).exit
    })
}

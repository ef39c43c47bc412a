//! Everything a pass needs, in one place: the parts, what is known, and how it stands.
//!
//! Passes take turns; reports read beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arc_swap::ArcSwap;
use thiserror::Error;
use tokio::sync::Notify;

use super::inbox::Inbox;
use super::note;
use super::status::Standing;
use crate::ambient::Clock;
use crate::config::{Auth, Config, FeedKind, Mode};
use crate::directory::{Mirror, Person, PersonRecord, leaves_at, left_by, merge};
use crate::feed::{self, Feed};
use crate::model::{Catalog, Digest, FeedName, OnSuspended, PersonId, PoolId, TargetName, Time};
use crate::outbound::{Keys, Ports, WellKnown};
use crate::rules::{Census, CensusTaker, Decision, Desired, Finding, RuleSet, Source, Subject, Want, compile, want};
use crate::seats::{Ledger, PoolMode, undo};
use crate::store::{Batch, Store, StoreError};
use crate::target::{self, DeskPerson, Target};

/// The parts that a warden is made of. Cheap to clone: everything is shared.
#[derive(Clone)]
pub struct Parts {
    /// The configuration.
    pub config: Arc<Config>,
    /// What was bought.
    pub catalog: Arc<Catalog>,
    /// Feeds that are polled.
    pub feeds: BTreeMap<FeedName, Arc<dyn Feed>>,
    /// Public keys of those who sign security events, by feed.
    pub keys: BTreeMap<FeedName, Arc<Keys>>,
    /// Public keys of those who sign the tokens of whoever pushes, by feed.
    pub caller_keys: BTreeMap<FeedName, Arc<Keys>>,
    /// Desks.
    pub targets: BTreeMap<TargetName, Arc<dyn Target>>,
    /// What survives a crash.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Parts {
    /// Builds feeds and desks from the configuration. `ports` is asked once per section, with its trust anchors.
    /// Nothing is called yet.
    pub fn build<E>(
        config: Config,
        catalog: Catalog,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        mut ports: impl FnMut(Option<&Path>) -> Result<Ports, E>,
    ) -> Result<Self, E> {
        let mut feeds: BTreeMap<FeedName, Arc<dyn Feed>> = BTreeMap::new();
        let (mut keys, mut caller_keys) = (BTreeMap::new(), BTreeMap::new());
        for (name, feed) in &config.feeds {
            let ports = ports(feed.ca_file.as_deref())?;
            if let Auth::Jwt(signer) = &feed.auth {
                let found = Keys::new(signer, WellKnown::OpenId, ports.clone());
                caller_keys.insert(name.clone(), Arc::new(found));
            }
            if feed.kind == FeedKind::ScimPush {
                let push = feed::push::Push::new(feed, store.clone(), clock.clone());
                feeds.insert(name.clone(), Arc::new(push));
            } else if let Some(built) = feed::build(feed, &ports) {
                feeds.insert(name.clone(), Arc::from(built));
            }
            if let Some(set) = feed.hook.as_ref().and_then(|hook| hook.set.as_ref()) {
                keys.insert(name.clone(), Arc::new(Keys::new(&set.signer, WellKnown::SharedSignals, ports)));
            }
        }
        let mut targets: BTreeMap<TargetName, Arc<dyn Target>> = BTreeMap::new();
        for (name, target) in &config.targets {
            targets.insert(name.clone(), Arc::from(target::build(target, &ports(target.ca_file.as_deref())?)));
        }
        Ok(Self {
            config: Arc::new(config),
            catalog: Arc::new(catalog),
            feeds,
            keys,
            caller_keys,
            targets,
            store,
            clock,
        })
    }
}

/// Keeps seats in step. All methods take `&self`: passes take turns by `turn`, reports only read.
pub struct Warden {
    pub(super) parts: Parts,
    pub(super) turn: tokio::sync::Mutex<()>,
    /// Held from the making of a plan until the journal knows which held plans it releases, and by whoever approves or
    /// rejects one: short, so that an operator's word does not wait for the reading and writing of a pass.
    pub(super) judging: tokio::sync::Mutex<()>,
    /// Told of every pass: what is due next may be another instant after it.
    pub(super) passed: Notify,
    pub(super) known: RwLock<Known>,
    pub(super) table: ArcSwap<Table>,
    pub(super) standing: Mutex<Standing>,
    pub(super) inbox: Inbox,
    passes: AtomicU64,
}

/// What is known of people.
#[derive(Default)]
pub(super) struct Known {
    /// Which account is whose.
    pub(super) mirror: Mirror,
    /// What everybody with a claim or a seat should hold.
    pub(super) desired: Desired,
    /// The day the desires were made for, and by which table.
    pub(super) made_for: Option<(jiff::civil::Date, Digest)>,
    /// When people leave whose feed told the date.
    pub(super) leaving: BTreeMap<PersonId, Time>,
    /// People by row and code, when everybody was decided for and it is not written down yet.
    pub(super) census: Option<Census>,
}

/// The table in force.
#[derive(Default)]
pub(super) struct Table {
    /// The table; `None` until a first one compiles.
    pub(super) set: Option<Arc<RuleSet>>,
    /// When it came into force.
    pub(super) loaded_at: Option<Time>,
    /// What is wrong with the files as they are now.
    pub(super) findings: Vec<Finding>,
    /// The files as they were read last.
    pub(super) sources: Vec<Source>,
}

/// Why a warden cannot start or a pass cannot be made.
#[derive(Debug, Error)]
pub enum WardenError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No table has compiled yet.
    #[error("the rules table has {} error(s); nothing is decided until it compiles", .0.iter().filter(|f| f.severity == crate::rules::Severity::Error).count())]
    Rules(Vec<Finding>),
    /// The plan is another one by now.
    #[error("the facts moved since the plan was made: it is {now} now, not {expected}; nothing was done, plan again")]
    Moved {
        /// The plan that was shown.
        expected: Digest,
        /// The plan now.
        now: Digest,
    },
    /// The independent checker refused the plan.
    #[error("the plan was refused by the checker and nothing was done: {0}")]
    Refused(String),
}

impl Warden {
    /// Takes in what the store knows. Reads no feed and calls no desk.
    pub fn open(parts: Parts, sources: Vec<Source>) -> Result<Self, WardenError> {
        let mut mirror = Mirror::new(parts.config.people.clone());
        parts.store.people(&mut |record| {
            mirror.load(&record);
            true
        })?;
        for known in parts.store.ledger().known.values() {
            mirror.reserve(known.person, &known.accounts);
        }
        let passes = note::last_number(parts.store.as_ref())?;
        let warden = Self {
            turn: tokio::sync::Mutex::new(()),
            judging: tokio::sync::Mutex::new(()),
            passed: Notify::new(),
            known: RwLock::new(Known { mirror, ..Known::default() }),
            table: ArcSwap::from_pointee(Table::default()),
            standing: Mutex::new(Standing::default()),
            inbox: Inbox::open(parts.store.hints()?),
            passes: AtomicU64::new(passes),
            parts,
        };
        warden.take_up_note()?;
        warden.recall()?;
        warden.load_table(sources);
        Ok(warden)
    }

    /// A warden on the same parts but another store, that knows what the store knows: for `plan`.
    pub fn beside(&self, store: Arc<dyn Store>) -> Result<Self, WardenError> {
        let parts = Parts { store, ..self.parts.clone() };
        let beside = Self::open(parts, Vec::new())?;
        // The table in force, which need not be what the files say: they may not compile at present.
        beside.table.store(self.table.load_full());
        beside.stand().desks.clone_from(&self.stand().desks);
        Ok(beside)
    }

    /// The parts it was made of.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The present instant.
    pub fn now(&self) -> Time {
        self.parts.clock.now()
    }

    /// The ledger as of the last commit.
    pub fn ledger(&self) -> Arc<Ledger> {
        self.parts.store.ledger()
    }

    /// Compiles the files and puts the table in force if it has no error. Returns whether the table in force changed.
    pub fn load_table(&self, sources: Vec<Source>) -> bool {
        let before = self.table.load_full();
        if before.set.is_some() && before.sources == sources && before.findings.is_empty() {
            return false;
        }
        let compiled = compile(&sources, &self.parts.catalog, &self.parts.config.time_zone);
        let digest = before.set.as_ref().map(|set| set.digest().clone());
        let (set, loaded_at, changed) = match compiled.set {
            Some(set) => {
                let changed = digest.as_ref() != Some(set.digest());
                let loaded_at = if changed { Some(self.now()) } else { before.loaded_at };
                (Some(Arc::new(set)), loaded_at, changed)
            }
            None => (before.set.clone(), before.loaded_at, false),
        };
        self.table.store(Arc::new(Table { set, loaded_at, findings: compiled.findings, sources }));
        changed
    }

    /// The table in force, or what keeps one from it.
    pub(super) fn rules(&self) -> Result<Arc<RuleSet>, WardenError> {
        let table = self.table.load();
        table.set.clone().ok_or_else(|| WardenError::Rules(table.findings.clone()))
    }

    /// The number of the last pass.
    pub(super) fn last_pass(&self) -> u64 {
        self.passes.load(Ordering::SeqCst)
    }

    /// Never gives the number of a pass again that the journal knows.
    pub(super) fn saw_pass(&self, pass: u64) {
        self.passes.fetch_max(pass, Ordering::SeqCst);
    }

    /// The number of the next pass.
    pub(super) fn next_pass(&self) -> u64 {
        self.passes.fetch_add(1, Ordering::SeqCst).saturating_add(1)
    }

    /// Commits, with the digest of the table in force in every entry. What a pass writes keeps its number with it, so
    /// that no later process gives it again.
    pub(super) async fn commit(&self, mut batch: Batch) -> Result<(), StoreError> {
        if batch.pass > 0 {
            batch.notes.insert(note::NUMBER.to_owned(), Some(self.last_pass().max(batch.pass).to_string()));
        }
        batch.rules = self.table.load().set.as_ref().map(|set| set.digest().clone());
        self.stir(&batch.events);
        self.parts.store.commit(batch).await
    }

    /// What is known, to read.
    pub(super) fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, to change.
    pub(super) fn learn(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it stands.
    pub(super) fn stand(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What may be done in each pool: the least that any desk with a place for it allows.
    pub fn modes(&self) -> BTreeMap<PoolId, PoolMode> {
        let mut modes = BTreeMap::new();
        for pool in self.parts.catalog.pools.keys() {
            let of_desks = self
                .parts
                .targets
                .iter()
                .filter(|(_, target)| target.has_place_for(pool))
                .filter_map(|(name, _)| self.parts.config.targets.get(name))
                .map(|target| target.mode);
            let mode = of_desks.fold(PoolMode::Full, |mode, desk| match (mode, desk) {
                (PoolMode::Observe, _) | (_, Mode::Observe) => PoolMode::Observe,
                (PoolMode::AddOnly, _) | (_, Mode::AddOnly) => PoolMode::AddOnly,
                (PoolMode::Full, Mode::Full) => PoolMode::Full,
            });
            modes.insert(pool.clone(), mode);
        }
        modes
    }

    /// The desks that have a place for a pool.
    pub(super) fn desks_of(&self, pool: &PoolId) -> Vec<Arc<dyn Target>> {
        self.parts.targets.values().filter(|target| target.has_place_for(pool)).cloned().collect()
    }

    /// One person as the rules see them today.
    pub(super) fn person_of(&self, record: &PersonRecord) -> Person {
        left_by(merge(record, &self.parts.config.people), self.now(), &self.parts.config.time_zone)
    }

    /// Whom to look for at a desk.
    pub(super) fn desk_person(&self, id: PersonId, target: &TargetName) -> Result<DeskPerson, StoreError> {
        let ledger = self.ledger();
        let account = ledger.desk_accounts.get(&(id, target.clone())).cloned();
        if let Some(record) = self.parts.store.person(id)? {
            let person = self.person_of(&record);
            return Ok(DeskPerson {
                email: person.email,
                employee_number: person.employee_number,
                user_name: person.user_name,
                display_name: person.display_name,
                account,
            });
        }
        // After a rebuild the journal is all that is known of somebody whom no feed has shown yet.
        let known = ledger.known.get(&id);
        Ok(DeskPerson {
            account,
            email: known.and_then(|known| known.email.clone()),
            employee_number: known.and_then(|known| known.employee_number.clone()),
            ..DeskPerson::default()
        })
    }

    /// Makes up what everybody should hold: all people when the table or the day changed, else those named. Says who of
    /// these wants something else than before; `None` where it was made up for all.
    pub(super) fn desire(
        &self,
        rules: &RuleSet,
        people: impl IntoIterator<Item = PersonId>,
    ) -> Result<Option<BTreeSet<PersonId>>, StoreError> {
        let today = self.now().date_in(&self.parts.config.time_zone);
        let made_for = (today, rules.digest().clone());
        let ledger = self.ledger();
        let mut known = self.learn();
        let stale = known.made_for.as_ref() != Some(&made_for);
        if stale {
            let mut taker = CensusTaker::new(rules, today);
            let mut leaving = BTreeMap::new();
            let mut count = |person: &Person, decision: &Decision| {
                taker.see(person, decision);
                leaving.extend(leaves_at(person, &self.parts.config.time_zone).map(|at| (person.id, at)));
            };
            known.desired = self.desire_all(&known, rules, today, &ledger, &mut count)?;
            known.leaving = leaving;
            known.census = Some(taker.finish());
            known.made_for = Some(made_for);
            return Ok(None);
        }
        let mut changed = BTreeSet::new();
        let concerned = Concerned::by(&ledger);
        let mut desired = std::mem::take(&mut known.desired);
        for id in people {
            let before = desired.remove(&id);
            known.leaving.remove(&id);
            match self.parts.store.person(id) {
                Ok(Some(record)) => {
                    let person = self.person_of(&record);
                    known.leaving.extend(leaves_at(&person, &self.parts.config.time_zone).map(|at| (id, at)));
                    self.desire_one(&known, rules, today, &concerned, &person, &mut desired);
                }
                Ok(None) => {}
                Err(error) => {
                    // A half-made set of desires must not be planned on.
                    known.made_for = None;
                    return Err(error);
                }
            }
            if before.as_ref() != desired.get(&id) {
                changed.insert(id);
            }
        }
        known.desired = desired;
        Ok(Some(changed))
    }

    /// A person and what keeps the table from having a say about them.
    pub(super) fn subject<'p>(&self, known: &Known, person: &'p Person) -> Subject<'p> {
        Subject {
            person,
            in_conflict: known.mirror.conflicts().contains_key(&person.id),
            on_suspended: self.on_suspended(person),
        }
    }

    fn on_suspended(&self, person: &Person) -> OnSuspended {
        let feed = person.status_feed.as_ref().and_then(|feed| self.parts.config.feeds.get(feed));
        feed.map_or(OnSuspended::Hold, |feed| feed.on_suspended)
    }

    /// What everybody should hold by that table, whatever is in force; nothing is kept.
    pub(super) fn desired_by(&self, rules: &RuleSet, ledger: &Ledger) -> Result<Desired, StoreError> {
        let today = self.now().date_in(&self.parts.config.time_zone);
        self.desire_all(&self.known(), rules, today, ledger, &mut |_, _| {})
    }

    fn desire_all(
        &self,
        known: &Known,
        rules: &RuleSet,
        today: jiff::civil::Date,
        ledger: &Ledger,
        see: &mut dyn FnMut(&Person, &Decision),
    ) -> Result<Desired, StoreError> {
        let concerned = Concerned::by(ledger);
        let mut desired = Desired::new();
        self.parts.store.people(&mut |record| {
            let person = self.person_of(&record);
            let decision = self.desire_one(known, rules, today, &concerned, &person, &mut desired);
            see(&person, &decision);
            true
        })?;
        Ok(desired)
    }

    pub(super) fn desire_one(
        &self,
        known: &Known,
        rules: &RuleSet,
        today: jiff::civil::Date,
        concerned: &Concerned<'_>,
        person: &Person,
        desired: &mut Desired,
    ) -> Decision {
        let decision = rules.decide(person, today);
        let on_suspended = self.on_suspended(person);
        let conflict = known.mirror.conflicts().get(&person.id);
        let want = want(person, &decision, conflict, on_suspended, &self.parts.catalog);
        let want = self.by_pin(person.id, want, rules, concerned.ledger);
        let claims = want.tier.is_some() || !want.addons.is_empty();
        if claims || concerned.has(person.id) {
            desired.insert(person.id, want);
        }
        decision
    }

    /// What one person should hold by the table, whatever an undo says; `None` for somebody whom no feed has shown.
    pub(super) fn want_by_table(&self, id: PersonId, rules: &RuleSet) -> Result<Option<Want>, StoreError> {
        let today = self.now().date_in(&self.parts.config.time_zone);
        let Some(record) = self.parts.store.person(id)? else { return Ok(None) };
        let person = self.person_of(&record);
        let decision = rules.decide(&person, today);
        let known = self.known();
        let conflict = known.mirror.conflicts().get(&id);
        Ok(Some(want(&person, &decision, conflict, self.on_suspended(&person), &self.parts.catalog)))
    }

    /// What one person should hold by an undo, where one stands, else by the table.
    pub(super) fn by_pin(&self, id: PersonId, want: Want, rules: &RuleSet, ledger: &Ledger) -> Want {
        match ledger.pins.get(&id).map(|pinned| &pinned.pin) {
            Some(pin) if undo::stands(pin, &want, rules.digest(), &self.catalog_digest()) == Ok(true) => {
                undo::held_to(pin, want, &self.parts.catalog.default_tier)
            }
            Some(_) | None => want,
        }
    }
}

/// Whom a ledger is about: everybody who holds, waits or has a cooling seat in it, or is in a held plan. A plan about
/// somebody of whom nothing is known stays as it is; whoever left is known, so that such a plan is outdated and the
/// others in it are asked for anew.
pub(super) struct Concerned<'l> {
    ledger: &'l Ledger,
    held: BTreeSet<PersonId>,
}

impl<'l> Concerned<'l> {
    pub(super) fn by(ledger: &'l Ledger) -> Self {
        let held = ledger.held.values().flat_map(|hold| &hold.plan.steps).map(|step| step.person);
        Self { ledger, held: held.collect() }
    }

    fn has(&self, person: PersonId) -> bool {
        self.held.contains(&person) || self.ledger.has(person)
    }
}

//! Which steps of a draft trip a brake, pool by pool and cause by cause.

use std::collections::{BTreeMap, BTreeSet};

use super::brake::{Brake, Kind, Span, SpendLimit};
use super::digest::held_digest;
use super::event::{Evidence, Reason};
use super::guard::{Group, Key, Verdict};
use super::mapping::{Broken, feed_of};
use super::plan::Step;
use super::policy::PoolMode;
use super::shape::{self, Shape};
use super::{Ledger, Policy, spend};
use crate::model::{FeedName, PersonId, PoolId, PoolKind, Seats};
use crate::rules::{Desired, Standing};

/// What brakes are judged by.
pub(super) struct Bench<'a> {
    desired: &'a Desired,
    ledger: &'a Ledger,
    policy: &'a Policy,
    /// Pools of the catalog that are other than they were, and how they were.
    edited: Option<(BTreeSet<PoolId>, &'a Shape)>,
}

/// The steps of one pool while they are judged.
struct Docket<'b> {
    pool: &'b PoolId,
    open: &'b [&'b Step],
    verdict: &'b Verdict,
    tripped: &'b mut BTreeMap<Key, Group>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(desired: &'a Desired, ledger: &'a Ledger, policy: &'a Policy) -> Self {
        let edited = policy.catalog_before.as_ref().map(|before| {
            let pools = shape::edited(before, &shape::shape(&policy.catalog));
            (pools, before)
        });
        let edited = edited.filter(|(pools, _)| !pools.is_empty());
        Self { desired, ledger, policy, edited }
    }

    /// What trips in the draft, of the first kind that trips at all: attributes that were lost, what is taken from
    /// tiers, then from add-ons, then from the people of a feed, then what is given of tiers, then of add-ons, then what
    /// it costs. The later ones depend on what becomes of the earlier ones.
    pub(super) fn tripped(&self, verdict: &Verdict) -> BTreeMap<Key, Group> {
        let released: BTreeSet<Step> = verdict.released.values().flat_map(|(_, group)| group.steps()).collect();
        let open: Vec<&Step> = verdict.draft.steps.iter().filter(|step| !released.contains(*step)).collect();
        let kinds = [PoolKind::Tier, PoolKind::Addon];
        let mapping = std::iter::once_with(|| self.mapping(&open, verdict));
        let losses = kinds.into_iter().map(|kind| self.losses(&open, kind, verdict));
        let feeds = std::iter::once_with(|| self.feeds(&open, verdict));
        let gains = kinds.into_iter().map(|kind| self.gains(&open, kind, verdict));
        let spend = std::iter::once_with(|| self.spend(&open, verdict));
        let all = mapping.chain(losses).chain(feeds).chain(gains).chain(spend);
        all.into_iter().find(|tripped| !tripped.is_empty()).unwrap_or_default()
    }

    /// Seats that end, now or after grace, because a column broke. Grace is held, too: it would hide the fault until it
    /// is over.
    fn mapping(&self, open: &[&Step], verdict: &Verdict) -> BTreeMap<Key, Group> {
        let Self { desired, ledger, policy, .. } = *self;
        let broken = Broken::find(open, desired, ledger, policy);
        let cause = Kind::LostAttribute.cause(Span::Pass);
        let mut tripped = BTreeMap::new();
        for (pool, steps) in by_pool(open, Step::ends) {
            let mut docket = Docket { pool, open, verdict, tripped: &mut tripped };
            let mut lost: Vec<&Step> = Vec::new();
            let mut why: Option<(u64, String)> = None;
            for step in steps {
                if let Some(behind) = broken.behind(step, desired, ledger, policy) {
                    why.get_or_insert_with(|| behind.clone());
                    lost.push(step);
                }
            }
            match why {
                Some((limit, story)) => self.hold(&mut docket, cause, &lost, limit, Some(story)),
                None => self.hold_again(&mut docket, cause),
            }
        }
        tripped
    }

    fn losses(&self, open: &[&Step], kind: PoolKind, verdict: &Verdict) -> BTreeMap<Key, Group> {
        let brakes = &self.policy.brakes;
        let mut tripped = BTreeMap::new();
        for (pool, steps) in by_pool(open, |step| step.loses().filter(|pool| self.kind(pool) == kind)) {
            let mut docket = Docket { pool, open, verdict, tripped: &mut tripped };
            let (suspect, steps): (Vec<&Step>, Vec<&Step>) = steps.into_iter().partition(|step| self.is_suspect(step));
            let cause = Kind::FeedShrink.cause(Span::Pass);
            // One of these is too many, however few of them hold seats: their feed lost more accounts than may go.
            if self.trip(&mut docket, cause, &suspect, count(&suspect), 0)
                && let Some(group) = docket.tripped.get_mut(&(cause, pool.clone()))
            {
                group.limit = self.may_shrink(&suspect);
                group.story = Some(format!("more accounts are missing than the {} that may go at once", group.limit));
            }
            // What one of these holds counts no longer; what they let pass counts among all revocations, too.
            let edit = |step: &&Step| self.is_catalog_edit(step, open);
            let steps = self.of_cause(&mut docket, Kind::CatalogEdit, &brakes.catalog_edit, steps, edit);
            if let Some(group) = docket.tripped.get_mut(&(Kind::CatalogEdit.cause(Span::Pass), pool.clone())) {
                group.story = self.edit_story();
            }
            let edit = |step: &&Step| step.cause.reason == Reason::RulesChanged;
            let steps = self.of_cause(&mut docket, Kind::RulesEdit, &brakes.rules_edit, steps, edit);
            let over = |step: &&Step| step.cause.reason == Reason::Expired;
            let mut rest = self.of_cause(&mut docket, Kind::Expiry, &brakes.expiry, steps, over);
            // What has a limit of its own does not count in the common one.
            let own = [(Kind::Leavers, &brakes.leavers), (Kind::JobCode, &brakes.job_code)];
            for (kind, brake) in own.into_iter().filter_map(|(kind, brake)| Some((kind, brake.as_ref()?))) {
                let (steps, others): (Vec<&Step>, Vec<&Step>) =
                    rest.into_iter().partition(|step| kind.counts(Some(step.cause.reason)));
                self.over_time(&mut docket, kind, brake, &steps);
                rest = others;
            }
            for span in Span::ALL {
                if let Some(limit) = self.left(Kind::Revoke, &brakes.revoke, pool, span)
                    && self.revocations(&mut docket, Kind::Revoke.cause(span), &rest, limit)
                {
                    break;
                }
            }
        }
        tripped
    }

    /// Judges the steps of one cause by a brake of its own, and gives back what it does not hold.
    fn of_cause<'b>(
        &self,
        docket: &mut Docket<'b>,
        kind: Kind,
        brake: &Brake,
        steps: Vec<&'b Step>,
        is_of: impl Fn(&&'b Step) -> bool,
    ) -> Vec<&'b Step> {
        let (mine, others): (Vec<&Step>, Vec<&Step>) = steps.iter().copied().partition(is_of);
        if self.over_time(docket, kind, brake, &mine) { others } else { steps }
    }

    fn over_time(&self, docket: &mut Docket<'_>, kind: Kind, brake: &Brake, steps: &[&Step]) -> bool {
        Span::ALL.into_iter().any(|span| {
            self.left(kind, brake, docket.pool, span)
                .is_some_and(|limit| self.trip(docket, kind.cause(span), steps, count(steps), limit))
        })
    }

    /// How many seats of the pool that brake still lets be taken within the span; `None` where it sets no limit.
    fn left(&self, kind: Kind, brake: &Brake, pool: &PoolId, span: Span) -> Option<u64> {
        let whole = self.ledger.holdings.count(pool);
        let brakes = &self.policy.brakes;
        let own = |reason: Option<Reason>| {
            (brakes.leavers.is_some() && Kind::Leavers.counts(reason))
                || (brakes.job_code.is_some() && Kind::JobCode.counts(reason))
        };
        let counts = |reason: Option<Reason>| kind.counts(reason) && (kind != Kind::Revoke || !own(reason));
        let taken = self.policy.lately.taken.iter();
        let mine = taken.filter(|((of, reason), _)| of == pool && counts(*reason));
        let before = mine.fold(0_u64, |sum, (_, spans)| sum.saturating_add(spans.of(span)));
        brake.limit(span, whole).map(|limit| limit.saturating_sub(before))
    }

    /// All revocations count together. Leavers by the provider's own word are held only when they alone are more than
    /// the limit: a mass move that somebody has to look at first must not keep the seats of people who left.
    fn revocations(&self, docket: &mut Docket<'_>, cause: &'static str, steps: &[&Step], limit: u64) -> bool {
        let wanted = count(steps);
        let (leavers, others): (Vec<&Step>, Vec<&Step>) = steps.iter().partition(|step| is_leaver(step));
        if count(&leavers) > limit || self.was_held(docket, cause, steps) {
            self.trip(docket, cause, steps, wanted, limit)
        } else {
            self.trip(docket, cause, &others, wanted, limit)
        }
    }

    /// The people of one feed, in whichever pools: many small pools do not add up to a large hole unseen.
    fn feeds(&self, open: &[&Step], verdict: &Verdict) -> BTreeMap<Key, Group> {
        let brake = &self.policy.brakes.feed;
        let mut tripped = BTreeMap::new();
        let losing: Vec<&Step> = open.iter().copied().filter(|step| step.loses().is_some()).collect();
        let causes = Span::ALL.map(|span| Kind::Feed.cause(span));
        for (pool, _) in by_pool(&losing, Step::loses) {
            let mut docket = Docket { pool, open, verdict, tripped: &mut tripped };
            for cause in causes {
                self.hold_again(&mut docket, cause);
            }
        }
        let mut by_feed: BTreeMap<&FeedName, Vec<&Step>> = BTreeMap::new();
        for step in &losing {
            if let Some(feed) = feed_of(step.person, self.ledger, self.policy) {
                by_feed.entry(feed).or_default().push(step);
            }
        }
        for (feed, steps) in by_feed {
            let all = people(&steps);
            let before = |span| self.policy.lately.people.get(feed).map_or(0, |spans| spans.of(span));
            // Nobody is counted where nothing can trip.
            if Span::ALL.into_iter().all(|span| all.saturating_add(before(span)) <= brake.at_least) {
                continue;
            }
            let whole = self.holders_of(feed);
            let left = |span: Span| Some(brake.limit(span, whole)?.saturating_sub(before(span)));
            let over = Span::ALL.into_iter().filter_map(|span| Some((span, left(span)?)));
            let Some((span, limit)) = over.into_iter().find(|(_, limit)| all > *limit) else { continue };
            let others: Vec<&Step> = steps.iter().copied().filter(|step| !is_leaver(step)).collect();
            let leavers: Vec<&Step> = steps.iter().copied().filter(|step| is_leaver(step)).collect();
            let held = if people(&leavers) > limit { steps } else { others };
            let pools = by_pool(&held, Step::loses);
            let story = format!("{all} people of {feed} would lose seats in {} pools", pools.len());
            for (pool, steps) in &pools {
                let mut docket = Docket { pool, open, verdict, tripped: &mut tripped };
                self.hold(&mut docket, Kind::Feed.cause(span), steps, limit, Some(story.clone()));
            }
        }
        tripped
    }

    /// How many people of the feed hold seats.
    fn holders_of(&self, feed: &FeedName) -> u64 {
        let holders: BTreeSet<PersonId> = self.ledger.holdings.keys().map(|(person, _)| *person).collect();
        let mine = holders.into_iter().filter(|person| feed_of(*person, self.ledger, self.policy) == Some(feed));
        u64::try_from(mine.count()).unwrap_or(u64::MAX)
    }

    fn gains(&self, open: &[&Step], kind: PoolKind, verdict: &Verdict) -> BTreeMap<Key, Group> {
        let mut tripped = BTreeMap::new();
        let brake = &self.policy.brakes.grant;
        for (pool, steps) in by_pool(open, |step| step.gains().filter(|pool| self.kind(pool) == kind)) {
            let bought = match self.policy.catalog.pool(pool).map(|pool| pool.seats) {
                Some(Seats::Bought(bought)) => u64::from(bought),
                Some(Seats::Unlimited) | None => 0,
            };
            let mut docket = Docket { pool, open, verdict, tripped: &mut tripped };
            for span in Span::ALL {
                let given = self.policy.lately.given.iter().filter(|((of, _), _)| of == pool);
                let before = given.fold(0_u64, |sum, (_, spans)| sum.saturating_add(spans.of(span)));
                if let Some(limit) = brake.limit(span, bought)
                    && self.trip(
                        &mut docket,
                        Kind::Grant.cause(span),
                        &steps,
                        count(&steps),
                        limit.saturating_sub(before),
                    )
                {
                    break;
                }
            }
        }
        tripped
    }

    /// What the seats that are given cost, currency by currency, in all pools together.
    fn spend(&self, open: &[&Step], verdict: &Verdict) -> BTreeMap<Key, Group> {
        let mut tripped = BTreeMap::new();
        for limit in &self.policy.brakes.spend {
            let SpendLimit { span, currency, per_month } = limit;
            let cause = Kind::Spend.cause(*span);
            let cost = |step: &Step| spend::cost(step, self.policy, currency);
            let steps: Vec<&Step> = open.iter().copied().filter(|step| !cost(step).is_zero()).collect();
            let wanted = steps.iter().fold(crate::model::Amount::default(), |sum, step| sum.plus(cost(step)));
            let left = per_month.minus(spend::spent(self.policy, currency, *span));
            for (pool, mine) in by_pool(&steps, Step::gains) {
                let mut docket = Docket { pool, open, verdict, tripped: &mut tripped };
                if wanted > left {
                    let fit = left.fits(spend::price(pool, self.policy, currency));
                    let story = spend::story(limit, steps.len(), wanted, left);
                    self.hold(&mut docket, cause, &mine, fit, Some(story));
                } else {
                    self.trip(&mut docket, cause, &mine, 0, 0);
                }
            }
        }
        tripped
    }

    /// Holds the steps if more are wanted than pass, if they were held before, or if others of the same cause are held
    /// in this pass.
    fn trip(&self, docket: &mut Docket<'_>, cause: &'static str, steps: &[&Step], wanted: u64, limit: u64) -> bool {
        if steps.is_empty() {
            return false;
        }
        let key = (cause, docket.pool.clone());
        let trips = wanted > limit || docket.verdict.held.contains_key(&key) || self.was_held(docket, cause, steps);
        if trips {
            let wanted = wanted.max(count(steps));
            docket.tripped.insert(key, Group { limit, wanted, ..self.group(docket.open, steps) });
        }
        trips
    }

    /// Holds the steps with what the brake counted beyond their pool.
    fn hold(&self, docket: &mut Docket<'_>, cause: &'static str, steps: &[&Step], limit: u64, story: Option<String>) {
        if !steps.is_empty() {
            let wanted = count(steps);
            let group = Group { limit, wanted, story, ..self.group(docket.open, steps) };
            docket.tripped.insert((cause, docket.pool.clone()), group);
        }
    }

    /// Holds again the very steps of the pool that the ledger holds for a cause that is judged beyond one pool: what
    /// nobody has looked at does not pass because others have fallen away.
    fn hold_again(&self, docket: &mut Docket<'_>, cause: &'static str) {
        let holds = self.ledger.held.values().map(|hold| &hold.plan);
        for plan in holds.filter(|plan| plan.cause == cause && plan.pool == *docket.pool) {
            let wanted: BTreeSet<(PersonId, &PoolId)> = plan.steps.iter().filter_map(ending).collect();
            let open = docket.open.iter().copied();
            let steps: Vec<&Step> = open
                .filter(|step| {
                    step.ends() == Some(docket.pool) && ending(step).is_some_and(|key| wanted.contains(&key))
                })
                .collect();
            if self.was_held(docket, cause, &steps) {
                self.hold(docket, cause, &steps, plan.limit, None);
            }
        }
    }

    fn was_held(&self, docket: &Docket<'_>, cause: &str, steps: &[&Step]) -> bool {
        let mut holds = self.ledger.held.values().map(|hold| &hold.plan);
        // The digest of many steps takes a while, and mostly nothing is held.
        holds.any(|plan| plan.cause == cause && plan.pool == *docket.pool) && {
            let steps = self.group(docket.open, steps).steps();
            self.ledger.held.contains_key(&held_digest(cause, docket.pool, &steps))
        }
    }

    fn group(&self, open: &[&Step], steps: &[&Step]) -> Group {
        let counted: BTreeSet<Step> = steps.iter().copied().cloned().collect();
        Group { along: self.along(open, &counted), counted, ..Group::default() }
    }

    /// Steps of other pools that go with these: an add-on that loses its base, the base of an add-on.
    fn along(&self, open: &[&Step], counted: &BTreeSet<Step>) -> BTreeSet<Step> {
        let losing: BTreeMap<PersonId, &PoolId> = counted.iter().filter_map(ending).collect();
        let follows = |step: &&&Step| {
            let (Some(lost), Some(pool)) = (losing.get(&step.person), step.loses()) else { return false };
            match (self.kind(lost), self.kind(pool)) {
                (PoolKind::Tier, PoolKind::Addon) => step.cause.reason == Reason::BaseMissing,
                (PoolKind::Addon, PoolKind::Tier) => {
                    self.policy.catalog.pool(lost).is_some_and(|addon| addon.requires.contains(pool))
                }
                (PoolKind::Tier, PoolKind::Tier) | (PoolKind::Addon, PoolKind::Addon) => false,
            }
        };
        open.iter().filter(follows).copied().filter(|step| !counted.contains(*step)).cloned().collect()
    }

    /// Whether the worker would make every step: a release in a pool that only observes would be used up for nothing.
    pub(super) fn is_applied(&self, steps: &[Step]) -> bool {
        let observed = |pool: &PoolId| self.policy.modes.get(pool) == Some(&PoolMode::Observe);
        !steps.iter().flat_map(|step| [step.ends(), step.gains()]).flatten().any(observed)
    }

    fn kind(&self, pool: &PoolId) -> PoolKind {
        self.policy.catalog.pool(pool).map_or(PoolKind::Tier, |pool| pool.kind)
    }

    /// Whether the step rests on an absence that is not believed yet.
    fn is_suspect(&self, step: &Step) -> bool {
        let standing = self.desired.get(&step.person).map(|want| &want.standing);
        step.cause.evidence == Evidence::Absence
            && !matches!(standing, Some(Standing::Left { absence: true, accepted: true, .. }))
    }

    /// So many accounts the feeds of these people may lose at once, of those that were accepted last.
    fn may_shrink(&self, steps: &[&Step]) -> u64 {
        let feed = |step: &&Step| match &self.desired.get(&step.person)?.standing {
            Standing::Left { feed, .. } => Some(feed),
            Standing::Active | Standing::Frozen { .. } | Standing::Suspended { .. } | Standing::PreStart => None,
        };
        let feeds: BTreeSet<&FeedName> = steps.iter().filter_map(feed).collect();
        let of = |feed: &FeedName| self.ledger.accepted.get(feed).copied().unwrap_or_default();
        feeds.into_iter().map(|feed| self.policy.brakes.feed_shrink.of(of(feed))).sum()
    }

    /// `the catalog changed fulfiller`.
    fn edit_story(&self) -> Option<String> {
        let (edited, _) = self.edited.as_ref()?;
        let pools: Vec<&str> = edited.iter().map(PoolId::as_str).collect();
        Some(format!("the catalog changed {}", pools.join(", ")))
    }

    /// Whether the person and the row are as before, and the pool, or the line of tiers that led to it, is not.
    fn is_catalog_edit(&self, step: &Step, open: &[&Step]) -> bool {
        let Some((edited, before)) = &self.edited else { return false };
        let Some(pool) = step.loses() else { return false };
        match step.cause.reason {
            Reason::RulesChanged => {
                let want = self.desired.get(&step.person);
                let tier = want.and_then(|want| want.tier.as_ref().map(|(tier, _)| tier).or(want.free_tier.as_ref()));
                let line = tier.map(|tier| shape::line(before, tier)).unwrap_or_default();
                edited.contains(pool) || (line.contains(&pool) && line.into_iter().any(|tier| edited.contains(tier)))
            }
            Reason::BaseMissing => {
                let with_base = open.iter().any(|other| {
                    other.person == step.person && other.loses().is_some_and(|pool| self.kind(pool) == PoolKind::Tier)
                });
                edited.contains(pool) && !with_base
            }
            Reason::Rule
            | Reason::Exception
            | Reason::Fallback
            | Reason::SeatFreed
            | Reason::JobCodeChanged
            | Reason::AttributeChanged
            | Reason::Left
            | Reason::Absent
            | Reason::Suspended
            | Reason::NotStarted
            | Reason::Expired
            | Reason::Drift
            | Reason::Operator => false,
        }
    }
}

fn by_pool<'b>(
    steps: &[&'b Step],
    pool_of: impl Fn(&'b Step) -> Option<&'b PoolId>,
) -> BTreeMap<&'b PoolId, Vec<&'b Step>> {
    let mut pools: BTreeMap<&PoolId, Vec<&Step>> = BTreeMap::new();
    for step in steps {
        if let Some(pool) = pool_of(step) {
            pools.entry(pool).or_default().push(step);
        }
    }
    pools
}

fn ending(step: &Step) -> Option<(PersonId, &PoolId)> {
    Some((step.person, step.ends()?))
}

fn is_leaver(step: &Step) -> bool {
    step.cause.reason == Reason::Left && step.cause.evidence == Evidence::Positive
}

fn count(steps: &[&Step]) -> u64 {
    u64::try_from(steps.len()).unwrap_or(u64::MAX)
}

/// How many people the steps are about.
fn people(steps: &[&Step]) -> u64 {
    let people: BTreeSet<PersonId> = steps.iter().map(|step| step.person).collect();
    u64::try_from(people.len()).unwrap_or(u64::MAX)
}

//! `explain` for people.

use owo_colors::OwoColorize as _;
use serde_json::Value;

use super::bar::Share;
use super::{Screen, capitalized, heading, moment, moment_from, padded, width_of};
use crate::model::Time;
use crate::worker::view::{
    AccountView, ExplainView, FactView, HoldingView, NextView, RowView, SeatsView, SideView, WaitingView,
};

/// Rows that nearly match and are shown, unless all are asked for.
const NEAR_SHOWN: usize = 10;
/// Entries of the history that are shown; all that were kept are in `-o json`.
const CHANGES_SHOWN: usize = 12;
/// The width of names before what they say.
const NAMES: usize = 18;

/// The story of one person. `all_rows` lists every row that the view has.
pub fn explain(view: &ExplainView, all_rows: bool, screen: &Screen) -> String {
    let screen = *screen;
    let mut out = headline(view, screen);
    out.push_str(&in_short(view, screen));
    out.push_str(&conflict(view, screen));
    out.push_str(&accounts(view, screen));
    out.push_str(&facts(view, screen));
    out.push_str(&rows(view, all_rows, screen));
    out.push_str(&seats(view, screen));
    out.push_str(&due(view, screen));
    out.push_str(&last_call(view, screen));
    out.push_str(&changes(view, screen));
    out.push_str(&unknown(view, screen));
    out
}

fn headline(view: &ExplainView, screen: Screen) -> String {
    let name = view.name.as_deref().unwrap_or("(no name)");
    let mut parts = vec![name.bold().to_string()];
    parts.extend(view.person.email.iter().map(|email| format!("<{email}>")));
    parts.extend(view.person.employee_number.iter().map(|number| format!("employee number {number}")));
    parts.push(view.person.id.to_string());
    parts.push(match (view.past, view.status.as_str()) {
        (true, "unknown") => "status not known any more".to_owned(),
        (_, status) => format!("status {status}"),
    });
    let mut out = screen.text("", &parts.join("  "));
    if view.past {
        out.push_str(&screen.text("", &format!("As it was at {}, by the journal.", moment(view.at))));
    }
    if view.table.as_ref().is_some_and(|table| !table.in_force) {
        let text = "As it would be with the table given by --with-rules; what is in force has not changed.";
        out.push_str(&screen.text("", text));
    }
    out
}

/// What somebody wants to know who reads one sentence.
fn in_short(view: &ExplainView, screen: Screen) -> String {
    let seats: Vec<String> = view
        .holding
        .seats
        .iter()
        .map(|seat| {
            let by = seat.rule.as_ref().map(|rule| format!(" by {}", row_words(rule.as_str()))).unwrap_or_default();
            let state = match seat.state.as_str() {
                "granting" => " (being granted)",
                "revoking" => " (being taken)",
                _ => "",
            };
            format!("{}{state} since {}{by}", seat.pool, moment(seat.since))
        })
        .collect();
    if view.past && view.journal_begins.is_none_or(|begins| begins > view.at) {
        let text = match view.journal_begins {
            Some(begins) => format!("What they held is not known: the journal begins at {}.", moment(begins)),
            None => "What they held is not known: the journal is empty.".to_owned(),
        };
        return format!("\n{}", screen.text("  ", &text));
    }
    let verb = if view.past { "Held" } else { "Holds" };
    let mut text = match (seats.is_empty(), view.past) {
        (true, true) => "Held no counted seat.".to_owned(),
        (true, false) => format!("Holds no counted seat; has {}.", view.holding.tier),
        (false, _) => format!("{verb} {}.", seats.join(", and ")),
    };
    match &view.next {
        Some(next) => text = format!("{text} Next: {}.", next_sentence(next, view.at)),
        None if view.past => {}
        None => text.push_str(" Nothing is due."),
    }
    format!("\n{}", screen.text("  ", &text))
}

fn conflict(view: &ExplainView, screen: Screen) -> String {
    let Some(conflict) = &view.conflict else { return String::new() };
    let mut out = heading("Conflict");
    let text =
        format!("{conflict}. Nobody here gains or loses anything until one of them is corrected at the provider.");
    out.push_str(&screen.text("  ", &text.red().to_string()));
    for side in &view.conflict_sides {
        out.push_str(&screen.text("  - ", &side_words(side)));
    }
    out
}

fn side_words(side: &SideView) -> String {
    let name = side.name.as_deref().unwrap_or("(no name)");
    let holds = if side.holds.is_empty() {
        "holds no counted seat".to_owned()
    } else {
        format!("holds {}", side.holds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
    };
    format!(
        "{} {name} <{}>, {}, {holds}: {}",
        side.person.id,
        side.person.label(),
        side.status,
        side.accounts.join("; ")
    )
}

fn accounts(view: &ExplainView, screen: Screen) -> String {
    if view.accounts.is_empty() {
        return String::new();
    }
    let mut out = heading("Accounts");
    for account in &view.accounts {
        let label = format!("  {}  ", padded(account.feed.as_str(), NAMES - 2));
        out.push_str(&screen.text(&label, &account_words(account, view.at)));
    }
    out
}

fn account_words(account: &AccountView, now: Time) -> String {
    let seen = account.confirmed_at.map(|at| format!(", feed last read {}", moment_from(at, now))).unwrap_or_default();
    let missing = account
        .missing_since
        .map(|at| format!("; {}", format!("whole readings do not show it since {}", moment(at)).yellow()))
        .unwrap_or_default();
    let (status, raw, id) = (&account.status, &account.raw_status, &account.id);
    format!("{status} ({raw}), account {id}, facts first read {}{seen}{missing}", moment(account.read_at))
}

fn facts(view: &ExplainView, screen: Screen) -> String {
    if view.facts.is_empty() {
        return String::new();
    }
    let mut out = heading(if view.past { "Facts of then" } else { "Facts that count" });
    // Every account tells above when it was read; here that is shown where there is room.
    let several = view.accounts.len() > 1 && screen.width > 100;
    let widest = view.facts.iter().map(|fact| width_of(&fact.values.join(", "))).max().unwrap_or(0).min(24);
    for fact in &view.facts {
        let label = format!("  {}  ", padded(&fact.name, NAMES - 2));
        let value = padded(&fact.values.join(", "), widest);
        out.push_str(&screen.text(&label, &format!("{value}  {}", source(fact, several).dimmed())));
        for other in fact.others.iter().filter(|other| other.why != "says the same") {
            let text = format!(
                "{} says {} (read {}), which does not count: {}",
                other.feed,
                other.values.join(", "),
                moment(other.read_at),
                other.why
            );
            out.push_str(&screen.text(&" ".repeat(NAMES + 2), &text.yellow().to_string()));
        }
    }
    out
}

fn source(fact: &FactView, several: bool) -> String {
    match &fact.feed {
        None => {
            let why = fact.why.as_deref().unwrap_or("from the journal");
            format!("{why}, {}", moment(fact.read_at))
        }
        Some(feed) => {
            let path = fact.path.as_ref().map(|path| format!(" {path}")).unwrap_or_default();
            let when = if several { format!(", read {}", moment(fact.read_at)) } else { String::new() };
            format!("{feed}{path}{when}")
        }
    }
}

fn rows(view: &ExplainView, all: bool, screen: Screen) -> String {
    let mut out = heading("Rules");
    if let Some(table) = &view.table {
        let digest: String = table.digest.as_str().chars().take(23).collect();
        let word = match (table.in_force, table.since) {
            (true, Some(since)) => format!("the table in force, {digest}, used since {}", moment(since)),
            (true, None) => format!("the table in force, {digest}"),
            (false, _) => format!("the given table, {digest}"),
        };
        out.push_str(&screen.text("  ", &word.dimmed().to_string()));
    }
    out.push_str(&screen.text("  ", &format!("{}.", capitalized(&view.desired.text))));
    for (addon, needs) in &view.desired.unmet {
        out.push_str(&screen.text("  ", &format!("A row gives {addon}, but {needs}, so it is left out.")));
    }
    if let Some(other) = &view.desired_in_force {
        let same = other.tier == view.desired.tier && other.addons == view.desired.addons;
        let text = if same {
            "The table in force gives the same".to_owned()
        } else {
            format!("By the table in force: {}", other.text)
        };
        out.push_str(&screen.text("  ", &format!("{text}.")));
    }
    let mut near = 0_usize;
    let shown: Vec<&RowView> = view
        .rows
        .iter()
        .filter(|row| {
            near = near.saturating_add(usize::from(row.near));
            all || row.matched || (row.near && near <= NEAR_SHOWN)
        })
        .collect();
    if !shown.is_empty() {
        out.push('\n');
    }
    for row in &shown {
        out.push_str(&row_lines(row, screen));
    }
    let rest = view.rows.len().saturating_sub(shown.len()) as u64 + view.rows_omitted;
    let nearly = near.saturating_sub(NEAR_SHOWN);
    if rest > 0 {
        let more = match (nearly, all) {
            (0, _) | (_, true) => String::new(),
            (nearly, false) => format!(", {nearly} of them nearly"),
        };
        let noun = if rest == 1 { "row does" } else { "rows do" };
        let text = format!("{rest} more {noun} not match{more} (--all-rows lists every row)");
        out.push_str(&screen.text("  ", &text.dimmed().to_string()));
    }
    out
}

fn row_lines(row: &RowView, screen: Screen) -> String {
    let word = match (row.decides, row.matched, row.near) {
        (true, _, _) => "decides".green().bold().to_string(),
        (false, true, _) => "matches".green().to_string(),
        (false, false, true) => "nearly".yellow().to_string(),
        (false, false, false) => "no".dimmed().to_string(),
    };
    let owner = row.owner.as_ref().map(|owner| format!(", owner {owner}")).unwrap_or_default();
    let note = row.note.as_ref().map(|note| format!(", {note}")).unwrap_or_default();
    let written = format!("({}{owner}{note})", row.place);
    let label = format!("  {}  ", padded(&word, 7));
    let mut out = screen.text(&label, &format!("{} gives {}  {}", row.id.bold(), row.gives, written.dimmed()));
    out.push_str(&screen.text(&" ".repeat(11), &row.why));
    out
}

fn seats(view: &ExplainView, screen: Screen) -> String {
    let mut out = heading("Seats");
    let HoldingView { tier, seats, waiting, cooling } = &view.holding;
    if seats.is_empty() && !view.past {
        out.push_str(&screen.text("  ", &format!("No counted seat; the tier is {tier}.")));
    } else if seats.is_empty() {
        out.push_str(&screen.text("  ", "No counted seat."));
    }
    for seat in seats {
        let label = format!("  {}  ", padded(seat.pool.as_str(), NAMES - 2));
        let state = match seat.state.as_str() {
            "granting" => format!("being granted since {}", moment(seat.since)).yellow().to_string(),
            "revoking" => format!("being taken; held since {}", moment(seat.since)).yellow().to_string(),
            _ => format!("held since {}", moment(seat.since)),
        };
        let class = seat.class.as_ref().map(|class| format!(" as {class}")).unwrap_or_default();
        let adopted = if seat.adopted { ", was at the desk before us" } else { "" };
        out.push_str(&screen.text(&label, &format!("{state}{class}{adopted}: {}", seat.text)));
        if let Some(at) = seat.leaving_at {
            let why = seat.leaving_text.as_deref().unwrap_or("the table no longer gives it");
            let text = format!("kept through grace until {}: {why}", moment_from(at, view.at));
            out.push_str(&screen.text(&" ".repeat(NAMES + 2), &text.yellow().to_string()));
        } else if let Some(why) = &seat.leaving_text {
            out.push_str(&screen.text(&" ".repeat(NAMES + 2), &format!("because {why}")));
        }
        if let Some(why) = &seat.protected {
            out.push_str(&screen.text(&" ".repeat(NAMES + 2), why));
        }
    }
    for row in waiting {
        let label = format!("  {}  ", padded(row.pool.as_str(), NAMES - 2));
        let held = view.due.iter().any(|next| next.what == "held" && next.pool == row.pool);
        out.push_str(&screen.text(&label, &wait_words(row, view.past, held)));
    }
    for (pool, until) in cooling {
        let label = format!("  {}  ", padded(pool.as_str(), NAMES - 2));
        let text = format!("given back; the seat cools until {}", moment_from(*until, view.at));
        out.push_str(&screen.text(&label, &text));
    }
    for pool in &view.pools {
        out.push_str(&pool_line(pool, screen));
    }
    out
}

fn wait_words(row: &WaitingView, past: bool, held: bool) -> String {
    let since = moment(row.since);
    match (past, held) {
        (true, _) => format!("waited since {since}"),
        (false, true) => {
            format!("keeps place {} in the queue while a brake holds the grant, since {since}", row.position)
        }
        (false, false) => format!("waits as number {} since {since}", row.position),
    }
}

/// How full a pool is, on one line.
fn pool_line(pool: &SeatsView, screen: Screen) -> String {
    let Some(share) = Share::of_pool(pool) else { return String::new() };
    let mut parts = vec![share.words(), format!("{} free", pool.free.unwrap_or(0))];
    if pool.waiting > 0 {
        parts.push(format!("{} waiting", pool.waiting));
    }
    parts.extend(
        pool.reserved
            .iter()
            .map(|(class, reserved)| format!("{} of {} reserved for {class} used", reserved.used, reserved.floor)),
    );
    let label = format!("  {}  ", padded(&format!("pool {}", pool.pool), NAMES - 2));
    screen.text(&label, &format!("{} {}", screen.bar(share, 20), parts.join(", ")))
}

fn due(view: &ExplainView, screen: Screen) -> String {
    let mut out = heading(if view.past { "What was due" } else { "What is due" });
    if view.due.is_empty() {
        out.push_str(&screen.text("  ", "Nothing."));
    }
    for next in &view.due {
        let text = capitalized(&next_sentence(next, view.at));
        let text = if next.what == "held" { text.red().to_string() } else { text };
        out.push_str(&screen.text("  - ", &format!("{text}.")));
        if let Some(how) = &next.how {
            let until = next.until.map(|at| format!("Until {}", moment_from(at, view.at)));
            let until = until.unwrap_or_else(|| "To let it pass".to_owned());
            out.push_str(&screen.text("    ", &format!("{until}: {how}")));
        }
    }
    out
}

fn next_sentence(next: &NextView, now: Time) -> String {
    let due = next.due_at.map(|at| moment_from(at, now));
    match (next.what.as_str(), due) {
        ("held", _) => format!("held by a brake: {}", next.text),
        ("hold_off", Some(due)) => format!("keeps {} until {due}: {}", next.pool, next.text),
        ("unfinished", Some(due)) => format!("{}; next try {due}", next.text),
        ("waiting", _) => format!("waiting: {}", next.text),
        (_, Some(due)) => format!("{due}: {}", next.text),
        (_, None) => next.text.clone(),
    }
}

fn last_call(view: &ExplainView, screen: Screen) -> String {
    let mut out = heading("Last call to the desk");
    let Some(call) = &view.last_call else {
        out.push_str(&screen.text("  ", "None that is known."));
        return out;
    };
    let desks = if call.desks.is_empty() { "no desk has a place for it".to_owned() } else { call.desks.join(", ") };
    let answer = if call.done { call.answer.green().to_string() } else { call.answer.red().to_string() };
    let again = call.next_try.map(|at| format!("; next try {}", moment_from(at, view.at))).unwrap_or_default();
    let text = format!("{} {} of {} ({desks}): {answer}{again}", moment(call.at), call.what, call.pool);
    out.push_str(&screen.text("  ", &text));
    out
}

fn changes(view: &ExplainView, screen: Screen) -> String {
    let mut out = heading("What happened");
    if view.history.is_empty() {
        out.push_str(&screen.text("  ", "The journal has no entry about this person."));
    }
    let skipped = view.history.len().saturating_sub(CHANGES_SHOWN);
    if skipped > 0 {
        let text = format!("{skipped} earlier entries are in -o json");
        out.push_str(&screen.text("  ", &text.dimmed().to_string()));
    }
    for entry in view.history.iter().skip(skipped) {
        let at = entry.get("at").and_then(Value::as_str).and_then(|at| Time::parse(at).ok());
        let pass = entry.get("pass").and_then(Value::as_u64).filter(|pass| *pass > 0);
        let pass = pass.map(|pass| format!(" (pass {pass})")).unwrap_or_default();
        let told = entry.get("text").and_then(Value::as_str).unwrap_or_default();
        let label = format!("  {}  ", at.map(moment).unwrap_or_default());
        out.push_str(&screen.text(&label, &format!("{told}{}", pass.dimmed())));
    }
    out
}

fn unknown(view: &ExplainView, screen: Screen) -> String {
    if view.unknown.is_empty() {
        return String::new();
    }
    let mut out = heading("Not known");
    for line in &view.unknown {
        out.push_str(&screen.text("  - ", line));
    }
    out
}

fn row_words(rule: &str) -> String {
    if rule.starts_with("exception:") { rule.to_owned() } else { format!("row {rule}") }
}

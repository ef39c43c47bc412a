//! Broken catalogs, each with everything that is found in it.

use super::{CATALOG, FEED, Folder, assert_findings};

fn broken(what: &str, catalog: &str, expected: &str) {
    assert_findings(what, &Folder::new(FEED.trim_start(), catalog).findings(), expected);
}

/// A free tier on lines 1 to 4, then more.
fn more(what: &str, rest: &str, expected: &str) {
    broken(what, &format!("default_tier = \"free\"\n[tier.free]\nrank = 0\nseats = \"unlimited\"\n{rest}"), expected);
}

#[test]
fn a_catalog_that_is_none() {
    broken(
        "empty",
        "",
        "K008 1:1 `default_tier` is missing in the file | default_tier = \"requester\"
         K008 1:1 there is no tier | [tier.requester]",
    );
    broken("grammar", "default_tier = requester", "K004 1:16 string values must be quoted | toml.io");
    broken(
        "slips",
        "default_teir = \"free\"\n[tier.free]\nrank = 0\nseats = \"unlimited\"\n[addons.x]\nseats = 1",
        "K008 1:1 `default_tier` is missing | requester
         K006 1:1 there is no setting `default_teir` in the file | did you mean `default_tier`?
         K006 5:2 there is no setting `addons` in the file | did you mean `addon`?",
    );
}

#[test]
fn default_tier() {
    broken(
        "unknown",
        &CATALOG.replace("= \"requester\"", "= \"requestor\""),
        "K060 1:16 there is no tier `requestor` | did you mean `requester`?",
    );
    broken(
        "an add-on",
        &CATALOG.replace("= \"requester\"", "= \"major-incident\""),
        "K060 1:16 there is no tier | known here: `fulfiller`, `requester`",
    );
    broken(
        "counted",
        &CATALOG.replace("= \"requester\"", "= \"fulfiller\""),
        "K061 1:16 the default tier `fulfiller` costs seats | unlimited",
    );
}

#[test]
fn pools() {
    more(
        "shapes",
        "[tier.a]\nseats = \"many\"\nrank = \"x\"\ngrace = \"7 days\"\nbilling = \"peek\"\ncolor = 1\n\
         [addon.b]\nseats = -1\nrank = 3\nfallback = \"free\"\n[addon.none]\nseats = 1",
        "K009 6:9 `many` is no number of seats | \"unlimited\"
         K007 7:8 expected a whole number, found text | quotation marks
         K011 8:9 `7 days` is not a duration | `90d`
         K009 9:11 `peek` is not a choice here | did you mean `peak`?
         K006 10:1 there is no setting `color` in [tier.a] | known here: `billing`, `cost`
         K010 12:9 the number is out of range, expected at least 0 | \"unlimited\"
         K006 13:1 there is no setting `rank` in [addon.b] | known here
         K006 14:1 there is no setting `fallback` in [addon.b] | known here
         K012 15:8 `none` is the word with which rules deny every tier | another name",
    );
    more(
        "missing",
        "[tier.a]\n[tier.\"b c\"]\nrank = 1\nseats = 1",
        "K008 5:7 `rank` is missing in [tier.a] | `rank = 20`
         K008 5:7 `seats` is missing in [tier.a] | `seats = 120` or `seats = \"unlimited\"`
         K012 6:7 `b c` cannot be a name | letters, digits",
    );
    more("one name for two", "[addon.free]\nseats = 3", "K069 5:8 `free` is a tier already | another name");
    more(
        "nothing to hold",
        "[tier.a]\nrank = 1\nseats = \"unlimited\"\ngrace = \"7d\"\nreserve = { x = 1 }",
        "warning K071 8:1 `grace` means nothing where seats are unlimited | leave it out
         warning K071 9:1 `reserve` means nothing where seats are unlimited | leave it out",
    );
}

#[test]
fn terms_of_a_pool() {
    more(
        "money, clocks, paper",
        "[tier.a]\nrank = 1\nseats = 9\ncost = { amount = 100.0, currency = \"usd\", per = \"week\" }\n\
         min_hold = { time = \"90\", exempt = [\"leavers\"] }\nreassign = { atmost = 4, per = \"0d\" }\n\
         terms = { source = 5, checked_on = \"2026-11-01\" }\nreserve = { on-call = -1 }",
        "K070 8:19 expected a price as text, found a number with a fraction | \"100.00\"
         K070 8:37 `usd` is not a currency | `USD`
         K009 8:50 `week` is not a choice here | known here: `month`, `year`
         K011 9:21 `90` is not a duration | `90d`
         K009 9:37 `leavers` is not a choice here | did you mean `leaver`?
         K008 10:1 `at_most` is missing in [tier.a.reassign] | 40
         K006 10:14 there is no setting `atmost` in [tier.a.reassign] | did you mean `at_most`?
         K011 10:32 `0d` is too short, expected at least 1s | \"1s\"
         K007 11:20 expected text, found a whole number | quotation marks
         K007 11:36 expected a date, found text | bare
         K010 12:23 the number is out of range | ",
    );
    more(
        "floors",
        "[tier.a]\nrank = 1\nseats = 9\nreserve = { x = 5, y = 5 }",
        "K066 8:11 10 seats are reserved and 9 were bought | lower the floors",
    );
}

#[test]
fn ranks_and_fallbacks() {
    more(
        "a tie",
        "[tier.a]\nrank = 1\nseats = 9\n[tier.b]\nrank = 1\nseats = 9",
        "warning K062 9:8 `b` and `a` have rank 1 | their names decide",
    );
    more(
        "unknown, an add-on, higher",
        "[tier.a]\nrank = 1\nseats = 9\nfallback = \"fre\"\n[tier.b]\nrank = 2\nseats = 9\nfallback = \"x\"\n[addon.x]\nseats = 1\n\
         [tier.c]\nrank = 3\nseats = 9\nfallback = \"d\"\n[tier.d]\nrank = 4\nseats = 9",
        "K063 8:12 there is no tier `fre` | did you mean `free`?
         K063 12:12 `x` is an add-on | known here
         K064 18:12 the fallback `d` has rank 4, `c` has 3 | lower rank",
    );
    more(
        "a circle",
        "[tier.a]\nrank = 1\nseats = 9\nfallback = \"b\"\n[tier.b]\nrank = 2\nseats = 9\nfallback = \"a\"",
        "K065 8:12 fallbacks lead from `a` back to `a` | begin at the lowest
         K065 12:12 fallbacks lead from `b` back to `b` | begin at the lowest",
    );
    more(
        "itself",
        "[tier.a]\nrank = 1\nseats = 9\nfallback = \"a\"",
        "K065 8:12 fallbacks lead from `a` back to `a` | lower tier",
    );
}

#[test]
fn requires_and_excludes() {
    more(
        "wrong names",
        "[tier.basic]\nrank = 1\nseats = 9\n[addon.x1]\nseats = 1\nrequires = [\"basics\", \"x1\"]\nexcludes = [\"x1\", \"modul\", \"elsewhere\"]\n\
         [addon.module]\nseats = 1",
        "K067 10:13 there is no tier `basics` | did you mean `basic`?
         K067 10:23 `x1` is an add-on | known here: `basic`, `free`
         K068 11:13 `x1` excludes itself | take it out
         K068 11:19 there is no tier or add-on `modul` | did you mean `module`?
         warning K068 11:28 there is no tier or add-on `elsewhere` | until the catalog has",
    );
    more(
        "impossible",
        "[tier.a]\nrank = 1\nseats = 9\n[addon.x]\nseats = 1\nrequires = [\"a\"]\nexcludes = [\"a\"]",
        "K072 8:8 nobody can hold `x` | out of `excludes`",
    );
    more(
        "twice, and names of pools that have faults of their own",
        "[tier.a]\nrank = 1\nseats = \"x\"\n[addon.x]\nseats = 1\nrequires = [\"a\", \"a\"]\n\
         [addon.y]\nseats = 1\nrequires = [\"a\", \"b\"]",
        "K009 7:9 `x` is no number of seats | unlimited
         K013 10:18 \"a\" stands twice in `requires` | leave one of them out
         K067 13:18 there is no tier `b` | known here: `a`, `free`",
    );
}

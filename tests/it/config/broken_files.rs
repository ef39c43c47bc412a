//! Broken configurations, each with everything that is found in it.

use super::{CATALOG, FEED, Folder, assert_findings};

/// A target that is right but for what follows.
const DESK: &str = r#"
[target.desk]
kind = "scim"
url = "https://desk.acme.example/scim/v2"
auth = { kind = "bearer", token = { file = "t" } }
"#;

/// `first` stands at the top, so that lines are easily counted; a feed that is right comes after it.
fn broken(what: &str, first: &str, expected: &str) {
    let folder = Folder::new(format!("{first}\n{FEED}"), CATALOG);
    assert_findings(what, &folder.findings(), expected);
}

/// The whole file is given.
fn broken_file(what: &str, file: &str, expected: &str) {
    assert_findings(what, &Folder::new(file, CATALOG).findings(), expected);
}

/// The settings of a target, each line from 6 on: the first five are right.
fn broken_target(what: &str, settings: &str, expected: &str) {
    let folder = Folder::new(format!("{}{settings}{FEED}", DESK.trim_start()), CATALOG);
    assert_findings(what, &folder.findings(), expected);
}

#[test]
fn grammar() {
    broken("no value", "[store]\npath =", "C004 2:7 string values must be quoted | toml.io");
    broken("open text", "[store]\npath = \"x\n", "C004 2:10 invalid basic string | toml.io");
    broken(
        "two at once",
        "[store]\npath = x\n[rules]\npath = y",
        "C004 2:8 string values must be quoted | toml.io
         C004 4:8 string values must be quoted | toml.io",
    );
    broken("twice", "[store]\npath = \"a\"\npath = \"b\"", "C004 3:1 duplicate key | toml.io");
}

#[test]
fn unknown_settings_are_all_named_with_what_was_meant() {
    broken(
        "several",
        "[stroe]\n[store]\npaht = \"x\"\n[pass]\nincremantal = \"1m\"\nzzz = 1",
        "C006 1:2 there is no setting `stroe` in the file | did you mean `store`?
         C006 3:1 there is no setting `paht` in [store] | did you mean `path`?
         C006 5:1 there is no setting `incremantal` in [pass] | did you mean `incremental`?
         C006 6:1 there is no setting `zzz` in [pass] | known here: `full`, `incremental`, `jitter`",
    );
    broken("case", "[Store]\n", "C006 1:2 there is no setting `Store` in the file | did you mean `store`?");
    broken_file(
        "in a feed, of another kind",
        &format!("{}tenant = \"x\"\nbugdet = \"5%\"\n", FEED.trim_start()),
        "C006 6:1 there is no setting `tenant` in [feed.okta] | known here: `attributes`, `auth`, `budget`
         C006 7:1 there is no setting `bugdet` in [feed.okta] | did you mean `budget`?",
    );
}

#[test]
fn types() {
    broken("number for text", "[store]\npath = 5", "C007 2:8 expected text, found a whole number | quotation marks");
    broken("text for table", "store = \"x\"", "C007 1:9 expected a table, found text | ");
    broken("number for duration", "[pass]\nfull = 60", "C007 2:8 expected a duration such as \"90s\" | `500ms`, `90s`");
    broken("text for list", "[people]\nmatch_on = \"email\"", "C007 2:12 expected a list | ");
    broken("text for number", "[brakes]\napprovers = \"2\"", "C007 2:13 expected a whole number, found text | ");
    broken_target(
        "text for flag",
        "create = \"no\"\nseats = {}\n",
        "C007 5:10 expected true or false, found text |
         warning C046 6:1 [target.desk] grants no pool | seats = {",
    );
    broken("empty text", "[store]\npath = \" \"", "C015 2:8 the value is empty | fill it in");
    broken_file(
        "array of tables",
        "[[feed]]\nkind = \"okta\"",
        "C007 1:1 expected a table, found a list | a section in brackets",
    );
}

#[test]
fn general_sections() {
    broken(
        "store url",
        "[store]\nurl = \"postgres://x\"",
        "C014 2:1 a shared store is not supported yet | `path` names",
    );
    broken(
        "address",
        "[listen]\npublic = \"acme.example:80\"",
        "C042 2:10 `acme.example:80` is not an address | \"off\"",
    );
    broken(
        "one port",
        "[listen]\nops = \"127.0.0.1:8440\"",
        "C016 2:7 `public` and `ops` both listen on 127.0.0.1:8440 | different ports",
    );
    broken(
        "socket path",
        &format!("[listen]\ncontrol = \"/{}\"", "x".repeat(110)),
        "C042 2:11 the socket's path has 111 bytes, the system takes 107 | shorter path",
    );
    broken(
        "zone",
        "[rules]\ntime_zone = \"Europe/Berln\"",
        "C043 2:13 there is no time zone `Europe/Berln` | did you mean `Europe/Berlin`?",
    );
    broken(
        "people",
        "[people]\nmatch_on = [\"mail\", \"email\", \"email\"]\nprefer = [\"otka\"]",
        "C009 2:13 `mail` is not a choice here | did you mean `email`?
         C013 2:30 \"email\" stands twice in `match_on` | leave one of them out
         C037 3:11 there is no feed `otka` | did you mean `okta`?",
    );
    broken(
        "pass",
        "[pass]\nincremental = \"500ms\"\nfull = \"1 day\"\njitter = \"60%\"",
        "C011 2:15 `500ms` is too short, expected at least 1s | write \"1s\" or more
         C011 3:8 `1 day` is not a duration | `24h`
         C030 4:10 `60%` is out of range, expected 0% to 50% |",
    );
    broken(
        "full passes too often",
        "[pass]\nfull = \"1m\"",
        "warning C051 2:8 full passes come more often | swap the two?",
    );
}

#[test]
fn brakes() {
    broken(
        "limits",
        "[brakes]\nrevoke = { per_pass = \"5\", at_least = -1 }\ngrant = { per_pass = \"120%\" }\nfeed_shrink = 2.5\n\
         rules_edit = { per_pass = { count = 5, percent = 5 } }\napproval_expires = \"0s\"\napprovers = 3",
        "C030 2:23 \"5\" is not a limit | `{ count = 5, percent = \"5%\" }`
         C010 2:39 the number is out of range, expected at least 0 |
         C030 3:22 `120%` is more than the whole | or both
         C030 4:15 2.5 is not a limit | write a number
         C030 5:27 {\"count\":5,\"percent\":5} is not a limit | or both
         C011 6:20 `0s` is too short, expected at least 1s |
         C010 7:13 the number is out of range, expected 1 to 2 |",
    );
    broken("no table", "[brakes]\nrevoke = \"5%\"", "C007 2:10 expected a table, found text | ");
    broken(
        "causes",
        "[brakes]\nleaver = { per_pass = 3 }\nexpiry = { per_weak = 3 }\nlost_attribute = { per_day = 3 }\n\
         grant = { spend_per_month = \"2 USD\", spend_per_day = \"2000\", spend_per_week = [\"1 USD\", \"2 usd\"] }",
        "C006 2:1 there is no setting `leaver` in [brakes] | did you mean `leavers`?
         C006 3:12 there is no setting `per_weak` in [brakes.expiry] | did you mean `per_week`?
         C006 4:20 there is no setting `per_day` in [brakes.lost_attribute] | known here: `at_least`, `per_pass`
         C006 5:11 there is no setting `spend_per_month` in [brakes.grant] | did you mean
         C070 5:54 `2000` is not an amount of money | 2000 USD
         C070 5:89 `2 usd` is not an amount of money | 2000 USD",
    );
    broken(
        "two limits",
        "[brakes]\ngrant = { spend_per_day = [\"1 USD\", \"2 USD\"] }",
        "C013 2:37 `spend_per_day` has two limits in USD | leave one of them out",
    );
    broken(
        "protected",
        "[people]\nprotected = [\"a@x\", \"*@acme.example\", \"a@x\", 7]",
        "C051 2:21 `*@acme.example` is no name of one person | name each
         C013 2:39 \"a@x\" stands twice in `protected` | leave
         C007 2:46 expected text, found a whole number | ",
    );
    broken(
        "in a limit",
        "[brakes]\nfeed_shrink = { percnt = \"5%\" }",
        "C006 2:15 there is no setting `percnt` in a limit | percent",
    );
    broken(
        "never trips",
        "[brakes]\nrevoke = { per_pass = \"100%\" }",
        "warning C047 2:23 a limit of 100% per pass never holds anything | \"5%\"",
    );
}

#[test]
fn feeds() {
    broken_file("no feed", "", "warning C046 1:1 there is no feed | [feed.okta-prod]");
    broken_file("no kind", "[feed.a]\nurl = \"x\"", "C008 1:7 `kind` is missing in [feed.a] | kind = \"okta\"");
    broken_file("kind", "[feed.a]\nkind = \"otka\"", "C009 2:8 `otka` is not a choice here | did you mean `okta`?");
    broken_file(
        "name and everything missing",
        "[feed.\"a b\"]\nkind = \"okta\"",
        "C008 1:7 `auth` is missing in [feed.\"a b\"] | kind = \"ssws\"
         C008 1:7 `url` is missing in [feed.\"a b\"] | https://acme.okta.com
         C012 1:7 `a b` cannot be a name | letters, digits
         C041 1:7 [feed.\"a b\"] does not say where the job code stands | profile.jobCode",
    );
    broken_file(
        "okta",
        "[feed.a]\nkind = \"okta\"\nurl = \"http://acme.okta.com\"\nauth = { kind = \"bearer\", token = { file = \"t\" } }\n\
         attributes = { jobcode = \"profile.jobCode\" }\nbudget = 0.4\non_suspended = \"hodl\"",
        "C032 3:7 acme.okta.com is not on this machine | use https
         C035 4:17 an okta feed cannot use `bearer` | `ssws`, `private_key_jwt`
         C041 5:1 [feed.a] does not say where the job code stands | rename `jobcode` to `job_code`
         C007 6:10 expected a percentage such as \"5%\", found a number with a fraction | \"5%\"
         C009 7:16 `hodl` is not a choice here | did you mean `hold`?",
    );
    broken_file(
        "okta urls",
        &FEED.trim_start().replace("https://acme.okta.com", "https://acme-admin.okta.com"),
        "warning C051 3:7 this is the host of the admin console | write `https://acme.okta.com`",
    );
    broken_file(
        "okta path",
        &FEED.trim_start().replace("https://acme.okta.com", "https://acme.okta.com/api/v1/"),
        "C031 3:7 the URL goes further than the base | leave out `/api/v1`",
    );
    broken_file(
        "no scheme",
        &FEED.trim_start().replace("https://acme.okta.com", "acme.okta.com"),
        "C031 3:7 this is not a URL | write the whole URL, such as `https://acme.okta.com`",
    );
}

#[test]
fn entra_and_scim_feeds() {
    broken_file(
        "entra",
        "[feed.e]\nkind = \"entra\"\ntenant = \"common\"\ncloud = \"us_gov\"\nurl = \"https://graph.microsoft.com/v1.0\"\n\
         auth = { kind = \"certificate\" }\nattributes = { job_code = \"urn:a:2.0:User:x\", status = \"x\" }\nhook = { secret = { env = \"X\" } }",
        "C012 3:10 `common` is not one tenant | acme.onmicrosoft.com
         C009 4:9 `us_gov` is not a choice here | did you mean `us-gov`?
         C031 5:7 the URL goes further than the base | leave out `/v1.0`
         C008 6:1 `client_id` is missing in [feed.e.auth] | client_id
         C008 6:1 `key` is missing in [feed.e.auth] | { file
         C040 7:27 this kind of feed has no SCIM extensions | with dots
         C012 7:47 `status` is our own word | another name
         C008 8:1 `client_state` is missing in [feed.e.hook] | { file = \"path\" }
         C006 8:10 there is no setting `secret` in [feed.e.hook] | known here: `client_state`, `kind`, `public_url`, `set`",
    );
    broken_file(
        "scim",
        "[feed.s]\nkind = \"scim\"\nurl = \"https://hr.acme.example/scim/v2/Users\"\n\
         auth = { kind = \"client_secret\", client_id = \"c\", secret = { env = \"S\" }, client_auth = \"body\" }\n\
         attributes = { job_code = \"urn:ietf:params:scim:schemas:extension:acme:2.0:User\", x = \"a..b\", \"attr.y\" = \"y\" }",
        "C031 3:7 the URL goes further than the base | leave out `/Users`
         C008 4:1 `token_url` is missing in [feed.s.auth] | token_url = \"https://
         C009 4:89 `body` is not a choice here | `basic`, `post`
         C040 5:27 the URN names a whole extension | User:jobCode
         C040 5:87 a name between two dots is empty | single dots
         C012 5:95 `attr.y` is how tables write it | write `y` here",
    );
    broken_file(
        "push",
        "[feed.p]\nkind = \"scim_push\"\nurl = \"https://x.example\"\nauth = { kind = \"private_key_jwt\" }",
        "warning C041 1:7 [feed.p] does not say | job_code
         C006 3:1 there is no setting `url` in [feed.p] | known here
         C035 4:17 a scim_push feed cannot use `private_key_jwt` | `bearer`, `basic`",
    );
    broken_file(
        "unknown auth",
        &FEED.trim_start().replace("\"ssws\"", "\"swss\""),
        "C009 4:17 `swss` is no kind of authentication | did you mean `ssws`?",
    );
}

#[test]
fn secrets() {
    let feed = |auth: &str| FEED.trim_start().replace("{ kind = \"ssws\", token = { file = \"t\" } }", auth);
    broken_file(
        "literal",
        &feed("{ kind = \"ssws\", token = \"00abcdef\" }"),
        "C033 4:33 the secret `token` must not stand here itself | `{ file = \"path\" }`, `{ env = \"NAME\" }` or `{ credential = \"name\" }`",
    );
    broken_file(
        "literal number",
        &feed("{ kind = \"ssws\", token = 12345 }"),
        "C033 4:33 the secret `token` must not | file",
    );
    broken_file("absent", &feed("{ kind = \"ssws\" }"), "C008 4:1 `token` is missing in [feed.okta.auth] | { file");
    broken_file(
        "nowhere",
        &feed("{ kind = \"ssws\", token = {} }"),
        "C034 4:25 the secret `token` does not say where | env",
    );
    broken_file(
        "two places and a slip",
        &feed("{ kind = \"ssws\", token = { file = \"a\", env = \"B\", flie = \"c\" } }"),
        "C034 4:25 the secret `token` is kept in more than one place |
         C006 4:58 there is no setting `flie` in [feed.okta.auth.token] | did you mean `file`?",
    );
    broken_file(
        "pasted as a name",
        &feed("{ kind = \"ssws\", token = { env = \"hunter2 secret\" } }"),
        "C034 4:41 this is not the name of a variable | env",
    );
    broken_file(
        "in a URL",
        &FEED.trim_start().replace("https://acme", "https://ann:hunter2@acme"),
        "C031 3:7 the URL has a user or password in it | `auth`",
    );
    let hook = format!("{}hook = {{ secret = \"hunter2\" }}\n", FEED.trim_start());
    broken_file("in a hook", &hook, "C033 6:19 the secret `secret` must not stand here itself | credential");
}

#[test]
fn targets() {
    broken_target(
        "later kinds and slips",
        "[target.snow]\nkind = \"servicenow\"\n[target.x]\nkind = \"skim\"",
        "warning C046 1:9 [target.desk] grants no pool | seats = {
         C014 6:8 a desk of kind `servicenow` is not supported yet | use `scim`
         C009 8:8 `skim` is no kind of target | did you mean `scim`?",
    );
    broken_target(
        "settings",
        "mode = \"addonly\"\nmatch_on = [\"externalId\", \"mail\"]\nseats = { fulfiler = { group = \"a\" }, requester = { group = \"b\" }, \
         fulfiller = {}, major-incident = { group = \"a\", role = \"b\" } }",
        "C009 5:8 `addonly` is not a choice here | did you mean `add_only`?
         C009 6:13 `externalId` is not a choice here | did you mean `external_id`?
         C009 6:27 `mail` is not a choice here | did you mean `email`?
         C038 7:11 the catalog has no tier or add-on `fulfiler` | did you mean `fulfiller`?
         C039 7:39 seats of `requester` are unlimited | number of seats
         C008 7:68 nothing says what grants `fulfiller` | exactly one of
         C016 7:84 several things grant `major-incident` | exactly one of",
    );
    broken_target(
        "one group for two pools",
        "match_on = []\nseats = { fulfiller = { group = \"a\" }, major-incident = { group = \"a\" } }",
        "C015 5:12 nobody can be found at the desk | external_id
         C045 6:40 `major-incident` and `fulfiller` are granted by the same thing | its own",
    );
    broken_target(
        "one name",
        "seats = { fulfiller = { group = \"a\" } }\n[target.okta]\nkind = \"scim\"\nurl = \"https://x.example\"\n\
         auth = { kind = \"bearer\", token = { file = \"t\" } }\nseats = { fulfiller = { group = \"a\" } }",
        "C036 6:9 `okta` is a feed already | another name",
    );
    let catalog = CATALOG.replace("seats = 120", "seats = -1");
    let folder =
        Folder::new(format!("{}seats = {{ fulfiler = {{ group = \"a\" }} }}{FEED}", DESK.trim_start()), catalog);
    assert_findings(
        "also where the catalog has faults of its own",
        &folder.findings(),
        "K010 9:9 the number is out of range | \"unlimited\"
         C038 5:11 the catalog has no tier or add-on `fulfiler` | did you mean `fulfiller`?",
    );
}

//! What is only seen when a table is looked at as a whole.

use super::{Story, code, csv, made, story, toml};

pub(super) const STORIES: &[Story] = &[
    story(
        code::EXCEPTION_OVER,
        "The last day of an exception has passed.",
        "It does nothing any more, and a table full of old exceptions hides those that count.",
        csv("person,tier,until,owner,reason\nann@acme.example,agent,2026-03-31,desk-lead@acme.example,cover\n"),
        csv("person,tier,until,owner,reason\nann@acme.example,agent,2026-12-31,desk-lead@acme.example,cover\n"),
    ),
    story(
        code::TIE,
        "Which row decides: the higher priority, then the more specific job code (exact before range before longer glob \
         before any), then more filled columns. Two rows are equal in all of it for the person that is shown, and give \
         different things. The order of rows never counts, for people sort spreadsheets.",
        "A coin would have to be tossed over somebody's seat.",
        csv("id,job_code,department,employee_type,tier\nit,SD-1*,IT,,agent\nstaff,SD-1*,,Employee,fulfiller\n"),
        csv(
            "id,job_code,department,employee_type,tier,priority\nit,SD-1*,IT,,agent,\nstaff,SD-1*,,Employee,fulfiller,1\n",
        ),
    ),
    story(
        code::UNPROVEN,
        "Whether rows tie, cover each other or meet is proven, not tried out. Rows with many globs that begin and end \
         with `*` and exclude each other can be so entangled that the proof is given up.",
        "Nothing is known to be wrong. Whoever two such rows match and give different things is held as a conflict, so \
         that nobody gets or loses a seat by chance.",
        made(tangle, "two rows with a dozen globs such as `*a*b*c*`, each excluding a dozen others"),
        csv("id,job_code,tier\na,SD-1*,agent\nb,SD-2*,fulfiller\n"),
    ),
    story(
        code::ADDONS_MEET,
        "The catalog says that two pools exclude each other, and a row, or two rows that match one person, give both.",
        "The person would be held as a conflict until the table is mended.",
        csv(
            "id,job_code,tier,addons\nleads,SD-1*,fulfiller,major-incident\nboard,SD-12,fulfiller,major-incident|change-advisory\n",
        ),
        csv("id,job_code,tier,addons\nleads,SD-1*,fulfiller,major-incident\nboard,SD-12,fulfiller,change-advisory\n"),
    ),
    story(
        code::EXCEPTIONS_DISAGREE,
        "Two exceptions for one person are in force on the same day and give different things.",
        "Exceptions beat every row, so nothing is left to decide between them.",
        csv("person,tier,until,owner,reason\nann@acme.example,agent,2026-12-31,lead@acme.example,cover\n\
             ann@acme.example,none,2026-12-31,itam@acme.example,left the desk\n"),
        csv("person,tier,until,owner,reason\nann@acme.example,agent,2026-12-31,lead@acme.example,cover\n"),
    ),
    story(
        code::NEVER_MATCHES,
        "A cell excludes all that it names, so nobody can match it.",
        "The row looks as if it gave somebody a seat and gives it to nobody.",
        csv("id,job_code,tier\nanalysts,SD-1*|!SD-*,agent\n"),
        csv("id,job_code,tier\nanalysts,SD-1*|!SD-19,agent\n"),
    ),
    story(
        code::COVERED,
        "Whoever matches the row is taken by one of the rows that are named: they rank higher, or they give the same and \
         have the smaller id. This is proven for people who have one value in every column but `group` and `feed`, from \
         today on.",
        "Somebody wrote the row to give people a seat, and it gives nobody anything.",
        csv("id,job_code,tier,priority\ndesk,SD-*,agent,10\nleads,SD-1*,fulfiller,\n"),
        csv("id,job_code,tier,priority\ndesk,SD-*,agent,\nleads,SD-1*,fulfiller,\n"),
    ),
    story(
        code::CASE_EXPECTS_NOTHING,
        "A `[[case]]` beside the table names somebody in `given` and what they should get in `expect`.",
        "A case that expects nothing always holds, so it protects nothing.",
        toml(
            "[[rule]]\nid = \"a\"\nwhen = { job_code = \"SD-1*\" }\ntier = \"agent\"\n\n[[case]]\ngiven = { job_code = \"SD-12\" }\nexpect = {}\n",
        ),
        toml(
            "[[rule]]\nid = \"a\"\nwhen = { job_code = \"SD-1*\" }\ntier = \"agent\"\n\n[[case]]\ngiven = { job_code = \"SD-12\" }\nexpect = { tier = \"agent\" }\n",
        ),
    ),
    story(
        code::UNKNOWN_ROW,
        "The `rule` that a case expects is the id of a row of the table.",
        "The case can never hold; most likely the row was renamed.",
        toml(
            "[[rule]]\nid = \"analysts\"\nwhen = { job_code = \"SD-1*\" }\ntier = \"agent\"\n\n[[case]]\ngiven = { job_code = \"SD-12\" }\nexpect = { rule = \"analyst\" }\n",
        ),
        toml(
            "[[rule]]\nid = \"analysts\"\nwhen = { job_code = \"SD-1*\" }\ntier = \"agent\"\n\n[[case]]\ngiven = { job_code = \"SD-12\" }\nexpect = { rule = \"analysts\" }\n",
        ),
    ),
    story(
        code::ROW_OVER,
        "The last day of a row has passed.",
        "It does nothing any more; if it was meant to go on, people have lost their seats by it.",
        csv("id,job_code,tier,until\nproject,SD-1*,agent,2026-03-31\n"),
        csv("id,job_code,tier,until\nproject,SD-1*,agent,2026-12-31\n"),
    ),
    story(
        code::GAP,
        "One row ends, and the row that follows it begins later than on the next day. They belong together because they \
         ask for the same, or for the same job codes under ids that differ in a number at the end. A gap longer than both \
         rows is taken for a season and not told.",
        "On these days other rows or the default tier decide, and people lose and get seats within a week.",
        csv("id,job_code,tier,from,until\ndesk-2026,SD-1*,agent,,2026-12-31\ndesk-2027,SD-1*,agent,2027-02-01,\n"),
        csv("id,job_code,tier,from,until\ndesk-2026,SD-1*,agent,,2026-12-31\ndesk-2027,SD-1*,agent,2027-01-01,\n"),
    ),
];

/// Two rows that keep apart the order in which a text holds twelve letters.
fn tangle() -> Vec<u8> {
    let letters: Vec<char> = ('a'..='l').collect();
    let glob = |from: usize| {
        let order = letters.iter().cycle().skip(from).step_by(5).take(5);
        let order = order.map(|letter| format!("*{letter}")).collect::<Vec<_>>().concat();
        format!("{order}*")
    };
    let excluded = |from: usize| (0..12).map(|at| format!("|!{}", glob(from + at))).collect::<Vec<_>>().concat();
    format!("id,job_code,tier\na,{0}{1},agent\nb,{0}{1},fulfiller\n", glob(0), excluded(0)).into_bytes()
}

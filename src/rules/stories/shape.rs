//! Columns, keys and rows that are not what a table consists of.

use super::{Story, code, csv, story, toml};

pub(super) const STORIES: &[Story] = &[
    story(
        code::UNKNOWN_KEY,
        "Rows match on `job_code title department division cost_center organization employee_type country location \
         manager group status feed` and on `attr.NAME` for attributes that a feed maps by another name.",
        "A column that is not read would leave a condition out, and the row would match more people than was meant.",
        csv("id,job_cod,tier\nanalysts,SD-1*,agent\n"),
        csv("id,job_code,tier\nanalysts,SD-1*,agent\n"),
    ),
    story(
        code::KEY_TWICE,
        "Every column stands once. Several values of one column are a list: `A|B` in CSV, an array in TOML.",
        "Of two columns with one name it is not clear which counts.",
        csv("id,job_code,job_code,tier\nanalysts,SD-1*,SD-2*,agent\n"),
        csv("id,job_code,tier\nanalysts,SD-1*|SD-2*,agent\n"),
    ),
    story(
        code::MISSING_COLUMN,
        "Rows have an `id`; a CSV file with `person` holds exceptions and needs `until`, `owner` and `reason`.",
        "Plans, seats and the journal name rows by id; an exception without an end is a rule that nobody finds.",
        csv("job_code,tier\n"),
        csv("id,job_code,tier\n"),
    ),
    story(
        code::WRONG_TYPE,
        "Values to match are strings, also where they are digits; dates are dates, priorities are whole numbers.",
        "As a number `0123` and `123` are the same, as job codes they are not.",
        toml("[[rule]]\nid = \"desk\"\nwhen = { job_code = [4711] }\ntier = \"agent\"\n"),
        toml("[[rule]]\nid = \"desk\"\nwhen = { job_code = [\"4711\"] }\ntier = \"agent\"\n"),
    ),
    story(
        code::NO_ID,
        "Every row has an id that stays when the row changes.",
        "Who holds a seat by which row is remembered by id. Without one every edit would look like another row.",
        csv("id,job_code,tier\n,SD-1*,agent\n"),
        csv("id,job_code,tier\nanalysts,SD-1*,agent\n"),
    ),
    story(
        code::ID_TWICE,
        "No two rows of all files have one id; upper and lower case are the same.",
        "A plan that names the row could mean either.",
        csv("id,job_code,tier\ndesk,SD-1*,agent\nDesk,SD-2*,agent\n"),
        csv("id,job_code,tier\ndesk,SD-1*,agent\ndesk-second,SD-2*,agent\n"),
    ),
    story(
        code::BAD_ID,
        "An id is a short name on one line, and `exception:` is the beginning of names of exceptions.",
        "Ids are printed in plans, logs and the journal, where a line break or a foreign name would mislead.",
        csv("id,job_code,tier\nexception:ann,SD-1*,agent\n"),
        csv("id,job_code,tier\nann,SD-1*,agent\n"),
    ),
    story(
        code::EMPTY_ROW,
        "A row without a condition that gives nothing is a line of separators, as spreadsheets save below a table.",
        "It does nothing, and it might be the rest of a row that lost its cells.",
        csv("id,job_code,tier\nanalysts,SD-1*,agent\n,,\n"),
        csv("id,job_code,tier\nanalysts,SD-1*,agent\n"),
    ),
    story(
        code::GIVES_NOTHING,
        "A row or exception gives a tier, `none`, or add-ons.",
        "A row that gives nothing looks like a denial and is none. To deny, write `none`.",
        csv("id,job_code,tier\ninterns,SD-9*,\n"),
        csv("id,job_code,tier\ninterns,SD-9*,none\n"),
    ),
    story(
        code::NONE_WITH_ADDONS,
        "`none` takes the tier and every add-on, so add-ons beside it are never given.",
        "Either the denial or the add-ons are a mistake.",
        csv("id,job_code,tier,addons\ninterns,SD-9*,none,reports\n"),
        csv("id,job_code,tier,addons\ninterns,SD-9*,,reports\n"),
    ),
    story(
        code::EXCEPTION_INCOMPLETE,
        "An exception names one person, the last day, who answers for it and why.",
        "Exceptions beat every row. One without an end or an owner is how seats are held for years by nobody's decision.",
        csv(
            "person,tier,until,owner,reason\nann@acme.example,fulfiller,,desk-lead@acme.example,covers for a colleague\n",
        ),
        csv(
            "person,tier,until,owner,reason\nann@acme.example,fulfiller,2026-12-15,desk-lead@acme.example,covers for a \
             colleague\n",
        ),
    ),
    story(
        code::TOO_MANY,
        "At most 1,000 findings of a table are shown.",
        "A table with more of them has one cause, such as a wrong catalog; the first ones show it.",
        super::made(
            || {
                format!("id,tier\n{}", (0..1_001).map(|row| format!("r{row},agnt\n")).collect::<Vec<_>>().concat())
                    .into()
            },
            "1,001 rows with the tier `agnt`",
        ),
        csv("id,tier\nr0,agent\n"),
    ),
];

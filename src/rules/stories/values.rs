//! Cells whose value is not what the column holds.

use super::{Story, code, csv, story, toml};

pub(super) const STORIES: &[Story] = &[
    story(
        code::UNKNOWN_TIER,
        "The tier is one of the catalog, or `none`.",
        "A misspelt tier would give nobody a seat.",
        csv("id,job_code,tier\nanalysts,SD-1*,fulfller\n"),
        csv("id,job_code,tier\nanalysts,SD-1*,fulfiller\n"),
    ),
    story(
        code::UNKNOWN_ADDON,
        "Add-ons are those of the catalog; several are separated by `|`.",
        "A misspelt add-on would be given to nobody.",
        csv("id,job_code,addons\nanalysts,SD-1*,repots\n"),
        csv("id,job_code,addons\nanalysts,SD-1*,reports\n"),
    ),
    story(
        code::UNKNOWN_CLASS,
        "Classes are those for which a pool of the catalog reserves seats.",
        "People of a class that no pool knows have no seats kept for them: the on-call technician waits like everybody.",
        csv("id,job_code,tier,class\nnight,SD-7*,fulfiller,oncall\n"),
        csv("id,job_code,tier,class\nnight,SD-7*,fulfiller,on-call\n"),
    ),
    story(
        code::BAD_RANGE,
        "`A..B` has the same text at both ends, then a number, and the first number is not the greater one. When both \
         have as many digits the value must have as many too.",
        "A range that cannot be read would match nobody.",
        csv("id,job_code,tier\nanalysts,SD-20..29,agent\n"),
        csv("id,job_code,tier\nanalysts,SD-20..SD-29,agent\n"),
    ),
    story(
        code::BAD_VALUE,
        "A value is a text, a glob such as `SD-1*`, a range such as `SD-20..SD-29`, or one of them after a single `!`.",
        "The grammar is closed on purpose: no code and no regular expressions, so that every table can be checked whole.",
        csv("id,department,tier\nit,IT|!!HR,agent\n"),
        csv("id,department,tier\nit,IT|!HR,agent\n"),
    ),
    story(
        code::BAD_STATUS,
        "The words of `status` are `active`, `pre_start`, `on_leave`, `suspended` and `gone`, whatever a provider calls it.",
        "A word of the provider would match nobody.",
        csv("id,status,tier\naway,onleave,agent\n"),
        csv("id,status,tier\naway,on_leave,agent\n"),
    ),
    story(
        code::BAD_DATE,
        "Days are written year-month-day. A spreadsheet shows them in the form of your country and saves what it shows: \
         format the column as text or as YYYY-MM-DD.",
        "`01.02.2026` is another day in another country.",
        csv("id,job_code,tier,until\ncover,SD-1*,agent,31.12.2026\n"),
        csv("id,job_code,tier,until\ncover,SD-1*,agent,2026-12-31\n"),
    ),
    story(
        code::DATES_REVERSED,
        "`from` is the first day and `until` the last; both count.",
        "The row would be in force on no day.",
        csv("id,job_code,tier,from,until\ncover,SD-1*,agent,2026-12-31,2026-07-01\n"),
        csv("id,job_code,tier,from,until\ncover,SD-1*,agent,2026-07-01,2026-12-31\n"),
    ),
    story(
        code::BAD_PRIORITY,
        "A priority is a whole number; the higher one wins, and 0 stands where nothing is written.",
        "Which of two rows decides would be a guess.",
        csv("id,job_code,tier,priority\nanalysts,SD-1*,agent,high\n"),
        csv("id,job_code,tier,priority\nanalysts,SD-1*,agent,10\n"),
    ),
    story(
        code::SPACE_IN_CODE,
        "In CSV a space in `job_code` separates two codes, so a code with a space in TOML says something else there.",
        "Whoever exports the table to CSV and reads it back gets another table.",
        toml("[[rule]]\nid = \"desk\"\nwhen = { job_code = \"SD-1 SD-2\" }\ntier = \"agent\"\n"),
        toml("[[rule]]\nid = \"desk\"\nwhen = { job_code = [\"SD-1\", \"SD-2\"] }\ntier = \"agent\"\n"),
    ),
    story(
        code::FOREIGN,
        "The only joker is `*`, a range is `A..B`, and values are separated by `|`. Every other sign stands for itself: \
         `?`, `[12]`, `{1,2}`, `^`, `$`, `.*` and `%` are no patterns, commas and semicolons separate nothing, and a dash \
         makes no range. Where such a sign belongs to the value, `*` in its place says so without this warning.",
        "People have the sign in their job code or nobody is matched; the row looks right and gives nobody a seat.",
        csv("id,job_code,tier\nanalysts,SD-1?,agent\n"),
        csv("id,job_code,tier\nanalysts,SD-1*,agent\n"),
    ),
    story(
        code::CLASS_WITHOUT_TIER,
        "The class of a person is that of the row that decides the tier.",
        "A class in a row with add-ons alone does nothing, and somebody counts on it.",
        csv("id,job_code,addons,class\nnight,SD-7*,reports,on-call\n"),
        csv("id,job_code,tier,class\nnight,SD-7*,fulfiller,on-call\n"),
    ),
    story(
        code::NO_BASE,
        "An add-on of the catalog may build on tiers (`requires`); beside another tier it is never given.",
        "The row promises an add-on that nobody gets by it.",
        csv("id,job_code,tier,addons\nanalysts,SD-1*,agent,major-incident\n"),
        csv("id,job_code,tier,addons\nanalysts,SD-1*,fulfiller,major-incident\n"),
    ),
];

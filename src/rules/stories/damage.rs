//! What spreadsheets and word processors do to values.

use super::{Story, code, csv, story};

pub(super) const STORIES: &[Story] = &[
    story(
        code::DATE,
        "Excel and its kin take `JAN1`, `1-1` or `MAR-3` for a day, keep the day and save it as `1-Jan`. Format the \
         column as text before typing or pasting codes.",
        "Nobody has the code `1-Jan`, so everybody with the real one would lose the seat.",
        csv("id,job_code,tier\nanalysts,JAN2|1-Jan,agent\n"),
        csv("id,job_code,tier\nanalysts,JAN2|JAN1,agent\n"),
    ),
    story(
        code::DATE_LIKE,
        "`Jan-26` or `2026-01-31` may be a code, and may be what a spreadsheet has made of one.",
        "If it was made, the people with the code that was typed are matched by nothing.",
        csv("id,job_code,tier\nanalysts,Jan-01,agent\n"),
        csv("id,job_code,tier\nanalysts,JAN1,agent\n"),
    ),
    story(
        code::SCIENTIFIC,
        "A code of many digits, or one such as `1E5`, becomes a number and is saved with an exponent.",
        "The digits that are not shown are lost; the code cannot be guessed from what is left.",
        csv("id,job_code,tier\nanalysts,1.23457E+11,agent\n"),
        csv("id,job_code,tier\nanalysts,123456789012,agent\n"),
    ),
    story(
        code::LOST_ZEROS,
        "A spreadsheet takes `0123` for the number 123. Other codes of the column still have their zeros.",
        "`123` and `0123` are two codes; people with the second are not matched by the first.",
        csv("id,job_code,tier\nanalysts,0456,agent\nnight,123,fulfiller\n"),
        csv("id,job_code,tier\nanalysts,0456,agent\nnight,0123,fulfiller\n"),
    ),
    story(
        code::CELL_ERROR,
        "A formula failed, and what it shows was saved in place of a value.",
        "The value that was meant is not in the file.",
        csv("id,department,tier\nit,#REF!,agent\n"),
        csv("id,department,tier\nit,IT,agent\n"),
    ),
    story(
        code::INVISIBLE,
        "A zero-width space, a mark of writing direction, a soft hyphen, a byte order mark between two files that were \
         put together, or a line break came along when the value was copied.",
        "The value looks right and is equal to nothing that a directory has.",
        csv("id,job_code,tier\nanalysts,SD\u{200b}-1,agent\n"),
        csv("id,job_code,tier\nanalysts,SD-1,agent\n"),
    ),
    story(
        code::ODD_SPACE,
        "A space that does not break lines came along from a web page or a document. It is read as a plain space.",
        "In `job_code` it separates two codes, and other programs take it for another character.",
        csv("id,department,tier\nit,IT\u{a0}Desk,agent\n"),
        csv("id,department,tier\nit,IT Desk,agent\n"),
    ),
    story(
        code::QUOTES,
        "A word processor has curled the quotes around a value. CSV and TOML know straight quotes alone, so the curled \
         ones became part of the value.",
        "No directory has a code with quotes around it, so the row matches nobody.",
        csv("id,job_code,tier\nanalysts,“SD-1”,agent\n"),
        csv("id,job_code,tier\nanalysts,\"SD-1\",agent\n"),
    ),
    story(
        code::CURLY,
        "The value holds a curled quote or apostrophe. The directory may have it so, or with a straight one.",
        "They are two characters; of `Children’s` and `Children's` only the one written is matched.",
        csv("id,department,tier\nward,Children’s Services,agent\n"),
        csv("id,department,tier\nward,Children’s Services|Children's Services,agent\n"),
    ),
    story(
        code::LOOKALIKE,
        "Two values of a column are read as the same by people and are not: the letter O for a zero, a Cyrillic letter \
         for a Latin one, a dash for a hyphen. Upper and lower case do not matter.",
        "The directory has one of them; rows with the other match nobody.",
        csv("id,job_code,tier\nanalysts,SD-10,agent\nnight,SD-1O,fulfiller\n"),
        csv("id,job_code,tier\nanalysts,SD-10,agent\nnight,SD-11,fulfiller\n"),
    ),
];

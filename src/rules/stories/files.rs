//! Files that cannot be read as a table.

use super::super::MAX_FILE_BYTES;
use super::{Content, Example, Story, bytes, code, csv, made, story, toml};

pub(super) const STORIES: &[Story] = &[
    story(
        code::FILE_KIND,
        "Tables are TOML or CSV, told by the ending of the file's name.",
        "A file of another kind may hold rows that somebody counts on; leaving it out without a word would take seats.",
        Example { file: "rules.txt", content: Content::Text("id,job_code,tier\nanalysts,SD-1*,agent\n") },
        csv("id,job_code,tier\nanalysts,SD-1*,agent\n"),
    ),
    story(
        code::FILE_SIZE,
        "A file of a table may have 16 MiB, far more than people edit.",
        "A file that large is a mistake, such as a log with the wrong name, and reading it would take the memory of others.",
        made(|| vec![b'\n'; MAX_FILE_BYTES + 1], "a file of more than 16 MiB"),
        csv("id,job_code,tier\nanalysts,SD-1*,agent\n"),
    ),
    story(
        code::ENCODING,
        "Files are UTF-8 with or without a byte order mark, or UTF-16 with one. Excel's plain \"CSV\" is neither once a \
         letter is not English: choose \"CSV UTF-8 (comma delimited)\" or \"Unicode Text\".",
        "A guess at the encoding would silently change the names of departments and people, and rows would match nobody.",
        bytes(b"id,department,tier\r\nit,Informatikb\xFCro,agent\r\n"),
        csv("id,department,tier\r\nit,Informatikbüro,agent\r\n"),
    ),
    story(
        code::LINE_ENDS,
        "Lines end with a line feed or with a carriage return and a line feed. A carriage return alone is how computers \
         of the last century ended them, and how Excel for Mac still saves \"CSV (Macintosh)\".",
        "Programs disagree on where such a line ends, so the table would be another one for each of them.",
        csv("id,job_code,tier\ranalysts,SD-1*,agent\r"),
        csv("id,job_code,tier\nanalysts,SD-1*,agent\n"),
    ),
    story(
        code::TOML_SYNTAX,
        "The file is not TOML. The place is where reading ended; the slip may be a line above it.",
        "Nothing behind that place is read, so nothing more is told about the file until it is mended.",
        toml("[[rule]]\nid = analysts\ntier = \"agent\"\n"),
        toml("[[rule]]\nid = \"analysts\"\ntier = \"agent\"\n"),
    ),
    story(
        code::CSV_QUOTING,
        "A cell that holds a separator, a line break or a double quote stands in double quotes as a whole, and a double \
         quote inside of it is written twice.",
        "A quote that is never closed would swallow the rest of the table without a word.",
        csv("id,job_code,tier,note\nanalysts,SD-1*,agent,the \"old\" desk\n"),
        csv("id,job_code,tier,note\nanalysts,SD-1*,agent,\"the \"\"old\"\" desk\"\n"),
    ),
    story(
        code::CSV_WIDTH,
        "Every row has as many cells as the header.",
        "A cell too many or too few moves those behind it into other columns: a department becomes a tier.",
        csv("id,department,tier\nit,IT, Desk,agent\n"),
        csv("id,department,tier\nit,\"IT, Desk\",agent\n"),
    ),
    story(
        code::FORMULA,
        "A cell that starts with `=`, `+` or `@`, or with `-` before a letter, is a formula for a spreadsheet.",
        "Whoever opens the table runs it. It may fetch data from elsewhere or show another value than the one we read.",
        csv("id,job_code,tier,note\nanalysts,SD-1*,agent,+49 30 1234\n"),
        csv("id,job_code,tier,note\nanalysts,SD-1*,agent,0049 30 1234\n"),
    ),
    story(
        code::CSV_HEADER,
        "The first line names the columns. A column at the end that has neither a name nor anything in it is left out.",
        "Without a name nobody can tell what the cells of a column mean.",
        csv("id,,tier\nanalysts,SD-1*,agent\n"),
        csv("id,job_code,tier\nanalysts,SD-1*,agent\n"),
    ),
];

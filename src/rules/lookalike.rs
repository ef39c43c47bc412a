//! Values of one column that differ in nothing but letters that look alike: `SD-1O` and `SD-10`, a Cyrillic `С`.
//! One of them matches nobody. Letters that differ in case alone are the same letter for a table.

use std::collections::BTreeMap;

use unicode_security::skeleton;

use super::code;
use super::column::Key;
use super::csv_table::shortened;
use super::damage::straight;
use super::normal::normal;
use super::survey::Table;
use super::table::Value;
use super::text::Findings;

/// Warns of every value that looks like one of the same column.
pub(super) fn find(table: &Table<'_>, findings: &mut Findings<'_>) {
    for column in table.columns {
        let key = Key::On(column.clone());
        let mut values: BTreeMap<String, &Value> = BTreeMap::new();
        for value in table.entries.iter().filter_map(|entry| entry.get(&key)).flat_map(|cell| &cell.values) {
            // Curled quotes have a finding of their own.
            let name = normal(&straight(value.text.trim_start_matches('!'))).into_owned();
            let first = values.entry(name).or_insert(value);
            if value.span < first.span {
                *first = value;
            }
        }
        let mut seen: BTreeMap<String, &Value> = BTreeMap::new();
        let mut in_order: Vec<&Value> = values.into_values().collect();
        in_order.sort_by_key(|value| value.span);
        for value in in_order {
            let text = value.text.trim_start_matches('!');
            // Codes are read in capitals, where `O` is like `0`; as written, `l` may be like `1`.
            let looks: [String; 2] =
                [skeleton(&text.to_uppercase()).collect(), skeleton(text).collect::<String>() + "\n"];
            match looks.iter().find_map(|look| seen.get(look)) {
                Some(other) => report(other, value, findings),
                None => looks.into_iter().for_each(|look| {
                    seen.entry(look).or_insert(value);
                }),
            }
        }
    }
}

fn report(one: &Value, other: &Value, findings: &mut Findings<'_>) {
    let differs = one.text.chars().zip(other.text.chars()).find(|(a, b)| a.to_lowercase().ne(b.to_lowercase()));
    let letters = differs
        .filter(|_| one.text.chars().count() == other.text.chars().count())
        .map(|(a, b)| format!(": U+{:04X} for U+{:04X}", u32::from(b), u32::from(a)))
        .unwrap_or_default();
    let message =
        format!("`{}` looks like `{}` and is another value{letters}", shortened(&other.text), shortened(&one.text));
    let help = "see which of them the directory has, and write that one everywhere";
    let others = vec![(one.span, "looks the same".to_owned())];
    findings.add_labelled(code::LOOKALIKE, (other.span, String::new()), others, message, help.to_owned());
}

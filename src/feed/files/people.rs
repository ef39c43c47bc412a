//! From rows to accounts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::folder::LARGEST;
use crate::config::{Drop, FeedConfig, StatusColumn};
use crate::feed::mapping::{Defaults, Dialect, Mapping};
use crate::model::{Account, AccountId, FeedName, Status};
use crate::rules::Source;
use crate::rules::sheet::{Sheet, sheet};

/// Longer than any employee number.
const LONGEST_ID: usize = 256;

/// Who is in a file.
pub(super) struct People {
    pub accounts: Vec<Account>,
    /// The first row that could not be believed, and how many others.
    pub odd: Option<String>,
}

/// How the columns of a feed's files are read.
pub(super) struct Reader {
    name: FeedName,
    mapping: Mapping,
    id: String,
    status: Option<StatusColumn>,
    /// Headers without which a file says less than it should, as they were written.
    needed: Vec<String>,
}

impl Reader {
    pub(super) fn new(config: &FeedConfig, dropped: &Drop) -> Self {
        let mut config = config.clone();
        let mut needed = vec![dropped.id.clone()];
        needed.extend(dropped.status.as_ref().map(|status| status.column.clone()));
        for (name, path) in &mut config.attributes {
            for step in &mut path.steps {
                // A column that nobody asked for by name may be there or not.
                if name == "job_code" || key(step) != *name {
                    needed.push(step.clone());
                }
                *step = key(step);
            }
        }
        let defaults = Defaults {
            user_name: "user_name",
            email: "email",
            employee_number: (None, "employee_number"),
            display_name: "display_name",
        };
        Self {
            name: config.name.clone(),
            mapping: Mapping::new(&config, Dialect::Exact, defaults),
            id: key(&dropped.id),
            status: dropped
                .status
                .clone()
                .map(|status| StatusColumn { column: key(&status.column), words: status.words }),
            needed,
        }
    }

    /// Reads a file. One that is damaged, or lacks a column, shows nobody; rows that cannot be believed leave the others.
    pub(super) fn read(&self, source: &Source) -> Result<People, String> {
        let in_file = |why: String| format!("{}: {why}", source.path);
        let Sheet { header, rows } = sheet(source, LARGEST).map_err(in_file)?;
        let header: Vec<String> = header.iter().map(|cell| key(cell)).collect();
        let mut seen = BTreeSet::new();
        if let Some(twice) = header.iter().find(|cell| !cell.is_empty() && !seen.insert(*cell)) {
            return Err(in_file(format!("two columns are named `{twice}`")));
        }
        if let Some(missing) = self.needed.iter().find(|needed| !header.contains(&key(needed))) {
            return Err(in_file(format!("the header has no column `{missing}`")));
        }
        let mut accounts: BTreeMap<String, (u32, Option<Account>)> = BTreeMap::new();
        let mut odd: Vec<String> = Vec::new();
        for (line, cells) in rows {
            let row: Map<String, Value> = header.iter().cloned().zip(cells.into_iter().map(Value::String)).collect();
            match self.account(row) {
                Err(why) => odd.push(format!("line {line}: {why}")),
                Ok(account) => {
                    let id = account.id.id.clone();
                    if let Some((first, before)) = accounts.get_mut(&id) {
                        // Which of them is true, the file does not say.
                        odd.push(format!("line {line}: the same {} as line {first}, so neither is believed", self.id));
                        *before = None;
                    } else {
                        accounts.insert(id, (line, Some(account)));
                    }
                }
            }
        }
        let others = match odd.len() {
            0 | 1 => String::new(),
            count => format!(" (and {} more)", count.saturating_sub(1)),
        };
        let odd = odd.into_iter().next().map(|first| in_file(format!("{first}{others}")));
        Ok(People { accounts: accounts.into_values().filter_map(|(_, account)| account).collect(), odd })
    }

    fn account(&self, row: Map<String, Value>) -> Result<Account, String> {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let id = text(&self.id);
        if id.is_empty() || id.len() > LONGEST_ID || id.chars().any(char::is_control) {
            return Err(format!("its {} is empty or no id", self.id));
        }
        let (status, word) = match &self.status {
            None => (Status::Active, "listed".to_owned()),
            Some(StatusColumn { column, words }) => {
                let word = text(column);
                (words.get(&word.to_lowercase()).copied().unwrap_or(Status::Unknown), word)
            }
        };
        self.mapping.account(AccountId { feed: self.name.clone(), id }, status, word, &Value::Object(row))
    }
}

/// A header in the form in which two are compared: lower case, with one underscore for blanks, dashes and underscores.
fn key(header: &str) -> String {
    let words = header.split(|c: char| c.is_whitespace() || c == '_' || c == '-').filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

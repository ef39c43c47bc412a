//! The digest of a table: what it decides, in a form that does not depend on how it was written.

use sha2::{Digest as _, Sha256};

use super::cell::{Cell, Values};
use super::column::Column;
use super::pattern::Pattern;
use super::row::{Exception, Gives, Row, Tier, Window};
use crate::model::Digest;

/// SHA-256 over rows and exceptions, each in a canonical form, sorted. Everything that can change a decision or its
/// name is in it; owner, note and reason are not, so that a better comment does not outdate a held plan.
pub(super) fn digest(columns: &[Column], rows: &[Row], exceptions: &[Exception]) -> Digest {
    let rows = rows.iter().map(|row| {
        let mut form = Form::new("rule");
        form.text(row.id.as_str());
        form.text(&row.priority.to_string());
        form.gives(&row.gives);
        form.window(&row.window);
        // Slots depend on the other rows of the table; names do not.
        let mut cells: Vec<(String, &Cell)> =
            row.cells.iter().filter_map(|(slot, cell)| Some((columns.get(*slot)?.to_string(), cell))).collect();
        cells.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, cell) in cells {
            form.text(&name);
            form.values("any", &cell.include);
            form.values("not", &cell.exclude);
        }
        form.0
    });
    let exceptions = exceptions.iter().map(|exception| {
        let mut form = Form::new("exception");
        form.text(&exception.person);
        form.gives(&exception.gives);
        form.window(&exception.window);
        form.0
    });
    let mut forms: Vec<Vec<u8>> = rows.chain(exceptions).collect();
    forms.sort_unstable();
    let mut hash = Sha256::new();
    for form in forms {
        hash.update(u64::try_from(form.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(form);
    }
    Digest::new(format!("sha256:{}", hex::encode(hash.finalize())))
}

/// Texts with their lengths, so that two different lists never read alike.
struct Form(Vec<u8>);

impl Form {
    fn new(kind: &str) -> Self {
        let mut form = Self(Vec::new());
        form.text(kind);
        form
    }

    fn text(&mut self, text: &str) {
        self.0.extend(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.extend(text.as_bytes());
    }

    fn list(&mut self, name: &str, texts: &[String]) {
        self.text(name);
        self.text(&texts.len().to_string());
        for text in texts {
            self.text(text);
        }
    }

    fn gives(&mut self, gives: &Gives) {
        let Gives { tier, addons, class } = gives;
        let tier = tier.as_ref().map(|tier| match tier {
            Tier::Denied => "none".to_owned(),
            Tier::Pool(pool) => format!("tier {pool}"),
        });
        self.list("tier", &tier.into_iter().collect::<Vec<_>>());
        self.list("addons", &addons.iter().map(ToString::to_string).collect::<Vec<_>>());
        self.list("class", &class.iter().map(ToString::to_string).collect::<Vec<_>>());
    }

    fn window(&mut self, window: &Window) {
        let Window { from, until } = window;
        self.list("from", &from.iter().map(ToString::to_string).collect::<Vec<_>>());
        self.list("until", &until.iter().map(ToString::to_string).collect::<Vec<_>>());
    }

    fn values(&mut self, name: &str, values: &Values) {
        let mut texts: Vec<String> = values.patterns().map(|pattern| canonical(&pattern)).collect();
        texts.sort_unstable();
        self.list(name, &texts);
    }
}

/// A value in the form that is the same however it is written.
pub(super) fn canonical(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Exact(text) => text.to_string(),
        Pattern::Range(range) => {
            let pad = |digits: &str| format!("{digits:0>width$}", width = range.width.unwrap_or(1));
            format!("{0}{1}..{0}{2}", range.prefix, pad(range.low.digits()), pad(range.high.digits()))
        }
        Pattern::Glob(glob) => {
            let middle = glob.middle.iter().map(|piece| &**piece);
            std::iter::once(&*glob.head).chain(middle).chain([&*glob.tail]).collect::<Vec<_>>().join("*")
        }
    }
}

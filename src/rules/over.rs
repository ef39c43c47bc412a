//! Rows and exceptions whose dates are over.

use jiff::civil::Date;

use super::row::{Exception, Row, Window};
use super::{Finding, code};

/// Whether its last day has passed.
pub(super) fn is_over(window: Window, today: Date) -> bool {
    window.until.is_some_and(|until| until < today)
}

/// A warning for each, with the number of the entry it was written as.
pub(super) fn find(rows: &[Row], exceptions: &[Exception], today: Date) -> Vec<(Finding, usize)> {
    let last = |window: Window| window.until.filter(|_| is_over(window, today));
    let rows = rows.iter().filter_map(|row| {
        let until = last(row.window)?;
        let code::Code { id, severity, .. } = code::ROW_OVER;
        let message = format!("the row was over on {until}");
        let help = match &row.owner {
            Some(owner) => format!("delete it, or ask {owner} for a new end"),
            None => "delete it, or give it a new end".to_owned(),
        };
        Some((Finding::new(Some(row.place.clone()), id, severity, message).with_help(help), row.entry))
    });
    let exceptions = exceptions.iter().filter_map(|exception| {
        let until = last(exception.window)?;
        let code::Code { id, severity, .. } = code::EXCEPTION_OVER;
        let message = format!("the exception was over on {until}");
        let finding = Finding::new(Some(exception.place.clone()), id, severity, message);
        let help = format!("delete it, or ask {} for a new end", exception.owner);
        Some((finding.with_help(help), exception.entry))
    });
    rows.chain(exceptions).collect()
}

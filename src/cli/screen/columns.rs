//! Rows under headings, as wide as the screen.

use owo_colors::OwoColorize as _;

use super::{Screen, one_line, padded, width_of};

/// Blanks between two columns.
const GAP: usize = 2;

/// A column.
pub(super) struct Column {
    /// The heading.
    pub(super) name: &'static str,
    /// It is shown on screens of at least so many columns.
    pub(super) from: usize,
    /// It is never made narrower than that.
    pub(super) least: usize,
}

impl Screen {
    /// A table. A column in which no row has anything is left out; where the screen is too narrow, the widest columns
    /// are cut first.
    pub(super) fn table(self, columns: &[Column], rows: &[Vec<String>]) -> String {
        let cell = |row: &[String], at: usize| row.get(at).map(|cell| one_line(cell)).unwrap_or_default();
        let mut shown: Vec<(usize, &Column, usize)> = columns
            .iter()
            .enumerate()
            .filter(|(at, column)| {
                self.width >= column.from && rows.iter().any(|row| row.get(*at).is_some_and(|cell| !cell.is_empty()))
            })
            .map(|(at, column)| {
                let widest = rows.iter().map(|row| width_of(&cell(row, at))).max().unwrap_or(0);
                (at, column, widest.max(width_of(column.name)))
            })
            .collect();
        let gaps = GAP.saturating_mul(shown.len().saturating_sub(1));
        loop {
            let total: usize = shown.iter().map(|(_, _, width)| *width).sum();
            if total.saturating_add(gaps) <= self.width {
                break;
            }
            let widest =
                shown.iter_mut().filter(|(_, column, width)| *width > column.least).max_by_key(|column| column.2);
            let Some((_, _, width)) = widest else { break };
            *width = width.saturating_sub(1);
        }
        let line = |cells: Vec<String>| {
            let cells =
                cells.into_iter().zip(&shown).map(|(cell, (_, _, width))| padded(&self.cut(&cell, *width), *width));
            cells.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned()
        };
        let heading = line(shown.iter().map(|(_, column, _)| column.name.to_owned()).collect());
        let mut out = format!("{}\n", heading.bold());
        for row in rows {
            out.push_str(&line(shown.iter().map(|(at, _, _)| cell(row, *at)).collect()));
            out.push('\n');
        }
        out
    }
}

//! Where a list goes on and when it has ended: by index (RFC 7644 section 3.4.2.4) or by cursor (RFC 9865).
//!
//! Totals lie in the field: some servers give the length of the page. So the end of a whole walk by index is believed
//! only after a page beyond the last one showed nobody new. Fewer people than the total, more, or a total that changes
//! on the way prove that the list moved, and so does a cursor that ends early.

use super::wire::{List, scim_type};
use super::{call, provider::Provider};
use crate::directory::Page;
use crate::feed::answer::Trouble;
use crate::feed::pages::Turn;
use crate::feed::tally::Tally;
use crate::outbound::{Call, Reply};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// `startIndex` moves by the rows received, never by those asked for: servers cap pages.
    Index,
    /// As `Index`, one page beyond the total.
    Beyond,
    /// The server told that it wants cursors, and has not given one yet.
    FirstCursor,
    /// `nextCursor` leads; also where we did not ask for it.
    Cursor,
}

/// The state of one walk.
#[derive(Clone, Debug)]
pub(super) struct Paging {
    provider: Provider,
    filter: Option<String>,
    mode: Mode,
    total: Option<u64>,
    received: u64,
}

impl Paging {
    pub(super) fn new(provider: Provider, filter: Option<String>) -> Self {
        let mode = if provider.cursor { Mode::FirstCursor } else { Mode::Index };
        Self { provider, filter, mode, total: None, received: 0 }
    }

    /// The call for the first page.
    pub(super) fn first(&self) -> Call {
        match self.mode {
            Mode::FirstCursor => self.by_cursor(""),
            Mode::Index | Mode::Beyond | Mode::Cursor => self.by_index(),
        }
    }

    /// What a refusal means: the end, a cursor that expired, or trouble.
    pub(super) fn refused(&mut self, reply: &Reply) -> Result<Turn, Trouble> {
        let kind = scim_type(reply);
        let lost = kind.as_deref().is_some_and(|kind| ["expiredCursor", "invalidCursor"].contains(&kind));
        match self.mode {
            // Nobody promised that a page beyond the end can be asked for.
            Mode::Beyond if matches!(reply.status, 400 | 404) => Ok(Turn::End(Page::default())),
            Mode::Cursor if lost => {
                *self = Self::new(self.provider, self.filter.take());
                Ok(Turn::Restart(self.first()))
            }
            Mode::Index | Mode::Beyond | Mode::FirstCursor | Mode::Cursor => {
                let kind = kind.map(|kind| format!(" {kind}")).unwrap_or_default();
                Err(Trouble::invalid(format!("answered {}{kind}", reply.status)))
            }
        }
    }

    /// Whether the page was asked for beyond the total. If it shows nobody new the list is over: some servers take no
    /// notice of `startIndex` and show the same people again.
    pub(super) fn is_beyond(&self) -> bool {
        self.mode == Mode::Beyond
    }

    /// Whether `startIndex` leads.
    pub(super) fn is_by_index(&self) -> bool {
        matches!(self.mode, Mode::Index | Mode::Beyond)
    }

    /// Goes on after a page that was counted.
    pub(super) fn turn(&mut self, list: &List, page: Page, tally: &mut Tally) -> Result<Turn, Trouble> {
        let rows = u64::try_from(list.rows.len()).unwrap_or(u64::MAX);
        self.received = self.received.saturating_add(rows);
        if let (Some(before), Some(now)) = (self.total, list.total)
            && before != now
        {
            tally.drift(format!("`totalResults` changed from {before} to {now} during the walk"));
        }
        self.total = list.total.or(self.total);
        if let Some(cursor) = &list.next_cursor {
            self.mode = Mode::Cursor;
            return Ok(Turn::Next(page, self.by_cursor(cursor)));
        }
        let short = self.total.is_some_and(|total| self.received < total);
        match self.mode {
            // It knows no cursors after all.
            Mode::FirstCursor if short && rows > 0 => self.mode = Mode::Index,
            Mode::FirstCursor | Mode::Cursor => return self.end(page, tally),
            Mode::Beyond => {
                tally.drift("people came beyond `totalResults`".into());
                self.mode = Mode::Index;
            }
            Mode::Index => {}
        }
        if rows == 0 {
            return self.end(page, tally);
        }
        if let Some(total) = self.total.filter(|_| !short) {
            if self.received > total {
                tally.drift(format!("{} people came where `totalResults` is {total}", self.received));
            }
            if self.filter.is_some() {
                return self.end(page, tally);
            }
            self.mode = Mode::Beyond;
        }
        Ok(Turn::Next(page, self.by_index()))
    }

    fn end(&self, page: Page, tally: &mut Tally) -> Result<Turn, Trouble> {
        match self.total {
            Some(total) if total != self.received => {
                tally.drift(format!("the list ended after {} of {total} people", self.received));
            }
            None if self.received == 0 => {
                return Err(Trouble::invalid(
                    "an empty list without `totalResults` does not prove that nobody is there",
                ));
            }
            Some(_) | None => {}
        }
        Ok(Turn::End(page))
    }

    fn by_index(&self) -> Call {
        let start = self.received.saturating_add(1);
        self.call(("startIndex", start.to_string()))
    }

    fn by_cursor(&self, cursor: &str) -> Call {
        self.call(("cursor", cursor.to_owned()))
    }

    /// The refusals that mean more than trouble. All others are the client's to explain.
    fn expects(&self) -> &'static [u16] {
        match self.mode {
            Mode::Beyond => &[400, 404],
            Mode::Cursor => &[400],
            // The first page of a list of changes shows whether the server filters at all.
            Mode::Index | Mode::FirstCursor if self.filter.is_some() && self.received == 0 => &[400, 403, 404, 501],
            Mode::Index | Mode::FirstCursor => &[],
        }
    }

    /// All other parameters stay the same from page to page (RFC 9865 section 2.1).
    fn call(&self, (name, value): (&str, String)) -> Call {
        let mut query = vec![(name.to_owned(), value), ("count".to_owned(), self.provider.count.to_string())];
        if let Some(filter) = &self.filter {
            query.push(("filter".to_owned(), filter.clone()));
        }
        call(self.provider.users, query, self.expects())
    }
}

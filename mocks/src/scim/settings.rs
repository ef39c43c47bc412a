//! What providers do differently.

use jiff::SignedDuration;

/// How lists are paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// `startIndex` and `count` alone; a cursor is ignored.
    Index,
    /// Both; a cursor is used where the client sends one, be it empty.
    Both {
        /// How long a cursor lives.
        timeout: SignedDuration,
    },
    /// Cursors alone: the answer has a `nextCursor` though the client sent none, and `startIndex` is ignored.
    Cursor {
        /// How long a cursor lives.
        timeout: SignedDuration,
    },
}

impl Paging {
    /// Forced cursors that live ten minutes.
    pub const FORCED_CURSOR: Self = Self::Cursor { timeout: SignedDuration::from_secs(600) };
}

/// What a provider does in its own way.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own that tests set by name")]
pub struct Settings {
    /// Rows of a page, at most, whatever `count` says.
    pub page_max: usize,
    /// Rows of a page when `count` is absent.
    pub page_default: usize,
    /// How lists are paged.
    pub paging: Paging,
    /// Writes `resources` where the RFC has `Resources`.
    pub lower_case_resources: bool,
    /// Knows its endpoints in lower case alone: `/users`.
    pub lower_case_paths: bool,
    /// Leaves `totalResults` out.
    pub omit_total: bool,
    /// Leaves `Resources` out of an empty list.
    pub omit_empty_resources: bool,
    /// Writes the `status` of an error as a number.
    pub numeric_status: bool,
    /// Understands `filter` at all.
    pub filters: bool,
    /// Understands filters on `meta.lastModified`.
    pub last_modified: bool,
    /// Has an `ETag` for each resource: sends it, and obeys `If-Match` and `If-None-Match`.
    pub etags: bool,
    /// Has a `ServiceProviderConfig`; without it the answer is 404.
    pub discovery: bool,
    /// Answers a PATCH with 204 and no body.
    pub patch_without_body: bool,
    /// Takes `remove` of a path with a list of values to mean the whole attribute, as RFC 7644 has it.
    pub strict_remove: bool,
    /// What adding a member answers who is one already; `None` takes it without a word.
    pub already_member: Option<u16>,
    /// What removing a member answers who is none; `None` takes it without a word.
    pub not_member: Option<u16>,
    /// What a grant answers when no seat is left.
    pub no_seat: u16,
    /// Whether an `externalId` may belong to one user alone.
    pub unique_external_id: bool,
    /// The content type of answers.
    pub content_type: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            page_max: 200,
            page_default: 100,
            paging: Paging::Index,
            lower_case_resources: false,
            lower_case_paths: false,
            omit_total: false,
            omit_empty_resources: false,
            numeric_status: false,
            filters: true,
            last_modified: true,
            etags: true,
            discovery: true,
            patch_without_body: false,
            strict_remove: false,
            already_member: None,
            not_member: None,
            no_seat: 403,
            unique_external_id: false,
            content_type: "application/scim+json".to_owned(),
        }
    }
}

impl Settings {
    /// Microsoft Entra's SCIM API: cursors alone, no totals, `resources` and paths in lower case, no filter by time.
    #[must_use]
    pub fn entra() -> Self {
        Self {
            page_max: 100,
            paging: Paging::FORCED_CURSOR,
            lower_case_resources: true,
            lower_case_paths: true,
            omit_total: true,
            last_modified: false,
            ..Self::default()
        }
    }
}

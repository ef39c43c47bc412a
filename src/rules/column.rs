//! The columns of a table.

use std::fmt;

use crate::model::Attribute;

/// A column that rows match on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// A fact about the person.
    Attribute(Attribute),
    /// Where the person stands, in our words.
    Status,
    /// The feeds that show the person.
    Feed,
}

impl Column {
    /// The job code, by which rows are ranked.
    pub const JOB_CODE: Self = Self::Attribute(Attribute::JobCode);

    /// Whether people are expected to have several values: one row may then match one of them, and another row
    /// another. Other columns are taken to have one value when tables are checked for ties.
    pub const fn is_multiple(&self) -> bool {
        matches!(self, Self::Feed | Self::Attribute(Attribute::Group))
    }

    /// Whether its values are names and codes: no attribute of one's own, which may well be a date.
    pub(super) const fn holds_codes(&self) -> bool {
        match self {
            Self::Attribute(Attribute::Custom(_)) | Self::Status => false,
            Self::Attribute(_) | Self::Feed => true,
        }
    }

    /// Reads the name of a column. `attr.NAME` does not name what has a column of its own: feeds never map to it.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "status" => Some(Self::Status),
            "feed" => Some(Self::Feed),
            "attr." => None,
            _ => Attribute::from_column(name)
                .filter(|attribute| Attribute::from_mapping(attribute.name()) == *attribute)
                .map(Self::Attribute),
        }
    }

    /// The names of all columns but those of `attr.NAME`.
    pub fn names() -> Vec<String> {
        let named = Attribute::NAMED.iter().map(|attribute| attribute.name().to_owned());
        named.chain(["status".to_owned(), "feed".to_owned()]).collect()
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => fmt::Display::fmt(attribute, f),
            Self::Status => f.pad("status"),
            Self::Feed => f.pad("feed"),
        }
    }
}

/// The words of the `status` column.
pub const STATUS_WORDS: [&str; 5] = ["active", "pre_start", "on_leave", "suspended", "gone"];

/// What a cell of a row or exception says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Id,
    Person,
    On(Column),
    Tier,
    Addons,
    Class,
    Priority,
    From,
    Until,
    Owner,
    Note,
    Reason,
}

impl Key {
    /// The keys of a row beside its match columns.
    pub(super) const OF_RULE: [Self; 9] = [
        Self::Id,
        Self::Tier,
        Self::Addons,
        Self::Class,
        Self::Priority,
        Self::From,
        Self::Until,
        Self::Owner,
        Self::Note,
    ];
    /// The keys of an exception.
    pub(super) const OF_EXCEPTION: [Self; 8] =
        [Self::Person, Self::Tier, Self::Addons, Self::Class, Self::From, Self::Until, Self::Owner, Self::Reason];

    /// Whether what it holds is compared with other names, so that a character nobody sees matters.
    pub(super) const fn is_compared(&self) -> bool {
        matches!(self, Self::Id | Self::Person | Self::On(_) | Self::Tier | Self::Addons | Self::Class)
    }

    /// Whether a cell may hold several values.
    pub(super) const fn is_list(&self) -> bool {
        matches!(self, Self::On(_) | Self::Addons)
    }
}

impl Key {
    /// The name of a key that is no match column.
    pub(super) const fn name(&self) -> Option<&'static str> {
        Some(match self {
            Self::On(_) => return None,
            Self::Id => "id",
            Self::Person => "person",
            Self::Tier => "tier",
            Self::Addons => "addons",
            Self::Class => "class",
            Self::Priority => "priority",
            Self::From => "from",
            Self::Until => "until",
            Self::Owner => "owner",
            Self::Note => "note",
            Self::Reason => "reason",
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.name()) {
            (Self::On(column), _) => fmt::Display::fmt(column, f),
            (_, name) => f.pad(name.unwrap_or_default()),
        }
    }
}

/// A sentence on the name that was probably meant.
pub(super) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let close = |candidate: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase());
    // Long names allow more slips; a very long one is no slip, and comparing it would take time.
    let limit = (name.chars().count() / 3).clamp(1, 4);
    let known: Vec<&str> = known.into_iter().collect();
    if name.len() <= 100
        && let Some(best) = known.iter().min_by_key(|candidate| close(candidate)).filter(|best| close(best) <= limit)
    {
        return format!("did you mean `{best}`?");
    }
    if known.is_empty() { String::new() } else { format!("known: {}", known.join(", ")) }
}

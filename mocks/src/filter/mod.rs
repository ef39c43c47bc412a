//! The filter grammar of RFC 7644 section 3.4.2.2, which Okta's `filter` and `search` are close to.

mod eval;
mod parse;

use serde_json::Value;

pub(crate) use eval::{find, matches};
pub(crate) use parse::parse;

/// A parsed filter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    /// `userName eq "x"`
    Compare {
        path: String,
        op: Op,
        value: Value,
    },
    /// `title pr`
    Present(String),
    /// `emails[type eq "work"].value eq "x"`: what is in the brackets, and what is asked of the sub-attribute.
    Within {
        attribute: String,
        inner: Box<Expr>,
        then: Option<(String, Op, Value)>,
    },
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

/// Why a filter cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadFilter(pub(crate) String);

impl Expr {
    /// Visits every comparison, also those within brackets, as (path, op).
    pub(crate) fn for_each(&self, visit: &mut dyn FnMut(&str, Option<Op>)) {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.for_each(visit);
                right.for_each(visit);
            }
            Self::Not(inner) => inner.for_each(visit),
            Self::Compare { path, op, .. } => visit(path, Some(*op)),
            Self::Present(path) => visit(path, None),
            Self::Within { attribute, inner, then } => {
                visit(attribute, None);
                inner.for_each(&mut |path, op| visit(&format!("{attribute}.{path}"), op));
                if let Some((path, op, _)) = then {
                    visit(&format!("{attribute}.{path}"), Some(*op));
                }
            }
        }
    }
}

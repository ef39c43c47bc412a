//! The path of a PATCH operation (RFC 7644 section 3.5.2).

use super::error::Refused;
use super::{ACME, ENTERPRISE};
use crate::filter::{self, Expr};

/// Where an operation points.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path {
    /// The extension the attribute belongs to; none for the core schema.
    pub(super) extension: Option<String>,
    /// The attribute; none when the path is the extension as a whole.
    pub(super) attribute: Option<String>,
    /// What is in the brackets.
    pub(super) filter: Option<Expr>,
    /// The sub-attribute.
    pub(super) sub: Option<String>,
}

impl Path {
    pub(super) fn read(text: &str) -> Result<Self, Refused> {
        let bad = || Refused::bad("invalidPath", format!("{text} is not a path"));
        let (extension, rest) = split_urn(text.trim());
        if rest.is_empty() {
            return extension
                .map(|urn| Self { extension: Some(urn), attribute: None, filter: None, sub: None })
                .ok_or_else(bad);
        }
        let (attribute, filter, after) = match rest.split_once('[') {
            Some((attribute, after)) => {
                let (inner, after) = after.rsplit_once(']').ok_or_else(bad)?;
                let expr = filter::parse(inner).map_err(|filter::BadFilter(why)| Refused::bad("invalidFilter", why))?;
                (attribute, Some(expr), after)
            }
            None => match rest.split_once('.') {
                Some((attribute, sub)) => return plain(extension, attribute, Some(sub)).ok_or_else(bad),
                None => return plain(extension, rest, None).ok_or_else(bad),
            },
        };
        let sub = match after {
            "" => None,
            after => Some(after.strip_prefix('.').filter(|sub| is_name(sub)).ok_or_else(bad)?.to_owned()),
        };
        if !is_name(attribute) {
            return Err(bad());
        }
        Ok(Self { extension, attribute: Some(attribute.to_owned()), filter, sub })
    }
}

fn plain(extension: Option<String>, attribute: &str, sub: Option<&str>) -> Option<Path> {
    let good = is_name(attribute) && sub.is_none_or(is_name);
    let attribute = Some(attribute.to_owned());
    good.then(|| Path { extension, attribute, filter: None, sub: sub.map(str::to_owned) })
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '$'))
}

/// Takes the schema off the front. The core schemas stand for no extension.
fn split_urn(text: &str) -> (Option<String>, &str) {
    if !text.to_ascii_lowercase().starts_with("urn:") {
        return (None, text);
    }
    for urn in [ENTERPRISE, ACME] {
        let head = text.get(..urn.len()).filter(|head| head.eq_ignore_ascii_case(urn));
        if head.is_some() {
            return (Some(urn.to_owned()), text.get(urn.len()..).unwrap_or_default().trim_start_matches(':'));
        }
    }
    // An attribute has no colon, brackets may.
    let before_brackets = text.find('[').unwrap_or(text.len());
    let colon = text.get(..before_brackets).and_then(|head| head.rfind(':')).unwrap_or(0);
    let (urn, rest) = (text.get(..colon).unwrap_or_default(), text.get(colon + 1..).unwrap_or_default());
    // Of an unknown schema there is no whole to write to.
    if rest.is_empty() {
        return (None, "");
    }
    let core = urn.to_ascii_lowercase().starts_with("urn:ietf:params:scim:schemas:core:2.0:");
    (if core { None } else { Some(urn.to_owned()) }, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_are_read() {
        let read = |text| Path::read(text).unwrap();
        assert_eq!(read("active").attribute.as_deref(), Some("active"));
        assert_eq!(read("name.givenName").sub.as_deref(), Some("givenName"));
        let members = read(r#"members[value eq "u-1"]"#);
        assert!(members.filter.is_some() && members.sub.is_none());
        assert_eq!(read(r#"emails[type eq "work"].value"#).sub.as_deref(), Some("value"));
        let number = read("URN:ietf:params:scim:schemas:extension:Enterprise:2.0:User:employeeNumber");
        assert_eq!(
            (number.extension.as_deref(), number.attribute.as_deref()),
            (Some(ENTERPRISE), Some("employeeNumber"))
        );
        assert_eq!(read(ACME).attribute, None);
        let core = read("urn:ietf:params:scim:schemas:core:2.0:User:name.givenName");
        assert_eq!((core.extension, core.sub.as_deref()), (None, Some("givenName")));
    }

    #[test]
    fn paths_that_are_not() {
        for bad in ["", ".", "a.", "a[", "a[b eq", "a[b]", "a b", "members[value eq \"u\"]x", "urn:"] {
            assert!(Path::read(bad).is_err(), "{bad}");
        }
    }
}

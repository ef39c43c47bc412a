//! Where each attribute stands in a provider's object.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::WirePath;
use crate::config::codes;
use crate::config::context::Problem;
use crate::config::hint;
use crate::config::parse;
use crate::config::section::{Parsed, Section};
use crate::config::tree::{Node, Spot};
use crate::model::Attribute;

/// The facts of an account that are no columns of a table, and may be mapped all the same.
const IDENTITY: [&str; 4] = ["employee_number", "email", "user_name", "display_name"];

/// The names and places that a kind of provider uses unless the feed maps them itself. `job_code` is never among them:
/// every company keeps it elsewhere, and a wrong guess would move everybody's seat.
pub(crate) struct Usual {
    /// Attribute -> path.
    pub(crate) paths: &'static [(&'static str, &'static str)],
    /// What paths look like.
    pub(crate) paths_are: Paths,
    /// How a mapping of the job code could look.
    pub(crate) example: &'static str,
}

/// Okta's profile of the default user type.
pub(crate) const OKTA: Usual = Usual {
    paths: &[
        ("cost_center", "profile.costCenter"),
        ("country", "profile.countryCode"),
        ("department", "profile.department"),
        ("display_name", "profile.displayName"),
        ("division", "profile.division"),
        ("email", "profile.email"),
        ("employee_number", "profile.employeeNumber"),
        ("employee_type", "profile.userType"),
        ("location", "profile.city"),
        ("manager", "profile.managerId"),
        ("organization", "profile.organization"),
        ("title", "profile.title"),
        ("user_name", "profile.login"),
    ],
    paths_are: Paths::Dotted,
    example: "attributes = { job_code = \"profile.jobCode\" }",
};

/// Microsoft Graph's user.
pub(crate) const ENTRA: Usual = Usual {
    paths: &[
        ("cost_center", "employeeOrgData.costCenter"),
        ("country", "country"),
        ("department", "department"),
        ("display_name", "displayName"),
        ("division", "employeeOrgData.division"),
        ("email", "mail"),
        ("employee_number", "employeeId"),
        ("employee_type", "employeeType"),
        ("location", "officeLocation"),
        ("organization", "companyName"),
        ("title", "jobTitle"),
        ("user_name", "userPrincipalName"),
    ],
    paths_are: Paths::Dotted,
    example: "attributes = { job_code = \"onPremisesExtensionAttributes.extensionAttribute1\" }",
};

/// RFC 7643 section 4.1 (User) and 4.3 (enterprise extension).
pub(crate) const SCIM: Usual = Usual {
    paths: &[
        ("cost_center", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter"),
        ("country", "addresses.country"),
        ("department", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"),
        ("display_name", "displayName"),
        ("division", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division"),
        ("email", "emails"),
        ("employee_number", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber"),
        ("employee_type", "userType"),
        ("location", "addresses.locality"),
        ("manager", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"),
        ("organization", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:organization"),
        ("title", "title"),
        ("user_name", "userName"),
    ],
    paths_are: Paths::Scim,
    example: "attributes = { job_code = \"urn:ietf:params:scim:schemas:extension:acme:2.0:User:jobCode\" }",
};

/// A file: the headers are named as our attributes are, in any case, with blanks or underscores.
pub(crate) const CSV: Usual = Usual {
    paths: &[
        ("cost_center", "cost_center"),
        ("country", "country"),
        ("department", "department"),
        ("display_name", "display_name"),
        ("division", "division"),
        ("email", "email"),
        ("employee_number", "employee_number"),
        ("employee_type", "employee_type"),
        ("location", "location"),
        ("manager", "manager"),
        ("organization", "organization"),
        ("title", "title"),
        ("user_name", "user_name"),
    ],
    paths_are: Paths::Headers,
    example: "attributes = { job_code = \"Job Code\" }",
};

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paths {
    /// Names with dots between them.
    Dotted,
    /// The same, perhaps behind the URN of a SCIM extension.
    Scim,
    /// The header of a column, whatever letters it has.
    Headers,
}

/// The `attributes` of a feed over the usual ones. Nothing is reported about a job code that is not mapped when the
/// feed is not polled (`polled`): whoever pushes may send it later.
pub(crate) fn read(feed: &mut Section<'_>, usual: &Usual, polled: bool) -> Option<BTreeMap<String, WirePath>> {
    let section = feed.table("attributes", "attributes");
    let mut paths = BTreeMap::new();
    let mut whole = true;
    for (name, entry) in section.nodes() {
        let read = attribute_name(name)
            .map_err(|problem| (&entry.key, problem))
            .and_then(|()| wire_path(&entry.node, usual.paths_are).map_err(|problem| (&entry.node.spot, problem)));
        match read {
            Ok(path) => {
                section.cx.keep(section.key(name), path.to_string().into(), &entry.node.spot);
                paths.insert(name.to_owned(), path);
            }
            Err((spot, problem)) => {
                section.cx.report(spot, problem);
                whole = false;
            }
        }
    }
    if !paths.contains_key("job_code") && whole {
        let near = hint::closest("job_code", paths.keys().map(String::as_str));
        let help = match near {
            Some(near) => format!("rename `{near}` to `job_code`"),
            None => format!("for example `{}`", usual.example),
        };
        let message = format!("{} does not say where the job code stands", feed.title());
        let problem = if polled { Problem::new } else { Problem::warning }(codes::NO_JOB_CODE, message).help(help);
        section.report(problem);
    }
    let cx = section.cx;
    let known: BTreeSet<&'static str> =
        Attribute::NAMED.iter().filter_map(|attribute| super::attributes::column(attribute)).chain(IDENTITY).collect();
    cx.know("attributes", &known);
    for (name, path) in usual.paths {
        if !paths.contains_key(*name) {
            let node = Node::loose(path, Spot::Default);
            let path = wire_path(&node, usual.paths_are).ok()?;
            cx.keep(section.key(name), path.to_string().into(), &Spot::Default);
            paths.insert((*name).to_owned(), path);
        }
    }
    whole.then_some(paths)
}

/// The static name of a column.
fn column(attribute: &Attribute) -> Option<&'static str> {
    Some(match attribute {
        Attribute::JobCode => "job_code",
        Attribute::Title => "title",
        Attribute::Department => "department",
        Attribute::Division => "division",
        Attribute::CostCenter => "cost_center",
        Attribute::Organization => "organization",
        Attribute::EmployeeType => "employee_type",
        Attribute::Country => "country",
        Attribute::Location => "location",
        Attribute::Manager => "manager",
        Attribute::Group => "group",
        Attribute::Custom(_) => return None,
    })
}

fn attribute_name(name: &str) -> Parsed<()> {
    let refused = |message: String, help: &str| Err(Problem::new(codes::BAD_NAME, message).help(help));
    if let Some(rest) = name.strip_prefix("attr.") {
        return refused(format!("`{name}` is how tables write it"), &format!("write `{rest}` here"));
    }
    if name == "status" || name == "feed" {
        return refused(
            format!("`{name}` is our own word and cannot be mapped"),
            "choose another name; tables match it as `attr.NAME`",
        );
    }
    if name.trim() != name || name.is_empty() || name.contains(|c: char| c.is_control() || c == ',') {
        return refused(format!("{name:?} cannot be the name of an attribute"), "use letters, digits, `-` and `_`");
    }
    Ok(())
}

/// Reads `profile.jobCode`, `urn:…:User:manager.value`. The URN ends at the last colon, since it has dots of its own.
fn wire_path(node: &Node, paths: Paths) -> Parsed<WirePath> {
    let text = parse::text(node)?;
    if paths == Paths::Headers {
        return Ok(WirePath { urn: None, steps: vec![text.trim().to_owned()] });
    }
    let urns = paths == Paths::Scim;
    let refused = |message: &str, help: &str| Err(Problem::new(codes::BAD_PATH, message).help(help));
    let is_urn = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"));
    let (urn, rest) = match text.rsplit_once(':') {
        Some((urn, rest)) if is_urn => (Some(urn.to_owned()), rest),
        Some(_) => {
            return refused("a colon stands only in the URN of a SCIM extension", "begin with `urn:`, or use dots");
        }
        None => (None, text.as_str()),
    };
    if urn.is_some() && !urns {
        return refused(
            "this kind of feed has no SCIM extensions",
            "give the path with dots, such as `profile.jobCode`",
        );
    }
    // What the names of extensions end with by RFC 7643 is hardly ever an attribute.
    if urn.is_some() && (rest.eq_ignore_ascii_case("User") || rest.is_empty()) {
        return refused("the URN names a whole extension", "add `:` and the attribute, such as `…:User:jobCode`");
    }
    if rest.contains(['[', ']', '/', '$']) || rest.contains(char::is_whitespace) {
        return refused("filters and blanks cannot stand in a path", "write names with dots between them");
    }
    let steps: Vec<String> = rest.split('.').map(str::to_owned).collect();
    if steps.iter().any(String::is_empty) {
        return refused("a name between two dots is empty", "write names with single dots between them");
    }
    Ok(WirePath { urn, steps })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, urns: bool) -> Result<WirePath, String> {
        wire_path(&Node::loose(text, Spot::Default), if urns { Paths::Scim } else { Paths::Dotted })
            .map_err(|problem| problem.message)
    }

    #[test]
    fn a_urn_ends_at_the_last_colon() {
        let path = read("urn:ietf:params:scim:schemas:extension:acme:2.0:User:jobCode", true).unwrap();
        assert_eq!(path.urn.as_deref(), Some("urn:ietf:params:scim:schemas:extension:acme:2.0:User"));
        assert_eq!(path.steps, ["jobCode"]);
        let nested = read("URN:x:2.0:User:manager.value", true).unwrap();
        assert_eq!((nested.urn.as_deref(), nested.steps.len()), (Some("URN:x:2.0:User"), 2));
        assert_eq!(nested.to_string(), "URN:x:2.0:User:manager.value");
        assert_eq!(read("profile.jobCode", false).unwrap().steps, ["profile", "jobCode"]);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for wrong in
            ["", "a..b", ".a", "a.", "a b", "emails[type eq \"work\"].value", "x:y", "urn:a:User:", "urn:a:2.0:User"]
        {
            assert!(read(wrong, true).is_err(), "{wrong}");
        }
        assert!(read("urn:a:2.0:User:x", false).is_err());
    }

    #[test]
    fn the_usual_paths_are_paths_and_never_map_the_job_code() {
        for usual in [&OKTA, &ENTRA, &SCIM] {
            for (name, path) in usual.paths {
                assert!(attribute_name(name).is_ok() && read(path, usual.paths_are == Paths::Scim).is_ok(), "{name}");
                assert_ne!(*name, "job_code");
            }
        }
    }
}

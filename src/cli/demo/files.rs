//! The files of the demo: what a small company would write.

use std::fs;
use std::path::{Path, PathBuf};

use seatwarden_mocks::{entra, okta, scim};

/// Writes everything below `folder` and gives the path of the configuration.
pub(super) fn write(folder: &Path, okta_url: &str, entra_url: &str, desk_url: &str) -> std::io::Result<PathBuf> {
    let tenant = entra::TENANT_ID;
    let client = entra::CLIENT_ID;
    let config = format!(
        r#"[store]
path = "store"
[listen]
ops = "127.0.0.1:0"
control = "control.sock"
[rules]
path = "rules"
[catalog]
path = "catalog.toml"
[people]
match_on = ["employee_number", "email"]
prefer = ["okta", "entra"]
[pass]
incremental = "2s"
full = "30s"
jitter = "0%"
[feed.okta]
kind = "okta"
url = "{okta_url}"
auth = {{ kind = "ssws", token = {{ file = "okta.token" }} }}
attributes = {{ job_code = "profile.jobCode" }}
budget = "90%"
[feed.entra]
kind = "entra"
tenant = "{tenant}"
url = "{entra_url}"
login_url = "{entra_url}"
auth = {{ kind = "client_secret", client_id = "{client}", secret = {{ file = "entra.secret" }} }}
attributes = {{ job_code = "onPremisesExtensionAttributes.extensionAttribute1" }}
[target.desk]
kind = "scim"
url = "{desk_url}/scim/v2"
auth = {{ kind = "bearer", token = {{ file = "desk.token" }} }}
mode = "full"
match_on = ["external_id", "email"]
seats = {{ fulfiller = {{ group = "lic-fulfiller" }}, "major-incident" = {{ group = "lic-major-incident" }} }}
"#
    );
    let catalog = r#"default_tier = "requester"
[tier.requester]
rank = 0
seats = "unlimited"
[tier.fulfiller]
rank = 20
seats = 120
reserve = { on-call = 10 }
fallback = "requester"
grace = "10s"
[addon.major-incident]
seats = 15
requires = ["fulfiller"]
"#;
    let rules = "id,job_code,department,tier,addons,class,owner,note\n\
         sd-analysts,SD-1* SD-20..SD-29,IT,fulfiller,,,itam@acme.example,service desk\n\
         on-call,OPS-*,Infrastructure,fulfiller,,on-call,itam@acme.example,who is on call must never meet a full desk\n\
         major,OPS-1..OPS-3,,,major-incident,,itam@acme.example,\n";
    fs::create_dir(folder.join("rules"))?;
    fs::write(folder.join("rules/people.csv"), rules)?;
    fs::write(folder.join("catalog.toml"), catalog)?;
    fs::write(folder.join("okta.token"), okta::SSWS_TOKEN)?;
    fs::write(folder.join("entra.secret"), entra::CLIENT_SECRET)?;
    fs::write(folder.join("desk.token"), scim::BEARER_TOKEN)?;
    let path = folder.join("seatwarden.toml");
    fs::write(&path, config)?;
    Ok(path)
}

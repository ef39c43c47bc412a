//! What the provider says about itself.

use http::StatusCode;
use serde_json::{Value, json};

use super::{ACME, ENTERPRISE, GROUP, Paging, Provider, USER};
use crate::wire::{Call, Reply};

impl Provider {
    pub(super) fn service_provider_config(&self, call: &Call) -> Reply {
        if !self.settings.discovery {
            return self.not_found("ServiceProviderConfig");
        }
        if call.param("filter").is_some() {
            return self.error(StatusCode::FORBIDDEN, None, "filters are not supported here");
        }
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": {"supported": true},
            "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": self.settings.filters, "maxResults": self.settings.page_max},
            "changePassword": {"supported": false},
            "sort": {"supported": false},
            "etag": {"supported": self.settings.etags},
            "pagination": self.pagination(),
            "authenticationSchemes": [
                {"type": "oauthbearertoken", "name": "Bearer", "description": "a token in the Authorization header"},
                {"type": "httpbasic", "name": "Basic", "description": "user and password"},
            ],
            "meta": {"resourceType": "ServiceProviderConfig",
                "location": format!("{}/scim/v2/ServiceProviderConfig", call.base)},
        });
        Reply::json(StatusCode::OK, &body)
    }

    fn pagination(&self) -> Value {
        let (cursor, index, default, timeout) = match self.settings.paging {
            Paging::Index => (false, true, "index", None),
            Paging::Both { timeout } => (true, true, "index", Some(timeout.as_secs())),
            Paging::Cursor { timeout } => (true, false, "cursor", Some(timeout.as_secs())),
        };
        json!({
            "cursor": cursor, "index": index, "defaultPaginationMethod": default, "cursorTimeout": timeout,
            "defaultPageSize": self.settings.page_default, "maxPageSize": self.settings.page_max,
        })
    }

    pub(super) fn resource_types() -> Reply {
        let user = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"], "id": "User", "name": "User",
            "endpoint": "/Users", "schema": USER,
            "schemaExtensions": [{"schema": ENTERPRISE, "required": false}, {"schema": ACME, "required": false}],
        });
        let group = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"], "id": "Group", "name": "Group",
            "endpoint": "/Groups", "schema": GROUP,
        });
        all(&[user, group])
    }

    pub(super) fn schemas() -> Reply {
        let text = |name: &str, unique: &str| {
            json!({"name": name, "type": "string", "multiValued": false, "required": unique == "server",
                "caseExact": false, "mutability": "readWrite", "returned": "default", "uniqueness": unique})
        };
        let schema = |id: &str, name: &str, attributes: Value| {
            json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "id": id, "name": name,
                "attributes": attributes})
        };
        all(&[
            schema(
                USER,
                "User",
                json!([text("userName", "server"), text("displayName", "none"), text("title", "none")]),
            ),
            schema(GROUP, "Group", json!([text("displayName", "server")])),
            schema(ENTERPRISE, "EnterpriseUser", json!([text("employeeNumber", "none"), text("department", "none")])),
            schema(ACME, "AcmeUser", json!([text("jobCode", "none")])),
        ])
    }
}

fn all(resources: &[Value]) -> Reply {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": resources.len(), "startIndex": 1, "itemsPerPage": resources.len(), "Resources": resources,
    });
    Reply::json(StatusCode::OK, &body)
}

//! What the provider says about itself.

use http::StatusCode;
use serde_json::{Value, json};

use super::{ACME, ENTERPRISE, GROUP, Paging, Provider, USER, schema, text_at};
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

    /// `/ResourceTypes`, and one of them by its id.
    pub(super) fn resource_types(&self, call: &Call, id: Option<&str>) -> Reply {
        let extensions = json!([{"schema": ENTERPRISE, "required": false}, {"schema": ACME, "required": false}]);
        let kind = |name: &str, schema: &str, extensions: &Value| {
            json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"], "id": name, "name": name,
                "endpoint": format!("/{name}s"), "schema": schema, "schemaExtensions": extensions,
                "meta": {"resourceType": "ResourceType",
                    "location": format!("{}/scim/v2/ResourceTypes/{name}", call.base)},
            })
        };
        self.one_or_all(call, id, vec![kind("User", USER, &extensions), kind("Group", GROUP, &json!([]))])
    }

    /// `/Schemas`, and one of them by its URN.
    pub(super) fn schemas(&self, call: &Call, id: Option<&str>) -> Reply {
        let mut all = schema::all();
        for schema in &mut all {
            let place = format!("{}/scim/v2/Schemas/{}", call.base, text_at(schema, "id").unwrap_or_default());
            if let Some(meta) = schema.get_mut("meta").and_then(Value::as_object_mut) {
                meta.insert("location".to_owned(), json!(place));
            }
        }
        self.one_or_all(call, id, all)
    }

    fn one_or_all(&self, call: &Call, id: Option<&str>, all: Vec<Value>) -> Reply {
        if call.param("filter").is_some() {
            return self.error(StatusCode::FORBIDDEN, None, "filters are not supported here");
        }
        let Some(id) = id else {
            let body = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": all.len(),
                "startIndex": 1, "itemsPerPage": all.len(), "Resources": all,
            });
            return Reply::json(StatusCode::OK, &body);
        };
        match all.into_iter().find(|one| text_at(one, "id") == Some(id)) {
            Some(one) => Reply::json(StatusCode::OK, &one),
            None => self.not_found(id),
        }
    }
}

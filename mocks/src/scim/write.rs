//! GET of one resource, POST, PUT, PATCH and DELETE.

use http::StatusCode;
use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION};
use serde_json::{Value, json};

use super::error::Refused;
use super::resource::writable;
use super::shape::Wanted;
use super::{Kind, Provider, patch, text_at};
use crate::World;
use crate::wire::{Call, Reply};

impl Provider {
    pub(super) fn get(&self, call: &Call, kind: Kind, id: &str) -> Reply {
        let wanted = match Wanted::read(call.param("attributes"), call.param("excludedAttributes")) {
            Ok(wanted) => wanted,
            Err(refused) => return self.refuse(&refused),
        };
        let Some(row) = self.store(kind).get(id) else { return self.not_found(id) };
        if self.settings.etags && call.header(IF_NONE_MATCH) == version_of(row) {
            return Reply::empty(StatusCode::NOT_MODIFIED);
        }
        self.shown(call, kind, row, StatusCode::OK, &wanted)
    }

    pub(super) fn create(&mut self, world: &World, call: &Call, kind: Kind) -> Reply {
        let mut row = match Self::body(call).and_then(|body| Self::whole(kind, body)) {
            Ok(row) => row,
            Err(refused) => return self.refuse(&refused),
        };
        if let Err(refused) = self.checked(kind, None, &mut row) {
            return self.refuse(&refused);
        }
        let id = self.store_mut(kind).insert(row, None, kind.name(), world.now);
        match self.store(kind).get(&id) {
            Some(row) => {
                let place = format!("{}/scim/v2/{}s/{id}", call.base, kind.name());
                self.shown(call, kind, row, StatusCode::CREATED, &Wanted::default()).with(LOCATION, &place)
            }
            None => self.not_found(&id),
        }
    }

    pub(super) fn replace(&mut self, world: &World, call: &Call, kind: Kind, id: &str) -> Reply {
        let new = |_: &Self, _: &Value| Self::body(call).and_then(|body| Self::whole(kind, body));
        self.rewrite(world, call, kind, id, new, true)
    }

    pub(super) fn patch(&mut self, world: &World, call: &Call, kind: Kind, id: &str) -> Reply {
        let new = |provider: &Self, old: &Value| {
            let body = Self::body(call)?;
            if kind == Kind::Group {
                provider.minded(old, &body)?;
            }
            patch::applied(old, &body, provider.settings.strict_remove)
        };
        let with_body = !self.settings.patch_without_body;
        self.rewrite(world, call, kind, id, new, with_body)
    }

    pub(super) fn remove(&mut self, world: &World, call: &Call, kind: Kind, id: &str) -> Reply {
        if let Err(reply) = self.precondition(call, kind, id) {
            return reply;
        }
        drop(self.store_mut(kind).remove(id));
        if kind == Kind::User {
            self.leave_groups(world, id);
        }
        Reply::empty(StatusCode::NO_CONTENT)
    }

    /// The road of PUT and PATCH: find, make anew, check, store, show.
    fn rewrite(
        &mut self,
        world: &World,
        call: &Call,
        kind: Kind,
        id: &str,
        new: impl FnOnce(&Self, &Value) -> Result<Value, Refused>,
        with_body: bool,
    ) -> Reply {
        if let Err(reply) = self.precondition(call, kind, id) {
            return reply;
        }
        let Some(old) = self.store(kind).get(id).cloned() else { return self.not_found(id) };
        let new = new(self, &old).and_then(|mut new| self.checked(kind, Some(&old), &mut new).map(|()| new));
        let new = match new {
            Ok(new) => new,
            Err(refused) => return self.refuse(&refused),
        };
        self.store_mut(kind).update(id, new, world.now);
        match self.store(kind).get(id) {
            Some(row) if with_body => self.shown(call, kind, row, StatusCode::OK, &Wanted::default()),
            Some(_) => Reply::empty(StatusCode::NO_CONTENT),
            None => self.not_found(id),
        }
    }

    /// Whether the resource is there and, with `ETag`s, still the one the client knows.
    fn precondition(&self, call: &Call, kind: Kind, id: &str) -> Result<(), Reply> {
        let Some(row) = self.store(kind).get(id) else { return Err(self.not_found(id)) };
        let wanted = call.header(IF_MATCH).filter(|wanted| *wanted != "*" && self.settings.etags);
        match wanted {
            Some(wanted) if Some(wanted) != version_of(row) => {
                Err(self.error(StatusCode::PRECONDITION_FAILED, None, "the resource has changed"))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn body(call: &Call) -> Result<Value, Refused> {
        serde_json::from_slice(&call.body).map_err(|_| Refused::bad("invalidSyntax", "the body is not JSON"))
    }

    /// A whole resource as a client sends it.
    fn whole(kind: Kind, body: Value) -> Result<Value, Refused> {
        let named = body.get("schemas").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        if !named.into_iter().any(|urn| urn.eq_ignore_ascii_case(kind.schema())) {
            return Err(Refused::bad("invalidSyntax", format!("schemas must name {}", kind.schema())));
        }
        let Some(mut object) = writable(body) else {
            return Err(Refused::bad("invalidSyntax", "the body is not an object"));
        };
        if kind == Kind::User {
            let active = object.entry("active").or_insert(json!(true));
            if !active.is_boolean() {
                return Err(Refused::bad("invalidValue", "active is true or false"));
            }
        }
        Ok(Value::Object(object))
    }

    fn shown(&self, call: &Call, kind: Kind, row: &Value, status: StatusCode, wanted: &Wanted) -> Reply {
        let shown = self.show(kind, row, &call.base, wanted, &self.memberships(kind, wanted));
        let reply = Reply::json(status, &shown);
        match version_of(row).filter(|_| self.settings.etags) {
            Some(version) => reply.with(ETAG, version),
            None => reply,
        }
    }

    pub(super) fn refuse(&self, refused: &Refused) -> Reply {
        self.error(refused.status, refused.scim_type, &refused.detail)
    }
}

fn version_of(row: &Value) -> Option<&str> {
    text_at(row.get("meta")?, "version")
}

//! Users, as tests reach them without HTTP.

use serde_json::{Value, json};

use super::{Kind, Provider, USER, text_at};
use crate::World;

impl Provider {
    /// Makes an account by hand and gives its id; an account with that name is taken as it is.
    pub fn add_user(&mut self, world: &World, user_name: &str, external_id: Option<&str>) -> String {
        if let Some(id) = self.user_id(user_name) {
            return id;
        }
        let row = json!({
            "schemas": [USER],
            "userName": user_name,
            "externalId": external_id,
            "displayName": user_name,
            "emails": [{"value": user_name, "type": "work", "primary": true}],
            "active": true,
        });
        self.users.insert(row, None, Kind::User.name(), world.now)
    }

    /// Gives the id of the account with this name.
    pub fn user_id(&self, user_name: &str) -> Option<String> {
        Some(text_at(self.users.by_name(user_name)?, "id")?.to_owned())
    }

    /// Gives an account as it is stored, found by its name.
    pub fn user(&self, user_name: &str) -> Option<&Value> {
        self.users.by_name(user_name)
    }

    /// Gives how many accounts there are.
    pub fn user_count(&self) -> usize {
        self.users.len()
    }

    /// Removes an account by hand, and its memberships with it. Says whether there was one.
    pub fn remove_user(&mut self, world: &World, user_name: &str) -> bool {
        let Some(id) = self.user_id(user_name) else { return false };
        drop(self.users.remove(&id));
        self.leave_groups(world, &id);
        true
    }

    /// Gives the names of those who have a value among their `entitlements` or `roles`, sorted.
    pub fn holders_of(&self, attribute: &str, value: &str) -> Vec<String> {
        let ids = self.holders(attribute, value).into_iter();
        let mut names: Vec<String> =
            ids.filter_map(|id| Some(text_at(self.users.get(id)?, "userName")?.to_owned())).collect();
        names.sort();
        names
    }
}

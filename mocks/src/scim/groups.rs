//! Groups, as tests reach them without HTTP.

use serde_json::{Value, json};

use super::resource::values_of;
use super::{GROUP, Kind, Provider, text_at};
use crate::World;

impl Provider {
    /// Makes a group and gives its id; a group with that name is taken as it is. `seats` limits how many may be in it.
    pub fn add_group(&mut self, world: &World, name: &str, seats: Option<usize>) -> String {
        if let Some(seats) = seats {
            self.seats.insert(name.to_owned(), seats);
        }
        if let Some(id) = self.group_id(name) {
            return id;
        }
        let row = json!({"schemas": [GROUP], "displayName": name, "members": []});
        self.groups.insert(row, None, Kind::Group.name(), world.now)
    }

    /// Gives the id of the group with this name.
    pub fn group_id(&self, name: &str) -> Option<String> {
        Some(text_at(self.groups.by_name(name)?, "id")?.to_owned())
    }

    /// Puts somebody into a group by hand, as others at the desk do. Makes the account and the group where there is
    /// none, and does not look at the number of seats.
    pub fn add_member(&mut self, world: &World, group: &str, user_name: &str) {
        let user = self.add_user(world, user_name, None);
        let id = self.add_group(world, group, None);
        let Some(mut row) = self.groups.get(&id).cloned() else { return };
        if values_of(&row, "members").contains(&user.as_str()) {
            return;
        }
        if let Some(members) = row.get_mut("members").and_then(Value::as_array_mut) {
            members.push(json!({"value": user, "display": user_name, "type": "User"}));
        }
        self.groups.update(&id, row, world.now);
    }

    /// Takes somebody out of a group by hand. Says whether they were in it.
    pub fn remove_member(&mut self, world: &World, group: &str, user_name: &str) -> bool {
        let (Some(user), Some(id)) = (self.user_id(user_name), self.group_id(group)) else { return false };
        self.take_out(world, &id, &user)
    }

    /// Gives the names of a group's members, sorted.
    pub fn members(&self, group: &str) -> Vec<String> {
        let ids = self.groups.by_name(group).map(|row| values_of(row, "members")).unwrap_or_default();
        let name = |id: &str| Some(text_at(self.users.get(id)?, "userName")?.to_owned());
        let mut names: Vec<String> = ids.into_iter().filter_map(name).collect();
        names.sort();
        names
    }

    pub(super) fn leave_groups(&mut self, world: &World, user: &str) {
        let groups: Vec<String> = self.groups.rows().filter_map(|row| text_at(row, "id").map(str::to_owned)).collect();
        for group in groups {
            self.take_out(world, &group, user);
        }
    }

    fn take_out(&mut self, world: &World, group: &str, user: &str) -> bool {
        let Some(mut row) = self.groups.get(group).cloned() else { return false };
        if !values_of(&row, "members").contains(&user) {
            return false;
        }
        if let Some(members) = row.get_mut("members").and_then(Value::as_array_mut) {
            members.retain(|member| text_at(member, "value") != Some(user));
        }
        self.groups.update(group, row, world.now)
    }
}

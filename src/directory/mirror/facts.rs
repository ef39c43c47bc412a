//! What the index keeps of an account: hashes of its id, of its keys and of all its facts.

use unicode_normalization::UnicodeNormalization;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::directory::AccountRow;
use crate::model::{Account, AccountId, MatchKey, Status};

/// No value: a key that the account does not have.
pub(super) const ABSENT: u64 = 0;

/// The hash of an account's feed and id.
pub(super) fn account_hash(id: &AccountId) -> u64 {
    xxh3_64_with_seed(id.id.as_bytes(), xxh3_64(id.feed.as_str().as_bytes()))
}

/// The value of a key in the form in which two values are compared: trimmed, NFKC, lower case. `None` when nothing
/// is left.
pub fn normalize(value: &str) -> Option<String> {
    let trimmed = value.trim();
    if trimmed.is_empty() {
        return None;
    }
    if trimmed.is_ascii() {
        return Some(trimmed.to_ascii_lowercase());
    }
    // Lower-casing can leave a letter and its dot apart, and NFKC can bring spaces to the ends.
    let text: String = trimmed.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The value of `key` that tells this account's person apart, normalized.
pub(super) fn key_text(account: &Account, key: MatchKey) -> Option<String> {
    match key {
        MatchKey::EmployeeNumber => normalize(account.employee_number.as_deref()?),
        MatchKey::Email => normalize(account.email.as_deref()?).map(|name| without_tombstone(account, name)),
        MatchKey::UserName => normalize(account.user_name.as_deref()?).map(|name| without_tombstone(account, name)),
    }
}

/// Entra puts the object id, 32 hexadecimal digits, before the names of a deleted user, so that the names can be
/// given again while the user can still be restored. The person had the name without it.
fn without_tombstone(account: &Account, value: String) -> String {
    if account.status == Status::Gone
        && let Some((digits, name)) = value.split_at_checked(32)
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        && !name.is_empty()
        && !name.starts_with('@')
    {
        return name.to_owned();
    }
    value
}

/// The hash of a normalized value; never [`ABSENT`].
pub(super) fn value_hash(normalized: &str) -> u64 {
    xxh3_64(normalized.as_bytes()).max(1)
}

/// The hash of an account's value of `key`, or [`ABSENT`].
pub(super) fn key_hash(account: &Account, key: MatchKey) -> u64 {
    let plain = match key {
        MatchKey::EmployeeNumber => account.employee_number.as_deref(),
        MatchKey::Email => account.email.as_deref(),
        MatchKey::UserName => account.user_name.as_deref(),
    };
    // Nearly every value at nearly every company: spares the allocations of a full walk.
    if let Some(plain) = plain
        && account.status != Status::Gone
        && is_normal(plain.as_bytes())
    {
        return value_hash(plain);
    }
    key_text(account, key).map_or(ABSENT, |text| value_hash(&text))
}

fn is_normal(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase()) && !value.is_empty()
}

/// The digest of every fact of an account but `changed_at`, which moves without a fact moving.
pub(super) fn digest(account: &Account, scratch: &mut Vec<u8>) -> u64 {
    let Account {
        id: _,
        status,
        raw_status,
        user_name,
        email,
        employee_number,
        display_name,
        attributes,
        changed_at: _,
    } = account;
    scratch.clear();
    put(scratch, status.as_str());
    put(scratch, raw_status);
    for value in [user_name, email, employee_number, display_name] {
        match value {
            Some(value) => put(scratch, value),
            None => scratch.extend_from_slice(&u32::MAX.to_le_bytes()),
        }
    }
    for (attribute, values) in attributes {
        scratch.push(u8::from(matches!(attribute, crate::model::Attribute::Custom(_))));
        put(scratch, attribute.name());
        put_length(scratch, values.len());
        for value in values {
            put(scratch, value);
        }
    }
    xxh3_64(scratch)
}

fn put(scratch: &mut Vec<u8>, text: &str) {
    put_length(scratch, text.len());
    scratch.extend_from_slice(text.as_bytes());
}

fn put_length(scratch: &mut Vec<u8>, length: usize) {
    scratch.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX - 1).to_le_bytes());
}

/// Whether the account counts as that of somebody who may be here: not gone by the provider's word, and not absent
/// beyond doubt.
pub(super) fn is_live(row: &AccountRow) -> bool {
    row.account.status != Status::Gone && !row.missing.is_some_and(|missing| missing.confirmed && missing.accepted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Attribute, Time};

    fn account(status: Status, user_name: &str) -> Account {
        Account {
            id: AccountId { feed: "entra".into(), id: "1".into() },
            status,
            raw_status: String::new(),
            user_name: Some(user_name.into()),
            email: None,
            employee_number: None,
            display_name: None,
            attributes: std::collections::BTreeMap::new(),
            changed_at: None,
        }
    }

    #[test]
    fn values_are_compared_trimmed_in_lower_case_and_nfkc() {
        for (raw, normal) in [
            (" Ann@Acme.Example ", Some("ann@acme.example")),
            ("\u{ff21}nn", Some("ann")),
            ("\u{a0}", None),
            ("", None),
            ("J\u{dc}RGEN", Some("j\u{fc}rgen")),
            ("Ju\u{308}rgen", Some("j\u{fc}rgen")),
            ("000123", Some("000123")),
        ] {
            assert_eq!(normalize(raw).as_deref(), normal, "{raw:?}");
        }
        let dotted = normalize("\u{130}x").unwrap();
        assert_eq!(normalize(&dotted), Some(dotted));
    }

    #[test]
    fn the_quick_hash_is_the_hash_of_the_normal_form() {
        for name in ["ann", "Ann", " ann", "a b", "\u{fc}"] {
            let account = account(Status::Active, name);
            assert_eq!(key_hash(&account, MatchKey::UserName), value_hash(&normalize(name).unwrap()), "{name:?}");
        }
        assert_eq!(key_hash(&account(Status::Active, " "), MatchKey::UserName), ABSENT);
    }

    #[test]
    fn a_deleted_entra_user_keeps_the_name_they_had() {
        let stone = "0123456789abcdef0123456789ABCDEFann@acme.example";
        assert_eq!(
            key_text(&account(Status::Gone, stone), MatchKey::UserName).as_deref(),
            Some("ann@acme.example"),
            "deleted"
        );
        assert_eq!(
            key_text(&account(Status::Active, stone), MatchKey::UserName),
            normalize(stone),
            "a living user may be called so"
        );
        let bare = "0123456789abcdef0123456789abcdef@acme.example";
        assert_eq!(key_text(&account(Status::Gone, bare), MatchKey::UserName).as_deref(), Some(bare));
    }

    #[test]
    fn the_digest_sees_every_fact_but_the_time_of_change() {
        let mut scratch = Vec::new();
        let base = account(Status::Active, "ann");
        let same = Account { changed_at: Some(Time::from_millis(5)), ..base.clone() };
        assert_eq!(digest(&base, &mut scratch), digest(&same, &mut scratch));
        let attributes = |attribute: Attribute, values: &[&str]| {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            Account { attributes: [(attribute, values)].into(), ..base.clone() }
        };
        let others = [
            Account { status: Status::Unknown, ..base.clone() },
            Account { raw_status: "x".into(), ..base.clone() },
            Account { user_name: None, email: Some("ann".into()), ..base.clone() },
            Account { user_name: None, ..base.clone() },
            Account { user_name: Some(String::new()), ..base.clone() },
            Account { employee_number: Some("1".into()), ..base.clone() },
            Account { display_name: Some("1".into()), ..base.clone() },
            attributes(Attribute::JobCode, &["a", "b"]),
            attributes(Attribute::JobCode, &["ab"]),
            attributes(Attribute::Custom("job_code".into()), &["ab"]),
            attributes(Attribute::Title, &["ab"]),
        ];
        let mut seen: Vec<u64> = others.iter().map(|other| digest(other, &mut scratch)).collect();
        seen.push(digest(&base, &mut scratch));
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), others.len() + 1);
    }
}

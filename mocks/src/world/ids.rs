//! Ids in the vendors' forms, made from numbers.

/// Okta ids: `00u` and 17 letters or digits.
pub(super) fn okta_id(mut head: u64, mut tail: u64) -> String {
    const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut id = "00u".to_owned();
    for place in 0..17 {
        let rest = if place < 9 { &mut head } else { &mut tail };
        let letter = usize::try_from(*rest % 62).ok().and_then(|at| LETTERS.get(at)).copied().unwrap_or(b'0');
        *rest /= 62;
        id.push(char::from(letter));
    }
    id
}

/// Object ids: a version 4 GUID in form, though not in origin.
pub(crate) fn guid(head: u64, tail: u64) -> String {
    let (a, b, c) = (head >> 32, (head >> 16) & 0xffff, head & 0x0fff);
    format!("{a:08x}-{b:04x}-4{c:03x}-{:04x}-{:012x}", 0x8000 | (tail >> 50), tail & 0xffff_ffff_ffff)
}

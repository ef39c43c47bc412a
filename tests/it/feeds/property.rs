//! One answer of a valid conversation is harmed at random: a reading that still calls itself whole has lost nobody.

use proptest::prelude::*;
use seatwarden::directory::Coverage;
use serde_json::{Value, json};

use super::script::{
    Answer, Asked, BASE, Kind, Script, Stage, entra_user, okta_user, scim_error, scim_list, scim_user,
};

/// What happens to one page.
#[derive(Clone, Debug)]
enum Harm {
    /// The body ends early, at this share of its length.
    Cut(f64),
    /// One byte is another one.
    Flip(f64, u8),
    /// One byte is missing.
    Drop(f64),
    /// One byte is too many.
    Insert(f64, u8),
    /// Another status.
    Status(u16),
    /// Another content type.
    Type,
    /// No body.
    Empty,
    /// No answer.
    Lost,
    /// Headers that lead on are missing (not on the first page: then nothing tells that Okta sends any).
    Links,
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        3 => (0.0..1.0).prop_map(Harm::Cut),
        6 => (0.0..1.0, any::<u8>()).prop_map(|(at, byte)| Harm::Flip(at, byte)),
        3 => (0.0..1.0, prop::sample::select(&b"[]{},:\"0123456789"[..])).prop_map(|(at, byte)| Harm::Flip(at, byte)),
        3 => (0.0..1.0).prop_map(Harm::Drop),
        3 => (0.0..1.0, any::<u8>()).prop_map(|(at, byte)| Harm::Insert(at, byte)),
        1 => prop::sample::select(&[201, 204, 206, 301, 400, 401, 403, 404, 410, 429, 500, 503][..]).prop_map(Harm::Status),
        1 => Just(Harm::Type),
        1 => Just(Harm::Empty),
        1 => Just(Harm::Lost),
        1 => Just(Harm::Links),
    ]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a short length"
)]
fn place(share: f64, length: usize) -> usize {
    ((length as f64) * share) as usize
}

fn harmed(mut answer: Answer, harm: &Harm, page: usize) -> Option<Answer> {
    let length = answer.body.len();
    match *harm {
        Harm::Cut(share) => answer.body.truncate(place(share, length)),
        Harm::Flip(share, byte) => answer.body[place(share, length)] = byte,
        Harm::Drop(share) => drop(answer.body.remove(place(share, length))),
        Harm::Insert(share, byte) => answer.body.insert(place(share, length), byte),
        Harm::Status(status) => answer.status = status,
        Harm::Type => answer = answer.without("content-type").with("content-type", "text/html"),
        Harm::Empty => answer.body.clear(),
        Harm::Lost => return None,
        Harm::Links if page > 0 => answer = answer.without("link"),
        Harm::Links => {}
    }
    Some(answer)
}

/// Ids and tokens differ in at least two places, so that one harmed byte never makes one of them another.
fn twice(number: usize) -> String {
    format!("{number:03}-{number:03}")
}

/// The pages of a valid conversation by what was asked, harmed at one of them. A retry gets the same.
fn conversation(
    kind: Kind,
    cursors: bool,
    people: usize,
    size: usize,
    at: usize,
    harm: Harm,
) -> impl Fn(usize, &Asked) -> Option<Answer> {
    let rows: Vec<Value> = (0..people)
        .map(|number| {
            let mut row = match kind {
                Kind::Okta => okta_user(number, "ACTIVE"),
                Kind::Entra => entra_user(number, true),
                Kind::Scim => scim_user(number, true),
            };
            row["id"] = json!(twice(number));
            row
        })
        .collect();
    let pages = people.div_ceil(size);
    move |_, asked| {
        if asked.path() == "/ServiceProviderConfig" {
            return Some(scim_error(404, None));
        }
        let tokens = ["after", "$skiptoken", "cursor"];
        let page = match tokens.iter().find_map(|name| asked.get(name)).filter(|token| !token.is_empty()) {
            Some(token) => match (0..pages).find(|page| twice(*page) == token) {
                Some(page) => page,
                // A link that was never given: the harm made it.
                None => return Some(Answer::json(404, &json!({ "error": { "code": "itemNotFound" } }))),
            },
            None => asked.get("startIndex").map_or(0, |start| (start.parse::<usize>().unwrap() - 1).div_ceil(size)),
        };
        let here = &rows[people.min(page * size)..people.min((page + 1) * size)];
        let next = (page + 1 < pages).then(|| twice(page + 1));
        let answer = match kind {
            Kind::Okta => {
                let answer = Answer::json(200, &Value::from(here.to_vec()));
                let answer = answer.with("link", format!("<{}>; rel=\"self\"", asked.url));
                match next {
                    Some(next) => answer.with("link", format!("<{BASE}/api/v1/users?after={next}>; rel=\"next\"")),
                    None => answer,
                }
            }
            Kind::Entra => super::script::entra_page(here, next.as_deref().ok_or("d1")),
            Kind::Scim => scim_list(here, Some(people), next.filter(|_| cursors).as_deref()),
        };
        if page == at { harmed(answer, &harm, page) } else { Some(answer) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_harmed_conversation_is_whole_only_if_it_lost_nobody(
        kind in prop::sample::select(&Kind::ALL[..]),
        cursors in any::<bool>(),
        people in 1_usize..30,
        size in 1_usize..12,
        at in 0_usize..6,
        harm in harm(),
    ) {
        let pages = people.div_ceil(size);
        let script = Script::new(conversation(kind, cursors, people, size, at % pages, harm));
        let read = Stage::new(kind, script).whole();
        if read.reading.coverage == Coverage::Whole {
            prop_assert_eq!(read.reading.accounts, people as u64);
        } else {
            prop_assert!(read.reading.cursor.is_none());
        }
        let mut ids = read.ids();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(read.reading.accounts, ids.len() as u64, "each is counted once");
    }

    #[test]
    fn an_unharmed_conversation_is_whole_and_shows_everybody(
        kind in prop::sample::select(&Kind::ALL[..]),
        cursors in any::<bool>(),
        people in 1_usize..60,
        size in 1_usize..12,
    ) {
        let script = Script::new(conversation(kind, cursors, people, size, usize::MAX, Harm::Lost));
        let read = Stage::new(kind, script).whole();
        prop_assert_eq!(&read.reading.coverage, &Coverage::Whole);
        prop_assert_eq!(read.ids().len(), people);
        prop_assert_eq!(read.reading.accounts, people as u64);
    }

    #[test]
    fn any_bytes_at_all_are_an_answer_that_proves_nothing(
        kind in prop::sample::select(&Kind::ALL[..]),
        status in prop::sample::select(&[200_u16, 400, 404, 410][..]),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let listed = body.clone();
        let script = Script::new(move |_, _| Some(Answer::raw(status, "application/json", listed.clone())));
        let read = Stage::new(kind, script).whole();
        // Two bytes can be an empty list, which is a list.
        let empty = kind == Kind::Okta && status == 200 && String::from_utf8_lossy(&body).trim() == "[]";
        prop_assert!(empty || read.reading.coverage.gap().is_some());
    }
}

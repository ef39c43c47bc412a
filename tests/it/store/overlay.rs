use std::sync::Arc;

use seatwarden::audit::verify;
use seatwarden::model::PersonId;
use seatwarden::store::{Overlay, Store};

use super::world::{Content, batch, open};

#[tokio::test]
async fn an_overlay_reads_through_and_never_writes() {
    let dir = tempfile::tempdir().unwrap();
    let base: Arc<dyn Store> = Arc::new(open(dir.path()));
    let mut rng = fastrand::Rng::with_seed(5);
    let mut model = Content::empty();
    for second in 0..12 {
        let batch = batch(&mut rng, second);
        model.apply(&batch);
        base.commit(batch).await.unwrap();
    }
    let before = model.clone();
    let overlay = Overlay::new(Arc::clone(&base));
    assert_eq!(Content::of(&overlay), before);
    for second in 12..24 {
        let batch = batch(&mut rng, second);
        model.apply(&batch);
        overlay.commit(batch).await.unwrap();
    }
    assert_eq!(Content::of(&overlay), model);
    assert!(verify(&Content::of(&overlay).entries).is_ok(), "its entries go on where the base's end");
    for id in (0..60).map(PersonId) {
        assert_eq!(overlay.history(id, 4).unwrap(), model.history(id, 4));
        assert_eq!(overlay.person(id).unwrap(), model.people.get(&id).cloned());
    }
    assert_eq!(Content::of(&*base), before, "the base is untouched");
}

#[tokio::test]
async fn an_empty_overlay_is_a_store_in_memory() {
    let overlay = Overlay::empty();
    let mut rng = fastrand::Rng::with_seed(6);
    let mut model = Content::empty();
    for second in 0..30 {
        let batch = batch(&mut rng, second);
        model.apply(&batch);
        overlay.commit(batch).await.unwrap();
    }
    assert_eq!(Content::of(&overlay), model);
    assert!(overlay.verify().unwrap().ok);
}

#[tokio::test]
async fn a_reader_may_stop_early_and_ask_for_more_meanwhile() {
    let overlay = Overlay::empty();
    let mut rng = fastrand::Rng::with_seed(7);
    let mut first = batch(&mut rng, 0);
    first.people = (0..10).map(|id| super::world::person(id, 1)).collect();
    overlay.commit(first).await.unwrap();
    let mut seen = Vec::new();
    overlay
        .people(&mut |record| {
            assert!(overlay.person(record.id).unwrap().is_some());
            seen.push(record.id.0);
            seen.len() < 4
        })
        .unwrap();
    assert_eq!(seen, [0, 1, 2, 3]);
}

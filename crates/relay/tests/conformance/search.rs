//! Claims about what a search for differences needs of a store.

use eyot_core::reconcile::{FingerprintKey, Snapshot};
use eyot_core::session::PageRequest;
use eyot_core::{RecordKey, Seq};
use eyot_relay::store::{Delta, Survey};

use crate::fixture::{A, B, Entry, Fixture, among, chunk, clock, deleted, entry, epoch, text, vector};

fn absent(page: &eyot_core::session::LogPage) -> Vec<&str> {
    page.absent.iter().map(RecordKey::id).collect()
}

pub(crate) async fn a_survey_has_what_is_not_deleted(it: Fixture) {
    // In another order than that of their keys, which is that of bytes.
    let standing = [entry("é", "a:1/"), entry("a b", "a:2/"), entry("a", "a:3/"), entry("Z", "a:4/")];
    let conflict = deleted("n1", "a:6/, a:7/", 1);
    let all = [&standing[..], &[deleted("n2", "a:5/", 1), conflict.clone()]].concat();
    it.apply(A, 7, "a:7", &all).await.unwrap();
    let mut expected: Vec<Entry> = [&standing[..], &[conflict]].concat();
    expected.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
    let key = FingerprintKey(3, 4);
    let items = expected.iter().map(|(name, record)| (name.as_str().into(), key.of(name.as_str(), record)));
    let survey = Survey { snapshot: Snapshot::new(items), head: Seq(6) };
    assert_eq!(it.store.survey(&it.database, key).await, Ok(survey));
}

pub(crate) async fn a_page_after_a_search_has_what_differs_wherever_it_came_from(it: Fixture) {
    it.apply(A, 2, "a:2", &[entry("n1", "a:1/"), entry("n2", "a:2/")]).await.unwrap();
    it.apply(B, 1, "b:1", &[entry("n3", "b:1/")]).await.unwrap();
    let request = PageRequest { exclude: epoch(A), clock_since: Seq(2), ..among(&["n2", "n3", "n9"], 3) };
    let page = it.page_with(request.clone()).await;
    assert_eq!(
        (text(&page).as_str(), clock(&page).as_str()),
        ("n2=a:2 n3=b:1", "a:2 b:1"),
        "the whole clock"
    );
    assert_eq!((absent(&page), page.up_to), (vec!["n9"], Seq(3)));
    let first = it.page_with(PageRequest { budget_bytes: 1, ..request }).await;
    assert_eq!((text(&first).as_str(), clock(&first).as_str()), ("n2=a:2", "none"));
    assert_eq!(absent(&first), Vec::<&str>::new(), "told with the clock");
}

pub(crate) async fn a_page_after_a_search_goes_on_as_always_behind_it(it: Fixture) {
    it.apply(A, 2, "a:2", &[entry("n1", "a:1/"), entry("n2", "a:2/")]).await.unwrap();
    it.apply(A, 3, "a:3", &[entry("n3", "a:3/")]).await.unwrap();
    it.apply(B, 1, "b:1", &[entry("n4", "b:1/")]).await.unwrap();
    let page = it.page_with(PageRequest { exclude: epoch(A), ..among(&["n1"], 2) }).await;
    assert_eq!((text(&page).as_str(), absent(&page)), ("n1=a:1 n4=b:1", Vec::new()));
}

pub(crate) async fn what_a_peer_has_not_got_and_its_clock_covers_is_dropped(it: Fixture) {
    let entries = [entry("n1", "a:1/"), entry("n2", "a:2/"), entry("n3", "a:3/, a:4/"), entry("n4", "a:5/")];
    it.apply(A, 4, "a:5", &entries).await.unwrap();
    let absent = ["n1", "n3", "n4", "n9"].map(|id| RecordKey::new("notes", id).unwrap()).to_vec();
    let (clock, chain) = ("a:3 b:1".parse().unwrap(), Default::default());
    let delta = Delta { last: chunk(B, (0, 0, 1), &[]), chunks: 0, clock, chain, absent };
    assert_eq!(it.store.apply(&it.database, delta.clone()).await, Ok(Seq(6)));
    assert_eq!(text(&it.page(0).await), "n2=a:2 n4=a:5 n1= n3=a:4");
    // The peer has nothing of the first, and less than there is now of the third.
    let page = it.page_with(PageRequest { exclude: epoch(B), ..crate::fixture::request(4) }).await;
    assert_eq!(text(&page), "n3=a:4");
    assert_eq!(it.store.apply(&it.database, delta).await, Ok(Seq(6)), "dropped already");
    assert_eq!(it.store.forget(&it.database, eyot_core::MAXIMUM_MS).await, Ok(1), "as good as deleted");
}

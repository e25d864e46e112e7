//! Claims about what a search for differences needs of a store.

use eyot_core::message::DeltaClock;
use eyot_core::reconcile::{FingerprintKey, Snapshot};
use eyot_core::session::{LogPage, PageRequest};
use eyot_core::{ChainEnd, Seen, Seq};
use eyot_relay::store::{Applied, Delta, StoreError, Survey};

use crate::fixture::{
    A, B, Entry, Fixture, absent, among, chunk, clock, deleted, entry, epoch, searched, text, vector,
};

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
    let survey = Survey { snapshot: Some(Snapshot::new(items)), head: Seq(6) };
    assert_eq!(it.store.survey(&it.database, key, None).await, Ok(survey));
}

pub(crate) async fn who_has_heard_of_all_that_is_forgotten_need_not_search(it: Fixture) {
    it.apply(A, 2, "a:2", &[entry("n1", "a:1/"), deleted("n2", "a:2/", 1)]).await.unwrap();
    it.apply(B, 1, "b:9", &[entry("n3", "b:9/")]).await.unwrap();
    let needs_search = async |clock: &str| {
        let survey = it.store.survey(&it.database, FingerprintKey(1, 2), Some(vector(clock))).await;
        survey.unwrap().snapshot.is_some()
    };
    assert!(!needs_search("a:1").await, "nothing is forgotten");
    it.store.forget(&it.database, eyot_core::MAXIMUM_MS).await.unwrap();
    for (clock, expected) in [("a:1", true), ("a:2", false), ("a:3 b:1", false), ("b:5", false), ("", false)]
    {
        assert_eq!(needs_search(clock).await, expected, "{clock}");
    }
}

pub(crate) async fn a_page_after_a_search_has_what_differs_wherever_it_came_from(it: Fixture) {
    it.apply(A, 2, "a:2", &[entry("n1", "a:1/"), entry("n2", "a:2/")]).await.unwrap();
    it.apply(B, 1, "b:1", &[entry("n3", "b:1/")]).await.unwrap();
    let request = PageRequest { exclude: epoch(A), clock_since: Seq(2), ..among(&["n2", "n3", "n9"], 3) };
    let page = it.page_with(request.clone()).await;
    assert_eq!(
        (text(&page).as_str(), clock(&page).as_str()),
        ("n2=a:2 n3=b:1 n9=", "a:2 b:1"),
        "what is not here is told as well, and the whole clock"
    );
    assert_eq!((page.up_to, page.absent_up_to.as_deref()), (Seq(3), Some("notes/n9")));
    let first = it.page_with(PageRequest { budget_bytes: 1, ..request }).await;
    assert_eq!((text(&first).as_str(), clock(&first).as_str()), ("n2=a:2", "none"));
}

pub(crate) async fn what_is_absent_is_told_in_as_many_pages_as_it_takes(it: Fixture) {
    it.apply(A, 1, "a:1", &[entry("n5", "a:1/")]).await.unwrap();
    let mut request = PageRequest { budget_bytes: 20, ..among(&["n1", "n2", "n3", "n4", "n5"], 1) };
    let mut told = Vec::new();
    loop {
        let page = it.page_with(request.clone()).await;
        told.push(text(&page));
        request.after = page.up_to;
        if let Some(among) = &mut request.among {
            among.absent_up_to = page.absent_up_to.or(among.absent_up_to.take());
        }
        if page.clock.is_some() {
            break;
        }
    }
    assert_eq!(told.join(" | "), "n5=a:1 | n1= n2= | n3= n4=");
}

pub(crate) async fn a_page_after_a_search_goes_on_as_always_behind_it(it: Fixture) {
    it.apply(A, 2, "a:2", &[entry("n1", "a:1/"), entry("n2", "a:2/")]).await.unwrap();
    it.apply(A, 3, "a:3", &[entry("n3", "a:3/")]).await.unwrap();
    it.apply(B, 1, "b:1", &[entry("n4", "b:1/")]).await.unwrap();
    let page = it.page_with(PageRequest { exclude: epoch(A), ..among(&["n1", "n3"], 2) }).await;
    assert_eq!(text(&page), "n1=a:1 n3=a:3 n4=b:1", "wherever it came from");
}

// A search is over what stands. Who is not told of the others would cover them with its clock and not know of them.
pub(crate) async fn deletions_that_a_peer_has_not_heard_of_are_told_after_a_search(it: Fixture) {
    let entries = [deleted("n1", "a:1/", 1), entry("n2", "a:2/"), deleted("n3", "a:3/", 1)];
    it.apply(A, 3, "a:3", &entries).await.unwrap();
    let page = it.page_with(PageRequest { covered_by: Some(vector("a:1")), ..among(&[], 3) }).await;
    assert_eq!(text(&page), "n3=a:3");
}

pub(crate) async fn what_a_peer_has_not_got_and_its_clock_covers_is_dropped(it: Fixture) {
    let entries = [entry("n1", "a:1/"), entry("n2", "a:2/"), entry("n3", "a:3/, a:4/"), entry("n4", "a:5/")];
    it.apply(A, 4, "a:5", &entries).await.unwrap();
    let told = ["n1", "n3", "n4", "n9"].map(absent);
    let clock = searched("a:3 b:1", "a:3 b:1");
    let applied = it.apply_with(B, ((0, 0, 1), 0), clock.clone(), &told).await;
    let expected = Applied { head: Seq(5), floor_before: Seq(0), floor: Seq(5) };
    assert_eq!(applied, Ok(expected));
    // The peer has nothing of the first, and less than there is now of the third.
    assert_eq!(text(&it.page(0).await), "n2=a:2 n4=a:5 n3=a:4");
    let page = it.page_with(PageRequest { exclude: epoch(B), ..crate::fixture::request(4) }).await;
    assert_eq!(text(&page), "n3=a:4");
    let again = it.apply_with(B, ((1, 1, 2), 0), clock, &told).await;
    assert_eq!(again, Ok(Applied { floor_before: Seq(5), ..expected }), "it was dropped already");
}

pub(crate) async fn a_delta_is_refused_if_what_it_tells_of_was_heard_since_it_was_asked_for(it: Fixture) {
    let (changed, forgotten) = ("a:3".parse().unwrap(), vector("a:2"));
    let clock = DeltaClock { changed, forgotten, ..DeltaClock::default() };
    let (last, asked) = (chunk(A, (0, 0, 3), &[entry("n3", "a:3/")]), vector(""));
    let judged = Seen { end: ChainEnd { counter: 1, link: 0 }, ..Seen::default() };
    let delta = Delta { last, chunks: 0, clock, judged, asked };
    // Meanwhile another peer brings what was deleted.
    it.apply(B, 1, "a:1", &[entry("n1", "a:1/")]).await.unwrap();
    assert_eq!(it.store.apply(&it.database, delta.clone()).await, Err(StoreError::HeardMeanwhile));
    assert_eq!((text(&it.page(0).await).as_str(), it.local().await.floor), ("n1=a:1", Seq(0)));
    // What has nothing to do with it is no matter.
    let delta = Delta { asked: vector("a:1"), ..delta };
    it.apply(B, 2, "b:1", &[entry("n2", "b:1/")]).await.unwrap();
    assert!(it.store.apply(&it.database, delta).await.is_ok());
}

pub(crate) async fn of_a_record_that_comes_twice_the_last_state_counts(it: Fixture) {
    it.apply(A, 2, "a:2", &[entry("n1", "a:1/"), entry("n2", "a:2/")]).await.unwrap();
    // While the peer told its records, a:2 came to it.
    it.stage(B, (0, 0, 1), &[absent("n1"), entry("n2", "b:1/")]).await.unwrap();
    it.stage(B, (0, 1, 1), &[absent("n9")]).await.unwrap();
    let last = [entry("n2", "b:1/, a:2/")];
    it.apply_with(B, ((0, 1, 2), 2), searched("a:2 b:1", "a:1"), &last).await.unwrap();
    assert_eq!(text(&it.page(0).await), "n2=a:2+b:1");
}

pub(crate) async fn what_a_peer_has_forgotten_is_forgotten_here_if_it_is_news(it: Fixture) {
    let (changed, forgotten) = ("a:3 b:1".parse().unwrap(), vector("a:2"));
    let clock = DeltaClock { changed, forgotten, ..DeltaClock::default() };
    let news = it.apply_with(A, ((0, 0, 3), 0), clock.clone(), &[entry("n3", "a:3/")]).await;
    assert_eq!(news, Ok(Applied { head: Seq(1), floor_before: Seq(0), floor: Seq(1) }));
    assert_eq!(it.local().await.floor, Seq(1));
    // Its first version is not taken up from whoever has it still.
    it.apply(B, 1, "b:1", &[entry("n1", "a:1/")]).await.unwrap();
    assert_eq!(text(&it.page(0).await), "n3=a:3");
    // Another peer tells the same: that is no news, and nobody has to search for it.
    let more = DeltaClock { changed: "a:3 b:2".parse().unwrap(), ..clock };
    let known = it.apply_with(B, ((1, 1, 2), 0), more, &[entry("n4", "b:2/")]).await;
    assert_eq!(known, Ok(Applied { head: Seq(2), floor_before: Seq(1), floor: Seq(1) }));
    let first = PageRequest { is_first: true, ..crate::fixture::request(0) };
    let told = |page: LogPage| page.clock.unwrap().forgotten;
    assert_eq!(told(it.page_with(first.clone()).await), vector("a:2"));
    assert_eq!(
        told(it.page_with(PageRequest { covered_by: Some(vector("a:2")), ..first }).await),
        vector("")
    );
    assert_eq!(told(it.page(0).await), vector(""), "only with the first delta");
}

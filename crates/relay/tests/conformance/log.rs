//! Claims about the log: what a delta changes, and what a page says of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use eyot_core::session::PageRequest;
use eyot_core::{ChainEnd, ReplicaId, Seq, advance_digest};
use eyot_relay::store::StoreError;

use crate::fixture::{A, B, Fixture, clock, entry, epoch, request, sized, text, vector};

pub(crate) async fn a_delta_is_read_back_in_its_order(it: Fixture) {
    let entries = [entry("n2", "a:1/"), entry("n1", "a:2/")];
    assert_eq!(it.apply(A, 2, "a:2", &entries).await, Ok(Seq(2)));
    let page = it.page(0).await;
    assert_eq!(page.entries, entries);
    assert_eq!((page.up_to, clock(&page)), (Seq(2), "a:2".to_owned()));
    assert_eq!(it.local().await.head, Seq(2));
    assert_eq!(text(&it.page(1).await), "n1=a:2");
}

pub(crate) async fn a_record_has_one_place_in_the_log(it: Fixture) {
    it.apply(A, 2, "a:2", &[entry("n1", "a:1/"), entry("n2", "a:2/")]).await.unwrap();
    it.apply(A, 3, "a:3", &[entry("n1", "a:1/, a:3/a:1")]).await.unwrap();
    let page = it.page(0).await;
    assert_eq!((text(&page).as_str(), page.up_to), ("n2=a:2 n1=a:3", Seq(3)));
}

pub(crate) async fn what_came_from_a_log_is_not_sent_back_to_it(it: Fixture) {
    it.apply(A, 1, "a:1", &[entry("n1", "a:1/")]).await.unwrap();
    it.apply(B, 1, "b:1", &[entry("n2", "b:1/")]).await.unwrap();
    for (peer, records, entries) in [(A, "n2=b:1", "b:1"), (B, "n1=a:1", "a:1")] {
        let page = it.page_with(PageRequest { exclude: epoch(peer), ..request(0) }).await;
        assert_eq!((text(&page).as_str(), clock(&page).as_str(), page.up_to), (records, entries, Seq(2)));
    }
}

pub(crate) async fn concurrent_writes_are_sent_to_both_writers(it: Fixture) {
    it.apply(A, 1, "a:1", &[entry("n1", "a:1/")]).await.unwrap();
    it.apply(B, 1, "b:1", &[entry("n1", "b:1/")]).await.unwrap();
    for peer in [A, B] {
        let page = it.page_with(PageRequest { exclude: epoch(peer), ..request(0) }).await;
        assert_eq!(text(&page), "n1=a:1+b:1", "to {peer}");
    }
}

pub(crate) async fn a_delta_without_news_moves_nothing(it: Fixture) {
    it.apply(A, 1, "a:1", &[entry("n1", "a:1/")]).await.unwrap();
    let before = it.local().await;
    assert_eq!(it.apply(B, 1, "a:1", &[entry("n1", "a:1/")]).await, Ok(Seq(1)));
    assert_eq!(it.local().await, before);
}

pub(crate) async fn a_clock_that_changes_alone_moves_the_log(it: Fixture) {
    it.apply(A, 1, "a:1", &[entry("n1", "a:1/")]).await.unwrap();
    assert_eq!(it.apply(A, 2, "b:7", &[]).await, Ok(Seq(2)));
    let page = it.page(1).await;
    assert_eq!((text(&page).as_str(), clock(&page).as_str(), page.up_to), ("", "b:7", Seq(2)));
    assert_eq!(it.apply(A, 3, "b:7", &[]).await, Ok(Seq(2)), "known already");
}

pub(crate) async fn a_page_stops_at_its_budget_and_goes_on_there(it: Fixture) {
    let entries: Vec<_> = (1..=9).map(|i| sized(&format!("n{i}"), &format!("a:{i}/"), 300)).collect();
    it.apply(A, 9, "a:9", &entries).await.unwrap();
    let (mut seen, mut after) = (Vec::new(), 0);
    for round in 1.. {
        let page = it.page_with(PageRequest { budget_bytes: 1_000, ..request(after) }).await;
        assert!(page.entries.len() <= 3 && round <= 5, "about three records of 300 bytes each");
        seen.extend(page.entries);
        after = page.up_to.0;
        if let Some(clock) = page.clock {
            assert_eq!(*clock.changed, vector("a:9"));
            break;
        }
    }
    assert_eq!((seen, after), (entries, 9));
    let tiny = it.page_with(PageRequest { budget_bytes: 1, ..request(0) }).await;
    assert_eq!(text(&tiny), "n1=a:1", "a record that is larger alone comes alone");
}

pub(crate) async fn a_page_leaves_out_what_a_clock_covers(it: Fixture) {
    let entries = [entry("n1", "a:1/"), entry("n2", "a:2/"), entry("n3", "a:3/")];
    it.apply(A, 3, "a:3", &entries).await.unwrap();
    let page = it.page_with(PageRequest { covered_by: Some(vector("a:2")), ..request(0) }).await;
    assert_eq!((text(&page).as_str(), page.up_to), ("n3=a:3", Seq(3)));
    let nothing = it.page_with(PageRequest { covered_by: Some(vector("a:9")), ..request(0) }).await;
    assert_eq!((text(&nothing).as_str(), nothing.up_to), ("", Seq(3)));
}

pub(crate) async fn the_digest_is_that_of_the_clock(it: Fixture) {
    assert_eq!(it.local().await.digest, 0);
    it.apply(A, 1, "a:1 b:4", &[]).await.unwrap();
    it.apply(ReplicaId::letter(b'c'), 1, "a:3@00000007 b:2", &[]).await.unwrap();
    let (none, end) = (ChainEnd::default(), |counter, link| ChainEnd { counter, link });
    let expected = advance_digest(advance_digest(0, A, none, end(3, 7)), B, none, end(4, 0));
    assert_eq!(it.local().await.digest, expected);
}

pub(crate) async fn a_record_over_the_limit_is_refused_with_its_whole_delta(it: Fixture) {
    it.apply(A, 1, "a:1", &[entry("n1", "a:1/")]).await.unwrap();
    let before = (it.local().await, it.page(0).await);
    let siblings = (1..=5).map(|i| format!("b:{i}/")).collect::<Vec<_>>().join(", ");
    for large in [sized("n3", "b:2/", 5_000), entry("n3", &siblings)] {
        let delta = [entry("n2", "b:1/"), large];
        assert_eq!(it.apply(B, 2, "b:5", &delta).await, Err(StoreError::RecordTooLarge));
        assert_eq!((it.local().await, it.page(0).await), before);
    }
}

pub(crate) async fn a_commit_is_announced_to_those_who_listen(it: Fixture) {
    let mut seat = it.hubs.join(&it.database.name, 9).unwrap();
    it.apply(A, 1, "a:1", &[entry("n1", "a:1/")]).await.unwrap();
    assert_eq!(seat.moved().await, Some(Seq(1)));
    it.apply(A, 2, "a:2", &[entry("n2", "a:2/"), entry("n3", "a:2/")]).await.unwrap();
    assert_eq!(seat.moved().await, Some(Seq(3)));
}

/// Many peers write at once while one reads on from where it was: every position below one that was seen is final.
pub(crate) async fn a_reader_that_follows_the_log_misses_nothing(it: Fixture) {
    const WRITERS: u8 = 8;
    const WRITES: u64 = 25;
    let it = Arc::new(it);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (it, peer) = (Arc::clone(&it), ReplicaId::letter(b'c' + writer));
            tokio::spawn(async move {
                for i in 1..=WRITES {
                    let write = entry(&format!("{peer}-{i}"), &format!("{peer}:{i}/"));
                    it.apply(peer, i, &format!("{peer}:{i}"), &[write]).await.unwrap();
                }
            })
        })
        .collect();
    let (mut seen, mut after) = (BTreeMap::new(), Seq::ZERO);
    while seen.len() < usize::from(WRITERS) * WRITES as usize {
        let page = it.page(after.0).await;
        assert!(page.up_to >= after, "the log does not shrink");
        assert_eq!(page.entries.len() as u64, page.up_to.0 - after.0, "one record a position here");
        seen.extend(page.entries);
        after = page.up_to;
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(it.local().await.head, after);
}

pub(crate) async fn a_record_that_no_clock_accounts_for_is_refused_with_its_whole_delta(it: Fixture) {
    it.apply(A, 1, "a:1 b:3", &[entry("n1", "a:1/")]).await.unwrap();
    let before = (it.local().await, it.page(0).await);
    // The relay knows of a:1 and b:3, the delta says a:2.
    for unaccounted in [entry("n2", "a:3/"), entry("n2", "c:1/"), entry("n1", "a:1/, b:4/a:1")] {
        let delta = [entry("n3", "a:2/"), unaccounted];
        assert_eq!(it.apply(A, 2, "a:2", &delta).await, Err(StoreError::Unaccounted));
        assert_eq!((it.local().await, it.page(0).await), before);
    }
    it.apply(A, 2, "a:2", &[entry("n2", "a:2/, b:3/a:2")]).await.unwrap();
    assert_eq!(text(&it.page(1).await), "n2=b:3");
}

//! Claims about deletions that are forgotten, and about what comes after.

use std::time::{Duration, SystemTime};

use eyot_core::session::PageRequest;
use eyot_core::{MAXIMUM_MS, Seq};

use crate::fixture::{A, B, Fixture, clock, deleted, entry, epoch, request, text};

/// This machine's time and so much more, in milliseconds.
fn in_hours(hours: u64) -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    (since + Duration::from_secs(hours * 3_600)).as_millis().try_into().unwrap()
}

impl Fixture {
    async fn forget(&self, before_ms: u64) -> u64 {
        self.store.forget(&self.database, before_ms).await.unwrap()
    }

    /// A wrote three records, B deleted the second, and that is forgotten.
    async fn with_a_forgotten_deletion(self) -> Self {
        let entries = [entry("n1", "a:1/"), entry("n2", "a:2/"), entry("n3", "a:3/")];
        self.apply(A, 3, "a:3", &entries).await.unwrap();
        self.apply(B, 1, "b:1", &[deleted("n2", "a:2/, b:1/a:2", 1)]).await.unwrap();
        assert_eq!(self.forget(in_hours(1)).await, 1);
        self
    }
}

pub(crate) async fn an_old_deletion_is_forgotten_and_the_floor_tells(it: Fixture) {
    it.apply(A, 1, "a:3", &[deleted("n1", "a:1/", 1), entry("n2", "a:2/"), deleted("n3", "a:3/", 1)])
        .await
        .unwrap();
    let before = it.local().await;
    assert_eq!((before.floor, it.page(0).await.floor), (Seq::ZERO, Seq::ZERO));
    assert_eq!(it.forget(in_hours(1)).await, 2);
    let page = it.page(0).await;
    assert_eq!((text(&page).as_str(), clock(&page).as_str(), page.up_to), ("n2=a:2", "a:3", Seq(3)));
    assert_eq!((it.local().await.floor, page.floor), (Seq(3), Seq(3)));
    assert_eq!((it.local().await.head, it.local().await.digest), (before.head, before.digest));
    assert_eq!(it.forget(in_hours(1)).await, 0);
}

pub(crate) async fn a_deletion_is_kept_until_the_later_of_its_times(it: Fixture) {
    // By the clock of the first device it is 1970, by that of the second the day after tomorrow.
    it.apply(A, 1, "a:1", &[deleted("n1", "a:1/", 1)]).await.unwrap();
    it.apply(B, 1, "b:1", &[deleted("n2", "b:1/", in_hours(48))]).await.unwrap();
    for (before_ms, left) in [(1_000, "n1=a:1 n2=b:1"), (in_hours(24), "n2=b:1"), (in_hours(49), "")] {
        it.forget(before_ms).await;
        assert_eq!(text(&it.page(0).await), left);
    }
}

pub(crate) async fn a_conflict_with_a_deletion_is_not_forgotten(it: Fixture) {
    it.apply(A, 1, "a:2", &[deleted("n1", "a:1/, a:2/a:1", 1)]).await.unwrap();
    it.apply(B, 1, "b:1", &[entry("n1", "a:1/, b:1/a:1")]).await.unwrap();
    assert_eq!(it.forget(in_hours(1)).await, 0);
    assert_eq!(text(&it.page(0).await), "n1=a:2+b:1");
    // Deleted after all.
    it.apply(B, 2, "b:2", &[deleted("n1", "a:1/, b:1/a:1, a:2/a:1, b:2/a:2 b:1", 1)]).await.unwrap();
    assert_eq!(it.forget(in_hours(1)).await, 1);
    assert_eq!((text(&it.page(0).await).as_str(), it.local().await.floor), ("", Seq(3)));
}

pub(crate) async fn many_deletions_are_forgotten_in_one_go(it: Fixture) {
    let entries: Vec<_> = (1..=2_100).map(|i| deleted(&format!("n{i}"), &format!("a:{i}/"), 1)).collect();
    it.apply(A, 2_100, "a:2100", &entries).await.unwrap();
    assert_eq!(it.forget(MAXIMUM_MS).await, 2_100);
    assert_eq!((text(&it.page(0).await).as_str(), it.local().await.floor), ("", Seq(2_100)));
}

pub(crate) async fn a_forgotten_deletion_is_not_undone_by_a_late_peer(it: Fixture) {
    let it = it.with_a_forgotten_deletion().await;
    let before = (it.local().await, it.page(0).await);
    let late = [entry("n2", "a:2/"), entry("n3", "a:3/")];
    assert_eq!(it.apply(A, 9, "a:3", &late).await, Ok(before.0.head));
    it.stage(A, (9, 9, 10), &[entry("n2", "a:2/")]).await.unwrap();
    it.apply_staged(A, ((9, 10, 11), 1), "a:3", &[]).await.unwrap();
    assert_eq!((it.local().await, it.page(0).await), before);
}

pub(crate) async fn of_a_late_record_only_what_is_new_is_taken_up(it: Fixture) {
    let it = it.with_a_forgotten_deletion().await;
    it.apply(A, 9, "a:4", &[entry("n2", "a:2/, a:4/")]).await.unwrap();
    let page = it.page_with(PageRequest { exclude: epoch(A), ..request(4) }).await;
    assert_eq!(text(&page), "n2=a:4", "also for its sender, who has more of it");
}

pub(crate) async fn a_record_made_anew_is_not_joined_by_its_former_self(it: Fixture) {
    let it = it.with_a_forgotten_deletion().await;
    it.apply(B, 2, "b:2", &[entry("n2", "b:2/")]).await.unwrap();
    it.apply(A, 9, "a:3", &[entry("n2", "a:2/")]).await.unwrap();
    assert_eq!(text(&it.page(4).await), "n2=b:2");
}

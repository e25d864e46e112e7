//! Claims about peers: cursors, and deltas that come in several chunks.

use eyot_core::message::DeltaClock;
use eyot_core::session::{PageRequest, Passed, Standing};
use eyot_core::{ChainEnd, Cursor, LogEpoch, LogPlace, ReplicaId, Seen, Seq};
use eyot_relay::store::{Delta, StoreError};

use crate::fixture::{A, B, Entry, Fixture, chunk, entry, epoch, sized, text, vector};

async fn standing(it: &Fixture, peer: ReplicaId) -> Option<(u64, u64)> {
    let known = it.store.peer(&it.database, peer, epoch(peer)).await.unwrap();
    known.standing.map(|standing| (standing.cursor.seq.0, standing.staged.0))
}

pub(crate) async fn a_delta_moves_the_cursor_of_its_sender(it: Fixture) {
    it.apply(A, 5, "a:1", &[entry("n1", "a:1/")]).await.unwrap();
    assert_eq!((standing(&it, A).await, standing(&it, B).await), (Some((5, 5)), None));
    it.apply(A, 7, "a:1", &[]).await.unwrap();
    assert_eq!(standing(&it, A).await, Some((7, 7)), "a delta without news does too");
}

pub(crate) async fn a_cursor_goes_back_only_with_a_new_epoch(it: Fixture) {
    let cursor = |epoch, seq| Cursor { epoch: LogEpoch(epoch), seq: Seq(seq) };
    for (moved, expected) in [
        (cursor(1, 5), cursor(1, 5)),
        (cursor(1, 3), cursor(1, 5)),
        (cursor(1, 6), cursor(1, 6)),
        (cursor(u64::MAX, 2), cursor(u64::MAX, 2)),
    ] {
        let passed = Passed { peer: A, cursor: moved, link: 0, judged: Seen::default() };
        it.store.move_cursor(&it.database, passed).await.unwrap();
        let known = it.store.peer(&it.database, A, expected.epoch).await.unwrap();
        assert_eq!(known.standing, Some(Standing { cursor: expected, staged: expected.seq }));
    }
    assert_eq!(it.store.peer(&it.database, A, LogEpoch(1)).await.unwrap().standing, None);
}

pub(crate) async fn an_unknown_peer_is_told_the_clock(it: Fixture) {
    it.apply(A, 1, "a:1 b:3", &[entry("n1", "a:1/")]).await.unwrap();
    let unknown = it.store.peer(&it.database, B, epoch(B)).await.unwrap();
    assert_eq!((unknown.standing, unknown.clock), (None, vector("a:1 b:3")));
    let known = it.store.peer(&it.database, A, epoch(A)).await.unwrap();
    assert_eq!(known.clock, vector(""), "not looked at where there is a cursor");
}

pub(crate) async fn staged_chunks_become_visible_with_the_last_one(it: Fixture) {
    it.apply(A, 2, "a:1", &[entry("n1", "a:1/")]).await.unwrap();
    let before = it.local().await;
    it.stage(A, (2, 2, 3), &[entry("n2", "a:2/")]).await.unwrap();
    it.stage(A, (2, 3, 4), &[entry("n3", "a:3/")]).await.unwrap();
    assert_eq!((it.local().await, standing(&it, A).await), (before, Some((2, 4))));
    it.apply_staged(A, ((2, 4, 5), 2), "a:4", &[entry("n4", "a:4/")]).await.unwrap();
    assert_eq!(text(&it.page(1).await), "n2=a:2 n3=a:3 n4=a:4");
    assert_eq!(standing(&it, A).await, Some((5, 5)));
}

pub(crate) async fn a_first_delta_can_be_resumed(it: Fixture) {
    it.stage(A, (0, 0, 3), &[entry("n1", "a:1/")]).await.unwrap();
    let known = it.store.peer(&it.database, A, epoch(A)).await.unwrap();
    assert_eq!((standing(&it, A).await, known.chunks), (Some((0, 3)), 1));
    // The last chunk of a delta may bring nothing but its end.
    it.apply_staged(A, ((0, 3, 3), 1), "a:1", &[]).await.unwrap();
    assert_eq!(text(&it.page(0).await), "n1=a:1");
}

pub(crate) async fn a_chunk_of_another_delta_takes_the_place_of_all(it: Fixture) {
    it.stage(A, (0, 0, 3), &[entry("n1", "a:1/")]).await.unwrap();
    it.stage(A, (0, 3, 6), &[entry("n2", "a:2/")]).await.unwrap();
    // Begun anew.
    it.stage(A, (0, 0, 4), &[entry("n3", "a:3/")]).await.unwrap();
    assert_eq!(standing(&it, A).await, Some((0, 4)));
    // Begun anew, and further than before.
    it.stage(A, (0, 0, 8), &[entry("n3", "a:3/")]).await.unwrap();
    let known = it.store.peer(&it.database, A, epoch(A)).await.unwrap();
    assert_eq!((standing(&it, A).await, known.chunks), (Some((0, 8)), 1));
    it.apply(A, 9, "a:4", &[entry("n4", "a:4/")]).await.unwrap();
    assert_eq!(text(&it.page(0).await), "n4=a:4", "a delta in one chunk leaves nothing staged");
    // After a cursor, what was staged before it is of no use.
    it.stage(A, (2, 2, 12), &[entry("n5", "a:5/")]).await.unwrap();
    assert_eq!(standing(&it, A).await, Some((9, 9)));
}

// Two connections of one peer, of which the older one is still heard: each may be ahead of what the other knows.
pub(crate) async fn chunks_are_kept_without_gaps_whoever_brings_them(it: Fixture) {
    it.stage(A, (0, 0, 2), &[entry("n1", "a:1/")]).await.unwrap();
    it.stage(A, (0, 2, 4), &[entry("n2", "a:2/")]).await.unwrap();
    for (place, what) in [
        ((0, 2, 4), "what is kept already"),
        ((0, 2, 5), "from a position before the end"),
        ((0, 5, 6), "from a position after the end"),
        ((1, 4, 6), "of another delta"),
    ] {
        let again = it.stage(A, place, &[entry("n3", "a:3/")]).await;
        assert_eq!((again, standing(&it, A).await), (Err(StoreError::ChunksMissing), Some((0, 4))), "{what}");
    }
    assert_eq!(it.stage(B, (0, 4, 6), &[]).await, Err(StoreError::ChunksMissing), "of another peer");
    it.apply_staged(A, ((0, 4, 5), 2), "a:3", &[entry("n3", "a:3/")]).await.unwrap();
    assert_eq!(text(&it.page(0).await), "n1=a:1 n2=a:2 n3=a:3");
}

pub(crate) async fn a_delta_whose_chunks_are_gone_is_refused(it: Fixture) {
    it.stage(A, (0, 0, 1), &[entry("n1", "a:1/")]).await.unwrap();
    it.stage(A, (0, 1, 2), &[entry("n2", "a:2/")]).await.unwrap();
    let last = [entry("n3", "a:3/")];
    assert_eq!(it.apply_staged(A, ((0, 2, 3), 3), "a:3", &last).await, Err(StoreError::ChunksMissing));
    assert_eq!(it.apply_staged(A, ((0, 2, 3), 1), "a:3", &last).await, Err(StoreError::ChunksMissing));
    assert_eq!(it.apply_staged(A, ((0, 1, 3), 2), "a:3", &last).await, Err(StoreError::ChunksMissing));
    assert_eq!(it.apply_staged(B, ((0, 2, 3), 1), "a:3", &last).await, Err(StoreError::ChunksMissing));
    assert_eq!((text(&it.page(0).await).as_str(), standing(&it, A).await), ("", Some((0, 2))));
    it.apply_staged(A, ((0, 2, 3), 2), "a:3", &last).await.unwrap();
    assert_eq!(text(&it.page(0).await), "n1=a:1 n2=a:2 n3=a:3");
}

pub(crate) async fn no_more_is_staged_than_the_limit(it: Fixture) {
    for position in 1..=3 {
        it.stage(A, (0, position - 1, position), &[sized("n1", "a:1/", 3_000)]).await.unwrap();
    }
    let more = it.stage(A, (0, 3, 4), &[sized("n1", "a:1/", 3_000)]).await;
    assert_eq!(more, Err(StoreError::StagedTooLarge));
    assert_eq!(standing(&it, A).await, Some((0, 3)));
    it.stage(B, (0, 0, 4), &[sized("n1", "a:1/", 3_000)]).await.unwrap();
}

pub(crate) async fn chunks_that_no_clock_accounts_for_are_dropped(it: Fixture) {
    it.apply(A, 2, "a:1", &[entry("n1", "a:1/")]).await.unwrap();
    it.stage(A, (2, 2, 3), &[entry("n2", "a:5/")]).await.unwrap();
    it.stage(B, (0, 0, 1), &[entry("n3", "b:1/")]).await.unwrap();
    let last = [entry("n4", "a:3/")];
    assert_eq!(it.apply_staged(A, ((2, 3, 4), 1), "a:4", &last).await, Err(StoreError::Unaccounted));
    assert_eq!((standing(&it, A).await, standing(&it, B).await), (Some((2, 2)), Some((0, 1))));
    assert_eq!(text(&it.page(0).await), "n1=a:1");
}

pub(crate) async fn what_was_seen_of_a_replica_is_told_wherever_it_was_heard_of(it: Fixture) {
    let seen = async |peer| it.store.peer(&it.database, peer, epoch(peer)).await.unwrap().seen;
    let at = |seq, counter, link| Seen {
        log: LogPlace { seq: Seq(seq), link: 0 },
        end: ChainEnd { counter, link },
    };
    assert_eq!(seen(A).await, Seen::default());
    it.apply(A, 5, "a:2@000000aa", &[entry("n1", "a:1/, a:2/a:1")]).await.unwrap();
    it.apply(B, 3, "b:1@000000bb c:9@000000cc", &[entry("n2", "b:1/")]).await.unwrap();
    assert_eq!((seen(A).await, seen(B).await), (at(5, 2, 0xaa), at(3, 1, 0xbb)));
    assert_eq!(seen(ReplicaId::letter(b'c')).await, at(0, 9, 0xcc), "from others");
    // Of one replica that says two things, the same is believed everywhere.
    for (told, link) in [("a:2@00000011", 0xaa), ("a:2@000000bb", 0xbb), ("a:1@ffffffff", 0xbb)] {
        it.apply(B, 4, told, &[]).await.unwrap();
        assert_eq!(seen(A).await, at(5, 2, link), "{told}");
    }
    // Who goes on after what is staged must have been where its sender was.
    let mut staged = chunk(A, (5, 5, 7), &[entry("n3", "a:3/")]);
    staged.log = LogPlace { seq: Seq(9), link: 0xdd };
    it.store.stage(&it.database, staged.clone()).await.unwrap();
    assert_eq!(seen(A).await, Seen { log: staged.log, ..at(5, 2, 0xbb) });
}

pub(crate) async fn a_delta_of_a_replica_that_another_copy_writes_as_is_not_taken_in(it: Fixture) {
    it.apply(A, 5, "a:2@000000aa", &[entry("n1", "a:1/, a:2/a:1")]).await.unwrap();
    let before = it.local().await;
    // Another copy was compared before that, when nothing was known of either.
    let delta = |told: &str, entries: &[Entry]| Delta {
        last: chunk(A, (0, 0, 6), entries),
        chunks: 0,
        clock: DeltaClock { changed: told.parse().unwrap(), ..DeltaClock::default() },
        judged: Seen::default(),
        asked: Default::default(),
    };
    let log = LogPlace { seq: Seq(5), link: 0 };
    let now = Seen { log, end: ChainEnd { counter: 2, link: 0xaa } };
    for told in ["a:1@000000ff", "a:2@000000ff", "a:3@000000ff"] {
        let refused = it.store.apply(&it.database, delta(told, &[entry("n2", "a:1/")])).await;
        assert_eq!((refused, it.local().await), (Err(StoreError::Overtaken(now)), before.clone()), "{told}");
    }
    // The same replica, from another of its tabs; and what brings no writes of its own.
    for told in ["a:2@000000aa", "b:1@000000bb"] {
        assert!(it.store.apply(&it.database, delta(told, &[])).await.is_ok(), "{told}");
    }
}

pub(crate) async fn what_another_connection_of_a_peer_has_brought_is_told_to_it_and_asked_about(it: Fixture) {
    let place = |seq, link| LogPlace { seq: Seq(seq), link };
    let delta = |judged: LogPlace, up_to, link, entries: &[Entry]| Delta {
        last: chunk(A, (judged.seq.0, judged.seq.0, up_to), entries),
        chunks: 0,
        clock: DeltaClock { link, changed: "b:1".parse().unwrap(), ..DeltaClock::default() },
        judged: Seen { log: judged, ..Seen::default() },
        asked: Default::default(),
    };
    it.store.apply(&it.database, delta(place(0, 0), 5, 55, &[entry("n1", "b:1/")])).await.unwrap();
    let seen = async || it.store.peer(&it.database, A, epoch(A)).await.unwrap().seen;
    assert_eq!(seen().await, Seen { log: place(5, 55), ..Seen::default() });
    for (judged, told, expected, why) in [
        (place(5, 55), place(5, 55), "", "it has judged that"),
        (place(0, 0), place(5, 55), "", "it has told that"),
        (place(9, 99), place(9, 99), "", "it has judged more"),
        (place(0, 0), place(5, 77), "n1=b:1", "another copy may have told it"),
        (place(4, 44), place(4, 44), "n1=b:1", "it has judged less"),
    ] {
        let request = crate::fixture::request(0);
        let page = it.page_with(PageRequest { peer: A, exclude: epoch(A), judged, told, ..request }).await;
        let told = page.clock.unwrap_or_default().changed.vector().to_string();
        let known = page.entries.iter().map(|(key, _)| format!("{}={told}", key.id())).collect::<String>();
        assert_eq!(known, expected, "{why}");
    }
    // It goes on in a log where it has judged less than what is here by now, and says something else.
    let now = seen().await;
    for (up_to, link) in [(4, 44), (5, 77), (6, 66)] {
        let refused = it.store.apply(&it.database, delta(place(3, 33), up_to, link, &[])).await;
        assert_eq!(refused, Err(StoreError::Overtaken(now)), "{up_to}");
        let judged = Seen { log: place(3, 33), ..Seen::default() };
        let passed = Passed { peer: A, cursor: delta(place(3, 33), up_to, link, &[]).cursor(), link, judged };
        it.store.move_cursor(&it.database, passed).await.unwrap();
        assert_eq!(seen().await, now, "nor is its cursor moved");
    }
    it.store.apply(&it.database, delta(place(5, 55), 6, 66, &[])).await.unwrap();
    assert_eq!(seen().await.log, place(6, 66));
}

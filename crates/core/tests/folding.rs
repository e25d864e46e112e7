//! Large deltas become visible as a whole, although they are folded in slices.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use eyot_core::engine::{Cause, Engine, EngineEffect, EngineInput, Identity, StoredSegment, Write};
use eyot_core::message::DeltaClock;
use eyot_core::segment::{Received, Stage, received_segment, staged_chunk, written_segments};
use eyot_core::{
    Context, Cursor, Dot, Hlc, Limits, LogEpoch, LogPlace, Record, RecordKey, ReplicaId, Seq, Writer,
    write_block,
};

const CHUNKS: u64 = 11;
const PEER: ReplicaId = ReplicaId::letter(b'r');

fn engine() -> Engine {
    let identity = Identity {
        database: "notes".parse().unwrap(),
        replica: ReplicaId::letter(b'a'),
        epoch: LogEpoch(1),
        tab: ReplicaId::letter(b't'),
        seed: 1,
    };
    Engine::new(identity, Limits::default())
}

fn entry(id: &str, dot: &str) -> (RecordKey, Record) {
    let mut record = Record::new();
    record.write(dot.parse().unwrap(), &Context::new(), Hlc::from_ms(5), Some(dot.as_bytes().into()));
    (RecordKey::new("notes", id).unwrap(), record)
}

fn block(entries: &[(RecordKey, Record)]) -> Vec<u8> {
    let mut writer = Writer::new();
    write_block(&mut writer, entries.iter().map(|(key, record)| (key, record)));
    writer.into_bytes()
}

// A delta in which every chunk brings one new record, and the first one an edit of `shared` by the peer's friend.
fn large_delta(position: u64) -> StoredSegment {
    let base = Cursor { epoch: LogEpoch(7), seq: Seq::ZERO };
    let chunk = |ordinal: u64| {
        let mut entries = vec![entry(&format!("new{ordinal}"), &format!("b:{}", ordinal + 1))];
        if ordinal == 0 {
            entries.push(entry("shared", "c:1"));
        }
        staged_chunk(LogEpoch(1), PEER, base, Seq(ordinal + 1), LogPlace::default(), &block(&entries))
    };
    let received = Received {
        peer: PEER,
        cursor: Cursor { epoch: LogEpoch(7), seq: Seq(CHUNKS + 1) },
        clock: DeltaClock { changed: format!("b:{CHUNKS} c:1").parse().unwrap(), ..DeltaClock::default() },
        stage: Some(Stage { name: 77, chunks: CHUNKS }),
        entries: Vec::new(),
    };
    let chunks = (0..CHUNKS).map(chunk).collect();
    StoredSegment { position, value: received_segment(&received, &[]), chunks }
}

fn small(position: u64, id: &str, dot: &str) -> StoredSegment {
    let value = written_segments(&[entry(id, dot)]).remove(0);
    StoredSegment { position, value, chunks: Vec::new() }
}

fn changed(effects: &[EngineEffect]) -> Vec<(usize, Cause)> {
    let of = |effect: &EngineEffect| match effect {
        EngineEffect::Changed { keys, cause } => Some((keys.len(), *cause)),
        _ => None,
    };
    effects.iter().filter_map(of).collect()
}

#[test]
fn a_large_delta_is_seen_whole_or_not_at_all() {
    let mut engine = engine();
    engine.handle(EngineInput::Segments(vec![small(1, "shared", "a:1")]), 1);
    let mut effects = engine.handle(EngineInput::Segments(vec![large_delta(2), small(3, "after", "a:2")]), 2);
    let mut slices = 1;
    while engine.is_folding() {
        assert!(effects.contains(&EngineEffect::Continue));
        assert_eq!((changed(&effects), engine.count("notes"), engine.conflicts().len()), (vec![], 1, 0));
        assert_eq!(engine.record("notes/shared").unwrap().versions().len(), 1);
        assert_eq!(engine.context_of("notes/shared").to_string(), "a:1");
        assert_eq!((engine.record("notes/new0"), engine.record("notes/after")), (None, None));
        assert_eq!(engine.collection("notes", None).count(), 1);
        effects = engine.handle(EngineInput::Continue, 3);
        slices += 1;
    }
    assert!(slices > 2, "{slices} slices");
    assert_eq!(changed(&effects), [(CHUNKS as usize + 1, Cause::Tab), (1, Cause::Tab)]);
    assert_eq!((engine.count("notes"), engine.conflicts().len()), (CHUNKS as usize + 2, 1));
    assert_eq!(engine.context_of("notes/shared").to_string(), "a:1 c:1");
    assert_eq!(engine.next_position(), 4);
}

#[test]
fn a_write_while_a_large_delta_is_folded_swallows_nothing_of_it() {
    let mut engine = engine();
    engine.handle(EngineInput::Segments(vec![small(1, "shared", "a:1")]), 1);
    engine.handle(EngineInput::Segments(vec![large_delta(2)]), 2);
    assert!(engine.is_folding());
    let write = Write {
        key: "notes/shared".parse().unwrap(),
        context: None,
        content: Some((*b"mine").into()),
        references: eyot_core::References::NONE,
    };
    let mut effects = engine.handle(EngineInput::Write { ticket: 1, writes: vec![write] }, 3);
    assert_eq!(engine.record("notes/shared").unwrap().versions().len(), 1);
    while engine.is_folding() {
        let commits = effects.iter().any(|effect| matches!(effect, EngineEffect::Commit { .. }));
        assert!(!commits, "nothing is committed on top of what is not whole");
        effects = engine.handle(EngineInput::Continue, 4);
    }
    let Some(EngineEffect::Commit { position: 3, .. }) =
        effects.iter().find(|effect| matches!(effect, EngineEffect::Commit { .. }))
    else {
        panic!("the write is committed after the delta: {effects:?}")
    };
    engine.handle(EngineInput::Committed, 5);
    let versions = engine.record("notes/shared").unwrap().versions();
    let dots: Vec<Dot> = versions.iter().map(|version| version.dot).collect();
    assert_eq!(dots, ["a:2".parse().unwrap(), "c:1".parse().unwrap()]);
}

#[test]
fn a_large_delta_that_cannot_be_read_is_reported_and_shows_nothing() {
    let mut engine = engine();
    let mut damaged = large_delta(1);
    damaged.chunks[9] = vec![1, 2, 3];
    let mut effects = engine.handle(EngineInput::Segments(vec![damaged]), 1);
    for _ in 0..CHUNKS {
        if effects.iter().any(|effect| matches!(effect, EngineEffect::Corrupt { position: 1, .. })) {
            assert_eq!((engine.count("notes"), engine.record("notes/new0")), (0, None));
            return;
        }
        effects = engine.handle(EngineInput::Continue, 2);
    }
    panic!("the damage was not found");
}

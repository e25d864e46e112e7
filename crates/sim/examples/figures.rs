//! Prints how long the core takes for what must not take long. `cargo run --release -p eyot-sim --example figures`
//!
//! Each figure is given for a number of records and for four times as many: what is linear takes four times as long.
#![allow(clippy::expect_used, reason = "an example may fail loudly")]

use eyot_core::engine::{Engine, EngineEffect, EngineInput, Identity, StoredSegment, Write};
use eyot_core::message::DeltaClock;
use eyot_core::segment::{Received, Segment, Stage, StagedChunk, received_segment, staged_chunk};
use eyot_core::session::PageRequest;
use eyot_core::{
    Context, Cursor, Dot, Hlc, Limits, LogEpoch, LogPlace, Record, RecordKey, Replica, ReplicaId, Seq,
    Writer, write_block,
};

const CONTENT_BYTES: usize = 300;
const RECORDS_PER_CHUNK: usize = 180;

fn main() {
    for count in [5_000, 20_000] {
        println!("{count} records of {CONTENT_BYTES} bytes");
        receive(count);
        let batch = |id: usize| format!("n{id:06}");
        write("one batch", count, count, batch);
        write("one by one", count, 1, batch);
        write("one batch to one record", count, count, |_| "n".to_owned());
        write("one batch to two records in turn", count, count, |id| format!("n{}", id % 2));
        write("one by one to one record", count, 1, |_| "n".to_owned());
    }
}

fn timed<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let before_ns = spent_ns();
    let outcome = act();
    println!("  {:>9.2} ms  {what}", spent_ns().saturating_sub(before_ns) as f64 / 1e6);
    outcome
}

// How long this thread has run, so that what else the machine does makes no difference. Only Linux tells.
fn spent_ns() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|spent| spent.parse().ok()).unwrap_or(0)
}

fn key(id: &str) -> RecordKey {
    RecordKey::new("notes", id).expect("a short id")
}

fn engine() -> Engine {
    let database = "notes".parse().expect("a short name");
    let (replica, tab) = (ReplicaId::letter(b'a'), ReplicaId::letter(b'x'));
    Engine::new(Identity { database, replica, epoch: LogEpoch(1), tab, seed: 1 }, Limits::default())
}

// A delta that came in chunks: read, folded by a replica, sent on, and folded by an engine that opens its log.
fn receive(count: usize) {
    let entries: Vec<(RecordKey, Record)> = (0..count)
        .map(|id| {
            let mut record = Record::new();
            let dot = Dot::new(ReplicaId::letter(b'b'), id as u64 + 1);
            record.write(dot, &Context::new(), Hlc::from_ms(5), Some(vec![b'x'; CONTENT_BYTES].into()));
            (key(&format!("n{id:06}")), record)
        })
        .collect();
    let (peer, epoch) = (ReplicaId::letter(b'r'), LogEpoch(7));
    let base = Cursor { epoch, seq: Seq::ZERO };
    let chunks: Vec<Vec<u8>> = timed("write the chunks", || {
        let chunk = |part: &[(RecordKey, Record)]| {
            let mut block = Writer::new();
            write_block(&mut block, part.iter().map(|(key, record)| (key, record)));
            staged_chunk(LogEpoch(1), peer, base, Seq(1), LogPlace::default(), &block.into_bytes())
        };
        entries.chunks(RECORDS_PER_CHUNK).map(chunk).collect()
    });
    let cursor = Cursor { epoch, seq: Seq(count as u64) };
    let changed = [(Dot::new(ReplicaId::letter(b'b'), count as u64), 0)].into_iter().collect();
    let clock = DeltaClock { changed, ..DeltaClock::default() };
    let stage = Some(Stage { name: 1, chunks: chunks.len() as u64 });
    let received = Received { peer, cursor, clock, stage, entries: Vec::new() };
    let value = received_segment(&received, &[]);
    let read = timed("read the chunks", || {
        let read = chunks.iter().map(|bytes| StagedChunk::from_bytes(bytes, &Limits::default()));
        read.map(|chunk| chunk.expect("it was written").entries).collect()
    });
    let mut replica = Replica::new(ReplicaId::letter(b'a'), LogEpoch(1));
    timed("fold the delta", || replica.apply(Segment::Received(received), read));
    timed("read the log for a peer", || {
        let (mut after, mut seen) = (Seq::ZERO, 0);
        while seen < count {
            let (judged, told) = Default::default();
            let (covered_by, among, is_first, budget_bytes) = (None, None, true, 56 * 1024);
            let page = replica.page(&PageRequest {
                after,
                clock_since: Seq::ZERO,
                peer,
                exclude: LogEpoch(0),
                judged,
                told,
                covered_by,
                among,
                is_first,
                budget_bytes,
            });
            (after, seen) = (page.up_to, seen + page.entries.len());
        }
    });
    let mut engine = engine();
    timed("open a log with the delta", || {
        engine.handle(EngineInput::Segments(vec![StoredSegment { position: 1, value, chunks }]), 1_000);
        while engine.is_folding() {
            engine.handle(EngineInput::Continue, 1_000);
        }
    });
    assert_eq!(engine.replica().head(), Seq(count as u64));
}

// Writes in batches of some size, and commits until nothing is left.
fn write(what: &str, count: usize, batch: usize, id: impl Fn(usize) -> String) {
    let mut engine = engine();
    let writes: Vec<Write> = (0..count)
        .map(|number| Write {
            key: key(&id(number)),
            context: None,
            content: Some(vec![b'x'; CONTENT_BYTES].into()),
            references: eyot_core::References::NONE,
        })
        .collect();
    timed(what, || {
        let mut commits = 0;
        for (ticket, part) in writes.chunks(batch).enumerate() {
            let input = EngineInput::Write { ticket: ticket as u64, writes: part.to_vec() };
            commits += count_commits(&engine.handle(input, 1_000));
        }
        while commits > 0 {
            commits = count_commits(&engine.handle(EngineInput::Committed, 1_000));
        }
    });
    assert!(engine.is_settled());
}

fn count_commits(effects: &[EngineEffect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, EngineEffect::Commit { .. })).count()
}

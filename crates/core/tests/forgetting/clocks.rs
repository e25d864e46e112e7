//! Clocks that say what no clock should, where it is decided what is old.

use eyot_core::engine::{Engine, EngineEffect, EngineInput, Identity, Write};
use eyot_core::segment::Segment;
use eyot_core::{Limits, LogEpoch, RecordKey, ReplicaId};

// Gives an engine an input at a time and lets every commit succeed. Returns what was committed.
fn take(engine: &mut Engine, input: EngineInput, now_ms: u64) -> Vec<Segment> {
    let (mut inputs, mut committed) = (vec![input], Vec::new());
    while let Some(input) = inputs.pop() {
        for effect in engine.handle(input, now_ms) {
            if let EngineEffect::Commit { values, .. } = effect {
                let read = |value: &Vec<u8>| Segment::from_bytes(value, &Limits::AT_REST).unwrap();
                committed.extend(values.iter().map(read));
                inputs.push(EngineInput::Committed);
            }
        }
    }
    committed
}

#[test]
fn a_clock_beyond_all_times_does_not_make_the_log_unreadable() {
    let (replica, tab) = (ReplicaId::letter(b'a'), ReplicaId::from_bytes([9; 16]));
    let database = "notes".parse().unwrap();
    let identity = Identity { database, replica, epoch: LogEpoch(1), tab, seed: 1 };
    let mut engine = Engine::new(identity, Limits::default());
    let deletion = Write {
        key: RecordKey::new("notes", "n1").unwrap(),
        context: None,
        content: None,
        references: eyot_core::References::NONE,
    };
    take(&mut engine, EngineInput::Write { ticket: 1, writes: vec![deletion] }, 1_000);
    take(&mut engine, EngineInput::Tick, 1_000);
    // The latest time that JavaScript knows is beyond what a stored one can be.
    let committed = take(&mut engine, EngineInput::Tick, 8_640_000_000_000_000);
    assert!(matches!(committed[..], [Segment::Forgotten { .. }]), "{committed:?}");
}

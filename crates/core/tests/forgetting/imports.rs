//! Exports of replicas that have forgotten deletions.

use eyot_core::engine::{Engine, EngineEffect, EngineInput, Identity, Write};
use eyot_core::{Export, Limits, LogEpoch, RecordKey, ReplicaId};

use crate::net::Net;

// Gives an engine an input and lets every commit succeed. Says how its imports ended.
fn take(engine: &mut Engine, input: EngineInput) -> Vec<Result<usize, &'static str>> {
    let (mut inputs, mut ended) = (vec![input], Vec::new());
    while let Some(input) = inputs.pop() {
        for effect in engine.handle(input, 1_000) {
            match effect {
                EngineEffect::Commit { .. } => inputs.push(EngineInput::Committed),
                EngineEffect::Imported { records, .. } => ended.push(Ok(records)),
                EngineEffect::Rejected { code, .. } => ended.push(Err(code)),
                _ => {}
            }
        }
    }
    ended
}

fn engine(letter: u8) -> Engine {
    let (replica, tab) = (ReplicaId::letter(letter), ReplicaId::from_bytes([letter; 16]));
    let database = "notes".parse().unwrap();
    Engine::new(Identity { database, replica, epoch: LogEpoch(1), tab, seed: 1 }, Limits::default())
}

#[test]
fn an_export_hands_on_what_is_forgotten_and_is_not_imported_where_that_would_raise_the_dead() {
    let mut net = Net::default();
    net.write('l', "x", Some("1"));
    let early = Export::of(&net.side('l').replica).to_bytes();
    net.write('l', "x", None);
    net.write('l', "y", Some("1"));
    net.forget('l');
    let late = Export::of(&net.side('l').replica).to_bytes();
    let import = |bytes: &[u8]| EngineInput::Import { ticket: 1, bytes: bytes.to_vec() };

    let mut empty = engine(b'e');
    let write = Write {
        key: RecordKey::new("notes", "z").unwrap(),
        context: None,
        content: Some((*b"1").into()),
        references: eyot_core::References::NONE,
    };
    take(&mut empty, EngineInput::Write { ticket: 1, writes: vec![write] });
    assert_eq!(take(&mut empty, import(&late)), [Ok(1)]);
    assert_eq!(empty.replica().forgotten().to_string(), "l:2");
    assert_eq!(take(&mut empty, import(&early)), [Ok(0)], "what was deleted stays so");

    let mut unaware = engine(b'u');
    assert_eq!(take(&mut unaware, import(&early)), [Ok(1)]);
    assert_eq!(take(&mut unaware, import(&late)), [Err("deletions-unknown")]);
}

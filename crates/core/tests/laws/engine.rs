//! Laws of one engine and its disk, without a network.

use eyot_core::engine::{Condition, Engine, EngineEffect, EngineInput, Identity, StorageFailure, Write};
use eyot_core::{Context, Limits, LogEpoch, RecordKey, ReplicaId};

/// A tab whose disk answers when the test says so.
struct Tab {
    engine: Engine,
    ticket: u64,
}

impl Tab {
    fn open() -> Self {
        let identity = Identity {
            database: "notes".parse().unwrap(),
            replica: ReplicaId::letter(b'a'),
            epoch: LogEpoch(1),
            tab: ReplicaId::letter(b'x'),
            seed: 1,
        };
        Self { engine: Engine::new(identity, Limits::default()), ticket: 0 }
    }

    fn feed(&mut self, input: EngineInput) -> Vec<EngineEffect> {
        self.engine.handle(input, 1_000)
    }

    fn write(&mut self, content: &str, context: Option<Context>) -> Vec<EngineEffect> {
        let content = Some(content.as_bytes().into());
        self.write_all(vec![Write { key: key(), context, content }])
    }

    fn write_all(&mut self, writes: Vec<Write>) -> Vec<EngineEffect> {
        self.ticket += 1;
        let ticket = self.ticket;
        self.feed(EngineInput::Write { ticket, writes })
    }

    fn standing(&self) -> Vec<String> {
        let record = self.engine.record("notes/n").unwrap();
        let text = |content: &[u8]| String::from_utf8_lossy(content).into_owned();
        record
            .versions()
            .iter()
            .map(|version| version.content.as_deref().map(text).unwrap_or_default())
            .collect()
    }
}

fn key() -> RecordKey {
    RecordKey::new("notes", "n").unwrap()
}

#[test]
fn saved_means_that_a_peer_has_all_that_was_written_so_far() {
    let mut tab = Tab::open();
    tab.write("one", None);
    let mut effects = tab.feed(EngineInput::Committed);
    effects.extend(tab.feed(EngineInput::Await { ticket: 99, condition: Condition::Saved }));
    // The record goes on; nobody has its former state, nor this one.
    effects.extend(tab.write("two", None));
    effects.extend(tab.feed(EngineInput::Committed));
    assert!(!effects.contains(&EngineEffect::Awaited(99)), "{effects:?}");
}

#[test]
fn a_write_replaces_what_its_writer_had_seen_also_when_one_between_them_has_failed() {
    let mut tab = Tab::open();
    // The first is on its way to the disk, the second waits for it.
    tab.write("one", None);
    tab.write("two", None);
    tab.feed(EngineInput::Committed);
    // The second is now under way, and the third was made in sight of it.
    tab.write("three", None);
    tab.feed(EngineInput::CommitFailed(StorageFailure { code: "quota-exceeded" }));
    tab.feed(EngineInput::Committed);
    assert_eq!(tab.standing(), ["three"]);
}

//! Laws of one engine and its disk, without a network.

use eyot_core::engine::{
    Condition, Engine, EngineEffect, EngineInput, Identity, StorageFailure, StoredSegment, Write,
};
use eyot_core::segment::{Segment, written_segments};
use eyot_core::{
    Context, Dot, Export, Hlc, Limits, LogEpoch, MAXIMUM_COUNTER, Record, RecordKey, References, ReplicaId,
    Version, VersionVector,
};

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
        self.write_all(vec![Write { key: key(), context, content, references: References::NONE }])
    }

    fn write_all(&mut self, writes: Vec<Write>) -> Vec<EngineEffect> {
        self.ticket += 1;
        let ticket = self.ticket;
        self.feed(EngineInput::Write { ticket, writes })
    }

    // An export comes in and is stored.
    fn import(&mut self, export: &Export) {
        self.ticket += 1;
        let (ticket, bytes) = (self.ticket, export.to_bytes());
        self.feed(EngineInput::Import { ticket, bytes });
        self.feed(EngineInput::Committed);
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

// What a commit would store, as a reader finds it.
fn stored(effects: &[EngineEffect]) -> StoredSegment {
    let commit = effects.iter().find_map(|effect| match effect {
        EngineEffect::Commit { position, values, .. } => Some((*position, values[0].clone())),
        _ => None,
    });
    let (position, value) = commit.unwrap_or_else(|| panic!("something is committed, not {effects:?}"));
    StoredSegment { position, value, chunks: vec![] }
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
fn what_another_tab_has_committed_is_seen_also_when_it_is_read_before_the_own_success_is_heard_of() {
    let (mut tab, mut other) = (Tab::open(), Tab::open());
    let own = stored(&tab.write("mine", None));
    // The other tab has read that commit and gone on, before this one hears that it is done.
    other.feed(EngineInput::Segments(vec![own.clone()]));
    let theirs = stored(&other.write("theirs", None));
    tab.feed(EngineInput::Segments(vec![own, theirs]));
    tab.feed(EngineInput::Committed);
    assert_eq!(tab.standing(), ["theirs"]);
    assert_eq!(tab.engine.next_position(), 3);
}

#[test]
fn a_context_stands_for_all_that_was_seen_also_when_the_last_of_it_was_not_stored() {
    let mut tab = Tab::open();
    tab.write("one", None);
    tab.write("two", None);
    let seen = tab.engine.context_of("notes/n");
    tab.write("three", None);
    let seen_last = tab.engine.context_of("notes/n");
    // The first is stored; those that had replaced it are not, and it shows again.
    tab.feed(EngineInput::Committed);
    tab.feed(EngineInput::CommitFailed(StorageFailure { code: "quota-exceeded" }));
    assert_eq!(tab.standing(), ["one"]);
    for (content, context) in [("four", seen), ("five", seen_last)] {
        tab.write(content, Some(context));
        tab.feed(EngineInput::Committed);
    }
    // Neither writer had seen the other, but both had seen the first.
    assert_eq!(tab.standing(), ["four", "five"]);
}

#[test]
fn a_log_that_cannot_be_read_does_not_make_its_host_spin() {
    let mut tab = Tab::open();
    tab.feed(EngineInput::Segments(vec![StoredSegment { position: 1, value: vec![99], chunks: vec![] }]));
    tab.feed(EngineInput::Sync(true));
    let effects = tab.feed(EngineInput::Tick);
    assert!(!effects.iter().any(|effect| matches!(effect, EngineEffect::Connect(_))), "{effects:?}");
    assert_eq!(tab.engine.next_wake_ms(), None);
}

fn rejection(effects: &[EngineEffect]) -> Option<&'static str> {
    effects.iter().find_map(|effect| match effect {
        EngineEffect::Rejected { code, .. } => Some(*code),
        _ => None,
    })
}

fn sibling(content: usize) -> Write {
    let content = Some(content.to_string().into_bytes().into());
    Write { key: key(), context: Some(Context::new()), content, references: References::NONE }
}

#[test]
fn what_is_stored_has_no_more_siblings_than_are_allowed_and_can_always_be_resolved() {
    let limit = Limits::default().siblings;
    let mut tab = Tab::open();
    // Also when they come in one batch, where none of them shows before the last is checked.
    assert_eq!(rejection(&tab.write_all((0..=limit).map(sibling).collect())), Some("too-many-siblings"));
    assert_eq!(rejection(&tab.write_all((0..limit).map(sibling).collect())), None);
    tab.feed(EngineInput::Committed);
    assert_eq!(rejection(&tab.write("one more", Some(Context::new()))), Some("too-many-siblings"));
    // Whoever has seen them resolves them, with the context that says so.
    let seen = tab.engine.context_of("notes/n");
    assert_eq!(rejection(&tab.write("resolved", Some(seen))), None);
    assert_eq!(tab.standing(), ["resolved"]);
}

#[test]
fn a_record_never_gets_more_writers_than_peers_take_in() {
    let most = Limits::default().context_replicas / 2;
    let id = |number: usize| ReplicaId::from_bytes((number as u128).to_be_bytes());
    let context: VersionVector = (1..=most).map(|number| Dot::new(id(number), 1)).collect();
    let past = context.iter().take(most - 1).collect::<VersionVector>().into();
    let last = Version {
        dot: Dot::new(id(most), 1),
        past,
        at: Hlc::from_ms(1),
        content: Some((*b"x").into()),
        references: References::NONE,
    };
    let record = Record::from_parts(context, vec![last]).unwrap();
    let mut tab = Tab::open();
    let (clock, forgotten) = (record.context().clone(), VersionVector::new());
    tab.import(&Export { clock: clock.into(), forgotten, entries: vec![(key(), record)] });
    assert_eq!(rejection(&tab.write("one more", None)), Some("too-many-writers"));
    assert_eq!(tab.standing(), ["x"], "what is there stays readable");
}

#[test]
fn counters_that_are_used_up_are_refused_and_nothing_is_written_that_cannot_be_read() {
    let mut tab = Tab::open();
    let last = Dot::new(ReplicaId::letter(b'a'), MAXIMUM_COUNTER - 1);
    let mut record = Record::new();
    record.write(last, &Context::new(), Hlc::from_ms(1), None);
    let value = written_segments(&[(RecordKey::new("notes", "m").unwrap(), record)]).remove(0);
    tab.feed(EngineInput::Segments(vec![StoredSegment { position: 1, value, chunks: vec![] }]));
    let effects = tab.write_all(vec![sibling(1), sibling(2)]);
    assert_eq!(rejection(&effects), Some("counters-exhausted"));
    assert!(!effects.iter().any(|effect| matches!(effect, EngineEffect::Commit { .. })), "{effects:?}");
    // One is left.
    let effects = tab.write("last", None);
    let Some(EngineEffect::Commit { values, .. }) = effects.last() else { panic!("it fits: {effects:?}") };
    assert!(Segment::from_bytes(&values[0], &Limits::default()).is_ok());
}

#[test]
fn a_record_that_names_the_tab_does_no_harm() {
    // The tab's own id is not secret: it is in the contexts that its application gets, and may come back from anywhere.
    let tab_dot = Dot::new(ReplicaId::letter(b'x'), 1_000);
    let mut record = Record::new();
    record.write(tab_dot, &Context::new(), Hlc::from_ms(1), Some((*b"odd").into()));
    let mut tab = Tab::open();
    tab.import(&Export {
        clock: [(tab_dot, 7)].into_iter().collect(),
        forgotten: VersionVector::new(),
        entries: vec![(key(), record)],
    });
    tab.write("one", None);
    tab.write("two", None);
    tab.feed(EngineInput::Committed);
    tab.feed(EngineInput::Committed);
    assert!(tab.standing().contains(&"two".to_owned()), "{:?}", tab.standing());
}

// So many records of another replica that they do not go into one segment.
fn large_export() -> Export {
    let records = (1..=60).map(|counter| {
        let mut record = Record::new();
        let content = vec![counter as u8; 4 << 10];
        let dot = Dot::new(ReplicaId::letter(b'b'), counter);
        record.write(dot, &Context::new(), Hlc::from_ms(1), Some(content.into()));
        (RecordKey::new("notes", &format!("n{counter:02}")).unwrap(), record)
    });
    let entries: Vec<_> = records.collect();
    let clock: VersionVector = [Dot::new(ReplicaId::letter(b'b'), 60)].into_iter().collect();
    Export { clock: clock.into(), forgotten: VersionVector::new(), entries }
}

#[test]
fn a_large_import_ends_the_log_as_those_will_read_it_who_open_it_again() {
    let (mut tab, bytes) = (Tab::open(), large_export().to_bytes());
    let effects = tab.feed(EngineInput::Import { ticket: 1, bytes });
    let values = effects.into_iter().find_map(|effect| match effect {
        EngineEffect::Commit { values, .. } => Some(values.to_vec()),
        _ => None,
    });
    let values = values.unwrap();
    assert!(values.len() > 2, "it is more than one segment and the clock");
    tab.feed(EngineInput::Committed);
    let mut later = Tab::open();
    let segments = values.into_iter().zip(1..);
    let segments = segments.map(|(value, position)| StoredSegment { position, value, chunks: vec![] });
    later.feed(EngineInput::Segments(segments.collect()));
    let end = |tab: &Tab| (tab.engine.replica().head(), tab.engine.replica().link());
    assert_eq!(end(&tab), end(&later));
}

fn referring(content: &str, context: Option<Context>, references: &[Dot]) -> Write {
    let content = Some(content.as_bytes().into());
    Write { key: key(), context, content, references: References::new(references.to_vec()) }
}

fn references(tab: &Tab) -> String {
    let record = tab.engine.record("notes/n").unwrap();
    let dots: Vec<String> = record.versions()[0].references.as_slice().iter().map(Dot::to_string).collect();
    dots.join(" ")
}

#[test]
fn a_reference_to_a_write_that_waits_gets_its_final_name() {
    let mut tab = Tab::open();
    tab.write("zero", None);
    tab.feed(EngineInput::Committed);
    tab.write("one", None);
    let one = tab.engine.record("notes/n").unwrap().versions()[0].dot;
    let zero: Dot = "a:1".parse().unwrap();
    tab.write_all(vec![referring("two", None, &[one, zero, one])]);
    assert_eq!(references(&tab), "x:4 a:1 x:4");
    tab.feed(EngineInput::Committed);
    assert_eq!(references(&tab), "a:2 a:1 a:2", "while the second one waits");
    tab.feed(EngineInput::Committed);
    assert_eq!(references(&tab), "a:2 a:1 a:2");
    // A name from before is known for as long as the tab lives.
    tab.write_all(vec![referring("three", None, &[one])]);
    tab.feed(EngineInput::Committed);
    assert_eq!(references(&tab), "a:2");
}

#[test]
fn whoever_repeats_what_was_not_stored_says_it_first() {
    let mut tab = Tab::open();
    tab.write("zero", None);
    tab.feed(EngineInput::Committed);
    tab.write("lost", None);
    let lost = tab.engine.record("notes/n").unwrap().versions()[0].dot;
    let seen = tab.engine.context_of("notes/n");
    tab.write_all(vec![referring("repeats", Some(seen.clone()), &["a:1".parse().unwrap(), lost])]);
    tab.feed(EngineInput::CommitFailed(StorageFailure { code: "quota-exceeded" }));
    assert_eq!(tab.standing(), ["repeats"]);
    tab.feed(EngineInput::Committed);
    assert_eq!(references(&tab), "a:1 a:2");
    // Also who had read it and writes only now.
    tab.write_all(vec![referring("late", Some(seen), &[lost])]);
    tab.feed(EngineInput::Committed);
    let late = &tab.engine.record("notes/n").unwrap().versions()[1];
    assert_eq!(late.references.as_slice(), [late.dot]);
}

#[test]
fn a_write_names_no_more_than_can_be_read_again() {
    let mut tab = Tab::open();
    let named: Vec<Dot> = (1..=1_001).map(|counter| Dot::new(ReplicaId::letter(b'a'), counter)).collect();
    assert_eq!(rejection(&tab.write_all(vec![referring("x", None, &named)])), Some("too-many-references"));
    assert_eq!(rejection(&tab.write_all(vec![referring("x", None, &named[1..])])), None);
    tab.feed(EngineInput::Committed);
    let record = tab.engine.record("notes/n").unwrap();
    assert_eq!(Record::from_bytes(&record.to_bytes(), &Limits::default()).as_ref(), Ok(record));
}

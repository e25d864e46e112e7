//! Laws of deltas that come in several chunks: what is staged for one is there until nobody needs it, for all tabs.

use eyot_core::engine::{
    Engine, EngineEffect, EngineInput, Identity, LinkFailure, StorageFailure, StoredSegment,
};
use eyot_core::message::{Delta, DeltaClock, Hello, Message, Resume};
use eyot_core::{Context, Hlc, Limits, LogEpoch, Record, RecordKey, ReplicaId, Seq, Writer, write_block};

const RELAY_EPOCH: LogEpoch = LogEpoch(7);

/// A tab, and the relay that it is told to have met.
struct Tab {
    engine: Engine,
    now_ms: u64,
    link: u64,
}

impl Tab {
    fn open(letter: u8) -> Self {
        let identity = Identity {
            database: "notes".parse().unwrap(),
            replica: ReplicaId::letter(b'a'),
            epoch: LogEpoch(1),
            tab: ReplicaId::letter(letter),
            seed: letter.into(),
        };
        Self { engine: Engine::new(identity, Limits::default()), now_ms: 1_000, link: 0 }
    }

    fn feed(&mut self, input: EngineInput) -> Vec<EngineEffect> {
        self.now_ms += 60_000;
        self.engine.handle(input, self.now_ms)
    }

    // Connects and lets the relay say hello; its log has nine positions, and it has forgotten deletions up to the floor.
    fn meet(&mut self, floor: u64) {
        self.link += 1;
        self.feed(EngineInput::LinkOpened(self.link));
        let epoch = LogEpoch(1);
        let hello = Hello {
            database: "notes".parse().unwrap(),
            replica: ReplicaId::letter(b'r'),
            epoch: RELAY_EPOCH,
            head: Seq(9),
            floor: Seq(floor),
            digest: 99,
            link: 0,
            seen: Default::default(),
            credits: 16,
            decompresses: false,
            resume: Some(Resume::Cursor { epoch, seq: Seq::ZERO, staged: Seq::ZERO }),
        };
        self.hear(Message::Hello(hello));
    }

    fn sync(&mut self, found: Vec<(u64, Vec<Vec<u8>>)>) -> Vec<EngineEffect> {
        let mut effects = self.feed(EngineInput::StagesFound(found));
        effects.extend(self.feed(EngineInput::Sync(true)));
        self.meet(0);
        effects
    }

    fn hear(&mut self, message: Message) -> Vec<EngineEffect> {
        self.feed(EngineInput::LinkReceived(self.link, message.to_bytes()))
    }

    fn chunk(&mut self, from: u64, up_to: u64) -> Vec<EngineEffect> {
        self.hear(delta(from, up_to, false))
    }
}

// The relay's records at these positions.
fn delta(from: u64, up_to: u64, is_last: bool) -> Message {
    let entries: Vec<(RecordKey, Record)> = (from + 1..=up_to)
        .map(|seq| {
            let mut record = Record::new();
            record.write(
                format!("b:{seq}").parse().unwrap(),
                &Context::new(),
                Hlc::from_ms(5),
                Some((*b"x").into()),
            );
            (RecordKey::new("notes", &format!("n{seq}")).unwrap(), record)
        })
        .collect();
    let mut block = Writer::new();
    write_block(&mut block, entries.iter().map(|(key, record)| (key, record)));
    let changed = format!("b:{up_to}").parse().unwrap();
    let clock = is_last.then(|| DeltaClock { changed, ..DeltaClock::default() });
    Message::Delta(Delta { from: Seq(from), up_to: Seq(up_to), clock, block: block.into_bytes() })
}

fn stored_chunk(effects: &[EngineEffect]) -> (u64, u64, Vec<u8>) {
    let chunk = effects.iter().find_map(|effect| match effect {
        EngineEffect::StoreChunk { stage, ordinal, value } => Some((*stage, *ordinal, value.clone())),
        _ => None,
    });
    chunk.unwrap_or_else(|| panic!("a chunk is stored, not {effects:?}"))
}

fn committed(effects: &[EngineEffect], chunks: &[Vec<u8>]) -> StoredSegment {
    let segment = effects.iter().find_map(|effect| match effect {
        EngineEffect::Commit { position, values, .. } => Some((*position, values.first().cloned()?)),
        _ => None,
    });
    let (position, value) = segment.unwrap_or_else(|| panic!("a delta is committed, not {effects:?}"));
    StoredSegment { position, value, chunks: chunks.to_vec() }
}

fn drops(effects: &[EngineEffect], name: u64) -> bool {
    effects.contains(&EngineEffect::DropStage(name))
}

// A delta that came in two chunks, the first of which was staged: the stage, its chunk and the segment.
fn completed() -> (u64, Vec<u8>, StoredSegment) {
    let mut tab = Tab::open(b'x');
    tab.sync(Vec::new());
    let (name, _, chunk) = stored_chunk(&tab.chunk(0, 4));
    tab.feed(EngineInput::ChunkStored);
    let effects = tab.hear(delta(4, 9, true));
    (name, chunk.clone(), committed(&effects, &[chunk]))
}

fn records(tab: &Tab) -> usize {
    tab.engine.collection("notes", None).count()
}

#[test]
fn a_flood_of_deltas_does_not_keep_local_writes_from_the_disk() {
    let mut tab = Tab::open(b'x');
    tab.sync(Vec::new());
    tab.hear(delta(0, 1, true));
    let content = Some((*b"mine").into());
    let write = eyot_core::engine::Write {
        key: "notes/mine".parse().unwrap(),
        context: None,
        content,
        references: eyot_core::References::NONE,
    };
    tab.feed(EngineInput::Write { ticket: 1, writes: vec![write] });
    tab.hear(delta(1, 2, true));
    tab.hear(delta(2, 3, true));
    tab.feed(EngineInput::Committed);
    let effects = tab.feed(EngineInput::Committed);
    assert!(effects.iter().any(|effect| matches!(effect, EngineEffect::Written { .. })), "{effects:?}");
}

#[test]
fn a_stage_that_the_log_names_is_never_dropped() {
    let (name, chunk, segment) = completed();
    let mut tab = Tab::open(b'y');
    tab.feed(EngineInput::Segments(vec![segment]));
    assert_eq!(records(&tab), 9);
    let effects = tab.sync(vec![(name, vec![chunk])]);
    assert!(!drops(&effects, name), "{effects:?}");
}

#[test]
fn a_stage_that_another_tab_has_completed_is_left_alone_by_the_tab_that_began_it() {
    let mut first = Tab::open(b'x');
    first.sync(Vec::new());
    let (name, _, chunk) = stored_chunk(&first.chunk(0, 4));
    first.feed(EngineInput::ChunkStored);
    first.feed(EngineInput::Sync(false));
    // Another tab takes it up and completes it.
    let mut second = Tab::open(b'y');
    second.sync(vec![(name, vec![chunk.clone()])]);
    let segment = committed(&second.hear(delta(4, 9, true)), std::slice::from_ref(&chunk));
    // The first tab learns of that, and syncs again.
    let mut effects = first.feed(EngineInput::Segments(vec![segment]));
    assert_eq!(records(&first), 9);
    effects.extend(first.sync(vec![(name, vec![chunk])]));
    effects.extend(first.chunk(9, 12));
    assert!(!drops(&effects, name), "{effects:?}");
}

#[test]
fn a_tab_takes_its_own_stage_up_again() {
    let mut tab = Tab::open(b'x');
    tab.sync(Vec::new());
    let (name, _, chunk) = stored_chunk(&tab.chunk(0, 4));
    tab.feed(EngineInput::ChunkStored);
    tab.feed(EngineInput::Sync(false));
    let effects = tab.sync(vec![(name, vec![chunk])]);
    assert!(!drops(&effects, name), "{effects:?}");
    let (stage, ordinal, _) = stored_chunk(&tab.chunk(4, 6));
    assert_eq!((stage, ordinal), (name, 1));
}

#[test]
fn a_delta_that_is_begun_anew_has_not_got_the_chunks_of_the_one_before() {
    let mut tab = Tab::open(b'x');
    tab.sync(Vec::new());
    let (name, ..) = stored_chunk(&tab.chunk(0, 4));
    tab.feed(EngineInput::ChunkStored);
    let failure = LinkFailure { code: "connection-lost".into(), message: String::new() };
    tab.feed(EngineInput::LinkClosed(tab.link, failure));
    tab.feed(EngineInput::Tick);
    // What was deleted up to here has been forgotten meanwhile.
    tab.meet(8);
    let effects = tab.chunk(0, 6);
    assert!(drops(&effects, name), "{effects:?}");
    let (stage, ordinal, _) = stored_chunk(&effects);
    assert!(stage != name && ordinal == 0, "{effects:?}");
}

#[test]
fn a_first_delta_goes_on_where_it_was_when_nothing_beyond_was_forgotten() {
    let mut tab = Tab::open(b'x');
    tab.sync(Vec::new());
    let (name, ..) = stored_chunk(&tab.chunk(0, 4));
    tab.feed(EngineInput::ChunkStored);
    let failure = LinkFailure { code: "connection-lost".into(), message: String::new() };
    tab.feed(EngineInput::LinkClosed(tab.link, failure));
    tab.feed(EngineInput::Tick);
    tab.meet(4);
    let (stage, ordinal, _) = stored_chunk(&tab.chunk(4, 6));
    assert_eq!((stage, ordinal), (name, 1));
}

#[test]
fn a_stage_that_is_gone_from_the_disk_is_not_built_upon() {
    let mut tab = Tab::open(b'x');
    tab.sync(Vec::new());
    let (name, ..) = stored_chunk(&tab.chunk(0, 4));
    tab.feed(EngineInput::ChunkStored);
    tab.feed(EngineInput::Sync(false));
    // Meanwhile another tab has dropped it.
    tab.sync(Vec::new());
    let (stage, ordinal, _) = stored_chunk(&tab.chunk(0, 4));
    assert_eq!(ordinal, 0);
    assert_ne!(stage, name);
}

#[test]
fn a_chunk_is_acknowledged_only_when_it_is_stored_whatever_became_of_its_connection() {
    let mut tab = Tab::open(b'x');
    tab.sync(Vec::new());
    stored_chunk(&tab.chunk(0, 4));
    // The connection ends before the disk has answered; the next one waits for the disk.
    tab.feed(EngineInput::LinkClosed(
        1,
        eyot_core::engine::LinkFailure { code: "connection-lost".into(), message: String::new() },
    ));
    tab.feed(EngineInput::Tick);
    tab.link += 1;
    let opened = tab.feed(EngineInput::LinkOpened(tab.link));
    assert!(!opened.iter().any(|effect| matches!(effect, EngineEffect::Transmit(..))), "{opened:?}");
    let answered = tab.feed(EngineInput::ChunkStored);
    let hello = answered.iter().find_map(|effect| match effect {
        EngineEffect::Transmit(_, bytes) => Message::from_bytes(bytes, &Limits::default()).ok(),
        _ => None,
    });
    assert!(matches!(hello, Some(Message::Hello(_))), "{answered:?}");
}

#[test]
fn a_delta_whose_stage_was_taken_from_under_it_is_not_committed_without_its_beginning() {
    let mut first = Tab::open(b'x');
    first.sync(Vec::new());
    let (name, _, chunk) = stored_chunk(&first.chunk(0, 4));
    first.feed(EngineInput::ChunkStored);
    // Another tab syncs as well, has found the stage, and completes it first.
    let mut second = Tab::open(b'y');
    second.sync(vec![(name, vec![chunk.clone()])]);
    let segment = committed(&second.hear(delta(4, 9, true)), &[chunk]);
    let mut effects = first.feed(EngineInput::Segments(vec![segment]));
    effects.extend(first.feed(EngineInput::BarrierPassed));
    effects.extend(first.hear(delta(4, 9, true)));
    assert!(!effects.iter().any(|effect| matches!(effect, EngineEffect::Commit { .. })), "{effects:?}");
}

#[test]
fn a_tab_whose_chunk_collides_with_one_of_another_tab_begins_a_stage_of_its_own() {
    let mut tab = Tab::open(b'x');
    tab.sync(Vec::new());
    let (name, ..) = stored_chunk(&tab.chunk(0, 4));
    tab.feed(EngineInput::ChunkFailed(StorageFailure { code: "collided" }));
    tab.feed(EngineInput::Tick);
    tab.meet(0);
    let effects = tab.chunk(0, 4);
    assert_ne!(stored_chunk(&effects).0, name);
    assert!(!drops(&effects, name), "{effects:?}");
}

#[test]
fn what_another_tab_adds_to_a_completed_stage_is_no_part_of_the_log() {
    let (name, _, mut segment) = completed();
    // A tab that syncs as well, and has not heard that the stage is completed, has stored what came next.
    let mut other = Tab::open(b'y');
    other.sync(vec![(name, segment.chunks.clone())]);
    let (stage, _, extra) = stored_chunk(&other.chunk(4, 12));
    assert_eq!(stage, name);
    segment.chunks.push(extra);
    let mut tab = Tab::open(b'z');
    tab.feed(EngineInput::Segments(vec![segment]));
    assert_eq!(records(&tab), 9);
    assert_eq!(tab.engine.replica().head(), Seq(9));
}

#[test]
fn a_segment_whose_staged_chunks_are_missing_is_not_taken_for_whole() {
    let (_, _, mut segment) = completed();
    segment.chunks.clear();
    let mut tab = Tab::open(b'z');
    let effects = tab.feed(EngineInput::Segments(vec![segment]));
    assert!(matches!(effects.first(), Some(EngineEffect::Corrupt { position: 1, .. })), "{effects:?}");
}

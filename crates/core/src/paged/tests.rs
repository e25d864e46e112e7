//! A checkpoint against the fold of its log, whatever was compacted and whenever a tab died meanwhile.
//!
//! Must not know how a compaction goes.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use proptest::prelude::*;

use crate::checkpoint::{PageId, Placed, Root};
use crate::context::Context;
use crate::dot::Dot;
use crate::engine::{
    Engine, EngineEffect, EngineInput, Identity, Reading, Shown, StorageOptions, StoredCheckpoint,
    StoredPage, StoredSegment, Wanted, Write,
};
use crate::hlc::Hlc;
use crate::id::{Cursor, LogEpoch, ReplicaId, Seq};
use crate::key::RecordKey;
use crate::limits::Limits;
use crate::message::DeltaClock;
use crate::record::Record;
use crate::replica::Replica;
use crate::segment::{Entries, Received, Segment, forgotten_segment, reborn_segment, received_segment};
use crate::{ChainEnd, Reborn, Writer, write_block};

const A: ReplicaId = ReplicaId::letter(b'a');
const R: ReplicaId = ReplicaId::letter(b'r');
const EPOCH: LogEpoch = LogEpoch(1);

/// A disk that forgets nothing of the log, so that its fold is known, and tells only what compaction has left of it.
#[derive(Clone, Default)]
struct Disk {
    log: Vec<Vec<u8>>,
    pages: BTreeMap<PageId, Vec<u8>>,
    root: Option<Vec<u8>>,
}

impl Disk {
    fn root(&self) -> Option<Root> {
        self.root.as_ref().map(|root| Root::from_bytes(root).unwrap())
    }

    fn checkpoint(&self) -> Option<StoredCheckpoint> {
        let parts = self.root()?.parts.iter().map(|part| self.pages[part].clone()).collect();
        Some(StoredCheckpoint { root: self.root.clone()?, parts })
    }

    fn after(&self, position: u64) -> Vec<StoredSegment> {
        let stored = (1..).zip(&self.log).skip(position as usize);
        stored
            .map(|(position, value)| StoredSegment { position, value: value.clone(), chunks: vec![] })
            .collect()
    }

    fn folded(&self) -> Replica {
        let mut replica = Replica::new(A, EPOCH);
        fold(&mut replica, &self.log);
        replica
    }

    fn opened(&self) -> Replica {
        let Some(stored) = self.checkpoint() else { return self.folded() };
        let read = |page| self.pages.get(&page).cloned();
        let (mut replica, reaches) = Replica::from_checkpoint(&stored, read).unwrap();
        fold(&mut replica, &self.log[reaches as usize..]);
        // Whoever has made the checkpoint may have guessed.
        replica.recount_unsent();
        replica
    }
}

fn fold(replica: &mut Replica, log: &[Vec<u8>]) {
    for value in log {
        replica.apply(Segment::from_bytes(value, &Limits::AT_REST).unwrap(), Vec::new());
    }
}

/// All that a replica is.
fn state(replica: &Replica) -> (Vec<u8>, Vec<(RecordKey, Placed)>, Vec<RecordKey>) {
    let records = replica.records.range_after(Bound::Unbounded);
    let records: Vec<_> = records.map(|(key, placed)| (key.clone(), placed.clone())).collect();
    let log = replica.log_after(Seq::ZERO).map(|(_, key, ..)| key.clone()).collect();
    (replica.to_checkpoint(Hlc::default(), Vec::new()).to_bytes(), records, log)
}

/// A tab on a disk that does what it is asked for at once, until it dies in the middle of it.
struct Tab {
    engine: Engine,
    disk: Disk,
    // How many more things the disk does.
    breath: usize,
}

impl Tab {
    fn open(disk: Disk, seed: u64, cache_bytes: usize) -> Self {
        let tab = ReplicaId::letter(b't');
        let database = "notes".parse().unwrap();
        let identity = Identity { database, replica: A, epoch: EPOCH, tab, seed };
        let mut engine = Engine::new(identity, Limits::default());
        engine.tune_storage(StorageOptions {
            cache_bytes,
            reads_ahead: true,
            page_bytes: 150,
            compact_after_segments: 3,
            compact_when_quiet_ms: 0,
            compact_after_bytes: usize::MAX,
        });
        let mut tab = Self { engine, disk, breath: usize::MAX };
        let from = tab.disk.root().map_or(0, |root| root.reaches);
        let checkpoint = tab.disk.checkpoint().map(EngineInput::Checkpoint);
        checkpoint.into_iter().for_each(|input| tab.take(input));
        tab.take(EngineInput::Segments(tab.disk.after(from)));
        tab
    }

    fn take(&mut self, input: EngineInput) {
        self.take_at(input, 1_000);
    }

    fn take_at(&mut self, input: EngineInput, now_ms: u64) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.engine.handle(input, now_ms) {
                inputs.extend(self.perform(effect));
            }
        }
    }

    fn perform(&mut self, effect: EngineEffect) -> Option<EngineInput> {
        self.breath = self.breath.checked_sub(1)?;
        match effect {
            EngineEffect::Commit { position, values, .. } => {
                assert_eq!(position, self.disk.log.len() as u64 + 1);
                self.disk.log.extend(values.iter().cloned());
                Some(EngineInput::Committed)
            }
            EngineEffect::ReadPages(pages) => {
                let page = |id| StoredPage { id, value: self.disk.pages.get(&id).cloned() };
                Some(EngineInput::PagesRead(pages.into_iter().map(page).collect()))
            }
            EngineEffect::BeginCompaction { .. } => Some(EngineInput::CompactionBegun(true)),
            EngineEffect::AddPages(pages) => {
                assert!(pages.iter().all(|(_, page)| page.len() <= 60 * 1024));
                self.disk.pages.extend(pages);
                Some(EngineInput::PagesAdded)
            }
            EngineEffect::SwitchCheckpoint { expected, root } => {
                assert_eq!(expected, self.disk.root().map_or(0, |root| root.generation));
                self.disk.root = Some(root);
                Some(EngineInput::Switched)
            }
            EngineEffect::DropUnknown { root, known, .. } => {
                self.disk.pages.retain(|page, _| known.contains(page));
                self.disk.root = Some(root);
                Some(EngineInput::Switched)
            }
            EngineEffect::Sweep { pages, log_before, .. } => {
                assert!(log_before <= self.disk.root().unwrap().reaches);
                self.disk.pages.retain(|page, _| !pages.contains(page));
                None
            }
            EngineEffect::Continue => Some(EngineInput::Continue),
            EngineEffect::Corrupt { position, message } => panic!("segment {position}: {message}"),
            _ => None,
        }
    }

    // Another tab has committed a segment.
    fn append(&mut self, value: Vec<u8>) {
        let position = self.disk.log.len() as u64;
        self.disk.log.push(value);
        self.take(EngineInput::Segments(self.disk.after(position)));
    }
}

fn key(number: u8) -> RecordKey {
    RecordKey::new("notes", &format!("n{:02}", number % 12)).unwrap()
}

// A delta of records that others have written, concurrently with all that is here.
fn received(counter: u64, keys: &[u8]) -> Vec<u8> {
    let mut entries: BTreeMap<RecordKey, Record> = BTreeMap::new();
    for number in keys {
        let mut record = Record::new();
        let content = (number % 3 > 0).then(|| (*b"theirs").into());
        record.write(Dot::new(R, counter), &Context::new(), Hlc::from_ms(7), content);
        entries.insert(key(*number), record);
    }
    let entries: Entries = entries.into_iter().collect();
    let mut block = Writer::new();
    write_block(&mut block, entries.iter().map(|(key, record)| (key, record)));
    let changed = [(Dot::new(R, counter), 77)].into_iter().collect();
    let cursor = Cursor { epoch: LogEpoch(9), seq: Seq(counter) };
    let clock = DeltaClock { changed, ..DeltaClock::default() };
    let delta = Received { peer: R, cursor, clock, stage: None, entries };
    received_segment(&delta, &block.into_bytes())
}

#[derive(Clone, Debug)]
enum Step {
    Write(Vec<u8>, bool),
    Receive(Vec<u8>),
    Forget,
    BeReborn,
    // The tab dies after so many things that the disk was asked for, and is opened again.
    Die(usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let keys = || prop::collection::vec(any::<u8>(), 1..5);
    prop_oneof![
        6 => (keys(), any::<bool>()).prop_map(|(keys, deletes)| Step::Write(keys, deletes)),
        3 => keys().prop_map(Step::Receive),
        1 => Just(Step::Forget),
        1 => Just(Step::BeReborn),
        3 => (0..12usize, any::<bool>()).prop_map(|(after, keeps)| Step::Die(after, keeps)),
    ]
}

fn play(tab: &mut Tab, number: u64, step: &Step) {
    match step {
        Step::Write(keys, deletes) => {
            let content = |at: usize| (!(*deletes && at == 0)).then(|| vec![b'x'; 10 * at].into());
            let writes = keys.iter().enumerate();
            let writes = writes.map(|(at, number)| Write {
                key: key(*number),
                context: None,
                content: content(at),
                references: crate::references::References::NONE,
            });
            tab.take(EngineInput::Write { ticket: number, writes: writes.collect() });
        }
        Step::Receive(keys) => tab.append(received(number, keys)),
        Step::Forget => tab.append(forgotten_segment(tab.engine.replica().head(), 1 << 40)),
        Step::BeReborn => {
            let replica = ReplicaId::from_bytes(u128::from(number).to_be_bytes());
            let (epoch, confirmed) = (LogEpoch(number), ChainEnd::default());
            tab.append(reborn_segment(Reborn { replica, epoch, confirmed }));
        }
        Step::Die(after, _) => tab.breath = *after,
    }
}

// Whatever way a record is read, it is the same.
fn is_what_its_parts_are(engine: &Engine, key: &str, shown: &Shown<'_>) {
    let Reading::Shown(read) = engine.read(key) else { panic!("{key} is shown, and cannot be read") };
    for shown in [shown, &read] {
        assert_eq!(Some(shown.record), engine.record(key), "{key}");
        assert_eq!(shown.context, engine.context_of(key), "{key}");
        assert_eq!(shown.is_unsent, engine.is_unsent(key), "{key}");
    }
}

// The records as an application reads them that is told what is not here, and has it fetched.
fn read_piecewise(tab: &mut Tab) -> Vec<(RecordKey, Record)> {
    let (mut read, mut after) = (Vec::new(), None::<String>);
    for _ in 0..1_000 {
        let records = tab.engine.collection("notes", after.as_deref());
        for (key, shown) in records {
            is_what_its_parts_are(&tab.engine, key.as_str(), &shown);
            read.push((key.clone(), shown.record.clone()));
        }
        after = read.last().map(|(key, _)| key.id().to_owned());
        let wanted = Wanted::After { collection: "notes".to_owned(), id: after.clone() };
        if tab.engine.is_here(&wanted) {
            return read;
        }
        tab.take(EngineInput::Fetch { ticket: 0, wanted });
    }
    panic!("it comes to no end");
}

#[test]
fn a_log_is_folded_into_pages_when_it_is_quiet_or_has_become_much_longer() {
    let mut tab = Tab::open(Disk::default(), 1, usize::MAX);
    tab.engine.tune_storage(StorageOptions {
        compact_after_segments: 3,
        compact_when_quiet_ms: 500,
        ..StorageOptions::default()
    });
    let reaches = |tab: &Tab| tab.disk.root().map_or(0, |root| root.reaches);
    let write = |tab: &mut Tab, number: u8| play(tab, number.into(), &Step::Write(vec![number], false));
    (1..=5).for_each(|number| write(&mut tab, number));
    assert_eq!(tab.engine.next_wake_ms(), Some(1_500));
    tab.take_at(EngineInput::Tick, 1_499);
    assert_eq!(reaches(&tab), 0);
    tab.take_at(EngineInput::Tick, 1_500);
    assert_eq!(reaches(&tab), 5);
    let write = |tab: &mut Tab, number: u8| {
        let key = key(number);
        let references = crate::references::References::NONE;
        let write = Write { key, context: None, content: Some((*b"mine").into()), references };
        tab.take_at(EngineInput::Write { ticket: number.into(), writes: vec![write] }, 1_600);
    };
    (6..=16).for_each(|number| write(&mut tab, number));
    assert_eq!(reaches(&tab), 5);
    write(&mut tab, 17);
    assert_eq!(reaches(&tab), 17);
}

proptest! {
    #[test]
    fn a_checkpoint_opens_to_the_fold_of_its_log(steps in prop::collection::vec(step(), 1..60)) {
        let mut tab = Tab::open(Disk::default(), 1, 0);
        for (number, step) in (1u64..).zip(&steps) {
            play(&mut tab, number, step);
            if tab.breath == 0 || tab.engine.is_reading() {
                let keeps = matches!(step, Step::Die(_, true));
                tab = Tab::open(tab.disk, number + 1, if keeps { usize::MAX } else { 0 });
            }
            let folded = state(&tab.disk.folded());
            prop_assert_eq!(&state(&tab.disk.opened()), &folded, "after {:?}", step);
        }
        let mut tab = Tab::open(tab.disk, 0, 0);
        let whole = tab.disk.folded();
        let whole = whole.range_after(Bound::Unbounded).map(|(key, record)| (key.clone(), record.clone()));
        prop_assert_eq!(read_piecewise(&mut tab), whole.collect::<Vec<_>>());
        let mut tab = Tab::open(tab.disk, 0, usize::MAX);
        tab.take(EngineInput::Fetch { ticket: 0, wanted: Wanted::All });
        prop_assert_eq!(state(tab.engine.replica()), state(&tab.disk.folded()));
    }
}

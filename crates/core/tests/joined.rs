//! Replicas that the application joins by itself, without a relay: engines over logs in memory and wires between them.
//!
//! Everything that is asked of a disk succeeds at once; a wire carries everything, until it is cut. What fails or comes late
//! is the simulator's matter.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

use std::collections::{BTreeMap, VecDeque};

use eyot_core::engine::{
    Condition, Engine, EngineEffect, EngineInput, FIRST_PEER_LINK, Identity, Link, LinkFailure, SyncState,
    Write,
};
use eyot_core::{Limits, LogEpoch, RecordKey, ReplicaId};
use proptest::prelude::*;

const NOW_MS: u64 = 1_700_000_000_000;

fn key(id: &str) -> RecordKey {
    RecordKey::new("notes", id).unwrap()
}

struct Device {
    engine: Engine,
    // For each connection who is at its other end, and what that one calls it.
    wires: BTreeMap<Link, (usize, Link)>,
    left: Vec<(Link, String)>,
    awaited: Vec<u64>,
    // Chunks are kept, and barriers set, but not answered while the disk is slow.
    slow: Option<Vec<EngineInput>>,
}

struct World {
    devices: Vec<Device>,
    queue: VecDeque<(usize, EngineInput)>,
    last_link: Link,
    messages: usize,
    bytes: usize,
}

impl World {
    fn new(devices: u8) -> Self {
        let device = |letter: u8| {
            let identity = Identity {
                database: "field-notes".parse().unwrap(),
                replica: ReplicaId::letter(letter),
                epoch: LogEpoch(letter.into()),
                tab: ReplicaId::from_bytes([letter; 16]),
                seed: letter.into(),
            };
            let engine = Engine::new(identity, Limits::default());
            let (wires, left, awaited) = (BTreeMap::new(), Vec::new(), Vec::new());
            Device { engine, wires, left, awaited, slow: None }
        };
        let devices = (b'a'..b'a' + devices).map(device).collect();
        Self { devices, queue: VecDeque::new(), last_link: FIRST_PEER_LINK, messages: 0, bytes: 0 }
    }

    /// Joins two devices; the first calls. Returns what each calls the connection.
    fn join(&mut self, one: usize, other: usize) -> (Link, Link) {
        let links = self.plug_in(one, other);
        self.run();
        links
    }

    // Joins without letting anything happen yet.
    fn plug_in(&mut self, one: usize, other: usize) -> (Link, Link) {
        let (ours, theirs) = (self.last_link, self.last_link + 1);
        self.last_link += 2;
        self.devices[one].wires.insert(ours, (other, theirs));
        self.devices[other].wires.insert(theirs, (one, ours));
        self.queue.push_back((other, EngineInput::PeerJoined { link: theirs, calls: false }));
        self.queue.push_back((one, EngineInput::PeerJoined { link: ours, calls: true }));
        (ours, theirs)
    }

    /// The wire is gone, and what was on it.
    fn cut(&mut self, device: usize, link: Link) {
        let Some((other, theirs)) = self.devices[device].wires.remove(&link) else { return };
        self.devices[other].wires.remove(&theirs);
        let is_on_it = |at: usize, input: &EngineInput| matches!(input, EngineInput::LinkReceived(on, _) if (at, *on) == (device, link) || (at, *on) == (other, theirs));
        self.queue.retain(|(at, input)| !is_on_it(*at, input));
        for (at, link) in [(device, link), (other, theirs)] {
            let failure = LinkFailure { code: "connection-lost".to_owned(), message: String::new() };
            self.queue.push_back((at, EngineInput::LinkClosed(link, failure)));
        }
    }

    fn write(&mut self, device: usize, id: &str, content: &str) {
        let write = Write {
            key: key(id),
            context: None,
            content: Some(content.as_bytes().into()),
            references: eyot_core::References::NONE,
        };
        self.queue.push_back((device, EngineInput::Write { ticket: 1, writes: vec![write] }));
    }

    fn delete(&mut self, device: usize, id: &str) {
        let write =
            Write { key: key(id), context: None, content: None, references: eyot_core::References::NONE };
        self.queue.push_back((device, EngineInput::Write { ticket: 1, writes: vec![write] }));
    }

    fn run(&mut self) {
        for steps in 0.. {
            assert!(steps < 1_000_000, "the devices do not come to rest");
            if !self.step() {
                return;
            }
        }
    }

    fn step(&mut self) -> bool {
        let Some((at, input)) = self.queue.pop_front() else { return false };
        for effect in self.devices[at].engine.handle(input, NOW_MS) {
            let device = &mut self.devices[at];
            match effect {
                EngineEffect::Commit { .. } => self.queue.push_back((at, EngineInput::Committed)),
                EngineEffect::Barrier => match &mut device.slow {
                    Some(held) => held.push(EngineInput::BarrierPassed),
                    None => self.queue.push_back((at, EngineInput::BarrierPassed)),
                },
                EngineEffect::StoreChunk { .. } => match &mut device.slow {
                    Some(held) => held.push(EngineInput::ChunkStored),
                    None => self.queue.push_back((at, EngineInput::ChunkStored)),
                },
                EngineEffect::Continue => self.queue.push_back((at, EngineInput::Continue)),
                EngineEffect::Awaited(ticket) => device.awaited.push(ticket),
                EngineEffect::Transmit(link, bytes) => {
                    self.messages += 1;
                    self.bytes += bytes.len();
                    if let Some((other, theirs)) = device.wires.get(&link) {
                        self.queue.push_back((*other, EngineInput::LinkReceived(*theirs, bytes)));
                    }
                }
                EngineEffect::PeerLeft(link, failure) => device.left.push((link, failure.code)),
                EngineEffect::Connect(link) => panic!("nobody asked for the relay of link {link}"),
                EngineEffect::Notice { code, .. } => panic!("{code}"),
                EngineEffect::Rejected { code, .. } => panic!("{code}"),
                _ => {}
            }
        }
        true
    }

    fn shown(&self, device: usize) -> Vec<(String, Vec<String>)> {
        let engine = &self.devices[device].engine;
        let contents = |key: &RecordKey| {
            let versions = engine.record(key.as_str()).unwrap().versions();
            let texts = versions.iter().map(|version| match &version.content {
                Some(content) => String::from_utf8_lossy(content).into_owned(),
                None => "deleted".to_owned(),
            });
            texts.collect()
        };
        engine.collection("notes", None).map(|(key, _)| (key.id().to_owned(), contents(key))).collect()
    }

    fn state(&self, device: usize, link: Link) -> Option<SyncState> {
        self.devices[device].engine.peer_status(link).map(|status| status.state)
    }
}

#[test]
fn two_devices_without_a_relay_give_each_other_what_they_lack() {
    let mut world = World::new(2);
    world.write(0, "n1", "heron");
    world.write(1, "n2", "otter");
    world.write(1, "n1", "grebe");
    world.run();
    let (ours, theirs) = world.join(0, 1);
    assert_eq!(world.shown(0), world.shown(1));
    assert_eq!(world.shown(0)[0].1, ["heron", "grebe"]);
    assert_eq!(world.state(0, ours), Some(SyncState::Live));
    assert_eq!(world.state(1, theirs), Some(SyncState::Live));
    world.write(1, "n3", "kingfisher");
    world.run();
    assert_eq!(world.shown(0).len(), 3);
}

#[test]
fn what_a_joined_device_has_acknowledged_is_saved() {
    let mut world = World::new(2);
    world.write(0, "n1", "heron");
    world.queue.push_back((0, EngineInput::Await { ticket: 7, condition: Condition::Saved }));
    world.run();
    assert!(world.devices[0].awaited.is_empty());
    world.join(1, 0);
    assert_eq!(world.devices[0].awaited, [7]);
    assert_eq!(world.devices[0].engine.sync_status().unsent, 0);
}

#[test]
fn a_ring_of_joined_devices_goes_quiet() {
    let mut world = World::new(4);
    for device in 0..4 {
        world.join(device, (device + 1) % 4);
    }
    for device in 0..4 {
        world.write(device, "n1", &format!("by {device}"));
    }
    world.run();
    let (expected, before) = (world.shown(0), world.messages);
    assert_eq!(expected[0].1.len(), 4);
    assert!((1..4).all(|device| world.shown(device) == expected));
    world.write(2, "n1", "all seen");
    world.run();
    assert_eq!(world.shown(1), world.shown(2));
    assert_eq!(world.shown(0)[0].1, ["all seen"]);
    // Each of four connections carries it at most both ways, each time acknowledged.
    assert!(world.messages - before <= 16, "{} messages for one write", world.messages - before);
}

#[test]
fn meeting_again_costs_the_changes_and_not_the_database() {
    let mut world = World::new(2);
    for note in 0..2_000 {
        world.write(0, &format!("n{note}"), "the same words in every one of these notes");
    }
    world.run();
    let (link, _) = world.join(0, 1);
    assert_eq!(world.shown(1).len(), 2_000);
    world.cut(0, link);
    world.run();
    world.write(1, "n7", "changed");
    world.run();
    let before = world.bytes;
    world.join(1, 0);
    assert_eq!(world.shown(0), world.shown(1));
    assert!(world.bytes - before < 600, "{} bytes for one change", world.bytes - before);
}

#[test]
fn two_large_deltas_that_come_at_once_do_not_push_each_other_out() {
    let mut world = World::new(3);
    for (device, letter) in [(0, "a"), (1, "b")] {
        for note in 0..400 {
            world.write(device, &format!("{letter}{note}"), &"x".repeat(2_000));
        }
    }
    world.run();
    world.devices[2].slow = Some(Vec::new());
    world.join(0, 2);
    world.join(1, 2);
    // The disk answers one chunk after the other, while both peers go on.
    loop {
        let answers = world.devices[2].slow.as_mut().map(std::mem::take).unwrap_or_default();
        if answers.is_empty() {
            break;
        }
        assert_eq!(answers.len(), 1, "one chunk at a time is asked of the disk");
        world.queue.extend(answers.into_iter().map(|answer| (2, answer)));
        world.run();
    }
    assert_eq!(world.shown(2).len(), 800);
    assert!(world.devices.iter().all(|device| device.left.is_empty()));
}

#[test]
fn a_hello_that_comes_before_the_disk_has_answered_is_not_lost() {
    let mut world = World::new(2);
    world.write(0, "n1", "heron");
    world.write(1, "n2", "otter");
    world.run();
    world.devices[1].slow = Some(Vec::new());
    world.join(0, 1);
    let held = world.devices[1].slow.take().unwrap();
    assert!(!held.is_empty(), "the disk is asked before the device says how far it is");
    world.queue.extend(held.into_iter().map(|answer| (1, answer)));
    world.run();
    assert_eq!((world.shown(0).len(), world.shown(1).len()), (2, 2));
}

#[test]
fn the_end_of_a_joined_connection_is_told_with_its_reason() {
    let mut world = World::new(2);
    let (ours, theirs) = world.join(0, 1);
    world.queue.push_back((0, EngineInput::PeerDismissed(ours)));
    world.run();
    assert_eq!(world.devices[0].left, [(ours, "stopped".to_owned())]);
    assert_eq!(world.devices[1].left, [(theirs, "stopped".to_owned())]);
    assert_eq!(world.state(0, ours), None);
    let (ours, theirs) = world.join(0, 1);
    world.cut(0, ours);
    world.run();
    assert_eq!(world.devices[0].left.last(), Some(&(ours, "connection-lost".to_owned())));
    assert_eq!(world.devices[1].left.last(), Some(&(theirs, "connection-lost".to_owned())));
}

#[test]
fn stopping_the_relay_leaves_joined_devices_alone() {
    let mut world = World::new(2);
    let (ours, _) = world.join(0, 1);
    world.queue.push_back((0, EngineInput::Online(false)));
    world.queue.push_back((0, EngineInput::Sync(true)));
    world.queue.push_back((0, EngineInput::Sync(false)));
    world.write(0, "n1", "heron");
    world.run();
    assert_eq!(world.state(0, ours), Some(SyncState::Live));
    assert_eq!(world.shown(1).len(), 1);
}

#[test]
fn a_device_that_is_joined_with_itself_refuses() {
    let mut world = World::new(1);
    let (ours, theirs) = world.join(0, 0);
    let left: Vec<Link> = world.devices[0].left.iter().map(|(link, _)| *link).collect();
    assert!(left.contains(&ours) && left.contains(&theirs), "{:?}", world.devices[0].left);
}

#[derive(Clone, Debug)]
enum Step {
    Write(usize, u8, u8),
    Delete(usize, u8),
    Join(usize, usize),
    Cut(usize),
    Run(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4usize, 0..6u8, 0..3u8).prop_map(|(device, note, size)| Step::Write(device, note, size)),
        1 => (0..4usize, 0..6u8).prop_map(|(device, note)| Step::Delete(device, note)),
        2 => (0..4usize, 0..4usize).prop_map(|(one, other)| Step::Join(one, other)),
        1 => any::<usize>().prop_map(Step::Cut),
        3 => (0..40u8).prop_map(Step::Run),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    /// Law 2: however devices are joined and cut, once they are joined all show the same, and nothing of what stands is lost.
    #[test]
    fn joined_devices_converge(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new(4);
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Write(device, note, size) => {
                    let content = format!("{number} {}", "x".repeat(usize::from(size) * 30_000));
                    world.write(device, &format!("n{note}"), &content);
                }
                Step::Delete(device, note) => world.delete(device, &format!("n{note}")),
                Step::Join(one, other) if one != other => { world.plug_in(one, other); }
                Step::Join(..) => {}
                Step::Cut(which) => {
                    let open: Vec<(usize, Link)> = (0..4)
                        .flat_map(|at| world.devices[at].wires.keys().map(move |link| (at, *link)))
                        .collect();
                    if !open.is_empty() {
                        let (at, link) = open[which % open.len()];
                        world.cut(at, link);
                    }
                }
                Step::Run(steps) => (0..steps).for_each(|_| { world.step(); }),
            }
        }
        world.run();
        for other in 1..4 {
            world.join(0, other);
        }
        world.run();
        let expected = world.shown(0);
        for other in 1..4 {
            prop_assert_eq!(&world.shown(other), &expected);
            prop_assert_eq!(
                world.devices[other].engine.replica().clock().to_vector(),
                world.devices[0].engine.replica().clock().to_vector()
            );
        }
    }
}

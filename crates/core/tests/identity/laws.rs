//! Random copies, set-backs, writes and meetings: nothing that stands anywhere is lost, and all come to hold the same.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use eyot_core::{Dot, Version};

use crate::host::{Device, Disk, Relay, exchange, key, meet};

const IDS: [&str; 3] = ["n0", "n1", "n2"];

#[derive(Clone, Debug)]
enum Step {
    // A device writes what it has seen a record as, with more.
    Write { device: usize, id: usize },
    Meet { device: usize, relay: usize },
    // The disk of a device is kept aside.
    BackUp { device: usize },
    // A device comes back as it was.
    Restore { device: usize, backup: usize },
    // A copy of a device lives on beside it.
    Copy { device: usize },
    Reopen { device: usize },
    // Two relays exchange what they have.
    Exchange,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (device, backup) = (0usize..4, 0usize..6);
    let step = prop_oneof![
        8 => (device.clone(), 0usize..3).prop_map(|(device, id)| Step::Write { device, id }),
        5 => (device.clone(), 0usize..2).prop_map(|(device, relay)| Step::Meet { device, relay }),
        2 => device.clone().prop_map(|device| Step::BackUp { device }),
        2 => (device.clone(), backup).prop_map(|(device, backup)| Step::Restore { device, backup }),
        1 => device.clone().prop_map(|device| Step::Copy { device }),
        1 => device.prop_map(|device| Step::Reopen { device }),
        2 => Just(Step::Exchange),
    ];
    prop::collection::vec(step, 1..40)
}

// Contents name writes; each content knows which contents of its record its writer had seen.
#[derive(Default)]
struct World {
    devices: Vec<(u8, Device)>,
    relays: Vec<Relay>,
    backups: Vec<(u8, Disk)>,
    seen: BTreeMap<String, BTreeSet<String>>,
    // Which contents were written under one dot.
    dots: BTreeMap<Dot, BTreeSet<String>>,
    number: u64,
}

impl World {
    fn new(relays: usize) -> Self {
        let mut world = Self::default();
        for letter in [b'a', b'b'] {
            let device = Device::open(letter, Disk::default(), world.next_number());
            world.devices.push((letter, device));
        }
        world.relays = (b'r'..).take(relays).map(Relay::new).collect();
        world.exchange();
        world
    }

    fn exchange(&mut self) {
        if let [one, two] = self.relays.as_mut_slice() {
            exchange(one, two);
        }
    }

    fn next_number(&mut self) -> u64 {
        self.number += 1_000;
        self.number
    }

    fn act(&mut self, step: &Step) {
        let count = self.devices.len();
        match *step {
            Step::Write { device, id } => {
                let content = format!("w{}", self.seen.len());
                let (_, device) = &mut self.devices[device % count];
                let mut seen: BTreeSet<String> = device.shown(IDS[id]).into_iter().collect();
                for content in seen.clone() {
                    seen.extend(self.seen[&content].iter().cloned());
                }
                device.write(IDS[id], &content);
                let record = device.engine.replica().get(key(IDS[id]).as_str()).unwrap();
                let is_it = |version: &&Version| version.content.as_deref() == Some(content.as_bytes());
                let dot = record.versions().iter().find(is_it).unwrap().dot;
                self.dots.entry(dot).or_default().insert(content.clone());
                self.seen.insert(content, seen);
            }
            Step::Meet { device, relay } => {
                let relay = relay % self.relays.len();
                meet(&mut self.devices[device % count].1, &mut self.relays[relay]);
            }
            Step::BackUp { device } => {
                let (letter, device) = &self.devices[device % count];
                self.backups.push((*letter, device.disk.clone()));
            }
            Step::Restore { device, backup } if !self.backups.is_empty() => {
                let (letter, disk) = self.backups[backup % self.backups.len()].clone();
                let number = self.next_number();
                self.devices[device % count] = (letter, Device::open(letter, disk, number));
            }
            Step::Restore { .. } => {}
            Step::Copy { device } => {
                let (letter, disk) =
                    (self.devices[device % count].0, self.devices[device % count].1.disk.clone());
                let number = self.next_number();
                if count < 5 {
                    self.devices.push((letter, Device::open(letter, disk, number)));
                }
            }
            Step::Exchange => self.exchange(),
            Step::Reopen { device } => {
                let number = self.next_number();
                let (letter, device) = &mut self.devices[device % count];
                *device = Device::open(*letter, device.disk.clone(), number);
            }
        }
    }

    // What stands on any device or relay.
    fn standing(&self, id: &str) -> BTreeSet<String> {
        let devices = self.devices.iter().flat_map(|(_, device)| device.shown(id));
        devices.chain(self.relays.iter().flat_map(|relay| relay.shown(id))).collect()
    }

    fn heal(&mut self) {
        for _ in 0..4 {
            for relay in &mut self.relays {
                for (_, device) in &mut self.devices {
                    meet(device, relay);
                }
            }
            self.exchange();
        }
    }

    // Of writes under one dot, told to relays without news between them, not all are told everywhere, and one that was replaced
    // takes the other with it. With them goes what they have replaced. Over one relay there are none.
    fn untold(&self) -> BTreeSet<String> {
        let doubled =
            self.dots.values().filter(|contents| contents.len() > 1 && self.relays.len() > 1).flatten();
        doubled.flat_map(|content| self.seen[content].iter().chain([content])).cloned().collect()
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        let before: Vec<BTreeSet<String>> = IDS.iter().map(|id| self.standing(id)).collect();
        self.heal();
        let untold = self.untold();
        let told =
            |shown: BTreeSet<String>| -> BTreeSet<String> { shown.difference(&untold).cloned().collect() };
        for (id, before) in IDS.iter().zip(before) {
            let standing = self.standing(id);
            let all = told(standing.clone());
            for (number, (letter, device)) in self.devices.iter().enumerate() {
                let shown = told(device.shown(id).into_iter().collect());
                prop_assert_eq!(&shown, &all, "{} on device {} ({})", id, number, char::from(*letter));
            }
            for relay in &self.relays {
                let shown = told(relay.shown(id).into_iter().collect());
                prop_assert_eq!(&shown, &all, "{} on a relay", id);
            }
            for lost in told(before).difference(&all) {
                let is_replaced = standing.iter().any(|content| self.seen[content].contains(lost));
                prop_assert!(is_replaced, "{} of {} is lost: {:?}", lost, id, all);
            }
        }
        Ok(())
    }

    // A copy that has done nothing else than its original finds out when it does.
    fn check_that_all_go_on(&mut self) -> Result<(), TestCaseError> {
        for device in 0..self.devices.len() {
            self.act(&Step::Write { device, id: device % IDS.len() });
        }
        self.check()?;
        let names: BTreeSet<_> =
            self.devices.iter().map(|(_, device)| device.engine.replica().id()).collect();
        prop_assert_eq!(names.len(), self.devices.len(), "every copy has a name of its own");
        Ok(())
    }
}

fn config() -> ProptestConfig {
    let more = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { more.cases } else { 64 };
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 2_000, ..more }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn copies_and_set_backs_lose_nothing_that_stands_anywhere(steps in steps()) {
        let mut world = World::new(1);
        steps.iter().for_each(|step| world.act(step));
        world.check()?;
        world.check_that_all_go_on()?;
    }

    #[test]
    fn over_two_relays_nothing_is_lost_but_what_two_copies_told_under_one_dot(steps in steps()) {
        let mut world = World::new(2);
        steps.iter().for_each(|step| world.act(step));
        world.check()?;
        world.check_that_all_go_on()?;
    }
}

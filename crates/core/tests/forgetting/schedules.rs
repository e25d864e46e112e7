//! Random histories of a few replicas that write, delete, forget and meet, against the plainest model: a write stands if no
//! other write has replaced it.

use std::collections::{BTreeMap, BTreeSet};

use eyot_core::{Dot, ReplicaId};

use crate::net::Net;

const NAMES: [char; 5] = ['a', 'b', 'c', 'd', 'e'];
const IDS: [&str; 3] = ["x", "y", "z"];

#[derive(Default)]
struct Model {
    // The dot and key of every write that is not a deletion.
    written: BTreeMap<String, &'static str>,
    replaced: BTreeSet<String>,
}

impl Model {
    fn shown(&self) -> String {
        let mut shown = BTreeMap::<&str, Vec<&str>>::new();
        for (dot, id) in self.written.iter().filter(|(dot, _)| !self.replaced.contains(*dot)) {
            shown.entry(id).or_default().push(dot);
        }
        // In the order of dots: counters as numbers.
        let number = |dot: &&str| dot.parse::<Dot>().unwrap();
        let shown = shown.into_iter().map(|(id, mut dots)| {
            dots.sort_by_key(number);
            format!("{id}={}", dots.join("+"))
        });
        shown.collect::<Vec<_>>().join(" ")
    }
}

fn write(net: &mut Net, model: &mut Model, name: char, id: &'static str, content: Option<&str>) {
    if let Some(record) = net.side(name).record(id) {
        model.replaced.extend(record.versions().iter().map(|version| version.dot.to_string()));
    }
    net.write(name, id, content);
    let clock = net.side(name).replica.clock();
    let dot = format!("{name}:{}", clock.get(ReplicaId::letter(name as u8)));
    if content.is_some() {
        model.written.insert(dot, id);
    }
}

fn run(seed: u64, steps: usize) {
    let (mut net, mut model, mut random) = (Net::default(), Model::default(), fastrand::Rng::with_seed(seed));
    net.chunk_bytes = random.bool().then_some(60);
    for _ in 0..steps {
        let name = NAMES[random.usize(..NAMES.len())];
        let other = NAMES[random.usize(..NAMES.len())];
        let id = IDS[random.usize(..IDS.len())];
        match random.u8(..10) {
            0..3 => write(&mut net, &mut model, name, id, Some("1")),
            3..5 if net.side(name).record(id).is_some_and(|record| !record.is_deleted()) => {
                write(&mut net, &mut model, name, id, None);
            }
            5 => _ = net.forget(name),
            6 if name != other => net.connect_anew(name, other),
            7 => net.cut(name, other),
            8 => (0..random.usize(..6)).for_each(|_| _ = net.deliver_one()),
            _ if name != other => _ = net.meet(name, other),
            _ => {}
        }
    }
    // Everybody meets everybody, twice.
    for _ in 0..2 {
        for (at, one) in NAMES.iter().enumerate() {
            NAMES[at + 1..].iter().for_each(|other| _ = net.meet(*one, *other));
        }
    }
    for name in NAMES {
        assert_eq!(net.shown(name), model.shown(), "{name}, seed {seed}");
    }
    net.meet('a', 'e');
    let quiet = net.meet('a', 'e');
    assert!(quiet.messages <= 3 && quiet.searches == 0, "seed {seed}: {quiet:?}");
}

#[test]
fn whatever_is_forgotten_meanwhile_all_come_to_what_the_model_says() {
    let schedules = std::env::var("EYOT_SCHEDULES").ok().and_then(|count| count.parse().ok()).unwrap_or(300);
    (0..schedules).for_each(|seed| run(seed, 60));
}

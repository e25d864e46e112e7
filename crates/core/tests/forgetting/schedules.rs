//! Random histories of a few replicas that write, delete, forget and meet, against the plainest model: a write stands if no
//! other write has replaced it.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use eyot_core::{Dot, ReplicaId};

use crate::net::Net;

const NAMES: [char; 5] = ['a', 'b', 'c', 'd', 'e'];
const IDS: [&str; 3] = ["x", "y", "z"];

#[derive(Clone, Copy, Debug)]
enum Step {
    Write(char, &'static str),
    Delete(char, &'static str),
    Forget(char),
    ForgetUntold(char),
    Connect(char, char),
    Cut(char, char),
    // The next message of one of those who wait, whoever that is.
    Deliver(usize),
    Meet(char, char),
}

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
        let shown = shown.into_iter().map(|(id, mut dots)| {
            dots.sort_by_key(|dot| dot.parse::<Dot>().unwrap());
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

fn steps(random: &mut fastrand::Rng) -> Vec<Step> {
    let mut steps = Vec::new();
    while steps.len() < 120 {
        let name = NAMES[random.usize(..NAMES.len())];
        let other = NAMES[random.usize(..NAMES.len())];
        let id = IDS[random.usize(..IDS.len())];
        // A step without a partner is left out.
        steps.extend(match random.u8(..20) {
            0..3 => Some(Step::Write(name, id)),
            3..5 => Some(Step::Delete(name, id)),
            5 if random.bool() => Some(Step::Forget(name)),
            5 => Some(Step::ForgetUntold(name)),
            6 if name != other => Some(Step::Connect(name, other)),
            7 if random.bool() => Some(Step::Cut(name, other)),
            9 if name != other => Some(Step::Meet(name, other)),
            8 | 10.. => Some(Step::Deliver(random.usize(..20))),
            _ => None,
        });
    }
    steps
}

// Takes the steps, lets everybody meet everybody twice, and says what is not as it should be.
fn run(steps: &[Step], chunk_bytes: Option<usize>) -> Result<(), String> {
    let (mut net, mut model) = (Net::default(), Model::default());
    (net.chunk_bytes, net.credits) = (chunk_bytes, chunk_bytes.map(|_| 1));
    for step in steps {
        match *step {
            Step::Write(name, id) => write(&mut net, &mut model, name, id, Some("1")),
            Step::Delete(name, id) => {
                if net.side(name).record(id).is_some_and(|record| !record.is_deleted()) {
                    write(&mut net, &mut model, name, id, None);
                }
            }
            Step::Forget(name) => _ = net.forget(name),
            Step::ForgetUntold(name) => net.forget_untold(name),
            Step::Connect(name, other) => net.connect_anew(name, other),
            Step::Cut(name, other) => net.cut(name, other),
            Step::Deliver(number) => _ = net.deliver_some(number),
            Step::Meet(name, other) => _ = net.meet(name, other),
        }
    }
    for _ in 0..2 {
        for (at, one) in NAMES.iter().enumerate() {
            NAMES[at + 1..].iter().for_each(|other| _ = net.meet(*one, *other));
        }
    }
    for name in NAMES {
        let (shown, expected) = (net.shown(name), model.shown());
        if shown != expected {
            return Err(format!("{name} shows {shown} and not {expected}"));
        }
    }
    net.meet('a', 'e');
    let quiet = net.meet('a', 'e');
    if quiet.messages > 3 || quiet.searches > 0 { Err(format!("{quiet:?}")) } else { Ok(()) }
}

fn failure(steps: &[Step], chunk_bytes: Option<usize>) -> Option<String> {
    let ran = catch_unwind(AssertUnwindSafe(|| run(steps, chunk_bytes)));
    ran.unwrap_or_else(|_| Err("it panicked".to_owned())).err()
}

// Leaves out whatever the failure does not need.
fn shrink(mut steps: Vec<Step>, chunk_bytes: Option<usize>) -> Vec<Step> {
    let mut at = steps.len();
    while at > 0 {
        at -= 1;
        let mut fewer = steps.clone();
        fewer.remove(at);
        if failure(&fewer, chunk_bytes).is_some() {
            steps = fewer;
            at = at.min(steps.len());
        }
    }
    steps
}

// More, or others, by EYOT_SCHEDULES and EYOT_SEED.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test may be asked for more")]
fn whatever_is_forgotten_meanwhile_all_come_to_what_the_model_says() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("EYOT_SEED").unwrap_or(0);
    for seed in first..first + number("EYOT_SCHEDULES").unwrap_or(300) {
        let mut random = fastrand::Rng::with_seed(seed);
        let (chunk_bytes, steps) = (random.bool().then_some(60), steps(&mut random));
        if failure(&steps, chunk_bytes).is_some() {
            let steps = shrink(steps, chunk_bytes);
            let failure = failure(&steps, chunk_bytes).unwrap();
            panic!("seed {seed}, chunks of {chunk_bytes:?}: {failure}\n{steps:#?}");
        }
    }
}

// b:1 was known to b, e:1, which deleted it, was not. When b hears of it only through a record that was made anew, it must
// take over both, or d, which also has b:1, is not told.
#[test]
fn of_what_is_forgotten_the_known_part_is_handed_on_too() {
    let steps = [
        Step::Write('b', "z"),
        Step::Connect('e', 'a'),
        Step::Connect('d', 'b'),
        Step::Write('c', "z"),
        Step::Meet('e', 'd'),
        Step::Delete('e', "z"),
        Step::Meet('c', 'd'),
        Step::Forget('a'),
        Step::Forget('e'),
    ];
    assert_eq!(run(&steps, None), Ok(()));
}

//! Histories of one record on several replicas, made of what can really happen: writes, with the context of the moment or
//! an older one, and states that go from one replica to another. With the model of what should come of it.

use std::collections::{BTreeMap, BTreeSet};

use eyot_core::{Context, Dot, Hlc, Record, References, ReplicaId};
use proptest::prelude::*;

/// One step of a history. Numbers name things modulo how many there are.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Write { replica: usize, context: Option<usize>, content: Option<u8>, ms: u64 },
    Read { replica: usize },
    Send { from: usize, to: usize },
}

/// Everything that happened.
#[derive(Default, Debug)]
pub(crate) struct History {
    /// Every state that any replica had.
    pub(crate) states: Vec<Record>,
    /// The last state of each replica.
    pub(crate) ends: Vec<Record>,
    /// For every write the writes that its writer had seen.
    pub(crate) pasts: BTreeMap<Dot, BTreeSet<Dot>>,
    /// For every write what its content must name by place in the end.
    pub(crate) references: BTreeMap<Dot, Vec<Dot>>,
}

impl History {
    /// The writes that nobody had seen who wrote.
    pub(crate) fn maximal(&self) -> BTreeSet<Dot> {
        let seen: BTreeSet<Dot> = self.pasts.values().flatten().copied().collect();
        self.pasts.keys().filter(|dot| !seen.contains(dot)).copied().collect()
    }
}

/// The writes that stand in a record.
pub(crate) fn standing(record: &Record) -> BTreeSet<Dot> {
    record.versions().iter().map(|version| version.dot).collect()
}

fn step() -> impl Strategy<Value = Step> {
    let replica = 0usize..4;
    let context = prop_oneof![2 => Just(None), 1 => (0usize..20).prop_map(Some)];
    let content = prop::option::weighted(0.8, any::<u8>());
    prop_oneof![
        3 => (replica.clone(), context, content, 0u64..1_000)
            .prop_map(|(replica, context, content, ms)| Step::Write { replica, context, content, ms }),
        1 => replica.clone().prop_map(|replica| Step::Read { replica }),
        2 => (replica.clone(), replica).prop_map(|(from, to)| Step::Send { from, to }),
    ]
}

/// Histories of four replicas.
pub(crate) fn histories() -> impl Strategy<Value = History> {
    prop::collection::vec(step(), 1..40).prop_map(|steps| play(&steps))
}

fn play(steps: &[Step]) -> History {
    let mut history = History { states: vec![Record::new()], ..History::default() };
    let mut replicas = vec![Record::new(); 4];
    // Contexts that were handed out: where, what, and what whoever has it has seen.
    let mut contexts: Vec<(usize, Context, BTreeSet<Dot>)> = Vec::new();
    let mut counters = [0; 4];
    for step in steps {
        match *step {
            Step::Read { replica } => {
                let seen = with_pasts(&history, &standing(&replicas[replica]));
                contexts.push((replica, replicas[replica].context().clone().into(), seen));
            }
            Step::Send { from, to } => replicas[to] = replicas[to].merge(&replicas[from]),
            Step::Write { replica, context, content, ms } => {
                // Counters are of the whole database, so that those of one record have gaps.
                counters[replica] += 1 + ms % 3;
                let dot = Dot::new(ReplicaId::letter(b'a' + replica as u8), counters[replica]);
                let own: Vec<_> = contexts.iter().filter(|(whose, ..)| *whose == replica).cloned().collect();
                let (context, past) = match context.filter(|_| !own.is_empty()) {
                    Some(which) => {
                        let (_, context, seen) = own[which % own.len()].clone();
                        (context, seen)
                    }
                    None => {
                        let latest = replicas[replica].context().clone().into();
                        (latest, with_pasts(&history, &standing(&replicas[replica])))
                    }
                };
                let content = content.map(|byte| vec![byte; usize::from(byte % 4)].into());
                let (references, expected) = references(&past, dot, ms);
                let expected = if content.is_some() { expected } else { Vec::new() };
                history.references.insert(dot, expected);
                let at = Hlc { ms, count: (ms % 2) as u16 };
                replicas[replica].write_referring(dot, &context, at, content, &References::new(references));
                // Whoever goes on with the context of an own write has seen just that beside it.
                let mut next = context;
                next.add(dot);
                let seen = past.iter().copied().chain([dot]).collect();
                contexts.push((replica, next, seen));
                history.pasts.insert(dot, past);
            }
        }
        history.states.extend(replicas.iter().filter(|state| !state.versions().is_empty()).cloned());
        history.states.dedup();
    }
    history.ends = replicas;
    history
}

// What a writer names of what it has seen, in no order, some of it twice, and one write that it has not seen; and what is to
// become of that.
fn references(past: &BTreeSet<Dot>, own: Dot, number: u64) -> (Vec<Dot>, Vec<Dot>) {
    let unseen = Dot::new(ReplicaId::letter(b'z'), 1);
    let named = past.iter().rev().take(number as usize % 4).flat_map(|dot| [Some(*dot), None]);
    let named: Vec<_> = named.chain(past.first().map(|dot| Some(*dot))).collect();
    let as_name = |other: Dot| named.iter().map(|dot| dot.unwrap_or(other)).collect();
    (as_name(unseen), as_name(own))
}

fn with_pasts(history: &History, dots: &BTreeSet<Dot>) -> BTreeSet<Dot> {
    dots.iter().flat_map(|dot| history.pasts[dot].iter().chain([dot])).copied().collect()
}

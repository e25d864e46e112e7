//! The search for differences: complete, exact, and cheap.
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use eyot_core::reconcile::{FingerprintKey, Range, Reconciliation, Snapshot, read_ranges, write_ranges};
use eyot_core::{Reader, Record, Writer};
use proptest::prelude::{ProptestConfig, prop, proptest};

type Items = BTreeMap<String, u64>;

fn side(items: &Items) -> Reconciliation {
    Reconciliation::new(Snapshot::new(items.iter().map(|(key, print)| (key.as_str().into(), *print))))
}

// Over the wire, so that the bytes are what crosses.
fn sent(ranges: &[Range], bytes: &mut usize) -> Vec<Range> {
    let mut writer = Writer::new();
    write_ranges(&mut writer, ranges);
    let message = writer.into_bytes();
    *bytes += message.len();
    let mut reader = Reader::new(&message);
    let read = read_ranges(&mut reader).unwrap();
    reader.finish().unwrap();
    assert_eq!(read, ranges);
    read
}

struct Outcome {
    bytes: usize,
    messages: usize,
}

// Runs the search, checks that the side that began found exactly the differences, and says what it cost.
fn search(left: &Items, right: &Items) -> Outcome {
    let expected: BTreeSet<&str> = left
        .iter()
        .filter(|(key, print)| right.get(*key) != Some(print))
        .chain(right.iter().filter(|(key, print)| left.get(*key) != Some(print)))
        .map(|(key, _)| key.as_str())
        .collect();
    let (mut one, mut two) = (side(left), side(right));
    let mut outcome = Outcome { bytes: 0, messages: 1 };
    let mut ranges = sent(&one.begin(), &mut outcome.bytes);
    let mut turn = 0;
    while !ranges.is_empty() {
        let answering = if turn % 2 == 0 { &mut two } else { &mut one };
        let answer = answering.answer(&ranges);
        ranges = if answer.is_empty() { answer } else { sent(&answer, &mut outcome.bytes) };
        outcome.messages += usize::from(!ranges.is_empty());
        turn += 1;
        assert!(turn < 100, "the search does not end");
    }
    let found = |side: &Reconciliation| side.differences().map(str::to_owned).collect::<BTreeSet<_>>();
    let expected: BTreeSet<String> = expected.into_iter().map(str::to_owned).collect();
    assert_eq!(found(&one), expected);
    outcome
}

fn many(count: u64, key: impl Fn(u64) -> String) -> Items {
    (0..count).map(|i| (key(i), i.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_side_that_began_finds_exactly_the_differences(
        shared in prop::collection::btree_map("[ab/é]{0,6}", 0u64..9, 0..60),
        left in prop::collection::btree_map("[ab/é]{0,6}", 0u64..9, 0..20),
        right in prop::collection::btree_map("[ab/é]{0,6}", 0u64..9, 0..20),
    ) {
        // Fingerprints are spread over all numbers, as hashes are.
        let spread = |key: &str, state: u64| FingerprintKey(state, 7).of(key, &Record::new());
        let with = |own: &Items| {
            let all: Items = shared.iter().chain(own).map(|(key, state)| (key.clone(), *state)).collect();
            all.into_iter().map(|(key, state)| { let print = spread(&key, state); (key, print) }).collect()
        };
        search(&with(&left), &with(&right));
    }

    #[test]
    fn no_bytes_make_the_reader_of_ranges_panic(bytes in prop::collection::vec(0u8..255, 0..200)) {
        let _ = read_ranges(&mut Reader::new(&bytes));
    }
}

#[test]
fn ten_differences_in_a_hundred_thousand_records_take_few_bytes_and_round_trips() {
    let left = many(100_000, |i| format!("notes/{:016x}", i.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    let mut right = left.clone();
    let changed: Vec<String> = left.keys().step_by(9_973).take(10).cloned().collect();
    for (i, key) in changed.iter().enumerate() {
        match i % 3 {
            0 => drop(right.remove(key)),
            1 => drop(right.insert(key.clone(), 1)),
            _ => drop(right.insert(format!("{key}x"), 2)),
        }
    }
    let outcome = search(&left, &right);
    assert!(outcome.bytes < 15_000, "{} bytes", outcome.bytes);
    assert!(outcome.messages <= 4, "{} messages", outcome.messages);
}

#[test]
fn equal_sets_take_one_message() {
    let items = many(10_000, |i| format!("notes/{i}"));
    let outcome = search(&items, &items);
    assert_eq!(outcome.messages, 1);
    assert!(outcome.bytes < 1_500, "{} bytes", outcome.bytes);
}

#[test]
fn keys_that_share_a_long_beginning_do_not_blow_up_the_ranges() {
    let long = "x".repeat(400);
    let left = many(5_000, |i| format!("notes/{long}{i:06}"));
    let mut right = left.clone();
    right.remove(&format!("notes/{long}002500"));
    let outcome = search(&left, &right);
    assert!(outcome.bytes < 20_000, "{} bytes", outcome.bytes);
    assert!(outcome.messages <= 8, "{} messages", outcome.messages);
}

#[test]
fn a_side_without_records_differs_in_all() {
    let items = many(1_000, |i| format!("notes/{i}"));
    search(&Items::new(), &items);
    let outcome = search(&items, &Items::new());
    // It says that it has nothing, and needs no list of what it lacks: that comes as records.
    assert!(outcome.bytes < 500, "{} bytes", outcome.bytes);
    search(&Items::new(), &Items::new());
}

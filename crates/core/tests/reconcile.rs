//! The search for differences: complete, exact, and cheap.
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use eyot_core::reconcile::{
    self, FingerprintKey, RangeContent, Reconciliation, Snapshot, read_ranges, write_ranges,
};
use eyot_core::{DecodeError, Reader, Record, Writer};
use proptest::prelude::{ProptestConfig, prop, proptest};

type Items = BTreeMap<String, u64>;

fn side(items: &Items) -> Reconciliation {
    Reconciliation::new(Snapshot::new(items.iter().map(|(key, print)| (key.as_str().into(), *print))))
}

// Over the wire, so that the bytes are what crosses.
fn sent(ranges: &[reconcile::Range], outcome: &mut Outcome) -> Vec<reconcile::Range> {
    let mut writer = Writer::new();
    write_ranges(&mut writer, ranges);
    let message = writer.into_bytes();
    outcome.bytes += message.len();
    outcome.largest_bytes = outcome.largest_bytes.max(message.len());
    outcome.messages += 1;
    let mut reader = Reader::new(&message);
    let read = read_ranges(&mut reader).unwrap();
    reader.finish().unwrap();
    assert_eq!(read, ranges);
    read
}

#[derive(Debug)]
struct Outcome {
    bytes: usize,
    largest_bytes: usize,
    messages: usize,
}

// Runs the search to its end.
fn talk(one: &mut Reconciliation, two: &mut Reconciliation) -> Outcome {
    let mut outcome = Outcome { bytes: 0, largest_bytes: 0, messages: 0 };
    let mut ranges = sent(&one.begin(), &mut outcome);
    while !ranges.is_empty() {
        let answering = if outcome.messages % 2 == 1 { &mut *two } else { &mut *one };
        let answer = answering.answer(&ranges).unwrap();
        ranges = if answer.is_empty() { answer } else { sent(&answer, &mut outcome) };
        assert!(outcome.messages < 2_000, "the search does not end");
    }
    outcome
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
    let outcome = talk(&mut one, &mut two);
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

// Two sides that differ in every so many of these keys: what one side has in another state, and what it has not.
fn sides(keys: &BTreeSet<String>, every: u64) -> (Items, Items) {
    let left: Items = (1..).zip(keys).map(|(i, key)| (key.clone(), spread(i))).collect();
    let differs = |place: u64| place % every == every / 2;
    let right = (0..).zip(&left).filter(|(place, _)| !differs(*place) || (place / every).is_multiple_of(2));
    let right = right.map(|(place, (key, print))| (key.clone(), print ^ u64::from(differs(place))));
    (left.clone(), right.collect())
}

fn spread(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[test]
fn no_keys_blow_up_the_ranges_of_a_search() {
    let long = "x".repeat(560);
    let last = (0x100..0xffff).filter_map(char::from_u32);
    let nested = |i: u64| format!("n/{}{i:03}", "x".repeat(i as usize % 570));
    let shapes: [(&str, BTreeSet<String>); 4] = [
        ("a long common beginning", (0..4_000).map(|i| format!("n/{long}{i:06}")).collect()),
        (
            "equal but for the last character",
            last.take(4_000).map(|last| format!("n/{long}{last}")).collect(),
        ),
        ("each the beginning of others", (0..999).map(nested).collect()),
        ("counted", (0..9_000).map(|i| format!("n/{i}")).collect()),
    ];
    for (name, keys) in shapes {
        for every in [1, 3, 20, 1_000] {
            let (left, right) = sides(&keys, every);
            let keys_bytes: usize = left.keys().chain(right.keys()).map(|key| key.len() + 16).sum();
            for (left, right) in [(&left, &right), (&right, &left)] {
                let outcome = search(left, right);
                let shown = format!("{name}, every {every}: {outcome:?}");
                assert!(outcome.largest_bytes < 300 << 10, "{shown}");
                assert!(outcome.bytes < 30_000 + 2 * keys_bytes, "{shown}");
                assert!(outcome.messages < 16 + 4 * keys_bytes / (256 << 10), "{shown}");
            }
        }
    }
}

#[test]
fn a_million_keys_in_one_gap_are_searched_in_a_few_turns() {
    // All but ten keys stand between two neighbours of the others.
    let items = |numbers: Range<u64>, but: u64| {
        let far =
            |letter: char| (0..5).map(move |i| format!("n/{}", String::from(letter).repeat(1 + i)).into());
        let near = numbers.filter(move |i| *i != but).map(|i| format!("n/m{i:07}").into());
        far('a').chain(near).chain(far('z')).map(|key: Box<str>| {
            let print = FingerprintKey(5, 7).of(&key, &Record::new());
            (key, print)
        })
    };
    let (all, none) = (Snapshot::new(items(0..1_000_000, 1_000_000)), Snapshot::new(items(0..0, 0)));
    let all_but_one = Snapshot::new(items(0..1_000_000, 500_000));
    for (left, right) in [(&all, &all_but_one), (&all_but_one, &all)] {
        let (mut one, mut two) = (Reconciliation::new(left.clone()), Reconciliation::new(right.clone()));
        let outcome = talk(&mut one, &mut two);
        assert!(outcome.messages <= 6 && outcome.bytes < 5_000, "{outcome:?}");
        assert_eq!(one.differences().collect::<Vec<_>>(), ["n/m0500000"]);
    }
    // Who lacks them all says so at once, and need not be told their names.
    let (mut one, mut two) = (Reconciliation::new(all), Reconciliation::new(none));
    let outcome = talk(&mut one, &mut two);
    assert!(outcome.messages <= 4 && outcome.bytes < 5_000, "{outcome:?}");
    assert_eq!(one.differences().count(), 1_000_000);
}

#[test]
fn fingerprints_that_share_most_of_their_bits_are_told_apart() {
    for mask in [0xff, 0xffff_ffff, 0xff << 56, 1 << 63] {
        let left: Items = (0..5_000).map(|i| (format!("n/{i}"), spread(i) & !mask)).collect();
        let mut right = left.clone();
        for (i, print) in (0..).zip(right.values_mut()) {
            *print ^= if i % 500 == 7 { spread(i) & mask | mask & mask.wrapping_neg() } else { 0 };
        }
        let outcome = search(&left, &right);
        assert!(outcome.messages <= 6 && outcome.bytes < 30_000, "{outcome:?}");
    }
}

fn list(end: Option<&str>, keys: impl Iterator<Item = String>) -> reconcile::Range {
    let items = keys.map(|key| (key.into(), 1)).collect();
    reconcile::Range { end: end.map(Into::into), content: RangeContent::Items(items) }
}

#[test]
fn what_was_compared_is_not_compared_again() {
    let mut one = side(&many(1_000, |i| format!("n/{i:04}")));
    one.begin();
    let lists = [list(Some("n/0500"), std::iter::empty()), list(None, std::iter::empty())];
    assert_eq!(one.answer(&lists), Ok(Vec::new()));
    assert_eq!(one.answer(&lists).map_err(DecodeError::code), Err("invalid-bytes"));
}

#[test]
fn a_search_holds_no_more_than_it_may_however_much_is_claimed() {
    let mut one = side(&many(5, |i| format!("z/{i}")));
    one.begin();
    let open = reconcile::Range { end: None, content: RangeContent::Fingerprint(1, 1) };
    let mut turns = 0u32;
    let error = loop {
        let keys = (0..1_500).map(|i| format!("n/{turns:04}{i:04}{}", "x".repeat(550)));
        match one.answer(&[list(Some(&format!("n/{turns:04}z")), keys), open.clone()]) {
            Ok(answer) => assert!(answer.len() <= 2),
            Err(error) => break error,
        }
        turns += 1;
    };
    assert_eq!(error.code(), "too-large");
    assert!((50..100).contains(&turns), "{turns}");
}

#[test]
fn what_is_put_off_does_not_grow_from_turn_to_turn() {
    let mut two = side(&many(20_000, |i| format!("n/{i:05}{}", "x".repeat(500))));
    let end = |i: usize| {
        (i < 40_000).then(|| format!("n/{:05}{}", i / 2, if i.is_multiple_of(2) { "" } else { "y" }).into())
    };
    // Every other range is right: it holds nothing.
    let print = |i: usize| RangeContent::Fingerprint((i % 2) as u64, (i % 2) as u64);
    let ranges: Vec<reconcile::Range> =
        (0..=40_000).map(|i| reconcile::Range { end: end(i), content: print(i) }).collect();
    let mut outcome = Outcome { bytes: 0, largest_bytes: 0, messages: 0 };
    let answer = sent(&two.answer(&ranges).unwrap(), &mut outcome);
    assert_eq!(answer.last().map(|range| &range.end), Some(&None));
    let full_bytes: usize =
        answer.iter().map(|range| 16 + range.end.as_ref().map_or(0, |end| end.len())).sum();
    assert!(full_bytes < 600 << 10, "{full_bytes}");
}

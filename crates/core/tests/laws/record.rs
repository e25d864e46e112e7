//! Laws 1, 2 and 4 of one record.

use std::collections::BTreeSet;

use eyot_core::{Context, Dot, Hlc, Limits, Record, siblings, witnesses};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::history::{histories, standing};

proptest! {
    #[test]
    fn law_1_merge_is_commutative_associative_idempotent_and_its_encoding_canonical(
        history in histories(), a: Index, b: Index, c: Index,
    ) {
        let [a, b, c] = [a, b, c].map(|index| index.get(&history.states));
        prop_assert_eq!(a.merge(a), a.clone());
        prop_assert_eq!(a.merge(b), b.merge(a));
        prop_assert_eq!(a.merge(b).merge(c), a.merge(&b.merge(c)));
        prop_assert_eq!(a.merge(b).merge(c).to_bytes(), c.merge(&b.merge(a)).to_bytes());
        // A state that is taken in again changes nothing.
        prop_assert_eq!(a.merge(b).merge(a), a.merge(b));
    }

    #[test]
    fn law_2_and_4_any_order_and_duplication_leads_to_the_maximal_writes(
        history in histories(), detours in prop::collection::vec(any::<Index>(), 0..30), order: u64,
    ) {
        // The last states of all, in any order, with whatever else came and came again.
        let mut arriving: Vec<&Record> = detours.iter().map(|index| index.get(&history.states)).collect();
        arriving.extend(&history.ends);
        let len = arriving.len();
        for place in 0..len {
            arriving.swap(place, (order as usize).wrapping_mul(place + 7) % len);
        }
        let merged = arriving.iter().fold(Record::new(), |merged, state| merged.merge(state));
        prop_assert_eq!(standing(&merged), history.maximal());
        prop_assert_eq!(arriving.iter().rev().fold(Record::new(), |merged, state| state.merge(&merged)), merged);
    }

    #[test]
    fn law_2_in_every_state_stand_the_writes_that_no_other_of_it_had_seen(history in histories()) {
        for state in &history.states {
            let known: Vec<Dot> = history.pasts.keys().copied().filter(|dot| state.context().covers(*dot)).collect();
            let seen: BTreeSet<Dot> = known.iter().flat_map(|dot| &history.pasts[dot]).copied().collect();
            let expected: BTreeSet<Dot> = known.into_iter().filter(|dot| !seen.contains(dot)).collect();
            prop_assert_eq!(standing(state), expected);
        }
    }

    #[test]
    fn law_7_a_version_bears_just_the_past_that_its_writer_had_seen(history in histories()) {
        for version in history.states.iter().flat_map(Record::versions) {
            let past: BTreeSet<Dot> =
                history.pasts.keys().copied().filter(|dot| version.past.covers(*dot)).collect();
            prop_assert_eq!(&past, &history.pasts[&version.dot], "the past of {}", version.dot);
        }
    }
}

proptest! {
    #[test]
    fn a_version_refers_to_just_what_its_writer_has_named_of_what_it_had_seen(history in histories()) {
        for version in history.states.iter().flat_map(Record::versions) {
            prop_assert_eq!(version.references.as_slice(), &history.references[&version.dot], "{}", version.dot);
        }
    }

    #[test]
    fn whoever_has_seen_a_reference_is_told_and_nobody_else(history in histories(), state: Index) {
        let record = state.get(&history.states);
        let shown = siblings(record);
        let dots: Vec<Dot> = shown.iter().flat_map(|sibling| sibling.dots.clone()).collect();
        let told = witnesses(record, &shown).unwrap();
        for (sibling, told) in shown.iter().zip(told) {
            for (reference, told) in sibling.references.as_slice().iter().zip(told) {
                let has_seen = |place: &usize| history.pasts[&dots[*place]].contains(reference);
                let expected: Vec<usize> = (0..dots.len()).filter(has_seen).collect();
                prop_assert_eq!(told, expected, "{} of {:?}", reference, sibling.dots);
            }
        }
    }
}

#[test]
fn a_context_that_claims_what_is_not_here_is_cut_so_that_the_record_can_be_read_again() {
    let mut record = Record::new();
    let context: Context = "b:9 +c:4".parse().unwrap();
    record.write("a:1".parse().unwrap(), &context, Hlc::from_ms(1), None);
    assert_eq!(record.versions()[0].past, Context::new());
    assert_eq!(Record::from_bytes(&record.to_bytes(), &Limits::default()), Ok(record));
}

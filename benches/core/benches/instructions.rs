//! What the core costs in instructions, counted by valgrind: the same number every time, so that two versions of the code
//! can be compared without noise. The inputs are made outside of what is counted.

#![expect(missing_docs, reason = "the macros make modules without any")]

use std::hint::black_box;

use eyot_bench::{Commits, Deltas, Entries, Merges, Searches, Syncs, entries};
use eyot_core::segment::Segment;
use eyot_core::{Merged, Record};
use gungraun::{library_benchmark, library_benchmark_group, main};

const FEW: usize = 1_000;
const MANY: usize = 10_000;

#[library_benchmark]
#[bench::newer(Merges::newer(FEW))]
#[bench::concurrent(Merges::concurrent(FEW))]
#[bench::known(Merges::known(FEW))]
fn merge_1_000(merges: Merges) -> Vec<(Record, Merged)> {
    black_box(eyot_bench::merge(black_box(merges)))
}

#[library_benchmark]
#[bench::records(entries(FEW, b'a'))]
fn encode_1_000(entries: Entries) -> (Vec<Vec<u8>>, Entries) {
    (black_box(eyot_bench::encode(black_box(&entries))), entries)
}

fn values() -> Vec<Vec<u8>> {
    eyot_bench::encode(&entries(FEW, b'a'))
}

#[library_benchmark]
#[bench::records(values())]
fn decode_1_000(values: Vec<Vec<u8>>) -> (Vec<Segment>, Vec<Vec<u8>>) {
    (black_box(eyot_bench::decode(black_box(&values))), values)
}

fn segments() -> Vec<Segment> {
    eyot_bench::decode(&eyot_bench::encode(&entries(MANY, b'a')))
}

#[library_benchmark]
#[bench::records(segments())]
fn fold_10_000(segments: Vec<Segment>) -> eyot_core::Replica {
    black_box(eyot_bench::fold(black_box(segments)))
}

#[library_benchmark]
#[bench::changed_100(Deltas::of(MANY, 100))]
fn delta_in_10_000(deltas: Deltas) -> (usize, Deltas) {
    (black_box(eyot_bench::delta(black_box(&deltas))), deltas)
}

#[library_benchmark]
#[bench::different_10(Searches::of(MANY, 10))]
fn search_in_10_000(searches: Searches) -> (usize, Searches) {
    (black_box(eyot_bench::search(black_box(&searches))), searches)
}

#[library_benchmark]
#[bench::writes_100(Commits::of(MANY, 100))]
fn commit_one_by_one_on_10_000(commits: Commits) -> Commits {
    black_box(eyot_bench::commit_one_by_one(black_box(commits)))
}

#[library_benchmark]
#[bench::new(Commits::of(0, MANY))]
#[bench::again(Commits::again(MANY))]
fn commit_10_000_at_once(commits: Commits) -> Commits {
    black_box(eyot_bench::commit_at_once(black_box(commits)))
}

#[library_benchmark]
#[bench::full(Syncs::full(MANY))]
fn sync_10_000(syncs: Syncs) -> Syncs {
    black_box(eyot_bench::sync(black_box(syncs)))
}

#[library_benchmark]
#[bench::conflicts(Syncs::conflicts(FEW))]
fn sync_1_000(syncs: Syncs) -> Syncs {
    black_box(eyot_bench::sync(black_box(syncs)))
}

library_benchmark_group!(
    name = core,
    benchmarks = [
        merge_1_000,
        encode_1_000,
        decode_1_000,
        fold_10_000,
        delta_in_10_000,
        search_in_10_000,
        commit_one_by_one_on_10_000,
        commit_10_000_at_once,
        sync_10_000,
        sync_1_000
    ]
);
main!(library_benchmark_groups = core);

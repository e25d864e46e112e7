//! What the core costs in time. The machine's noise is in it: the instructions beside it have none.

use divan::Bencher;
use eyot_bench::{Commits, Deltas, Merges, Searches, Syncs, entries};

const FEW: usize = 1_000;
const MANY: usize = 10_000;

fn main() {
    divan::main();
}

#[divan::bench]
fn merge_1_000_newer(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| Merges::newer(FEW)).bench_values(eyot_bench::merge);
}

#[divan::bench]
fn merge_1_000_concurrent(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| Merges::concurrent(FEW)).bench_values(eyot_bench::merge);
}

#[divan::bench]
fn merge_1_000_known(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| Merges::known(FEW)).bench_values(eyot_bench::merge);
}

#[divan::bench]
fn encode_1_000(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| entries(FEW, b'a')).bench_refs(|entries| eyot_bench::encode(entries));
}

#[divan::bench]
fn decode_1_000(bencher: Bencher<'_, '_>) {
    let values = || eyot_bench::encode(&entries(FEW, b'a'));
    bencher.with_inputs(values).bench_refs(|values| eyot_bench::decode(values));
}

#[divan::bench]
fn fold_10_000(bencher: Bencher<'_, '_>) {
    let segments = || eyot_bench::decode(&eyot_bench::encode(&entries(MANY, b'a')));
    bencher.with_inputs(segments).bench_values(eyot_bench::fold);
}

#[divan::bench]
fn delta_of_100_in_10_000(bencher: Bencher<'_, '_>) {
    let deltas = Deltas::of(MANY, 100);
    bencher.bench_local(|| eyot_bench::delta(&deltas));
}

#[divan::bench]
fn search_10_in_10_000(bencher: Bencher<'_, '_>) {
    let searches = Searches::of(MANY, 10);
    bencher.bench_local(|| eyot_bench::search(&searches));
}

#[divan::bench]
fn commit_100_one_by_one_on_10_000(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| Commits::of(MANY, 100)).bench_values(eyot_bench::commit_one_by_one);
}

#[divan::bench]
fn commit_10_000_at_once(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| Commits::of(0, MANY)).bench_values(eyot_bench::commit_at_once);
}

#[divan::bench]
fn commit_10_000_at_once_again(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| Commits::again(MANY)).bench_values(eyot_bench::commit_at_once);
}

#[divan::bench]
fn sync_10_000(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| Syncs::full(MANY)).bench_values(eyot_bench::sync);
}

#[divan::bench]
fn sync_1_000_conflicts(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| Syncs::conflicts(FEW)).bench_values(eyot_bench::sync);
}

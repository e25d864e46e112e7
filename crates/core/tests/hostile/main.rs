//! What the fuzzer asks, asked without it: of every golden vector, and of everything that broke something once.
//!
//! The checks are those of `fuzz/`, which makes up inputs by itself and takes long; this takes a moment. A fixture is a
//! file in `fuzz/fixtures/` whose name and first lines say what it broke.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]
#![allow(clippy::disallowed_methods, reason = "the vectors and the fixtures are files")]
#![allow(clippy::disallowed_macros, reason = "the figures are shown to whom asks for them")]
#![allow(unreachable_pub, dead_code, reason = "the checks are a library elsewhere")]

#[path = "../../../../fuzz/src/checks/mod.rs"]
mod checks;
mod memory;
#[path = "../../../../fuzz/src/seeds.rs"]
mod seeds;

use std::panic::catch_unwind;
use std::path::PathBuf;

use seeds::{Seed, TARGETS, from_fixtures, from_vectors};

fn folder(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../..", name].iter().collect()
}

fn check((target, bytes): &Seed) {
    match *target {
        "wire" => checks::wire::check(bytes),
        "storage" => checks::storage::check(bytes),
        "session" => checks::session::check(bytes),
        "engine" => checks::engine::check(bytes),
        "text" => checks::text::check(bytes),
        other => panic!("{other} is no target"),
    }
}

#[test]
fn what_broke_something_once_breaks_nothing_now() {
    let fixtures = from_fixtures(&folder("fuzz/fixtures")).unwrap();
    assert!(!fixtures.is_empty());
    for (seed, path) in fixtures {
        assert!(!seed.1.is_empty(), "{}", path.display());
        assert!(catch_unwind(|| check(&seed)).is_ok(), "{} breaks it again", path.display());
    }
}

#[test]
fn every_golden_vector_keeps_what_is_asked_of_anything() {
    let seeds = from_vectors(&folder("tests/vectors")).unwrap();
    for target in TARGETS {
        let mut checked = 0;
        for seed in seeds.iter().filter(|(of, _)| *of == target) {
            let (_, bytes) = seed;
            assert!(catch_unwind(|| check(seed)).is_ok(), "{target} breaks with {}", seeds::hex(bytes));
            // What is cut off somewhere is as good as any other input.
            if matches!(target, "wire" | "storage") {
                let ends = (0..bytes.len()).step_by(bytes.len() / 10 + 1);
                ends.for_each(|end| check(&(target, bytes[..end].to_vec())));
            }
            checked += 1;
        }
        assert!(checked > 50, "{target} has {checked} seeds");
    }
}

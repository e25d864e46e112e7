//! What the fuzzer asks of everything that reads what it did not write itself.
//!
//! The checks are plain functions of bytes. The programs in `fuzz_targets/` hand them what the fuzzer makes up; a stable
//! test of `crates/core` hands them every fixture and every golden vector, so that they hold without the fuzzer too.

pub mod checks;
pub mod schedule;
pub mod seeds;

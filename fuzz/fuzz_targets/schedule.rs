//! Fuzzes the check of `schedule`. Must not know what it checks.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| eyot_fuzz::schedule::check(bytes));

//! Fuzzes the checks of `session`. Must not know what they check.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| eyot_fuzz::checks::session::check(bytes));

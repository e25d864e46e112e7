//! Fuzzes the checks of `text`. Must not know what they check.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| eyot_fuzz::checks::text::check(bytes));

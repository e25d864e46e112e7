//! A script: what happens one after another, as bytes that a fuzzer can change without breaking all that follows.
//!
//! Steps stand between marks of two bytes; the first byte of a step says what happens, the rest is what it happens with.

use eyot_core::message::{Delta, DeltaClock, Message};
use eyot_core::{Limits, Seq, VersionVector, read_block};

use super::wire::whole;

/// Stands between two steps.
pub const MARK: [u8; 2] = [0xff, 0xf0];

/// How many steps of a script are taken: the length of a run is bounded.
const MOST_STEPS: usize = 200;

/// The steps of a script: the kind of each, and its bytes.
pub fn steps(script: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = Some(script);
    let parts = std::iter::from_fn(move || {
        let bytes = rest?;
        let end = bytes.windows(MARK.len()).position(|window| window == MARK);
        rest = end.and_then(|end| bytes.get(end + MARK.len()..));
        bytes.get(..end.unwrap_or(bytes.len()))
    });
    parts.take(MOST_STEPS).filter_map(|part| part.split_first().map(|(kind, bytes)| (*kind, bytes)))
}

/// Puts steps together.
pub fn script<'a>(steps: impl IntoIterator<Item = (u8, &'a [u8])>) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = steps.into_iter().map(|(kind, bytes)| [&[kind], bytes].concat()).collect();
    parts.join(&MARK[..])
}

/// A delta that goes on where the receiver stands. The first byte says how far it goes and whether it is complete; the
/// rest is its block, and the clock of a complete one accounts for what that claims. A fuzzer would not find such a clock
/// by chance.
pub fn delta(from: Seq, bytes: &[u8]) -> Vec<u8> {
    let (flags, block) = bytes.split_first().map_or((1, bytes), |(flags, block)| (*flags, block));
    let mut clock = VersionVector::new();
    let entries = whole(block, |reader| read_block(reader, &Limits::default())).unwrap_or_default();
    entries.iter().for_each(|(_, record)| clock.join(record.context()));
    let up_to = Seq(from.0.saturating_add(u64::from(flags >> 1)));
    let clock = (flags & 1 == 1).then(|| DeltaClock { changed: clock, ..DeltaClock::default() });
    Message::Delta(Delta { from, up_to, clock, block: block.to_vec() }).to_bytes()
}

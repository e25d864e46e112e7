//! A script: what happens one after another, as bytes that a fuzzer can change without breaking all that follows.
//!
//! Steps stand between marks of two bytes; the first byte of a step says what happens, the rest is what it happens with.

use eyot_core::message::{Delta, DeltaClock, Hello, Message, Resume};
use eyot_core::{
    ChainEnd, Cursor, Dot, Limits, LinkedVector, LogEpoch, LogPlace, Replica, ReplicaId, Seen, Seq,
    VersionVector, read_block,
};

use super::DATABASE;
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

/// A delta that goes on where the receiver stands. The first byte says whether it is complete (1), how far it goes (`3e`),
/// whether it tells of what is forgotten (`40`) and ends a search (`80`); the rest is its block. The clock of a complete one
/// accounts for what the block claims, with links, that of the sender's log among them, where it goes an odd way. A fuzzer would not find such a clock by chance.
pub fn delta(from: Seq, bytes: &[u8]) -> Vec<u8> {
    let (flags, block) = bytes.split_first().map_or((1, bytes), |(flags, block)| (*flags, block));
    let mut clock = VersionVector::new();
    let entries = whole(block, |reader| read_block(reader, &Limits::default())).unwrap_or_default();
    entries.iter().for_each(|(_, record)| clock.join(record.context()));
    let way = flags >> 1 & 0x1f;
    let forgotten = if flags & 0x40 == 0 { VersionVector::new() } else { clock.clone() };
    let changed: LinkedVector =
        if way % 2 == 1 { clock.iter().map(with_link).collect() } else { clock.clone().into() };
    let link = if way % 2 == 1 { way.into() } else { 0 };
    let ended = DeltaClock { link, changed, forgotten, searched: flags & 0x80 != 0 };
    let clock = (flags & 1 == 1).then_some(ended);
    let up_to = Seq(from.0.saturating_add(way.into()));
    Message::Delta(Delta { from, up_to, clock, block: block.to_vec() }).to_bytes()
}

fn with_link(dot: Dot) -> (Dot, u32) {
    (dot, dot.counter as u32)
}

/// A hello whose bytes say, one after another: who it is, the epoch, the head and the floor of its log, the link there, what
/// it has seen of the one that is attacked (the link where it was in its log: none, the right one at the end, or another; the
/// position, the counter, and its link likewise), whether its clock is the same, and where it goes on. What is missing is
/// zero.
pub fn hello(bytes: &[u8], attacked: &Replica) -> Vec<u8> {
    let byte = |place: usize| bytes.get(place).copied().unwrap_or(0);
    let number = |place: usize| u64::from(byte(place));
    let end = |counter: u64, link: u32| ChainEnd { counter, link: if counter > 0 { link } else { 0 } };
    let own = attacked.chain_end();
    let link = [0, own.link, 7][usize::from(byte(8) % 3)];
    let counter = if byte(8) % 3 == 1 { own.counter } else { number(7) };
    let cursor = Cursor { epoch: attacked.epoch(), seq: Seq(number(11).min(attacked.head().0)) };
    let place = [0, attacked.link(), 7][usize::from(byte(5) % 3)];
    let log = LogPlace { seq: Seq(number(6)), link: place };
    let resume = match byte(10) % 3 {
        0 => None,
        1 => Some(Resume::Clock { clock: known(attacked, byte(11)), staged: Seq::ZERO, nonce: number(11) }),
        _ => Some(Resume::Cursor { epoch: cursor.epoch, seq: cursor.seq, staged: cursor.seq }),
    };
    let digest = attacked.clock().digest();
    Message::Hello(Hello {
        database: DATABASE.parse().expect("the name of the vectors' database is one"),
        replica: ReplicaId::letter(b'r' + byte(0) % 4),
        epoch: LogEpoch(7 + number(1)),
        head: Seq(number(2)),
        link: number(4) as u32,
        floor: Seq(number(3)),
        digest: if byte(9) % 2 == 1 { digest } else { digest.wrapping_add(1) },
        credits: 16,
        decompresses: byte(9) % 4 >= 2,
        seen: Seen { log, end: end(counter, link) },
        resume,
    })
    .to_bytes()
}

// All that the attacked one knows, or a part of it.
fn known(attacked: &Replica, part: u8) -> VersionVector {
    let all = attacked.clock().to_vector();
    all.iter().enumerate().filter(|(place, _)| part >> (place % 8) & 1 == 0).map(|(_, dot)| dot).collect()
}

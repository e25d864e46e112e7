//! Finds four records whose fingerprints collide under the key 0, 0: what somebody could prepare if searches had no key
//! of their own. `cargo run --release -p eyot-sim --example colliding_records`; it takes some seconds and 300 MB.
//!
//! By the birthday attack on four lists (Wagner, 2002): pairs that agree in the low bits, and two pairs that agree in all.
//! The first two fingerprints together are as much as the other two, so a range with the first two records and one with
//! the others have the same sum and the same count.

use eyot_core::reconcile::FingerprintKey;
use eyot_core::{Context, Dot, Hlc, Record, ReplicaId};

const LENGTH: usize = 1 << 22;
const LOW_BITS: u64 = LENGTH as u64 - 1;
/// When the worlds of the simulator begin, in milliseconds since 1970: the attacker's clock stands there.
const BEGIN_MS: u64 = 1_700_000_000_000;
/// The writes of the four records: the letter that their keys begin with, the counter, and the count of the time.
const WRITES: [(char, u64, u16); 4] = [('a', 1, 0), ('b', 2, 0), ('c', 5, 2), ('d', 6, 2)];

struct Pair {
    sum: u64,
    one: usize,
    two: usize,
}

fn fingerprint((letter, counter, count): (char, u64, u16), id: usize) -> u64 {
    let mut record = Record::new();
    let dot = Dot::new(ReplicaId::letter(b'a'), counter);
    record.write(dot, &Context::new(), Hlc { ms: BEGIN_MS, count }, Some(b"0".as_slice().into()));
    FingerprintKey(0, 0).of(&format!("notes/{letter}{id:06x}"), &record)
}

fn list(write: (char, u64, u16), sign: u64) -> Vec<(u64, usize)> {
    (0..LENGTH).map(|id| (fingerprint(write, id).wrapping_mul(sign), id)).collect()
}

// The pairs whose sums have no low bits.
fn pairs(one: &[(u64, usize)], mut two: Vec<(u64, usize)>) -> Vec<Pair> {
    two.sort_unstable_by_key(|(sum, _)| sum & LOW_BITS);
    let mut pairs = Vec::new();
    for (first, one) in one {
        let wanted = first.wrapping_neg() & LOW_BITS;
        let from = two.partition_point(|(sum, _)| sum & LOW_BITS < wanted);
        let fitting = two.iter().skip(from).take_while(|(sum, _)| sum & LOW_BITS == wanted);
        pairs.extend(fitting.map(|(second, two)| Pair {
            sum: first.wrapping_add(*second),
            one: *one,
            two: *two,
        }));
    }
    pairs
}

fn main() {
    const MINUS: u64 = u64::MAX;
    let [a, b, c, d] = WRITES;
    // A sum of one of the first two and one of the others, each time: fa - fc, and fd - fb.
    let mut left = pairs(&list(a, 1), list(c, MINUS));
    left.sort_unstable_by_key(|pair| pair.sum);
    for right in pairs(&list(d, 1), list(b, MINUS)) {
        if let Ok(place) = left.binary_search_by_key(&right.sum, |pair| pair.sum)
            && let Some(found) = left.get(place)
        {
            println!("a{:06x} b{:06x} c{:06x} d{:06x}", found.one, right.two, found.two, right.one);
        }
    }
}

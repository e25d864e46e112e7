//! Fingerprints of records: what two sides compare instead of the records themselves.
//!
//! Knows nothing of how they are compared.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use crate::dot::Dot;
use crate::guard::{Guard, holds};
use crate::record::Record;

/// The key of the fingerprints of one conversation. Each side gives half of it, so that nobody can prepare records that
/// have the same fingerprint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FingerprintKey(pub u64, pub u64);

impl FingerprintKey {
    /// The fingerprint of a record's state. Dots and times stand for the contents: one dot never denotes two, and should
    /// it all the same, in two copies of one replica, the times differ.
    pub fn of(self, key: &str, record: &Record) -> u64 {
        let Self(asker, leader) = if holds(Guard::FingerprintKey) { self } else { Self(0, 0) };
        let mut hasher = SipHasher24::new_with_keys(asker, leader);
        hasher.write(key.as_bytes());
        hasher.write_u8(0xff);
        let write_dot = |hasher: &mut SipHasher24, dot: Dot| {
            hasher.write(&dot.replica.to_bytes());
            hasher.write(&dot.counter.to_le_bytes());
        };
        record.context().iter().for_each(|dot| write_dot(&mut hasher, dot));
        for version in record.versions() {
            write_dot(&mut hasher, version.dot);
            hasher.write(&version.at.ms.to_le_bytes());
            hasher.write(&version.at.count.to_le_bytes());
        }
        hasher.write(&(record.versions().len() as u64).to_le_bytes());
        hasher.finish()
    }
}

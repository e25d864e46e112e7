//! Seeded records, and replicas that hold them.

use eyot_core::segment::Segment;
use eyot_core::{Context, Dot, Hlc, LogEpoch, Record, RecordKey, Replica, ReplicaId};

/// Records with their keys.
pub type Entries = Vec<(RecordKey, Record)>;

/// So many records of a segment are as many as fit into one stored value.
const TOGETHER: usize = 200;
const CONTENT_BYTES: usize = 230;
const BEGAN_MS: u64 = 1_700_000_000_000;

/// So many records, each written once by the replica of that letter. The keys come in no order.
pub fn entries(count: usize, letter: u8) -> Entries {
    let mut random = fastrand::Rng::with_seed(1);
    (1..)
        .zip(0..count)
        .filter_map(|(counter, _)| {
            let id: String = (0..16).map(|_| random.alphanumeric().to_ascii_lowercase()).collect();
            let key = RecordKey::new("notes", &id).ok()?;
            let mut record = Record::new();
            write(&mut record, Dot::new(ReplicaId::letter(letter), counter), &mut random);
            Some((key, record))
        })
        .collect()
}

/// The same records after the replica of that letter has written each of them once more.
pub fn changed_entries(entries: &Entries, letter: u8) -> Entries {
    let mut random = fastrand::Rng::with_seed(2);
    let first_counter = entries.len() as u64 + 1;
    let changed = (first_counter..).zip(entries).map(|(counter, (key, record))| {
        let mut record = record.clone();
        write(&mut record, Dot::new(ReplicaId::letter(letter), counter), &mut random);
        (key.clone(), record)
    });
    changed.collect()
}

/// A replica that has these records from a log of segments.
pub fn replica_of(entries: &Entries) -> Replica {
    let mut replica = Replica::new(ReplicaId::letter(b'a'), LogEpoch(1));
    for part in entries.chunks(TOGETHER) {
        replica.apply(Segment::Written(part.to_vec()), Vec::new());
    }
    replica
}

fn write(record: &mut Record, dot: Dot, random: &mut fastrand::Rng) {
    let content: Vec<u8> = (0..CONTENT_BYTES).map(|_| random.alphanumeric() as u8).collect();
    let context: Context = record.context().clone().into();
    record.write(dot, &context, Hlc::from_ms(BEGAN_MS + dot.counter), Some(content.into()));
}

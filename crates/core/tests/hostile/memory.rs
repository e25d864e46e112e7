//! The inputs that make a reader take the most memory, each at several lengths (law 10).
//!
//! Must not know how memory is counted: the budget of the checks says what is allowed.

use eyot_core::message::{Message, Resume};
use eyot_core::reconcile::read_ranges;
use eyot_core::segment::Segment;
use eyot_core::session::PageRequest;
use eyot_core::{
    CHUNK_BYTES, Context, Dot, Export, Hlc, Limits, LogEpoch, LogPlace, Reader, Record, RecordKey, Replica,
    ReplicaId, Seq, Version, VersionVector, Writer, read_block,
};

use crate::checks::budget::{allowed_bytes, measured, within_budget};
use crate::checks::wire::block;

const KINDS: u8 = 16;

fn id(number: u32) -> ReplicaId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    ReplicaId::from_bytes(bytes)
}

/// Puts what begins with a count into a frame of that length: as many as the bytes can stand for, and no more.
fn frame(length: usize, head: &[u8], part: impl Fn(usize, &mut Writer)) -> Vec<u8> {
    let mut body = Writer::new();
    let mut count = 0;
    while body.len() + head.len() + 5 < length {
        part(count, &mut body);
        count += 1;
    }
    let mut writer = Writer::new();
    writer.raw(head);
    writer.size(count);
    writer.raw(&body.into_bytes());
    writer.into_bytes()
}

// A record whose context names many replicas, and many versions of one of them whose pasts are the whole context.
fn long_pasts(length: usize) -> Vec<u8> {
    let (replicas, versions) = ((length / 40).clamp(1, 90_000) as u32, (length / 14).clamp(1, 999) as u64);
    let mut writer = Writer::new();
    writer.number(replicas.into());
    (0..replicas).for_each(|number| writer.raw(&id(number).to_bytes()));
    [0, 1].into_iter().for_each(|number| writer.number(number));
    writer.bytes(b"n/x");
    writer.number(replicas.into());
    for number in 0..replicas {
        writer.number(number.into());
        writer.number(if number == 0 { versions } else { 1 });
    }
    writer.number(versions);
    for version in 0..versions {
        // The writer is the first replica; its past is the context but for its own writes.
        [0, versions - 1 - version, 1, 0, 0, 0].into_iter().for_each(|number| writer.number(number));
    }
    writer.into_bytes()
}

fn measure(what: &str, bytes: &[u8], read: impl FnOnce(&[u8]) -> bool) {
    let (was_read, taken) = measured(bytes.len(), || read(bytes));
    println!("{what}: {} bytes, read: {was_read}, took {taken}", bytes.len());
}

#[test]
fn a_frame_takes_memory_by_its_length_and_not_by_what_it_claims() {
    let limits = Limits::default();
    // A frame of 100 bytes that claims to have a thousand million of something, for every kind and place of a count.
    for kind in 0..KINDS {
        for place in 1..100 {
            let mut bytes = vec![0; 100];
            (bytes[0], bytes[1]) = (kind, 1);
            bytes[place..]
                .iter_mut()
                .zip([0x80, 0x94, 0xeb, 0xdc, 0x03])
                .for_each(|(byte, claim)| *byte = claim);
            within_budget(100, || Message::from_bytes(&bytes, &limits).is_ok());
            within_budget(100, || read_block(&mut Reader::new(&bytes), &limits).is_ok());
            within_budget(100, || read_ranges(&mut Reader::new(&bytes)).is_ok());
        }
    }
    assert!(allowed_bytes(100) < 100 << 10, "a hundred bytes take no more than a hundred kilobytes");
}

#[test]
fn memory_is_bounded_where_few_bytes_stand_for_most() {
    let limits = Limits::default();
    let block = |bytes: &[u8]| read_block(&mut Reader::new(bytes), &limits).is_ok();
    for length in [100, 1_000, 10_000, 50_000] {
        measure("pasts", &long_pasts(length), block);
        let dictionary = frame(length, &[], |number, writer| writer.raw(&id(number as u32).to_bytes()));
        measure("a dictionary", &dictionary, block);
        let deletions = frame(length, &[1; 18], |_, writer| {
            writer.bytes(b"n/x");
            [1, 0, 1, 1, 0, 0, 1, 0, 0, 0].into_iter().for_each(|number| writer.number(number));
        });
        measure("small records", &deletions, block);
        let clock: VersionVector = (0..(length / 17) as u32).map(|number| Dot::new(id(number), 1)).collect();
        let resume =
            Message::Resume(Resume::Clock { clock, staged: Seq::ZERO, nonce: 0 }, Default::default())
                .to_bytes();
        measure("a clock", &resume, |bytes| Message::from_bytes(bytes, &limits).is_ok());
    }
}

#[test]
fn ranges_take_no_more_than_a_mebibyte_of_keys_however_long_the_message_is() {
    for length in [100, 1_000, 10_000, 100_000, 240_000] {
        // Each bound is as long as a key can be and differs from the one before it in its last three bytes.
        let ranges = frame(length, &[], |number, writer| {
            let text = format!("n/{}{number:07}", "x".repeat(568));
            let before = format!("n/{}{:07}", "x".repeat(568), number.wrapping_sub(1));
            let shared = text.bytes().zip(before.bytes()).take_while(|(a, b)| a == b).count();
            let shared = if number == 0 { 0 } else { shared };
            writer.size(shared);
            writer.bytes(&text.as_bytes()[shared..]);
            writer.byte(0);
        });
        measure("ranges", &ranges, |bytes| read_ranges(&mut Reader::new(bytes)).is_ok());
        // Each key takes as few bytes as it can.
        let items = frame(length, &[1, 0xc2, 4, 2], |number, writer| {
            let character = char::from_u32(number as u32 % 0xd000 + 0x80).unwrap();
            writer.number(0);
            writer.bytes(character.to_string().as_bytes());
            writer.fixed(1);
        });
        measure("items", &items, |bytes| read_ranges(&mut Reader::new(bytes)).is_ok());
    }
}

#[test]
fn what_is_written_for_others_is_within_what_they_take() {
    // A thousand replicas have each written to some records, and then each once more without having heard of the others'
    // second writes: a thousand siblings, each with a past of a thousand.
    let context: Context =
        Context::from((0..1_000).map(|number| Dot::new(id(number), 1)).collect::<VersionVector>());
    let versions = (0..1_000).map(|number| Version {
        dot: Dot::new(id(number), 2),
        past: context.clone(),
        at: Hlc::from_ms(1),
        content: None,
        references: eyot_core::References::NONE,
    });
    let all: VersionVector = (0..1_000).map(|number| Dot::new(id(number), 2)).collect();
    let record = Record::from_parts(all.clone(), versions.collect()).unwrap();
    let key = |number: u32| RecordKey::new("notes", &number.to_string()).unwrap();
    let entries: Vec<_> = (0..2).map(|number| (key(number), record.clone())).collect();
    let mut replica = Replica::new(id(0), LogEpoch(1));
    let clock = all.into();
    replica.apply(Segment::Imported { clock, forgotten: VersionVector::new(), entries }, Vec::new());

    let limits = Limits::default();
    let export = Export::of(&replica);
    assert!(Export::from_bytes(&export.to_bytes(), &limits).is_ok_and(|read| read == export));
    let request = |after| PageRequest {
        after,
        clock_since: Seq::ZERO,
        peer: id(1),
        exclude: LogEpoch(2),
        judged: LogPlace::default(),
        told: LogPlace::default(),
        covered_by: None,
        among: None,
        is_first: true,
        budget_bytes: CHUNK_BYTES,
    };
    let mut page = replica.page(&request(Seq::ZERO));
    let mut told = 0;
    loop {
        let bytes = block(&page.entries);
        assert!(read_block(&mut Reader::new(&bytes), &limits).is_ok(), "a page of {} bytes", bytes.len());
        told += page.entries.len();
        if page.clock.is_some() {
            break;
        }
        page = replica.page(&request(page.up_to));
    }
    assert_eq!(told, 2);
}

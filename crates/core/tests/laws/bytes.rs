//! What is written reads back; what is read was written so; and nothing that comes from elsewhere panics or takes memory
//! beyond its own length (law 10).

use eyot_core::message::{Ack, Delta, DeltaClock, Hello, Message, Ranges, Refuse, Resume};
use eyot_core::reconcile::{Range, RangeContent};
use eyot_core::segment::{
    Received, Segment, Stage, StagedChunk, imported_segments, reborn_segment, received_segment, stage_of,
    staged_chunk, written_segments,
};
use eyot_core::{
    ChainEnd, Context, Cursor, DecodeError, Dot, Export, Limits, LinkedVector, LogEpoch, LogPlace, Peers,
    Reader, Reborn, Record, RecordKey, ReplicaId, Seen, Seq, VersionVector, Writer, read_block, write_block,
};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::history::{History, histories};
use crate::memory::measure;

type Entries = Vec<(RecordKey, Record)>;

/// A few bytes can stand for a record of many small parts, but not for more than so many bytes each.
const MEMORY_PER_BYTE: usize = 200;

fn entries() -> impl Strategy<Value = Entries> {
    prop::collection::vec((histories(), any::<Index>(), 0u32..1_000), 0..6).prop_map(|parts| {
        let entry = |(history, index, id): (History, Index, u32)| {
            (RecordKey::new("notes", &format!("n{id}")).unwrap(), index.get(&history.states).clone())
        };
        parts.into_iter().map(entry).filter(|(_, record)| !record.versions().is_empty()).collect()
    })
}

fn vector() -> impl Strategy<Value = VersionVector> {
    let dot = (any::<[u8; 16]>(), 1u64..1 << 53);
    prop::collection::vec(dot, 0..6).prop_map(|dots| {
        dots.into_iter().map(|(id, counter)| Dot::new(ReplicaId::from_bytes(id), counter)).collect()
    })
}

fn linked() -> impl Strategy<Value = LinkedVector> {
    (vector(), any::<u32>()).prop_map(|(vector, link)| vector.iter().map(|dot| (dot, link)).collect())
}

fn end() -> impl Strategy<Value = ChainEnd> {
    prop_oneof![
        Just(ChainEnd::default()),
        (1u64..1 << 53, any::<u32>()).prop_map(|(counter, link)| ChainEnd { counter, link }),
    ]
}

fn seen() -> impl Strategy<Value = Seen> {
    (place(), end()).prop_map(|(log, end)| Seen { log, end })
}

fn place() -> impl Strategy<Value = LogPlace> {
    (seq(), any::<u32>())
        .prop_map(|(seq, link)| LogPlace { seq, link: if seq > Seq::ZERO { link } else { 0 } })
}

fn seq() -> impl Strategy<Value = Seq> {
    prop_oneof![0u64..300, 0u64..1 << 52].prop_map(Seq)
}

fn cursor() -> impl Strategy<Value = Cursor> {
    (any::<u64>(), seq()).prop_map(|(epoch, seq)| Cursor { epoch: LogEpoch(epoch), seq })
}

fn resume() -> impl Strategy<Value = Resume> {
    prop_oneof![
        (cursor(), 0u64..100).prop_map(|(Cursor { epoch, seq }, more)| {
            Resume::Cursor { epoch, seq, staged: Seq(seq.0 + more) }
        }),
        (vector(), seq(), any::<u64>()).prop_map(|(clock, staged, nonce)| Resume::Clock {
            clock,
            staged,
            nonce
        }),
    ]
}

fn delta_clock() -> impl Strategy<Value = DeltaClock> {
    (any::<u32>(), linked(), vector(), any::<bool>())
        .prop_map(|(link, changed, forgotten, searched)| DeltaClock { link, changed, forgotten, searched })
}

fn ranges() -> impl Strategy<Value = Vec<Range>> {
    let content = || {
        let items = prop::collection::btree_map("notes/[abé]{1,9}", any::<u64>(), 0..4);
        prop_oneof![
            Just(RangeContent::Settled),
            (any::<u64>(), 0u64..1_000).prop_map(|(sum, count)| RangeContent::Fingerprint(sum, count)),
            items.prop_map(|items| {
                RangeContent::Items(items.into_iter().map(|(key, print)| (key.into(), print)).collect())
            }),
        ]
    };
    (prop::collection::btree_map("[abé]{1,9}", content(), 0..5), prop::option::of(content())).prop_map(
        |(ranges, last)| {
            let Some(last) = last else { return Vec::new() };
            let ended = ranges.into_iter().map(|(end, content)| Range { end: Some(end.into()), content });
            ended.chain([Range { end: None, content: last }]).collect()
        },
    )
}

fn message() -> impl Strategy<Value = Message> {
    let words = (any::<u64>(), (any::<u32>(), any::<bool>()), seen());
    let hello = (any::<[u8; 16]>(), (any::<u64>(), place()), seq(), words, prop::option::of(resume()));
    let refuse = ("[a-z-]{0,20}", ".{0,20}", prop::option::of(0u64..100_000));
    prop_oneof![
        hello.prop_map(
            |(replica, (epoch, place), floor, (digest, (credits, decompresses), seen), resume)| {
                Message::Hello(Hello {
                    database: "notes".parse().unwrap(),
                    replica: ReplicaId::from_bytes(replica),
                    epoch: LogEpoch(epoch),
                    head: place.seq,
                    link: place.link,
                    floor,
                    digest,
                    credits,
                    decompresses,
                    seen,
                    resume,
                })
            }
        ),
        (resume(), seen()).prop_map(|(resume, seen)| Message::Resume(resume, seen)),
        (any::<bool>(), seen()).prop_map(|(answers, seen)| Message::Seen { answers, seen }),
        (seq(), 0u64..100, prop::option::of(delta_clock()), entries()).prop_map(
            |(from, more, clock, entries)| {
                let (up_to, block) = (Seq(from.0 + more), block(&entries));
                Message::Delta(Delta { from, up_to, clock, block })
            }
        ),
        (any::<bool>(), any::<u64>(), ranges()).prop_map(|(own, nonce, ranges)| Message::Ranges(Ranges {
            own,
            nonce,
            ranges
        })),
        (seq(), any::<bool>()).prop_map(|(up_to, durable)| Message::Ack(Ack { up_to, durable })),
        Just(Message::Ping),
        Just(Message::Pong),
        ".{0,40}".prop_map(|token| Message::Auth { token }),
        refuse.prop_map(|(code, message, retry_after_ms)| {
            Message::Refuse(Refuse { code, message, retry_after_ms })
        }),
    ]
}

fn block(entries: &Entries) -> Vec<u8> {
    let mut writer = Writer::new();
    write_block(&mut writer, entries.iter().map(|(key, record)| (key, record)));
    writer.into_bytes()
}

fn read_whole_block(bytes: &[u8]) -> Result<Entries, DecodeError> {
    let mut reader = Reader::new(bytes);
    let entries = read_block(&mut reader, &Limits::default())?;
    reader.finish().map(|()| entries)
}

fn received() -> impl Strategy<Value = (Received, Vec<u8>)> {
    let stage = prop::option::of((any::<u64>(), 1u64..9).prop_map(|(name, chunks)| Stage { name, chunks }));
    (any::<[u8; 16]>(), cursor(), delta_clock(), stage, entries()).prop_map(
        |(peer, cursor, clock, stage, entries)| {
            let (peer, block) = (ReplicaId::from_bytes(peer), block(&entries));
            (Received { peer, cursor, clock, stage, entries }, block)
        },
    )
}

fn export() -> impl Strategy<Value = Export> {
    entries().prop_map(|entries| {
        let mut clock = VersionVector::new();
        entries.iter().for_each(|(_, record)| clock.join(record.context()));
        let forgotten = clock.iter().take(1).collect();
        Export { clock: clock.iter().map(|dot| (dot, dot.counter as u32)).collect(), forgotten, entries }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn law_1_records_and_blocks_read_back(entries in entries()) {
        prop_assert_eq!(read_whole_block(&block(&entries)), Ok(entries.clone()));
        for (_, record) in entries {
            prop_assert_eq!(Record::from_bytes(&record.to_bytes(), &Limits::default()), Ok(record));
        }
    }

    #[test]
    fn messages_read_back(message in message()) {
        prop_assert_eq!(Message::from_bytes(&message.to_bytes(), &Limits::default()), Ok(message));
    }

    #[test]
    fn segments_and_staged_chunks_read_back(
        (received, block) in received(),
        (base, up_to, log) in (cursor(), seq(), place()),
    ) {
        let limits = Limits::default();
        let bytes = received_segment(&received, &block);
        prop_assert_eq!(stage_of(&bytes, &limits), Ok(received.stage.map(|stage| stage.name)));
        let (peer, entries) = (received.peer, received.entries.clone());
        prop_assert_eq!(Segment::from_bytes(&bytes, &limits), Ok(Segment::Received(received)));
        let own = LogEpoch(up_to.0);
        let chunk = StagedChunk { own, peer, base, up_to, log, entries: entries.clone() };
        let bytes = staged_chunk(own, peer, base, up_to, log, &block);
        prop_assert_eq!(StagedChunk::from_bytes(&bytes, &limits), Ok(chunk));
        let mut written = Entries::new();
        for bytes in written_segments(&entries) {
            match Segment::from_bytes(&bytes, &limits) {
                Ok(Segment::Written(part)) => written.extend(part),
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert_eq!(written, entries);
        let confirmed = ChainEnd { counter: up_to.0, link: if up_to.0 > 0 { base.epoch.0 as u32 } else { 0 } };
        let reborn = Reborn { replica: peer, epoch: base.epoch, confirmed };
        prop_assert_eq!(Segment::from_bytes(&reborn_segment(reborn), &limits), Ok(Segment::Reborn(reborn)));
    }

    #[test]
    fn exports_read_back_and_are_imported_whole(export in export()) {
        let limits = Limits::default();
        prop_assert_eq!(Export::from_bytes(&export.to_bytes(), &limits), Ok(export.clone()));
        let none = VersionVector::new();
        let mut back = Export { clock: LinkedVector::new(), forgotten: none, entries: Entries::new() };
        for bytes in imported_segments(&export.clock, &export.forgotten, &export.entries) {
            match Segment::from_bytes(&bytes, &limits) {
                Ok(Segment::Imported { clock, forgotten, entries }) => {
                    // Only the last part has it.
                    back.clock = clock;
                    back.forgotten.join(&forgotten);
                    back.entries.extend(entries);
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert_eq!(back, export);
    }

    #[test]
    fn law_10_no_bytes_panic_or_take_memory_beyond_their_length(
        bytes in prop::collection::vec(prop_oneof![4 => 0u8..6, 1 => any::<u8>()], 0..300),
    ) {
        check_all_readers(&bytes);
    }

    #[test]
    fn law_10_damaged_bytes_neither_panic_nor_take_memory_beyond_their_length(
        entries in entries(), message in message(), (received, _) in received(), export in export(),
        damages in prop::collection::vec((any::<Index>(), any::<u8>(), 0u8..4), 1..4),
    ) {
        let valid = [
            block(&entries),
            entries.first().map(|(_, record)| record.to_bytes()).unwrap_or_default(),
            message.to_bytes(),
            received_segment(&received, &block(&entries)),
            staged_chunk(
                LogEpoch(1),
                received.peer,
                received.cursor,
                Seq(9),
                LogPlace::default(),
                &block(&entries),
            ),
            export.to_bytes(),
        ];
        for mut bytes in valid {
            for (index, byte, kind) in &damages {
                damage(&mut bytes, index, *byte, *kind);
            }
            check_all_readers(&bytes);
        }
    }

    #[test]
    fn texts_of_anything_neither_panic_nor_have_two_forms(text in "[a-z0-9:+ /]{0,30}|\\PC{0,20}") {
        check_text::<Dot>(&text);
        check_text::<VersionVector>(&text);
        check_text::<Context>(&text);
        check_text::<ReplicaId>(&text);
        check_text::<RecordKey>(&text);
    }
}

fn check_text<T: std::str::FromStr + ToString>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string(), text);
    }
}

fn damage(bytes: &mut Vec<u8>, index: &Index, byte: u8, kind: u8) {
    if bytes.is_empty() {
        return;
    }
    let place = index.index(bytes.len());
    match kind {
        0 => bytes[place] = byte,
        1 => bytes[place] ^= 1 << (byte % 8),
        2 => bytes.insert(place, byte),
        _ => bytes.truncate(place),
    }
}

// Whatever is read was written just so: there is one form for everything.
fn check_all_readers(bytes: &[u8]) {
    let limits = &Limits::default();
    check(bytes, read_whole_block, |entries| Some(block(entries)));
    check(bytes, |bytes| Record::from_bytes(bytes, limits), |record| Some(record.to_bytes()));
    check(bytes, |bytes| Message::from_bytes(bytes, limits), |message| Some(message.to_bytes()));
    // A segment or a chunk without records may end early, so these have two forms.
    check(bytes, |bytes| Segment::from_bytes(bytes, limits), |_| None);
    check(bytes, |bytes| StagedChunk::from_bytes(bytes, limits), |_| None);
    check(bytes, |bytes| Export::from_bytes(bytes, limits), |_| None);
    check(bytes, Peers::from_bytes, |_| None);
    check(bytes, |bytes| stage_of(bytes, limits), |_| None);
}

fn check<T>(
    bytes: &[u8],
    read: impl Fn(&[u8]) -> Result<T, DecodeError>,
    write: impl Fn(&T) -> Option<Vec<u8>>,
) {
    let (outcome, memory) = measure(|| read(bytes));
    let most = MEMORY_PER_BYTE * bytes.len() + 4_096;
    assert!(memory <= most, "{} bytes took {memory} bytes of memory", bytes.len());
    if let Some(again) = outcome.ok().and_then(|value| write(&value)) {
        assert_eq!(again, bytes, "there is a second form");
    }
}

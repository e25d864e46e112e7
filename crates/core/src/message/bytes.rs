//! The messages as bytes.

use super::compressed::{COMPRESSED, Compressed};
use super::identity::{
    read_link, read_linked, read_place, read_seen, write_link, write_linked, write_place, write_seen,
};
use super::{
    Ack, Delta, DeltaClock, Hello, MAXIMUM_TOKEN_BYTES, Message, PROTOCOL_VERSION, Ranges, Refuse, Resume,
};
use crate::codec::{DecodeError, Reader, Writer};
use crate::dot::{Dot, MAXIMUM_COUNTER};
use crate::id::{LogEpoch, ReplicaId, Seq};
use crate::limits::Limits;
use crate::reconcile::{read_ranges, write_ranges};
use crate::seen::LogPlace;
use crate::vector::VersionVector;

const MAXIMUM_TEXT_BYTES: usize = 1024;

const HELLO: u8 = 1;
const RESUME: u8 = 2;
const DELTA: u8 = 3;
const ACK: u8 = 4;
const PING: u8 = 5;
const PONG: u8 = 6;
const AUTH: u8 = 7;
const REFUSE: u8 = 8;
const RANGES: u8 = 9;
const SEEN: u8 = 10;

impl Message {
    /// The message as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        match self {
            Self::Hello(hello) => write_hello(&mut writer, hello),
            Self::Resume(resume, seen) => {
                writer.byte(RESUME);
                write_seen(&mut writer, *seen);
                write_resume(&mut writer, resume);
            }
            Self::Delta(delta) => write_delta(&mut writer, delta),
            Self::Ack(ack) => {
                writer.byte(ACK);
                writer.number(ack.up_to.0);
                writer.byte(ack.durable.into());
            }
            Self::Ranges(ranges) => {
                writer.byte(RANGES);
                writer.byte(ranges.own.into());
                writer.fixed(ranges.nonce);
                write_ranges(&mut writer, &ranges.ranges);
            }
            Self::Seen { answers, seen } => {
                writer.byte(SEEN);
                writer.byte((*answers).into());
                write_seen(&mut writer, *seen);
            }
            Self::Ping => writer.byte(PING),
            Self::Pong => writer.byte(PONG),
            Self::Auth { token } => {
                writer.byte(AUTH);
                writer.bytes(token.as_bytes());
            }
            Self::Refuse(refuse) => {
                writer.byte(REFUSE);
                writer.bytes(refuse.code.as_bytes());
                writer.bytes(refuse.message.as_bytes());
                writer.number(refuse.retry_after_ms.map_or(0, |ms| ms.saturating_add(1)));
            }
        }
        writer.into_bytes()
    }

    /// Reads a message.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        if bytes.len() > limits.message_bytes {
            return Err(DecodeError::TooLarge("a message"));
        }
        let mut reader = Reader::new(bytes);
        let message = match reader.byte()? {
            HELLO => Self::Hello(read_hello(&mut reader, limits)?),
            RESUME => {
                let seen = read_seen(&mut reader)?;
                Self::Resume(read_resume(&mut reader, limits)?, seen)
            }
            DELTA => Self::Delta(read_delta(&mut reader, limits)?),
            ACK => Self::Ack(Ack { up_to: read_seq(&mut reader)?, durable: read_bool(&mut reader)? }),
            RANGES => Self::Ranges(Ranges {
                own: read_bool(&mut reader)?,
                nonce: reader.fixed()?,
                ranges: read_ranges(&mut reader)?,
            }),
            SEEN => Self::Seen { answers: read_bool(&mut reader)?, seen: read_seen(&mut reader)? },
            PING => Self::Ping,
            PONG => Self::Pong,
            AUTH => Self::Auth { token: reader.text(MAXIMUM_TOKEN_BYTES, "a token")?.to_owned() },
            REFUSE => Self::Refuse(Refuse {
                code: reader.text(MAXIMUM_TEXT_BYTES, "a code")?.to_owned(),
                message: reader.text(MAXIMUM_TEXT_BYTES, "a message's words")?.to_owned(),
                retry_after_ms: reader.number()?.checked_sub(1),
            }),
            // Whoever carries messages decompresses them; this one could not be.
            COMPRESSED => {
                Compressed::read(bytes, limits)?;
                return Err(DecodeError::Invalid("a compressed message"));
            }
            _ => return Err(DecodeError::Invalid("a message's kind")),
        };
        reader.finish()?;
        Ok(message)
    }
}

fn write_hello(writer: &mut Writer, hello: &Hello) {
    writer.byte(HELLO);
    writer.byte(PROTOCOL_VERSION);
    writer.bytes(hello.database.as_str().as_bytes());
    writer.raw(&hello.replica.to_bytes());
    writer.fixed(hello.epoch.0);
    write_place(writer, LogPlace { seq: hello.head, link: hello.link });
    writer.number(hello.floor.0);
    writer.fixed(hello.digest);
    writer.number(hello.credits.into());
    writer.byte(hello.decompresses.into());
    write_seen(writer, hello.seen);
    match &hello.resume {
        None => writer.byte(0),
        Some(resume) => write_resume(writer, resume),
    }
}

fn read_hello(reader: &mut Reader<'_>, limits: &Limits) -> Result<Hello, DecodeError> {
    match reader.byte()? {
        PROTOCOL_VERSION => {}
        other => return Err(DecodeError::UnknownVersion(other)),
    }
    let database = reader.text(64, "a database's name")?;
    let database = database.parse().map_err(|_| DecodeError::Invalid("a database's name"))?;
    let (replica, epoch) = (ReplicaId::from_bytes(reader.array()?), LogEpoch(reader.fixed()?));
    let LogPlace { seq: head, link } = read_place(reader)?;
    Ok(Hello {
        database,
        replica,
        epoch,
        head,
        link,
        floor: read_seq(reader)?,
        digest: reader.fixed()?,
        credits: u32::try_from(reader.number()?).map_err(|_| DecodeError::TooLarge("the credits"))?,
        decompresses: read_bool(reader)?,
        seen: read_seen(reader)?,
        resume: match reader.clone().byte()? {
            0 => reader.byte().map(|_| None)?,
            _ => Some(read_resume(reader, limits)?),
        },
    })
}

fn write_resume(writer: &mut Writer, resume: &Resume) {
    match resume {
        Resume::Cursor { epoch, seq, staged } => {
            writer.byte(1);
            writer.fixed(epoch.0);
            writer.number(seq.0);
            writer.number(staged.0.saturating_sub(seq.0));
        }
        Resume::Clock { clock, staged, nonce } => {
            writer.byte(2);
            write_vector(writer, clock);
            writer.number(staged.0);
            writer.fixed(*nonce);
        }
    }
}

fn read_resume(reader: &mut Reader<'_>, limits: &Limits) -> Result<Resume, DecodeError> {
    match reader.byte()? {
        1 => {
            let epoch = LogEpoch(reader.fixed()?);
            let seq = read_seq(reader)?;
            Ok(Resume::Cursor { epoch, seq, staged: read_later_seq(reader, seq)? })
        }
        2 => Ok(Resume::Clock {
            clock: read_vector(reader, limits)?,
            staged: read_seq(reader)?,
            nonce: reader.fixed()?,
        }),
        _ => Err(DecodeError::Invalid("where to go on")),
    }
}

fn write_delta(writer: &mut Writer, delta: &Delta) {
    writer.byte(DELTA);
    writer.number(delta.from.0);
    writer.number(delta.up_to.0.saturating_sub(delta.from.0));
    match &delta.clock {
        None => writer.byte(0),
        Some(clock) => write_delta_clock(writer, clock),
    }
    writer.bytes(&delta.block);
}

fn read_delta(reader: &mut Reader<'_>, limits: &Limits) -> Result<Delta, DecodeError> {
    let from = read_seq(reader)?;
    let up_to = read_later_seq(reader, from)?;
    let clock = match reader.clone().byte()? {
        0 => reader.byte().map(|_| None)?,
        _ => Some(read_delta_clock(reader, limits)?),
    };
    Ok(Delta { from, up_to, clock, block: reader.bytes()?.to_vec() })
}

const CHANGED: u8 = 1;
const SEARCHED: u8 = 2;

/// Writes what a delta says of a clock.
pub fn write_delta_clock(writer: &mut Writer, clock: &DeltaClock) {
    writer.byte(if clock.searched { SEARCHED } else { CHANGED });
    write_link(writer, clock.link);
    write_linked(writer, &clock.changed);
    write_vector(writer, &clock.forgotten);
}

/// Reads what [`write_delta_clock`] wrote.
pub fn read_delta_clock(reader: &mut Reader<'_>, limits: &Limits) -> Result<DeltaClock, DecodeError> {
    let searched = match reader.byte()? {
        CHANGED => false,
        SEARCHED => true,
        _ => return Err(DecodeError::Invalid("a mark")),
    };
    let link = read_link(reader)?;
    let (changed, forgotten) = (read_linked(reader, limits)?, read_vector(reader, limits)?);
    Ok(DeltaClock { link, changed, forgotten, searched })
}

pub(super) fn read_seq(reader: &mut Reader<'_>) -> Result<Seq, DecodeError> {
    reader.number_up_to(MAXIMUM_COUNTER, "a position").map(Seq)
}

// A position that is written as its distance from another.
fn read_later_seq(reader: &mut Reader<'_>, from: Seq) -> Result<Seq, DecodeError> {
    let seq = reader.number()?.checked_add(from.0).filter(|seq| *seq <= MAXIMUM_COUNTER);
    seq.map(Seq).ok_or(DecodeError::TooLarge("a position"))
}

fn read_bool(reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
    match reader.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(DecodeError::Invalid("a mark")),
    }
}

/// Writes a vector with its replica ids in full.
pub fn write_vector(writer: &mut Writer, vector: &VersionVector) {
    writer.size(vector.len());
    for dot in vector.iter() {
        writer.raw(&dot.replica.to_bytes());
        writer.number(dot.counter);
    }
}

/// Reads what [`write_vector`] wrote.
pub fn read_vector(reader: &mut Reader<'_>, limits: &Limits) -> Result<VersionVector, DecodeError> {
    read_entries(reader, limits, |_| Ok(()))
}

// A vector, and what follows each of its entries.
pub(super) fn read_entries(
    reader: &mut Reader<'_>,
    limits: &Limits,
    mut rest: impl FnMut(&mut Reader<'_>) -> Result<(), DecodeError>,
) -> Result<VersionVector, DecodeError> {
    let count = reader.count()?;
    if count > limits.context_replicas {
        return Err(DecodeError::TooLarge("a vector"));
    }
    let mut vector = VersionVector::with_capacity(count.min(16));
    for _ in 0..count {
        let replica = ReplicaId::from_bytes(reader.array()?);
        let counter = reader.number_up_to(MAXIMUM_COUNTER, "a counter")?;
        if !vector.append(Dot::new(replica, counter)) {
            return Err(DecodeError::NotCanonical("a vector"));
        }
        rest(reader)?;
    }
    Ok(vector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::ChainEnd;
    use crate::seen::Seen;

    #[test]
    fn every_message_reads_back_as_it_was_written() {
        let clock: VersionVector = "a:3 b:1".parse().unwrap();
        let cursor = Resume::Cursor { epoch: LogEpoch(7), seq: Seq(300), staged: Seq(310) };
        let by_clock = Resume::Clock { clock: clock.clone(), staged: Seq(2), nonce: 3 };
        let seen = |seq, counter| Seen {
            log: LogPlace { seq: Seq(seq), link: 5 },
            end: ChainEnd { counter, link: 8 },
        };
        let hello = |resume| {
            Message::Hello(Hello {
                database: "notes".parse().unwrap(),
                replica: ReplicaId::letter(b'a'),
                epoch: LogEpoch(u64::MAX),
                head: Seq(1_000),
                floor: Seq::ZERO,
                digest: 42,
                link: 9,
                seen: seen(7, 2),
                credits: 16,
                decompresses: true,
                resume,
            })
        };
        let refuse = |retry_after_ms| {
            Message::Refuse(Refuse {
                code: "full".into(),
                message: "The disk is full.".into(),
                retry_after_ms,
            })
        };
        let delta =
            |clock| Message::Delta(Delta { from: Seq(4), up_to: Seq(9), clock, block: vec![0, 0, 0] });
        let ended = |searched| DeltaClock {
            link: 3,
            changed: clock.clone().into(),
            forgotten: "b:1".parse().unwrap(),
            searched,
        };
        for message in [
            hello(None),
            hello(Some(cursor.clone())),
            hello(Some(by_clock.clone())),
            Message::Resume(cursor, Seen::default()),
            Message::Resume(by_clock, seen(3, 1)),
            Message::Seen { answers: true, seen: seen(3, 1) },
            delta(None),
            delta(Some(ended(false))),
            delta(Some(ended(true))),
            Message::Ack(Ack { up_to: Seq(9), durable: true }),
            Message::Ping,
            Message::Pong,
            Message::Auth { token: "secret".into() },
            refuse(None),
            refuse(Some(0)),
        ] {
            let bytes = message.to_bytes();
            assert_eq!(Message::from_bytes(&bytes, &Limits::default()), Ok(message));
            for end in 0..bytes.len() {
                assert!(Message::from_bytes(&bytes[..end], &Limits::default()).is_err(), "cut at {end}");
            }
        }
    }

    #[test]
    fn no_position_is_beyond_what_can_be_stored() {
        let last = Seq(MAXIMUM_COUNTER);
        let resume = |staged| {
            Message::Resume(Resume::Cursor { epoch: LogEpoch(1), seq: Seq(1), staged }, Seen::default())
        };
        let delta = |up_to| Message::Delta(Delta { from: Seq(1), up_to, clock: None, block: Vec::new() });
        for message in [resume(last), delta(last)] {
            assert_eq!(Message::from_bytes(&message.to_bytes(), &Limits::default()), Ok(message));
        }
        for message in [resume(last.next()), delta(last.next())] {
            let error = DecodeError::TooLarge("a position");
            assert_eq!(Message::from_bytes(&message.to_bytes(), &Limits::default()), Err(error));
        }
    }

    #[test]
    fn an_unknown_version_is_told_apart_from_nonsense() {
        let error = |bytes: &[u8]| Message::from_bytes(bytes, &Limits::default()).unwrap_err();
        assert_eq!(error(&[HELLO, 99]), DecodeError::UnknownVersion(99));
        assert_eq!(error(&[77]), DecodeError::Invalid("a message's kind"));
        assert_eq!(error(&[PING, 0]), DecodeError::Trailing);
    }
}

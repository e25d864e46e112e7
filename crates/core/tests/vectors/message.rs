//! The readable forms of the messages.

use eyot_core::message::{Ack, Delta, DeltaClock, Hello, Message, Ranges, Refuse, Resume};
use eyot_core::{DatabaseName, DecodeError, Limits, LinkedVector, LogEpoch, ReplicaId, Seq, VersionVector};
use serde::{Deserialize, Serialize};

use crate::file::Form;
use crate::forms::{Bits, Entries, EntryForm, Text, block, entries, is_empty, no_bits, no_writes, unblock};
use crate::identity::SeenForm;
use crate::range::RangeForm;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum MessageForm {
    Hello {
        database: Text<DatabaseName>,
        replica: Text<ReplicaId>,
        epoch: Bits,
        head: u64,
        #[serde(default = "no_bits", skip_serializing_if = "Bits::is_nothing")]
        link: Bits,
        floor: u64,
        digest: Bits,
        credits: u32,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        decompresses: bool,
        #[serde(default, skip_serializing_if = "SeenForm::is_nothing")]
        seen: SeenForm,
        resume: Option<ResumeForm>,
    },
    Resume {
        #[serde(default, skip_serializing_if = "SeenForm::is_nothing")]
        seen: SeenForm,
        resume: ResumeForm,
    },
    Delta {
        from: u64,
        up_to: u64,
        clock: Option<DeltaClockForm>,
        entries: Vec<EntryForm>,
    },
    Ranges {
        own: bool,
        nonce: Bits,
        ranges: Vec<RangeForm>,
    },
    Ack {
        up_to: u64,
        durable: bool,
    },
    Seen {
        answers: bool,
        seen: SeenForm,
    },
    Ping,
    Pong,
    Auth {
        token: String,
    },
    Refuse {
        code: String,
        message: String,
        retry_after_ms: Option<u64>,
    },
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum ResumeForm {
    Cursor {
        epoch: Bits,
        seq: u64,
        staged: u64,
    },
    Clock {
        clock: Text<VersionVector>,
        staged: u64,
        #[serde(default = "no_bits")]
        nonce: Bits,
    },
}

/// What a delta says of a clock: the entries, and beside them what is seldom there.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum DeltaClockForm {
    Changed(Text<LinkedVector>),
    Full {
        #[serde(default = "no_bits", skip_serializing_if = "Bits::is_nothing")]
        link: Bits,
        changed: Text<LinkedVector>,
        #[serde(default = "no_writes", skip_serializing_if = "is_empty")]
        forgotten: Text<VersionVector>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        searched: bool,
    },
}

impl DeltaClockForm {
    pub(crate) fn of(clock: DeltaClock) -> Self {
        let DeltaClock { link, changed, forgotten, searched } = clock;
        if link == 0 && forgotten.is_empty() && !searched {
            return Self::Changed(Text(changed));
        }
        Self::Full { link: Bits(link.into()), changed: Text(changed), forgotten: Text(forgotten), searched }
    }

    pub(crate) fn clock(&self) -> DeltaClock {
        match self.clone() {
            Self::Changed(changed) => DeltaClock { changed: changed.0, ..DeltaClock::default() },
            Self::Full { link, changed, forgotten, searched } => {
                DeltaClock { link: link.0 as u32, changed: changed.0, forgotten: forgotten.0, searched }
            }
        }
    }
}

impl ResumeForm {
    fn of(resume: &Resume) -> Self {
        match resume {
            Resume::Cursor { epoch, seq, staged } => {
                Self::Cursor { epoch: Bits(epoch.0), seq: seq.0, staged: staged.0 }
            }
            Resume::Clock { clock, staged, nonce } => {
                Self::Clock { clock: Text(clock.clone()), staged: staged.0, nonce: Bits(*nonce) }
            }
        }
    }

    fn resume(&self) -> Resume {
        match self {
            Self::Cursor { epoch, seq, staged } => {
                Resume::Cursor { epoch: LogEpoch(epoch.0), seq: Seq(*seq), staged: Seq(*staged) }
            }
            Self::Clock { clock, staged, nonce } => {
                Resume::Clock { clock: clock.0.clone(), staged: Seq(*staged), nonce: nonce.0 }
            }
        }
    }
}

impl MessageForm {
    pub(crate) fn of(message: &Message) -> Self {
        match message.clone() {
            Message::Hello(hello) => Self::Hello {
                database: Text(hello.database),
                replica: Text(hello.replica),
                epoch: Bits(hello.epoch.0),
                head: hello.head.0,
                link: Bits(hello.link.into()),
                floor: hello.floor.0,
                digest: Bits(hello.digest),
                credits: hello.credits,
                decompresses: hello.decompresses,
                seen: SeenForm::of(hello.seen),
                resume: hello.resume.as_ref().map(ResumeForm::of),
            },
            Message::Resume(resume, seen) => {
                Self::Resume { seen: SeenForm::of(seen), resume: ResumeForm::of(&resume) }
            }
            Message::Delta(Delta { from, up_to, clock, block }) => Self::Delta {
                from: from.0,
                up_to: up_to.0,
                clock: clock.map(DeltaClockForm::of),
                entries: unblock(&block, &Limits::default()).unwrap().iter().map(EntryForm::of).collect(),
            },
            Message::Ranges(Ranges { own, nonce, ranges }) => Self::Ranges {
                own,
                nonce: Bits(nonce),
                ranges: ranges.into_iter().map(RangeForm::of).collect(),
            },
            Message::Ack(Ack { up_to, durable }) => Self::Ack { up_to: up_to.0, durable },
            Message::Seen { answers, seen } => Self::Seen { answers, seen: SeenForm::of(seen) },
            Message::Ping => Self::Ping,
            Message::Pong => Self::Pong,
            Message::Auth { token } => Self::Auth { token },
            Message::Refuse(Refuse { code, message, retry_after_ms }) => {
                Self::Refuse { code, message, retry_after_ms }
            }
        }
    }

    pub(crate) fn message(&self) -> Message {
        match self.clone() {
            Self::Hello {
                database,
                replica,
                epoch,
                head,
                link,
                floor,
                digest,
                credits,
                decompresses,
                seen,
                resume,
            } => Message::Hello(Hello {
                database: database.0,
                replica: replica.0,
                epoch: LogEpoch(epoch.0),
                head: Seq(head),
                link: link.0 as u32,
                floor: Seq(floor),
                digest: digest.0,
                credits,
                decompresses,
                seen: seen.seen(),
                resume: resume.as_ref().map(ResumeForm::resume),
            }),
            Self::Resume { seen, resume } => Message::Resume(resume.resume(), seen.seen()),
            Self::Delta { from, up_to, clock, entries: forms } => Message::Delta(Delta {
                from: Seq(from),
                up_to: Seq(up_to),
                clock: clock.map(|clock| clock.clock()),
                block: block(&entries(&forms)),
            }),
            Self::Ranges { own, nonce, ranges } => Message::Ranges(Ranges {
                own,
                nonce: nonce.0,
                ranges: ranges.into_iter().map(RangeForm::range).collect(),
            }),
            Self::Ack { up_to, durable } => Message::Ack(Ack { up_to: Seq(up_to), durable }),
            Self::Seen { answers, seen } => Message::Seen { answers, seen: seen.seen() },
            Self::Ping => Message::Ping,
            Self::Pong => Message::Pong,
            Self::Auth { token } => Message::Auth { token },
            Self::Refuse { code, message, retry_after_ms } => {
                Message::Refuse(Refuse { code, message, retry_after_ms })
            }
        }
    }
}

impl Form for MessageForm {
    // The records beside the rest: a message carries them as bytes that its receiver reads in a second step.
    type Value = (Message, Entries);

    fn value(&self) -> Self::Value {
        let bytes = self.write();
        Self::read(&bytes, &Limits::default()).unwrap()
    }

    fn write(&self) -> Vec<u8> {
        self.message().to_bytes()
    }

    fn read(bytes: &[u8], limits: &Limits) -> Result<Self::Value, DecodeError> {
        match Message::from_bytes(bytes, limits)? {
            Message::Delta(delta) => {
                let entries = unblock(&delta.block, limits)?;
                Ok((Message::Delta(Delta { block: Vec::new(), ..delta }), entries))
            }
            other => Ok((other, Entries::new())),
        }
    }
}

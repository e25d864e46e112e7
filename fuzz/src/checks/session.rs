//! A session whose peer says anything at all, on either side of the connection.
//!
//! Law: what is out of order is refused, not repaired. No panic, no flood of effects, no memory beyond what came in.

use std::collections::VecDeque;

use eyot_core::message::{Ack, Message};
use eyot_core::session::{Role, Session, SessionConfig, SessionEffect, SessionInput, Standing};
use eyot_core::{Cursor, Limits, LogEpoch, LogPlace, RecordKey, Seen, Seq};

use super::budget::within_budget;
use super::host::Host;
use super::script::{delta, hello, steps};

/// What an input may cost beside what came in: a page of the log that is sent on.
const PAGE_BYTES: usize = 4_096;

/// How many things a session may want done because of one input: an answer to each delta that waited, and some more.
const MOST_EFFECTS: usize = 64;

const CREDITS: u32 = 4;

struct Side {
    host: Host,
    session: Session,
    answers: VecDeque<SessionInput>,
    now_ms: u64,
    // How many bytes came in.
    length: usize,
    is_over: bool,
    sent: Vec<Message>,
}

/// Plays a script to a session. The first byte says which side it is on and how its host behaves; then `F` is a message,
/// `D` a delta that goes on where the session stands, `Q` an acknowledgement of what was sent last, `A` lets the host
/// answer, `X` lets it fail, `W` a write of the host (a deletion where the key has an even length), `G` the end of its memory
/// of deletions, `H` a hello of what the host has, `T` time, `P` a probe.
pub fn check(bytes: &[u8]) {
    let Some((setting, script)) = bytes.split_first() else { return };
    let mut side = Side::begin(*setting);
    let is_prompt = setting & 4 == 0;
    for (kind, bytes) in steps(script) {
        side.length += bytes.len();
        match kind {
            b'F' => side.take(SessionInput::Frame(bytes.to_vec())),
            b'D' => {
                let frame = delta(side.session.received(), bytes);
                side.length += frame.len();
                side.take(SessionInput::Frame(frame));
            }
            b'Q' => side.acknowledge(bytes),
            b'X' => side.fail(),
            b'W' => side.write(bytes),
            b'T' => side.wait(bytes),
            b'G' => side.forget(),
            b'H' => {
                let frame = hello(bytes, &side.host.replica);
                side.length += frame.len();
                side.take(SessionInput::Frame(frame));
            }
            b'P' => side.take(SessionInput::Probe),
            _ => side.answer_all(),
        }
        if is_prompt {
            side.answer_all();
        }
    }
    side.answer_all();
}

impl Side {
    fn begin(setting: u8) -> Self {
        let mut host = Host::new();
        let key = |id: &str| RecordKey::new("notes", id);
        let keys = (0..(setting >> 4).min(4)).flat_map(|id| key(&id.to_string()));
        keys.for_each(|key| host.write(&key, Some(b"text")));
        let cursor = Cursor { epoch: LogEpoch(7), seq: Seq(1) };
        let guess = (setting & 2 == 2).then_some(Standing { cursor, staged: Seq(1) });
        let role = if setting & 1 == 1 {
            Role::Initiator {
                guess,
                seen: Seen { log: LogPlace { seq: cursor.seq, link: 0 }, ..Seen::default() },
            }
        } else {
            Role::Acceptor
        };
        let mut config = SessionConfig::new(role);
        config.credits = CREDITS;
        // A few records fill a chunk, so that what is sent comes in several.
        config.chunk_bytes = if setting & 8 == 8 { 64 } else { config.chunk_bytes };
        let session = Session::new(config, host.local());
        let (answers, sent) = (VecDeque::new(), Vec::new());
        let mut side = Self { host, session, answers, now_ms: 0, length: PAGE_BYTES, is_over: false, sent };
        side.take(SessionInput::Start);
        side
    }

    fn take(&mut self, input: SessionInput) {
        let (session, now_ms) = (&mut self.session, self.now_ms);
        let effects = within_budget(self.length, || session.handle(input, now_ms));
        assert!(effects.len() <= MOST_EFFECTS, "one input wants {} things done", effects.len());
        assert!(!self.is_over || effects.is_empty(), "a session that has ended says nothing more");
        if let Some(told) = self.session.take_told()
            && !self.host.replica.admits(told)
        {
            // The host is a copy: it gives up the connection, and does nothing of what was asked.
            self.session.close("replica-forked", "A copy.", None);
            self.answers.clear();
            self.is_over = true;
            return;
        }
        for effect in effects {
            match &effect {
                SessionEffect::Send(bytes) => {
                    let message = Message::from_bytes(bytes, &Limits::default());
                    self.sent.push(message.expect("what is sent can be read"));
                }
                SessionEffect::Close(closing) => {
                    assert!(!closing.code.is_empty() || closing.by_peer, "an end has a code");
                    self.is_over = true;
                }
                _ => {}
            }
            let is_refusal = matches!(self.sent.last(), Some(Message::Refuse(_)));
            assert!(!is_refusal || matches!(effect, SessionEffect::Send(_) | SessionEffect::Close(_)));
            self.answers.extend(self.host.perform(effect));
        }
        assert!(self.session.peer().is_none_or(|peer| peer.replica != super::OWN), "nobody talks to itself");
        assert!(self.session.peer_reached() <= self.host.replica.head());
    }

    fn answer_all(&mut self) {
        while let Some(answer) = self.answers.pop_front() {
            let has_applied = matches!(answer, SessionInput::Applied { .. });
            self.take(answer);
            if has_applied {
                self.take(SessionInput::HeadMoved(self.host.replica.head()));
            }
        }
    }

    fn fail(&mut self) {
        if self.answers.pop_front().is_some() {
            self.take(SessionInput::Failed { code: "storage-failed" });
        }
    }

    fn write(&mut self, id: &[u8]) {
        let key = RecordKey::new("notes", &String::from_utf8_lossy(id));
        let content = (id.len() % 2 == 1).then_some(id);
        key.iter().for_each(|key| self.host.write(key, content));
        self.take(SessionInput::HeadMoved(self.host.replica.head()));
    }

    // As a relay does it: the sessions hear of it with the next page.
    fn forget(&mut self) {
        self.host.forget();
        self.take(SessionInput::HeadMoved(self.host.replica.head()));
    }

    fn acknowledge(&mut self, bytes: &[u8]) {
        let delta = self.sent.iter().rev().find_map(|message| match message {
            Message::Delta(delta) => Some(delta.up_to),
            _ => None,
        });
        let durable = !bytes.is_empty();
        let ack = delta.map(|up_to| Message::Ack(Ack { up_to, durable }).to_bytes());
        ack.into_iter().for_each(|ack| self.take(SessionInput::Frame(ack)));
    }

    // A host ticks when it was asked to; then something is done, or it would spin.
    fn wait(&mut self, bytes: &[u8]) {
        let pause_ms = bytes.iter().fold(1, |ms: u64, byte| ms.saturating_mul(u64::from(*byte).max(1)));
        self.now_ms = self.now_ms.saturating_add(pause_ms);
        let is_due = |side: &Self| side.session.next_wake_ms().is_some_and(|at_ms| at_ms <= side.now_ms);
        if is_due(self) {
            self.take(SessionInput::Tick);
            assert!(!is_due(self), "a tick does not bring what it was asked for");
        }
    }
}

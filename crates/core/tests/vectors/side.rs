//! One side of a conversation: a session, and a host that answers it at once from memory.

use std::collections::{BTreeMap, VecDeque};

use eyot_core::message::Message;
use eyot_core::segment::{Received, Segment};
use eyot_core::session::{Chunk, Local, Role, Session, SessionConfig, SessionEffect, SessionInput, Standing};
use eyot_core::{Cursor, LogEpoch, LogPlace, Replica, ReplicaId, Seen, Seq};
use serde::{Deserialize, Serialize};

use crate::file::{Form, hex};
use crate::forms::{Bits, Entries, Text};
use crate::message::MessageForm;
use crate::storage::{CursorForm, SegmentForm, StagedChunkForm};

/// A replica as it is when the conversation begins.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SideForm {
    replica: Text<ReplicaId>,
    epoch: Bits,
    log: Vec<SegmentForm>,
    /// Chunks of a delta that an earlier conversation did not complete.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    staged: Vec<StagedChunkForm>,
    /// What it takes in from others while the first delta is on its way.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    meanwhile: Vec<SegmentForm>,
    /// Where an initiator guesses that it is in the other's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guess: Option<CursorForm>,
    /// Its half of the key of fingerprints; random bits elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<Bits>,
}

/// What a side does, as it is told in the file.
#[derive(PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Step {
    Sends { by: String, hex: String, message: Box<MessageForm> },
    Does { by: String, does: String },
    Waits { wait_ms: u64 },
}

pub(crate) struct Side {
    name: &'static str,
    replica: Replica,
    session: Session,
    // Where each staged chunk begins, where it ends, and its records.
    staged: Vec<(Cursor, Seq, Entries)>,
    meanwhile: Vec<Segment>,
}

// Whoever is called r is a relay, which makes no chain.
fn is_relay(replica: &Replica) -> bool {
    replica.id() == ReplicaId::letter(b'r')
}

impl Side {
    pub(crate) fn new(name: &'static str, form: &SideForm, adjust: impl FnOnce(&mut SessionConfig)) -> Self {
        let mut replica = Replica::new(form.replica.0, LogEpoch(form.epoch.0));
        form.log.iter().for_each(|segment| drop(replica.apply(segment.value(), Vec::new())));
        let chunks = form.staged.iter().map(Form::value);
        let staged: Vec<_> = chunks.map(|chunk| (chunk.base, chunk.up_to, chunk.entries)).collect();
        let guess = form.guess.map(|cursor| Standing { cursor: cursor.cursor(), staged: Seq(0) });
        let seen = form
            .guess
            .map(|cursor| Seen { log: LogPlace { seq: cursor.cursor().seq, link: 0 }, ..Seen::default() })
            .unwrap_or_default();
        let role = if name == "initiator" { Role::Initiator { guess, seen } } else { Role::Acceptor };
        let local = replica.local("field-notes".parse().unwrap());
        let local = Local { link: if is_relay(&replica) { 0 } else { local.link }, ..local };
        let mut config = SessionConfig::new(role);
        config.nonce = form.nonce.map_or(0, |nonce| nonce.0);
        adjust(&mut config);
        let meanwhile = form.meanwhile.iter().map(Form::value).collect();
        Self { name, replica, session: Session::new(config, local), staged, meanwhile }
    }

    /// Hands the session an input and does what it asks for. Returns what it sends.
    pub(crate) fn take(&mut self, input: SessionInput, now_ms: u64, steps: &mut Vec<Step>) -> Vec<Vec<u8>> {
        let (mut inputs, mut sent) = (VecDeque::from([input]), Vec::new());
        while let Some(input) = inputs.pop_front() {
            let effects = self.session.handle(input, now_ms);
            let told = self.session.take_told().unwrap_or_default();
            assert!(self.replica.admits(told), "{}: nobody is a copy here", self.name);
            for effect in effects {
                let by = self.name.to_owned();
                match effect {
                    SessionEffect::Send(bytes) => {
                        let message = Message::from_bytes(&bytes, &Default::default()).unwrap();
                        let message = Box::new(MessageForm::of(&message));
                        steps.push(Step::Sends { by, hex: hex(&bytes), message });
                        sent.push(bytes);
                    }
                    other => steps.push(Step::Does { by, does: self.perform(other, &mut inputs) }),
                }
            }
        }
        sent
    }

    /// A commit of this replica while the conversation goes on.
    pub(crate) fn commit(&mut self, segment: Segment, steps: &mut Vec<Step>) -> SessionInput {
        self.replica.apply(segment, Vec::new());
        let does = format!("commits a write; its log ends at {} now", self.replica.head());
        steps.push(Step::Does { by: self.name.to_owned(), does });
        SessionInput::HeadMoved(self.replica.head())
    }

    /// The siblings of every record that is not deleted, as dots. A deletion may be forgotten on one side only.
    pub(crate) fn siblings(&self) -> BTreeMap<String, String> {
        let records = self.replica.range_after(std::ops::Bound::Unbounded);
        records
            .filter(|(_, record)| !record.is_deleted())
            .map(|(key, record)| {
                let dots: Vec<_> = record.versions().iter().map(|version| version.dot.to_string()).collect();
                (key.to_string(), dots.join(" "))
            })
            .collect()
    }

    // Does one thing, answers it, and says it in words.
    fn perform(&mut self, effect: SessionEffect, inputs: &mut VecDeque<SessionInput>) -> String {
        match effect {
            SessionEffect::Send(_) => String::new(),
            SessionEffect::LoadPeer { replica, epoch } => {
                let clock = self.replica.clock().to_vector();
                let standing = self.standing(replica, epoch);
                let seen = self.replica.seen_of(replica, epoch);
                inputs.push_back(SessionInput::PeerKnown { standing, clock, seen });
                format!("looks up how far it is in the log of {replica}")
            }
            SessionEffect::Read(request) => {
                let mut page = self.replica.page(&request);
                page.clock.iter_mut().filter(|_| is_relay(&self.replica)).for_each(|clock| clock.link = 0);
                inputs.push_back(SessionInput::Page(page));
                format!("reads its log after {}", request.after)
            }
            SessionEffect::Survey { own, key, peer_clock } => {
                let (snapshot, head) = (self.replica.survey(key, peer_clock.as_ref()), self.replica.head());
                let is_needed = snapshot.is_some();
                inputs.push_back(SessionInput::Surveyed { own, snapshot, head });
                match is_needed {
                    true => format!("takes the fingerprints of its records, at {head} of its log"),
                    false => "finds that no search is needed".to_owned(),
                }
            }
            SessionEffect::Stage(Chunk { base, up_to, entries, .. }) => {
                self.staged.push((base, up_to, entries));
                inputs.push_back(SessionInput::Staged);
                format!("stores the chunk up to {up_to}, where nobody sees it yet")
            }
            SessionEffect::Apply { chunk, clock, judged, .. } => {
                let Chunk { peer, base, up_to, entries, .. } = chunk;
                self.meanwhile.drain(..).for_each(|segment| drop(self.replica.apply(segment, Vec::new())));
                let told = clock.seen_of(peer, up_to);
                if let Some(now) = self.replica.overtaken(peer, base.epoch, judged, told) {
                    inputs.push_back(SessionInput::Overtaken { now });
                    return format!("has heard more of {peer} meanwhile, and does not take in the delta yet");
                }
                let staged = self.staged.drain(..).filter(|staged| staged.0 == base);
                let staged = staged.map(|(_, _, entries)| entries).collect();
                let cursor = Cursor { epoch: base.epoch, seq: up_to };
                let received = Received { peer, cursor, clock, stage: None, entries };
                let floor_before = self.replica.floor();
                self.replica.apply(Segment::Received(received), staged);
                let floor = self.replica.floor();
                inputs.push_back(SessionInput::Applied { floor_before, floor });
                inputs.push_back(SessionInput::HeadMoved(self.replica.head()));
                format!("commits the delta up to {up_to}; its log ends at {} now", self.replica.head())
            }
            SessionEffect::MoveCursor(passed) => {
                self.replica.pass(&passed);
                format!("notes that it is at {} in the log of {}", passed.cursor.seq, passed.peer)
            }
            SessionEffect::PeerReached { peer, seq } => {
                self.replica.move_reached(peer, seq);
                format!("notes that {peer} has all of its log up to {seq}")
            }
            SessionEffect::Close(closing) => format!("ends the connection: {}", closing.code),
        }
    }

    fn standing(&self, peer: ReplicaId, epoch: LogEpoch) -> Option<Standing> {
        let cursor = self.replica.cursor(peer, epoch);
        let base = cursor.unwrap_or(Cursor { epoch, seq: Seq::ZERO });
        let staged = self.staged.iter().filter(|(at, ..)| *at == base).map(|(_, up_to, _)| *up_to).max();
        cursor.map(|_| base).or(staged.map(|_| base))?;
        Some(Standing { cursor: base, staged: staged.unwrap_or(base.seq) })
    }
}

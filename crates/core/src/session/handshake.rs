//! The beginning of a session: who is there, and where each goes on in the other's log.
//!
//! The initiator speaks first and may guess where it stands; the acceptor answers knowing whom it talks to. So a
//! conversation in which nothing is to be said takes one round trip.

use super::io::{Local, Role, SessionEffect, Standing};
use super::outgoing::Filter;
use super::{Peer, Phase, Refusal, Session};
use crate::guard::{Guard, holds};
use crate::id::{Cursor, Seq};
use crate::message::{Hello, Message, Resume};
use crate::seen::{LogPlace, Seen};
use crate::vector::VersionVector;

impl Session {
    pub(super) fn take_hello(&mut self, hello: Hello) -> Result<(), Refusal> {
        if self.phase != Phase::AwaitingHello {
            return Err(("unexpected-message", "There was a hello already.".to_owned()));
        }
        if hello.database != self.local.database {
            return Err(("wrong-database", format!("This is the database {}.", self.local.database)));
        }
        if hello.replica == self.local.replica {
            return Err(("same-replica", "Both sides have the same replica id.".to_owned()));
        }
        let Hello { replica, epoch, head, link, floor, digest, decompresses, .. } = hello;
        let log = LogPlace { seq: head, link };
        let peer = Peer { replica, epoch, head, floor, digest, log, decompresses };
        self.peer = Some(peer);
        self.outgoing.grant(hello.credits, peer);
        let guess = match self.config.role {
            Role::Initiator { guess, seen } => guess.map(|standing| (standing, seen)),
            Role::Acceptor => None,
        };
        // What an initiator says before it knows whom it talks to may be meant for another.
        let is_meant = match &hello.resume {
            Some(Resume::Cursor { epoch, .. }) => *epoch == self.local.epoch,
            _ => false,
        };
        if is_meant || self.config.role != Role::Acceptor {
            self.told = Some(hello.seen);
        }
        match guess.filter(|(standing, _)| peer.holds(standing, self.local.head)) {
            Some((standing, seen)) => {
                self.open_at(standing, seen);
            }
            None => {
                self.phase = Phase::LoadingPeer;
                self.effects.push(SessionEffect::LoadPeer { replica, epoch });
            }
        }
        match hello.resume {
            // A void guess: the peer asks again when it has read our hello, and judges by the same epoch and head.
            Some(resume)
                if self.config.role == Role::Acceptor && !resume.fits(&self.local, self.local.head, head) =>
            {
                Ok(())
            }
            Some(resume) => self.take_resume(resume),
            None => Ok(()),
        }
    }

    pub(super) fn know_peer(
        &mut self,
        standing: Option<Standing>,
        clock: VersionVector,
        seen: Seen,
    ) -> Result<(), Refusal> {
        let Some(peer) = self.peer else {
            return Err(("internal", "The peer is not known yet.".to_owned()));
        };
        let at = |seq| Standing { cursor: Cursor { epoch: peer.epoch, seq }, staged: seq };
        // Equal clocks: both have seen the same writes, wherever they came from.
        let level = (peer.digest == self.local.digest).then(|| at(peer.head));
        let known = standing.filter(|standing| peer.holds(standing, self.local.head)).or(level);
        let resume = match known {
            Some(standing) => resume_at(&standing),
            None => self.ask_by_clock(clock),
        };
        self.open_at(known.unwrap_or_else(|| at(Seq::ZERO)), seen);
        match self.config.role {
            Role::Acceptor => self.send_hello(Some(resume), seen),
            Role::Initiator { .. } => {
                self.effects.push(SessionEffect::Send(Message::Resume(resume, seen).to_bytes()))
            }
        }
        // A hello may tell less than is known here by now: it was overtaken, or its sender was set back. Only the sender can
        // tell, and it has been told what was seen of it before it sends anything else.
        Ok(())
    }

    fn open_at(&mut self, standing: Standing, seen: Seen) {
        if let Some(peer) = self.peer {
            self.incoming.open(peer, standing, seen);
            self.phase = Phase::Open;
        }
    }

    pub(super) fn take_resume(&mut self, resume: Resume) -> Result<(), Refusal> {
        let peer_head = self.peer.map_or(Seq::ZERO, |peer| peer.head);
        if !resume.fits(&self.local, self.head, peer_head) {
            let message = format!(
                "This log is of another epoch, has forgotten deletions since, or ends at {} already.",
                self.head
            );
            return Err(("invalid-cursor", message));
        }
        match resume {
            Resume::Cursor { seq, staged, .. } => {
                self.outgoing.open((seq, staged), Filter::None, self.local.floor)?;
                // As good as an acknowledgement, and perhaps of one that was not heard or was forgotten.
                if let Some(peer) = self.peer.filter(|_| seq > Seq::ZERO) {
                    self.effects.push(SessionEffect::PeerReached { peer: peer.replica, seq });
                }
                Ok(())
            }
            // Deletions that the peer has not heard of may be forgotten here.
            Resume::Clock { clock, nonce, .. } if self.local.floor > Seq::ZERO => {
                self.look_into_search(clock, nonce)
            }
            Resume::Clock { clock, staged, .. } => {
                self.outgoing.open((Seq::ZERO, staged), Filter::CoveredBy(clock), self.local.floor)
            }
        }
    }

    pub(super) fn send_hello(&mut self, resume: Option<Resume>, seen: Seen) {
        let Local { database, replica, epoch, head, floor, digest, link } = self.local.clone();
        let (credits, decompresses) = (self.config.credits, self.config.decompresses);
        let hello = Hello {
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
        };
        self.effects.push(SessionEffect::Send(Message::Hello(hello).to_bytes()));
    }
}

impl Resume {
    // Another life of the log, a position below the floor or beyond its end: no place to go on.
    fn fits(&self, local: &Local, head: Seq, peer_head: Seq) -> bool {
        match self {
            Self::Cursor { epoch, seq, staged } => {
                *epoch == local.epoch && is_above(local.floor, *seq, *staged, peer_head) && *staged <= head
            }
            Self::Clock { staged, .. } => *staged <= head,
        }
    }
}

// Has whoever stands there heard of all that was forgotten below the floor? Chunks that reach the floor hold what was
// deleted up to it, unless they follow a search: these begin at 0 and lack its absent keys. Who has nothing never searched.
pub(super) fn is_above(floor: Seq, seq: Seq, staged: Seq, head: Seq) -> bool {
    !holds(Guard::Floor) || seq >= floor || (staged >= floor && (seq > Seq::ZERO || head == Seq::ZERO))
}

pub(super) fn resume_at(standing: &Standing) -> Resume {
    Resume::Cursor { epoch: standing.cursor.epoch, seq: standing.cursor.seq, staged: standing.staged }
}

//! The search for differences within a session, where a clock does not tell enough because deletions were forgotten.
//!
//! The side whose log it is leads: it knows its own half of the key and sends the first ranges. When the search is over it
//! sends what differs as a delta, with the keys that it has nothing of and its whole clock. Both sides may have forgotten
//! what the other has not heard of, so there can be a search in each direction.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::io::{Among, SessionEffect};
use super::outgoing::Filter;
use super::{Refusal, Session, decode_refusal};
use crate::id::Seq;
use crate::message::{Message, Ranges, Resume};
use crate::reconcile::{FingerprintKey, Range, Reconciliation, Snapshot};
use crate::vector::VersionVector;

#[derive(Default)]
pub(super) struct Searches {
    // How this side differs from the peer's log, for this side to know.
    asked: Option<Asked>,
    // The same of this side's log, for the peer.
    led: Option<Led>,
}

enum Asked {
    // This side has told its clock; the peer may begin a search, or send its delta.
    Waiting,
    // The first ranges wait until the snapshot is there.
    Surveying(Vec<Range>),
    Searching(Reconciliation),
    // This side has nothing more to say: the delta follows.
    Over,
}

enum Led {
    Surveying(VersionVector),
    Searching(Reconciliation, Seq, VersionVector),
    Over,
}

impl Searches {
    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.asked, Some(Asked::Surveying(_) | Asked::Searching(_)))
            || matches!(self.led, Some(Led::Surveying(_) | Led::Searching(..)))
    }
}

impl Session {
    pub(super) fn ask_by_clock(&mut self, clock: VersionVector) -> Resume {
        self.searches.asked = Some(Asked::Waiting);
        self.incoming.ask(clock.clone());
        Resume::Clock { clock, staged: Seq::ZERO, nonce: self.config.nonce }
    }

    /// The peer has told its clock. Whether it has to search depends on what is forgotten here, which the host knows.
    pub(super) fn look_into_search(&mut self, clock: VersionVector, nonce: u64) -> Result<(), Refusal> {
        if self.searches.led.is_some() {
            return Err(("unexpected-message", "There is a search already.".to_owned()));
        }
        let (key, peer_clock) = (FingerprintKey(nonce, self.config.nonce), Some(clock.clone()));
        self.searches.led = Some(Led::Surveying(clock));
        self.effects.push(SessionEffect::Survey { own: true, key, peer_clock });
        Ok(())
    }

    pub(super) fn surveyed(
        &mut self,
        own: bool,
        snapshot: Option<Snapshot>,
        head: Seq,
    ) -> Result<(), Refusal> {
        if own { self.surveyed_own(snapshot, head) } else { self.surveyed_asked(snapshot) }
    }

    fn surveyed_own(&mut self, snapshot: Option<Snapshot>, head: Seq) -> Result<(), Refusal> {
        let Some(Led::Surveying(clock)) = self.searches.led.take() else {
            return Err(("internal", "There is no such search.".to_owned()));
        };
        let Some(snapshot) = snapshot else {
            self.searches.led = Some(Led::Over);
            let place = (Seq::ZERO, Seq::ZERO);
            return self.outgoing.open(place, Filter::CoveredBy(clock), self.local.floor);
        };
        let mut search = Reconciliation::new(snapshot);
        let ranges = search.begin();
        self.searches.led = Some(Led::Searching(search, head, clock));
        self.send_ranges(true, ranges);
        Ok(())
    }

    fn surveyed_asked(&mut self, snapshot: Option<Snapshot>) -> Result<(), Refusal> {
        match (self.searches.asked.take(), snapshot) {
            (Some(Asked::Surveying(ranges)), Some(snapshot)) => {
                self.answer_as_asker(Reconciliation::new(snapshot), &ranges)
            }
            _ => Err(("internal", "There is no such search.".to_owned())),
        }
    }

    /// A delta comes: the search that this side has asked for is over, if there was one. Says whether there was.
    pub(super) fn end_search(&mut self) -> Result<bool, Refusal> {
        match self.searches.asked.take() {
            Some(Asked::Surveying(_)) => Err(("unexpected-message", "The search has only begun.".to_owned())),
            Some(Asked::Searching(_) | Asked::Over) => Ok(true),
            Some(Asked::Waiting) | None => Ok(false),
        }
    }

    pub(super) fn take_ranges(&mut self, message: Ranges) -> Result<(), Refusal> {
        let Ranges { own: theirs, nonce, ranges } = message;
        if theirs { self.take_led_ranges(nonce, ranges) } else { self.take_asked_ranges(&ranges) }
    }

    // The peer leads.
    fn take_led_ranges(&mut self, nonce: u64, ranges: Vec<Range>) -> Result<(), Refusal> {
        match self.searches.asked.take() {
            Some(Asked::Waiting) => {
                self.searches.asked = Some(Asked::Surveying(ranges));
                let key = FingerprintKey(self.config.nonce, nonce);
                self.effects.push(SessionEffect::Survey { own: false, key, peer_clock: None });
                Ok(())
            }
            Some(Asked::Searching(search)) => self.answer_as_asker(search, &ranges),
            _ => Err(("unexpected-message", "There is no such search.".to_owned())),
        }
    }

    // An empty answer tells the leader that the search is over, so it is sent too.
    fn answer_as_asker(&mut self, mut search: Reconciliation, ranges: &[Range]) -> Result<(), Refusal> {
        let answer = search.answer(ranges).map_err(decode_refusal)?;
        self.searches.asked = Some(if answer.is_empty() { Asked::Over } else { Asked::Searching(search) });
        self.send_ranges(false, answer);
        Ok(())
    }

    // This side leads, and the peer answers.
    fn take_asked_ranges(&mut self, ranges: &[Range]) -> Result<(), Refusal> {
        let Some(Led::Searching(mut search, head, clock)) = self.searches.led.take() else {
            return Err(("unexpected-message", "There is no such search.".to_owned()));
        };
        let answer = search.answer(ranges).map_err(decode_refusal)?;
        if !answer.is_empty() {
            self.searches.led = Some(Led::Searching(search, head, clock));
            self.send_ranges(true, answer);
            return Ok(());
        }
        self.searches.led = Some(Led::Over);
        let keys: BTreeSet<Box<str>> = search.differences().map(Into::into).collect();
        let among = Among { keys: Arc::new(keys), until: head, absent_up_to: None };
        self.outgoing.open((Seq::ZERO, Seq::ZERO), Filter::Among(among, clock), self.local.floor)
    }

    fn send_ranges(&mut self, own: bool, ranges: Vec<Range>) {
        let nonce = if own { self.config.nonce } else { 0 };
        self.effects.push(SessionEffect::Send(Message::Ranges(Ranges { own, nonce, ranges }).to_bytes()));
    }
}

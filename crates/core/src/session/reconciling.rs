//! The search for differences within a session, when a cursor is below the floor.
//!
//! The side whose log it is leads: it knows its own half of the key and sends the first ranges. When the search is over it
//! sends what differs as a delta, with the keys that it has not got and its whole clock. Both sides may be behind the
//! other's floor, so there can be a search in each direction.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::io::{Among, SessionEffect};
use super::outgoing::Filter;
use super::{Refusal, Session};
use crate::id::Seq;
use crate::message::{Message, Ranges, Resume};
use crate::reconcile::{FingerprintKey, Range, Reconciliation, Snapshot};

#[derive(Default)]
pub(super) struct Searches {
    // How this side differs from the peer's log, for this side to know.
    asked: Option<Asked>,
    // The same of this side's log, for the peer.
    led: Option<Led>,
}

enum Asked {
    Waiting,
    // The first ranges wait until the snapshot is there.
    Surveying(Vec<Range>),
    Searching(Reconciliation),
}

enum Led {
    Surveying,
    Searching(Reconciliation, Seq),
    Over,
}

impl Session {
    pub(super) fn ask_for_search(&mut self) -> Resume {
        self.searches.asked = Some(Asked::Waiting);
        Resume::Reconcile { nonce: self.config.nonce }
    }

    pub(super) fn begin_search(&mut self, nonce: u64) -> Result<(), Refusal> {
        if self.searches.led.is_some() {
            return Err(("unexpected-message", "There is a search already.".to_owned()));
        }
        self.searches.led = Some(Led::Surveying);
        let key = FingerprintKey(nonce, self.config.nonce);
        self.effects.push(SessionEffect::Survey { own: true, key });
        Ok(())
    }

    pub(super) fn surveyed(&mut self, own: bool, snapshot: Snapshot, head: Seq) -> Result<(), Refusal> {
        let mut search = Reconciliation::new(snapshot);
        if own {
            let ranges = search.begin();
            self.searches.led = Some(Led::Searching(search, head));
            self.send_ranges(true, ranges);
            return Ok(());
        }
        match self.searches.asked.take() {
            Some(Asked::Surveying(ranges)) => self.answer_as_asker(search, &ranges),
            other => self.searches.asked = other,
        }
        Ok(())
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
                self.effects.push(SessionEffect::Survey { own: false, key });
                Ok(())
            }
            Some(Asked::Searching(search)) => {
                self.answer_as_asker(search, &ranges);
                Ok(())
            }
            _ => Err(("unexpected-message", "There is no such search.".to_owned())),
        }
    }

    // An empty answer tells the leader that the search is over, so it is sent too.
    fn answer_as_asker(&mut self, mut search: Reconciliation, ranges: &[Range]) {
        let answer = search.answer(ranges);
        self.searches.asked = (!answer.is_empty()).then_some(Asked::Searching(search));
        self.send_ranges(false, answer);
    }

    // This side leads, and the peer answers.
    fn take_asked_ranges(&mut self, ranges: &[Range]) -> Result<(), Refusal> {
        let Some(Led::Searching(mut search, head)) = self.searches.led.take() else {
            return Err(("unexpected-message", "There is no such search.".to_owned()));
        };
        let answer = search.answer(ranges);
        if !answer.is_empty() {
            self.searches.led = Some(Led::Searching(search, head));
            self.send_ranges(true, answer);
            return Ok(());
        }
        self.searches.led = Some(Led::Over);
        let keys: BTreeSet<Box<str>> = search.differences().map(Into::into).collect();
        let among = Among { keys: Arc::new(keys), until: head };
        self.outgoing.open(Seq::ZERO, Seq::ZERO, Filter::Among(among), self.local.floor)
    }

    fn send_ranges(&mut self, own: bool, ranges: Vec<Range>) {
        let nonce = if own { self.config.nonce } else { 0 };
        self.effects.push(SessionEffect::Send(Message::Ranges(Ranges { own, nonce, ranges }).to_bytes()));
    }
}

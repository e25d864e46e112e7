//! The schedule: what happens when, and the time that passes meanwhile.

use std::collections::BTreeMap;

/// Events in the order of their times; those of one millisecond in the order in which they were planned.
#[derive(Debug)]
pub(crate) struct Schedule<E> {
    now_ms: u64,
    planned: u64,
    events: BTreeMap<(u64, u64), E>,
}

impl<E> Schedule<E> {
    /// An empty schedule at some time.
    pub(crate) const fn new(now_ms: u64) -> Self {
        Self { now_ms, planned: 0, events: BTreeMap::new() }
    }

    /// The time.
    pub(crate) const fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Plans an event, now or later.
    pub(crate) fn at(&mut self, at_ms: u64, event: E) {
        self.planned += 1;
        self.events.insert((at_ms.max(self.now_ms), self.planned), event);
    }

    /// Plans an event after some milliseconds.
    pub(crate) fn after(&mut self, delay_ms: u64, event: E) {
        self.at(self.now_ms + delay_ms, event);
    }

    /// The next event up to that time; the time moves to it, or to the end.
    pub(crate) fn next(&mut self, until_ms: u64) -> Option<E> {
        match self.events.first_entry() {
            Some(first) if first.key().0 <= until_ms => {
                self.now_ms = first.key().0;
                Some(first.remove())
            }
            _ => {
                self.now_ms = self.now_ms.max(until_ms);
                None
            }
        }
    }
}

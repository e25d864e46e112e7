//! The agenda: what happens when, and the time that passes meanwhile.
//!
//! Knows nothing of what happens.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Events in the order of their times; those of one millisecond in the order in which they were planned.
#[derive(Debug)]
pub(crate) struct Agenda<E> {
    now_ms: u64,
    planned: u64,
    events: BinaryHeap<Planned<E>>,
}

#[derive(Debug)]
struct Planned<E> {
    at_ms: u64,
    number: u64,
    event: E,
}

// The greatest of a heap comes first, so the earliest is the greatest.
impl<E> Ord for Planned<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at_ms, other.number).cmp(&(self.at_ms, self.number))
    }
}

impl<E> PartialOrd for Planned<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Planned<E> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<E> Eq for Planned<E> {}

impl<E> Agenda<E> {
    /// An empty agenda at some time.
    pub(crate) const fn new(now_ms: u64) -> Self {
        Self { now_ms, planned: 0, events: BinaryHeap::new() }
    }

    /// The time.
    pub(crate) const fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Plans an event, now or later.
    pub(crate) fn at(&mut self, at_ms: u64, event: E) {
        self.planned += 1;
        self.events.push(Planned { at_ms: at_ms.max(self.now_ms), number: self.planned, event });
    }

    /// Plans an event after some milliseconds.
    pub(crate) fn after(&mut self, delay_ms: u64, event: E) {
        self.at(self.now_ms + delay_ms, event);
    }

    /// The next event up to that time; the time moves to it, or to the end.
    pub(crate) fn next(&mut self, until_ms: u64) -> Option<E> {
        match self.events.peek() {
            Some(first) if first.at_ms <= until_ms => {
                self.now_ms = first.at_ms;
                self.events.pop().map(|planned| planned.event)
            }
            _ => {
                self.now_ms = self.now_ms.max(until_ms);
                None
            }
        }
    }
}

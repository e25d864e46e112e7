//! The agenda: what happens when, and the time that passes meanwhile.
//!
//! Knows nothing of what happens.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Events in the order of their times; those of one millisecond in the order in which they were planned.
#[derive(Debug)]
pub(crate) struct Agenda<E> {
    now_ms: u64,
    planned: u32,
    // The greatest of a heap comes first, so the earliest is the greatest.
    order: BinaryHeap<Reverse<Planned>>,
    // The events themselves, so that the heap has little to move, and the places that are free.
    events: Vec<Option<E>>,
    free: Vec<u32>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Planned {
    at_ms: u64,
    number: u32,
    place: u32,
}

impl<E> Agenda<E> {
    /// An empty agenda at some time.
    pub(crate) const fn new(now_ms: u64) -> Self {
        Self { now_ms, planned: 0, order: BinaryHeap::new(), events: Vec::new(), free: Vec::new() }
    }

    /// The time.
    pub(crate) const fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Plans an event, now or later.
    pub(crate) fn at(&mut self, at_ms: u64, event: E) {
        self.planned += 1;
        let place = self.free.pop().unwrap_or_else(|| {
            self.events.push(None);
            self.events.len() as u32 - 1
        });
        if let Some(slot) = self.events.get_mut(place as usize) {
            *slot = Some(event);
        }
        self.order.push(Reverse(Planned { at_ms: at_ms.max(self.now_ms), number: self.planned, place }));
    }

    /// Plans an event after some milliseconds.
    pub(crate) fn after(&mut self, delay_ms: u64, event: E) {
        self.at(self.now_ms + delay_ms, event);
    }

    /// The next event up to that time; the time moves to it, or to the end.
    pub(crate) fn next(&mut self, until_ms: u64) -> Option<E> {
        if self.order.peek().is_none_or(|Reverse(first)| first.at_ms > until_ms) {
            self.now_ms = self.now_ms.max(until_ms);
            return None;
        }
        let Reverse(Planned { at_ms, place, .. }) = self.order.pop()?;
        self.now_ms = at_ms;
        self.free.push(place);
        self.events.get_mut(place as usize)?.take()
    }
}

//! The records in the order of the log: every one once, at the position where it last changed.
//!
//! Law: what is in pages stands before all that changed since. Of pages that are not here nothing is told.

use std::ops::Bound;

use super::Records;
use crate::checkpoint::Placed;
use crate::id::Seq;
use crate::key::RecordKey;

impl Records {
    /// The records after a position.
    pub(crate) fn log_after(&self, seq: Seq) -> impl Iterator<Item = (&RecordKey, &Placed)> {
        let later = self.log.range((Bound::Excluded(seq.max(self.base)), Bound::Unbounded));
        let later = later.map(|(_, (key, placed))| (key, &**placed));
        self.base_after(seq).chain(later)
    }

    // Those in pages over which nothing lies.
    fn base_after(&self, seq: Seq) -> impl Iterator<Item = (&RecordKey, &Placed)> {
        let order = if seq < self.base { self.order() } else { &[] };
        let from = order.partition_point(|(at, ..)| *at <= seq);
        order.get(from..).unwrap_or_default().iter().filter_map(|(_, shelf, place)| {
            let (key, placed) = self.shelves.get(*shelf as usize)?.records().get(*place as usize)?;
            self.over(key.as_str()).is_none().then_some((key, placed))
        })
    }

    fn order(&self) -> &[(Seq, u32, u32)] {
        self.order.get_or_init(|| {
            let mut order: Vec<(Seq, u32, u32)> = Vec::new();
            for (shelf, records) in (0..).zip(self.shelves.iter().map(super::Shelf::records)) {
                let places = (0..).zip(records);
                order.extend(places.map(|(place, (_, placed))| (placed.seq, shelf, place)));
            }
            order.sort_unstable();
            order
        })
    }
}

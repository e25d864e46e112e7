//! The records in the order of keys: what lies above and what is beneath, woven together.

use std::ops::Bound;
use std::sync::Arc;

use super::{Records, Shelf};
use crate::checkpoint::Placed;
use crate::key::RecordKey;

impl Records {
    /// The records from a key on or after it, up to the first page that is not here.
    pub(crate) fn range_after<'a>(
        &'a self,
        from: Bound<&str>,
    ) -> impl Iterator<Item = (&'a RecordKey, &'a Placed)> + use<'a> {
        let start = match from {
            Bound::Included(key) | Bound::Excluded(key) => key,
            Bound::Unbounded => "",
        };
        let shelves = self.here_from(start);
        let skipped = shelves.first().map_or(0, |shelf| {
            let is_excluded = matches!(from, Bound::Excluded(_));
            let is_before = |at: &str| if is_excluded { at <= start } else { at < start };
            shelf.records().partition_point(|(at, _)| is_before(at.as_str()))
        });
        let beneath = shelves.iter().flat_map(super::Shelf::records).skip(skipped);
        let changed = self.changed.range::<str, _>((from, Bound::Unbounded));
        let frozen = self.frozen.range::<str, _>((from, Bound::Unbounded));
        let end = self.end_of_here(start);
        weave(weave(changed.map(seen), frozen.map(seen)), beneath.map(|(key, placed)| (key, Some(placed))))
            .take_while(move |(key, _)| end.is_none_or(|end| key.as_str() < end))
            .filter_map(|(key, placed)| placed.map(|placed| (key, placed)))
    }

    fn place_of(&self, key: &str) -> usize {
        self.shelves.partition_point(|shelf| *shelf.note.first <= *key).saturating_sub(1)
    }

    // The pages from that of a key on, up to the first that is not here.
    fn here_from(&self, key: &str) -> &[Shelf] {
        let shelves = self.shelves.get(self.place_of(key)..).unwrap_or_default();
        let here = shelves.iter().position(Shelf::is_away).unwrap_or(shelves.len());
        shelves.get(..here).unwrap_or_default()
    }

    /// True when all pages are here that have keys from one on and before another.
    pub(super) fn is_here(&self, from: &str, to: Option<&str>) -> bool {
        self.end_of_here(from).is_none_or(|end| to.is_some_and(|to| to <= end))
    }

    /// Where the first page begins that is not here, of those that have keys from one on; nothing is known from there on.
    pub(crate) fn end_of_here<'a>(&'a self, key: &str) -> Option<&'a str> {
        let place = self.place_of(key);
        let away = self.shelves.get(place..)?.iter().position(Shelf::is_away)?;
        // What is before the first page belongs to it, and the page of the key itself begins with the key, or before.
        let first = if away == 0 { "" } else { &self.shelves.get(place + away)?.note.first };
        Some(first)
    }
}

type Item<'a> = (&'a RecordKey, Option<&'a Placed>);

fn seen<'a>((key, placed): (&'a RecordKey, &'a Option<Arc<Placed>>)) -> Item<'a> {
    (key, placed.as_deref())
}

// Of a key that both have, the first one's.
fn weave<'a>(
    over: impl Iterator<Item = Item<'a>>,
    beneath: impl Iterator<Item = Item<'a>>,
) -> impl Iterator<Item = Item<'a>> {
    let (mut over, mut beneath) = (over.peekable(), beneath.peekable());
    std::iter::from_fn(move || match (over.peek(), beneath.peek()) {
        (Some((above, _)), Some((below, _))) => {
            let order = above.cmp(below);
            if order.is_gt() {
                return beneath.next();
            }
            if order.is_eq() {
                beneath.next();
            }
            over.next()
        }
        (Some(_), None) => over.next(),
        _ => beneath.next(),
    })
}

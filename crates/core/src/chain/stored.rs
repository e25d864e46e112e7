//! A chain as a checkpoint keeps it.

use std::collections::VecDeque;

use super::{Boundary, Chain, ChainEnd};
use crate::codec::{DecodeError, Reader, Writer};
use crate::dot::MAXIMUM_COUNTER;
use crate::id::Seq;
use crate::seen::LogPlace;

/// A boundary takes so many bytes at least.
const BOUNDARY_BYTES: usize = 7;

impl Chain {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.link.to_le_bytes());
        writer.byte(self.forgets_places.into());
        writer.size(self.places.len());
        let mut seq = 0;
        for place in &self.places {
            writer.number(place.seq.0.saturating_sub(seq));
            writer.raw(&place.link.to_le_bytes());
            seq = place.seq.0;
        }
        writer.byte(self.dropped.into());
        writer.number(self.confirmed);
        writer.size(self.boundaries.len());
        let (mut seq, mut counter) = (0, 0);
        for boundary in &self.boundaries {
            writer.number(boundary.before.0.saturating_sub(seq));
            writer.number(boundary.seq.0.saturating_sub(boundary.before.0));
            writer.number(boundary.end.counter.saturating_sub(counter));
            writer.raw(&boundary.end.link.to_le_bytes());
            (seq, counter) = (boundary.seq.0, boundary.end.counter);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let link = u32::from_le_bytes(reader.array()?);
        let forgets_places = read_mark(reader)?;
        let mut places: VecDeque<LogPlace> = VecDeque::new();
        for _ in 0..reader.count()? {
            let before = places.back().map_or(0, |place| place.seq.0);
            let seq = Seq(before.saturating_add(reader.number_up_to(MAXIMUM_COUNTER, "a position")?));
            places.push_back(LogPlace { seq, link: u32::from_le_bytes(reader.array()?) });
        }
        let dropped = read_mark(reader)?;
        let confirmed = reader.number_up_to(MAXIMUM_COUNTER, "a counter")?;
        let count = reader.count()?;
        let mut boundaries = VecDeque::with_capacity(count.min(reader.left() / BOUNDARY_BYTES));
        let (mut seq, mut counter) = (0u64, 0u64);
        for _ in 0..count {
            let before = seq.saturating_add(reader.number()?);
            seq = before.saturating_add(reader.number()?);
            let more = reader.number()?;
            counter = counter.saturating_add(more);
            if more == 0 || seq > MAXIMUM_COUNTER || counter > MAXIMUM_COUNTER {
                return Err(DecodeError::Invalid("a boundary"));
            }
            let end = ChainEnd { counter, link: u32::from_le_bytes(reader.array()?) };
            boundaries.push_back(Boundary { before: Seq(before), seq: Seq(seq), end });
        }
        Ok(Self { link, places, forgets_places, boundaries, dropped, confirmed })
    }
}

fn read_mark(reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
    match reader.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(DecodeError::Invalid("a mark")),
    }
}

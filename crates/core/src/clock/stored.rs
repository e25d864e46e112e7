//! The rows of a clock as a checkpoint keeps them.

use super::{Clock, Row};
use crate::chain::ChainEnd;
use crate::codec::{DecodeError, Reader, Writer};
use crate::dot::MAXIMUM_COUNTER;
use crate::id::{LogEpoch, ReplicaId, Seq};

/// A row takes so many bytes at least.
const ROW_BYTES: usize = 23;

impl Clock {
    pub(crate) fn write(&self, writer: &mut Writer) {
        let logs = || self.told_by.iter().flatten();
        writer.size(logs().count());
        logs().for_each(|epoch| writer.fixed(epoch.0));
        writer.size(self.replicas.len());
        for row in self.rows(0) {
            writer.raw(&row.replica.to_bytes());
            writer.number(row.end.counter);
            writer.raw(&row.end.link.to_le_bytes());
            writer.number(row.seq.0);
            writer.number(row.origin.into());
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut clock = Self::default();
        for _ in 0..reader.count()? {
            let epoch = Some(LogEpoch(reader.fixed()?));
            if clock.told_by.contains(&epoch) || usize::from(u16::MAX) < clock.told_by.len() {
                return Err(DecodeError::NotCanonical("the origins of a clock"));
            }
            // The first place is that of none.
            if clock.told_by.is_empty() {
                clock.told_by.push(None);
            }
            clock.told_by.push(epoch);
        }
        let count = reader.count()?;
        let mut rows: Vec<Row> = Vec::with_capacity(count.min(reader.left() / ROW_BYTES));
        for _ in 0..count {
            let row = read_row(reader)?;
            let is_known = row.origin == 0 || usize::from(row.origin) < clock.told_by.len();
            if !is_known || rows.last().is_some_and(|last| last.replica >= row.replica) {
                return Err(DecodeError::Invalid("a row of a clock"));
            }
            clock.digest = super::advance_digest(clock.digest, row.replica, ChainEnd::default(), row.end);
            rows.push(row);
        }
        clock.insert(&rows);
        Ok(clock)
    }
}

fn read_row(reader: &mut Reader<'_>) -> Result<Row, DecodeError> {
    let replica = ReplicaId::from_bytes(reader.array()?);
    let counter = reader.number_up_to(MAXIMUM_COUNTER, "a counter")?;
    let link = u32::from_le_bytes(reader.array()?);
    let seq = Seq(reader.number_up_to(MAXIMUM_COUNTER, "a position")?);
    let origin = u16::try_from(reader.number()?).map_err(|_| DecodeError::Invalid("an origin"))?;
    if counter == 0 {
        return Err(DecodeError::NotCanonical("a row of a clock"));
    }
    Ok(Row { replica, end: ChainEnd { counter, link }, seq, origin })
}

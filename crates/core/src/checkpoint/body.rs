//! The body of a checkpoint: all of the fold of the log's beginning that is not records, and the directory of these.

use super::{PageNote, Root, parts_of, read_directory, whole_body, write_directory};
use crate::chain::Chain;
use crate::clock::Clock;
use crate::codec::{DecodeError, Reader, Writer};
use crate::dot::MAXIMUM_COUNTER;
use crate::engine::StoredCheckpoint;
use crate::forgetting::Forgotten;
use crate::hlc::{Hlc, MAXIMUM_MS};
use crate::id::{LogEpoch, ReplicaId, Seq};
use crate::peers::Peers;
use crate::rebirth::Rebirth;
use crate::tally::Tally;

/// The fold of the log's beginning.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoint {
    pub(crate) replica: ReplicaId,
    pub(crate) epoch: LogEpoch,
    pub(crate) head: Seq,
    /// The replica's clock for times was not before this.
    pub(crate) latest: Hlc,
    pub(crate) clock: Clock,
    pub(crate) chain: Chain,
    pub(crate) peers: Peers,
    pub(crate) unsent: usize,
    /// It took pages to count them that were not there.
    pub(crate) unsent_is_guessed: bool,
    pub(crate) forgotten: Forgotten,
    pub(crate) rebirths: Vec<Rebirth>,
    pub(crate) tally: Tally,
    /// What the segments name that are kept although they are folded in.
    pub(crate) stages: Vec<u64>,
    pub(crate) directory: Vec<PageNote>,
}

impl Checkpoint {
    /// Reads a checkpoint, and its root.
    pub(crate) fn from_stored(stored: &StoredCheckpoint) -> Result<(Root, Self), DecodeError> {
        let root = Root::from_bytes(&stored.root)?;
        let body = whole_body(&root, &stored.parts)?;
        Ok((root, Self::from_bytes(&body)?))
    }

    /// The body, and the parts into which it is cut if it has to be.
    pub(crate) fn to_parts(&self) -> (Vec<u8>, Vec<Vec<u8>>) {
        let body = self.to_bytes();
        let parts = parts_of(&body);
        (if parts.is_empty() { body } else { Vec::new() }, parts)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.raw(&self.replica.to_bytes());
        writer.fixed(self.epoch.0);
        writer.number(self.head.0);
        writer.number(self.latest.ms);
        writer.number(self.latest.count.into());
        self.clock.write(&mut writer);
        self.chain.write(&mut writer);
        writer.bytes(&self.peers.to_bytes());
        writer.number((self.unsent as u64).min(u32::MAX.into()));
        writer.byte(self.unsent_is_guessed.into());
        self.forgotten.write(&mut writer);
        writer.size(self.rebirths.len());
        self.rebirths.iter().for_each(|rebirth| rebirth.write(&mut writer));
        self.tally.write(&mut writer);
        writer.size(self.stages.len());
        self.stages.iter().for_each(|stage| writer.number(*stage));
        write_directory(&mut writer, self.directory.iter());
        writer.into_bytes()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let reader = &mut reader;
        let replica = ReplicaId::from_bytes(reader.array()?);
        let epoch = LogEpoch(reader.fixed()?);
        let head = Seq(reader.number_up_to(MAXIMUM_COUNTER, "a position")?);
        let ms = reader.number_up_to(MAXIMUM_MS, "a time")?;
        let count = u16::try_from(reader.number()?).map_err(|_| DecodeError::TooLarge("a time"))?;
        let clock = Clock::read(reader)?;
        let chain = Chain::read(reader)?;
        let peers = Peers::from_bytes(reader.bytes()?)?;
        let unsent = reader.number_up_to(u32::MAX.into(), "a count")?;
        let unsent = usize::try_from(unsent).unwrap_or(usize::MAX);
        let unsent_is_guessed = match reader.byte()? {
            0 => false,
            1 => true,
            _ => return Err(DecodeError::Invalid("a mark")),
        };
        let forgotten = Forgotten::read(reader)?;
        let rebirths = (0..reader.count()?).map(|_| Rebirth::read(reader)).collect::<Result<_, _>>()?;
        let tally = Tally::read(reader)?;
        let stages = (0..reader.count()?).map(|_| reader.number()).collect::<Result<_, _>>()?;
        let directory = read_directory(reader)?;
        reader.finish()?;
        let latest = Hlc { ms, count };
        Ok(Self {
            replica,
            epoch,
            head,
            latest,
            clock,
            chain,
            peers,
            unsent,
            unsent_is_guessed,
            forgotten,
            rebirths,
            tally,
            stages,
            directory,
        })
    }
}

//! The checkpoint: the fold of the log's beginning, so that nobody has to read all of the log.
//!
//! `docs/storage.md` describes it for other implementers. A root says how far it goes; the body is all of the fold that is
//! not records, and the directory of the pages in which these are. Knows nothing of IndexedDB, nor of when to make one.

mod body;
mod directory;
mod page;

pub(crate) use body::Checkpoint;
pub(crate) use directory::{PageNote, read_directory, write_directory};
pub use page::{Page, Placed, read_page, write_page};

use crate::codec::{DecodeError, Reader, Writer};
use crate::limits::CHUNK_BYTES;

/// The version of pages and checkpoints.
const VERSION: u8 = 1;
const RECORDS: u8 = 1;
const PART: u8 = 2;

/// The key of a page, or of a part of a checkpoint: a random number below 2^52, never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PageId(pub u64);

/// The root of a checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Root {
    /// One more with every change of the root, from 1 on.
    pub generation: u64,
    /// The last segment that is folded in.
    pub reaches: u64,
    /// Segments before this one may be deleted.
    pub kept_from: u64,
    /// Where the parts of the body are; none where the root has it all.
    pub parts: Vec<PageId>,
    /// The body, where there are no parts.
    pub body: Vec<u8>,
}

impl Root {
    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.byte(VERSION);
        writer.number(self.generation);
        writer.number(self.reaches);
        writer.number(self.kept_from);
        writer.size(self.parts.len());
        self.parts.iter().for_each(|part| writer.number(part.0));
        writer.raw(&self.body);
        writer.into_bytes()
    }

    /// Reads what [`Root::to_bytes`] wrote.
    ///
    /// # Errors
    /// When the bytes are no root.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        read_version(&mut reader)?;
        let (generation, reaches, kept_from) = (reader.number()?, reader.number()?, reader.number()?);
        if generation == 0 || kept_from == 0 || kept_from > reaches.saturating_add(1) || reaches == u64::MAX {
            return Err(DecodeError::Invalid("a root"));
        }
        let parts: Vec<PageId> =
            (0..reader.count()?).map(|_| reader.number().map(PageId)).collect::<Result<_, _>>()?;
        let body = reader.raw(reader.left())?.to_vec();
        if !parts.is_empty() && !body.is_empty() {
            return Err(DecodeError::Trailing);
        }
        Ok(Self { generation, reaches, kept_from, parts, body })
    }
}

/// Cuts a body that is too long for one value into parts; none where it is not.
pub(crate) fn parts_of(body: &[u8]) -> Vec<Vec<u8>> {
    if body.len() <= CHUNK_BYTES {
        return Vec::new();
    }
    let part = |piece: &[u8]| {
        let mut writer = Writer::new();
        writer.byte(VERSION);
        writer.byte(PART);
        writer.raw(piece);
        writer.into_bytes()
    };
    body.chunks(CHUNK_BYTES).map(part).collect()
}

/// Puts the body together.
pub(crate) fn whole_body(root: &Root, parts: &[Vec<u8>]) -> Result<Vec<u8>, DecodeError> {
    if root.parts.len() != parts.len() {
        return Err(DecodeError::Truncated);
    }
    let mut body = root.body.clone();
    for part in parts {
        let mut reader = Reader::new(part);
        read_version(&mut reader)?;
        if reader.byte()? != PART {
            return Err(DecodeError::Invalid("a part of a checkpoint"));
        }
        body.extend_from_slice(reader.raw(reader.left())?);
    }
    Ok(body)
}

fn read_version(reader: &mut Reader<'_>) -> Result<(), DecodeError> {
    match reader.byte()? {
        VERSION => Ok(()),
        other => Err(DecodeError::UnknownVersion(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_is_cut_and_put_together() {
        for length in [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES] {
            let body: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let parts = parts_of(&body);
            let ids = (0..parts.len() as u64).map(PageId).collect();
            let inline = if parts.is_empty() { body.clone() } else { Vec::new() };
            let root = Root { generation: 1, reaches: 7, kept_from: 1, parts: ids, body: inline };
            assert_eq!(Root::from_bytes(&root.to_bytes()), Ok(root.clone()));
            assert_eq!(whole_body(&root, &parts), Ok(body));
            assert!(parts.iter().all(|part| part.len() <= 60 * 1024));
        }
    }
}

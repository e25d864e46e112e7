//! Compressed messages, for connections that cost something.
//!
//! Compression is a matter of what carries messages. A session neither compresses nor decompresses, and refuses what still is.
//! Compressing is its host's part, since browsers have it built in; what it may come to is decided here.

use crate::codec::{DecodeError, Reader, Writer};
use crate::limits::Limits;

/// A message shorter than this is not worth compressing.
pub const COMPRESS_FROM_BYTES: usize = 512;

// DEFLATE makes at most 258 bytes of two bits.
const MOST_FOR_A_BYTE: usize = 1_032;

// The kind of a compressed message, among those of messages.
pub(super) const COMPRESSED: u8 = 11;

/// A message that is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Compressed<'a> {
    /// How long the message is: not a byte more may be decompressed.
    pub length: usize,
    /// The message as a stream of raw DEFLATE (RFC 1951).
    pub deflated: &'a [u8],
}

impl<'a> Compressed<'a> {
    /// The compressed message, or none where the bytes are a message as it is.
    pub fn read(bytes: &'a [u8], limits: &Limits) -> Result<Option<Self>, DecodeError> {
        if bytes.first() != Some(&COMPRESSED) {
            return Ok(None);
        }
        let mut reader = Reader::new(bytes);
        reader.byte()?;
        let most = u64::try_from(limits.message_bytes).unwrap_or(u64::MAX);
        let length = reader.number_up_to(most, "a message")?;
        let length = usize::try_from(length).map_err(|_| DecodeError::TooLarge("a message"))?;
        if length < COMPRESS_FROM_BYTES {
            return Err(DecodeError::NotCanonical("a compressed message"));
        }
        let deflated = reader.raw(reader.left())?;
        // Nobody reserves room for a message that these bytes cannot become.
        if length / MOST_FOR_A_BYTE > deflated.len() {
            return Err(DecodeError::Truncated);
        }
        Ok(Some(Self { length, deflated }))
    }

    /// The bytes that are sent for a message of that length, or none where compression makes it no shorter.
    pub fn write(length: usize, deflated: &[u8]) -> Option<Vec<u8>> {
        let mut writer = Writer::new();
        writer.byte(COMPRESSED);
        writer.size(length);
        writer.raw(deflated);
        (writer.len() < length).then(|| writer.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_says_how_long_it_becomes() {
        let deflated = [7; 9];
        let bytes = Compressed::write(600, &deflated).unwrap();
        assert_eq!(bytes[..3], [COMPRESSED, 0xd8, 0x04]);
        let compressed = Compressed { length: 600, deflated: &deflated };
        assert_eq!(Compressed::read(&bytes, &Limits::default()), Ok(Some(compressed)));
    }

    #[test]
    fn what_compression_does_not_make_shorter_goes_as_it_is() {
        assert_eq!(Compressed::write(600, &[7; 597]), None);
        assert!(Compressed::write(600, &[7; 596]).is_some());
    }

    #[test]
    fn what_would_become_too_long_or_too_short_is_refused() {
        let limits = Limits::default();
        let read = |length: usize| {
            let mut writer = Writer::new();
            writer.byte(COMPRESSED);
            writer.size(length);
            writer.raw(&[7; 4_100]);
            Compressed::read(&writer.into_bytes(), &limits)
                .map(|compressed| compressed.is_some())
                .map_err(DecodeError::code)
        };
        assert_eq!(read(limits.message_bytes), Ok(true));
        assert_eq!(read(limits.message_bytes + 1), Err("too-large"));
        assert_eq!(read(usize::MAX), Err("too-large"));
        assert_eq!(read(COMPRESS_FROM_BYTES), Ok(true));
        assert_eq!(read(COMPRESS_FROM_BYTES - 1), Err("not-canonical"));
        assert_eq!(Compressed::read(&[COMPRESSED, 0xff, 0x7f, 1], &limits), Err(DecodeError::Truncated));
        assert_eq!(Compressed::read(&[COMPRESSED], &limits), Err(DecodeError::Truncated));
        assert_eq!(Compressed::read(&[], &limits), Ok(None));
        assert_eq!(Compressed::read(&[5], &limits), Ok(None));
    }
}

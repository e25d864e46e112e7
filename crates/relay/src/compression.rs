//! Compression: messages made shorter on their way, for clients that can decompress them.
//!
//! Knows DEFLATE and the lengths; what a message says is the session's matter. It works on the thread that it is called on: a
//! chunk of 56 KiB takes less than a millisecond.

use std::cell::RefCell;

use eyot_core::Limits;
use eyot_core::message::{COMPRESS_FROM_BYTES, Compressed};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use hyper_tungstenite::tungstenite::Bytes;

// Twice as fast as the usual level, for a twentieth more bytes.
const LEVEL: u32 = 3;

thread_local! {
    // It takes some hundred KiB, so threads keep theirs and sockets have none.
    static COMPRESS: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(LEVEL), false));
}

/// The bytes to send for a message: compressed, where that makes it shorter.
pub(crate) fn compress(message: Vec<u8>) -> Vec<u8> {
    if message.len() < COMPRESS_FROM_BYTES {
        return message;
    }
    deflate(&message).and_then(|deflated| Compressed::write(message.len(), &deflated)).unwrap_or(message)
}

fn deflate(message: &[u8]) -> Option<Vec<u8>> {
    COMPRESS.with_borrow_mut(|compress| {
        compress.reset();
        let mut deflated = Vec::with_capacity(message.len());
        let status = compress.compress_vec(message, &mut deflated, FlushCompress::Finish).ok()?;
        (status == Status::StreamEnd).then_some(deflated)
    })
}

/// The message that these bytes carry. What cannot be decompressed stays as it is, for the session to refuse.
///
/// Law: no more memory is taken than the message says that it has, and that is within the limits.
pub(crate) fn decompress(bytes: Bytes, limits: &Limits) -> Bytes {
    let Ok(Some(compressed)) = Compressed::read(&bytes, limits) else { return bytes };
    inflate(&compressed).map_or(bytes, Bytes::from)
}

fn inflate(compressed: &Compressed<'_>) -> Option<Vec<u8>> {
    let mut message = Vec::with_capacity(compressed.length);
    let mut inflate = Decompress::new(false);
    let status = inflate.decompress_vec(compressed.deflated, &mut message, FlushDecompress::Finish).ok()?;
    let is_whole = status == Status::StreamEnd
        && message.len() == compressed.length
        && usize::try_from(inflate.total_in()) == Ok(compressed.deflated.len());
    is_whole.then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: usize) -> Vec<u8> {
        b"an eyot is a small island in a river; ".iter().copied().cycle().take(bytes).collect()
    }

    #[test]
    fn a_message_comes_out_as_it_went_in() {
        for bytes in [0, 1, COMPRESS_FROM_BYTES - 1, COMPRESS_FROM_BYTES, 57_344, 4 << 20] {
            let compressed = compress(text(bytes));
            assert_eq!(compressed.len() < bytes / 10, bytes >= COMPRESS_FROM_BYTES, "{bytes}");
            assert_eq!(decompress(compressed.into(), &Limits::default()), text(bytes), "{bytes}");
        }
    }

    #[test]
    fn what_cannot_be_compressed_goes_as_it_is() {
        let mut random = fastrand::Rng::with_seed(1);
        let message: Vec<u8> = (0..5_000).map(|_| random.u8(..)).collect();
        assert_eq!(compress(message.clone()), message);
    }

    #[test]
    fn what_is_not_what_it_says_stays_compressed() {
        let limits = Limits::default();
        let compressed = compress(text(600));
        let deflated = deflate(&text(600)).unwrap();
        let longer = Compressed::write(600, &[&deflated[..], &[0]].concat()).unwrap();
        let lengths = [599, 601].map(|length| Compressed::write(length, &deflated).unwrap());
        let cut = compressed[..compressed.len() - 1].to_vec();
        for wrong in lengths.into_iter().chain([longer, cut]) {
            assert_eq!(decompress(wrong.clone().into(), &limits), wrong);
        }
    }
}

//! Bytes: the writer and the reader that every format of Eyot is made with, and why bytes are refused.
//!
//! Law: no input panics, hangs or allocates without bound. The reader never reserves more than the bytes that are there.

use std::fmt;

/// Why bytes were refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecodeError {
    /// The bytes end in the middle.
    Truncated,
    /// Bytes are left over at the end.
    Trailing,
    /// There is a shorter way to say the same, and only the shortest is allowed.
    NotCanonical(&'static str),
    /// A part has a value that it cannot have.
    Invalid(&'static str),
    /// A part is larger than the limit.
    TooLarge(&'static str),
    /// The format's version is not known here.
    UnknownVersion(u8),
}

impl DecodeError {
    /// The stable code of the error.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Trailing => "trailing-bytes",
            Self::NotCanonical(_) => "not-canonical",
            Self::Invalid(_) => "invalid-bytes",
            Self::TooLarge(_) => "too-large",
            Self::UnknownVersion(_) => "unknown-version",
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the bytes end in the middle"),
            Self::Trailing => f.write_str("bytes are left over at the end"),
            Self::NotCanonical(what) => write!(f, "{what} is not in its shortest form"),
            Self::Invalid(what) => write!(f, "{what} has a value that it cannot have"),
            Self::TooLarge(what) => write!(f, "{what} is larger than the limit"),
            Self::UnknownVersion(version) => {
                write!(f, "format version {version} is not known here")
            }
        }
    }
}

impl std::error::Error for DecodeError {}

/// Most messages and stored values are not longer.
const USUAL_BYTES: usize = 128;

/// Appends numbers and bytes to a buffer.
pub struct Writer {
    bytes: Vec<u8>,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// An empty writer, with room for what is usually written.
    pub fn new() -> Self {
        Self { bytes: Vec::with_capacity(USUAL_BYTES) }
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// How much was written.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// True when nothing was written.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// One byte.
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// A number: seven bits a byte, the lowest first (LEB128).
    pub fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// A length or an index.
    pub fn size(&mut self, size: usize) {
        self.number(size as u64);
    }

    /// A number as its difference from another that the reader knows: numbers that go up or down by little take one byte.
    /// Both are below 2^62.
    pub fn step(&mut self, from: u64, number: u64) {
        let up = number.wrapping_sub(from) << 1;
        self.number(if number < from { !up } else { up });
    }

    /// Eight bytes, the lowest first.
    pub fn fixed(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    /// Bytes whose length the reader knows.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A length and the bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.size(bytes.len());
        self.raw(bytes);
    }
}

/// Takes numbers and bytes from the front of a slice.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the front of these bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// How many bytes are left.
    pub const fn left(&self) -> usize {
        self.bytes.len()
    }

    /// The end: refuses bytes that are left over.
    pub const fn finish(self) -> Result<(), DecodeError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(DecodeError::Trailing) }
    }

    /// One byte.
    pub fn byte(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self.bytes.split_first().ok_or(DecodeError::Truncated)?;
        self.bytes = rest;
        Ok(*first)
    }

    /// A number in its shortest form.
    pub fn number(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(DecodeError::TooLarge("a number"));
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                let overlong = byte == 0 && shift > 0;
                return if overlong { Err(DecodeError::NotCanonical("a number")) } else { Ok(number) };
            }
        }
        Err(DecodeError::TooLarge("a number"))
    }

    /// A number of at most `limit`.
    pub fn number_up_to(&mut self, limit: u64, what: &'static str) -> Result<u64, DecodeError> {
        let number = self.number()?;
        if number > limit { Err(DecodeError::TooLarge(what)) } else { Ok(number) }
    }

    /// A number of at most `limit`, as its difference from another.
    pub fn step_up_to(&mut self, from: u64, limit: u64, what: &'static str) -> Result<u64, DecodeError> {
        let step = self.number()?;
        let number = match step & 1 {
            0 => from.checked_add(step >> 1),
            _ => from.checked_sub((step >> 1).wrapping_add(1)),
        };
        number.filter(|number| *number <= limit).ok_or(DecodeError::TooLarge(what))
    }

    /// A count of things that take at least one byte each, so that it cannot be larger than what is left.
    pub fn count(&mut self) -> Result<usize, DecodeError> {
        let count = usize::try_from(self.number()?).map_err(|_| DecodeError::Truncated)?;
        if count > self.left() { Err(DecodeError::Truncated) } else { Ok(count) }
    }

    /// Eight bytes, the lowest first.
    pub fn fixed(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_le_bytes)
    }

    /// That many bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (first, rest) = self.bytes.split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.bytes = rest;
        Ok(*first)
    }

    /// That many bytes.
    pub fn raw(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (first, rest) = self.bytes.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.bytes = rest;
        Ok(first)
    }

    /// A length and that many bytes.
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.count()?;
        self.raw(length)
    }

    /// A length and that many bytes of UTF-8.
    pub fn text(&mut self, limit: usize, what: &'static str) -> Result<&'a str, DecodeError> {
        let bytes = self.bytes()?;
        if bytes.len() > limit {
            return Err(DecodeError::TooLarge(what));
        }
        std::str::from_utf8(bytes).map_err(|_| DecodeError::Invalid(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_form() {
        for number in [0, 1, 127, 128, 16_383, 16_384, u64::MAX] {
            let mut writer = Writer::new();
            writer.number(number);
            let bytes = writer.into_bytes();
            let mut reader = Reader::new(&bytes);
            assert_eq!((reader.number(), reader.left()), (Ok(number), 0));
        }
        for (bytes, error) in [
            (&[0x80][..], DecodeError::Truncated),
            (&[0x80, 0], DecodeError::NotCanonical("a number")),
            (&[0xff; 10], DecodeError::TooLarge("a number")),
        ] {
            assert_eq!(Reader::new(bytes).number(), Err(error), "{bytes:?}");
        }
    }

    #[test]
    fn a_step_leads_from_any_number_to_any_other() {
        let numbers = [0, 1, 2, 63, 64, 65, 1_000, (1 << 53) - 1];
        for (from, number) in numbers.iter().flat_map(|from| numbers.map(|number| (*from, number))) {
            let mut writer = Writer::new();
            writer.step(from, number);
            let bytes = writer.into_bytes();
            assert_eq!(
                bytes.len() == 1,
                from.abs_diff(number) < 64 || from == number + 64,
                "{from} to {number}"
            );
            assert_eq!(Reader::new(&bytes).step_up_to(from, 1 << 53, "it"), Ok(number));
        }
        // One below 0, one above the limit, and the longest way down.
        for (bytes, from) in [(&[1][..], 0), (&[2], 9), (&[0xff; 9], 9)] {
            let bytes = [bytes, if bytes.len() > 1 { &[1] } else { &[] }].concat();
            assert_eq!(Reader::new(&bytes).step_up_to(from, 9, "it"), Err(DecodeError::TooLarge("it")));
        }
    }

    #[test]
    fn a_claimed_length_is_never_believed() {
        let mut writer = Writer::new();
        writer.number(u64::MAX);
        assert_eq!(Reader::new(&writer.into_bytes()).bytes(), Err(DecodeError::Truncated));
    }
}

//! Names: replicas, databases, log epochs and positions.
//!
//! Knows nothing of where the random bits come from: the core has no randomness, so every new name is handed in.

use std::fmt;
use std::str::FromStr;

/// The name of one replica: 128 random bits, made once and never used again by another copy.
///
/// In text it is 32 hexadecimal digits. So that tests and examples can be read by people, an id that is one lower-case
/// ASCII letter followed by zeros is written as that letter: no random id looks like that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaId {
    // The bytes as two numbers, the first byte highest: the order is that of the bytes, and ids are compared all the time.
    high: u64,
    low: u64,
}

impl ReplicaId {
    /// How many bytes an id takes.
    pub const LENGTH: usize = 16;

    /// The id made of these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        let number = u128::from_be_bytes(bytes);
        Self { high: (number >> 64) as u64, low: number as u64 }
    }

    /// The bytes of the id.
    pub const fn to_bytes(self) -> [u8; 16] {
        ((self.high as u128) << 64 | self.low as u128).to_be_bytes()
    }

    /// The first eight bytes of the id, and the last.
    pub(crate) const fn to_halves(self) -> [[u8; 8]; 2] {
        [self.high.to_be_bytes(), self.low.to_be_bytes()]
    }

    /// A short id for tests and examples, written as the letter itself.
    pub const fn letter(letter: u8) -> Self {
        Self { high: (letter as u64) << 56, low: 0 }
    }

    fn as_letter(self) -> Option<char> {
        let letter = (self.high >> 56) as u8;
        (letter.is_ascii_lowercase() && self == Self::letter(letter)).then(|| char::from(letter))
    }
}

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(letter) = self.as_letter() {
            return f.write_str(letter.encode_utf8(&mut [0; 1]));
        }
        // By hand: every record that is read is told with its writers.
        let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' - 10 + value };
        let mut digits = [0; 2 * Self::LENGTH];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.to_bytes()) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        f.write_str(std::str::from_utf8(&digits).unwrap_or_default())
    }
}

impl fmt::Debug for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ReplicaId {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let bytes = text.as_bytes();
        if let [letter] = bytes
            && letter.is_ascii_lowercase()
        {
            return Ok(Self::letter(*letter));
        }
        if bytes.len() != 2 * Self::LENGTH {
            return Err(TextError::Replica);
        }
        let mut id = [0; Self::LENGTH];
        for (byte, digits) in id.iter_mut().zip(bytes.chunks_exact(2)) {
            let mut value = 0;
            for digit in digits {
                value = value * 16 + hexadecimal(*digit).ok_or(TextError::Replica)?;
            }
            *byte = value;
        }
        // One id has one text: an id that has a letter is not written in digits.
        Some(Self::from_bytes(id)).filter(|id| id.as_letter().is_none()).ok_or(TextError::Replica)
    }
}

// Only lower case is read, so that one id has one text.
fn hexadecimal(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// The name of one life of a replica's log. A restored or rebuilt log gets a new epoch, so that cursors into the old
/// one are seen to be invalid instead of pointing at something else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LogEpoch(pub u64);

/// A position in a replica's log: the first changed record has 1; 0 is before everything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Seq(pub u64);

impl Seq {
    /// Before everything.
    pub const ZERO: Self = Self(0);

    /// The next position.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How far one replica has durably taken in another's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// The life of the log that the position belongs to.
    pub epoch: LogEpoch,
    /// Everything up to and including this position has been taken in.
    pub seq: Seq,
}

/// The name of a database: 1 to 64 of `a-z`, `0-9`, `-`, `_`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DatabaseName(String);

impl DatabaseName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DatabaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DatabaseName {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        if is_name(text) { Ok(Self(text.to_owned())) } else { Err(TextError::Database) }
    }
}

/// True for what databases and collections may be called.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

/// Why a text is not the name, dot, vector or context that it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextError {
    /// Not a replica id: 32 lower-case hexadecimal digits, or one letter.
    Replica,
    /// Not a database name: 1 to 64 of `a-z0-9-_`.
    Database,
    /// Not a record key: `collection/id`.
    Key,
    /// Not a dot: `replica:counter`, the counter from 1 to 2^53 - 1.
    Dot,
    /// Not a vector: dots in the order of their replicas, one for each, with one space between.
    Vector,
    /// Not a context: a vector, then `+replica:counter` for every dot beside it.
    Context,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replica => "not a replica id (32 lower-case hexadecimal digits)",
            Self::Database => "not a name (1 to 64 of a-z, 0-9, - and _)",
            Self::Key => "not a record key (collection/id)",
            Self::Dot => "not a dot (replica:counter)",
            Self::Vector => "not a version vector (replica:counter ...)",
            Self::Context => "not a context (replica:counter ... +replica:counter ...)",
        })
    }
}

impl std::error::Error for TextError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_id_has_one_text() {
        let random = ReplicaId::from_bytes(std::array::from_fn(|i| i as u8 * 17));
        for (id, text) in [(ReplicaId::letter(b'a'), "a"), (random, "00112233445566778899aabbccddeeff")] {
            assert_eq!(id.to_string(), text);
            assert_eq!(text.parse(), Ok(id));
        }
        for bad in ["", "A", "0", "00112233445566778899AABBCCDDEEFF", "00112233445566778899aabbccddeef", "é"]
        {
            assert_eq!(bad.parse::<ReplicaId>(), Err(TextError::Replica), "{bad}");
        }
    }

    #[test]
    fn a_database_name_is_short_and_plain() {
        for good in ["a", "field-notes", "x_1", &"n".repeat(64)] {
            assert!(good.parse::<DatabaseName>().is_ok(), "{good}");
        }
        for bad in ["", "A", "a/b", "a b", "ü", &"n".repeat(65)] {
            assert_eq!(bad.parse::<DatabaseName>(), Err(TextError::Database), "{bad}");
        }
    }
}

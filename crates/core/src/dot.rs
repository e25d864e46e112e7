//! The dot: the name of one write.

use std::fmt;
use std::str::FromStr;

use crate::id::{ReplicaId, TextError};

/// The highest counter: what a JavaScript number holds exactly.
pub const MAXIMUM_COUNTER: u64 = (1 << 53) - 1;

/// The name of one write: who, and which of its writes to the database. Counters begin at 1 and are never used again,
/// also not after a record is deleted and created anew.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dot {
    /// The replica that wrote.
    pub replica: ReplicaId,
    /// Which of its writes: 1 is the first.
    pub counter: u64,
}

impl Dot {
    /// The dot of that replica's write number `counter`.
    pub const fn new(replica: ReplicaId, counter: u64) -> Self {
        Self { replica, counter }
    }
}

impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.replica, f)?;
        f.write_str(":")?;
        fmt::Display::fmt(&self.counter, f)
    }
}

impl fmt::Debug for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Dot {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let (replica, digits) = text.split_once(':').ok_or(TextError::Dot)?;
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        let counter = digits.parse().ok().filter(|counter| (1..=MAXIMUM_COUNTER).contains(counter));
        match counter {
            Some(counter) if plain => Ok(Self::new(replica.parse()?, counter)),
            _ => Err(TextError::Dot),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_has_one_text() {
        let dot = Dot::new(ReplicaId::letter(b'a'), 7);
        assert_eq!(dot.to_string(), "a:7");
        assert_eq!("a:7".parse(), Ok(dot));
        for bad in ["a", "a:", "a:0", "a:07", "a:-1", "a:+1", "a:9007199254740992", "a:1:2", "a: 1"] {
            assert_eq!(bad.parse::<Dot>(), Err(TextError::Dot), "{bad}");
        }
        assert_eq!("?:1".parse::<Dot>(), Err(TextError::Replica));
    }
}

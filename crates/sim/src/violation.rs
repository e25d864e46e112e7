//! A violation: which law does not hold, and what was seen.
//!
//! Knows nothing of how laws are checked.

use std::fmt;

/// What is not as it must be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The number of the law that does not hold; 0 for the contract between the core and its host.
    pub law: u8,
    /// What was seen, in words.
    pub what: String,
}

/// The number of what is no law of the design: the contract between the core and its host.
pub(crate) const CONTRACT: u8 = 0;

impl Violation {
    /// A law does not hold.
    pub fn new(law: u8, what: impl Into<String>) -> Self {
        Self { law, what: what.into() }
    }

    /// The same, seen at some place.
    pub(crate) fn at(self, place: impl fmt::Display) -> Self {
        Self { law: self.law, what: format!("{place}: {}", self.what) }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.law {
            CONTRACT => write!(f, "contract: {}", self.what),
            law => write!(f, "law {law}: {}", self.what),
        }
    }
}

impl std::error::Error for Violation {}

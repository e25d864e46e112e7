//! Version vectors over the few replicas of a model.
//!
//! It must not know what a replica or a record is.

use std::fmt;

/// How many replicas a model can have.
pub const REPLICAS: usize = 4;

/// The counter of each replica: every write of it up to there is accounted for.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq, Hash)]
pub struct Vector(pub [u8; REPLICAS]);

impl Vector {
    /// True when that write is accounted for.
    pub fn covers(&self, replica: usize, counter: u8) -> bool {
        self.0[replica] >= counter
    }

    /// True when everything that the other accounts for is accounted for here.
    pub fn covers_all(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).all(|(own, other)| *own >= other)
    }

    /// What both account for.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        let mut met = *self;
        met.0.iter_mut().zip(other.0).for_each(|(own, other)| *own = (*own).min(other));
        met
    }

    /// Accounts for what the other does as well.
    pub fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own = (*own).max(other));
    }
}

/// The text notation: `a:3 b:1`.
impl fmt::Display for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.0.iter().enumerate().filter(|(_, counter)| **counter > 0);
        let texts: Vec<String> = entries.map(|(replica, counter)| dot(replica, *counter)).collect();
        f.write_str(&texts.join(" "))
    }
}

/// A dot in the text notation.
pub fn dot(replica: usize, counter: u8) -> String {
    format!("{}:{counter}", letter(replica))
}

/// The letter that stands for a replica.
pub fn letter(replica: usize) -> char {
    ['a', 'b', 'c', 'd'].get(replica).copied().unwrap_or('?')
}

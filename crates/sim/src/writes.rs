//! A set of writes, as bits: sets are joined and compared at every step, so that must take next to no time.
//!
//! Knows nothing of what a write is.

use std::fmt;

/// Names a write in the model: the first is 0.
pub type WriteId = usize;

/// How many writes a world may see.
pub(crate) const MAXIMUM_WRITES: usize = WORDS * 64;

const WORDS: usize = 8;

/// Some writes.
#[derive(Clone, Copy, Default, Eq)]
pub struct Writes([u64; WORDS]);

// Word by word without a branch: so short, a call that compares memory takes longer.
impl PartialEq for Writes {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).fold(0, |bits, (one, two)| bits | (one ^ two)) == 0
    }
}

impl Writes {
    /// No writes.
    pub const fn new() -> Self {
        Self([0; WORDS])
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().fold(0, |bits, word| bits | word) == 0
    }

    /// True when that write is one of them.
    pub fn contains(&self, id: WriteId) -> bool {
        self.0.get(id / 64).is_some_and(|word| word >> (id % 64) & 1 == 1)
    }

    /// Adds a write; one beyond the last that a world may see is not added.
    pub fn insert(&mut self, id: WriteId) {
        if let Some(word) = self.0.get_mut(id / 64) {
            *word |= 1 << (id % 64);
        }
    }

    /// Takes a write out; true when it was there.
    pub fn remove(&mut self, id: WriteId) -> bool {
        let was_there = self.contains(id);
        if let Some(word) = self.0.get_mut(id / 64) {
            *word &= !(1 << (id % 64));
        }
        was_there
    }

    /// Adds all of the other.
    pub fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }

    /// Those that are here and not there.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut left = *self;
        left.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= !other);
        left
    }

    /// Those that are in both.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        let mut both = *self;
        both.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= other);
        both
    }

    /// True when all of the other are here.
    pub fn covers(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).fold(0, |lacking, (word, other)| lacking | (other & !word)) == 0
    }

    /// The writes, in their order.
    pub fn iter(&self) -> impl Iterator<Item = WriteId> + '_ {
        self.0.iter().enumerate().flat_map(|(place, word)| Bits(*word).map(move |bit| place * 64 + bit))
    }
}

struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0.wrapping_sub(1);
        (bit < 64).then_some(bit)
    }
}

impl FromIterator<WriteId> for Writes {
    fn from_iter<I: IntoIterator<Item = WriteId>>(ids: I) -> Self {
        let mut writes = Self::new();
        ids.into_iter().for_each(|id| writes.insert(id));
        writes
    }
}

impl fmt::Debug for Writes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set() -> impl Strategy<Value = BTreeSet<usize>> {
        prop::collection::btree_set(0usize..400, 0..20)
    }

    fn writes(set: &BTreeSet<usize>) -> Writes {
        set.iter().copied().collect()
    }

    proptest! {
        #[test]
        fn bits_are_a_set(one in set(), two in set(), id in 0usize..400) {
            let (left, right) = (writes(&one), writes(&two));
            let mut joined = left;
            joined.join(&right);
            prop_assert_eq!(joined, writes(&(&one | &two)));
            prop_assert_eq!(left.both(&right), writes(&(&one & &two)));
            prop_assert_eq!(left.without(&right), writes(&(&one - &two)));
            prop_assert_eq!(left.covers(&right), one.is_superset(&two));
            prop_assert_eq!(left.iter().collect::<BTreeSet<_>>(), one.clone());
            let (mut rest, mut fewer) = (left, one);
            prop_assert_eq!(rest.remove(id), fewer.remove(&id));
            prop_assert_eq!(rest, writes(&fewer));
        }
    }
}

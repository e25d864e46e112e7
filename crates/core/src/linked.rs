//! Entries of a clock as they are told: a vector, and for every entry the link of its replica's chain there.
//!
//! The link says which writes the counter counts, so that two copies under one replica id are told apart wherever what
//! they have written meets, also far from both. Knows nothing of how links are made.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use crate::chain::ChainEnd;
use crate::dot::Dot;
use crate::id::{ReplicaId, TextError};
use crate::vector::VersionVector;

/// A version vector of which every entry bears the link of its replica's chain; 0 where that is not known.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct LinkedVector {
    vector: VersionVector,
    // In the order of the entries.
    links: Vec<u32>,
}

impl LinkedVector {
    /// The vector that has seen nothing.
    pub const fn new() -> Self {
        Self { vector: VersionVector::new(), links: Vec::new() }
    }

    /// A vector with the links of its entries, in their order; `None` where there are not as many.
    pub fn from_parts(vector: VersionVector, links: Vec<u32>) -> Option<Self> {
        (vector.len() == links.len()).then_some(Self { vector, links })
    }

    /// The vector alone.
    pub fn vector(&self) -> &VersionVector {
        &self.vector
    }

    /// What is known of a replica's chain.
    pub fn end(&self, replica: ReplicaId) -> ChainEnd {
        let link = self.vector.place(replica).ok().and_then(|place| self.links.get(place));
        ChainEnd { counter: self.vector.get(replica), link: link.copied().unwrap_or(0) }
    }

    /// The entries in the order of the replicas, each as the highest dot with the link there.
    pub fn entries(&self) -> impl Iterator<Item = (Dot, u32)> + '_ {
        self.vector.iter().zip(self.links.iter().copied())
    }
}

impl Deref for LinkedVector {
    type Target = VersionVector;

    fn deref(&self) -> &VersionVector {
        &self.vector
    }
}

impl From<VersionVector> for LinkedVector {
    fn from(vector: VersionVector) -> Self {
        let links = vec![0; vector.len()];
        Self { vector, links }
    }
}

impl fmt::Display for LinkedVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (dot, link)) in self.entries().enumerate() {
            write!(f, "{}{dot}", if i > 0 { " " } else { "" })?;
            if link != 0 {
                write!(f, "@{link:08x}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for LinkedVector {
    type Err = TextError;

    /// The text of a vector; after an entry `@` and the eight digits of its link, where that is known.
    fn from_str(text: &str) -> Result<Self, TextError> {
        let (mut dots, mut links) = (Vec::new(), Vec::new());
        for word in text.split(' ').filter(|_| !text.is_empty()) {
            let (dot, link) = word.split_once('@').map_or((word, None), |(dot, link)| (dot, Some(link)));
            let link = link.map_or(Ok(0), |digits| u32::from_str_radix(digits, 16));
            dots.push(dot);
            links.push(link.map_err(|_| TextError::Vector)?);
        }
        let vector = Self::from_parts(dots.join(" ").parse()?, links).ok_or(TextError::Vector)?;
        if vector.to_string() == text { Ok(vector) } else { Err(TextError::Vector) }
    }
}

impl FromIterator<(Dot, u32)> for LinkedVector {
    /// Of entries in the order of the replicas, each replica once.
    fn from_iter<I: IntoIterator<Item = (Dot, u32)>>(entries: I) -> Self {
        let mut links = Vec::new();
        let vector = entries.into_iter().inspect(|(_, link)| links.push(*link)).map(|(dot, _)| dot).collect();
        Self { vector, links }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_with_links_has_one_text() {
        for good in ["", "a:3", "a:3@000004d2 b:1", "a:3 b:1@ffffffff"] {
            assert_eq!(good.parse::<LinkedVector>().unwrap().to_string(), good);
        }
        for bad in [" ", "a:3@", "a:3@4d2", "a:3@00000000", "b:1 a:1", "a:3@000004D2"] {
            assert!(bad.parse::<LinkedVector>().is_err(), "{bad:?}");
        }
    }
}

//! The readable forms of chains, and of what was seen of them.

use eyot_core::{ChainEnd, Seen, Seq};
use serde::{Deserialize, Serialize};

use crate::forms::Bits;

/// Where a chain ends.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndForm {
    counter: u64,
    link: Bits,
}

impl Default for EndForm {
    fn default() -> Self {
        Self::of(ChainEnd::default())
    }
}

impl EndForm {
    pub(crate) fn of(end: ChainEnd) -> Self {
        Self { counter: end.counter, link: Bits(end.link.into()) }
    }

    pub(crate) fn end(self) -> ChainEnd {
        ChainEnd { counter: self.counter, link: self.link.0 as u32 }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What was seen of another replica.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeenForm {
    seq: u64,
    #[serde(default, skip_serializing_if = "EndForm::is_nothing")]
    chain: EndForm,
}

impl SeenForm {
    pub(crate) fn of(seen: Seen) -> Self {
        Self { seq: seen.seq.0, chain: EndForm::of(seen.end) }
    }

    pub(crate) fn seen(self) -> Seen {
        Seen { seq: Seq(self.seq), end: self.chain.end() }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

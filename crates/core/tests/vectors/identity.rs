//! The readable forms of chains, and of what was seen of them.

use eyot_core::{ChainEnd, LogPlace, Seen, Seq};
use serde::{Deserialize, Serialize};

use crate::forms::{Bits, no_bits};

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

/// A place in a log.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceForm {
    seq: u64,
    #[serde(default = "no_bits", skip_serializing_if = "Bits::is_nothing")]
    link: Bits,
}

impl Default for PlaceForm {
    fn default() -> Self {
        Self { seq: 0, link: no_bits() }
    }
}

impl PlaceForm {
    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn place(self) -> LogPlace {
        LogPlace { seq: Seq(self.seq), link: self.link.0 as u32 }
    }
}

/// What was seen of another replica.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeenForm {
    seq: u64,
    #[serde(default = "no_bits", skip_serializing_if = "Bits::is_nothing")]
    link: Bits,
    #[serde(default, skip_serializing_if = "EndForm::is_nothing")]
    chain: EndForm,
}

impl Default for SeenForm {
    fn default() -> Self {
        Self::of(Seen::default())
    }
}

impl SeenForm {
    pub(crate) fn of(seen: Seen) -> Self {
        let LogPlace { seq, link } = seen.log;
        Self { seq: seq.0, link: Bits(link.into()), chain: EndForm::of(seen.end) }
    }

    pub(crate) fn seen(self) -> Seen {
        let log = LogPlace { seq: Seq(self.seq), link: self.link.0 as u32 };
        Seen { log, end: self.chain.end() }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

//! Two engines that sync with each other, with a disk that is done at once between them and what they are told.

use std::collections::VecDeque;

use eyot_core::engine::{Engine, EngineEffect, EngineInput, FIRST_PEER_LINK, Link};

use crate::records::{changed_entries, entries};
use crate::subjects::{Commits, NOW_MS, engine, writes_of};

const LINK: Link = FIRST_PEER_LINK;

/// Two replicas with a connection between them that is about to open.
pub struct Syncs {
    engines: [Engine; 2],
    inputs: VecDeque<(usize, EngineInput)>,
}

impl Syncs {
    /// One has so many records, the other nothing.
    pub fn full(count: usize) -> Self {
        Self::between(Commits::of(count, 0).into_engine(), engine(b'b'))
    }

    /// Both have the same records, and each has written all of them once more.
    pub fn conflicts(count: usize) -> Self {
        let all = entries(count, b'a');
        let mut syncs = Self::full(count);
        syncs.run();
        for (place, letter) in [b'a', b'b'].into_iter().enumerate() {
            let writes = writes_of(&changed_entries(&all, letter));
            syncs.inputs.push_back((place, EngineInput::PeerDismissed(LINK)));
            syncs.inputs.push_back((place, EngineInput::Write { ticket: 2, writes }));
        }
        syncs.run();
        let [one, other] = syncs.engines;
        Self::between(one, other)
    }

    fn between(one: Engine, other: Engine) -> Self {
        let joined = [true, false].map(|calls| EngineInput::PeerJoined { link: LINK, calls });
        Self { engines: [one, other], inputs: joined.into_iter().enumerate().collect() }
    }

    fn run(&mut self) {
        while let Some((place, input)) = self.inputs.pop_front() {
            let Some(engine) = self.engines.get_mut(place) else { continue };
            for effect in engine.handle(input, NOW_MS) {
                let (place, input) = match effect {
                    EngineEffect::Commit { .. } => (place, EngineInput::Committed),
                    EngineEffect::Barrier => (place, EngineInput::BarrierPassed),
                    EngineEffect::StoreChunk { .. } => (place, EngineInput::ChunkStored),
                    EngineEffect::Continue => (place, EngineInput::Continue),
                    EngineEffect::Transmit(link, bytes) => {
                        (1 - place, EngineInput::LinkReceived(link, bytes))
                    }
                    _ => continue,
                };
                self.inputs.push_back((place, input));
            }
        }
    }

    /// How many records both have.
    pub fn counts(&self) -> [usize; 2] {
        [0, 1].map(|place| self.engines.get(place).map_or(0, |engine| engine.count("notes")))
    }
}

/// Syncs until nobody has anything to say.
pub fn sync(mut syncs: Syncs) -> Syncs {
    syncs.run();
    syncs
}

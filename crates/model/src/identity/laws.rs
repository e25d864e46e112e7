//! The laws of identity, as conditions on a state that an observer can judge who knows all writes.
//!
//! It must not know how a replica finds out that it is a copy.

use super::setup::Setup;
use super::world::{Node, World, WriteSet};

/// After so many rounds everybody must be quiet.
const ROUNDS: usize = 6;

impl World {
    // Those that no other of them has replaced.
    fn maximal(&self, heard: WriteSet) -> WriteSet {
        let own = self.pasts.iter().enumerate().filter(|(write, _)| heard & (1 << write) != 0);
        heard & !own.fold(0, |set, (_, past)| set | past)
    }

    fn shows_what_stands(&self, node: &Node) -> bool {
        let (shown, stands) = (node.shown(), self.maximal(node.heard));
        stands & !shown == 0 && shown & !stands & !self.twice == 0
    }

    /// Laws 2 and 3: of all that a replica has heard of, what nobody has replaced stands there, also where one dot came to
    /// name two writes. Nothing else does, but for writes that two copies told under two names.
    pub fn nothing_heard_of_is_lost(&self, setup: &Setup) -> bool {
        let asked = if setup.converges { 0 } else { self.devices.len() };
        self.nodes().skip(asked).all(|node| self.shows_what_stands(node))
    }

    /// Laws 2 and 4: when everybody has talked to everybody, all have heard of the same and show it.
    pub fn all_converge(&self, setup: &Setup) -> bool {
        let mut world = self.clone();
        for _ in 0..ROUNDS {
            let before = world.clone();
            for (device, relay) in world.pairs(setup) {
                world.connect(device, relay, setup.off);
                world.push(device, relay, setup.off);
                world.pull(device, relay, setup.off);
            }
            if setup.relays_talk {
                for (to, from) in [(0, 1), (1, 0)] {
                    world.carry(to, from, setup.off);
                }
            }
            if world == before {
                return world.agrees();
            }
        }
        false
    }

    fn agrees(&self) -> bool {
        let all = self.nodes().fold(0, |set, node| set | node.heard);
        let shown = self.relays.first().map_or(0, Node::shown);
        self.nodes().all(|node| node.heard == all && node.shown() == shown && self.shows_what_stands(node))
    }

    /// Who can connect with whom.
    pub fn pairs(&self, setup: &Setup) -> Vec<(usize, usize)> {
        let all = (0..self.devices.len())
            .flat_map(|device| (0..self.relays.len()).map(move |relay| (device, relay)));
        all.filter(|pair| setup.reaches.is_empty() || setup.reaches.contains(pair)).collect()
    }
}

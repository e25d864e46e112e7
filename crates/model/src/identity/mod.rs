//! Identity, on a model of its own: copies, set-backs and losses of power, and names that are taken when they are found out.
//!
//! It says again, as plainly as possible, what the design says of chains and rebirth; it uses nothing of Eyot's code.

pub mod laws;
pub mod replica;
pub mod setup;
pub mod world;

use setup::Setup;
use world::Guard;

const ONE: Setup = Setup {
    name: "copies over one relay",
    devices: 1,
    relays: 1,
    relays_talk: false,
    reaches: &[],
    writes: 3,
    copies: 1,
    cuts: 0,
    converges: true,
    off: None,
};

const TWO: Setup = Setup {
    name: "copies, each at a relay of its own",
    relays: 2,
    relays_talk: true,
    reaches: &[(0, 0), (1, 1)],
    writes: 2,
    converges: false,
    ..ONE
};

const POWER: Setup = Setup {
    name: "loss of power between two relays",
    devices: 2,
    relays: 2,
    reaches: &[(0, 0), (0, 1), (1, 0)],
    writes: 2,
    copies: 0,
    cuts: 1,
    ..ONE
};

/// The model that is walked through to its end in the tests.
pub const SMALL: Setup = Setup { name: "copies over one relay, two writes", writes: 2, ..ONE };

/// Larger ones, for when there is time.
pub const LARGE: &[Setup] = &[ONE, TWO, POWER];

/// What the design does not keep, where two copies deliver to relays without news between them (see the decision on
/// identity). The first: who had no cursor when the relays heard of both is not told of the other one's write. The second:
/// where one copy has replaced a write of its own, the other's write under the same dot goes with it.
pub const LIMITS: &[Setup] = &[
    Setup { name: "copies, each at a relay of its own, and who hears of it", converges: true, ..TWO },
    Setup { name: "copies, each at a relay of its own, three writes", writes: 3, ..TWO },
];

impl Setup {
    /// A model in which a guard is missed.
    pub fn without(guard: Guard) -> Self {
        let setup = match guard {
            Guard::Barrier => POWER,
            Guard::Quarantine => TWO,
            _ => ONE,
        };
        Self { off: Some(guard), ..setup }
    }
}

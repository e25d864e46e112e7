//! How often replicas must search when a deletion was forgotten and writes go on. A ring that goes quiet would not show it.
#![allow(missing_docs, clippy::indexing_slicing)]

use eyot_model::step::Direction;
use eyot_model::syncing::Place;
use eyot_model::world::{World, Write};

const WRITER: usize = 3;

fn write(world: &mut World, deletion: bool) {
    let seen = world.replicas[WRITER].vector();
    let covered = world.covered_by(&world.replicas[WRITER].record(0).context);
    // Only the last write matters: the list is bounded, and so is a set of writes.
    let number = usize::from(!world.writes.is_empty());
    world.replicas[WRITER].write(WRITER, 0, 1 << number, covered);
    let counter = world.replicas[WRITER].clock[WRITER].counter;
    world.writes.truncate(number);
    world.writes.push(Write { replica: WRITER, counter, key: 0, deletion, past: covered, seen, lost: false });
}

fn pull(world: &mut World, to: usize, from: usize, searches: &mut usize) {
    let session = world.ask(to, from, None);
    *searches += usize::from(matches!(session.place, Place::Search { .. }));
    world.pull(Direction { to, from }, None);
}

#[test]
fn a_ring_searches_once_for_one_forgotten_deletion() {
    let (mut world, mut counts) = (World::new(4), Vec::new());
    let ring = [(1, 0), (2, 1), (0, 2)];
    for round in 0..12 {
        let mut searches = 0;
        for (to, from) in ring {
            write(&mut world, round == 1);
            pull(&mut world, 0, WRITER, &mut searches);
            pull(&mut world, to, from, &mut searches);
            if round == 1 && to == 2 {
                world.replicas[2].forget(0);
            }
        }
        counts.push(searches);
    }
    assert!(counts.iter().skip(6).all(|count| *count == 0), "{counts:?}");
}

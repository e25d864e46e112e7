//! The history of a log: what its replica knew at which position.
//!
//! Asked at every look at anybody who has a cursor into the log, so it is a sorted list. Knows nothing of what writes are.

use eyot_core::Seq;

use crate::writes::Writes;

/// What the replica of a log knew at the positions at which somebody has looked.
#[derive(Default, Debug)]
pub(crate) struct History(Vec<(Seq, Writes)>);

impl History {
    /// The log has come to a position, at which its replica knows these writes. Err with what it knew there before, if
    /// that was something else.
    pub(crate) fn note(&mut self, head: Seq, here: &Writes) -> Result<(), Writes> {
        let place = self.after(head);
        match place.checked_sub(1).and_then(|last| self.0.get(last)) {
            Some((at, known)) if *at == head => {
                if known == here {
                    Ok(())
                } else {
                    Err(*known)
                }
            }
            _ => {
                self.0.insert(place, (head, *here));
                Ok(())
            }
        }
    }

    /// The log ends there, whatever it had before.
    pub(crate) fn set_back(&mut self, head: Seq) {
        self.0.truncate(self.after(head));
    }

    /// What the replica knew when its log had come to a position.
    pub(crate) fn known_at(&self, head: Seq) -> Option<&Writes> {
        let last = self.after(head).checked_sub(1)?;
        self.0.get(last).map(|(_, here)| here)
    }

    /// What the replica knows at the end of its log, as far as anybody has looked.
    pub(crate) fn latest(&self) -> Option<&Writes> {
        self.0.last().map(|(_, here)| here)
    }

    // Most ask for what is at the end, or near to it.
    fn after(&self, head: Seq) -> usize {
        let later = self.0.iter().rev().take_while(|(at, _)| *at > head).count();
        self.0.len() - later
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_known_holds_until_the_next_position_and_a_log_that_is_set_back_knows_less() {
        let known = |ids: &[usize]| ids.iter().copied().collect::<Writes>();
        let mut history = History::default();
        for (head, ids) in [(2, &[1][..]), (7, &[1, 2, 3]), (5, &[1, 2])] {
            assert_eq!(history.note(Seq(head), &known(ids)), Ok(()));
        }
        assert_eq!(history.note(Seq(5), &known(&[1, 9])), Err(known(&[1, 2])));
        for (head, ids) in [(2, &[1][..]), (4, &[1]), (5, &[1, 2]), (6, &[1, 2]), (9, &[1, 2, 3])] {
            assert_eq!(history.known_at(Seq(head)), Some(&known(ids)), "at {head}");
        }
        assert_eq!(history.known_at(Seq(1)), None);
        history.set_back(Seq(6));
        assert_eq!(history.latest(), Some(&known(&[1, 2])));
    }
}

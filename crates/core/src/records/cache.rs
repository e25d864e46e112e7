//! How many of the pages stay here: those that were looked into last, up to a budget.

use std::collections::BTreeSet;

use super::Records;
use crate::checkpoint::PageId;

impl Records {
    /// About how much memory the pages take.
    pub(crate) fn resident_bytes(&self) -> usize {
        self.resident_bytes
    }

    /// Time passes, for those that are looked into.
    pub(crate) fn pass_time(&self) {
        self.now.set(self.now.get() + 1);
    }

    /// Gives up pages until the budget is kept, first those that were looked into longest ago. Pages of these keys stay.
    pub(crate) fn evict<'a>(&mut self, budget_bytes: usize, pinned: impl Iterator<Item = &'a str>) {
        if self.resident_bytes <= budget_bytes {
            return;
        }
        let pinned: BTreeSet<PageId> =
            pinned.filter_map(|key| self.shelf_of(key)).map(|shelf| shelf.note.id).collect();
        let mut places: Vec<usize> = (0..self.shelves.len()).collect();
        places.sort_by_key(|place| self.shelves.get(*place).map(|shelf| shelf.used.get()));
        for place in places {
            let Some(shelf) = self.shelves.get_mut(place) else { continue };
            if shelf.is_away() || pinned.contains(&shelf.note.id) {
                continue;
            }
            self.resident_bytes = self.resident_bytes.saturating_sub(shelf.resident_bytes());
            shelf.put_away();
            // Somewhat less, so that this is not looked for again at once.
            if self.resident_bytes <= budget_bytes / 8 * 7 {
                break;
            }
        }
        self.order.take();
    }
}

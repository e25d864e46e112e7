//! Hubs: how the connections of one database learn that its log has grown.
//!
//! A hub is there while somebody listens, and holds nothing but the head. What is said here is a hint to look into the
//! store; losing one would cost time, never data. Knows neither sockets nor what is in the log.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eyot_core::{DatabaseName, Seq};
use tokio::sync::watch;

/// The hubs of all databases that somebody listens to.
#[derive(Default)]
pub struct Hubs {
    heads: Mutex<HashMap<DatabaseName, watch::Sender<Seq>>>,
}

impl Hubs {
    /// Takes a seat at the hub of a database, unless `limit` seats are taken.
    pub fn join(self: &Arc<Self>, database: &DatabaseName, limit: usize) -> Option<Seat> {
        let mut heads = self.lock();
        let sender = heads.entry(database.clone()).or_insert_with(|| watch::Sender::new(Seq::ZERO));
        if sender.receiver_count() >= limit {
            return None;
        }
        Some(Seat { hubs: Arc::clone(self), database: database.clone(), head: Some(sender.subscribe()) })
    }

    /// Tells who listens that the log of this database reaches up to `head`. Call it after the commit.
    pub fn announce(&self, database: &DatabaseName, head: Seq) {
        if let Some(sender) = self.lock().get(database) {
            // Two commits may be announced out of order.
            sender.send_if_modified(|known| {
                let news = head > *known;
                *known = head.max(*known);
                news
            });
        }
    }

    /// Tells who listens that the life of this database's log has ended: they have to come again.
    pub fn end(&self, database: &DatabaseName) {
        self.lock().remove(database);
    }

    /// How many databases have listeners.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// True when nobody listens to anything.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    // Nothing in here can leave the map half changed, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, HashMap<DatabaseName, watch::Sender<Seq>>> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One listener's place at a hub. Gives it up when dropped; the last one to go takes the hub along.
pub struct Seat {
    hubs: Arc<Hubs>,
    database: DatabaseName,
    // None only while being dropped.
    head: Option<watch::Receiver<Seq>>,
}

impl Seat {
    /// Waits until the log has grown since the last call, and says up to where; none when its life has ended. May be dropped
    /// while waiting; nothing is lost then.
    pub async fn moved(&mut self) -> Option<Seq> {
        let head = self.head.as_mut()?;
        head.changed().await.ok()?;
        Some(*head.borrow_and_update())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut heads = self.hubs.lock();
        drop(self.head.take());
        if heads.get(&self.database).is_some_and(|sender| sender.receiver_count() == 0) {
            heads.remove(&self.database);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DatabaseName {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn a_listener_hears_the_latest_head_of_its_database() {
        let hubs = Arc::new(Hubs::default());
        let mut seat = hubs.join(&name("notes"), 9).unwrap();
        hubs.announce(&name("notes"), Seq(3));
        hubs.announce(&name("tags"), Seq(9));
        hubs.announce(&name("notes"), Seq(5));
        hubs.announce(&name("notes"), Seq(4));
        assert_eq!(seat.moved().await, Some(Seq(5)));
        hubs.announce(&name("notes"), Seq(6));
        assert_eq!(seat.moved().await, Some(Seq(6)));
        hubs.end(&name("notes"));
        assert_eq!(seat.moved().await, None);
        // Others have come meanwhile; they are not of that life.
        let other = hubs.join(&name("notes"), 9);
        drop(seat);
        assert_eq!((hubs.len(), other.is_some()), (1, true));
    }

    #[test]
    fn a_hub_goes_with_its_last_listener() {
        let hubs = Arc::new(Hubs::default());
        let first = hubs.join(&name("notes"), 9);
        let second = hubs.join(&name("notes"), 9);
        drop(first);
        assert_eq!(hubs.len(), 1);
        drop(second);
        assert!(hubs.is_empty());
    }

    #[test]
    fn a_full_hub_takes_no_more() {
        let hubs = Arc::new(Hubs::default());
        let first = hubs.join(&name("notes"), 1);
        assert!(hubs.join(&name("notes"), 1).is_none());
        drop(first);
        assert!(hubs.join(&name("notes"), 1).is_some());
    }
}

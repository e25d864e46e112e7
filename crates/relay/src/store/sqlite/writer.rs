//! The writer: one thread that owns the connection which writes, and commits together what arrived together.
//!
//! Law: nothing is answered before it is committed, and one job's failure leaves the others' work standing. Knows
//! nothing of what the jobs write.

use std::fs::File;
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::store::StoreError;

// How many jobs may wait, and how many go into one transaction at most. A commit waits for the disk once, whatever its
// size; the bound keeps the first job of a transaction from waiting for very many others.
const QUEUE_JOBS: usize = 1024;
const TRANSACTION_JOBS: usize = 256;

/// The way to the writer's thread.
pub(super) struct Writer {
    orders: mpsc::Sender<Order>,
}

enum Order {
    Write(Box<dyn Job>),
    Close(oneshot::Sender<Result<(), StoreError>>),
}

trait Job: Send {
    /// Does the work within the transaction, and keeps the result until it is known to be committed.
    fn perform(&mut self, transaction: &Connection) -> Result<(), StoreError>;
    /// Hands the result over, or the error instead.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Pending<T, W, C> {
    work: Option<W>,
    committed: C,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W, C> Job for Pending<T, W, C>
where
    T: Send,
    W: FnOnce(&Connection) -> Result<T, StoreError> + Send,
    C: FnOnce(&T) + Send,
{
    fn perform(&mut self, transaction: &Connection) -> Result<(), StoreError> {
        let work = self.work.take().ok_or(StoreError::Closed)?;
        self.result = Some(work(transaction)?);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { committed: announce, result, reply, .. } = *self;
        let result = committed.and_then(|()| result.ok_or(StoreError::Closed));
        if let Ok(result) = &result {
            announce(result);
        }
        // Whoever asked may be gone; what was written stays written.
        let _ = reply.send(result);
    }
}

impl Writer {
    /// Starts the thread. It ends when it is told to, or when the writer is dropped; then it closes the connection and
    /// lets go of the lock.
    pub(super) fn start(connection: Connection, lock: File) -> Result<Self, StoreError> {
        let (orders, received) = mpsc::channel(QUEUE_JOBS);
        thread::Builder::new()
            .name("eyot-writer".into())
            .spawn(move || run(connection, lock, received))
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(Self { orders })
    }

    /// Writes in one transaction with whatever else is waiting. `committed` is called on the writer's thread as soon as
    /// the work is on disk, also when nobody waits for the answer any more.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        committed: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Pending { work: Some(work), committed, result: None, reply };
        self.orders.send(Order::Write(Box::new(job))).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Writes what is still waiting, folds the write-ahead log into the file, ends the thread.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.orders.send(Order::Close(reply)).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

fn run(mut connection: Connection, lock: File, mut orders: mpsc::Receiver<Order>) {
    let mut waiting = Vec::new();
    let mut closing = None;
    while orders.blocking_recv_many(&mut waiting, TRANSACTION_JOBS) > 0 {
        let mut jobs = Vec::with_capacity(waiting.len());
        for order in waiting.drain(..) {
            match order {
                Order::Write(job) => jobs.push(job),
                Order::Close(reply) => {
                    // What is in the queue is still taken; nothing new gets in.
                    orders.close();
                    closing = Some(reply);
                }
            }
        }
        if !jobs.is_empty() {
            write_together(&mut connection, jobs);
        }
    }
    let checkpoint =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())).map_err(StoreError::from);
    if let Err(error) = &checkpoint {
        tracing::warn!(%error, "the write-ahead log could not be folded into the file; the next start does it");
    }
    drop(connection);
    drop(lock);
    if let Some(reply) = closing {
        // Whoever asked may be gone.
        let _ = reply.send(checkpoint);
    }
}

fn write_together(connection: &mut Connection, jobs: Vec<Box<dyn Job>>) {
    let mut outcomes = Vec::with_capacity(jobs.len());
    match write_in_transaction(connection, jobs, &mut outcomes) {
        Ok(()) => outcomes.into_iter().for_each(|(job, outcome)| job.answer(outcome)),
        // Nothing of the transaction is there, also of the jobs that went well.
        Err(error) => {
            outcomes.into_iter().for_each(|(job, outcome)| job.answer(outcome.and(Err(error.clone()))))
        }
    }
}

type Outcome = (Box<dyn Job>, Result<(), StoreError>);

fn write_in_transaction(
    connection: &mut Connection,
    jobs: Vec<Box<dyn Job>>,
    outcomes: &mut Vec<Outcome>,
) -> Result<(), StoreError> {
    let mut lost = begin(connection).err();
    for mut job in jobs {
        let outcome = match &lost {
            Some(error) => Err(error.clone()),
            None => perform(connection, job.as_mut()),
        };
        // After some errors (a full disk is one) SQLite rolls the whole transaction back by itself.
        if let Err(error) = &outcome
            && lost.is_none()
            && connection.is_autocommit()
        {
            lost = Some(error.clone());
        }
        outcomes.push((job, outcome));
    }
    match lost {
        Some(error) => Err(error),
        None => commit(connection),
    }
}

fn begin(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.execute_batch("BEGIN IMMEDIATE")?)
}

fn commit(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch("COMMIT").map_err(|error| {
        // A commit that failed may leave the transaction open.
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
        error.into()
    })
}

// A savepoint for each job: what fails is taken back alone.
fn perform(connection: &mut Connection, job: &mut dyn Job) -> Result<(), StoreError> {
    let savepoint = connection.savepoint()?;
    job.perform(&savepoint)?;
    savepoint.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn insert(connection: &Connection, number: i64) -> Result<(), StoreError> {
        connection.execute("INSERT INTO numbers VALUES (?)", [number])?;
        Ok(())
    }

    fn numbers(file: &std::path::Path) -> Vec<i64> {
        let connection = Connection::open(file).unwrap();
        let mut query = connection.prepare("SELECT number FROM numbers ORDER BY number").unwrap();
        query.query_map((), |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn writer(file: &std::path::Path) -> Writer {
        let connection = Connection::open(file).unwrap();
        crate::store::sqlite::schema::prepare(&connection).unwrap();
        connection.execute_batch("CREATE TABLE numbers (number INTEGER PRIMARY KEY)").unwrap();
        Writer::start(connection, File::create(file.with_extension("lock")).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn one_failing_job_does_not_sink_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("numbers");
        let writer = writer(&file);
        let committed = Arc::new(AtomicUsize::new(0));
        let write = |number, then_fail: bool| {
            let committed = Arc::clone(&committed);
            writer.write(
                move |transaction| {
                    insert(transaction, number)?;
                    if then_fail { Err(StoreError::Closed) } else { Ok(()) }
                },
                move |()| {
                    committed.fetch_add(1, Ordering::SeqCst);
                },
            )
        };
        let (one, two, three) = tokio::join!(write(1, false), write(2, true), write(3, false));
        assert!(one.is_ok() && two.is_err() && three.is_ok());
        assert_eq!((numbers(&file), committed.load(Ordering::SeqCst)), (vec![1, 3], 2));
    }

    #[tokio::test]
    async fn closing_writes_what_is_waiting_and_takes_nothing_more() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("numbers");
        let writer = writer(&file);
        let (written, closed) = tokio::join!(writer.write(|it| insert(it, 1), |()| {}), writer.close());
        assert!(written.is_ok() && closed.is_ok());
        assert!(matches!(writer.write(|it| insert(it, 2), |()| {}).await, Err(StoreError::Closed)));
        assert_eq!(numbers(&file), [1]);
    }

    #[tokio::test]
    async fn a_full_disk_fails_the_write_and_the_next_one_can_succeed() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder.path().join("numbers"));
        let limit = |pages: i64| {
            writer.write(
                move |it| {
                    Ok(it.query_row(&format!("PRAGMA max_page_count = {pages}"), (), |row| {
                        row.get::<_, i64>(0)
                    })?)
                },
                |_| {},
            )
        };
        limit(2).await.unwrap();
        let fill = |it: &Connection| -> Result<(), StoreError> {
            it.execute("CREATE TABLE filler AS SELECT zeroblob(100000) AS bytes", ())?;
            Ok(())
        };
        assert!(matches!(writer.write(fill, |()| {}).await, Err(StoreError::Full)));
        limit(1_000_000).await.unwrap();
        assert!(writer.write(fill, |()| {}).await.is_ok());
    }
}

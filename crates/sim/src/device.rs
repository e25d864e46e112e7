//! A device: the tabs of one browser profile, and what they share.
//!
//! Only the state; what happens to it is in `host`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use eyot_core::engine::{Engine, SyncState, Ticket, Wanted};
use eyot_core::{Context, LogEpoch, RecordKey, ReplicaId};

use crate::check::View;
use crate::copies::OwnWrite;
use crate::disk::{Content, Disk};
use crate::storing::Storing;
use crate::writes::{WriteId, Writes};

/// Names a tab: its device, and which of its tabs since the beginning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TabId {
    /// The device.
    pub device: usize,
    /// Which of its tabs.
    pub serial: u32,
}

impl fmt::Display for TabId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let device = u8::try_from(self.device).map_or(b'?', |device| b'a'.saturating_add(device));
        write!(f, "{}.{}", char::from(device), self.serial)
    }
}

/// What goes wrong with the next request to a disk that can go wrong so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It is refused.
    Refused,
    /// It is done, but the connection to the disk is lost before the answer, so the host tries again.
    Unheard,
    /// It is refused, and so are all after it, until there is room again.
    Full,
}

/// A request to the disk.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Commit(Commit),
    // The log from there on, because a commit has found its position taken.
    Collision(u64),
    // The log from there on, because another tab said that there is more.
    News(u64),
    // The same with what is staged: the tab begins to sync.
    BeginSync(u64),
    Barrier,
    Chunk { stage: u64, ordinal: u64, value: Vec<u8> },
    DropStage { stage: u64, next_position: u64 },
    SavePeers(Vec<u8>),
    // What is about pages and the checkpoint.
    Storing(Storing),
}

/// A transaction that appends to the log.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) position: u64,
    pub(crate) values: Arc<Vec<Vec<u8>>>,
    pub(crate) strict: bool,
    pub(crate) content: Content,
    // The local writes that it stores, and the name of the replica then.
    pub(crate) writes: Vec<WriteId>,
    pub(crate) replica: ReplicaId,
}

/// A context that was handed out, with what whoever has it has seen.
#[derive(Clone, Debug)]
pub(crate) struct HandedOut {
    pub(crate) key: usize,
    pub(crate) context: Context,
    pub(crate) seen: Writes,
}

/// One tab.
pub struct Tab {
    /// Its engine.
    pub engine: Engine,
    // Not answered yet, in order.
    pub(crate) outstanding: VecDeque<(Ticket, Vec<WriteId>)>,
    // All its writes in order: the place of a write here tells its provisional dot.
    pub(crate) written: Vec<WriteId>,
    pub(crate) contexts: Vec<HandedOut>,
    pub(crate) frozen_until_ms: u64,
    pub(crate) wake_at_ms: Option<u64>,
    // It has heard that another tab holds the sync, and not asked for it again.
    pub(crate) has_lost_sync: bool,
    pub(crate) last_ticket: Ticket,
    // The writes that the application waits for to be saved.
    pub(crate) awaited: BTreeMap<Ticket, Writes>,
    // What it was found to show.
    pub(crate) view: View,
    // The records of which it was told that one dot stands for two writes.
    pub(crate) reported: BTreeSet<RecordKey>,
}

impl Tab {
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            engine,
            outstanding: VecDeque::new(),
            written: Vec::new(),
            contexts: Vec::new(),
            frozen_until_ms: 0,
            wake_at_ms: None,
            has_lost_sync: false,
            last_ticket: 0,
            awaited: BTreeMap::new(),
            view: View::default(),
            reported: BTreeSet::new(),
        }
    }
}

impl Tab {
    /// True when a record can be read in it now, with all that was written.
    pub(crate) fn shows(&self, keys: &[RecordKey], key: usize) -> bool {
        let wanted = keys.get(key).map(|key| Wanted::Record(key.as_str().to_owned()));
        let is_here = wanted.is_none_or(|wanted| self.engine.is_here(&wanted));
        is_here && !self.engine.has_parked_writes() && !self.engine.is_reading()
    }
}

/// The clock of a device, as wrong as it may be.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct WallClock {
    /// How far it is ahead of the world's, in milliseconds.
    pub(crate) ahead_ms: i64,
    /// The time at which it stands still.
    pub(crate) stopped_at_ms: Option<u64>,
    // The latest time that it has shown.
    latest_ms: u64,
}

impl WallClock {
    pub(crate) fn time(&self, now_ms: u64) -> u64 {
        self.stopped_at_ms.unwrap_or_else(|| now_ms.saturating_add_signed(self.ahead_ms))
    }

    /// So much time passes while the world's stands.
    pub(crate) fn sleep(&mut self, now_ms: u64, slept_ms: u64) {
        self.latest(now_ms);
        self.ahead_ms = self.ahead_ms.saturating_add_unsigned(slept_ms);
    }

    /// The latest time that it has shown, now included.
    pub(crate) fn latest(&mut self, now_ms: u64) -> u64 {
        self.latest_ms = self.latest_ms.max(self.time(now_ms));
        self.latest_ms
    }
}

/// One browser profile.
pub struct Device {
    /// The name of its replica.
    pub replica: ReplicaId,
    /// The life of its log.
    pub epoch: LogEpoch,
    /// Its disk.
    pub disk: Disk,
    /// Its open tabs.
    pub tabs: BTreeMap<u32, Tab>,
    /// The tab that holds the sync.
    pub holder: Option<u32>,
    /// The relay that it talks to.
    pub home: usize,
    /// True while it has a network.
    pub is_online: bool,
    pub(crate) clock: WallClock,
    pub(crate) requests: VecDeque<(TabId, Request)>,
    pub(crate) is_busy: bool,
    pub(crate) answers_at_ms: u64,
    pub(crate) opened: u32,
    pub(crate) fault: Option<Fault>,
    // The tab that has the right to compact.
    pub(crate) compactor: Option<TabId>,
    // The next delta that brings it records comes without its clock.
    pub(crate) garbles: bool,
    // The writes in its own log, where disks are copied.
    pub(crate) own: Vec<OwnWrite>,
}

impl Device {
    pub(crate) fn new(replica: ReplicaId, epoch: LogEpoch, home: usize, ahead_ms: i64) -> Self {
        Self {
            replica,
            epoch,
            disk: Disk::default(),
            tabs: BTreeMap::new(),
            holder: None,
            home,
            is_online: true,
            clock: WallClock { ahead_ms, ..WallClock::default() },
            requests: VecDeque::new(),
            is_busy: false,
            answers_at_ms: 0,
            opened: 0,
            fault: None,
            compactor: None,
            garbles: false,
            own: Vec::new(),
        }
    }

    /// True when the tab that holds the sync has nothing left to do, and no other holds it too.
    pub(crate) fn is_live(&self) -> bool {
        self.tabs.iter().all(|(serial, tab)| {
            let state = tab.engine.sync_status().state;
            let is_holder = self.holder == Some(*serial);
            state == if is_holder { SyncState::Live } else { SyncState::Off }
        })
    }

    /// True when the disk refuses the request that is next.
    pub(crate) fn refuses(&mut self) -> bool {
        self.fault == Some(Fault::Full) || self.fault.take_if(|fault| *fault == Fault::Refused).is_some()
    }
}

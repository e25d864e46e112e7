//! Devices and relays, what their disks hold, and who is connected to whom.
//!
//! What each has truly heard is kept beside it, as only an observer can know; no replica may look into that.

use super::replica::{Cursor, Delta, End, RELAYS, Replica, place_of_relay};

/// A set of writes, by their numbers.
pub type WriteSet = u8;

/// A replica, and the writes that it has truly heard of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// The replica.
    pub replica: Replica,
    /// What it has heard of, by whichever way.
    pub heard: WriteSet,
}

/// A connection of a device with a relay: both have said hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// Where the device's chain ended for the relay when the device judged that, or by what it has sent since.
    pub judged: End,
    /// Where the relay goes on in the device's log; none for by its clock.
    pub cursor: Option<Cursor>,
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Device {
    /// What it shows.
    pub live: Node,
    /// What a loss of power takes it back to.
    pub disk: Node,
    /// Its connections, by relay.
    pub links: [Option<Link>; RELAYS],
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// The devices, copies too.
    pub devices: Vec<Device>,
    /// The relays.
    pub relays: Vec<Node>,
    /// For each write the writes that its writer had heard of.
    pub pasts: Vec<WriteSet>,
    /// A copy of a disk that was laid aside.
    pub backup: Option<Node>,
    /// Writes that bear two names, because several copies held them before anybody else did.
    pub twice: WriteSet,
    /// How many names were taken.
    pub names: u8,
    /// How many disks were copied or put back.
    pub copied: u8,
    /// How many losses of power there were.
    pub cuts: u8,
}

/// The guards of identity that can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Guard {
    /// Nothing is sent before a strict barrier.
    Barrier,
    /// A replica judges what others have seen of it.
    Chain,
    /// A delta is compared with what was judged.
    ChainInDelta,
    /// Who is reborn takes back its claims to the other copy's writes.
    FallBack,
    /// Of two contents under one dot neither is dropped.
    Quarantine,
}

impl Guard {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Barrier, Self::Chain, Self::ChainInDelta, Self::FallBack, Self::Quarantine];
}

impl End {
    fn is_beyond(self, other: Self) -> bool {
        self.counter > other.counter || (self.counter == other.counter && self.link != other.link)
    }
}

impl World {
    /// Empty devices, each with a name of its own, and empty relays.
    pub fn new(devices: u8, relays: u8) -> Self {
        let node = |name, epoch| Node { replica: Replica::new(name, epoch), heard: 0 };
        let device = |name| Device { live: node(name, name), disk: node(name, name), links: [None; RELAYS] };
        Self {
            devices: (0..devices).map(device).collect(),
            relays: (0..relays).map(|relay| node(u8::MAX, 100 + relay)).collect(),
            pasts: Vec::new(),
            backup: None,
            twice: 0,
            names: devices,
            copied: 0,
            cuts: 0,
        }
    }

    /// The relays have met before, when nobody had written.
    #[must_use]
    pub fn acquainted(mut self) -> Self {
        self.carry(0, 1, None);
        self.carry(1, 0, None);
        self
    }

    /// A device writes.
    pub fn write(&mut self, device: usize) {
        let (write, node) = (self.pasts.len() as u8, &mut self.devices[device].live);
        self.pasts.push(node.heard);
        node.heard |= 1 << write;
        node.replica.write(write);
    }

    fn flush(&mut self, device: usize, off: Option<Guard>) {
        let device = &mut self.devices[device];
        if off != Some(Guard::Barrier) {
            device.disk = device.live.clone();
        }
    }

    /// Power is lost.
    pub fn cut(&mut self, device: usize) {
        let device = &mut self.devices[device];
        device.live = device.disk.clone();
        device.links = [None; RELAYS];
        self.cuts += 1;
    }

    /// What a disk holds runs on another device too.
    pub fn copy(&mut self, device: usize) {
        let disk = self.devices[device].disk.clone();
        self.devices.push(Device { live: disk.clone(), disk, links: [None; RELAYS] });
        self.copied += 1;
    }

    /// A device goes on with what was laid aside.
    pub fn restore(&mut self, device: usize) {
        let Some(disk) = self.backup.take() else { return };
        self.devices[device] = Device { live: disk.clone(), disk, links: [None; RELAYS] };
        self.copied += 1;
    }

    // It is durable before anything else happens.
    fn be_reborn(&mut self, device: usize, off: Option<Guard>) {
        let others = self.devices.iter().enumerate().filter(|(other, _)| *other != device);
        let others =
            others.flat_map(|(_, other)| [&other.live, &other.disk]).chain(&self.relays).chain(&self.backup);
        let elsewhere = others.fold(0, |set, node| set | node.heard);
        let (name, device) = (self.names, &mut self.devices[device]);
        self.twice |= elsewhere & device.live.replica.unconfirmed();
        device.live.replica.be_reborn(name, off != Some(Guard::FallBack));
        device.disk = device.live.clone();
        device.links = [None; RELAYS];
        self.names += 1;
    }

    /// Both say hello, and the device judges what the relay has seen of it.
    pub fn connect(&mut self, device: usize, relay: usize, off: Option<Guard>) {
        self.flush(device, off);
        let (own, there) = (&self.devices[device].live.replica, &self.relays[relay].replica);
        let name = own.name as usize;
        let cursor = there.cursors[name].filter(|cursor| cursor.epoch == own.epoch);
        let judged = there.clock[name].end;
        if own.admits(cursor.map_or(0, |cursor| cursor.seq), judged) || off == Some(Guard::Chain) {
            let cursor = cursor.filter(|cursor| cursor.seq <= own.head);
            self.devices[device].live.replica.confirm(judged.counter);
            self.devices[device].links[relay] = Some(Link { judged, cursor });
        } else {
            self.be_reborn(device, off);
        }
    }

    /// A connected device sends what the relay lacks.
    pub fn push(&mut self, device: usize, relay: usize, off: Option<Guard>) {
        let Some(link) = self.devices[device].links[relay] else { return };
        self.flush(device, off);
        let (from, to) = (&self.devices[device].live, &mut self.relays[relay]);
        let name = from.replica.name as usize;
        let delta = from.replica.delta(to.replica.epoch, link.cursor, &to.replica.clock);
        let (told, now) = (delta.clock[name], to.replica.clock[name].end);
        let forked =
            told.counter > 0 && (link.judged.is_beyond(told) || (now != told && now.is_beyond(link.judged)));
        if forked && off != Some(Guard::ChainInDelta) && off != Some(Guard::Chain) {
            self.devices[device].links[relay] = None;
            return;
        }
        to.take(name, from, &delta, off);
        let live = &mut self.devices[device].live.replica;
        live.confirm(live.chain_end().counter);
        let judged = if told.counter > 0 { told } else { link.judged };
        self.devices[device].links[relay] = Some(Link { judged, cursor: Some(delta.cursor) });
    }

    /// A connected device takes in what it lacks of the relay.
    pub fn pull(&mut self, device: usize, relay: usize, off: Option<Guard>) {
        if self.devices[device].links[relay].is_none() {
            return;
        }
        let (to, from) = (&mut self.devices[device].live, &self.relays[relay]);
        let cursor = to.replica.cursors[place_of_relay(relay)];
        let delta = from.replica.delta(to.replica.epoch, cursor, &to.replica.clock);
        if off != Some(Guard::Chain) && to.replica.doubts(&delta) {
            return self.be_reborn(device, off);
        }
        to.take(place_of_relay(relay), from, &delta, off);
    }

    /// One relay takes in what it lacks of another.
    pub fn carry(&mut self, to: usize, from: usize, off: Option<Guard>) {
        let (sender, receiver) = (self.relays[from].clone(), &mut self.relays[to]);
        let cursor = receiver.replica.cursors[place_of_relay(from)];
        let delta = sender.replica.delta(receiver.replica.epoch, cursor, &receiver.replica.clock);
        receiver.take(place_of_relay(from), &sender, &delta, off);
    }

    /// All replicas.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.devices.iter().map(|device| &device.live).chain(&self.relays)
    }
}

impl Node {
    // What came from the receiver's own log is not told to it. It may be another copy's that bears its name; then the receiver
    // has not heard of it, and does not say so either.
    fn take(&mut self, peer: usize, from: &Self, delta: &Delta, off: Option<Guard>) {
        if delta.record.is_some() || !from.replica.is_from(self.replica.epoch) {
            self.heard |= from.heard;
        }
        self.replica.take(peer, delta, off != Some(Guard::Quarantine));
    }

    /// What stands.
    pub fn shown(&self) -> WriteSet {
        self.replica.record.versions.iter().fold(0, |set, version| set | (1 << version.write))
    }
}

/// What stands, and the clock: `w0 w2 of a:2 c:1`.
impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let versions = self.replica.record.versions.iter();
        let versions = versions.map(|it| format!("w{} as {}:{}", it.write, letter(it.name), it.counter));
        let clock = self.replica.clock.iter().zip(0..).filter(|(entry, _)| entry.end.counter > 0);
        let clock = clock
            .map(|(entry, name)| format!("{}:{}@w{}", letter(name), entry.end.counter, entry.end.link - 1));
        let (versions, clock): (Vec<_>, Vec<_>) = (versions.collect(), clock.collect());
        write!(f, "{{{}}}, clock {}", versions.join(", "), clock.join(" "))
    }
}

fn letter(name: u8) -> char {
    (b'a' + name) as char
}

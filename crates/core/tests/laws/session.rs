//! Laws of one session, without a network: what it asks of its host.

use eyot_core::message::{DeltaClock, Hello, Message, Resume};
use eyot_core::session::{Local, LogPage, Role, Session, SessionConfig, SessionEffect, SessionInput};
use eyot_core::{LogEpoch, ReplicaId, Seq, VersionVector};

const PEER_EPOCH: LogEpoch = LogEpoch(7);

// A session at a log of five positions, whose peer has said hello and stands at the beginning.
fn opened() -> (Session, Vec<SessionEffect>) {
    let database = "notes".parse().unwrap();
    let (replica, epoch, head) = (ReplicaId::letter(b'r'), LogEpoch(1), Seq(5));
    let local = Local { database, replica, epoch, head, floor: Seq::ZERO, digest: 1, link: 0 };
    let mut session = Session::new(SessionConfig::new(Role::Acceptor), local);
    session.handle(SessionInput::Start, 0);
    let resume = Some(Resume::Cursor { epoch: LogEpoch(1), seq: Seq(2), staged: Seq(2) });
    let hello = Hello {
        database: "notes".parse().unwrap(),
        replica: ReplicaId::letter(b'a'),
        epoch: PEER_EPOCH,
        head: Seq::ZERO,
        floor: Seq::ZERO,
        digest: 2,
        link: 0,
        seen: Default::default(),
        credits: 1,
        decompresses: false,
        resume,
    };
    session.handle(SessionInput::Frame(Message::Hello(hello).to_bytes()), 0);
    let clock = VersionVector::new();
    let effects =
        session.handle(SessionInput::PeerKnown { standing: None, clock, seen: Default::default() }, 0);
    (session, effects)
}

fn page(up_to: u64) -> SessionInput {
    SessionInput::Page(LogPage {
        up_to: Seq(up_to),
        clock: Some(DeltaClock::default()),
        ..LogPage::default()
    })
}

#[test]
fn a_tick_brings_what_it_was_asked_for() {
    let (mut session, effects) = opened();
    assert!(matches!(effects.last(), Some(SessionEffect::Read(_))), "{effects:?}");
    // Nothing for this peer: it is told so after a while. Meanwhile the log has grown, and its reading takes long.
    session.handle(page(5), 10);
    let due_ms = session.next_wake_ms().unwrap();
    session.handle(SessionInput::HeadMoved(Seq(6)), 20);
    session.handle(SessionInput::Tick, due_ms);
    assert!(session.next_wake_ms().unwrap() > due_ms, "a host that obeys would spin");
    // The page is there: now the peer is told.
    let told = session.handle(page(6), due_ms + 1);
    assert!(matches!(told.as_slice(), [SessionEffect::Send(_)]), "{told:?}");
}

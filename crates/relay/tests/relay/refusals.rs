//! Claims about what is refused: with a code, to the end, and without harm to others.

use std::time::Duration;

use eyot_core::message::{Ack, Delta, Hello, Message, Resume};
use eyot_core::{LogEpoch, ReplicaId, Seq, VersionVector};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::client::Client;
use crate::program::{PATIENCE, Program};
use crate::wire::Wire;

/// The first message of a replica that has nothing yet.
pub(crate) fn hello(database: &str, letter: u8, resume: Option<Resume>) -> Vec<u8> {
    let hello = Hello {
        database: database.parse().unwrap(),
        replica: ReplicaId::letter(letter),
        epoch: LogEpoch(letter.into()),
        head: Seq::ZERO,
        floor: Seq::ZERO,
        digest: 0,
        link: 0,
        seen: Default::default(),
        credits: u32::MAX,
        decompresses: false,
        resume,
    };
    Message::Hello(hello).to_bytes()
}

// What the relay says to these messages, sent one after the other.
async fn answer_to(relay: &Program, messages: Vec<Vec<u8>>) -> String {
    let mut wire = Wire::connect(relay.address, "notes").await;
    for message in messages {
        wire.send(message).await;
    }
    wire.refusal().await.code
}

#[tokio::test]
async fn a_bad_frame_is_refused_with_a_code() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    let mut cut = hello("notes", b'a', None);
    cut.pop();
    for bytes in [vec![], vec![0], vec![255; 40], vec![7, 200], cut] {
        assert_eq!(answer_to(&relay, vec![bytes.clone()]).await, "bad-message", "{bytes:?}");
        let after_hello = vec![hello("notes", b'a', None), bytes.clone()];
        assert_eq!(answer_to(&relay, after_hello).await, "bad-message", "{bytes:?} after a hello");
    }
    let mut wire = Wire::connect(relay.address, "notes").await;
    wire.send_text("hello").await;
    assert_eq!(wire.refusal().await.code, "text-message");
}

#[tokio::test]
async fn a_message_that_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    let delta = |from, clock| {
        let (from, up_to, block) = (Seq(from), Seq(from), Vec::new());
        Message::Delta(Delta { from, up_to, clock, block }).to_bytes()
    };
    let hello = |database| hello(database, b'a', None);
    for (messages, code) in [
        (vec![hello("tags")], "wrong-database"),
        (vec![delta(0, None)], "unexpected-message"),
        (vec![hello("notes"), hello("notes")], "unexpected-message"),
        (vec![hello("notes"), delta(7, None)], "out-of-order"),
        (vec![hello("notes"), delta(0, None)], "bad-message"),
        (
            vec![hello("notes"), Message::Ack(Ack { up_to: Seq(9), durable: true }).to_bytes()],
            "unexpected-message",
        ),
    ] {
        assert_eq!(answer_to(&relay, messages.clone()).await, code, "{messages:?}");
    }
}

#[tokio::test]
async fn a_wrong_protocol_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    let mut bytes = hello("notes", b'a', None);
    bytes[1] = 99;
    assert_eq!(answer_to(&relay, vec![bytes]).await, "unsupported-version");
}

#[tokio::test]
async fn an_oversized_message_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::start(folder.path(), &["--message-bytes", "10000", "--record-bytes", "9000"]).await;
    for bytes in [10_001, 100_000, 3_000_000] {
        assert_eq!(answer_to(&relay, vec![vec![0; bytes]]).await, "too-large", "{bytes}");
    }
    let mut ada = Client::connect(relay.address, b'a').await;
    ada.write("n1", &"x".repeat(20_000)).await;
    assert_eq!(ada.until_closed().await, "too-large");
}

#[tokio::test]
async fn an_oversized_record_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::start(folder.path(), &["--record-bytes", "10000"]).await;
    let mut ada = Client::connect(relay.address, b'a').await;
    ada.write("n1", "heron").await;
    ada.until(Client::is_saved).await;
    ada.write("n2", &"x".repeat(20_000)).await;
    assert_eq!(ada.until_closed().await, "record-too-large");
}

#[tokio::test]
async fn an_unknown_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::start(folder.path(), &["--databases", "notes,team-*"]).await;
    for (database, code) in [
        ("tags", "unknown-database"),
        ("team", "unknown-database"),
        ("NO", "unknown-database"),
        ("a%2Fb", "unknown-database"),
        ("team-x", "wrong-database"),
        ("notes", "bad-message"),
    ] {
        let mut wire = Wire::connect(relay.address, database).await;
        let bytes = if database == "notes" { vec![0] } else { hello("notes", b'a', None) };
        wire.send(bytes).await;
        assert_eq!(wire.refusal().await.code, code, "{database}");
    }
}

#[tokio::test]
async fn a_silent_client_does_not_hold_a_socket_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let limits = ["--handshake-timeout-ms", "1000", "--ping-interval-ms", "300", "--idle-timeout-ms", "2000"];
    let relay = Program::start(folder.path(), &limits).await;
    // Connected, and no request.
    let mut stream = TcpStream::connect(relay.address).await.unwrap();
    timeout(PATIENCE, stream.read(&mut [0; 64])).await.expect("closed").ok();
    // Upgraded, and no hello.
    let mut wire = Wire::connect(relay.address, "notes").await;
    assert_eq!(wire.refusal().await.code, "handshake-timeout");
    // Hello, and no more.
    let mut wire = Wire::connect(relay.address, "notes").await;
    wire.send(hello("notes", b'a', None)).await;
    assert_eq!(wire.refusal().await.code, "silent");
    // Whoever answers stays, and so does whoever asks.
    let mut ada = Client::connect(relay.address, b'a').await;
    let mut pings = 0;
    ada.until(|_| {
        pings += 1;
        pings > 4
    })
    .await;
    assert_eq!(ada.closed, None);
}

#[tokio::test]
async fn a_client_that_does_not_receive_is_closed_and_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::start(folder.path(), &["--write-timeout-ms", "500"]).await;
    let mut ada = Client::connect(relay.address, b'a').await;
    let writes: Vec<_> = (0..300).map(|i| (format!("n{i}"), "x".repeat(100_000))).collect();
    ada.write_many(&writes).await;
    ada.until(Client::is_saved).await;
    let mut deaf = Wire::connect(relay.address, "notes").await;
    let everything = Resume::Clock { clock: VersionVector::new(), staged: Seq::ZERO, nonce: 0 };
    deaf.send(hello("notes", b'd', Some(everything))).await;
    let refused = |relay: &Program| relay.log().iter().any(|line| line["code"] == "slow-receiver");
    timeout(PATIENCE, async {
        while !refused(&relay) {
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("the deaf client is given up");
    // Others are not held up by it.
    ada.write("n1", "heron").await;
    ada.until(Client::is_saved).await;
    assert_eq!(ada.closed, None);
}

#[tokio::test]
async fn a_full_relay_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::start(folder.path(), &["--database-connections", "1", "--connections", "2"]).await;
    let mut ada = Client::connect(relay.address, b'a').await;
    ada.write("n1", "heron").await;
    ada.until(Client::is_saved).await;
    let mut second = Wire::connect(relay.address, "notes").await;
    second.send(hello("notes", b'b', None)).await;
    let refusal = second.refusal().await;
    assert_eq!(refusal.code, "too-many-connections");
    assert!(refusal.retry_after_ms.is_some());
    let _other = Wire::connect(relay.address, "tags").await;
    let upgrade =
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let (status, answer) = relay.upgrade("/v1/sync/notes", upgrade).await;
    assert_eq!((status, answer.contains("too-many-connections")), (503, true));
    assert_eq!(relay.get("/healthz").await.0, 200);
}

#[tokio::test]
async fn a_replica_that_was_set_back_and_goes_on_all_the_same_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    let mut ada = Client::connect(relay.address, b'a').await;
    ada.write("n1", "heron").await;
    ada.until(Client::is_saved).await;
    // It is told what was seen of its name, and would have to find out itself. This client does not look.
    let mut copy = Client::connect(relay.address, b'a').await;
    copy.until(|copy| copy.relay().is_some()).await;
    copy.write("n2", "egret").await;
    assert_eq!(copy.until_closed().await, "replica-forked");
}

#[tokio::test]
async fn of_two_copies_that_write_at_the_same_time_one_finds_out() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    let mut ada = Client::connect(relay.address, b'a').await;
    let mut copy = Client::connect(relay.address, b'a').await;
    for client in [&mut ada, &mut copy] {
        client.until(|client| client.is_saved()).await;
    }
    ada.write("n1", "heron").await;
    ada.until(Client::is_saved).await;
    copy.write("n2", "egret").await;
    assert_eq!(copy.until_closed().await, "replica-forked");
    ada.write("n3", "bittern").await;
    ada.until(Client::is_saved).await;
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    assert_eq!(Wire::refused_to_page(relay.address, "https://site.example").await, Some(403));
    assert_eq!(Wire::refused_to_page(relay.address, "http://localhost:5173").await, None);
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::start(folder.path(), &["--allowed-origins", "https://app.example"]).await;
    assert_eq!(Wire::refused_to_page(relay.address, "http://localhost:5173").await, Some(403));
    assert_eq!(Wire::refused_to_page(relay.address, "https://app.example").await, None);
}

#[tokio::test]
async fn nonsense_harms_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    let mut ada = Client::connect(relay.address, b'a').await;
    let mut number = 1u64;
    for round in 0..200 {
        let mut wire = Wire::connect(relay.address, "notes").await;
        if round % 2 == 0 {
            wire.send(hello("notes", b'n', None)).await;
        }
        let mut bytes = hello("notes", b'm', None);
        for byte in &mut bytes {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if number >> 61 == 0 {
                *byte = (number >> 40) as u8;
            }
        }
        wire.send(bytes).await;
        wire.send(vec![(round % 9) as u8; 30]).await;
    }
    ada.write("n1", "heron").await;
    ada.until(Client::is_saved).await;
    assert_eq!((ada.closed.clone(), relay.get("/healthz").await.0), (None, 200));
    assert!(!relay.log().iter().any(|line| line["message"].to_string().contains("panicked")));
}

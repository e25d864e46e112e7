//! Claims about what outlives the relay's process.

use std::time::Duration;

use crate::client::{Client, converge};
use crate::program::{PATIENCE, Program};

/// The relay is killed at several moments of a stream of writes. Whatever it had acknowledged, it has.
#[tokio::test]
async fn a_killed_relay_keeps_every_acknowledged_write() {
    for milliseconds in [0, 3, 10, 30, 100] {
        let folder = tempfile::tempdir().unwrap();
        let relay = Program::open(folder.path()).await;
        let mut ada = Client::connect(relay.address, b'a').await;
        ada.write("first", "written").await;
        ada.until(Client::is_saved).await;
        let killer = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            relay.kill();
        });
        let mut i = 0;
        while ada.closed.is_none() {
            i += 1;
            ada.write(&format!("n{i}"), "written").await;
            let now = i;
            ada.until(|it| it.is_saved() || now % 3 > 0).await;
        }
        killer.await.unwrap();
        let unsent: Vec<_> = ada.replica.unsent_up_to(ada.replica.head()).cloned().collect();
        let relay = Program::open(folder.path()).await;
        let mut bob = Client::connect(relay.address, b'b').await;
        bob.until(|it| it.texts("first") == ["written"]).await;
        for (key, record) in crate::client::records(&ada) {
            if !unsent.contains(&key) {
                assert_eq!(bob.replica.get(key.as_str()), Some(&record), "{key} was acknowledged");
            }
        }
        // And what it had not acknowledged comes with the next connection.
        let (replica, counter) = ada.disconnect();
        let mut ada = Client::resume(relay.address, None, replica, counter).await;
        converge(&mut ada, &mut bob).await;
    }
}

#[tokio::test]
async fn shutdown_is_graceful() {
    let folder = tempfile::tempdir().unwrap();
    let mut relay = Program::open(folder.path()).await;
    let mut ada = Client::connect(relay.address, b'a').await;
    ada.write("n1", "heron").await;
    ada.until(Client::is_saved).await;
    relay.terminate();
    assert_eq!(ada.until_closed().await, "shutting-down");
    assert!(relay.ended().await.success());
    let log = folder.path().join("relay.sqlite-wal");
    assert!(!log.exists() || log.metadata().unwrap().len() == 0, "the write-ahead log was folded in");
    let relay = Program::open(folder.path()).await;
    let mut bob = Client::connect(relay.address, b'b').await;
    bob.until(|it| it.texts("n1") == ["heron"]).await;
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_clients_that_do_not_listen() {
    let folder = tempfile::tempdir().unwrap();
    let mut relay = Program::start(folder.path(), &["--shutdown-timeout-ms", "1000"]).await;
    let _deaf = crate::wire::Wire::connect(relay.address, "notes").await;
    let _mute = tokio::net::TcpStream::connect(relay.address).await.unwrap();
    relay.terminate();
    assert!(tokio::time::timeout(PATIENCE, relay.ended()).await.unwrap().success());
}

#[tokio::test]
async fn a_folder_has_one_relay() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Program::open(folder.path()).await;
    let second = crate::program::command(folder.path(), &[]).output().unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("another relay uses this folder"));
}

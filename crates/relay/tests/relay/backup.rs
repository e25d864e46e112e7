//! Claims about backups: what a relay has lost comes back from the devices, however it was put back.

use std::path::Path;
use std::process::Output;

use eyot_core::Replica;

use crate::client::{Client, append, converge, records};
use crate::program::{Program, program};

type Away = (Replica, u64);

fn run(command: &str, data: &Path, file: Option<&Path>) -> Output {
    program().arg(command).arg("--data").arg(data).args(file).output().unwrap()
}

fn succeed(command: &str, data: &Path, file: Option<&Path>) {
    let output = run(command, data, file);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

// Two devices that have met over the relay.
async fn meet(relay: &Program) -> (Client, Client) {
    let mut ada = Client::connect(relay.address, b'a').await;
    let mut bob = Client::connect(relay.address, b'b').await;
    ada.write("n1", "heron").await;
    bob.write("n2", "otter").await;
    converge(&mut ada, &mut bob).await;
    (ada, bob)
}

// What happens after the backup: all of it is acknowledged but for the last write of each.
async fn go_on((mut ada, mut bob): (Client, Client)) -> [Away; 2] {
    ada.write("n1", "grey heron").await;
    converge(&mut ada, &mut bob).await;
    for number in 0..5 {
        bob.write(&format!("m{number}"), "of bob").await;
        ada.write("n2", &format!("otter {number}")).await;
    }
    bob.delete("n1").await;
    converge(&mut ada, &mut bob).await;
    [ada, bob].map(|client| {
        let (mut replica, mut counter) = client.disconnect();
        append(&mut replica, &mut counter, [("n9", Some("unsent"))]);
        (replica, counter)
    })
}

async fn come_back(relay: &Program, away: Away) -> Client {
    Client::resume(relay.address, None, away.0, away.1).await
}

// All devices hold the same, and so does one that comes anew.
async fn check(relay: &Program, [ada, bob]: [Away; 2]) {
    let (mut ada, mut bob) = (come_back(relay, ada).await, come_back(relay, bob).await);
    converge(&mut ada, &mut bob).await;
    assert_eq!((ada.texts("n1"), ada.texts("n2")), (vec![String::new()], vec!["otter 4".to_owned()]));
    assert_eq!((ada.texts("m4"), ada.texts("n9").len()), (vec!["of bob".to_owned()], 2));
    // It goes on as ever.
    bob.write("n3", "ibis").await;
    converge(&mut ada, &mut bob).await;
    let mut carol = Client::connect(relay.address, b'c').await;
    carol.until(|it| it.texts("n3") == ["ibis"]).await;
    assert_eq!(records(&carol), records(&ada));
}

fn put_by_hand(file: &Path, data: &Path) {
    for beside in ["relay.sqlite-wal", "relay.sqlite-shm"] {
        let _ = std::fs::remove_file(data.join(beside));
    }
    std::fs::copy(file, data.join("relay.sqlite")).unwrap();
}

// A relay that is set back to a copy which somebody has made while it was down. Its devices had gone on since.
async fn set_back(data: &Path, file: &Path) -> [Away; 2] {
    let mut relay = Program::open(data).await;
    let (ada, bob) = meet(&relay).await;
    relay.terminate();
    relay.ended().await;
    std::fs::copy(data.join("relay.sqlite"), file).unwrap();
    let relay = Program::open(data).await;
    let (ada, bob) = (come_back(&relay, ada.disconnect()).await, come_back(&relay, bob.disconnect()).await);
    let away = go_on((ada, bob)).await;
    relay.kill();
    put_by_hand(file, data);
    away
}

#[tokio::test]
async fn a_backup_of_a_running_relay_can_be_restored_and_devices_bring_what_it_lacks() {
    for by_hand in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (data, file) = (folder.path().join("data"), folder.path().join("backup"));
        let mut relay = Program::open(&data).await;
        let devices = meet(&relay).await;
        succeed("backup", &data, Some(&file));
        assert!(!run("backup", &data, Some(&file)).status.success(), "a backup is not written over");
        let away = go_on(devices).await;
        let in_use = run("restore", &data, Some(&file));
        assert!(String::from_utf8_lossy(&in_use.stderr).contains("another relay uses this folder"));
        relay.terminate();
        relay.ended().await;
        if by_hand {
            // Nobody says that it is a backup. It says so itself.
            put_by_hand(&file, &data);
        } else {
            succeed("restore", &data, Some(&file));
        }
        check(&Program::open(&data).await, away).await;
    }
}

#[tokio::test]
async fn a_copy_that_somebody_else_made_is_restored_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("copy"));
    let away = set_back(&data, &file).await;
    succeed("restore", &data, None);
    check(&Program::open(&data).await, away).await;
}

#[tokio::test]
async fn a_relay_notices_itself_that_it_was_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("copy"));
    let away = set_back(&data, &file).await;
    // Nobody says anything. Whoever is connected comes again, once.
    let relay = Program::open(&data).await;
    let mut carol = Client::connect(relay.address, b'c').await;
    carol.until(|it| it.texts("n1") == ["heron"]).await;
    let [ada, bob] = away;
    let mut first = come_back(&relay, ada).await;
    assert_eq!(
        (first.until_closed().await, carol.until_closed().await),
        ("invalid-cursor".into(), "invalid-cursor".into())
    );
    check(&relay, [first.disconnect(), bob]).await;
}

#[tokio::test]
async fn what_is_no_backup_takes_the_place_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("file"));
    let mut relay = Program::open(&data).await;
    let (ada, _) = meet(&relay).await;
    relay.terminate();
    relay.ended().await;
    for bytes in [&b"no database at all"[..], &[]] {
        std::fs::write(&file, bytes).unwrap();
        assert!(!run("restore", &data, Some(&file)).status.success());
    }
    assert!(!run("restore", &data, Some(&folder.path().join("missing"))).status.success());
    let relay = Program::open(&data).await;
    let mut bob = Client::connect(relay.address, b'd').await;
    bob.until(|it| it.texts("n1") == ["heron"]).await;
    assert_eq!(records(&bob), records(&ada));
}

//! Claims about clients that meet through a relay.

use crate::client::{Client, converge, records};
use crate::program::Program;

#[tokio::test]
async fn two_clients_converge_through_the_relay() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    let mut ada = Client::connect(relay.address, b'a').await;
    let mut bob = Client::connect(relay.address, b'b').await;
    ada.write("n1", "heron").await;
    bob.write("n2", "otter").await;
    converge(&mut ada, &mut bob).await;
    assert_eq!((ada.texts("n2"), bob.texts("n1")), (vec!["otter".to_owned()], vec!["heron".to_owned()]));
    // Each later commit flows at once.
    bob.write("n1", "grey heron").await;
    ada.until(|it| it.texts("n1") == ["grey heron"]).await;
}

#[tokio::test]
async fn concurrent_edits_of_one_record_are_both_kept() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    let mut ada = Client::connect(relay.address, b'a').await;
    let mut bob = Client::connect(relay.address, b'b').await;
    ada.write("n1", "heron").await;
    bob.write("n1", "otter").await;
    converge(&mut ada, &mut bob).await;
    assert_eq!(ada.texts("n1"), ["heron", "otter"]);
    // Whoever has seen both replaces both.
    ada.write("n1", "heron and otter").await;
    bob.until(|it| it.texts("n1") == ["heron and otter"]).await;
}

#[tokio::test]
async fn a_client_that_comes_back_brings_and_gets_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    let mut ada = Client::connect(relay.address, b'a').await;
    let mut bob = Client::connect(relay.address, b'b').await;
    ada.write("n1", "heron").await;
    converge(&mut ada, &mut bob).await;
    let (replica, counter) = bob.disconnect();
    ada.write("n2", "otter").await;
    ada.until(Client::is_saved).await;
    let mut bob = Client::resume(relay.address, None, replica, counter).await;
    bob.write("n3", "eel").await;
    converge(&mut ada, &mut bob).await;
    assert_eq!((bob.texts("n2"), ada.texts("n3")), (vec!["otter".to_owned()], vec!["eel".to_owned()]));
}

#[tokio::test]
async fn a_delta_of_many_chunks_arrives_whole() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    let mut ada = Client::connect(relay.address, b'a').await;
    let writes: Vec<_> = (0..3_000).map(|i| (format!("n{i}"), format!("{i} ").repeat(50))).collect();
    ada.write_many(&writes).await;
    ada.until(Client::is_saved).await;
    let mut bob = Client::connect(relay.address, b'b').await;
    bob.until(|it| {
        let seen = records(it).len();
        assert!(seen == 0 || seen == 3_000, "{seen} of the records are visible");
        seen > 0
    })
    .await;
    assert_eq!(records(&bob), records(&ada));
}

#[tokio::test]
async fn a_record_in_many_pieces_arrives_whole() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    let mut ada = Client::connect(relay.address, b'a').await;
    let mut bob = Client::connect(relay.address, b'b').await;
    ada.write("n1", &"heron ".repeat(150_000)).await;
    converge(&mut ada, &mut bob).await;
}

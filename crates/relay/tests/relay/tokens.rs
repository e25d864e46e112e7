//! Claims about who may do what.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::client::Client;
use crate::program::{Program, SECRET, in_seconds, signed, token};
use crate::wire::Wire;

async fn answer_to_token(relay: &Program, token: &str) -> String {
    let mut wire = Wire::connect(relay.address, "notes").await;
    wire.send_token(token).await;
    wire.refusal().await.code
}

#[tokio::test]
async fn a_token_that_is_no_good_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::guarded(folder.path(), &["--handshake-timeout-ms", "1000"]).await;
    let write = json!({ "notes": "write" });
    for (token, code) in [
        (String::new(), "unauthenticated"),
        ("nonsense".into(), "unauthenticated"),
        (signed("another secret of thirty-two bytes", write.clone(), json!({})), "unauthenticated"),
        (token(write.clone(), json!({ "exp": in_seconds(-5) })), "token-expired"),
        (token(json!({ "tags": "write" }), json!({})), "forbidden"),
    ] {
        assert_eq!(answer_to_token(&relay, &token).await, code, "{token}");
    }
    let mut mute = Wire::connect(relay.address, "notes").await;
    assert_eq!(mute.refusal().await.code, "unauthenticated", "no token in time");
    let mut bold = Client::connect(relay.address, b'a').await;
    assert_eq!(bold.until_closed().await, "unauthenticated", "a hello without a token");
}

#[tokio::test]
async fn a_token_opens_what_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::guarded(folder.path(), &[]).await;
    let token = token(json!({ "no*": "write" }), json!({}));
    let mut ada = Client::connect_with_token(relay.address, b'a', &token).await;
    ada.write("n1", "heron").await;
    ada.until(Client::is_saved).await;
    assert_eq!(ada.closed, None);
}

#[tokio::test]
async fn a_read_only_token_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::guarded(folder.path(), &[]).await;
    let (reads, writes) = (json!({ "*": "read" }), json!({ "*": "read", "notes": "write" }));
    // Nor make a database.
    let mut early = Client::connect_with_token(relay.address, b'r', &token(reads.clone(), json!({}))).await;
    assert_eq!(early.until_closed().await, "unknown-database");
    let mut ada = Client::connect_with_token(relay.address, b'a', &token(writes, json!({}))).await;
    ada.write("n1", "heron").await;
    ada.until(Client::is_saved).await;
    let mut reader = Client::connect_with_token(relay.address, b'r', &token(reads.clone(), json!({}))).await;
    reader.until(|it| it.texts("n1") == ["heron"]).await;
    reader.write("n1", "not mine to say").await;
    assert_eq!(reader.until_closed().await, "read-only");
    // Also not in many chunks.
    let mut reader = Client::connect_with_token(relay.address, b's', &token(reads, json!({}))).await;
    let writes: Vec<_> = (0..9).map(|i| (format!("n{i}"), "x".repeat(50_000))).collect();
    reader.write_many(&writes).await;
    assert_eq!(reader.until_closed().await, "read-only");
    ada.write("n2", "otter").await;
    ada.until(Client::is_saved).await;
    assert_eq!(ada.texts("n1"), ["heron"]);
}

#[tokio::test]
async fn a_reader_that_has_written_is_still_given_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::guarded(folder.path(), &[]).await;
    let (reads, writes) = (json!({ "*": "read" }), json!({ "*": "write" }));
    let mut ada = Client::connect_with_token(relay.address, b'a', &token(writes, json!({}))).await;
    let notes: Vec<_> = (0..99).map(|i| (format!("n{i}"), "x".repeat(50_000))).collect();
    ada.write_many(&notes).await;
    ada.until(Client::is_saved).await;
    let mut reader = Client::connect_with_token(relay.address, b'r', &token(reads, json!({}))).await;
    reader.write("mine", "not mine to say").await;
    reader.until(|it| it.texts("n98").len() == 1).await;
    assert_eq!(reader.until_closed().await, "read-only");
}

#[tokio::test]
async fn an_expired_token_closes_the_socket() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::guarded(folder.path(), &[]).await;
    let brief = token(json!({ "notes": "write" }), json!({ "exp": in_seconds(4) }));
    let mut ada = Client::connect_with_token(relay.address, b'a', &brief).await;
    ada.write("n1", "heron").await;
    ada.until(Client::is_saved).await;
    assert_eq!(ada.closed, None);
    assert_eq!(ada.until_closed().await, "token-expired");
}

#[tokio::test]
async fn a_renewed_token_keeps_the_socket() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::guarded(folder.path(), &[]).await;
    let write = json!({ "notes": "write" });
    let brief = token(write.clone(), json!({ "exp": in_seconds(4) }));
    let mut ada = Client::connect_with_token(relay.address, b'a', &brief).await;
    ada.renew(&token(write.clone(), json!({}))).await;
    sleep(Duration::from_secs(5)).await;
    ada.write("n1", "heron").await;
    ada.until(Client::is_saved).await;
    assert_eq!(ada.closed, None);
    // But not for somebody else, nor with less than is needed.
    ada.renew(&token(write, json!({ "sub": "somebody else" }))).await;
    assert_eq!(ada.until_closed().await, "unauthenticated");
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_replica_speaks_for_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::guarded(folder.path(), &[]).await;
    let bound = token(json!({ "notes": "write" }), json!({ "replica": "a" }));
    let mut ada = Client::connect_with_token(relay.address, b'a', &bound).await;
    ada.write("n1", "heron").await;
    ada.until(Client::is_saved).await;
    let mut bob = Client::connect_with_token(relay.address, b'b', &bound).await;
    assert_eq!(bob.until_closed().await, "replica-mismatch");
}

#[tokio::test]
async fn a_refusal_is_logged_with_its_code_and_without_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::guarded(folder.path(), &["--log", "trace"]).await;
    let good = token(json!({ "notes": "write" }), json!({}));
    let mut ada = Client::connect_with_token(relay.address, b'a', &good).await;
    ada.write("n1", "a secret thought").await;
    ada.until(Client::is_saved).await;
    let bad = token(json!({ "tags": "write" }), json!({}));
    assert_eq!(answer_to_token(&relay, &bad).await, "forbidden");
    let refused = |relay: &Program| relay.log().into_iter().find(|line| line["code"] == "forbidden");
    while refused(&relay).is_none() {
        sleep(Duration::from_millis(20)).await;
    }
    let line = refused(&relay).unwrap();
    assert_eq!((&line["message"], &line["database"]), (&json!("refused"), &json!("notes")));
    assert!(line["connection"].is_u64(), "{line}");
    let ours = relay
        .log()
        .into_iter()
        .filter(|line| line["target"].as_str().is_some_and(|target| target.starts_with("eyot")));
    let log = format!("{:?}", ours.collect::<Vec<_>>());
    for secret in [&good, &bad, SECRET, "a secret thought"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

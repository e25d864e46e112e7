//! Claims about the program and its HTTP.

use std::process::Stdio;

use crate::program::{Program, SECRET, command};

#[tokio::test]
async fn a_relay_says_that_it_lives_and_that_it_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    assert_eq!(relay.get("/healthz").await.0, 200);
    assert_eq!(relay.get("/readyz").await.0, 200);
    assert_eq!(relay.get("/nowhere").await.0, 404);
    let (status, answer) = relay.get("/v1/sync/notes").await;
    assert_eq!((status, answer.contains("websocket-only")), (426, true));
}

#[tokio::test]
async fn an_open_relay_says_loudly_that_it_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    let loud = |relay: &Program| {
        relay.log().iter().any(|line| {
            line["level"] == "WARN" && line["message"].as_str().is_some_and(|text| text.contains("OPEN"))
        })
    };
    while !loud(&relay) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[test]
fn a_configuration_that_would_expose_data_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    for (flags, reason) in [
        (&["--listen", "0.0.0.0:0"][..], "loopback"),
        (&["--open", "--listen", "0.0.0.0:0"], "loopback"),
        (&["--open", "--jwt-secret", SECRET], "exclude each other"),
        (&["--jwt-secret", "short"], "at least 32"),
    ] {
        let output = command(folder.path(), flags).stdin(Stdio::null()).output().unwrap();
        assert!(!output.status.success(), "{flags:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(reason), "{flags:?}: {output:?}");
    }
}

#[tokio::test]
async fn static_files_are_served_with_their_types() {
    let (data, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for name in ["index.html", "app.js", "eyot_bg.wasm"] {
        std::fs::write(files.path().join(name), "content").unwrap();
    }
    std::fs::write(data.path().join("beside"), "not to be served").unwrap();
    let folder = files.path().to_str().unwrap();
    let relay = Program::start(data.path(), &["--static", folder]).await;
    for (path, kind) in
        [("/", "text/html"), ("/app.js", "text/javascript"), ("/eyot_bg.wasm", "application/wasm")]
    {
        let (status, answer) = relay.get(path).await;
        assert_eq!((status, answer.contains(&format!("content-type: {kind}"))), (200, true), "{answer}");
    }
    assert_eq!(relay.get("/../beside").await.0, 404);
    assert_eq!(relay.get("/healthz").await.0, 200);
}

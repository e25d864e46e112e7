//! Claims about messages that go compressed. Every client of these tests compresses and decompresses.

use eyot_core::message::Compressed;

use crate::client::{Client, converge};
use crate::program::Program;
use crate::refusals::hello;
use crate::wire::{Wire, compress};

#[tokio::test]
async fn large_messages_go_compressed_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    let mut ada = Client::connect(relay.address, b'a').await;
    let mut bob = Client::connect(relay.address, b'b').await;
    let text = "an eyot is a small island in a river; ".repeat(1_000);
    for id in ["n1", "n2", "n3"] {
        ada.write(id, &text).await;
    }
    converge(&mut ada, &mut bob).await;
    assert_eq!(bob.texts("n3"), std::slice::from_ref(&text));
    let most = text.len() / 10;
    assert!(ada.wire.sent_bytes < most, "{} bytes sent", ada.wire.sent_bytes);
    assert!(bob.wire.received_bytes < most, "{} bytes received", bob.wire.received_bytes);
}

#[tokio::test]
async fn what_is_compressed_wrongly_is_refused_and_harms_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    let message = vec![0; 4 << 20];
    let bomb = compress(message.clone());
    assert!(bomb.len() < 5_000);
    let twice = Compressed::write(600, &[1, 2, 3]).unwrap();
    let too_long = vec![11, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 7];
    for (compressed, code) in
        [(bomb, "bad-message"), (twice, "bad-message"), (vec![11], "bad-message"), (too_long, "too-large")]
    {
        for greeted in [false, true] {
            let mut wire = Wire::connect(relay.address, "notes").await;
            if greeted {
                wire.send(hello("notes", b'z', None)).await;
            }
            wire.send(compressed.clone()).await;
            assert_eq!(wire.refusal().await.code, code);
        }
    }
    let mut ada = Client::connect(relay.address, b'a').await;
    ada.write("n1", "heron").await;
    ada.until(Client::is_saved).await;
}

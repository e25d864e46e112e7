//! Messages that are anything: the golden conversations as they are, damaged, repeated and out of order, and plain noise.
//!
//! Law 10: the relay goes on serving everybody else, loses nothing of theirs, and can be started again on what it stored.

use fastrand::Rng;
use serde_json::Value;

use crate::client::Client;
use crate::program::Program;
use crate::wire::Wire;
use crate::{pick, seeds};

const CONNECTIONS: u64 = 120;

/// The database of the golden conversations.
const DATABASE: &str = "field-notes";

fn unhex(text: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    text.as_bytes().chunks_exact(2).map(byte).collect()
}

/// What the initiators of the golden conversations say, conversation by conversation.
fn conversations() -> Vec<Vec<Vec<u8>>> {
    let path = [env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/conversations.json"].concat();
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let said = |conversation: &Value| {
        let steps = conversation["steps"].as_array().unwrap().iter();
        let own = steps.filter(|step| step["by"] == "initiator");
        own.filter_map(|step| step["hex"].as_str().map(unhex)).collect()
    };
    file["conversations"].as_array().unwrap().iter().map(said).collect()
}

fn damage(random: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..random.u8(1..4) {
        let place = random.usize(..=bytes.len());
        match random.u8(..5) {
            0 => bytes.insert(place, random.u8(..)),
            1 => bytes.truncate(place),
            2 => bytes.extend_from_within(place..),
            // A count that claims a thousand million.
            3 => bytes.splice(place..place, [0x80, 0x94, 0xeb, 0xdc, 0x03]).for_each(drop),
            _ => bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte = random.u8(..)),
        }
    }
}

fn noise(random: &mut Rng) -> Vec<u8> {
    let length = pick(random, &[0, 1, 30, 1_000, 100_000]);
    std::iter::once(random.u8(..12)).chain((0..length).map(|_| random.u8(..))).collect()
}

/// What one client says.
fn talk(random: &mut Rng, conversations: &[Vec<Vec<u8>>]) -> Vec<Vec<u8>> {
    let mut frames = pick(random, conversations);
    for _ in 0..random.u8(..4) {
        let place = random.usize(..=frames.len());
        match random.u8(..5) {
            0 => frames.insert(place, noise(random)),
            1 => frames.extend(pick(random, conversations)),
            2 => frames.extend_from_within(place..),
            _ => frames.iter_mut().skip(place).take(1).for_each(|frame| damage(random, frame)),
        }
    }
    frames
}

fn assert_nothing_has_panicked(relay: &Program) {
    let log = relay.log();
    let fell = log.iter().find(|line| line["message"].as_str().is_some_and(|text| text.contains("panicked")));
    assert_eq!(fell, None);
}

#[tokio::test]
async fn a_relay_that_is_told_anything_goes_on_serving_others() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Program::open(folder.path()).await;
    let conversations = conversations();
    let mut ada = Client::connect(relay.address, b'a').await;
    for (number, seed) in seeds(CONNECTIONS).enumerate() {
        let mut random = Rng::with_seed(seed);
        let mut hostile = Wire::connect(relay.address, DATABASE).await;
        for frame in talk(&mut random, &conversations) {
            hostile.send(frame).await;
        }
        if random.bool() {
            hostile.send(vec![0xff]).await;
            // It closes, whatever came before.
            while hostile.next().await.is_some() {}
        }
        ada.write("n1", &number.to_string()).await;
    }
    ada.until(Client::is_saved).await;
    assert_eq!(ada.closed, None);
    assert_eq!(relay.get("/healthz").await.0, 200);
    assert_nothing_has_panicked(&relay);
    relay.kill();
    let relay = Program::open(folder.path()).await;
    let mut bob = Client::connect(relay.address, b'b').await;
    bob.until(|bob| bob.texts("n1") == ada.texts("n1")).await;
    // What the others have sent is read again too.
    let mut reader = Wire::connect(relay.address, DATABASE).await;
    reader.send(conversations[0][0].clone()).await;
    assert!(reader.next().await.is_some());
    assert_nothing_has_panicked(&relay);
}

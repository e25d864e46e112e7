//! Checks the core against the golden vectors in `tests/vectors`, which other implementations are checked against too.
//!
//! The files hold values in a form that a person can read, and their bytes. `UPDATE_VECTORS=1 cargo test -p eyot-core
//! --test vectors` writes the bytes, codes and reasons anew from the readable forms; what has changed is then to be read
//! in the difference, because every change of it breaks with what others have stored and sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]
#![allow(clippy::disallowed_methods, reason = "the vectors are files")]

mod causality;
mod conversation;
mod documents;
mod file;
mod forms;
mod identity;
mod message;
mod pages;
mod range;
mod refusal;
mod side;
mod storage;
mod text;

use file::check_bytes;

#[test]
fn messages_have_the_bytes_that_the_protocol_says() {
    check_bytes::<message::MessageForm>("messages.json");
}

#[test]
fn pages_have_the_bytes_that_the_storage_says() {
    check_bytes::<pages::PageForm>("pages.json");
    check_bytes::<pages::RootForm>("checkpoints.json");
}

#[test]
fn records_have_one_form_in_bytes() {
    check_bytes::<forms::RecordForm>("records.json");
}

#[test]
fn blocks_have_one_form_in_bytes() {
    check_bytes::<forms::BlockForm>("blocks.json");
}

#[test]
fn segments_have_the_bytes_that_the_storage_page_says() {
    check_bytes::<storage::SegmentForm>("segments.json");
}

#[test]
fn staged_chunks_have_the_bytes_that_the_storage_page_says() {
    check_bytes::<storage::StagedChunkForm>("staged-chunks.json");
}

#[test]
fn the_memory_of_peers_has_the_bytes_that_the_storage_page_says() {
    check_bytes::<storage::PeersForm>("peers.json");
}

#[test]
fn exports_have_the_bytes_that_the_storage_page_says() {
    check_bytes::<storage::ExportForm>("exports.json");
}

#[test]
fn names_and_vectors_have_one_text() {
    text::check("text.json");
}

#[test]
fn causality_has_four_outcomes_and_nothing_is_lost() {
    causality::check("causality.json");
}

#[test]
fn clocks_have_the_digests_that_the_protocol_says() {
    causality::check_digests("digests.json");
}

#[test]
fn records_have_the_fingerprints_that_the_protocol_says() {
    range::check_fingerprints("fingerprints.json");
}

#[test]
fn conversations_go_as_the_protocol_says() {
    conversation::check("conversations.json");
}

#[test]
fn what_the_protocol_forbids_is_refused_with_its_code() {
    refusal::check("refusals.json");
}

#[test]
fn the_examples_of_the_documents_are_vectors() {
    documents::check("protocol.md");
    documents::check("storage.md");
}

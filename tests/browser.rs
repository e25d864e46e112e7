//! The shell in a real browser with a real IndexedDB. Two shells of one database in a page are two tabs to each other:
//! they share nothing but the stores, the channel and the locks.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "browser/away.rs"]
mod away;
#[path = "browser/fault.rs"]
mod fault;
#[path = "browser/folding.rs"]
mod folding;
#[path = "browser/joined.rs"]
mod joined;
#[path = "browser/loss.rs"]
mod loss;
#[path = "browser/tab.rs"]
mod tab;

use tab::{Tab, code_of, unused_name};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn a_write_shows_at_once_and_is_there_after_reopening() {
    let name = unused_name();
    let tab = Tab::open(&name).await;
    let written = tab.put("n1", "\"heron\"");
    assert_eq!(tab.texts("n1"), ["\"heron\""]);
    written.await.unwrap();
    tab.close().await;
    let again = Tab::open(&name).await;
    assert_eq!(again.texts("n1"), ["\"heron\""]);
    assert_eq!(again.count(), 1);
}

#[wasm_bindgen_test]
async fn writes_that_arrive_together_commit_together() {
    let name = unused_name();
    let tab = Tab::open(&name).await;
    let writes: Vec<_> = (0..300).map(|id| tab.put(&format!("n{id}"), "1")).collect();
    for write in writes {
        write.await.unwrap();
    }
    assert_eq!(tab::log_length(&name).await, 2, "the first alone, and all that came while it was written");
    tab.close().await;
    assert_eq!(Tab::open(&name).await.count(), 300);
}

#[wasm_bindgen_test]
async fn a_batch_of_many_records_is_stored_in_small_values_and_comes_back_whole() {
    let name = unused_name();
    let tab = Tab::open(&name).await;
    let text = format!("\"{}\"", "x".repeat(1_000));
    tab.put_all((0..500).map(|id| (format!("n{id}"), text.clone()))).await.unwrap();
    assert!(tab::log_length(&name).await > 8);
    assert!(tab::largest_value(&name).await < 60 * 1024);
    tab.close().await;
    let again = Tab::open(&name).await;
    assert_eq!((again.count(), again.texts("n499")), (500, vec![text]));
}

#[wasm_bindgen_test]
async fn two_tabs_that_write_at_once_lose_nothing_and_agree() {
    let name = unused_name();
    let (one, two) = (Tab::open(&name).await, Tab::open(&name).await);
    let mut writes = Vec::new();
    for id in 0..100 {
        writes.push(one.put(&format!("one{id}"), "1"));
        writes.push(two.put(&format!("two{id}"), "2"));
    }
    for write in writes {
        write.await.unwrap();
    }
    tab::until(|| one.count() == 200 && two.count() == 200).await;
    assert_eq!(one.token(), two.token());
    let dots = one.all_dots();
    assert_eq!((dots.len(), dots), (200, two.all_dots()));
}

#[wasm_bindgen_test]
async fn a_change_in_one_tab_shows_in_the_other_without_being_asked_for() {
    let name = unused_name();
    let (one, two) = (Tab::open(&name).await, Tab::open(&name).await);
    one.put("n1", "1").await.unwrap();
    tab::until(|| two.texts("n1") == ["1"]).await;
    two.put("n1", "2").await.unwrap();
    tab::until(|| one.texts("n1") == ["2"]).await;
}

#[wasm_bindgen_test]
async fn a_context_from_before_the_commit_does_not_swallow_the_other_tabs_write() {
    let name = unused_name();
    let (one, two) = (Tab::open(&name).await, Tab::open(&name).await);
    let theirs = two.put("n1", "\"theirs\"");
    let mine = one.put("n1", "\"mine\"");
    let context = one.context("n1");
    theirs.await.unwrap();
    mine.await.unwrap();
    one.put_with("n1", "\"mine, again\"", &context).await.unwrap();
    tab::until(|| two.texts("n1").len() == 2 && one.texts("n1").len() == 2).await;
    let mut texts = one.texts("n1");
    texts.sort();
    assert_eq!(texts, ["\"mine, again\"", "\"theirs\""]);
}

#[wasm_bindgen_test]
async fn a_full_disk_rejects_the_write_with_a_code_and_the_next_one_succeeds() {
    let name = unused_name();
    let tab = Tab::open(&name).await;
    tab.put("n1", "1").await.unwrap();
    let fault = fault::add_fails_with("QuotaExceededError");
    let refused = tab.put("n1", "2");
    assert_eq!(tab.texts("n1"), ["2"]);
    assert_eq!(code_of(&refused.await.unwrap_err()), "quota-exceeded");
    assert_eq!(tab.texts("n1"), ["1"], "the write is taken back out of view");
    drop(fault);
    tab.put("n1", "3").await.unwrap();
    tab.close().await;
    assert_eq!(Tab::open(&name).await.texts("n1"), ["3"]);
}

#[wasm_bindgen_test]
async fn an_aborted_transaction_rejects_the_write_with_a_code() {
    let tab = Tab::open(&unused_name()).await;
    let fault = fault::add_aborts();
    assert_eq!(code_of(&tab.put("n1", "1").await.unwrap_err()), "transaction-aborted");
    drop(fault);
    assert!(tab.texts("n1").is_empty());
    tab.put("n1", "2").await.unwrap();
}

#[wasm_bindgen_test]
async fn a_lost_connection_is_opened_anew_and_the_write_succeeds() {
    let name = unused_name();
    let tab = Tab::open(&name).await;
    tab.put("n1", "1").await.unwrap();
    let fault = fault::transaction_fails_once("InvalidStateError");
    tab.put("n2", "2").await.unwrap();
    drop(fault);
    tab.close().await;
    assert_eq!(Tab::open(&name).await.count(), 2);
}

#[wasm_bindgen_test]
async fn a_damaged_log_is_reported_and_left_as_it_is() {
    let name = unused_name();
    let tab = Tab::open(&name).await;
    tab.put("n1", "1").await.unwrap();
    tab.close().await;
    tab::overwrite_log(&name, 1, &[1, 99]).await;
    assert_eq!(code_of(&Tab::try_open(&name).await.err().unwrap()), "storage-corrupt");
    assert_eq!(tab::log_length(&name).await, 1);
}

#[wasm_bindgen_test]
async fn a_database_that_is_destroyed_elsewhere_closes_and_says_so() {
    let name = unused_name();
    let tab = Tab::open(&name).await;
    tab.put("n1", "1").await.unwrap();
    eyot::Shell::destroy(name.clone(), None).await.unwrap();
    tab::until(|| tab.closed_code().is_some()).await;
    assert_eq!(code_of(&tab.put("n2", "2").await.unwrap_err()), "closed");
    assert_eq!(Tab::open(&name).await.count(), 0);
}

#[wasm_bindgen_test]
async fn bad_input_is_refused_with_a_code_and_leaves_nothing_behind() {
    let tab = Tab::open(&unused_name()).await;
    for (collection, id, context, code) in [
        ("notes", "", None, "invalid-id"),
        ("No", "n1", None, "invalid-id"),
        ("notes", "n1", Some("what?"), "invalid-context"),
        ("notes", "n1", Some("a:1 a:1"), "invalid-context"),
    ] {
        assert_eq!(code_of(&tab.write(collection, id, Some("1"), context).await.unwrap_err()), code, "{id}");
    }
    let large = "x".repeat(2 << 20);
    assert_eq!(code_of(&tab.put("n1", &large).await.unwrap_err()), "record-too-large");
    assert_eq!(code_of(&tab.until("a:").await.unwrap_err()), "invalid-token");
    assert_eq!(code_of(&tab.import(&[1, 2, 3]).await.unwrap_err()), "invalid-export");
    assert_eq!((tab.count(), tab.token()), (0, String::new()));
}

#[wasm_bindgen_test]
async fn an_export_merged_elsewhere_brings_records_and_siblings() {
    let (here, there) = (Tab::open(&unused_name()).await, Tab::open(&unused_name()).await);
    here.put("n1", "1").await.unwrap();
    let context = here.context("n1");
    here.put("n1", "2").await.unwrap();
    here.put_with("n1", "3", &context).await.unwrap();
    there.put("n2", "4").await.unwrap();
    let bytes = here.export().await;
    assert_eq!(there.import(&bytes).await.unwrap(), 1);
    assert_eq!(there.import(&bytes).await.unwrap(), 0, "a second time it changes nothing");
    assert_eq!((there.count(), there.texts("n1").len()), (2, 2));
}

#[wasm_bindgen_test]
async fn a_deletion_hides_the_record_and_a_concurrent_edit_keeps_it_as_a_conflict() {
    let tab = Tab::open(&unused_name()).await;
    tab.put("n1", "1").await.unwrap();
    let context = tab.context("n1");
    tab.write("notes", "n1", None, None).await.unwrap();
    assert_eq!((tab.count(), tab.texts("n1").len()), (0, 0));
    tab.put_with("n1", "2", &context).await.unwrap();
    assert_eq!((tab.count(), tab.texts("n1")), (1, vec!["2".to_owned(), "deleted".to_owned()]));
}

#[wasm_bindgen_test]
async fn a_browser_that_does_not_let_the_page_store_is_told_by_a_code() {
    let fault = fault::open_fails_with("SecurityError");
    let error = Tab::try_open(&unused_name()).await.err().unwrap();
    drop(fault);
    assert_eq!(code_of(&error), "storage-unavailable");
}

#[wasm_bindgen_test]
async fn stores_of_a_newer_version_are_left_alone() {
    let name = unused_name();
    let other = tab::hold_open(&name, 99).await;
    assert_eq!(code_of(&Tab::try_open(&name).await.err().unwrap()), "newer-version");
    other.close();
}

#[wasm_bindgen_test]
async fn a_tab_that_holds_on_to_the_database_is_reported_and_not_waited_for_for_ever() {
    let name = unused_name();
    let other = tab::hold_open(&name, 1).await;
    assert_eq!(code_of(&eyot::Shell::destroy(name.clone(), None).await.unwrap_err()), "storage-blocked");
    other.close();
}

#[wasm_bindgen_test]
async fn a_writer_gets_the_context_that_undoes_its_deletion() {
    let tab = Tab::open(&unused_name()).await;
    tab.put("n1", "1").await.unwrap();
    let deleted = tab.write("notes", "n1", None, None).await.unwrap();
    let context = tab::context_of(&deleted.as_string().unwrap());
    tab.put_with("n1", "1", &context).await.unwrap();
    assert_eq!(tab.texts("n1"), ["1"]);
}

//! The log becomes pages while everything else goes on, and tabs find their way.

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::fault;
use crate::tab::{Tab, folded, unused_name};

// Enough for two checkpoints: up to the first of them segments are deleted.
const WRITES: usize = 200;

async fn write_until_the_log_is_cut(tab: &Tab, name: &str) -> usize {
    for number in 0..WRITES {
        tab.put(&format!("n{}", number % 50), &number.to_string()).await.unwrap();
    }
    for more in 0..2_000 {
        if folded(name).await.0 > 1.0 {
            return WRITES + more;
        }
        tab.put(&format!("n{}", more % 50), &(WRITES + more).to_string()).await.unwrap();
        TimeoutFuture::new(5).await;
    }
    panic!("the log is not cut");
}

fn check(tab: &Tab, writes: usize) {
    assert_eq!(tab.count(), 50);
    for last in writes - 50..writes {
        assert_eq!(tab.texts(&format!("n{}", last % 50)), [last.to_string()]);
    }
}

#[wasm_bindgen_test]
async fn what_was_folded_into_pages_is_there_after_reopening() {
    let name = unused_name();
    let tab = Tab::open(&name).await;
    let other = Tab::open(&name).await;
    let writes = write_until_the_log_is_cut(&tab, &name).await;
    check(&tab, writes);
    other.until(&tab.token()).await.unwrap();
    check(&other, writes);
    tab.close().await;
    other.put("late", "1").await.unwrap();
    other.close().await;
    let again = Tab::open(&name).await;
    assert_eq!(again.texts("late"), ["1"]);
    assert_eq!(again.count(), 51);
    assert_eq!(again.texts(&format!("n{}", (writes - 1) % 50)), [(writes - 1).to_string()]);
    assert!(folded(&name).await.1 > 0);
}

#[wasm_bindgen_test]
async fn a_commit_of_a_tab_that_is_far_behind_goes_to_the_end_of_the_log() {
    let name = unused_name();
    let fault = fault::tabs_are_deaf();
    let frozen = Tab::open(&name).await;
    let tab = Tab::open(&name).await;
    let writes = write_until_the_log_is_cut(&tab, &name).await;
    assert_eq!(frozen.count(), 0);
    frozen.put("late", "1").await.unwrap();
    assert_eq!((frozen.count(), frozen.texts("late")), (51, vec!["1".to_owned()]));
    let first = folded(&name).await.0;
    assert!(first > 1.0, "what it had written before the beginning of the log is gone");
    drop(fault);
    tab.close().await;
    frozen.close().await;
    let again = Tab::open(&name).await;
    assert_eq!(again.texts("late"), ["1"]);
    assert_eq!(again.texts(&format!("n{}", (writes - 1) % 50)), [(writes - 1).to_string()]);
}

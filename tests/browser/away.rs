//! A database larger than the memory that it may take: it is read, written, exported and synced all the same.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::tab::{Tab, unused_name};

// About eight pages; the memory is for two or three.
const RECORDS: usize = 400;
const CACHE_BYTES: u32 = 80_000;

fn id(number: usize) -> String {
    format!("n{number:04}")
}

// So long that they do not fit.
fn text(number: usize) -> String {
    format!("{number:0300}")
}

async fn large(name: &str) -> Tab {
    let tab = Tab::open(name).await;
    tab.put_all((0..RECORDS).map(|number| (id(number), text(number)))).await.unwrap();
    tab.fold(name).await;
    tab.close().await;
    Tab::open_small(name, CACHE_BYTES).await
}

fn expected() -> Vec<String> {
    (0..RECORDS).map(text).collect()
}

#[wasm_bindgen_test]
async fn a_record_that_is_not_in_memory_is_fetched() {
    let tab = large(&unused_name()).await;
    assert_eq!(tab.count(), RECORDS + 1);
    for number in [0, 399, 200, 0, 100, 300] {
        let id = id(number);
        while !tab.has(&id) {
            tab.fetch(&id).await;
        }
        assert_eq!(tab.texts(&id), [text(number)]);
    }
    assert!((0..RECORDS).any(|number| !tab.has(&id(number))), "nothing of it is away");
    let all = tab.all_texts().await;
    assert_eq!(all.len(), RECORDS + 1);
    assert_eq!(all.get(..RECORDS), Some(&*expected()));
}

#[wasm_bindgen_test]
async fn writes_to_records_that_are_not_in_memory_are_kept() {
    let name = unused_name();
    let tab = large(&name).await;
    let numbers: Vec<usize> = (0..RECORDS).step_by(23).collect();
    let writes: Vec<_> = numbers.iter().map(|number| tab.put(&id(*number), "new")).collect();
    for write in writes {
        write.await.unwrap();
    }
    let expected: Vec<String> =
        (0..RECORDS).map(|number| if number % 23 == 0 { "new".to_owned() } else { text(number) }).collect();
    assert_eq!(tab.all_texts().await.get(..RECORDS), Some(&*expected));
    tab.close().await;
    let tab = Tab::open_small(&name, CACHE_BYTES).await;
    assert_eq!(tab.all_texts().await.get(..RECORDS), Some(&*expected));
}

#[wasm_bindgen_test]
async fn all_of_it_is_exported() {
    let tab = large(&unused_name()).await;
    let bytes = tab.export().await;
    let other = Tab::open(&unused_name()).await;
    assert_eq!(other.import(&bytes).await.unwrap(), RECORDS + 1);
    assert_eq!(other.all_texts().await.get(..RECORDS), Some(&*expected()));
}

#[wasm_bindgen_test]
async fn it_is_imported_into_one_that_is_as_large() {
    let (one, other) = (large(&unused_name()).await, large(&unused_name()).await);
    let bytes = one.export().await;
    assert_eq!(other.import(&bytes).await.unwrap(), RECORDS + 1);
    // Both have written the same to each record, so that it is one value with two dots.
    assert_eq!(other.all_texts().await.get(..RECORDS), Some(&*expected()));
    assert_eq!(other.count(), RECORDS + 1);
}

//! Two profiles of one database in a page, joined by a message channel: real storage on both sides, and no relay.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use eyot::Shell;
use js_sys::{Function, Object, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{MessageChannel, MessageEvent, MessagePort};

use crate::tab::{property, until, unused_name};

struct Profile {
    shell: Rc<Shell>,
    // The codes with which connections have ended.
    left: Rc<RefCell<Vec<String>>>,
    // How many bytes it has sent.
    sent: Rc<Cell<u32>>,
}

impl Profile {
    async fn open(database: &str, profile: &str) -> Self {
        let left = Rc::new(RefCell::new(Vec::new()));
        let heard = Rc::clone(&left);
        let listener = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            if property(&event, "kind") == "peer-left" {
                heard.borrow_mut().extend(property(&event, "code").as_string());
            }
        });
        let options = Object::new();
        Reflect::set(&options, &"profile".into(), &profile.into()).unwrap();
        let listener: Function = listener.into_js_value().unchecked_into();
        let shell = Shell::open(database.to_owned(), options.into(), listener).await.unwrap();
        Self { shell: Rc::new(shell), left, sent: Rc::default() }
    }

    async fn put(&self, id: &str, text: &str) {
        let packed = ["notes", id, text, ""].join("\0");
        JsFuture::from(self.shell.write(packed.as_bytes(), true).unwrap()).await.unwrap();
    }

    fn join(&self, port: &MessagePort, calls: bool) -> f64 {
        self.join_over(port, calls, false)
    }

    fn join_over(&self, port: &MessagePort, calls: bool, packs: bool) -> f64 {
        let link = Rc::new(Cell::new(f64::NAN));
        let (shell, named) = (Rc::clone(&self.shell), Rc::clone(&link));
        let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            shell.peer_received(named.get(), event.data().unchecked_into::<Uint8Array>().to_vec());
        });
        let (out, sent) = (port.clone(), Rc::clone(&self.sent));
        let send = Closure::<dyn FnMut(JsValue)>::new(move |bytes: JsValue| {
            sent.set(sent.get() + bytes.unchecked_ref::<Uint8Array>().length());
            out.post_message(&bytes).unwrap();
        });
        link.set(self.shell.peer_join(calls, packs, send.into_js_value().unchecked_into()).unwrap());
        port.set_onmessage(Some(listener.into_js_value().unchecked_ref()));
        link.get()
    }

    async fn caught_up(&self, link: f64) {
        JsFuture::from(self.shell.peer_caught_up(link).unwrap()).await.unwrap();
    }
}

#[wasm_bindgen_test]
async fn two_profiles_that_are_joined_have_the_same_and_keep_it() {
    let name = unused_name();
    let (one, other) = (Profile::open(&name, "one").await, Profile::open(&name, "other").await);
    assert_ne!(one.shell.replica(), other.shell.replica());
    for note in 0..300 {
        one.put(&format!("n{note}"), &format!("\"{}\"", "x".repeat(1_000))).await;
    }
    other.put("m1", "\"otter\"").await;
    let channel = MessageChannel::new().unwrap();
    let called = other.join(&channel.port2(), false);
    let calls = one.join(&channel.port1(), true);
    one.caught_up(calls).await;
    other.caught_up(called).await;
    assert_eq!((one.shell.count("notes"), other.shell.count("notes")), (301, 301));
    assert_eq!(one.shell.token(), other.shell.token());
    other.put("m2", "\"heron\"").await;
    until(|| one.shell.count("notes") == 302).await;
    one.shell.peer_dismiss(calls);
    until(|| *other.left.borrow() == ["stopped"]).await;
    assert_eq!(*one.left.borrow(), ["stopped"]);
    for profile in [one, other] {
        profile.shell.close().await.unwrap();
    }
    assert_eq!(Profile::open(&name, "other").await.shell.count("notes"), 302);
    let one = Profile::open(&name, "one").await;
    while one.shell.get("notes/n7").is_none_or(|packed| packed.is_empty()) {
        JsFuture::from(one.shell.fetch("notes/n7".to_owned()).unwrap()).await.unwrap();
    }
    assert_eq!(crate::tab::Tab::open(&name).await.count(), 0, "without a profile it is another copy");
}

#[wasm_bindgen_test]
async fn packed_messages_come_in_order_and_are_shorter() {
    let name = unused_name();
    let bytes = Rc::new(Cell::new(0));
    for packs in [false, true] {
        let names = ["one", "other"].map(|profile| format!("{profile}-{packs}"));
        let (one, other) = (Profile::open(&name, &names[0]).await, Profile::open(&name, &names[1]).await);
        for note in 0..500 {
            one.put(
                &format!("n{note}"),
                &format!("\"note {note} {}\"", "an eyot is a small island ".repeat(20)),
            )
            .await;
            other.put(&format!("m{note}"), "\"short\"").await;
        }
        let channel = MessageChannel::new().unwrap();
        let called = other.join_over(&channel.port2(), false, packs);
        let calls = one.join_over(&channel.port1(), true, packs);
        one.caught_up(calls).await;
        other.caught_up(called).await;
        assert_eq!((one.shell.count("notes"), other.shell.count("notes")), (1_000, 1_000));
        assert_eq!(one.shell.token(), other.shell.token());
        let plain = bytes.replace(one.sent.get());
        assert!(!packs || bytes.get() < plain / 10, "{plain} bytes, packed {}", bytes.get());
        // What was to be said before the end is said.
        other.put("last", "\"heron\"").await;
        other.shell.peer_dismiss(called);
        until(|| *one.left.borrow() == ["stopped"]).await;
    }
}

#[wasm_bindgen_test]
async fn what_cannot_be_decompressed_ends_the_connection_with_a_code() {
    let name = unused_name();
    let one = Profile::open(&name, "one").await;
    for message in
        [vec![11], vec![11, 0xd8, 0x04, 1, 2, 3], [&[11, 0xd8, 0x04][..], &[0x63, 0x60].repeat(9)].concat()]
    {
        let channel = MessageChannel::new().unwrap();
        let link = one.join(&channel.port1(), false);
        one.shell.peer_received(link, message);
        until(|| one.left.borrow().last().is_some_and(|code| code == "bad-message")).await;
        one.left.borrow_mut().clear();
    }
}

#[wasm_bindgen_test]
async fn whoever_waits_for_a_connection_hears_of_its_end() {
    let name = unused_name();
    let one = Profile::open(&name, "one").await;
    let channel = MessageChannel::new().unwrap();
    // Nobody answers.
    let link = one.join(&channel.port1(), true);
    let waiting = one.shell.peer_caught_up(link).unwrap();
    one.shell.peer_closed(link, "the cable was pulled".to_owned());
    let error = JsFuture::from(waiting).await.unwrap_err();
    assert_eq!(crate::tab::code_of(&error), "peer-left");
    assert_eq!(*one.left.borrow(), ["connection-lost"]);
    assert!(one.shell.peer_status(link).is_undefined());
}

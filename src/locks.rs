//! Web Locks, where there are any: pages that are not served securely have none.
//!
//! Must not know what a lock is for.

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::oneshot;
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::future_to_promise;

#[wasm_bindgen]
extern "C" {
    pub(crate) type LockManager;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn request(
        this: &LockManager,
        name: &str,
        options: &JsValue,
        callback: &Function,
    ) -> Result<Promise, JsValue>;
}

/// A lock that is held. Dropping it gives it back.
pub(crate) struct Lock {
    _release: Option<oneshot::Sender<()>>,
}

impl Lock {
    /// Takes a lock that nobody holds; none where somebody does. Without locks everybody has them.
    pub(crate) async fn if_free(name: &str) -> Option<Self> {
        let Some(locks) = lock_manager() else { return Some(Self { _release: None }) };
        let options = Object::new();
        // Setting a property of a fresh object cannot fail.
        let _ = Reflect::set(&options, &"ifAvailable".into(), &true.into());
        let (sender, answered) = oneshot::channel();
        let sender = Rc::new(RefCell::new(Some(sender)));
        let granted = Closure::once_into_js(move |lock: JsValue| -> Promise {
            let (release, released) = oneshot::channel::<()>();
            let lock = if lock.is_null() { None } else { Some(Self { _release: Some(release) }) };
            if let Some(sender) = sender.take() {
                // Nobody waits any longer when the database is closed: then the lock is given back at once.
                let _ = sender.send(lock);
            }
            future_to_promise(async move {
                let _ = released.await;
                Ok(JsValue::UNDEFINED)
            })
        });
        let _request = locks.request(name, &options, granted.unchecked_ref()).ok()?;
        answered.await.ok().flatten()
    }
}

/// The browser's locks.
pub(crate) fn lock_manager() -> Option<LockManager> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).ok()?;
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    locks.is_object().then(|| locks.unchecked_into())
}

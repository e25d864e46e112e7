//! Which tab holds the network sync: the one that holds a Web Lock. Two at once would be wasteful, not wrong.
//!
//! A tab that is frozen keeps its lock and sends nothing; its silence is noticed and the lock is taken from it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_channel::oneshot;
use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};

use crate::locks::lock_manager;

/// This tab's candidacy. Dropping it withdraws.
pub(crate) struct Election {
    inner: Rc<Inner>,
}

struct Inner {
    name: String,
    // Sending ends the holding of the lock.
    release: RefCell<Option<oneshot::Sender<()>>>,
    withdrawn: Cell<bool>,
    on_change: Box<dyn Fn(bool)>,
}

impl Election {
    /// Stands for election; `on_change` hears when this tab begins or ends to hold the sync.
    pub(crate) fn stand(name: &str, on_change: impl Fn(bool) + 'static) -> Self {
        let inner = Rc::new(Inner {
            name: format!("eyot-sync:{name}"),
            release: RefCell::new(None),
            withdrawn: Cell::new(false),
            on_change: Box::new(on_change),
        });
        ask(&inner, false);
        Self { inner }
    }

    pub(crate) fn is_holder(&self) -> bool {
        self.inner.release.borrow().is_some()
    }

    /// Takes the sync from a tab that has fallen silent.
    pub(crate) fn take_over(&self) {
        if !self.is_holder() {
            ask(&self.inner, true);
        }
    }
}

impl Drop for Election {
    fn drop(&mut self) {
        self.inner.withdrawn.set(true);
        self.inner.release.take();
    }
}

fn ask(inner: &Rc<Inner>, steal: bool) {
    let Some(locks) = lock_manager() else {
        // Without locks every tab syncs by itself.
        return hold_without_lock(inner);
    };
    let options = Object::new();
    // Setting a property of a fresh object cannot fail.
    let _ = Reflect::set(&options, &"steal".into(), &steal.into());
    let holder = Rc::clone(inner);
    let granted = Closure::once_into_js(move |_lock: JsValue| hold(&holder));
    let Ok(request) = locks.request(&inner.name, &options, granted.unchecked_ref()) else {
        return hold_without_lock(inner);
    };
    let inner = Rc::clone(inner);
    spawn_local(async move {
        // A rejection means that another tab has taken the lock from this one: it stands in line again.
        let stolen = JsFuture::from(request).await.is_err();
        if inner.release.take().is_some() {
            (inner.on_change)(false);
        }
        if stolen && !inner.withdrawn.get() {
            ask(&inner, false);
        }
    });
}

// The lock is held until the promise settles.
fn hold(inner: &Rc<Inner>) -> Promise {
    if inner.withdrawn.get() || inner.release.borrow().is_some() {
        return Promise::resolve(&JsValue::UNDEFINED);
    }
    let (sender, released) = oneshot::channel();
    inner.release.replace(Some(sender));
    (inner.on_change)(true);
    future_to_promise(async move {
        // Either way it is over.
        let _ = released.await;
        Ok(JsValue::UNDEFINED)
    })
}

fn hold_without_lock(inner: &Rc<Inner>) {
    let (sender, _) = oneshot::channel();
    inner.release.replace(Some(sender));
    (inner.on_change)(true);
}

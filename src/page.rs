//! What the page tells about itself: the network comes and goes, the page is shown again.

use std::rc::Rc;

use eyot_core::engine::EngineInput;
use js_sys::Reflect;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, EventTarget};

use crate::driver::Driver;

/// A listener that is taken away when it is dropped.
pub(crate) struct PageListener {
    target: EventTarget,
    name: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl PageListener {
    fn new(target: &JsValue, name: &'static str, mut act: impl FnMut() + 'static) -> Option<Self> {
        let target: EventTarget = target.clone().dyn_into().ok()?;
        let closure = Closure::<dyn FnMut(Event)>::new(move |_| act());
        target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref()).ok()?;
        Some(Self { target, name, closure })
    }
}

impl Drop for PageListener {
    fn drop(&mut self) {
        let callback = self.closure.as_ref().unchecked_ref();
        // A listener that is gone already needs no taking away.
        let _ = self.target.remove_event_listener_with_callback(self.name, callback);
    }
}

/// Listens to the page, or to the worker, as far as there is something to hear.
pub(crate) fn listen(driver: &Rc<Driver>) -> Vec<PageListener> {
    let global: JsValue = js_sys::global().into();
    let document = Reflect::get(&global, &"document".into()).unwrap_or(JsValue::UNDEFINED);
    let feed = |input: fn() -> EngineInput| {
        let driver = Rc::downgrade(driver);
        move || {
            if let Some(driver) = driver.upgrade() {
                driver.dispatch(input());
            }
        }
    };
    // A tab that is killed announces nothing, so what it has committed last is looked for.
    let look = || {
        let (driver, nudge) = (Rc::downgrade(driver), feed(|| EngineInput::Nudge));
        move || {
            nudge();
            if let Some(driver) = driver.upgrade() {
                driver.read_news();
            }
        }
    };
    [
        PageListener::new(&global, "online", feed(|| EngineInput::Online(true))),
        PageListener::new(&global, "offline", feed(|| EngineInput::Online(false))),
        PageListener::new(&global, "pageshow", look()),
        PageListener::new(&document, "visibilitychange", look()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What the browser believes of the network. It may be wrong about a network that leads nowhere, not about none.
pub(crate) fn is_online() -> bool {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).unwrap_or(JsValue::UNDEFINED);
    Reflect::get(&navigator, &"onLine".into()).ok().and_then(|online| online.as_bool()).unwrap_or(true)
}

/// True when a person may be looking at the page; also where nothing says otherwise.
pub(crate) fn is_visible() -> bool {
    let document = Reflect::get(&js_sys::global(), &"document".into()).unwrap_or(JsValue::UNDEFINED);
    let state = Reflect::get(&document, &"visibilityState".into()).ok().and_then(|state| state.as_string());
    state.is_none_or(|state| state == "visible")
}

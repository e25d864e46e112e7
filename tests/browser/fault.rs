//! Faults of the browser's storage, put in the way of the plain API and taken away when dropped.

use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};

pub(crate) struct Fault {
    prototype: JsValue,
    method: &'static str,
    original: JsValue,
}

impl Fault {
    // The body sees `original`, and `this` and `args` of the call.
    fn new(class: &str, method: &'static str, body: &str) -> Self {
        let class = Reflect::get(&js_sys::global(), &class.into()).unwrap();
        let prototype = Reflect::get(&class, &"prototype".into()).unwrap();
        let original = Reflect::get(&prototype, &method.into()).unwrap();
        let make = format!("let calls = 0; return function (...args) {{ calls++; {body} }}");
        let make = Function::new_with_args("original", &make);
        let faulty = make.call1(&JsValue::UNDEFINED, &original).unwrap();
        Reflect::set(&prototype, &method.into(), &faulty).unwrap();
        Self { prototype, method, original }
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        let restored = Reflect::set(&self.prototype, &self.method.into(), self.original.unchecked_ref());
        assert!(restored.is_ok());
    }
}

/// Every `add` throws.
pub(crate) fn add_fails_with(name: &str) -> Fault {
    Fault::new("IDBObjectStore", "add", &format!("throw new DOMException('no room', '{name}')"))
}

/// Every `add` aborts its transaction.
pub(crate) fn add_aborts() -> Fault {
    let body = "const request = original.apply(this, args); this.transaction.abort(); return request";
    Fault::new("IDBObjectStore", "add", body)
}

/// The next `transaction` throws, later ones do not.
pub(crate) fn transaction_fails_once(name: &str) -> Fault {
    let body = format!(
        "if (calls === 1) throw new DOMException('gone', '{name}'); return original.apply(this, args)"
    );
    Fault::new("IDBDatabase", "transaction", &body)
}

/// Another database is opened in the place of each.
pub(crate) fn open_goes_to(name: &str) -> Fault {
    Fault::new("IDBFactory", "open", &format!("return original.call(this, 'eyot:{name}', args[1])"))
}

/// No database can be opened.
pub(crate) fn open_fails_with(name: &str) -> Fault {
    Fault::new("IDBFactory", "open", &format!("throw new DOMException('not here', '{name}')"))
}

/// No tab hears of another.
pub(crate) fn tabs_are_deaf() -> Fault {
    Fault::new("BroadcastChannel", "postMessage", "return undefined")
}

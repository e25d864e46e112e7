//! Time and randomness of the browser, for a core that has neither.

use eyot_core::ReplicaId;
use js_sys::{Date, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Crypto;

use crate::errors::ShellError;

/// Milliseconds since 1970 by this device's clock.
pub(crate) fn now_ms() -> u64 {
    Date::now().max(0.0) as u64
}

/// Random bytes, good enough for names that are never to be used twice.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], ShellError> {
    let missing =
        |_| ShellError::new("unsupported-environment", "There is no source of randomness (crypto).");
    let crypto = Reflect::get(&js_sys::global(), &JsValue::from_str("crypto")).map_err(missing)?;
    let crypto: Crypto = crypto.dyn_into().map_err(missing)?;
    let mut bytes = [0; N];
    crypto.get_random_values_with_u8_array(&mut bytes).map_err(missing)?;
    Ok(bytes)
}

/// A new name for a replica or a tab.
pub(crate) fn random_id() -> Result<ReplicaId, ShellError> {
    random_bytes().map(ReplicaId::from_bytes)
}

/// Random bits.
pub(crate) fn random_number() -> Result<u64, ShellError> {
    random_bytes().map(u64::from_le_bytes)
}

//! Access tokens: asks the application for them, and for the next one before the present one expires, so that a connection
//! need not end for it. Knows of a token only when it expires, where it says so as a JWT does; nothing depends on that.

use eyot_core::engine::LinkFailure;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, JSON, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::clock::now_ms;
use crate::socket::failure;

/// The next token is asked for when a fifth of the time is left, or a minute if that is less.
const MARGIN_PART: u64 = 5;
const MARGIN_MS: u64 = 60_000;
/// Longer than this no timer waits.
const LONGEST_WAIT_MS: u64 = 1 << 30;

/// Asks the application for a token.
pub(crate) async fn fetch_token(provider: &Function) -> Result<String, LinkFailure> {
    let refused = |_| failure("token-unavailable", "The application could not provide an access token.");
    let answer = provider.call0(&JsValue::UNDEFINED).map_err(refused)?;
    let answer = match answer.dyn_into::<Promise>() {
        Ok(promise) => JsFuture::from(promise).await.map_err(refused)?,
        Err(value) => value,
    };
    answer.as_string().ok_or_else(|| refused(JsValue::UNDEFINED))
}

/// Renews the token again and again for as long as the application gives ones that last longer. What it cannot renew
/// expires, and then the connection ends.
pub(crate) async fn keep_renewing(provider: &Function, first: &str, show: impl Fn(String)) {
    let mut expires_ms = expiry_ms(first);
    while let Some(end_ms) = expires_ms {
        wait_until_due(end_ms).await;
        // A clock that is wrong, or a device that has slept: it is expired already, for all that is known here.
        if now_ms() >= end_ms {
            return;
        }
        let Ok(token) = fetch_token(provider).await else { return };
        let renewed_ms = expiry_ms(&token);
        if renewed_ms.is_some_and(|renewed_ms| renewed_ms <= end_ms) {
            return;
        }
        show(token);
        expires_ms = renewed_ms;
    }
}

async fn wait_until_due(end_ms: u64) {
    let left_ms = end_ms.saturating_sub(now_ms());
    let due_ms = end_ms.saturating_sub((left_ms / MARGIN_PART).min(MARGIN_MS));
    loop {
        let wait_ms = due_ms.saturating_sub(now_ms()).min(LONGEST_WAIT_MS);
        if wait_ms == 0 {
            return;
        }
        TimeoutFuture::new(wait_ms as u32).await;
    }
}

// The claim `exp` of a JWT. Nothing is verified: that is the relay's matter.
fn expiry_ms(token: &str) -> Option<u64> {
    let claims = token.split('.').nth(1)?.replace('-', "+").replace('_', "/");
    let decode: Function = Reflect::get(&js_sys::global(), &"atob".into()).ok()?.dyn_into().ok()?;
    // What is no ASCII in it comes out wrong, inside of texts, and does not matter here.
    let text = decode.call1(&JsValue::UNDEFINED, &claims.into()).ok()?.as_string()?;
    let seconds = Reflect::get(&JSON::parse(&text).ok()?, &"exp".into()).ok()?.as_f64()?;
    Some((seconds * 1_000.0) as u64)
}

//! What is built from the sources, one module per product. Each is skipped when nothing changed.
//!
//! Must not know how the products are run or tested.

pub(crate) mod demo_app;
pub(crate) mod js;
pub(crate) mod relay;
pub(crate) mod wasm;

//! The engine of Eyot.
#![forbid(unsafe_code)]

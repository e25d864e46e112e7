//! The simulator of Eyot.
#![forbid(unsafe_code)]

//! The relay of Eyot.
#![forbid(unsafe_code)]

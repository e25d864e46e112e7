//! The browser shell of Eyot.

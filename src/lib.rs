//! Clientele: a customer and rewards platform in one binary.
pub mod domain;
pub mod http;
pub mod cli;
pub mod limits;
pub mod persistence;

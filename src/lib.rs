//! Clientele: a customer and rewards platform in one binary.
pub mod actors;
pub mod cli;
pub mod clock;
pub mod domain;
pub mod http;
pub mod limits;
pub mod persistence;
pub mod secrets;

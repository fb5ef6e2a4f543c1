//! Clientele: a customer and rewards platform in one binary.
pub mod cli;
pub mod limits;
pub mod persistence;

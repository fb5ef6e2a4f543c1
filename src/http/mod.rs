//! The edge of HTTP: what arrives from strangers becomes typed requests, and what is refused says why.
pub mod body;
pub mod extract;
pub mod problem;

//! The gateways, each a family of operations with its own document and reference page.
pub mod backoffice;
pub mod errors;

//! The commands of the `clientele` binary.
//!
//! A command reads its arguments, calls down into the layers, and writes its result through [`output`], the only place
//! that touches standard output. No command holds logic that another layer could need.

pub mod bench;
pub mod config;
pub mod output;

//! Clientele: a customer and rewards platform in one binary.
pub mod actors;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod data_directory;
pub mod domain;
pub mod health;
pub mod domain;
pub mod health;
pub mod http;
pub mod limits;
pub mod logging;
pub mod persistence;
pub mod secrets;
pub mod seeding;
pub mod telemetry;

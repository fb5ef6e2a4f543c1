//! Clientele: a customer and rewards platform in one binary.
//!
//! The layers, in the order in which a request passes them: [`http`] (authenticate, authorise, validate) → [`actors`]
//! (route, admit, decide in the entity's actor) → [`domain`] (the decision itself, pure) → [`persistence`] (journal
//! first, rows behind). What became durable goes on to [`publishing`], whose followers build the lists. [`app`] is the only place where they are wired; [`cli`] holds the commands.
//!
//! Around them: [`egress`] (the one door outwards), [`config`] and [`limits`] (every bound), [`clock`], [`network`], [`secrets`], [`data_directory`], [`health`],
//! [`telemetry`], [`logging`], and [`seeding`] for the demo network.

pub mod cli;

pub mod app;

pub mod http;

pub mod actors;

pub mod persistence;

pub mod publishing;

pub mod delivering;

pub mod domain;

pub mod egress;

pub mod external_login;

pub mod config;

pub mod limits;

pub mod clock;

pub mod network;

pub mod secrets;

pub mod data_directory;

pub mod health;

pub mod telemetry;

pub mod logging;

pub mod seeding;

//! The `argala` command as a library, for whatever starts it: its own program (`main`), and the Python package.
//!
//! `serve` puts a gateway before MCP servers, `check` judges calls on the command line, `demo` shows both at work. A tool
//! call's way through the gateway: `connection` and the host's stream carry frames, `session` takes them in order,
//! its `guard` judges, and what was judged goes on.

mod access;
mod audit;
mod caller;
mod cli;
mod config;
mod connection;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod health;
mod host;
mod http;
mod ledger;
mod mirrored;
mod pins;
#[cfg(unix)]
mod reaper;
mod servers;
mod session;
mod shared;
mod stdio;

pub use cli::run;

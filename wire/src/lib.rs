//! The wire of Argala: JSON-RPC frames of the Model Context Protocol, and the transports that carry them.
//!
//! It knows no policy. What it promises is that a frame is read strictly, or refused with an error that its sender can
//! use, and that a frame which is passed on is the text that came, but for the places that were edited.
//!
//! In reading order: [`frame`] reads one message; [`batch`] takes a batch apart; [`id`] is what a request is known by;
//! [`reply`] writes results and errors; [`era`] tells the protocol's two eras apart, and [`legacy`] and
//! [`modern`] name their methods; [`mod@line`] carries
//! frames over byte streams, one a line, and [`http`] in events; [`outbox`] is the queue before one; [`child`] is a server that runs as a process.

pub mod batch;
pub mod child;
pub mod era;
pub mod frame;
pub mod http;
pub mod id;
pub mod legacy;
pub mod line;
pub mod modern;
pub mod outbox;
mod recover;
pub mod reply;

pub use era::Era;
pub use frame::{Frame, Kind, Refused, Sender};
pub use id::Id;

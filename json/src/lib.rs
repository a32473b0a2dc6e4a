//! Strict, bounded JSON text ([RFC 8259]) as events.
//!
//! A firewall must read an argument as every program behind it might. So this reader refuses what parsers are known to
//! disagree on (a duplicate key, a lone surrogate, trailing data, a byte-order mark), never recurses, never turns a
//! number into a float, and stops at the bounds that it is given.
//!
//! - [`read`] drives [`Events`] over a text.
//! - [`Outline`] indexes the upper levels of a text, so that raw slices can be taken from it.
//! - [`compact`] writes a text anew from its events: what was read, and nothing else.
//! - [`mod@pointer`] renders and parses JSON Pointers ([RFC 6901]).
//!
//! ```
//! use argala_json::{Limits, Options, compact};
//!
//! let options = Options::strict(Limits::default());
//! assert_eq!(compact(r#"{ "price" : 1.0 }"#, &options).unwrap(), r#"{"price":1.0}"#);
//! assert!(compact(r#"{"name": 1, "n\u0061me": 2}"#, &options).is_err());
//! ```
//!
//! [RFC 8259]: https://www.rfc-editor.org/rfc/rfc8259
//! [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901

mod compact;
mod error;
mod events;
mod keys;
mod letters;
mod outline;
pub mod pointer;
mod reader;
mod text;

pub use compact::compact;
pub use error::{Error, ErrorKind};
pub use events::{Events, Span};
pub use letters::look_alike;
pub use outline::{Node, Outline};
pub use reader::{Limits, Options, Stopped, read};
pub use text::{Text, quote};

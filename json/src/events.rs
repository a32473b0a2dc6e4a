//! What a reader tells its listener.

use crate::Text;

/// A range of bytes in the text that is read.
pub type Span = std::ops::Range<usize>;

/// A listener for the parts of a JSON text, in the order in which they stand.
///
/// Every method may end the reading by returning `Err`; the reason comes back from [`read`](crate::read).
pub trait Events {
    /// Why the listener ended the reading.
    type Stop;

    /// `null`.
    fn null(&mut self, span: Span) -> Result<(), Self::Stop>;
    /// `true` or `false`.
    fn boolean(&mut self, value: bool, span: Span) -> Result<(), Self::Stop>;
    /// A number, as it is written: the reader never converts it.
    fn number(&mut self, lexeme: &str, span: Span) -> Result<(), Self::Stop>;
    /// A string value. The span includes the quotes.
    fn string(&mut self, text: Text<'_>, span: Span) -> Result<(), Self::Stop>;
    /// The key of a member, before the member's value. The span includes the quotes.
    fn key(&mut self, text: Text<'_>, span: Span) -> Result<(), Self::Stop>;
    /// `{` at this offset.
    fn enter_object(&mut self, at: usize) -> Result<(), Self::Stop>;
    /// `}`; the offset is the one behind it.
    fn leave_object(&mut self, end: usize) -> Result<(), Self::Stop>;
    /// `[` at this offset.
    fn enter_array(&mut self, at: usize) -> Result<(), Self::Stop>;
    /// `]`; the offset is the one behind it.
    fn leave_array(&mut self, end: usize) -> Result<(), Self::Stop>;
}

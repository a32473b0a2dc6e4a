//! A text written anew from its events: no white space, no escape that isn't needed, numbers as they were.

use std::convert::Infallible;

use crate::{Error, Events, Options, Span, Stopped, Text, quote, read};

/// Writes the events it hears as JSON text without white space.
struct Compact {
    out: String,
    /// Whether the next value or key stands behind another one and needs a comma.
    separate: bool,
}

impl Compact {
    fn begin(&mut self) {
        if self.separate {
            self.out.push(',');
        }
        self.separate = true;
    }

    fn enter(&mut self, bracket: char) {
        self.begin();
        self.out.push(bracket);
        self.separate = false;
    }

    fn leave(&mut self, bracket: char) {
        self.out.push(bracket);
        self.separate = true;
    }
}

impl Events for Compact {
    type Stop = Infallible;

    fn null(&mut self, _: Span) -> Result<(), Infallible> {
        self.begin();
        self.out.push_str("null");
        Ok(())
    }

    fn boolean(&mut self, value: bool, _: Span) -> Result<(), Infallible> {
        self.begin();
        self.out.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn number(&mut self, lexeme: &str, _: Span) -> Result<(), Infallible> {
        self.begin();
        self.out.push_str(lexeme);
        Ok(())
    }

    fn string(&mut self, text: Text<'_>, _: Span) -> Result<(), Infallible> {
        self.begin();
        quote(&text.decode(), &mut self.out);
        Ok(())
    }

    fn key(&mut self, text: Text<'_>, _: Span) -> Result<(), Infallible> {
        self.begin();
        quote(&text.decode(), &mut self.out);
        self.out.push(':');
        self.separate = false;
        Ok(())
    }

    fn enter_object(&mut self, _: usize) -> Result<(), Infallible> {
        self.enter('{');
        Ok(())
    }

    fn leave_object(&mut self, _: usize) -> Result<(), Infallible> {
        self.leave('}');
        Ok(())
    }

    fn enter_array(&mut self, _: usize) -> Result<(), Infallible> {
        self.enter('[');
        Ok(())
    }

    fn leave_array(&mut self, _: usize) -> Result<(), Infallible> {
        self.leave(']');
        Ok(())
    }
}

/// Reads a text and writes it anew: what comes out is exactly what was read.
///
/// # Errors
/// Where [`read`] refuses the text.
pub fn compact(text: &str, options: &Options) -> Result<String, Error> {
    let mut writer = Compact { out: String::with_capacity(text.len()), separate: false };
    match read(text.as_bytes(), options, &mut writer) {
        Ok(()) => Ok(writer.out),
        Err(Stopped::Refused(error)) => Err(error),
        Err(Stopped::Listener(never)) => match never {},
    }
}

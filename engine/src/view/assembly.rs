//! Text put together from what decoders find: characters, bytes, and halves of UTF-16.
//!
//! Bytes that stand side by side are read as UTF-8, as lenient servers do: over-long forms, forms of five and six bytes and
//! surrogates in pairs are taken. A byte that is part of no such form is taken for Latin-1. What it does not see: other
//! code pages, EBCDIC, stateful encodings such as ISO 2022.

/// One thing that a decoder found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Byte(u8),
    Char(char),
    /// A unit of UTF-16.
    Unit(u16),
    Text(String),
}

/// Text that is being put together.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    text: String,
    /// Bytes that may go on.
    bytes: Vec<u8>,
    /// The first half of a pair.
    high: Option<u16>,
}

impl Assembly {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ..Self::default() }
    }

    /// Text that stands for itself.
    pub(super) fn copy(&mut self, text: &str) {
        if !text.is_empty() {
            self.settle();
            self.text.push_str(text);
        }
    }

    pub(super) fn push(&mut self, piece: Piece) {
        match piece {
            Piece::Byte(byte) => {
                self.settle_unit();
                self.bytes.push(byte);
            }
            Piece::Char(character) => {
                self.settle();
                self.text.push(character);
            }
            Piece::Unit(unit) => {
                self.settle_bytes();
                self.push_unit(unit);
            }
            Piece::Text(text) => self.copy(&text),
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.settle();
        self.text
    }

    fn settle(&mut self) {
        self.settle_unit();
        self.settle_bytes();
    }

    /// Half a pair that stayed alone is no character.
    fn settle_unit(&mut self) {
        if self.high.take().is_some() {
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
    }

    fn settle_bytes(&mut self) {
        if !self.bytes.is_empty() {
            read_utf8(&self.bytes, &mut self.text);
            self.bytes.clear();
        }
    }

    fn push_unit(&mut self, unit: u16) {
        if let Some(high) = self.high.take() {
            if let Some(Ok(character)) = char::decode_utf16([high, unit]).next()
                && (0xDC00..0xE000).contains(&unit)
            {
                self.text.push(character);
                return;
            }
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
        match unit {
            0xD800..0xDC00 => self.high = Some(unit),
            _ => self.text.push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }
}

/// Reads bytes as a lenient server does.
pub(super) fn read_utf8(bytes: &[u8], text: &mut String) {
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let (character, taken) = match first {
            0..0x80 => (char::from(first), 1),
            _ => read_long_form(first, after).unwrap_or((char::from(first), 1)),
        };
        text.push(character);
        rest = rest.get(taken..).unwrap_or_default();
    }
}

/// A character of several bytes, and how many.
fn read_long_form(first: u8, after: &[u8]) -> Option<(char, usize)> {
    let (tail, payload) = match first {
        0xC0..0xE0 => (1, first & 0x1F),
        0xE0..0xF0 => (2, first & 0x0F),
        0xF0..0xF8 => (3, first & 0x07),
        0xF8..0xFC => (4, first & 0x03),
        0xFC..0xFE => (5, first & 0x01),
        _ => return None,
    };
    let mut value = u32::from(payload);
    for &byte in after.get(..tail)? {
        // Old servers take the lower bits of whatever follows these two, which no well-formed text has.
        if byte & 0xC0 != 0x80 && !matches!(first, 0xC0 | 0xC1) {
            return None;
        }
        value = value << 6 | u32::from(byte & 0x3F);
    }
    Some((char::from_u32(value)?, tail + 1))
}

#[cfg(test)]
mod tests {
    use super::{Assembly, Piece, read_utf8};

    #[test]
    fn bytes_are_read_as_a_lenient_server_reads_them() {
        for (bytes, read) in [
            (&b"DROP"[..], "DROP"),
            (b"\xC1\x84", "D"),
            (b"\xE0\x81\x84", "D"),
            (b"\xF0\x80\x81\x84", "D"),
            (b"\xF8\x80\x80\x81\x84", "D"),
            (b"\xFC\x80\x80\x80\x81\x84", "D"),
            (b"\xC0\x2F", "/"),
            (b"\xC1\x1C", "\\"),
            ("naïve €😀".as_bytes(), "naïve €😀"),
            (b"caf\xE9 D", "café D"),
            (b"\xFF\x80D", "\u{FF}\u{80}D"),
            (b"\xE2\x82", "\u{E2}\u{82}"),
        ] {
            let mut text = String::new();
            read_utf8(bytes, &mut text);
            assert_eq!(text, read, "{bytes:x?}");
        }
    }

    #[test]
    fn halves_of_utf_16_become_one_character_and_a_lone_half_becomes_none() {
        let units = |units: &[u16]| {
            let mut assembly = Assembly::default();
            units.iter().for_each(|&unit| assembly.push(Piece::Unit(unit)));
            assembly.finish()
        };
        assert_eq!(units(&[0xD835, 0xDC03]), "𝐃");
        assert_eq!(units(&[0x44, 0xD835, 0x52]), "D\u{FFFD}R");
        assert_eq!(units(&[0xDC03, 0x44]), "\u{FFFD}D");
        assert_eq!(units(&[0xD835]), "\u{FFFD}");
    }
}

//! The chain: how a line ends with the hash of itself and of the line before.

use sha2::{Digest, Sha256};

/// A SHA-256 digest, in lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hash(String);

/// What stands before a record's hash.
const BEFORE: &[u8] = b",\"hash\":\"";
/// What stands behind it.
const AFTER: &[u8] = b"\"}";
const DIGITS: usize = 64;

impl Hash {
    /// The hash before the first record of a log.
    pub(super) fn none() -> Self {
        Self("0".repeat(DIGITS))
    }

    /// Reads the digits of a hash.
    pub(super) fn parse(digits: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (digits.len() == DIGITS && digits.bytes().all(is_digit)).then(|| Self(digits.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The hash of a record, whose text is without its own hash and the closing brace.
    pub(super) fn next(&self, record: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(&self.0).chain_update(record).finalize();
        Self(hex(&digest))
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Ends a record that lacks its closing brace: its line, and its hash.
pub(super) fn seal(line: &mut Vec<u8>, before: &Hash) -> Hash {
    let hash = before.next(line);
    line.extend_from_slice(BEFORE);
    line.extend_from_slice(hash.0.as_bytes());
    line.extend_from_slice(AFTER);
    line.push(b'\n');
    hash
}

/// A line without its end, apart: what the hash is of, and the hash that it names.
pub(super) fn open(line: &[u8]) -> Option<(&[u8], Hash)> {
    let rest = line.strip_suffix(AFTER)?;
    let (rest, digits) = rest.split_at_checked(rest.len().checked_sub(DIGITS)?)?;
    let record = rest.strip_suffix(BEFORE)?;
    Some((record, Hash::parse(str::from_utf8(digits).ok()?)?))
}

#[cfg(test)]
mod tests {
    use super::{Hash, open, seal};

    #[test]
    fn a_sealed_record_opens_and_names_its_hash() {
        let mut line = br#"{"seq":1"#.to_vec();
        let hash = seal(&mut line, &Hash::none());
        let line = line.strip_suffix(b"\n").unwrap();
        assert!(serde_json::from_slice::<serde_json::Value>(line).is_ok());
        let (record, named) = open(line).unwrap();
        assert_eq!((record, &named), (br#"{"seq":1"#.as_slice(), &hash));
        assert_eq!(Hash::none().next(record), named);
        assert_ne!(hash.next(record), named);
    }

    #[test]
    fn what_is_no_sealed_record_does_not_open() {
        for line in [&b""[..], b"{}", br#"{"hash":"00"}"#, &[b'"'; 80], &[0xff; 80]] {
            assert!(open(line).is_none(), "{line:?}");
        }
    }
}

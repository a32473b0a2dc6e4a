//! Tokens that the configuration knows by their hashes.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::settings;
use crate::caller::Principal;

/// By it, people and scanners of secrets tell what kind of token it is.
const PREFIX: &str = "argala_";

/// A new token.
pub(crate) struct Token {
    /// What a host has to show. It is nowhere else.
    pub(crate) text: String,
    /// What the configuration knows it by.
    pub(crate) sha256: String,
}

impl Token {
    /// Makes one of 256 random bits.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(secret));
        let sha256 = hash(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { text, sha256 })
    }
}

type Hash = [u8; 32];

/// The tokens that are known. They are looked up by their hashes: how long that takes tells about a hash at most, and from that
/// nobody gets to a token.
#[derive(Debug)]
pub(super) struct Tokens(HashMap<Hash, Arc<Principal>>);

impl Tokens {
    pub(super) fn new(settings: &[settings::Token]) -> Result<Self, String> {
        let mut tokens = HashMap::new();
        for settings::Token { name, sha256, groups } in settings {
            let hash = read_hash(sha256).ok_or_else(|| {
                format!("[[access.token]] {name:?}: `sha256` must be 64 hexadecimal digits; `argala token new {name}` makes a token")
            })?;
            if tokens.insert(hash, Principal::known("token", name, groups)).is_some() {
                return Err(format!("[[access.token]] {name:?}: the same token stands twice"));
            }
        }
        Ok(Self(tokens))
    }

    pub(super) fn find(&self, token: &str) -> Option<Arc<Principal>> {
        self.0.get(&hash(token)).cloned()
    }
}

fn hash(token: &str) -> Hash {
    Sha256::digest(token).into()
}

fn read_hash(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (n, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * n..2 * n + 2)?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::{Token, Tokens, settings};

    fn known(name: &str, sha256: &str) -> settings::Token {
        settings::Token { name: name.to_owned(), sha256: sha256.to_owned(), groups: vec!["ops".to_owned()] }
    }

    #[test]
    fn a_token_is_known_by_its_hash_alone() {
        let (one, other) = (Token::generate().unwrap(), Token::generate().unwrap());
        assert_ne!(one.text, other.text);
        assert_eq!(one.text.len(), "argala_".len() + 43);
        let tokens = Tokens::new(&[known("ci", &one.sha256.to_uppercase())]).unwrap();
        let principal = tokens.find(&one.text).unwrap();
        assert_eq!(
            (principal.name.as_str(), &principal.groups[..]),
            ("token:ci", &["group:ops".to_owned()][..])
        );
        for wrong in [other.text.as_str(), &one.sha256, "", &one.text[..49]] {
            assert!(tokens.find(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_hash_that_is_none_and_one_that_stands_twice_are_refused() {
        for wrong in ["", "abc", &"0".repeat(63), &"g".repeat(64), &"é".repeat(32), &"+0".repeat(32)] {
            assert!(
                Tokens::new(&[known("ci", wrong)]).unwrap_err().contains("64 hexadecimal digits"),
                "{wrong}"
            );
        }
        let hash = "0".repeat(64);
        assert!(Tokens::new(&[known("a", &hash), known("b", &hash)]).unwrap_err().contains("twice"));
    }
}

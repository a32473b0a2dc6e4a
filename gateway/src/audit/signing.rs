//! Signed checkpoints: Ed25519 (RFC 8032), with keys in the usual form (PKCS#8, RFC 5958; PEM, RFC 7468).

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;

use super::Failed;
use super::chain::Hash;

/// What stands before the key in a public key's text.
const KIND: &str = "ed25519:";

/// The private key of a log.
pub(super) struct SigningKey(Ed25519KeyPair);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

impl SigningKey {
    pub(super) fn load(path: &Path) -> Result<Self, Failed> {
        let fault = |reason: String| Failed(format!("the signing key {}: {reason}", path.display()));
        let der = PrivatePkcs8KeyDer::from_pem_file(path).map_err(|error| fault(error.to_string()))?;
        // `openssl genpkey` writes keys without their public half.
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
        pair.map(Self).map_err(|error| {
            fault(format!("it is no Ed25519 key ({error}); `argala audit keygen FILE` makes one"))
        })
    }

    pub(super) fn sign(&self, hash: &Hash) -> String {
        STANDARD.encode(self.0.sign(hash.as_str().as_bytes()))
    }
}

/// The public key that checkpoints are checked with, as `ed25519:` and base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicKey(Vec<u8>);

impl PublicKey {
    /// Reads the text of a key.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let key = STANDARD.decode(text.trim().strip_prefix(KIND)?).ok()?;
        (key.len() == 32).then_some(Self(key))
    }

    pub(super) fn has_signed(&self, hash: &Hash, signature: &str) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, &self.0);
        STANDARD
            .decode(signature)
            .is_ok_and(|signature| key.verify(hash.as_str().as_bytes(), &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{KIND}{}", STANDARD.encode(&self.0))
    }
}

/// Makes a key in a new file that only its owner can read; the public half of it.
///
/// # Errors
/// Why there is no new file.
pub(crate) fn generate_key(path: &Path) -> Result<PublicKey, Failed> {
    let fault = |reason: String| Failed(format!("{}: {reason}", path.display()));
    let pkcs8 =
        Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|error| fault(error.to_string()))?;
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).map_err(|error| fault(error.to_string()))?;
    let pem =
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", wrapped(pkcs8.as_ref()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    super::file::only_owner(&mut options);
    let written = options.open(path).and_then(|mut file| file.write_all(pem.as_bytes()));
    written.map_err(|error| fault(error.to_string()))?;
    Ok(PublicKey(pair.public_key().as_ref().to_vec()))
}

/// Base64 in lines of 64 characters.
fn wrapped(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Hash, PublicKey, SigningKey, generate_key};

    #[test]
    fn only_what_a_key_has_signed_is_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one.pem"), folder.path().join("other.pem"));
        let (public, stranger) = (generate_key(&one).unwrap(), generate_key(&other).unwrap());
        let hash = Hash::none();
        let signature = SigningKey::load(&one).unwrap().sign(&hash);
        assert!(public.has_signed(&hash, &signature));
        assert!(!stranger.has_signed(&hash, &signature));
        assert!(!public.has_signed(&hash.next(b"x"), &signature));
        assert!(!public.has_signed(&hash, "no base64"));
        assert_eq!(PublicKey::parse(&public.to_string()), Some(public));
    }

    #[test]
    fn a_key_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        generate_key(&path).unwrap();
        let before = std::fs::read(&path).unwrap();
        assert!(generate_key(&path).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn what_is_no_key_is_refused_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        for text in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            std::fs::write(&path, text).unwrap();
            assert!(SigningKey::load(&path).unwrap_err().0.contains("key.pem"), "{text}");
        }
        assert_eq!(PublicKey::parse("ed25519:AAAA"), None);
    }
}

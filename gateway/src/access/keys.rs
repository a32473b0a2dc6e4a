//! Sets of keys (JWKS, RFC 7517): what of them can check the signature of a token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::algorithm::{Algorithm, PublicKey};

/// The most keys of a set that are taken.
const MOST: usize = 100;

/// A key of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    id: Option<String>,
    /// The one algorithm that it is for; None where it is for all of its kind.
    algorithm: Option<Algorithm>,
    pub(super) public: PublicKey,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<Value>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Key {
    /// Whether it is the key that a token names, and for its algorithm. A token that names none is taken where it leaves no choice.
    pub(super) fn is_meant(&self, id: Option<&str>, algorithm: Algorithm) -> bool {
        (id.is_none() || self.id.as_deref() == id)
            && self.algorithm.is_none_or(|only| only == algorithm)
            && self.public.fits(algorithm)
    }

    /// The keys of a set that can be used; others, such as those for encryption, are passed over.
    ///
    /// # Errors
    /// It is no set, or there is nothing in it.
    pub(super) fn read_set(text: &[u8]) -> Result<Vec<Self>, String> {
        let set: Set =
            serde_json::from_slice(text).map_err(|error| format!("it is no set of keys: {error}"))?;
        if set.keys.len() > MOST {
            return Err(format!("it has more than {MOST} keys"));
        }
        let read = |key: Value| serde_json::from_value::<Jwk>(key).ok().and_then(Jwk::key);
        let keys: Vec<Self> = set.keys.into_iter().filter_map(read).collect();
        if keys.is_empty() {
            return Err("it has no key that signatures of tokens could be checked by".to_owned());
        }
        Ok(keys)
    }
}

impl Jwk {
    fn key(self) -> Option<Key> {
        let for_signatures = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && self.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|name| name == "verify"));
        if !for_signatures {
            return None;
        }
        // An algorithm that isn't known here is one that the key is kept to all the same.
        let algorithm = self.alg.clone().map(serde_json::from_value::<Algorithm>).transpose().ok()?;
        let public = self.public()?;
        let key = Key { id: self.kid, algorithm, public };
        key.algorithm.is_none_or(|only| key.public.fits(only)).then_some(key)
    }

    fn public(&self) -> Option<PublicKey> {
        let point = |length: usize| {
            let (x, y) = (number(&self.x)?, number(&self.y)?);
            // Uncompressed (SEC 1, section 2.3.3).
            (x.len() == length && y.len() == length).then(|| [&[4], &x[..], &y[..]].concat())
        };
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => {
                // Some issuers write a sign before the number.
                let unsigned = |number: Vec<u8>| number.into_iter().skip_while(|byte| *byte == 0).collect();
                let (modulus, exponent) = (number(&self.n).map(unsigned)?, number(&self.e).map(unsigned)?);
                Some(PublicKey::Rsa { modulus, exponent })
            }
            ("EC", Some("P-256")) => point(32).map(PublicKey::P256),
            ("EC", Some("P-384")) => point(48).map(PublicKey::P384),
            ("OKP", Some("Ed25519")) => number(&self.x).filter(|key| key.len() == 32).map(PublicKey::Ed25519),
            _ => None,
        }
    }
}

fn number(text: &Option<String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.as_deref()?.trim_end_matches('=')).ok()
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, Key};

    fn read(keys: &str) -> Result<Vec<Key>, String> {
        Key::read_set(format!(r#"{{"keys":[{keys}]}}"#).as_bytes())
    }

    #[test]
    fn keys_that_are_for_something_else_are_passed_over() {
        let x = "A".repeat(43);
        let good = format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"good","x":"{x}"}}"#);
        let with = |members: &str| good.replace("{", &format!("{{{members},"));
        for other in [
            r#"{"kty":"oct","kid":"good","k":"c2VjcmV0","alg":"HS256"}"#.to_owned(),
            with(r#""use":"enc""#),
            with(r#""key_ops":["sign"]"#),
            with(r#""alg":"HS256""#),
            with(r#""alg":"RS256""#),
            with(r#""alg":1"#),
            good.replace("Ed25519", "X25519"),
            good.replace(&x, "AA"),
            r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#.to_owned(),
            r#"{"kty":"RSA","n":"AQAB"}"#.to_owned(),
            "7".to_owned(),
            "{}".to_owned(),
        ] {
            assert!(read(&other).unwrap_err().contains("no key"), "{other}");
            assert_eq!(read(&format!("{other},{good}")).unwrap().len(), 1, "{other}");
        }
        for taken in [with(r#""use":"sig""#), with(r#""key_ops":["verify"]"#), with(r#""alg":"EdDSA""#)] {
            assert_eq!(read(&taken).unwrap().len(), 1, "{taken}");
        }
    }

    #[test]
    fn a_key_is_meant_by_its_id_and_for_its_own_algorithms() {
        let rsa = &read(r#"{"kty":"RSA","kid":"k","n":"AQAB","e":"AQAB"}"#).unwrap()[0];
        let bound = &read(r#"{"kty":"RSA","kid":"k","n":"AQAB","e":"AQAB","alg":"PS256"}"#).unwrap()[0];
        for (key, id, algorithm, meant) in [
            (rsa, Some("k"), Algorithm::Rs256, true),
            (rsa, Some("k"), Algorithm::Ps512, true),
            (rsa, None, Algorithm::Rs256, true),
            (rsa, Some("K"), Algorithm::Rs256, false),
            (rsa, Some("k"), Algorithm::Es256, false),
            (rsa, Some("k"), Algorithm::EdDsa, false),
            (bound, Some("k"), Algorithm::Ps256, true),
            (bound, Some("k"), Algorithm::Rs256, false),
        ] {
            assert_eq!(key.is_meant(id, algorithm), meant, "{id:?} {algorithm:?}");
        }
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[]}"#] {
            assert!(Key::read_set(text.as_bytes()).is_err(), "{text}");
        }
        let many = vec!["{}"; super::MOST + 1].join(",");
        assert!(read(&many).unwrap_err().contains("more than"));
    }
}

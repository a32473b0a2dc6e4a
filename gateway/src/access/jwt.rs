//! Tokens that an issuer has signed (JWT, RFC 7519, in the compact form of RFC 7515), read as RFC 8725 advises: the key decides
//! which algorithm is taken, never the token; what a token says about where its key is isn't read.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Denied;
use super::algorithm::Algorithm;
use super::claims;
use super::keyring::{Keyring, Missing};
use super::settings::Jwt;
use crate::caller::Principal;

/// What a token may be: an access token (RFC 9068), or a JWT of no other kind.
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// The issuer whose tokens are taken.
#[derive(Debug)]
pub(super) struct Issuer {
    wanted: Jwt,
    keys: Arc<Keyring>,
}

#[derive(Deserialize)]
struct Header {
    alg: Algorithm,
    kid: Option<String>,
    typ: Option<String>,
    /// Extensions that must be understood. None is.
    crit: Option<Value>,
}

impl Issuer {
    pub(super) fn new(wanted: &Jwt) -> Result<Self, String> {
        let keys = Keyring::new(wanted).map_err(|reason| format!("[access.jwt] {reason}"))?;
        Ok(Self { wanted: wanted.clone(), keys: Arc::new(keys) })
    }

    pub(super) async fn prepare(&self) {
        self.keys.refresh().await;
    }

    /// Whom the token is for.
    pub(super) async fn recognise(&self, token: &str) -> Result<Arc<Principal>, Denied> {
        const NO_JWT: Denied = Denied::Invalid("the token is not known here");
        let (signed, signature) = token.rsplit_once('.').ok_or(NO_JWT)?;
        let (header, payload) = signed.split_once('.').ok_or(NO_JWT)?;
        let header: Header =
            part(header).ok_or(Denied::Invalid("the header of the token is not one that is taken"))?;
        let typ = header.typ.as_deref().unwrap_or("jwt").to_ascii_lowercase();
        if header.crit.is_some() || !TYPES.contains(&typ.as_str()) {
            return Err(Denied::Invalid("the token is of a kind that is not taken"));
        }
        if !self.wanted.algorithms.contains(&header.alg) {
            return Err(Denied::Invalid("the algorithm of the token is not taken"));
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| NO_JWT)?;
        let key = match self.keys.find(header.kid.as_deref(), header.alg).await {
            Ok(key) => key,
            Err(Missing::Unknown) => return Err(Denied::Invalid("the key of the token is not known")),
            Err(Missing::Unavailable) => return Err(Denied::Unavailable),
        };
        if !key.public.has_signed(header.alg, signed.as_bytes(), &signature) {
            return Err(Denied::Invalid("the signature of the token is wrong"));
        }
        let claims: Map<String, Value> =
            part(payload).ok_or(Denied::Invalid("the claims of the token can not be read"))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| Denied::Unavailable)?;
        claims::judge(&claims, &self.wanted, now.as_secs())
    }
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::hmac;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

    use super::{Denied, Issuer};

    /// An issuer with a key of each of two kinds, and the gateway that takes its tokens.
    struct Pair {
        ed25519: Ed25519KeyPair,
        p256: EcdsaKeyPair,
        issuer: Issuer,
        _folder: tempfile::TempDir,
    }

    fn encode(text: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    fn pair() -> Pair {
        let random = SystemRandom::new();
        let ed25519 =
            Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref()).unwrap();
        let by = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(by, &random).unwrap();
        let p256 = EcdsaKeyPair::from_pkcs8(by, pkcs8.as_ref(), &random).unwrap();
        let point = p256.public_key().as_ref();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.json");
        let keys = format!(
            r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"e","x":"{}"}},
                {{"kty":"EC","crv":"P-256","kid":"p","x":"{}","y":"{}"}}]}}"#,
            encode(ed25519.public_key()),
            encode(&point[1..33]),
            encode(&point[33..]),
        );
        std::fs::write(&file, keys).unwrap();
        let settings = format!("issuer = 'i'\naudience = 'a'\njwks_file = {:?}", file.display().to_string());
        let issuer = Issuer::new(&toml::from_str(&settings).unwrap()).unwrap();
        Pair { ed25519, p256, issuer, _folder: folder }
    }

    const CLAIMS: &str = r#"{"iss":"i","aud":"a","exp":9999999999,"sub":"ada"}"#;

    fn signed(header: &str, claims: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let text = format!("{}.{}", encode(header), encode(claims));
        let signature = sign(text.as_bytes());
        format!("{text}.{}", encode(signature))
    }

    impl Pair {
        fn by_ed25519(&self, header: &str) -> String {
            signed(header, CLAIMS, |text| self.ed25519.sign(text).as_ref().to_vec())
        }

        fn by_p256(&self, header: &str) -> String {
            let random = SystemRandom::new();
            signed(header, CLAIMS, |text| self.p256.sign(&random, text).unwrap().as_ref().to_vec())
        }

        async fn name(&self, token: &str) -> Result<String, Denied> {
            self.issuer.recognise(token).await.map(|principal| principal.name.clone())
        }
    }

    #[tokio::test]
    async fn a_token_is_taken_by_the_key_that_it_names() {
        let pair = pair();
        for token in [
            pair.by_ed25519(r#"{"alg":"EdDSA","kid":"e"}"#),
            pair.by_ed25519(r#"{"alg":"EdDSA","kid":"e","typ":"at+JWT"}"#),
            // One key alone fits.
            pair.by_ed25519(r#"{"alg":"EdDSA"}"#),
            pair.by_p256(r#"{"alg":"ES256","kid":"p","typ":"JWT"}"#),
            // Where a key is to be had is nothing that a token may say.
            pair.by_p256(r#"{"alg":"ES256","kid":"p","jku":"https://evil.example.com","jwk":{}}"#),
        ] {
            assert_eq!(pair.name(&token).await.as_deref(), Ok("user:ada"), "{token}");
        }
    }

    #[tokio::test]
    async fn no_token_decides_how_it_is_checked() {
        let pair = pair();
        let public = pair.ed25519.public_key().as_ref().to_vec();
        let secret =
            |text: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), text).as_ref().to_vec();
        let good = pair.by_ed25519(r#"{"alg":"EdDSA","kid":"e"}"#);
        let (text, signature) = good.rsplit_once('.').unwrap();
        let other = encode(CLAIMS.replace("ada", "eve"));
        let header = text.split_once('.').unwrap().0;
        for token in [
            signed(r#"{"alg":"none"}"#, CLAIMS, |_| Vec::new()),
            signed(r#"{"alg":"None","kid":"e"}"#, CLAIMS, |_| Vec::new()),
            signed(r#"{"alg":"HS256","kid":"e"}"#, CLAIMS, secret),
            signed(r#"{"alg":"EdDSA","kid":"e"}"#, CLAIMS, secret),
            // Another key, or another algorithm, than the one that is named.
            pair.by_ed25519(r#"{"alg":"EdDSA","kid":"p"}"#),
            pair.by_ed25519(r#"{"alg":"ES256","kid":"e"}"#),
            pair.by_ed25519(r#"{"alg":"ES256","kid":"p"}"#),
            pair.by_p256(r#"{"alg":"EdDSA","kid":"p"}"#),
            pair.by_p256(r#"{"alg":"RS256","kid":"p"}"#),
            pair.by_p256(r#"{"alg":"ES256","kid":"../p"}"#),
            // A header that two readers may read differently, or that asks for what isn't known.
            pair.by_ed25519(r#"{"alg":"none","alg":"EdDSA","kid":"e"}"#),
            pair.by_ed25519(r#"{"alg":"EdDSA","kid":"p","kid":"e"}"#),
            pair.by_ed25519(r#"{"alg":"EdDSA","kid":"e","crit":["b64"],"b64":false}"#),
            pair.by_ed25519(r#"{"alg":"EdDSA","kid":"e","typ":"dpop+jwt"}"#),
            pair.by_ed25519(r#"{"kid":"e"}"#),
            // Another text under the same signature, and parts too many or too few.
            format!("{header}.{other}.{signature}"),
            format!("{text}."),
            text.to_owned(),
            format!("{good}.{signature}"),
            format!("{good}="),
            format!(".{good}"),
            "..".to_owned(),
            String::new(),
        ] {
            assert!(matches!(pair.name(&token).await, Err(Denied::Invalid(_))), "{token}");
        }
        assert!(pair.name(&good).await.is_ok());
    }
}

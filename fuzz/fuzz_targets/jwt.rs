//! Nothing that a stranger can write lets him in: no token that the issuer's key hasn't signed. Sets of keys and claims are read
//! or refused.
#![no_main]

use std::sync::LazyLock;

use argala_gateway::fuzzing::{Tokens, keys_in};
use libfuzzer_sys::fuzz_target;

/// The public key of RFC 8037, appendix A.2.
const KEYS: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

static TOKENS: LazyLock<Tokens> = LazyLock::new(|| {
    let file = std::env::temp_dir().join(format!("argala-fuzz-{}.jwks", std::process::id()));
    std::fs::write(&file, KEYS).expect("a temporary file can be written");
    let settings = format!(
        "[jwt]\nissuer = \"https://issuer.example\"\naudience = \"argala\"\njwks_file = '{}'\n",
        file.display()
    );
    Tokens::new(&settings).expect("the settings are sound")
});

fuzz_target!(|input: (&[u8], &str, &[u8], u64)| {
    let (authorization, claims, set, now) = input;
    assert!(!TOKENS.let_in(authorization));
    // Past what stands before every token.
    assert!(!TOKENS.let_in(&[b"Bearer ", authorization].concat()));
    let _ = (TOKENS.would_let_in(claims, now), keys_in(set));
});

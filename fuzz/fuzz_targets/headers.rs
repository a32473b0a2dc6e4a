//! Any headers of a request are judged; a name of this machine alone lets a page in, and what is written into a header is what
//! is read from it.
#![no_main]

use argala_gateway::fuzzing::{is_from_here, mirrored_headers_are_taken};
use argala_wire::http::headers::{decode, encode};
use libfuzzer_sys::fuzz_target;

const OWN: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

fuzz_target!(|input: (&str, Option<&[u8]>, &str, &str)| {
    let (host, origin, listed, arguments) = input;
    let headers: Vec<_> = [("host", Some(host.as_bytes())), ("origin", origin)]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    if is_from_here("/mcp", &headers) == Some(true) {
        let host = host.to_ascii_lowercase();
        let port = OWN.iter().find_map(|own| host.strip_prefix(own));
        assert!(port.is_some_and(|port| port.is_empty() || port.starts_with(':')), "{host}");
        if let Some(origin) = origin {
            let origin = String::from_utf8_lossy(origin).to_ascii_lowercase();
            assert!(
                ["http://", "https://"].iter().any(|scheme| origin == format!("{scheme}{host}")),
                "{origin}"
            );
        }
    }
    assert_eq!(decode(encode(arguments).as_bytes()).as_deref(), Some(arguments));
    let _ = decode(host.as_bytes());
    assert!(mirrored_headers_are_taken(listed, host, arguments));
});

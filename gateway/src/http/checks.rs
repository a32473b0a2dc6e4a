//! Who may ask at all: the `Host` and the `Origin` of a request, against web pages that make a browser ask
//! (DNS rebinding, and requests across origins).

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use hyper::header::{HOST, HeaderName, HeaderValue, ORIGIN};
use hyper::http::request::Parts;

use super::answer::Refusal;

/// What a page that asks is to the gateway, as the browser sees it.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Names that a browser resolves to its own machine alone.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The hosts and origins that are taken.
#[derive(Debug)]
pub(super) struct Checks {
    hosts: Vec<String>,
    origins: Vec<String>,
    /// An address in `Host` can't come from a name that somebody has bent: it is taken where any machine may ask.
    any_address: bool,
}

impl Checks {
    pub(super) fn new(address: SocketAddr, hosts: &[String], origins: &[String]) -> Self {
        let own = match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let mut all: Vec<String> = LOOPBACK.iter().map(|name| (*name).to_owned()).collect();
        all.push(own);
        all.extend(hosts.iter().map(|host| host.to_ascii_lowercase()));
        Self {
            hosts: all,
            origins: origins.iter().map(|origin| origin.trim_end_matches('/').to_ascii_lowercase()).collect(),
            any_address: !address.ip().is_loopback(),
        }
    }

    /// Checks a request; its origin, where it has one.
    pub(super) fn check(&self, parts: &Parts) -> Result<Option<HeaderValue>, Refusal> {
        let authority = match only(&parts.headers, HOST)? {
            Some(host) => host.to_str().ok().map(str::to_owned),
            None => parts.uri.authority().map(ToString::to_string),
        };
        let authority = authority.unwrap_or_default().to_ascii_lowercase();
        self.check_host(&authority)?;
        // A request line can name a host, too.
        if let Some(named) = parts.uri.authority() {
            self.check_host(&named.as_str().to_ascii_lowercase())?;
        }
        let Some(origin) = only(&parts.headers, ORIGIN)? else { return check_site(parts).map(|()| None) };
        let named = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        let same = ["http://", "https://"]
            .iter()
            .any(|scheme| named.strip_prefix(scheme).is_some_and(|origin| origin == authority));
        if same || self.origins.contains(&named) {
            return Ok(Some(origin.clone()));
        }
        Err(Refusal::forbidden(format!(
            "the origin {named:?} is not allowed; if you trust that page, start argala with --allow-origin {named}"
        )))
    }

    fn check_host(&self, authority: &str) -> Result<(), Refusal> {
        let host = host_of(authority).unwrap_or_default();
        let is_address = || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        if self.hosts.iter().any(|known| known == host) || (self.any_address && is_address()) {
            return Ok(());
        }
        Err(Refusal::forbidden(format!(
            "the host {authority:?} is not allowed; if this server is known by that name, start argala with \
             --allow-host {}",
            if host.is_empty() { "NAME" } else { host }
        )))
    }
}

/// Where a page has a browser load something as if it were an image, there is no `Origin`; but browsers say whether that page is
/// from elsewhere. (`GET /sse` would start servers.)
fn check_site(parts: &Parts) -> Result<(), Refusal> {
    match only(&parts.headers, FETCH_SITE)?.map(HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(Refusal::forbidden(
            "a page from elsewhere has asked for this without saying its origin; if you trust that page, start argala with \
             --allow-origin, and have the page ask by CORS",
        )),
    }
}

/// The only value of a header; an error where it comes twice, as one reader takes the first and another the last.
pub(super) fn only(headers: &HeaderMap, name: HeaderName) -> Result<Option<&HeaderValue>, Refusal> {
    let mut values = headers.get_all(&name).iter();
    let value = values.next();
    match values.next() {
        None => Ok(value),
        Some(_) => Err(Refusal::bad_request(format!("the header `{name}` stands twice"))),
    }
}

/// The host of an authority, in brackets where it is an address of IPv6.
fn host_of(authority: &str) -> Option<&str> {
    let end = match authority.starts_with('[') {
        true => authority.find(']')? + 1,
        false => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at_checked(end)?;
    let port = port.strip_prefix(':').unwrap_or(port);
    let is_port = port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_host = host.starts_with('[') || (!host.is_empty() && host.bytes().all(is_name));
    (is_port && is_host).then_some(host)
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::Checks;

    fn check(address: &str, uri: &str, headers: &[(&str, &str)]) -> bool {
        let checks = Checks::new(
            address.parse().unwrap(),
            &["mcp.example.com".to_owned()],
            &["https://app.example.com".to_owned()],
        );
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        checks.check(&request.body(()).unwrap().into_parts().0).is_ok()
    }

    #[test]
    fn a_host_is_taken_only_by_a_name_that_nobody_can_bend() {
        const LOOPBACK: &str = "127.0.0.1:8080";
        for (address, host, taken) in [
            (LOOPBACK, "localhost:8080", true),
            (LOOPBACK, "localhost", true),
            (LOOPBACK, "LocalHost:1", true),
            (LOOPBACK, "127.0.0.1:9000", true),
            (LOOPBACK, "[::1]:8080", true),
            (LOOPBACK, "mcp.example.com", true),
            (LOOPBACK, "MCP.example.com:443", true),
            (LOOPBACK, "evil.example.com", false),
            (LOOPBACK, "localhost.evil.example.com", false),
            (LOOPBACK, "localhost:8080@evil.example.com", false),
            (LOOPBACK, "evil.example.com:8080", false),
            (LOOPBACK, "localhost:http", false),
            (LOOPBACK, "192.168.1.5", false),
            (LOOPBACK, "", false),
            (LOOPBACK, "[::1", false),
            ("127.0.0.2:8080", "127.0.0.2:8080", true),
            ("0.0.0.0:8080", "192.168.1.5:8080", true),
            ("0.0.0.0:8080", "[fe80::1]:8080", true),
            ("0.0.0.0:8080", "evil.example.com", false),
        ] {
            assert_eq!(check(address, "/mcp", &[("host", host)]), taken, "{address} {host}");
        }
    }

    #[test]
    fn every_host_that_a_request_names_must_be_one() {
        let host = ("host", "localhost");
        assert!(!check("127.0.0.1:1", "/mcp", &[]));
        assert!(!check("127.0.0.1:1", "/mcp", &[host, host]));
        assert!(!check("127.0.0.1:1", "http://evil.example.com/mcp", &[host]));
        assert!(check("127.0.0.1:1", "http://localhost/mcp", &[host]));
    }

    #[test]
    fn a_page_that_does_not_say_its_origin_is_taken_only_from_here() {
        for (site, taken) in
            [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false), ("", false)]
        {
            let headers = [("host", "localhost:8080"), ("sec-fetch-site", site)];
            assert_eq!(check("127.0.0.1:8080", "/sse", &headers), taken, "{site}");
            let named = [("origin", "https://app.example.com")];
            assert!(check("127.0.0.1:8080", "/sse", &[&headers[..], &named].concat()), "{site}");
        }
    }

    #[test]
    fn a_page_is_taken_only_from_here_or_where_it_is_allowed() {
        for (origin, taken) in [
            ("http://localhost:8080", true),
            ("https://localhost:8080", true),
            ("https://app.example.com", true),
            ("http://localhost:3000", false),
            ("http://127.0.0.1:8080", false),
            ("http://app.example.com", false),
            ("https://app.example.com.evil.com", false),
            ("null", false),
            ("", false),
            ("file://", false),
        ] {
            let headers = [("host", "localhost:8080"), ("origin", origin)];
            assert_eq!(check("127.0.0.1:8080", "/mcp", &headers), taken, "{origin}");
        }
    }
}

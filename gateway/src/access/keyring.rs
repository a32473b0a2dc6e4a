//! The keys of an issuer: fetched when they are needed, kept for a while, and fetched again when a token names an unknown one.
//!
//! Whoever asks can't make the gateway ask the issuer more often than it wants to, nor keep it from asking.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::header::{ACCEPT, HeaderMap, HeaderValue};
use hyper::{Method, StatusCode};
use tokio::time::{Instant, timeout};
use url::Url;

use super::algorithm::Algorithm;
use super::keys::Key;
use super::settings::Jwt;
use crate::connection::http::client::{Asked, Client};
use crate::servers::{Remote, is_loopback};

/// The longest set of keys. One of a hundred RSA keys with their certificates has about as much.
const LONGEST: usize = 512 << 10;
/// How long an issuer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The keys.
#[derive(Debug)]
pub(super) struct Keyring {
    source: Source,
    /// After this time they are fetched again.
    refresh: Duration,
    /// How long lies between two tries, at least.
    pause: Duration,
    /// How long they are good for where newer ones can't be had.
    keep: Duration,
    held: Mutex<Held>,
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
enum Source {
    File(PathBuf),
    Url(Box<(Client, Url)>),
}

#[derive(Debug, Default)]
struct Held {
    keys: Vec<Arc<Key>>,
    /// When they came.
    since: Option<Instant>,
    /// When they were last asked for.
    tried: Option<Instant>,
}

/// Why there is no key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The issuer has none of the kind.
    Unknown,
    /// The issuer's keys can't be had.
    Unavailable,
}

impl Keyring {
    pub(super) fn new(settings: &Jwt) -> Result<Self, String> {
        let source = match (&settings.jwks_file, &settings.jwks_url) {
            (Some(file), _) => {
                read_file(file).map_err(|reason| format!("`jwks_file` {}: {reason}", file.display()))?;
                Source::File(file.clone())
            }
            (None, url) => {
                let url = url.as_deref().unwrap_or_default();
                Source::url(url).map_err(|reason| format!("`jwks_url` {url:?}: {reason}"))?
            }
        };
        let pause = Duration::from_secs(settings.jwks_pause.max(1));
        let refresh = Duration::from_secs(settings.jwks_refresh).max(pause);
        Ok(Self {
            source,
            refresh,
            pause,
            keep: Duration::from_secs(settings.jwks_keep).max(refresh),
            held: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        })
    }

    /// The key that a token names.
    pub(super) async fn find(
        self: &Arc<Self>,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<Key>, Missing> {
        let found = self.look(id, algorithm);
        if self.is_due(found.is_ok()) {
            // A task of its own: who asks may leave before the keys are here.
            let fetched = tokio::spawn({
                let keyring = Arc::clone(self);
                async move { keyring.refresh().await }
            });
            if found.is_err() {
                let _ = fetched.await;
            }
        }
        found.or_else(|_| self.look(id, algorithm))
    }

    fn look(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Arc<Key>, Missing> {
        let held = self.lock();
        if held.since.is_none_or(|since| since.elapsed() > self.keep) {
            return Err(Missing::Unavailable);
        }
        let mut meant = held.keys.iter().filter(|key| key.is_meant(id, algorithm));
        match (meant.next(), meant.next()) {
            (Some(key), None) => Ok(Arc::clone(key)),
            _ => Err(Missing::Unknown),
        }
    }

    /// Whether the keys are to be asked for. Somebody who does so now may have to be waited for, where one is missing.
    fn is_due(&self, found: bool) -> bool {
        let held = self.lock();
        let is_old = held.since.is_none_or(|since| since.elapsed() > self.refresh);
        let is_paused = held.tried.is_some_and(|tried| tried.elapsed() < self.pause);
        if found { is_old && !is_paused } else { !is_paused || self.fetching.try_lock().is_err() }
    }

    /// Fetches the keys, unless somebody has just done so.
    pub(super) async fn refresh(&self) {
        let _fetching = self.fetching.lock().await;
        {
            let mut held = self.lock();
            if held.tried.is_some_and(|tried| tried.elapsed() < self.pause) {
                return;
            }
            held.tried = Some(Instant::now());
        }
        match self.source.fetch().await {
            Ok(keys) => {
                let mut held = self.lock();
                held.keys = keys.into_iter().map(Arc::new).collect();
                held.since = Some(Instant::now());
            }
            Err(reason) => tracing::warn!("the keys of the issuer can't be had: {reason}"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    fn url(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        if !is_safe {
            return Err("keys that decide who is let in must come over https".to_owned());
        }
        let client = Client::new(&Remote::plain(url.clone(), PATIENCE))?;
        Ok(Self::Url(Box::new((client, url))))
    }

    async fn fetch(&self) -> Result<Vec<Key>, String> {
        match self {
            Self::File(path) => read_file(path),
            Self::Url(source) => {
                let (client, url) = source.as_ref();
                let fetched = timeout(PATIENCE, fetch(client, url)).await;
                fetched.unwrap_or_else(|_| Err(format!("it took longer than {} s", PATIENCE.as_secs())))
            }
        }
    }
}

fn read_file(path: &PathBuf) -> Result<Vec<Key>, String> {
    use std::io::Read;
    let mut text = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(LONGEST as u64 + 1).read_to_end(&mut text).map_err(|error| error.to_string())?;
    if text.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    Key::read_set(&text)
}

async fn fetch(client: &Client, url: &Url) -> Result<Vec<Key>, String> {
    let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    let asked = Asked { method: Method::GET, url, headers, body: Default::default(), sent: None };
    let response = client.send(asked).await.map_err(|trouble| trouble.into_reason())?;
    if response.status() != StatusCode::OK {
        return Err(format!("{url} answered with {}", response.status()));
    }
    let body = Limited::new(response.into_body(), LONGEST).collect().await;
    let text = body.map_err(|error| format!("{url}: {error}"))?.to_bytes();
    Key::read_set(&text).map_err(|reason| format!("{url}: {reason}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::time::advance;

    use super::{Algorithm, Keyring, Missing, Source};

    struct Kept {
        keyring: Arc<Keyring>,
        file: std::path::PathBuf,
        _folder: tempfile::TempDir,
    }

    impl Kept {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("keys.json");
            write(&file, &["old"]);
            let text = format!("issuer = 'i'\naudience = 'a'\njwks_file = {:?}", file.display().to_string());
            let keyring = Arc::new(Keyring::new(&toml::from_str(&text).unwrap()).unwrap());
            Self { keyring, file, _folder: folder }
        }

        async fn find(&self, id: &str) -> Result<(), Missing> {
            let found = self.keyring.find(Some(id), Algorithm::EdDsa).await.map(drop);
            // What is fetched beside the answer.
            tokio::task::yield_now().await;
            found
        }
    }

    fn write(file: &std::path::Path, ids: &[&str]) {
        let key =
            |id: &&str| format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{id}","x":"{}"}}"#, "A".repeat(43));
        let keys: Vec<String> = ids.iter().map(key).collect();
        std::fs::write(file, format!(r#"{{"keys":[{}]}}"#, keys.join(","))).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_key_is_asked_for_but_not_at_once_again() {
        let kept = Kept::new();
        assert_eq!(kept.find("old").await, Ok(()));
        write(&kept.file, &["new"]);
        assert_eq!(kept.find("new").await, Err(Missing::Unknown));
        advance(Duration::from_secs(11)).await;
        assert_eq!(kept.find("new").await, Ok(()));
        assert_eq!(kept.find("old").await, Err(Missing::Unknown));
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_the_issuer_has_given_up_is_forgotten_in_time() {
        let kept = Kept::new();
        assert_eq!(kept.find("old").await, Ok(()));
        write(&kept.file, &["new"]);
        advance(Duration::from_secs(301)).await;
        // The first after that time may still be taken: it is answered while the keys are fetched.
        let _ = kept.find("old").await;
        assert_eq!(kept.find("old").await, Err(Missing::Unknown));
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_issuer_keys_are_good_for_a_while_and_no_longer() {
        let kept = Kept::new();
        assert_eq!(kept.find("old").await, Ok(()));
        std::fs::remove_file(&kept.file).unwrap();
        advance(Duration::from_secs(3600)).await;
        assert_eq!(kept.find("old").await, Ok(()));
        advance(Duration::from_secs(1)).await;
        assert_eq!(kept.find("old").await, Err(Missing::Unavailable));
        write(&kept.file, &["old"]);
        advance(Duration::from_secs(11)).await;
        assert_eq!(kept.find("old").await, Ok(()));
    }

    #[test]
    fn keys_come_over_a_connection_that_can_be_trusted() {
        for (url, taken) in [
            ("https://issuer.example.com/keys", true),
            ("http://127.0.0.1:1/keys", true),
            ("http://issuer.example.com/keys", false),
            ("ftp://localhost/keys", false),
            ("keys", false),
        ] {
            assert_eq!(Source::url(url).is_ok(), taken, "{url}");
        }
    }
}

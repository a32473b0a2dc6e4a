//! TLS by rustls, and certificates of clients (mTLS).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use webpki::EndEntityCert;

use super::steady::Steady;

/// How long a connection may take to come about.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections that may be coming about at once: each is work that costs the other side little.
const MOST: usize = 512;

/// `[http.tls]` of `argala.toml`. Files are in PEM.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The gateway's certificate, and those that lead from it to a root.
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// Who vouches for clients: certificates of clients are asked for, and checked by these.
    pub(crate) client_ca: Option<PathBuf>,
    /// Whether a client without a certificate is turned away at once.
    #[serde(default)]
    pub(crate) client_required: bool,
}

impl Settings {
    /// The files that are named here.
    pub(crate) fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [Some(&mut self.certificate), Some(&mut self.key), self.client_ca.as_mut()].into_iter().flatten()
    }
}

/// Makes connections by TLS.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    coming: Arc<Semaphore>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// What the settings say.
    ///
    /// # Errors
    /// Which file can't be used, and why.
    pub(crate) fn new(settings: &Settings) -> Result<Self, String> {
        let certificates = read_certificates(&settings.certificate)?;
        let key =
            PrivateKeyDer::from_pem_file(&settings.key).map_err(|error| fault(&settings.key, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("[http.tls] {error}"))?;
        let builder = match &settings.client_ca {
            None if settings.client_required => {
                return Err(
                    "[http.tls] `client_required` needs `client_ca`: by whom are clients vouched for?"
                        .to_owned(),
                );
            }
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for root in read_certificates(path)? {
                    roots.add(root).map_err(|error| fault(path, &error))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier =
                    if settings.client_required { verifier } else { verifier.allow_unauthenticated() };
                builder.with_client_cert_verifier(verifier.build().map_err(|error| fault(path, &error))?)
            }
        };
        let mut config = builder
            .with_single_cert(certificates, key)
            .map_err(|error| fault(&settings.certificate, &error))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: Arc::new(config).into(), coming: Arc::new(Semaphore::new(MOST)) })
    }

    /// Makes a connection.
    ///
    /// # Errors
    /// Why it didn't come about.
    pub(super) async fn accept(
        &self,
        stream: Steady<TcpStream>,
    ) -> Result<TlsStream<Steady<TcpStream>>, String> {
        let _coming = self.coming.try_acquire().map_err(|_| "too many are coming about".to_owned())?;
        match timeout(PATIENCE, self.acceptor.accept(stream)).await {
            Ok(accepted) => accepted.map_err(|error| error.to_string()),
            Err(_) => Err(format!("it took longer than {} s", PATIENCE.as_secs())),
        }
    }
}

/// The names that the other side's certificate is made out to: URIs (as those of SPIFFE), then DNS names. Its common name is none
/// of them: certificates are made for names by what is in their `subjectAltName` (RFC 9525).
pub(super) fn names<S>(stream: &TlsStream<S>) -> Vec<String> {
    let (_, connection) = stream.get_ref();
    let first = connection.peer_certificates().and_then(<[_]>::first);
    let Some(certificate) = first.and_then(|certificate| EndEntityCert::try_from(certificate).ok()) else {
        return Vec::new();
    };
    certificate.valid_uri_names().chain(certificate.valid_dns_names()).map(str::to_owned).collect()
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| fault(path, &error))?;
    if certificates.is_empty() {
        return Err(format!("[http.tls] {}: there is no certificate in it", path.display()));
    }
    Ok(certificates)
}

fn fault(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("[http.tls] {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::{Settings, Tls};

    #[test]
    fn a_file_that_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
        let settings = |client_required| Settings {
            certificate: certificate.clone(),
            key: key.clone(),
            client_ca: None,
            client_required,
        };
        assert!(Tls::new(&settings(false)).unwrap_err().contains("c.pem"));
        std::fs::write(&certificate, "no certificate").unwrap();
        assert!(Tls::new(&settings(false)).unwrap_err().contains("c.pem: there is no certificate"));
    }
}

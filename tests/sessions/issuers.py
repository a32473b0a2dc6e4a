"""Who vouches for hosts: an issuer of signed tokens with its keys on loopback, and an authority for certificates."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from peers.http_server import Answer, HttpServer, Request, as_json
from sessions.rpc import Json

AUDIENCE = "https://mcp.example.com/mcp"


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def segment(value: Json) -> str:
    """A part of a token."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Issuer:
    """Signs tokens, and shows its public keys at `jwks_url`."""

    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=lambda: {"first": rsa_key()})
    broken: Answer | None = None  # what is answered instead of the keys

    def __post_init__(self) -> None:
        self.server = HttpServer(self._respond)

    def _respond(self, request: Request) -> Answer:
        return self.broken or as_json({"keys": [self.public(kid) for kid in self.keys]})

    def public(self, kid: str) -> Json:
        return {**jwt.algorithms.RSAAlgorithm.to_jwk(self.keys[kid].public_key(), as_dict=True), "kid": kid}

    @property
    def url(self) -> str:
        return self.server.url.removesuffix("/mcp")

    def fetched(self) -> int:
        return len(self.server.heard("GET"))

    def claims(self, **changed: Json) -> Json:
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "exp": int(time.time()) + 600, **changed}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, kid: str = "first", header: Mapping[str, Json] | None = None, **claims: Json) -> str:
        said = {"kid": kid, **(header or {})}
        return jwt.encode(self.claims(**claims), self.keys[kid], algorithm="RS256", headers=said)

    def settings(self, **more: Json) -> str:
        """What `[access.jwt]` says of it."""
        said = {"issuer": self.url, "audience": AUDIENCE, "jwks_url": f"{self.url}/jwks", **more}
        return "[access.jwt]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in said.items() if v is not None)


class Authority:
    """Makes certificates, in files of a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            self._builder(self.name, self.key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .add_extension(
                x509.KeyUsage(False, False, False, False, False, True, True, False, False),
                critical=True,
            )
        )
        self.file = folder / f"{name}.pem"
        self._write(self.file, certificate.sign(self.key, hashes.SHA256()))

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.timezone.utc)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )

    def _write(self, file: Path, certificate: x509.Certificate) -> None:
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def certificate(self, name: str, *names: x509.GeneralName) -> tuple[Path, Path]:
        """The files of a certificate and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(subject, key)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate, private = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        self._write(certificate, builder.sign(self.key, hashes.SHA256()))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, private

    def server(self) -> str:
        """What `[http.tls]` says of a certificate for this machine."""
        certificate, key = self.certificate("server", x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        return f"[http.tls]\ncertificate = '{certificate.name}'\nkey = '{key.name}'\n"

    def client(self, *shown: Path) -> ssl.SSLContext:
        """A client that trusts it, and shows a certificate if it is given one and its key."""
        context = ssl.create_default_context(cafile=self.file)
        if shown:
            context.load_cert_chain(*shown)
        return context

"""Who may ask over HTTP, and as whom: what is let in, what is not, and that nobody gets at what is another's."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx2
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from peers.http_server import Answer as Scripted
from peers.http_server import HttpServer
from sessions.face import EVENTS, META, POST, Answer, Face, Seat, call, mirrored, modern
from sessions.gateway import ALLOW_ALL, CommandLine, Gateway
from sessions.issuers import AUDIENCE, Authority, Issuer, bearer, rsa_key, segment
from sessions.modern import ABLE
from sessions.peers import Recorder
from sessions.rpc import PATIENCE, Json

Open = Callable[..., Face]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@pytest.fixture
def guarded(serve: Gateway, recorder: Recorder) -> Open:
    """A gateway whose configuration says who may ask."""

    def opened(config: str, **more: Json) -> Face:
        return serve.http(recorder, flags=["--config", configured(serve.folder, config)], **more)

    return opened


def configured(folder: Path, config: str) -> str:
    file = folder / "argala.toml"
    file.write_text(config)
    return str(file)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    with issuer.server:
        yield issuer


@pytest.fixture
def new_token(run: CommandLine) -> Callable[..., tuple[str, str]]:
    """A token, and what the configuration says of it."""

    def new(*arguments: str) -> tuple[str, str]:
        made = run("token", "new", *arguments)
        assert made.returncode == 0, made.stderr
        (token,) = (line for line in made.stderr.splitlines() if line.startswith("argala_"))
        return token, made.stdout

    return new


def ask(face: Face, token: str | None = None) -> Answer:
    """A request of the modern era."""
    message = modern()
    return face.post(message, {**mirrored(message), **(bearer(token) if token else {})})


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


# Tokens of the configuration


def test_without_a_token_no_path_leads_to_a_server(
    guarded: Open, new_token: Callable[..., tuple[str, str]], recorder: Recorder
) -> None:
    token, config = new_token("ci")
    face = guarded(config)
    body = json.dumps(modern()).encode()
    for method, path in [
        ("POST", "/mcp"),
        ("GET", "/mcp"),
        ("DELETE", "/mcp"),
        ("PUT", "/mcp"),
        ("GET", "/sse"),
        ("POST", "/messages?session=1"),
        ("POST", f"/mcp?access_token={token}"),
        ("GET", f"/sse?access_token={token}"),
    ]:
        answer = face.ask(method, path, {**POST, **mirrored(modern())}, body if method == "POST" else None)
        assert answer.status == 401, (method, path)
        assert answer.headers["www-authenticate"] == 'Bearer realm="argala"'
    assert recorder.heard() == []
    assert ask(face, token).status == 200


def test_a_token_is_shown_once_and_its_hash_is_all_that_is_kept(
    guarded: Open, new_token: Callable[..., tuple[str, str]], serve: Gateway
) -> None:
    (one, config), (other, more) = new_token("ci", "--group", "ops"), new_token('a "quoted" \\ name')
    assert one not in config
    assert other not in more
    face = guarded(f"[audit]\nfile = 'audit.jsonl'\n{config}{more}")
    face.session(headers=bearer(one)).call("echo", {"a": 1})
    face.session(headers=bearer(other))
    log = (serve.folder / "audit.jsonl").read_text()
    opened = [json.loads(line) for line in log.splitlines() if '"session_opened"' in line]
    assert [record["principal"] for record in opened] == ["token:ci", 'token:a "quoted" \\ name']
    assert one not in log


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Basic {}", "{}", "Bearer {} {}", "Bearer {},", "Bearer argala_x", "Bearer \xff"]
)
def test_what_is_no_known_token_is_refused(
    guarded: Open, new_token: Callable[..., tuple[str, str]], header: str
) -> None:
    token, config = new_token("ci")
    face = guarded(config)
    answer = face.post(modern(), {**mirrored(modern()), "authorization": header.replace("{}", token)})
    assert answer.status == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert token not in answer.body.decode()


def test_two_tokens_in_one_request_are_none(guarded: Open, new_token: Callable[..., tuple[str, str]]) -> None:
    token, config = new_token("ci")
    pairs = [*POST.items(), *mirrored(modern()).items(), *bearer(token).items(), *bearer(token).items()]
    assert guarded(config).ask("POST", "/mcp", pairs, json.dumps(modern()).encode()).status == 400


# Signed tokens


def forged(issuer: Issuer) -> dict[str, str]:
    """Tokens that must not be taken, by what is wrong with them."""
    good = issuer.token()
    header, _, signature = good.split(".")
    stranger, now = rsa_key(), int(time.time())
    public = issuer.keys["first"].public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    of_stranger = jwt.algorithms.RSAAlgorithm.to_jwk(stranger.public_key(), as_dict=True)

    unsigned = f"{segment({'alg': 'none', 'kid': 'first'})}.{segment(issuer.claims())}"

    def by_secret(secret: bytes) -> str:
        # The library refuses a public key for a secret, so the text is put together here.
        text = f"{segment({'alg': 'HS256', 'typ': 'JWT', 'kid': 'first'})}.{segment(issuer.claims())}"
        signed = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(text.encode(), secret)
        return f"{text}.{segment(signed)}"

    def by_stranger(**said: Json) -> str:
        return jwt.encode(issuer.claims(), stranger, algorithm="RS256", headers=said)

    return {
        "expired": issuer.token(exp=now - 60),
        "without an end": issuer.token(exp=None),
        "not yet good": issuer.token(nbf=now + 120),
        "for another audience": issuer.token(aud="https://other.example.com/mcp"),
        "for no audience": issuer.token(aud=None),
        "from another issuer": issuer.token(iss="https://other.example.com"),
        "of nobody": issuer.token(sub=None),
        "alg none": f"{unsigned}.",
        "alg none with a signature": f"{unsigned}.{signature}",
        "HS256 by the public key in PEM": by_secret(pem),
        "HS256 by the modulus": by_secret(issuer.public("first")["n"].encode()),
        "HS256 by nothing": by_secret(b""),
        "of a stranger under a known name": by_stranger(kid="first"),
        "of a stranger who brings his key": by_stranger(kid="first", jwk=of_stranger),
        "of a stranger who says where his key is": by_stranger(kid="x", jku="http://127.0.0.1:1/jwks"),
        "a path for a key": by_stranger(kid="../../../../dev/null"),
        "other claims under the same signature": f"{header}.{segment(issuer.claims(sub='eve'))}.{signature}",
        "an extension": issuer.token(header={"crit": ["b64"], "b64": False}),
        "of another kind": issuer.token(header={"typ": "logout+jwt"}),
        "five parts": f"{good}.{signature}.{signature}",
        "an endless one": good + "A" * 20_000,
    }


def test_a_token_counts_only_if_all_of_it_is_right(guarded: Open, issuer: Issuer, recorder: Recorder) -> None:
    face = guarded(issuer.settings())
    for wrong, token in forged(issuer).items():
        answer = ask(face, token)
        assert answer.status == 401, wrong
        assert 'error="invalid_token"' in answer.headers["www-authenticate"], wrong
    assert recorder.heard() == []
    for token in (issuer.token(), issuer.token(aud=["x", AUDIENCE]), issuer.token(header={"typ": "at+jwt"})):
        assert ask(face, token).status == 200


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS256", rsa_key()),
        ("RS512", rsa_key()),
        ("PS384", rsa_key()),
        ("ES256", ec.generate_private_key(ec.SECP256R1())),
        ("ES384", ec.generate_private_key(ec.SECP384R1())),
        ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tokens_are_checked_by_every_algorithm_that_is_configured(
    guarded: Open, serve: Gateway, issuer: Issuer, algorithm: str, key: PrivateKey
) -> None:
    public = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    (serve.folder / "keys.json").write_text(json.dumps({"keys": [{**public, "kid": "k"}]}))
    own = {"jwks_url": None, "jwks_file": "keys.json"}
    token = jwt.encode(issuer.claims(), key, algorithm=algorithm, headers={"kid": "k"})
    other = "RS256" if algorithm != "RS256" else "PS256"
    for taken, status in [(algorithm, 200), (other, 401)]:
        face = guarded(issuer.settings(**own, algorithms=[taken]))
        assert ask(face, token).status == status, taken


def test_a_new_key_is_fetched_when_a_token_names_it_and_an_old_one_goes(guarded: Open, issuer: Issuer) -> None:
    face = guarded(issuer.settings(jwks_pause=1))
    old = issuer.token()
    assert ask(face, old).status == 200
    issuer.keys["second"] = rsa_key()
    new = issuer.token("second")
    until(lambda: ask(face, new).status == 200)
    assert ask(face, old).status == 200
    del issuer.keys["first"]
    issuer.keys["third"] = rsa_key()
    third = issuer.token("third")
    until(lambda: ask(face, third).status == 200)
    assert ask(face, old).status == 401


def test_strangers_cannot_make_the_gateway_ask_the_issuer(guarded: Open, issuer: Issuer) -> None:
    face = guarded(issuer.settings(jwks_pause=3600))
    assert ask(face, issuer.token()).status == 200
    key = rsa_key()
    for n in range(30):
        assert ask(face, jwt.encode(issuer.claims(), key, algorithm="RS256", headers={"kid": str(n)})).status == 401
    assert issuer.fetched() == 1


@pytest.mark.parametrize(
    "broken",
    [
        Scripted(500),
        Scripted(200, {}, [b"<html>"]),
        Scripted(200, {}, [b'{"keys":[]}']),
        Scripted(302, {"Location": "http://127.0.0.1:1/"}),
        Scripted(200, {}, [b'{"keys":[' + b" " * (1 << 20)]),
    ],
    ids=["an error", "no JSON", "no key", "elsewhere", "too long"],
)
def test_without_the_issuers_keys_nobody_gets_in(guarded: Open, issuer: Issuer, broken: Scripted) -> None:
    issuer.broken = broken
    face = guarded(issuer.settings(jwks_pause=1))
    answer = ask(face, issuer.token())
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    issuer.broken = None
    until(lambda: ask(face, issuer.token()).status == 200)


def test_an_issuer_that_says_nothing_holds_up_nobody_else(
    guarded: Open, issuer: Issuer, new_token: Callable[..., tuple[str, str]]
) -> None:
    token, config = new_token("ci")
    speak = threading.Event()
    issuer.server.respond = lambda request: speak.wait(60) and Scripted(500)
    face = guarded(config + issuer.settings())
    with ThreadPoolExecutor() as beside:
        waiting = beside.submit(ask, face, issuer.token())
        assert ask(face, token).status == 200
        assert waiting.result().status == 503
    speak.set()


def test_a_host_finds_out_where_to_get_a_token(guarded: Open, issuer: Issuer) -> None:
    face = guarded(issuer.settings(required_scopes=["mcp:tools", "mcp:read"]))
    refused = ask(face)
    assert refused.status == 401
    place = f"{face.url}/.well-known/oauth-protected-resource/mcp"
    assert refused.headers["www-authenticate"] == (f'Bearer scope="mcp:tools mcp:read", resource_metadata="{place}"')
    for path in (place.removeprefix(face.url), "/.well-known/oauth-protected-resource"):
        metadata = face.ask("GET", path)
        assert metadata.headers["content-type"] == "application/json"
        assert json.loads(metadata.body) == {
            "resource": f"{face.url}/mcp",
            "authorization_servers": [issuer.url],
            "scopes_supported": ["mcp:tools", "mcp:read"],
            "bearer_methods_supported": ["header"],
        }
    lacking = ask(face, issuer.token(scope="mcp:tools"))
    assert lacking.status == 403
    assert 'error="insufficient_scope"' in lacking.headers["www-authenticate"]
    assert 'scope="mcp:tools mcp:read"' in lacking.headers["www-authenticate"]
    assert ask(face, issuer.token(scope="mcp:read mcp:tools")).status == 200


def test_a_token_that_expires_is_cut_off_at_the_next_request(guarded: Open, issuer: Issuer) -> None:
    face = guarded(issuer.settings(leeway=0))
    seat = face.session(headers=bearer(issuer.token(exp=time.time() + 6)))
    until(lambda: seat.call("echo").status == 401)
    fresh = Seat(face, {**seat.headers, **bearer(issuer.token())})
    assert fresh.call("echo").status == 200


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_official_client_gets_in_with_its_token(guarded: Open, issuer: Issuer, mode: str) -> None:
    face = guarded(issuer.settings())

    async def tools(headers: dict[str, str]) -> int:
        async with (
            httpx2.AsyncClient(headers=headers) as http,
            Client(streamable_http_client(f"{face.url}/mcp", http_client=http), mode=mode) as client,
        ):
            return len((await client.list_tools()).tools)

    assert asyncio.run(asyncio.wait_for(tools(bearer(issuer.token())), 30)) > 0
    with pytest.raises(Exception):  # noqa: B017, PT011 - each mode has errors of its own
        asyncio.run(asyncio.wait_for(tools({}), 30))


# What is one's own


def test_anothers_session_is_none(guarded: Open, issuer: Issuer, recorder: Recorder) -> None:
    face = guarded(issuer.settings())
    ada = face.session(headers=bearer(issuer.token(groups=["ops"])))
    stream = ada.start(call("hold", request_id=5))
    primed = stream.next()
    assert stream.next().frame.method == "notifications/message"
    for other in (
        issuer.token(sub="eve", groups=["ops"]),
        issuer.token(groups=[]),
        issuer.token(groups=["dev", "ops"]),
    ):
        eve = Seat(face, {**ada.headers, **bearer(other)})
        assert eve.call("echo", {"who": "eve"}).status == 404
        assert (
            eve.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 5}}).status == 404
        )
        assert eve.end().status == 404
        for last in (None, primed.id):
            listening = eve.listen(last)
            assert listening.response.status == 404
            listening.close()
    assert recorder.heard("notifications/cancelled") == []
    assert all("who" not in params["arguments"] for params in recorder.calls())
    assert ada.call("release", request_id=6).status == 200
    assert stream.next().frame.id == 5
    assert ada.end().status == 204


def test_anothers_old_stream_takes_no_message(guarded: Open, issuer: Issuer, recorder: Recorder) -> None:
    face = guarded(issuer.settings())
    stream = face.open("GET", "/sse", {"accept": EVENTS, **bearer(issuer.token())})
    endpoint = stream.next().data
    message = call("echo", {"who": "eve"})
    assert face.post(message, bearer(issuer.token(sub="eve")), endpoint).status == 404
    assert face.post(message, {}, endpoint).status == 401
    params = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "a-test", "version": "1"}}
    opening = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}
    for own in (opening, {"jsonrpc": "2.0", "method": "notifications/initialized"}, call("echo")):
        assert face.post(own, bearer(issuer.token()), endpoint).status == 202
    until(lambda: bool(recorder.calls()))
    assert all("who" not in params["arguments"] for params in recorder.calls())


def modern_call(face: Face, token: str, tool: str, **params: Json) -> Answer:
    message = modern("tools/call", {"name": tool, "arguments": {}, **params})
    message["params"]["_meta"] |= {META + "clientCapabilities": ABLE}
    return face.post(message, {**mirrored(message), **bearer(token)})


def test_hosts_that_say_the_same_of_themselves_share_servers_only_as_the_same_principal(
    guarded: Open, issuer: Issuer, recorder: Recorder
) -> None:
    face = guarded(issuer.settings())
    ada, eve = issuer.token(), issuer.token(sub="eve")
    assert ask(face, ada).status == 200
    assert ask(face, issuer.token(jti="another")).status == 200
    assert len(recorder.pids()) == 1
    assert ask(face, eve).status == 200
    assert len(recorder.pids()) == 2


@pytest.mark.parametrize("servers", [1, 2])
def test_what_one_principal_is_shown_no_cache_may_show_another(
    serve: Gateway, new_token: Callable[..., tuple[str, str]], servers: int
) -> None:
    token, config = new_token("ci")
    behind = [serve.recorder(f"server{number}", script="modern.py") for number in range(servers)]
    downstream = behind[0] if servers == 1 else {server.name: server for server in behind}
    face = serve.http(downstream, flags=["--config", configured(serve.folder, config)])
    message = modern("tools/list")
    tools = face.post(message, {**mirrored(message), **bearer(token)}).frame.result
    assert (tools["ttlMs"], tools["cacheScope"]) == (5000, "private")


def test_a_question_to_one_principal_is_not_answered_by_another(guarded: Open, issuer: Issuer) -> None:
    face = guarded(issuer.settings())
    question = {"jsonrpc": "2.0", "id": "q", "method": "elicitation/create", "params": {"message": "?"}}
    asked = modern_call(face, issuer.token(), "ask_host", arguments={"request": question})
    again = {
        "arguments": {"request": question},
        "requestState": asked.frame.result["requestState"],
        "inputResponses": {"0": {"action": "accept", "content": {}}},
    }
    stolen = modern_call(face, issuer.token(sub="eve"), "ask_host", **again)
    assert stolen.error["code"] == -32602
    assert modern_call(face, issuer.token(), "ask_host", **again).frame.result["resultType"] == "complete"


def test_a_hosts_credential_reaches_no_server(serve: Gateway, issuer: Issuer) -> None:
    with HttpServer() as server:
        servers = serve.folder / "http.json"
        servers.write_text(json.dumps({"mcpServers": {"http": {"type": "http", "url": server.url}}}))
        policy = serve.folder / "policy.toml"
        policy.write_text(ALLOW_ALL)
        config = configured(serve.folder, f"servers = 'http.json'\npolicy = 'policy.toml'\n{issuer.settings()}")
        command = [str(serve.argala), "serve", "--config", config, "--http", "127.0.0.1:0"]
        token = issuer.token()
        with Face(command) as face:
            extra = {**bearer(token), "cookie": "secret=1", "proxy-authorization": f"Bearer {token}", "x-api-key": "k"}
            assert face.session(headers=extra).call("echo", {"a": 1}).status == 200
            assert modern_call(face, token, "echo").status == 200
        assert server.heard("POST", "tools/call")
        for request in server.requests:
            sent = {name.lower() for name in request.headers}
            assert not sent & {"authorization", "cookie", "proxy-authorization", "x-api-key"}
            assert token not in str(request.headers) + request.body.decode()


# How much one may ask


def test_a_principal_that_asks_too_often_waits_and_nobody_else(
    guarded: Open, new_token: Callable[..., tuple[str, str]]
) -> None:
    (one, config), (other, more) = new_token("one"), new_token("other")
    face = guarded(f"{config}{more}[access.limits]\nrequests_per_minute = 3\n")
    assert [ask(face, one).status for _ in range(4)] == [200, 200, 200, 429]
    refused = ask(face, one)
    assert 0 < int(refused.headers["retry-after"]) <= 21
    assert ask(face, other).status == 200


def test_a_principal_has_so_many_calls_under_way_and_no_more(
    guarded: Open, new_token: Callable[..., tuple[str, str]], recorder: Recorder
) -> None:
    token, config = new_token("ci")
    face = guarded(f"{config}[access.limits]\nconcurrent_calls = 1\n")
    seat = face.session(headers=bearer(token))
    stream = seat.start(call("hold", request_id=1))
    refused = seat.call("echo", request_id=2)
    assert (refused.status, refused.frame.id) == (429, 2)
    assert int(refused.headers["retry-after"]) > 0
    # A connection that breaks ends no call.
    stream.close()
    assert seat.call("echo", request_id=3).status == 429
    cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    assert seat.post(cancelled).status == 202
    until(lambda: seat.call("echo", request_id=4).status == 200)
    assert [params["name"] for params in recorder.calls()] == ["hold", "echo"]


def test_calls_that_cannot_be_counted_are_not_taken_where_they_are_bounded(
    guarded: Open, new_token: Callable[..., tuple[str, str]], recorder: Recorder
) -> None:
    token, config = new_token("ci")
    face = guarded(f"{config}[access.limits]\nconcurrent_calls = 1\n")
    assert face.ask("GET", "/sse", {"accept": EVENTS, **bearer(token)}).status == 403
    assert recorder.pids() == []


def test_a_batch_is_as_many_calls_as_it_holds(guarded: Open, new_token: Callable[..., tuple[str, str]]) -> None:
    token, config = new_token("ci")
    face = guarded(f"{config}[access.limits]\nconcurrent_calls = 2\n")
    seat = face.session("2025-03-26", bearer(token))
    calls = [call("echo", request_id=n) for n in range(1, 4)]
    assert seat.post(calls).status == 429
    assert seat.post([*calls, {"jsonrpc": "2.0", "id": 9, "method": 7}]).status == 429
    assert seat.post(calls[:2]).status == 200


def test_a_principal_has_so_many_sessions_and_no_more(guarded: Open, new_token: Callable[..., tuple[str, str]]) -> None:
    (one, config), (other, more) = new_token("one"), new_token("other")
    face = guarded(f"{config}{more}[access.limits]\nsessions = 1\n")
    seat = face.session(headers=bearer(one))
    refused = face.initialize(headers=bearer(one))
    assert refused.status == 429
    assert int(refused.headers["retry-after"]) > 0
    assert face.initialize(headers=bearer(other)).status == 200
    seat.end()
    until(lambda: face.initialize(headers=bearer(one)).status == 200)


# TLS


def test_hosts_over_tls_are_served_as_others_are(
    guarded: Open, new_token: Callable[..., tuple[str, str]], serve: Gateway, issuer: Issuer
) -> None:
    authority = Authority(serve.folder, "authority")
    token, config = new_token("ci")
    face = guarded(config + issuer.settings() + authority.server(), tls=authority.client())
    assert face.session(headers=bearer(token)).call("echo", {"a": 1}).status == 200
    refused = ask(face)
    assert f'resource_metadata="https://127.0.0.1:{face.port}/.well-known' in refused.headers["www-authenticate"]
    # Whoever speaks no TLS hears nothing.
    with face.connect() as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"HTTP" not in plain.recv(1000)
    # Connections that never come about keep nobody out.
    with ExitStack() as silent:
        for _ in range(50):
            silent.enter_context(socket.create_connection(("127.0.0.1", face.port), PATIENCE))
        assert ask(face, token).status == 200


def test_a_certificate_is_a_principal_by_the_names_that_it_is_made_out_to(guarded: Open, serve: Gateway) -> None:
    authority = Authority(serve.folder, "authority")
    config = (
        "[audit]\nfile = 'audit.jsonl'\n"
        "[[access.certificate]]\nname = 'spiffe://example.com/build'\ngroups = ['ops']\n"
        f"{authority.server()}client_ca = '{authority.file.name}'\n"
    )
    face = guarded(config, tls=authority.client())
    assert ask(face).status == 401
    for name, names, status in [
        ("build", [x509.DNSName("x.example.com"), x509.UniformResourceIdentifier("spiffe://example.com/build")], 200),
        ("other", [x509.UniformResourceIdentifier("spiffe://example.com/other")], 401),
        ("spiffe", [x509.DNSName("example.com")], 401),
        ("nameless", [], 401),
    ]:
        face.tls = authority.client(*authority.certificate(name, *names))
        assert ask(face).status == status, name
    # A bad token isn't made good by a good certificate.
    face.tls = authority.client(serve.folder / "build.crt", serve.folder / "build.key")
    assert ask(face, "argala_x").status == 401
    assert '"principal":"cert:spiffe://example.com/build"' in (serve.folder / "audit.jsonl").read_text()


@pytest.mark.parametrize("stranger", [True, False], ids=["another's certificate", "no certificate"])
def test_where_certificates_are_required_nobody_else_connects(
    guarded: Open, serve: Gateway, new_token: Callable[..., tuple[str, str]], stranger: bool
) -> None:
    authority, other = Authority(serve.folder, "authority"), Authority(serve.folder, "other")
    token, config = new_token("ci")
    tls = f"{authority.server()}client_ca = '{authority.file.name}'\nclient_required = true\n"
    face = guarded(config + tls, tls=authority.client())
    name = x509.DNSName("host.example.com")
    if stranger:
        face.tls = authority.client(*other.certificate("stranger", name))
    with pytest.raises((ssl.SSLError, OSError, http.client.HTTPException)):
        ask(face, token)
    face.tls = authority.client(*authority.certificate("host", name))
    assert ask(face, token).status == 200
    assert ask(face).status == 401


# How it starts, and what it tells


def test_other_machines_are_served_only_as_it_was_thought_of(
    guarded: Open, run: CommandLine, serve: Gateway, new_token: Callable[..., tuple[str, str]]
) -> None:
    token, config = new_token("ci")
    policy = serve.folder / "policy.toml"
    policy.write_text(ALLOW_ALL)
    for text, said in [("", "other machines could call every tool"), (config, "tokens could be read")]:
        flags = ["--config", configured(serve.folder, text), "--policy", policy, "--http", "0.0.0.0:0"]
        refused = run("serve", *flags, "--", "true")
        assert refused.returncode == 2
        assert said in refused.stderr
    authority = Authority(serve.folder, "authority")
    face = guarded(config + authority.server(), address="0.0.0.0", tls=authority.client())
    assert ask(face, token).status == 200
    assert ask(face).status == 401


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("[access]", "lets nobody in"),
        ("[[access.token]]\nname = 'ci'\nsha256 = 'abc'", "64 hexadecimal digits"),
        ("[access.jwt]\nissuer = 'i'\naudience = 'a'\njwks_url = 'http://issuer.example.com/'", "over https"),
        ("[access.jwt]\nissuer = 'i'\naudience = 'a'\njwks_file = 'none.json'", "none.json"),
        (
            "[access.jwt]\nissuer = 'i'\naudience = 'a'\njwks_file = 'k'\nalgorithms = ['HS256']",
            "unknown variant `HS256`",
        ),
        ("[[access.certificate]]\nname = 'a'", "needs `client_ca`"),
        ("[http.tls]\ncertificate = 'none.pem'\nkey = 'none.key'", "none.pem"),
    ],
)
def test_a_configuration_that_cannot_be_meant_starts_nothing(
    run: CommandLine, serve: Gateway, config: str, said: str
) -> None:
    policy = serve.folder / "policy.toml"
    policy.write_text(ALLOW_ALL)
    flags = ["--config", configured(serve.folder, config), "--policy", policy, "--http", "127.0.0.1:0"]
    refused = run("serve", *flags, "--", "true")
    assert refused.returncode in (1, 2)
    assert said in refused.stderr


def test_what_the_servers_are_is_told_to_those_who_are_let_in(
    guarded: Open, new_token: Callable[..., tuple[str, str]], run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, config = new_token("ci")
    face = guarded(config)
    assert face.ask("GET", "/healthz").status == 200
    for headers in ({}, bearer("argala_x")):
        page = face.ask("GET", "/readyz", headers)
        assert (page.status, json.loads(page.body)) == (200, {"ready": True, "servers": []})
    assert len(json.loads(face.ask("GET", "/readyz", bearer(token)).body)["servers"]) == 1
    assert "unknown" not in run("status", face.url).stdout
    monkeypatch.setenv("ARGALA_TOKEN", token)
    assert "unknown" in run("status", face.url).stdout
    # Who may not ask at all hears that first.
    assert face.ask("GET", "/mcp", {"host": "evil.example.com", **bearer(token)}).status == 403


def test_refusals_are_counted_in_the_audit_log(
    guarded: Open, new_token: Callable[..., tuple[str, str]], run: CommandLine, serve: Gateway
) -> None:
    token, config = new_token("ci")
    face = guarded(f"[audit]\nfile = 'audit.jsonl'\n{config}[access.limits]\nrequests_per_minute = 1\n")
    log = serve.folder / "audit.jsonl"
    for _ in range(40):
        ask(face)
        ask(face, "argala_wrong")
    assert [ask(face, token).status for _ in range(3)] == [200, 429, 429]

    def told() -> list[Json]:
        records = (json.loads(line) for line in log.read_text().splitlines())
        return [record for record in records if record["event"] == "access_refused"]

    until(lambda: sum(record["requests"] for record in told()) == 82)
    sums = {
        reason: sum(r["requests"] for r in told() if r["reason"] == reason) for reason in ("unknown", "invalid_token")
    }
    assert sums == {"unknown": 40, "invalid_token": 40}
    assert len(told()) < 40
    assert {record.get("principal") for record in told() if record["reason"] == "limit"} == {"token:ci"}
    assert {record["from"] for record in told()} == {"127.0.0.1"}
    assert run("audit", "verify", log).returncode == 0

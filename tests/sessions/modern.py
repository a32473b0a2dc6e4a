"""A host of the stateless revision (2026-07-28) that speaks raw JSON-RPC."""

from __future__ import annotations

from typing import Any

from sessions.rpc import Frame, Json, Session

VERSION = "2026-07-28"
META = "io.modelcontextprotocol/"
ABLE: dict[str, Any] = {"elicitation": {"form": {}}, "sampling": {}, "roots": {}}


def meta(capabilities: Json = None, **more: Json) -> dict[str, Json]:
    """What each request says of its sender."""
    own = {"protocolVersion": VERSION, "clientInfo": {"name": "a-test", "version": "1"}}
    own["clientCapabilities"] = ABLE if capabilities is None else capabilities
    return {**{META + name: value for name, value in own.items()}, **more}


class Modern:
    """Says with each request who it is."""

    def __init__(self, session: Session, capabilities: Json = None) -> None:
        self.session = session
        self.capabilities = capabilities

    def start(self, method: str, params: Json = None, request_id: Json = None, **more: Json) -> Json:
        params = {**(params or {}), "_meta": meta(self.capabilities, **more)}
        return self.session.start(method, params, request_id)

    def request(self, method: str, params: Json = None, **more: Json) -> Frame:
        return self.session.reply(self.start(method, params, **more))

    def call(self, tool: str, arguments: Json = None, **params: Json) -> Frame:
        return self.request("tools/call", {"name": tool, "arguments": arguments or {}, **params})

    def listen(self, **wanted: Json) -> Json:
        """Opens a `subscriptions/listen`, and gives its id once it is acknowledged."""
        listen = self.start("subscriptions/listen", {"notifications": wanted})
        acknowledged = self.session.notification("notifications/subscriptions/acknowledged")
        assert acknowledged.params["_meta"][META + "subscriptionId"] == listen
        assert acknowledged.params["notifications"] == wanted
        return listen

    def told(self, method: str) -> Json:
        """The id of the listen that a notification has come to."""
        return self.session.notification(method).params["_meta"][META + "subscriptionId"]

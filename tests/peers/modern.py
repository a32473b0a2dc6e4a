"""A scripted MCP server of the stateless revision alone (stdio, 2026-07-28) that writes down each line that it gets.

Standard library only. It refuses whatever is not of its era, as the specification wants: `initialize`, and requests
without the members of `_meta` that say who has sent them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from typing import Any

Json = Any

VERSION = "2026-07-28"
META = "io.modelcontextprotocol/"
TOOLS = {
    "echo": "gives back its arguments, and the `_meta` of the call",
    "ask": "asks the host's user for a name, as often as `times` says, and greets",
    "ask_all": "asks for everything at once, without a `requestState`",
    "retry": "wants the call again, with no question",
    "progress": "`count` progress notifications under the call's token, then the result",
    "log": "a `notifications/message`, then the result",
    "hold": "doesn't answer at all",
    "change": "says that its lists and the resource `uri` have changed, to those who listen",
    "cancel": "takes back the very call that it was asked to answer",
    "hang_up": "ends every `subscriptions/listen`",
}


class Modern:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.record = open(options.record, "ab", buffering=0) if options.record else None  # noqa: SIM115
        self.listens: dict[Json, Json] = {}
        self.lock = threading.Lock()

    def send(self, message: Json) -> None:
        sys.stdout.buffer.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        sys.stdout.buffer.flush()

    def answer(self, call: Json, result: Json) -> None:
        self.send({"id": call, "result": {"resultType": "complete", **result}})

    def text(self, call: Json, text: str) -> None:
        self.answer(call, {"content": [{"type": "text", "text": text}]})

    def serve(self) -> None:
        for line in sys.stdin.buffer:
            if self.record:
                self.record.write(line)
            message = json.loads(line)
            if "method" in message and "id" in message:
                self.request(message["id"], message["method"], message.get("params") or {})
            elif message.get("method") == "notifications/cancelled":
                self.listens.pop(message["params"]["requestId"], None)

    def refuse(self, call: Json, code: int, message: str, data: Json = None) -> None:
        self.send({"id": call, "error": {"code": code, "message": message, "data": data}})

    def request(self, call: Json, method: str, params: Json) -> None:
        meta = params.get("_meta") or {}
        if method == "initialize":
            return self.refuse(call, -32022, "no sessions here", {"supported": [VERSION], "requested": "x"})
        if meta.get(META + "protocolVersion") != VERSION or META + "clientCapabilities" not in meta:
            return self.refuse(call, -32602, "who are you?")
        if method == "server/discover":
            if self.options.silent:
                return None
            capabilities = {
                "tools": {"listChanged": True},
                "resources": {"listChanged": True, "subscribe": True},
                "prompts": {"listChanged": True},
                "extensions": {"vendor.example/x": {"n": 1}},
            }
            found = {
                "supportedVersions": [VERSION],
                "capabilities": capabilities,
                "ttlMs": 60000,
                "cacheScope": "public",
            }
            info = {META + "serverInfo": {"name": self.options.name, "version": "1"}}
            return self.answer(call, {**found, "instructions": "be kind", "_meta": info})
        if method == "tools/list":
            tools = [
                {"name": name, "description": text, "inputSchema": {"type": "object"}} for name, text in TOOLS.items()
            ]
            return self.answer(call, {"tools": tools, "ttlMs": 5000, "cacheScope": "public"})
        if method == "resources/list":
            resources = [{"uri": f"mem://{self.options.name}/1", "name": "one"}]
            return self.answer(call, {"resources": resources, "ttlMs": 3000, "cacheScope": "private"})
        if method == "prompts/list":
            return self.answer(call, {"prompts": [], "ttlMs": 0, "cacheScope": "private"})
        if method == "resources/read":
            if params["uri"].endswith("/ask") and "inputResponses" not in params:
                needed = {"inputRequests": {"roots": {"method": "roots/list"}}}
                return self.answer(call, {"resultType": "input_required", **needed})
            contents = [{"uri": params["uri"], "text": self.options.name}]
            return self.answer(call, {"contents": contents, "ttlMs": 0, "cacheScope": "private"})
        if method == "subscriptions/listen":
            self.listens[call] = params["notifications"]
            acknowledged = {"notifications": params["notifications"], "_meta": {META + "subscriptionId": call}}
            return self.send({"method": "notifications/subscriptions/acknowledged", "params": acknowledged})
        if method == "tools/call":
            return self.call(call, params["name"], params.get("arguments") or {}, params, meta)
        return self.refuse(call, -32601, f"no {method}")

    def call(self, call: Json, tool: str, arguments: Json, params: Json, meta: Json) -> None:
        responses = params.get("inputResponses") or {}
        elicit = {
            "method": "elicitation/create",
            "params": {"mode": "form", "message": "name?", "requestedSchema": {"type": "object", "properties": {}}},
        }
        if tool == "echo":
            return self.text(call, json.dumps({"arguments": arguments, "meta": meta}))
        if tool == "ask":
            asked = json.loads(params.get("requestState") or "[]")
            if "name" in responses:
                asked.append(responses["name"]["content"]["name"])
            if len(asked) < arguments.get("times", 1):
                needed = {"inputRequests": {"name": elicit}, "requestState": json.dumps(asked)}
                return self.answer(call, {"resultType": "input_required", **needed})
            return self.text(call, f"hello {' and '.join(asked)}")
        if tool == "ask_all":
            if len(responses) == 3:
                return self.text(call, json.dumps(responses))
            sample = {"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1}}
            questions = {'a "b"': elicit, "sample": sample, "roots": {"method": "roots/list"}}
            return self.answer(call, {"resultType": "input_required", "inputRequests": questions})
        if tool == "retry":
            tries = int(params.get("requestState") or 0)
            if tries < arguments.get("times", 1):
                return self.answer(call, {"resultType": "input_required", "requestState": str(tries + 1)})
            return self.text(call, f"after {tries}")
        if tool == "progress":
            for n in range(arguments["count"]):
                progress = {"progressToken": meta["progressToken"], "progress": n}
                self.send({"method": "notifications/progress", "params": progress})
            return self.text(call, "done")
        if tool == "log":
            self.send(
                {"method": "notifications/message", "params": {"level": "info", "data": meta.get(META + "logLevel")}}
            )
            return self.text(call, "logged")
        if tool == "hold":
            return None
        if tool == "change":
            for listen, wanted in list(self.listens.items()):
                about = {"_meta": {META + "subscriptionId": listen}}
                for kind in ("tools", "prompts", "resources"):
                    if wanted.get(f"{kind}ListChanged"):
                        self.send({"method": f"notifications/{kind}/list_changed", "params": about})
                if arguments.get("uri") in wanted.get("resourceSubscriptions", []):
                    self.send(
                        {"method": "notifications/resources/updated", "params": {**about, "uri": arguments["uri"]}}
                    )
            return self.text(call, f"told {len(self.listens)}")
        if tool == "cancel":
            return self.send({"method": "notifications/cancelled", "params": {"requestId": call}})
        if tool == "hang_up":
            for listen in list(self.listens):
                self.send({"method": "notifications/cancelled", "params": {"requestId": listen}})
            self.listens.clear()
            return self.text(call, "hung up")
        return self.refuse(call, -32602, f"no tool {tool}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", default="modern")
    parser.add_argument("--record")
    parser.add_argument("--pids")
    parser.add_argument("--silent", action="store_true", help="never answers `server/discover`")
    parser.add_argument("--sleep", type=float, default=0, help="seconds until it reads anything")
    options = parser.parse_args()
    time.sleep(options.sleep)
    if options.pids:
        with open(options.pids, "a") as file:
            file.write(f"{os.getpid()}\n")
    Modern(options).serve()


if __name__ == "__main__":
    main()

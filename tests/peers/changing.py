"""A scripted MCP server (stdio) whose tools and instructions stand in a file that is read again for each request.

Standard library only. A call of `announce` has it say that its tools have changed; all others are noted in `--record`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

Json = Any


def send(message: Json) -> None:
    sys.stdout.buffer.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    sys.stdout.buffer.flush()


def answer(offer: Json, request: Json, record: Path) -> Json:
    method, params = request["method"], request.get("params", {})
    if method == "initialize":
        said = {"instructions": offer["instructions"]} if "instructions" in offer else {}
        return {
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {"listChanged": True}},
            "serverInfo": {"name": "changing", "version": "1"},
            **said,
        }
    if method == "tools/list":
        size = offer.get("page", len(offer["tools"]) or 1)
        start = int(params.get("cursor", 0))
        more = {"nextCursor": str(start + size)} if start + size < len(offer["tools"]) else {}
        return {"tools": offer["tools"][start : start + size], **more}
    if params["name"] == "announce":
        send({"method": "notifications/tools/list_changed"})
    with record.open("a") as file:
        file.write(params["name"] + "\n")
    return {"content": [{"type": "text", "text": f"did {params['name']}"}]}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--offer", type=Path, required=True)
    parser.add_argument("--record", type=Path, required=True)
    options = parser.parse_args()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if "method" not in request or "id" not in request:
            continue
        offer = json.loads(options.offer.read_text())
        if request["method"] not in ("initialize", "tools/list", "tools/call"):
            send({"id": request["id"], "error": {"code": -32601, "message": "no such method"}})
        elif request["method"] == "tools/list" and offer.get("broken"):
            send({"id": request["id"], "error": {"code": -32603, "message": "not now"}})
        else:
            send({"id": request["id"], "result": answer(offer, request, options.record)})


if __name__ == "__main__":
    main()

"""A server that starts in no time (stdio, up to 2025-11-25), for tests with very many: `tiny.py NAME MANNER`.

In `order` it has forty tools, each of which says whose it is and how often the tools have been listed. It may also be
`silent`, or answer with `garbage`.
"""

import json
import sys

TOOLS = 40


def main() -> None:
    name, manner = sys.argv[1:]
    listed = 0
    for line in sys.stdin:
        message = json.loads(line)
        if manner == "silent" or "id" not in message or "method" not in message:
            continue
        if manner == "garbage":
            print("{", json.dumps(message["id"]), "]", flush=True)
            continue
        method = message["method"]
        if method == "initialize":
            result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}
            result["serverInfo"] = {"name": name, "version": "1"}
        elif method == "tools/list":
            listed += 1
            schema = {"type": "object"}
            result = {"tools": [{"name": f"tool{n:02}", "inputSchema": schema} for n in range(TOOLS)]}
        elif method == "tools/call":
            said = f"{name} {message['params']['name']} {listed}"
            result = {"content": [{"type": "text", "text": said}]}
        else:
            error = {"code": -32601, "message": f"{name} knows no {method}"}
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}), flush=True)
            continue
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)


if __name__ == "__main__":
    main()

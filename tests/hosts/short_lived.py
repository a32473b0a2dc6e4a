"""A host that starts a gateway, opens a session, says so, and waits to be killed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

OPENING: list[dict[str, Any]] = [
    {
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "h", "version": "1"}},
    },
    {"method": "notifications/initialized"},
    {"id": 2, "method": "tools/list"},
]

gateway = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
assert gateway.stdin
assert gateway.stdout
for message in OPENING:
    gateway.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    gateway.stdin.flush()
    while "id" in message and json.loads(gateway.stdout.readline()).get("id") != message["id"]:
        pass
print(gateway.pid, flush=True)
time.sleep(120)

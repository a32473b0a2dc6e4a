"""A scripted MCP server (stdio, up to 2025-11-25) that writes down each line that it is sent, byte for byte.

Standard library only, so that it starts in no time and changes no byte behind a test's back. What it does beyond
recording is asked for by a tool call (`echo`, `ask_host`, `hold`, …) or, at its start, by a flag.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

Json = Any

# What a typed model would change: unknown members, integers past 64 bits, the spelling of numbers, escapes.
ODD_TOOL = (
    r'{"name":"odd","title":"Odd \u00e9 \ud83e\udd80","description":"a tool as no library writes it",'
    r'"inputSchema":{"type":"object","properties":{"n":{"type":"integer","maximum":123456789012345678901234567890,'
    r'"minimum":-0.0,"multipleOf":1e-7}},"x-vendor":[null,true,1.0,1E5]},'
    r'"annotations":{"readOnlyHint":true,"x-vendor":1.10},"execution":{"taskSupport":"optional","x-vendor":{}},'
    r'"icons":[{"src":"data:,","sizes":["any"]}],"_meta":{"vendor.example/rank":18446744073709551616},'
    r'"x-vendor":{"nested":[{"deep":[-0.0,1e400]}],"":"an empty key"}}'
)
ODD_RESULT = (
    r'{"content":[{"type":"text","text":"caf\u00e9 \ud83e\udd80 \u2028 \u0000","annotations":{"priority":1.0},'
    r'"_meta":{"x":1e5}},{"type":"hologram","frames":[1,2.50,-0.0,{"":[]}]}],'
    r'"structuredContent":{"big":123456789012345678901234567890,"tiny":1E-400,"zero":-0.0,"one":1.0,"exp":1e5},'
    r'"isError":false,"_meta":{"vendor.example/cost":0.10000000000000000001},"x-vendor":{"a":{"a":{"a":[[[]]]}}}}'
)
ODD_ERROR = (
    r'{"code":-32042,"message":"caf\u00e9","data":{"big":123456789012345678901234567890,"x-vendor":[1.0,-0.0]},'
    r'"x-vendor":true}'
)
TOOLS = {
    "echo": "gives back its arguments",
    "burst": "`count` notifications, then the result",
    "progress": "`count` progress notifications under the call's token, then the result",
    "ask_host": "sends `request` to the host, and gives its answer back; with `cancel`, takes the request back at once",
    "hold": "doesn't answer before `release`, and then with a text of `size` bytes, where that is given",
    "release": "answers every held call, the last one first, and `together` in one batch; says so on stderr",
    "notify": "sends the notification `message`",
    "print": "writes `out` to stdout and `err` to stderr, as they are",
    "big": "a result of `size` bytes",
    "fail": "answers with a JSON-RPC error",
    "die": "ends the process without an answer",
    "hush": "ends its output, but not the process",
}
CAPABILITIES = {
    "tools": {"listChanged": True},
    "prompts": {"listChanged": True},
    "resources": {"subscribe": True, "listChanged": True},
    "logging": {},
    "completions": {},
    "tasks": {"list": {}, "cancel": {}, "requests": {"tools": {"call": {}}}},
    "experimental": {"vendor.example/x": {"n": 123456789012345678901234567890}},
}


class Recorder:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.name: str = options.name
        self.record = open(options.record, "ab", buffering=0) if options.record else None  # noqa: SIM115
        self.held: dict[Json, str] = {}  # the id of a call -> the text that it will be answered with
        self.asked: dict[str, Json] = {}  # the id of a request to the host -> the id of the call that asked for it
        self.tasks: dict[str, dict[str, Json]] = {}

    # Out

    def write(self, *lines: str) -> None:
        sys.stdout.buffer.write("".join(line + "\n" for line in lines).encode())
        sys.stdout.buffer.flush()

    def send(self, message: Json) -> None:
        self.write(json.dumps({"jsonrpc": "2.0", **message}))

    def answer(self, call: Json, result: Json) -> None:
        self.send({"id": call, "result": result})

    def answer_text(self, call: Json, text: str) -> None:
        self.answer(call, {"content": [{"type": "text", "text": text}]})

    def log(self, data: Json) -> None:
        self.send({"method": "notifications/message", "params": {"level": "info", "logger": self.name, "data": data}})

    # In

    def serve(self) -> None:
        for line in sys.stdin.buffer:
            if self.record:
                self.record.write(line)
            said = json.loads(line)
            for message in said if isinstance(said, list) else [said]:
                self.take(message)
                if self.options.deaf and message.get("method") == "initialize":
                    time.sleep(120)

    def take(self, message: Json) -> None:
        if "method" not in message:
            call = self.asked.pop(json.dumps(message["id"]))
            answer = {name: message[name] for name in ("result", "error") if name in message}
            self.answer_text(call, json.dumps(answer))
        elif "id" in message:
            if not self.options.mute:
                self.try_request(message["id"], message["method"], message.get("params", {}))
        elif message["method"] == "notifications/cancelled":
            self.held.pop(message["params"]["requestId"], None)
            self.log({"cancelled": message["params"]["requestId"]})

    def try_request(self, call: Json, method: str, params: Json) -> None:
        try:
            self.request(call, method, params)
        except (KeyError, TypeError, ValueError) as wrong:
            self.send({"id": call, "error": {"code": -32602, "message": repr(wrong)}})

    def request(self, call: Json, method: str, params: Json) -> None:
        name = self.name
        if method == "initialize":
            self.ask_first()
            self.answer(
                call,
                {
                    "protocolVersion": params["protocolVersion"],
                    "capabilities": CAPABILITIES,
                    "serverInfo": {"name": name, "version": "1"},
                    "instructions": f"What {name} is for.",
                },
            )
        elif method == "tools/call":
            if "task" in params:
                self.start_task(call, params)
            else:
                self.tool(call, params["name"], params.get("arguments", {}), params.get("_meta", {}))
        elif method == "tools/list":
            about = {"inputSchema": {"type": "object"}}
            tools = [json.dumps({"name": tool, "description": text, **about}) for tool, text in TOOLS.items()]
            if self.options.growing:
                starts = len(self.options.pids.read_text().split())
                tools.append(json.dumps({"name": f"start{starts}", **about}))
            page = (call, "tools", [ODD_TOOL, *tools], params)
            if self.options.restless:
                self.send({"method": "notifications/tools/list_changed"})
            if self.options.list_delay:
                later = threading.Timer(self.options.list_delay, self.page, page)
                later.daemon = True
                later.start()
            else:
                self.page(*page)
        elif method == "prompts/list":
            prompts = [{"name": f"prompt{n}", "description": f"prompt {n} of {name}", "x": 1.0} for n in range(5)]
            self.page(call, "prompts", [json.dumps(prompt) for prompt in prompts], params)
        elif method == "prompts/get":
            content = {"type": "text", "text": f"{name} says {params['name']}"}
            self.answer(call, {"messages": [{"role": "user", "content": content}]})
        elif method == "resources/list":
            resources = [{"uri": f"memo://{name}/{n}", "name": f"memo {n}", "x-vendor": 1.0} for n in range(5)]
            self.page(call, "resources", [json.dumps(resource) for resource in resources], params)
        elif method == "resources/templates/list":
            templates = [{"uriTemplate": f"memo://{name}/{{n{n}}}", "name": f"template {n}"} for n in range(5)]
            self.page(call, "resourceTemplates", [json.dumps(template) for template in templates], params)
        elif method == "resources/read":
            if self.options.listed_only and not params["uri"].startswith(f"memo://{name}/"):
                raise KeyError(params["uri"])
            if params["uri"].endswith("/ask"):
                self.asked[json.dumps(params["uri"])] = call
                self.send({"id": params["uri"], "method": "roots/list"})
                return
            self.answer(call, {"contents": [{"uri": params["uri"], "text": f"{name} keeps {params['uri']}"}]})
        elif method == "completion/complete":
            self.answer(call, {"completion": {"values": [f"{params['argument']['value']}!"], "total": 1}})
        elif method in ("ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"):
            self.answer(call, {})
        elif method.startswith("tasks/"):
            self.task(call, method, params)
        elif method.startswith("vendor/"):
            self.answer(call, {"vendor": params})
        else:
            self.send({"id": call, "error": {"code": -32601, "message": f"{name} knows no {method}"}})

    def page(self, call: Json, member: str, items: list[str], params: Json) -> None:
        size = self.options.page_size or len(items)
        start = int(params.get("cursor", "0"))
        more = f',"nextCursor":"{start + size}"' if start + size < len(items) else ""
        page = ",".join(items[start : start + size])
        self.write(f'{{"jsonrpc":"2.0","id":{json.dumps(call)},"result":{{"{member}":[{page}]{more}}}}}')

    def ask_first(self) -> None:
        """Asks the host what the flag says, and waits for the answers."""
        for method in self.options.ask_first:
            self.send({"id": f"first {method}", "method": method})
        for _ in self.options.ask_first:
            line = sys.stdin.buffer.readline()
            if self.record:
                self.record.write(line)

    # Tools

    def tool(self, call: Json, name: str, arguments: Json, meta: Json) -> None:
        if name == "echo":
            self.answer(
                call,
                {"content": [{"type": "text", "text": f"{self.name} heard {json.dumps(arguments)}"}], "_meta": meta},
            )
        elif name == "odd":
            self.write(f'{{"jsonrpc":"2.0","id":{json.dumps(call)},"result":{ODD_RESULT}}}')
        elif name == "fail":
            self.write(f'{{"jsonrpc":"2.0","id":{json.dumps(call)},"error":{ODD_ERROR}}}')
        elif name == "burst":
            about = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":%d}}'
            answer = f'{{"jsonrpc":"2.0","id":{json.dumps(call)},"result":{{"content":[]}}}}'
            self.write(*[about % n for n in range(arguments["count"])], answer)
        elif name == "progress":
            token = {"progressToken": meta["progressToken"], "total": arguments["count"]}
            for n in range(arguments["count"]):
                self.send({"method": "notifications/progress", "params": {**token, "progress": n, "x-vendor": n}})
            self.answer_text(call, json.dumps(meta))
        elif name == "ask_host":
            request = arguments["request"]
            self.asked[json.dumps(request["id"])] = call
            self.send(request)
            for more in arguments.get("more", []):
                self.asked[json.dumps(more["id"])] = call
                self.send(more)
            if arguments.get("cancel"):
                del self.asked[json.dumps(request["id"])]
                self.send({"method": "notifications/cancelled", "params": {"requestId": request["id"], "reason": "x"}})
                self.answer_text(call, "taken back")
        elif name == "hold":
            size = arguments.get("size")
            self.held[call] = "x" * size if size else f"released {json.dumps(call)}"
            self.log({"held": arguments})
        elif name == "release":
            texts = [(held, {"content": [{"type": "text", "text": text}]}) for held, text in self.held.items()]
            answers = [json.dumps({"jsonrpc": "2.0", "id": held, "result": text}) for held, text in reversed(texts)]
            self.write(*([f"[{','.join(answers)}]"] if arguments.get("together") else answers))
            self.held = {}
            self.answer_text(call, "done")
            sys.stderr.write("released\n")
            sys.stderr.flush()
        elif name == "notify":
            self.send(arguments["message"])
            self.answer_text(call, "done")
        elif name == "print":
            sys.stderr.write(arguments.get("err", ""))
            sys.stderr.flush()
            self.write(*arguments.get("out", "").splitlines())
            self.answer_text(call, "done")
        elif name == "big":
            self.answer_text(call, "x" * arguments["size"])
        elif name == "die":
            os._exit(1)
        elif name == "hush":
            os.close(1)
            time.sleep(120)
        else:
            self.send({"id": call, "error": {"code": -32602, "message": f"Unknown tool: {name}"}})

    # Tasks of 2025-11-25

    def start_task(self, call: Json, params: Json) -> None:
        task = {"taskId": f"task-{len(self.tasks)}", "status": "working", "ttl": params["task"]["ttl"], "x-vendor": 1.0}
        self.tasks[task["taskId"]] = {"task": task, "arguments": params.get("arguments")}
        self.answer(call, {"task": task})

    def task(self, call: Json, method: str, params: Json) -> None:
        if method == "tasks/list":
            self.answer(call, {"tasks": [kept["task"] for kept in self.tasks.values()]})
            return
        kept = self.tasks[params["taskId"]]
        if method == "tasks/get":
            self.answer(call, kept["task"])
        elif method == "tasks/cancel":
            kept["task"]["status"] = "cancelled"
            self.answer(call, kept["task"])
        else:
            kept["task"]["status"] = "completed"
            self.send({"method": "notifications/tasks/status", "params": kept["task"]})
            about = {"io.modelcontextprotocol/related-task": {"taskId": params["taskId"]}}
            content = [{"type": "text", "text": json.dumps(kept["arguments"])}]
            self.answer(call, {"content": content, "_meta": about})


def note_pid(file: Path | None, pid: int) -> None:
    if file:
        with open(file, "a") as pids:
            pids.write(f"{pid}\n")


def refuse_start(counter: Path, failures: int) -> bool:
    """Whether this is one of the first `failures` starts."""
    with open(counter, "a+") as starts:
        starts.write("x")
        starts.flush()
        return starts.tell() <= failures


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--name", default="recorder")
    flags.add_argument("--record", type=Path, help="where each line goes that comes in")
    flags.add_argument("--pids", type=Path, help="where the process ids of this process and its child go")
    flags.add_argument("--page-size", type=int, default=0, help="items in a page of a list; 0: all")
    flags.add_argument("--mute", action="store_true", help="read, and answer nothing")
    flags.add_argument("--deaf", action="store_true", help="read nothing once the session is open")
    flags.add_argument("--ask-first", nargs="*", default=[], help="make these requests before answering `initialize`")
    flags.add_argument("--list-delay", type=float, default=0, help="seconds until tools are listed")
    flags.add_argument("--restless", action="store_true", help="say at each list of tools that it has changed")
    flags.add_argument("--growing", action="store_true", help="have another tool with each start; needs --pids")
    flags.add_argument("--listed-only", action="store_true", help="know no resource but those of this name")
    flags.add_argument("--noise", action="store_true", help="start with lines on stdout that are no messages")
    flags.add_argument("--stubborn", action="store_true", help="outlive SIGTERM and the end of stdin")
    flags.add_argument("--lingering", action="store_true", help="outlive the end of stdin, but not SIGTERM")
    flags.add_argument("--grandchild", action="store_true", help="start a process that would outlive this one")
    flags.add_argument("--fail-starts", type=int, default=0, help="end at once at the first so many starts")
    flags.add_argument("--counter", type=Path, help="where starts are counted")
    options = flags.parse_args()

    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)  # a number may be as long as the gateway lets it
    note_pid(options.pids, os.getpid())
    if options.fail_starts and refuse_start(options.counter, options.fail_starts):
        sys.exit("not this time")
    if options.stubborn:
        for name in ("SIGTERM", "SIGINT", "SIGHUP"):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if options.stubborn or options.lingering:
        signal.alarm(120)  # no orphan for ever
    if options.grandchild:
        child = subprocess.Popen(["sleep", "120"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        note_pid(options.pids, child.pid)
    if options.noise:
        sys.stderr.write("recorder: starting up\n")
        sys.stdout.write("Welcome to the recorder!\n\n{not json}\n[]\n\x1b[31mred\x1b[0m\n")
        sys.stdout.flush()
        sys.stdout.buffer.write(b"\xff\xfe not text\n")
        sys.stdout.buffer.flush()

    Recorder(options).serve()
    while options.stubborn or options.lingering:
        time.sleep(60)


if __name__ == "__main__":
    main()

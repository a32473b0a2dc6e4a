"""Frames that are refused: each can be read in two ways, can't be read at all, or asks for what no host may ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sessions.rpc import Json

NOT_JSON: Final = -32700
INVALID: Final = -32600
UNKNOWN_METHOD: Final = -32601
BAD_PARAMS: Final = -32602

MAX_FRAME: Final = 16 << 20


@dataclass(frozen=True)
class Bad:
    """A frame that is refused: what is wrong with it, its bytes, the codes and the ids that the refusal may have."""

    why: str
    frame: bytes
    codes: tuple[int, ...] = (NOT_JSON, INVALID, BAD_PARAMS)
    ids: tuple[Json, ...] = (7,)


CALL: Final = '"method":"tools/call","params":{"name":"echo","arguments":{"q":"x"}}'
GOOD: Final = '{"jsonrpc":"2.0","id":7,' + CALL + "}"
SMUGGLED: Final = GOOD.replace("7", "8").replace('"x"', '"smuggled"')


def text(why: str, frame: str, *codes: int, ids: tuple[Json, ...] = (7,)) -> Bad:
    return Bad(why, frame.encode(), codes or (NOT_JSON, INVALID, BAD_PARAMS), ids)


def envelope(why: str, members: str, *codes: int, ids: tuple[Json, ...] = (7,)) -> Bad:
    """A tools/call that is fine but for what stands beside its method and params."""
    return text(why, "{" + members + "," + CALL + "}", *codes, ids=ids)


def method(why: str, name: str, *codes: int) -> Bad:
    return text(why, '{"jsonrpc":"2.0","id":7,"method":' + name + ',"params":{"name":"echo"}}', *codes)


def params(why: str, params: str, *codes: int) -> Bad:
    """A tools/call that is fine but for its params."""
    return text(why, '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":' + params + "}", *codes)


def arguments(why: str, arguments: str, *codes: int) -> Bad:
    return params(why, '{"name":"echo","arguments":' + arguments + "}", *codes)


def data(why: str, argument: bytes, *codes: int) -> Bad:
    """A tools/call whose one argument is these bytes."""
    head = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"q":'
    return Bad(why, head + argument + b"}}}", codes or (NOT_JSON,))


DUPLICATES: Final = [
    envelope("the id twice", '"jsonrpc":"2.0","id":7,"id":8', ids=(7, 8, None)),
    envelope("the version twice", '"jsonrpc":"2.0","jsonrpc":"2.0","id":7'),
    envelope("the method twice", '"jsonrpc":"2.0","id":7,"method":"ping"'),
    envelope("the method twice, once escaped", '"jsonrpc":"2.0","id":7,"m\\u0065thod":"ping"'),
    envelope("the params twice", '"jsonrpc":"2.0","id":7,"params":{}'),
    envelope("the params twice, once escaped", '"jsonrpc":"2.0","id":7,"\\u0070arams":{"name":"odd"}'),
    params("the name twice", '{"name":"echo","arguments":{},"name":"odd"}'),
    params("the name twice, once escaped", '{"name":"echo","arguments":{},"n\\u0061me":"odd"}'),
    params("the arguments twice", '{"name":"echo","arguments":{"q":"x"},"arguments":{"q":"y"}}'),
    params("the _meta twice", '{"name":"echo","arguments":{},"_meta":{},"_meta":{"progressToken":1}}'),
    params("a member of _meta twice", '{"name":"echo","arguments":{},"_meta":{"a":1,"a":2}}'),
    arguments("an argument twice", '{"q":"x","q":"y"}'),
    arguments("an argument twice, the same", '{"q":"x","q":"x"}'),
    arguments("an argument twice, once escaped", '{"q":"x","\\u0071":"y"}'),
    arguments("an argument twice, by two escapes", r'{"\u00e9":"x","é":"y"}'),
    arguments("an argument twice, by a pair of escapes", r'{"\ud83e\udd80":"x","🦀":"y"}'),
    arguments("an argument twice, by a short escape", r'{"a\/b":"x","a/b":"y"}'),
    arguments("a nested argument twice", '{"a":[{"b":{"c":1,"d":2,"c":3}}]}'),
    text("twice elsewhere", '{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":"a","uri":"b"}}'),
]

CASE_VARIANTS: Final = [
    envelope("Method beside method", '"jsonrpc":"2.0","id":7,"Method":"ping"'),
    text("Method alone", '{"jsonrpc":"2.0","id":7,' + CALL.replace("method", "Method", 1) + "}"),
    envelope("METHOD, escaped", '"jsonrpc":"2.0","id":7,"\\u004dETHOD":"ping"'),
    envelope("Params beside params", '"jsonrpc":"2.0","id":7,"Params":{"name":"odd"}'),
    envelope("params with a long s", '"jsonrpc":"2.0","id":7,"param\u017f":{"name":"odd"}'),
    envelope("ID beside id", '"jsonrpc":"2.0","id":7,"ID":8'),
    envelope("JsonRpc beside jsonrpc", '"jsonrpc":"2.0","JsonRpc":"2.0","id":7'),
    envelope("Result beside params", '"jsonrpc":"2.0","id":7,"Result":{}'),
    params("Name beside name", '{"name":"echo","Name":"odd","arguments":{}}'),
    params("NAME before name", '{"NAME":"odd","name":"echo","arguments":{}}'),
    params("Name alone", '{"Name":"echo","arguments":{}}'),
    params("Arguments beside arguments", '{"name":"echo","arguments":{},"Arguments":{"q":"x"}}'),
    params("Arguments alone", '{"name":"echo","Arguments":{"q":"x"}}'),
    params("argumentS with a long s", '{"name":"echo","arguments":{},"argument\u017f":{"q":"x"}}'),
    params("_Meta beside _meta", '{"name":"echo","arguments":{},"_meta":{},"_Meta":{}}'),
]

ENVELOPES: Final = [
    text("an empty batch", "[]", INVALID, ids=(None,)),
    text("a batch", f"[{SMUGGLED}]", INVALID, ids=(None, 8)),
    text("a text", '"tools/call"', INVALID, ids=(None,)),
    text("a number", "7", INVALID, ids=(None,)),
    text("null", "null", INVALID, ids=(None,)),
    text("an empty object", "{}", INVALID, ids=(None,)),
    envelope("no version", '"id":7', INVALID),
    envelope("another version", '"jsonrpc":"1.0","id":7', INVALID),
    envelope("a version that is a number", '"jsonrpc":2.0,"id":7', INVALID),
    envelope("an id that is null", '"jsonrpc":"2.0","id":null', INVALID, ids=(None,)),
    envelope("an id that is a boolean", '"jsonrpc":"2.0","id":true', INVALID, ids=(None,)),
    envelope("an id that is an object", '"jsonrpc":"2.0","id":{"id":7}', INVALID, ids=(None,)),
    envelope("an id that is an array", '"jsonrpc":"2.0","id":[7]', INVALID, ids=(None,)),
    text("no method", '{"jsonrpc":"2.0","id":7,"params":{}}', INVALID),
    method("a method that is a number", "1", INVALID),
    envelope("a request and a result at once", '"jsonrpc":"2.0","id":7,"result":{}', INVALID),
    envelope("a request and an error at once", '"jsonrpc":"2.0","id":7,"error":{"code":1,"message":""}', INVALID),
    method("an unknown method", '"vendor/x"', UNKNOWN_METHOD),
    method("a method under tools/", '"tools/run"', UNKNOWN_METHOD),
    method("a method in another case", '"tools/Call"', UNKNOWN_METHOD),
    method("a method and a space", '"tools/call "', UNKNOWN_METHOD),
    method("a method that only a server sends", '"sampling/createMessage"', UNKNOWN_METHOD),
]

PARAMS: Final = [
    text("no params", '{"jsonrpc":"2.0","id":7,"method":"tools/call"}', INVALID, BAD_PARAMS),
    params("params that are null", "null", INVALID, BAD_PARAMS),
    params("params that are an array", '["echo",{"q":"x"}]', INVALID, BAD_PARAMS),
    params("params that are a text", '"echo"', INVALID, BAD_PARAMS),
    params("no name", '{"arguments":{}}', BAD_PARAMS),
    params("a name that is a number", '{"name":5,"arguments":{}}', BAD_PARAMS),
    params("a name that is null", '{"name":null,"arguments":{}}', BAD_PARAMS),
    params("a name that is an array", '{"name":["echo"],"arguments":{}}', BAD_PARAMS),
    arguments("arguments that are an array", '["x"]', BAD_PARAMS),
    arguments("arguments that are a text", '"x"', BAD_PARAMS),
    arguments("arguments that are a text of JSON", '"{\\"q\\":\\"x\\"}"', BAD_PARAMS),
    arguments("arguments that are null", "null", BAD_PARAMS),
    arguments("arguments that are a number", "5", BAD_PARAMS),
]

GRAMMAR: Final = [
    text("no end", GOOD[:-1], NOT_JSON),
    text("a second message on the line", GOOD + SMUGGLED, NOT_JSON, ids=(7, None)),
    text("a word after the end", GOOD + " x", NOT_JSON, ids=(7, None)),
    text("a comma at the end", GOOD[:-1] + ",}", NOT_JSON),
    text("a byte order mark", "\ufeff" + GOOD, NOT_JSON, ids=(7, None)),
    envelope("a comment", '"jsonrpc":"2.0","id":7,/* */"_":0', NOT_JSON),
    text("no JSON at all", "tools/call echo", NOT_JSON, ids=(None,)),
    text("single quotes", "{'jsonrpc':'2.0','id':7}", NOT_JSON, ids=(7, None)),
    data("NaN", b"NaN"),
    data("Infinity", b"-Infinity"),
    data("a leading zero", b"01"),
    data("a leading plus", b"+1"),
    data("a hexadecimal number", b"0x10"),
    data("a number without a fraction", b"1."),
    data("a raw tab in a text", b'"a\tb"'),
    data("an unknown escape", rb'"\x41"'),
    data("half an escape", rb'"\u00"'),
    data("a form feed as white space", b"\x0c1"),
    data("a no-break space as white space", b"\xc2\xa01"),
    data("a byte that is not UTF-8", b'"\xff"'),
    data("an overlong slash", b'"\xc0\xaf"'),
    data("a surrogate as UTF-8", b'"\xed\xa0\x80"'),
    data("a cut-off character", b'"\xe2\x82"'),
    data("a character past the end of Unicode", b'"\xf4\x90\x80\x80"'),
    data("a high surrogate alone", rb'"\ud800"', NOT_JSON, INVALID, BAD_PARAMS),
    data("a low surrogate alone", rb'"\udc00"', NOT_JSON, INVALID, BAD_PARAMS),
    data("surrogates in the wrong order", rb'"\udc00\ud800"', NOT_JSON, INVALID, BAD_PARAMS),
    arguments("a lone surrogate in a key", r'{"\ud800":1}', NOT_JSON, INVALID, BAD_PARAMS),
]

BOUNDS: Final = [
    data("5,000 arrays in each other", b"[" * 5_000 + b"]" * 5_000, NOT_JSON, INVALID),
    data("100,000 objects in each other", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, NOT_JSON, INVALID),
    data("100,000 arrays without an end", b"[" * 100_000, NOT_JSON, INVALID),
    data("longer than the bound, the id at its head", b'"%s"' % (b"x" * MAX_FRAME), NOT_JSON, INVALID),
    Bad(
        "longer than the bound, the id at its tail",
        b'{"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo","arguments":{"q":"%s"}},"id":7}'
        % (b"x" * MAX_FRAME),
        (NOT_JSON, INVALID),
    ),
]

BAD_FRAMES: Final = [*DUPLICATES, *CASE_VARIANTS, *ENVELOPES, *PARAMS, *GRAMMAR, *BOUNDS]

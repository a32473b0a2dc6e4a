"""Frames on which readers of JSON are known to differ, and a generator of others."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from sessions.bad_frames import BAD_FRAMES, BOUNDS

HEAD: Final = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":'


def call(arguments: bytes) -> bytes:
    return HEAD + arguments + b"}}"


# Values as they stand in a text: most are JSON, some for some readers only.
VALUES: Final = [
    *("0", "-0", "-0.0", "1.0", "1E5", "1e+05", "1e-400", "1e400", "-1e400", "0e1", "123456789012345678901234567890"),
    *("9007199254740993", "18446744073709551616", "-9223372036854775809", "0.1", "0.10000000000000000001", "5e-324"),
    *("2.2250738585072011e-308", "1.7976931348623157e308", "1.7976931348623159e308", "9" * 400, "9" * 5_000),
    *("01", "+1", ".5", "1.", "1e", "--1", "0x1", "1_0", "NaN", "Infinity", "-Infinity", "nan", "undefined"),
    *(
        "true",
        "false",
        "null",
        "True",
        "None",
        "nul",
        "tru",
        "[]",
        "{}",
        "[1,]",
        "[,1]",
        "[1 2]",
        '{"a":1,}',
        "[[]",
        "]",
    ),
    *(
        '""',
        '"a"',
        '"\\u0000"',
        '"\\u0041"',
        '"\\/"',
        '"\\b\\f\\n\\r\\t"',
        '"\\ud83e\\udd80"',
        '"\\uD83E\\uDD80"',
        '"🦀"',
    ),
    *('"\\ud83e"', '"\\udd80"', '"\\udd80\\ud83e"', '"\\ud83e\\ud83e\\udd80"', '"\\ufeff"', '"\ufeff"', '"\u2028"'),
    *('"\x7f"', '"\x80"', '"é"', '"e\u0301"', '"\\x41"', '"\\u004"', '"\\U0041"', "'a'", '"a', 'a"', '"\t"', '"\x00"'),
    *('{"__proto__":{"a":1}}', '{"__proto__":1,"a":2}', '{"constructor":{"prototype":1}}', '{"toJSON":1}', '{"":1}'),
    *('{"2":1,"1":2}', '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{"a":{"b":1,"b":2}}', '{"é":1,"e\u0301":2}', "{1:2}"),
    *(
        '{"a":1,"A":2}',
        "{a:1}",
        "/**/1",
        "1//",
        "[1]#",
        "\u00a01",
        "\u20281",
        "\x0c1",
        "\x0b1",
        "\ufeff1",
        "\r1\r",
        "\t1\t",
    ),
    "[" * 30 + "]" * 30,
    "[" * 200 + "]" * 200,
]

NOT_UTF_8: Final = [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe2\x82", b"\xf4\x90\x80\x80", b"\xfe"]
PIECES: Final = [b"", b"\x00", b"\r", b" ", b'"', b"\\", b",", b":", b"{", b"}", b"[", b"]", b"\xff", b"0"]

CORPUS: Final = [
    *(bad.frame for bad in BAD_FRAMES if bad not in BOUNDS),
    *(call(b'{"q":%s}' % value.encode()) for value in VALUES),
    *(call(value.encode()) for value in VALUES),
    *(HEAD + b'{}},"x-vendor":%s}' % value.encode() for value in VALUES),
    *(HEAD + b'{},"_meta":{"q":%s}}}' % value.encode() for value in VALUES),
    *(call(b"{%s:1}" % value.encode()) for value in VALUES if value.startswith('"')),
    call(b'{"q":"x"}').decode().encode("utf-16"),
    call(b'{"q":"x"}').decode().encode("utf-32"),
    call('{"q":"é"}'.encode("latin-1")),
    *(
        call(b'{"q":"%s"}' % odd)
        for odd in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe2\x82", b"\xf4\x90\x80\x80", b"\xfe")
    ),
    b"\xef\xbb\xbf" + call(b"{}"),
    call(b"{}") + b"\x00",
    call(b"{}") * 2,
    call(b"{}") + b"\r" + call(b"{}"),
    call(b"{}").replace(b",", b"\r,\r"),
]

space = st.sampled_from(["", "", "", " ", "\t", "\r", "\x0c", "\u00a0"])
# Each character in one of its spellings.
spellings = st.characters(codec="utf-8").flatmap(
    lambda character: st.sampled_from(
        [character, "".join(f"\\u{unit:04x}" for unit in units(character)), f"\\{character}", character]
    )
)
keys = st.sampled_from(['"a"', '"\\u0061"', '"A"', '"b"', '"__proto__"', '"0"', '""', '"arguments"', '"name"'])
texts = st.lists(spellings, max_size=6).map(lambda parts: f'"{"".join(parts)}"')
numbers = st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
leaves = st.one_of(st.sampled_from(VALUES), numbers, texts)


def units(character: str) -> list[int]:
    pairs = character.encode("utf-16-be")
    return [int.from_bytes(pairs[place : place + 2], "big") for place in range(0, len(pairs), 2)]


def joined(parts: list[str], opens: str, closes: str) -> st.SearchStrategy[str]:
    return space.map(lambda blank: opens + blank + f"{blank},".join(parts) + blank + closes)


values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).flatmap(lambda parts: joined(parts, "[", "]")),
        st.lists(st.tuples(keys | texts, inner), max_size=4)
        .map(lambda members: [f"{name}:{value}" for name, value in members])
        .flatmap(lambda parts: joined(parts, "{", "}")),
    ),
    max_leaves=12,
)
calls = st.dictionaries(keys | texts, values, max_size=4).map(
    lambda members: call(("{" + ",".join(f"{name}:{value}" for name, value in members.items()) + "}").encode())
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A frame of the corpus with a few bytes put in, changed or taken out."""
    frame = bytearray(draw(st.sampled_from(CORPUS)))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(frame)))
        by = draw(
            st.sampled_from([b"", b"\x00", b"\r", b" ", b'"', b"\\", b",", b":", b"{", b"}", b"[", b"]", b"\xff", b"0"])
        )
        frame[place : place + draw(st.integers(0, 1))] = by
    return bytes(frame)


frames = st.one_of(st.sampled_from(CORPUS), calls, mutated()).map(lambda frame: frame.replace(b"\n", b" "))

"""Strict JSON and its one canonical spelling (RFC 8785, JCS).

The ledger's values are a small part of JSON: no floats, no null, integers that every
language can hold, no duplicate members, bounded depth. Whatever falls outside is refused
while reading, so the rest of the outsider never meets it.
"""

import json
import unicodedata
from functools import lru_cache

LARGEST = 2**53 - 1


class NotCanonical(ValueError):
    """The bytes are not the JSON that the contract allows."""


def _pairs(members):
    found = {}
    for name, value in members:
        if name in found:
            raise NotCanonical(f"the member `{name}` stands twice")
        found[name] = value
    return found


def _integer(text):
    # "-0" reads as 0, whose canonical spelling differs: the caller sees that by comparing.
    if len(text) > 17 or abs(int(text)) > LARGEST:
        raise NotCanonical(f"the integer {text[:20]} is outside ±(2^53-1)")
    return int(text)


def _refuse(what):
    def refuse(text):
        raise NotCanonical(f"{what} `{text[:20]}` is not allowed")

    return refuse


def _walk(value, depth, deepest):
    if depth > deepest:
        raise NotCanonical(f"nested deeper than {deepest}")
    if value is None:
        raise NotCanonical("null is not allowed: leave the member out")
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotCanonical("a lone surrogate is not text") from None
    elif isinstance(value, dict):
        for name, inner in value.items():
            _walk(name, depth, deepest)
            _walk(inner, depth + 1, deepest)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner, depth + 1, deepest)


def read(data, deepest=16):
    """Parses strict JSON bytes in any spelling.

    The outermost object has depth 1. Raises `NotCanonical` for whatever is not allowed.
    """
    try:
        text = data.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_pairs,
            parse_int=_integer,
            parse_float=_refuse("the number"),
            parse_constant=_refuse("the constant"),
        )
    except NotCanonical:
        raise
    except (ValueError, RecursionError) as error:
        raise NotCanonical(f"not JSON in UTF-8: {error}") from None
    _walk(value, 1 if isinstance(value, (dict, list)) else 0, deepest)
    return value


def spell(value):
    """The canonical bytes of a value: members sorted by UTF-16 code units, no white space."""
    return _spell(value).encode()


def _spell(value):
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{_spell(n)}:{_spell(value[n])}" for n in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_spell, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) <= LARGEST):
        return json.dumps(value, ensure_ascii=False)
    raise NotCanonical(f"{type(value).__name__} has no canonical spelling here")


@lru_cache(maxsize=1 << 14)
def _text(value):
    return json.dumps(value, ensure_ascii=False)


def read_canonical(data, deepest=16):
    """Parses bytes that must already be in canonical form."""
    value = read(data, deepest)
    if spell(value) != data:
        raise NotCanonical("the bytes are not in canonical (JCS) form")
    return value


def is_plain_text(text):
    """Words are NFC and hold no control character but the newline."""
    return unicodedata.is_normalized("NFC", text) and not any(
        unicodedata.category(c) == "Cc" and c != "\n" for c in text
    )

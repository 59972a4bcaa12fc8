"""As much of JSON Schema (2020-12) as the published schemas use.

A keyword that is not known here is an error, not a shrug: a stranger who skips a rule
would believe more than was checked.
"""

import json
import re
from pathlib import Path

import london

PUBLISHED = Path(__file__).resolve().parents[2] / "docs/schemas"

_TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
}
_FORMATS = {"date": london.day, "date-time": london.instant}
_TALK = {"$schema", "$id", "$comment", "$defs", "title", "description", "examples", "default",
         "deprecated", "readOnly", "writeOnly"}


class Library:
    """The schemas of one place, by their path such as `events/RequestFiled-v1.json`."""

    def __init__(self, fetch=None):
        self._fetch = fetch or (lambda path: (PUBLISHED / path).read_bytes())
        self._read, self._places = {}, {}

    def text(self, path):
        """The schema document at a path; `FileNotFoundError` when there is none."""
        if path not in self._read:
            self._read[path] = json.loads(self._fetch(path))
        return self._read[path]

    def has(self, path):
        try:
            self.text(path)
        except FileNotFoundError:
            return False
        return True

    def problems(self, path, value):
        """What is wrong with a value, as lines of text; empty when it fits."""
        document = self.text(path)
        return list(_check(self, path, document, value, ""))

    def commitment(self, path, pointer):
        """(kind, path of the content's schema or None) of a commitment; None where none may stand."""
        if path not in self._places:
            self._places[path] = dict(_kinds(self, path, self.text(path), ""))
        parts = pointer.split("/")
        for pattern, found in self._places[path].items():
            wanted = pattern.split("/")
            if len(wanted) == len(parts) and all(w in ("*", p) for w, p in zip(wanted, parts)):
                return found
        return None

    def follow(self, path, ref):
        """The (path, schema) that a `$ref` names."""
        file, _, pointer = ref.partition("#")
        if file:
            file = file.rsplit("/schemas/", 1)[-1]
            parent = Path(path).parent
            path = file if self.has(file) else (parent / file).as_posix()
        found = self.text(path)
        for part in pointer.split("/")[1:]:
            found = found[part.replace("~1", "/").replace("~0", "~")]
        return path, found


def _kinds(library, path, schema, at):
    if not isinstance(schema, dict):
        return
    if "x-kind" in schema:
        content = schema.get("x-schema")
        yield at, (schema["x-kind"], content and content.removeprefix("/schemas/"))
        return
    if "$ref" in schema:
        yield from _kinds(library, *library.follow(path, schema["$ref"]), at)
    for name, inner in schema.get("properties", {}).items():
        yield from _kinds(library, path, inner, f"{at}/{name}")
    anything = [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]
    for inner in anything:
        yield from _kinds(library, path, inner, f"{at}/*")
    if "items" in schema:
        yield from _kinds(library, path, schema["items"], f"{at}/*")
    for word in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(word, []):
            yield from _kinds(library, path, inner, at)


def _same(a, b):
    return type(a) is type(b) and a == b


def _check(library, path, schema, value, at):
    if schema is True or schema is False:
        if not schema:
            yield f"{at or '/'}: nothing may stand here"
        return
    for word, rule in schema.items():
        if word in _TALK or word.startswith("x-"):
            continue
        if word not in _RULES:
            raise NotImplementedError(f"the schema {path} uses `{word}`")
        yield from _RULES[word](library, path, schema, rule, value, at)


def _fits(library, path, schema, value, at):
    return not list(_check(library, path, schema, value, at))


def _type(library, path, schema, rule, value, at):
    names = rule if isinstance(rule, list) else [rule]
    if not any(_TYPES[name](value) for name in names):
        yield f"{at or '/'}: not of type {rule}"


def _properties(library, path, schema, rule, value, at):
    if isinstance(value, dict):
        for name in rule.keys() & value.keys():
            yield from _check(library, path, rule[name], value[name], f"{at}/{name}")


def _additional(library, path, schema, rule, value, at):
    if isinstance(value, dict):
        patterns = schema.get("patternProperties", {})
        for name in value.keys() - schema.get("properties", {}).keys():
            if not any(re.search(p, name) for p in patterns):
                yield from _check(library, path, rule, value[name], f"{at}/{name}")


def _patterns(library, path, schema, rule, value, at):
    if isinstance(value, dict):
        for name, inner in value.items():
            for pattern, wanted in rule.items():
                if re.search(pattern, name):
                    yield from _check(library, path, wanted, inner, f"{at}/{name}")


def _names(library, path, schema, rule, value, at):
    if isinstance(value, dict):
        for name in value:
            yield from _check(library, path, rule, name, f"{at}/{name}")


def _required(library, path, schema, rule, value, at):
    if isinstance(value, dict):
        for name in rule:
            if name not in value:
                yield f"{at}/{name}: missing"


def _items(library, path, schema, rule, value, at):
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _check(library, path, rule, inner, f"{at}/{place}")


def _unique(library, path, schema, rule, value, at):
    if rule and isinstance(value, list):
        spelt = [json.dumps(v, sort_keys=True) for v in value]
        if len(set(spelt)) < len(spelt):
            yield f"{at}: the same twice"


def _pattern(library, path, schema, rule, value, at):
    # `$` of ECMA-262 is the very end; Python's would let a newline stand before it.
    if isinstance(value, str) and not re.search(re.sub(r"(?<!\\)\$$", r"\\Z", rule), value):
        yield f"{at}: `{value[:60]}` is not of the form {rule}"


def _format(library, path, schema, rule, value, at):
    if rule in _FORMATS and isinstance(value, str):
        try:
            _FORMATS[rule](value)
        except ValueError as error:
            yield f"{at}: {error}"


def _limit(measure, holds, kind):
    def check(library, path, schema, rule, value, at):
        if isinstance(value, kind) and not isinstance(value, bool) and not holds(measure(value), rule):
            yield f"{at or '/'}: {measure(value)} breaks the limit {rule}"

    return check


def _ref(library, path, schema, rule, value, at):
    yield from _check(library, *library.follow(path, rule), value, at)


def _all(library, path, schema, rule, value, at):
    for inner in rule:
        yield from _check(library, path, inner, value, at)


def _some(exactly):
    def check(library, path, schema, rule, value, at):
        count = sum(_fits(library, path, inner, value, at) for inner in rule)
        if count == 0 or (exactly and count != 1):
            yield f"{at or '/'}: fits {count} of the alternatives"

    return check


def _not(library, path, schema, rule, value, at):
    if _fits(library, path, rule, value, at):
        yield f"{at or '/'}: fits what it must not"


def _if(library, path, schema, rule, value, at):
    branch = "then" if _fits(library, path, rule, value, at) else "else"
    if branch in schema:
        yield from _check(library, path, schema[branch], value, at)


def _quiet(library, path, schema, rule, value, at):
    return iter(())


def _const(library, path, schema, rule, value, at):
    if not _same(rule, value):
        yield f"{at}: not {rule!r}"


def _enum(library, path, schema, rule, value, at):
    if not any(_same(choice, value) for choice in rule):
        yield f"{at}: `{value}` is not one of the choices"


_RULES = {
    "type": _type, "properties": _properties, "additionalProperties": _additional,
    "unevaluatedProperties": _additional, "patternProperties": _patterns, "propertyNames": _names,
    "required": _required, "items": _items, "uniqueItems": _unique, "pattern": _pattern,
    "format": _format, "$ref": _ref, "allOf": _all, "anyOf": _some(False), "oneOf": _some(True),
    "not": _not, "if": _if, "then": _quiet, "else": _quiet, "const": _const, "enum": _enum,
    "contentEncoding": _quiet,
    "minLength": _limit(len, lambda n, rule: n >= rule, str),
    "maxLength": _limit(len, lambda n, rule: n <= rule, str),
    "minItems": _limit(len, lambda n, rule: n >= rule, list),
    "maxItems": _limit(len, lambda n, rule: n <= rule, list),
    "minProperties": _limit(len, lambda n, rule: n >= rule, dict),
    "maxProperties": _limit(len, lambda n, rule: n <= rule, dict),
    "minimum": _limit(lambda n: n, lambda n, rule: n >= rule, int),
    "maximum": _limit(lambda n: n, lambda n, rule: n <= rule, int),
}

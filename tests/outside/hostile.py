"""Whatever a stranger can send: a clear error each time, nothing recorded, never a 500.

A bounded loop over every endpoint, from a printed seed, against the loopback address only.
"""

import json
import os
import random
import socket
import time

import dsse
import london
import terms
from cast import Words, draft, new_id, new_person
from observer import same
from story import flags

POSTS = ["/api/v1/events", "/api/v1/validate", "/api/v1/prepare", "/api/v1/sessions", "/api/v1/pending"]
GETS = [
    "/api/v1/events?after={}", "/api/v1/events?limit={}", "/api/v1/events?stream={}", "/api/v1/events?type={}",
    "/api/v1/events?organisation={}", "/api/v1/events/{}", "/api/v1/agreements/{}", "/api/v1/agreements?state={}",
    "/api/v1/agreements?at={}", "/api/v1/agreements?as_of={}", "/api/v1/agreements?q={}", "/api/v1/agreements/{}/history",
    "/api/v1/organisations/{}", "/api/v1/organisations/{}/roles", "/log/tile/{}", "/log/tile/0/{}", "/log/tile/entries/{}",
    "/log/data/{}", "/log/proof/{}", "/log/proof/0?size={}", "/schemas/{}", "/schemas/events/{}", "/problems/{}", "/{}",
]
WORDS = [
    "", "0", "-1", "1e9", "18446744073709551616", "99999999999999999999999", "NaN", "null", "%00", "%ff%fe", "..%2f..%2fetc%2fpasswd",
    "../../../etc/passwd", "%2e%2e/%2e%2e", "x" * 3000, "%E2%80%AE", "'%20OR%201=1--", "2026-02-30", "2026-13-01T00:00:00Z",
    "9999-12-31", "0000-00-00", "agr:", "org:%0a", "DSA-2026-000000", "DSA-2026-999999", "000.p/0", "x000/000", "000.p/256", "%F0%9F%92%A9",
]
BODIES = [
    b"", b"{", b"[]", b"null", b"true", b"0", b'""', b"{}", b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"a":1,"a":2}', b'{"a":1.5}', b'{"a":null}',
    b'{"a":"\\ud800"}', b"[" * 100_000, b'{"a":' * 50_000, b'{"envelope":{},"disclosures":{}}', b'{"envelope":null,"disclosures":[]}',
    b'{"envelope":{"payload":"","payloadType":"","signatures":[]},"disclosures":[]}', b'{"disclosures":[]}', b"\x00" * 64,
    b'{"envelope":{"payload":"AA==","payloadType":"application/vnd.counterpart.event.v1+json","signatures":[{"keyid":"","sig":""}]},"disclosures":[]}',
    b'{"terms":{},"words":{},"parties":[]}', b'{"terms":[],"words":[],"parties":{}}', b'{"terms":{"datasets":[{}]},"words":{"/":""},"parties":[{}]}',
    b"9" * 5000, b'{"n":' + b"9" * 400 + b"}",
]
TYPES = ["application/json", "application/x-ndjson", "text/plain", "", "application/json; charset=utf-16", "multipart/form-data"]


def check(observer, tale, rounds=150):
    """The loop, and the requests that need a socket of their own."""
    step = tale.report.step
    seed = int(os.environ.get("OUTSIDER_SEED", time.time_ns() % 1_000_000))
    print(f"note    hostile input from seed {seed} (OUTSIDER_SEED={seed} plays it again)", flush=True)
    chance = random.Random(seed)
    size = observer.size()
    step("hostile bodies to every endpoint", _bodies, observer)
    step("hostile paths and queries", _paths, observer)
    step(f"{rounds} submissions with something changed", _mutations, observer, tale, chance, rounds)
    step(f"{rounds} spoilt documents to `validate`", _documents, observer, chance, rounds)
    step("hostile lines in a batch", _lines, observer, tale)
    step("a body that is too large is 413", _large, observer)
    step("requests that are no HTTP, cut off or slow", _raw, observer)
    step("nothing was recorded, and the server lives", lambda: same(observer.size(), size, "size of the log"))


def _judge(answer, what):
    """A status below 500, and for an error a problem that names its code."""
    if answer.status >= 500 and answer.code not in ("H503",):
        raise AssertionError(f"{what}: {answer}")
    if answer.status >= 400:
        kind = {n.lower(): v for n, v in answer.headers.items()}.get("content-type", "")
        same(kind.split(";")[0], "application/problem+json", f"content type of {what} ({answer})")
        problem = answer.json()
        for member in ("type", "title", "status", "detail", "code"):
            if member not in problem:
                raise AssertionError(f"{what}: the problem has no `{member}`: {answer}")
        same(problem["status"], answer.status, f"status within the problem of {what}")


def _bodies(observer):
    found = []
    for path in [*POSTS, "/api/v1/events/batch"]:
        for body in BODIES:
            for kind in TYPES:
                answer = observer.client.ask("POST", path, body, kind)
                if answer.status == 201 and path == "/api/v1/events":
                    raise AssertionError(f"POST {path} {body[:60]!r} was admitted")
                try:
                    _judge(answer, f"POST {path} {kind} {body[:60]!r}")
                except AssertionError as error:
                    found.append(str(error))
    _none(found)


def _paths(observer):
    found = []
    for path in GETS:
        for word in WORDS:
            asked = path.replace("{}", word)
            for method in ("GET", "HEAD", "DELETE", "PATCH", "OPTIONS"):
                if method != "GET" and word not in ("", "0"):
                    continue
                answer = observer.client.ask(method, asked)
                try:
                    if method == "GET":
                        _judge(answer, f"{method} {asked[:120]}")
                    elif answer.status >= 500:
                        raise AssertionError(f"{method} {asked[:120]}: {answer}")
                except AssertionError as error:
                    found.append(str(error))
    _none(found)


def _none(found):
    if found:
        shown = "\n        ".join(text[:1500] for text in found[:12])
        raise AssertionError(f"{len(found)} answers are not as they should be:\n        {shown}")


def _mutations(observer, tale, chance, rounds):
    """An honest event with one thing changed: byte, member or type; the two verdicts must agree."""
    found = []
    for _ in range(rounds):
        body = _mutated(tale, chance)
        verdict = observer.state.decide(body, london.now())
        if verdict.code is None:
            continue  # The change left it honest.
        answer = observer.client.ask("POST", "/api/v1/events", body)
        try:
            _judge(answer, f"{body[:80]!r}")
            # A reader that stops at the first wrong byte blames the envelope for what is no JSON at all.
            alike = {"E01", "E02"} if verdict.code == "E01" else {verdict.code}
            same(answer.code if answer.code not in alike else verdict.code, verdict.code, f"code of {_readable(body)} ({answer.json().get('detail')}; the outsider: {verdict.why})")
        except AssertionError as error:
            found.append(str(error))
            observer.catch_up()
    _none(found)


def _readable(body):
    """The payload of a submission where it can be read, else the body."""
    try:
        return dsse.unb64(json.loads(body)["envelope"]["payload"]).decode()
    except (ValueError, KeyError, TypeError):
        return repr(body[:2000])


JUNK = [
    0, -1, "", "x", [], {}, True, "2026-01-01T00:00:00.000Z", 2**53 - 1, {"$commit": "x"}, "PER-000000000000", "CMD", "IAO",
    "0" * 64, "org:CMD", "sys", ["x"], {"x": 1}, "2026-11-24", "00000000-0000-7000-8000-000000000000",
]


def _honest(tale, chance):
    """A note, an advice, an appointment, an update or a key, ready to be signed."""
    cast, state = tale.cast, tale.state
    newcomer = new_person()
    return chance.choice([
        lambda: draft(state, "NoteRecorded", tale.stream, {"text": Words("text", "A note that will be spoilt."), "visibility": "PARTIES"}, cast["CMD.LGL"]),
        lambda: draft(state, "RoleHolderAppointed", "org:HCK", tale.appointment("HCK", "REQ", newcomer), cast["HCK.ADM"]),
        lambda: draft(state, "OrganisationUpdated", "org:HCK", {"flags": flags("HCK")}, cast["HCK.ADM"], cast["HCK.CEX"]),
        lambda: draft(state, "KeyRevoked", f"key:{cast['HCK.REQ'].key.id}", {"key": cast["HCK.REQ"].key.id, "reason": "LOST"}, cast["HCK.ADM"]),
        lambda: draft(state, "OrganisationSuspended", "org:HCK", {"reason": "SECURITY", "until": tale.today}, *cast.registrars[:2]),
    ])()


def _places(value, at=()):
    """Every place within a JSON value."""
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        yield from _places(part, (*at, name))


def _spoil(value, chance):
    """One place of a value becomes junk, or goes."""
    place = chance.choice([at for at in _places(value) if at])
    holder = value
    for name in place[:-1]:
        holder = holder[name]
    if chance.randrange(4) == 0:
        del holder[place[-1]]
    else:
        holder[place[-1]] = chance.choice(JUNK)


def _mutated(tale, chance):
    made = _honest(tale, chance)
    way = chance.randrange(5)
    if way == 0:  # One byte of the payload, signed as it then is.
        payload = bytearray(made.bytes())
        payload[chance.randrange(len(payload))] = chance.randrange(256)
        return json.dumps(made.submission(bytes(payload))).encode()
    if way in (1, 2):  # One place of the payload becomes something else.
        _spoil(made.payload, chance)
        return json.dumps(made.submission()).encode()
    submission = made.submission()
    if way == 3:  # One string of the envelope or of a disclosure loses a character or gets one.
        holders = [submission["envelope"], *submission["envelope"]["signatures"], *submission["disclosures"]]
        holder = chance.choice(holders)
        name = chance.choice([n for n in sorted(holder) if isinstance(holder[n], str)])
        said, at = holder[name], chance.randrange(len(holder[name]) + 1)
        holder[name] = said[:at] + chance.choice(["", "=", "A", "\u00e9", "\u0000"]) + said[at + chance.randrange(2):]
        return json.dumps(submission).encode()
    body = bytearray(json.dumps(submission).encode())
    for _ in range(chance.randrange(1, 4)):
        body[chance.randrange(len(body))] = chance.randrange(256)
    return bytes(body)


def _documents(observer, chance, rounds):
    """`validate` of documents with one or two things spoilt: an answer, whatever they are."""
    found, statuses = [], set()
    for _ in range(rounds):
        document = chance.choice([terms.document, terms.special, terms.police, terms.emergency, terms.open_data])
        skeleton, said = terms.skeleton(document(london.today(london.now())), new_id())
        asked = {"parties": terms.parties(), "terms": skeleton, "words": said}
        for _ in range(chance.randrange(1, 3)):
            _spoil(asked, chance)
        answer = observer.client.ask("POST", "/api/v1/validate", json.dumps(asked).encode())
        statuses.add(answer.status)
        try:
            _judge(answer, f"validate {json.dumps(asked)[:200]}")
        except AssertionError as error:
            found.append(str(error))
    _none(found)
    same(statuses <= {200, 400, 422}, True, f"200, 400 or 422, not {statuses}")


def _lines(observer, tale):
    """A batch is answered line by line, whatever a line is."""
    lines = [b"{", b"", b"null", b"\xff", b'{"envelope":{},"disclosures":[]}', b"[1]"]
    answer = observer.client.ask("POST", "/api/v1/events/batch", b"\n".join(lines), "application/x-ndjson")
    same(answer.status, 200, f"status of {answer}")
    told = [json.loads(line) for line in answer.body.splitlines() if line.strip()]
    codes = [row.get("code") for row in told]
    same([c for c in codes if c not in ("E01", "E02")], [], f"codes of {codes}")


def _large(observer):
    body = b'{"disclosures":[],"envelope":"' + b"A" * (9 << 20) + b'"}'
    try:
        answer = observer.client.ask("POST", "/api/v1/events", body)
    except OSError:
        return  # It hung up before the body was whole: the next step sees that it lives.
    same(answer.status, 413, f"status of {answer}")


def _raw(observer):
    host, port = observer.client.address.rsplit(":", 1)
    for sent in [
        b"hello\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
        b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    ]:
        with socket.create_connection((host, int(port)), timeout=5) as link:
            try:
                link.sendall(sent)
                link.shutdown(socket.SHUT_WR)
                got = link.recv(4096)
            except OSError:
                continue
        if got.startswith(b"HTTP/1.1 5") and not got.startswith((b"HTTP/1.1 505", b"HTTP/1.1 503")):
            raise AssertionError(f"{sent[:60]!r}: {got[:200]!r}")
    slow = []
    try:
        for _ in range(20):  # Bodies that never come do not keep others waiting.
            link = socket.create_connection((host, int(port)), timeout=5)
            link.sendall(b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
            slow.append(link)
        observer.client.get("/healthz")
    finally:
        for link in slow:
            link.close()

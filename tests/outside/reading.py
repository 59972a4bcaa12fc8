"""What the server says of its log, beside the log itself: lists, the live stream, `prepare`."""

import http.client
import json

import dsse
import jcs
import london
from cast import Words, draft
from observer import same

LONGEST_WAIT = 30


def check(observer, tale):
    """Every reading endpoint that the story can judge."""
    step = tale.report.step
    step("GET /api/v1/events gives every entry once, in order", _pages, observer)
    step("GET /api/v1/events by stream, by type, by id", _filters, observer, tale)
    step("the live stream has no gap and no repeat", _live, observer)
    step("as_of tells what was, entry by entry", _as_of, observer, tale)
    step("Counterpart-Size, Counterpart-Root and Counterpart-Min-Size", _headers, observer, tale)
    step("`prepare` prints the payload that a client would sign", _prepare, observer, tale)
    step("proofs of published sizes", _proofs, observer)
    step("health, readiness, metrics, OpenAPI, problems", _others, observer)


def _expected(observer):
    """(index, digest, leaf hash in base64) of each entry that the outsider replayed."""
    state = observer.state
    digests = sorted(state.events.values())
    return [(i, digest, dsse.b64(state.leaves[i])) for i, digest in digests]


def _rows(value):
    """The list of entries within an answer, whatever member holds it."""
    if isinstance(value, list):
        return value
    found = [inner for inner in value.values() if isinstance(inner, list)]
    same(len(found), 1, "lists within the answer")
    return found[0]


def _told(row):
    return row["index"], row["digest"], row["leaf_hash"]


def _pages(observer):
    told, after = [], None
    for _ in range(1000):
        query = "limit=50" + (f"&after={after}" if after is not None else "")
        rows = _rows(json.loads(observer.client.get(f"/api/v1/events?{query}")))
        if not rows:
            break
        told += [_told(row) for row in rows]
        after = rows[-1]["index"]
    same(told, _expected(observer), "entries")


def _filters(observer, tale):
    state = observer.state
    stream = _rows(json.loads(observer.client.get(f"/api/v1/events?limit=1000&stream={tale.stream}")))
    same(len(stream), state.stream(tale.stream).revision, "events of one stream")
    founded = _rows(json.loads(observer.client.get("/api/v1/events?limit=1000&type=LedgerGenesis")))
    same([row["index"] for row in founded], [0], "events of one type")
    known, (index, digest) = list(state.events.items())[-1]
    for key in (known, str(index)):
        row = json.loads(observer.client.get(f"/api/v1/events/{key}"))
        same((row["index"], row["digest"]), (index, digest), f"event {key}")


def _live(observer):
    """Server-sent events after entry 2, up to the newest."""
    link = http.client.HTTPConnection(observer.client.address, timeout=LONGEST_WAIT)
    told = []
    try:
        link.request("GET", "/api/v1/events/stream", headers={"Last-Event-ID": "2"})
        got = link.getresponse()
        same(got.status, 200, "status of the stream")
        same(got.getheader("Content-Type").split(";")[0], "text/event-stream", "content type")
        place, data = None, []
        while len(told) < observer.state.size - 3:
            line = got.fp.readline().decode().rstrip("\r\n") if not got.chunked else _line(got)
            if line.startswith("id:"):
                place = int(line[3:].strip())
            elif line.startswith("data:"):
                data.append(line[5:].strip())
            elif not line and data:
                row = json.loads("\n".join(data))
                same(row["index"], place, "index within the data")
                told.append(_told(row))
                data = []
    finally:
        link.close()
    same(told, _expected(observer)[3:], "entries of the stream")


def _line(answer):
    found = b""
    while not found.endswith(b"\n"):
        byte = answer.read(1)
        if not byte:
            raise EOFError("the stream ended")
        found += byte
    return found.decode().rstrip("\r\n")


def _as_of(observer, tale):
    """The main agreement after each of its events, from a state replayed to that size."""
    from rules import State

    state, key = State(observer.state.library), tale.stream.removeprefix("agr:")
    names = {
        "A": "APPROVING", "F": "FILED", "P": "APPROVED", "S": "SUSPENDED", "V": "ACTIVE", "X": "CLOSED",
    }
    compared = 0
    for data in observer.entries:
        event = state.replay(data)
        if event.stream == tale.stream:
            told = json.loads(observer.client.get(f"/api/v1/agreements/{key}?as_of={state.size}&at={london.spell(state.last)}"))
            same(told["state"], names[state.agreements[tale.stream].state], f"state after {state.size} entries")
            compared += 1
    same(compared > 5, True, "several events were compared")
    first = next(i for i, data in enumerate(observer.entries) if tale.stream.encode() in _payload(data))
    answer = observer.client.ask("GET", f"/api/v1/agreements/{key}?as_of={first}")
    same(answer.status, 404, "before it was filed")


def _payload(data):
    return dsse.unb64(jcs.read(data)["envelope"]["payload"])


def _headers(observer, tale):
    path = f"/api/v1/agreements/{tale.stream.removeprefix('agr:')}"
    answer = observer.client.ask("GET", path)
    found = {name.lower(): value for name, value in answer.headers.items()}
    same(int(found["counterpart-size"]), observer.state.size, "Counterpart-Size")
    same(found["counterpart-root"], dsse.b64(observer.root()), "Counterpart-Root")
    late = observer.client.ask("GET", path, headers={"Counterpart-Min-Size": str(observer.state.size + 1000)})
    same(late.status, 503, "a size that is not reached")
    now = observer.client.ask("GET", path, headers={"Counterpart-Min-Size": str(observer.state.size)})
    same(now.status, 200, "a size that is reached")


def _prepare(observer, tale):
    data = {"text": Words("text", "A note that is prepared."), "visibility": "PARTIES"}
    made = draft(tale.state, "NoteRecorded", tale.stream, data, tale.cast["CMD.LGL"])
    asked = {name: value for name, value in made.payload.items() if name not in ("ledger", "v")}
    answer = observer.client.post("/api/v1/prepare", asked)
    same(answer.status, 200, f"status of {answer}")
    found = answer.json()
    payload = found["payload"]
    payload = jcs.spell(payload) if isinstance(payload, dict) else dsse.unb64(payload)
    same(payload, made.bytes(), "payload")
    same(found["digest"], dsse.digest(payload), "digest")
    stream = observer.state.stream(tale.stream)
    same((found["revision"], found["barrier"]), (stream.revision, stream.barrier), "revision and barrier")


def _proofs(observer):
    import note

    size = observer.state.size
    for index in (0, size // 2, size - 1):
        text = observer.client.log(f"proof/{index}?size={size}").decode()
        place, signed, _ = note.proof(text, observer.state.leaves[index], observer.verifier)
        same((place, signed.size), (index, size), "index and size of a proof")
    answer = observer.client.ask("GET", f"/log/proof/{size}?size={size}")
    same(answer.status, 404, "a proof beyond the checkpoint")


def _others(observer):
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/problems/T01", "/api/v1/organisations", "/api/v1/agreements"):
        observer.client.get(path)
    same(json.loads(observer.client.get("/openapi.json"))["openapi"][:3], "3.1", "OpenAPI")
    body = json.loads(observer.client.get("/api/v1/organisations/CMD"))
    same(body["code"], "CMD", "an organisation")

"""A stand-in for the server, made of the outsider's own decider: `run.py --rehearse`.

It proves nothing about the program. It shows that the story and the attacks are in
themselves what the outsider believes, and that each check can be met; the same steps
then run against the real server.
"""

import base64
import hashlib
import json
import threading

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import dsse
import event as events
import header as headers
import jcs
import keys
import london
import tree
import observer
import reference
from client import Answer
from directory import Refused
from rules import State


_NAMES = {
    "A": "APPROVING", "C": "CLARIFYING", "E": "ENDING", "F": "FILED", "G": "NEGOTIATING", "L": "LAPSED", "P": "APPROVED",
    "R": "REFUSED", "S": "SUSPENDED", "V": "ACTIVE", "W": "WITHDRAWN", "X": "CLOSED",
}


def new_log_key(origin):
    """(private key, vkey) of a key that signs checkpoints of a log."""
    private = Ed25519PrivateKey.generate()
    typed = b"\x01" + private.public_key().public_bytes_raw()
    found = hashlib.sha256(origin.encode() + b"\n" + typed).digest()[:4]
    return private, f"{origin}+{found.hex()}+{dsse.b64(typed)}"


class Rehearsal:
    """Plays both the program and the client of it."""

    TALKS = False

    def __init__(self, library):
        self.state = State(library)
        self.entries, self.receipts, self._lock = [], {}, threading.Lock()
        self._answer_key = Ed25519PrivateKey.generate()

    # The program.

    def print_genesis(self, origin):
        self.origin = origin
        self._log_key, self.vkey = new_log_key(origin)
        self._id = bytes.fromhex(self.vkey.split("+")[1])
        answer = self._answer_key.public_key().public_bytes_raw()
        lists, policies = reference.manifest()
        return {"data": {
            "answer_keys": [{"key": keys.keyid(answer), "public": dsse.b64(answer)}],
            "code_lists": lists, "log_keys": [self.vkey], "origin": origin, "policies": policies,
            "rules": 1,
        }}

    def found(self, submission):
        self._record(submission)

    def serve(self):
        return self

    def stop(self):
        return 0

    def kill(self):
        pass

    def separation(self):
        return False, "a rehearsal has no server to keep the keys from"

    # The client.

    def get(self, path):
        if path == "/log/vkey":
            return self.vkey.encode() + b"\n"
        path, _, query = path.partition("?at=")
        at = london.instant(query) if query else london.now()
        found = self.state.agreement("agr:" + path.rsplit("/", 1)[-1], at)
        rows = [
            {"organisation": code, "state": observer.PARTY_NAMES[party.state]}
            for code, party in found.parties.items()
        ]
        return json.dumps({
            "parties": rows, "state": _NAMES[found.state], "version": found.version,
            "version_hash": found.version_hash,
        }).encode()

    def log(self, path):
        if path == "checkpoint":
            return self._checkpoint().encode()
        parts = path.removeprefix("tile/").split(".p/")
        level, n = parts[0].split("/", 1)
        place = int(n.replace("x", "").replace("/", ""))
        width = int(parts[1]) if len(parts) == 2 else tree.WIDTH
        if level == "entries":
            chosen = self.entries[place * tree.WIDTH :][:width]
            return b"".join(len(e).to_bytes(2, "big") + e for e in chosen)
        hashes = self.state.leaves
        for _ in range(int(level)):
            full = len(hashes) // tree.WIDTH
            hashes = [tree.root(hashes[i * tree.WIDTH :][: tree.WIDTH]) for i in range(full)]
        return b"".join(hashes[place * tree.WIDTH :][:width])

    def post(self, path, value):
        assert path == "/api/v1/validate"

        def with_words(inner, at):
            if isinstance(inner, dict) and "$commit" in inner:
                return value["words"][at]
            if isinstance(inner, dict):
                return {n: with_words(v, f"{at}/{n}") for n, v in inner.items()}
            if isinstance(inner, list):
                return [with_words(v, f"{at}/{n}") for n, v in enumerate(inner)]
            return inner

        header = headers.derive(
            with_words(value["terms"], ""), value["parties"], self.state.bodies(), self.state.book.reference
        )
        return self._answer(200, {"header": header, "messages": []})

    def ask(self, method, path, body=None, kind="application/json"):
        assert method == "POST"
        if path == "/api/v1/events/batch":
            answers = [self.ask("POST", "/api/v1/events", line) for line in body.splitlines()]
            return Answer(200, {"Content-Type": kind}, b"\n".join(a.body for a in answers))
        assert path == "/api/v1/events"
        with self._lock:
            return self._admit(body)

    def _admit(self, body):
        verdict = self.state.decide(body, london.now())
        if verdict.code:
            return self._refuse(verdict.code, body)
        submission = jcs.read(body, deepest=64)
        if verdict.repeat:
            return self._answer(200, self.receipts[self._id_of(submission)])
        return self._answer(201, self._record(submission))

    # Behind both.

    def _id_of(self, submission):
        return json.loads(base64.b64decode(submission["envelope"]["payload"]))["id"]

    def _record(self, submission):
        data = dsse.entry(submission["envelope"], london.spell(london.now()))
        event = self.state.replay(data)
        self.entries.append(data)
        index, text = self.state.size - 1, self._checkpoint()
        path = [dsse.b64(h) for h in tree.inclusion(self.state.leaves, index)]
        self.receipts[event.id] = {
            "checkpoint": text, "digest": event.digest, "id": event.id, "index": index,
            "leaf_hash": dsse.b64(self.state.leaves[-1]),
            "proof": "\n".join(["c2sp.org/tlog-proof@v1", f"index {index}", *path, "", text]),
            "recorded_at": london.spell(self.state.last),
            "revision": self.state.stream(event.stream).revision, "standing": "RECORDED",
            "stream": event.stream,
        }
        return self.receipts[event.id]

    def _checkpoint(self, leaves=None):
        leaves = self.state.leaves if leaves is None else leaves
        text = f"{self.origin}\n{len(leaves)}\n{dsse.b64(tree.root(leaves))}\n"
        return f"{text}\n\u2014 {self.origin} {dsse.b64(self._id + self._log_key.sign(text.encode()))}\n"

    def _answer(self, status, value, kind="application/json"):
        return Answer(status, {"Content-Type": kind}, json.dumps(value).encode())

    def _refuse(self, code, body):
        status = observer.status_of(code)
        problem = {"code": code, "detail": "", "status": status, "title": "", "type": f"/problems/{code}"}
        problem["messages"] = [{"code": code, "severity": "error"}]
        try:
            envelope, _ = events.read_submission(body)
            events.open_event(envelope, self.state.library)
        except Refused:
            return self._answer(status, problem, "application/problem+json")
        said = jcs.spell({
            "at": london.spell(london.now()), "code": code,
            "digest": dsse.digest(dsse.unb64(envelope["payload"])), "ledger": self.state.identity,
            "root": dsse.b64(tree.root(self.state.leaves)), "size": self.state.size,
        })
        public = self._answer_key.public_key().public_bytes_raw()
        signature = self._answer_key.sign(dsse.pae(dsse.REFUSAL, said))
        problem["refusal"] = dsse.seal(said, {keys.keyid(public): signature}, dsse.REFUSAL)
        return self._answer(status, problem, "application/problem+json")


class Unpublished:
    """In the place of schemas that are not published yet: everything fits."""

    def has(self, path):
        return True

    def problems(self, path, value):
        return [] if isinstance(value, dict) else ["not an object"]

    def commitment(self, path, pointer):
        return None

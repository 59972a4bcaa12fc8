"""Sends what others signed, and believes nothing that comes back before it was checked."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import dsse
import jcs
import keys
import london
import note
import tree
from directory import Refused
from rules import State

RECEIPT = {
    "checkpoint", "digest", "id", "index", "leaf_hash", "proof", "recorded_at", "revision",
    "standing", "stream",
}
_STATUS = {"E": 400, "K": 403, "R": 403, "O": 403, "D": 403, "C": 409, "T": 422, "V": 422, "G": 422}
PARTY_NAMES = {
    "i": "INVITED", "s": "SIGNING", "x": "EXECUTED", "d": "DECLINED", "p": "SUSPENDED",
    "l": "LEAVING", "o": "LEFT",
    "q": "REQUESTED", "n": "NOT_ADOPTED", "u": "SUCCEEDED", "m": "IMPORTED", "k": "DISPUTED",
}
_LONGEST_TURN = 120  # Seconds that a client waits for its turn.
_UNSIGNED = {"E01", "E02", "E03", "E04", "E05"}


def status_of(code):
    """The HTTP status of a code."""
    return {"E05": 413, "T01": 404}.get(code, _STATUS[code[0]])


class Disagreement(AssertionError):
    """The server and the outsider differ."""


def same(found, wanted, what):
    if found != wanted:
        raise Disagreement(f"{what}: found {found!r}, expected {wanted!r}")


class Report:
    """Prints each step and counts."""

    def __init__(self):
        self.passed = self.failed = 0
        self.tells = True

    def part(self, work, *arguments):
        """Runs a part of many steps; what breaks the part itself is one failure more."""
        try:
            return work(*arguments)
        except Exception as error:  # The steps before it failed: the part cannot go on.
            self.failed += 1
            name = getattr(work, "__name__", "a part")
            print(f"FAILED  {name} was given up\n        {type(error).__name__}: {error}", flush=True)
            return None

    def step(self, title, work, *arguments):
        """Runs one step; a failure is printed and counted, and the run goes on."""
        try:
            found = work(*arguments)
        except Exception as error:  # Whatever goes wrong in a step is that step's failure.
            self.failed += 1
            print(f"FAILED  {title}\n        {type(error).__name__}: {error}", flush=True)
            return None
        self.passed += 1
        if self.tells:
            print(f"ok      {title}", flush=True)
        return found


def printed(message):
    """A message as the domain page prints it, whole; `{}` stands for what is filled in."""
    return re.compile(".+".join(map(re.escape, message.split("{}"))), re.DOTALL)


class Observer:
    """Keeps the outsider's own state beside the server's and compares at every event."""

    def __init__(self, client, library, verifier):
        self.client, self.verifier = client, verifier
        self.state, self.entries, self.last, self.words = State(library), [], None, {}
        self.largest_envelope = self.largest_header = 0

    def genesis_vkey(self):
        """The log's key that the genesis pins."""
        return self.state.genesis["log_keys"][0]

    def root(self):
        """The root of what the outsider has replayed."""
        return tree.root(self.state.leaves)

    def replay(self, data):
        """Decides one entry again and keeps it."""
        self.state.replay(data)
        self.entries.append(data)

    def catch_up(self):
        """Reads what the log has and the outsider has not, after a step that failed."""
        size = self.size()
        while self.state.size < size:
            n = self.state.size // tree.WIDTH
            width = min(size - n * tree.WIDTH, tree.WIDTH)
            held = tree.open_bundle(self.client.log(tree.path("entries", n, width)))
            for data in held[self.state.size - n * tree.WIDTH :]:
                try:
                    self.replay(data)
                except Refused as refused:
                    print(f"note    entry {self.state.size} was recorded, and the outsider says {refused}", flush=True)
                    self.state.take(data)
                    self.entries.append(data)

    def submit(self, draft):
        """Sends an event that both must admit. Gives its id."""
        submission = draft.submission()
        body = json.dumps(submission, ensure_ascii=False).encode()
        verdict = self.state.decide(body, london.now())
        answer = self.client.ask("POST", "/api/v1/events", body)
        same(verdict.code, None, f"the outsider's verdict ({verdict.why}; the server: {answer.status} {answer.code})")
        same(answer.status, 201, f"status of {answer}")
        self.check_receipt(answer.json(), submission["envelope"], draft.payload)
        self.words[draft.payload["id"]] = submission["disclosures"]
        return draft.payload["id"]

    def check_receipt(self, receipt, envelope, payload):
        """Every member of a receipt, from the envelope that was sent."""
        same(set(receipt), RECEIPT, "members of the receipt")
        data = dsse.entry(envelope, receipt["recorded_at"])
        leaf = tree.leaf(data)
        index, found, text = note.proof(receipt["proof"], leaf, self.verifier)
        same(text, receipt["checkpoint"], "the proof's checkpoint")
        same(found, note.checkpoint(receipt["checkpoint"], self.verifier), "the checkpoint")
        same(dsse.unb64(receipt["leaf_hash"], 32), leaf, "leaf hash")
        same((index, receipt["index"]), (self.state.size,) * 2, "index")
        same(receipt["digest"], dsse.digest(jcs.spell(payload)), "digest")
        same((receipt["id"], receipt["stream"]), (payload["id"], payload["stream"]), "id and stream")
        same(receipt["standing"], "RECORDED", "standing of a ledger without witnesses")
        self.replay(data)
        self.last = receipt, envelope
        self.largest_envelope = max(self.largest_envelope, len(dsse.spell(envelope)))
        self.largest_header = max(self.largest_header, len(jcs.spell(payload["data"].get("header", {}))))
        same(receipt["revision"], self.state.stream(payload["stream"]).revision, "revision")
        same(found.size >= self.state.size, True, "the checkpoint covers the event")
        if found.size == self.state.size:
            same(found.root, tree.root(self.state.leaves), "root")

    def attempt(self, submission, code, says=None):
        """Sends what both must refuse with one code. `submission` is a dict or raw bytes."""
        body = submission
        if not isinstance(body, bytes):
            body = json.dumps(submission, ensure_ascii=False).encode()
        self._check_refused(body, code, self.state.decide(body, london.now()), says)

    def attempt_any(self, submission, code, says=None):
        """Sends what breaks rules of both kinds; the log rules say no as well."""
        body = json.dumps(submission, ensure_ascii=False).encode()
        same(self.state.decide(body, london.now()).code is not None, True, "the log rules refuse it")
        self._check_refused(body, code, says=says)

    def attempt_words(self, submission, code, says=None):
        """Sends what only the server refuses, for its words; the log rules have nothing to say."""
        body = json.dumps(submission, ensure_ascii=False).encode()
        same(self.state.decide(body, london.now()).code, None, "the verdict of the log rules")
        self._check_refused(body, code, says=says)

    def _check_refused(self, body, code, verdict=None, says=None):
        before = self.size()
        answer = self.client.ask("POST", "/api/v1/events", body)
        told = answer.code
        if verdict is not None:
            same(verdict.code, code, f"the outsider's verdict ({verdict.why}; the server: {answer.status} {told})")
        messages = answer.json().get("messages") if answer.status == 422 else None
        if messages:
            # All messages of the door come at once; the problem's own code is that of the first error.
            codes = [m["code"] for m in messages if m["severity"] == "error"]
            same(code in codes and told in codes, True, f"{code} within {codes}, code {told}")
        else:
            same(told, code, f"code of {answer}")
        same(answer.status, status_of(code), f"status of {code}")
        if says and self.client.TALKS:
            told_words = [answer.json()["detail"], *(m["message"] for m in answer.json().get("messages", []))]
            same(any(printed(says).fullmatch(words) for words in told_words), True, f"`{says}` among {told_words}")
        kind = answer.headers.get("Content-Type") or answer.headers.get("content-type", "")
        same(kind.split(";")[0], "application/problem+json", "content type")
        problem = answer.json()
        same(problem["type"].endswith(f"/problems/{told}"), True, "type of the problem")
        same(problem["status"], answer.status, "status within the problem")
        if code not in _UNSIGNED:
            self.check_refusal(problem["refusal"], json.loads(body)["envelope"], told)
        same(self.size(), before, "size of the log after a refusal")

    def check_refusal(self, refusal, envelope, code):
        """A signed refusal names the event, the rule and the log it was judged by."""
        payload, signatures = dsse.open_envelope(refusal, dsse.REFUSAL)
        known = {
            key["key"]: dsse.unb64(key["public"], 32) for key in self.state.genesis["answer_keys"]
        }
        signed = dsse.pae(dsse.REFUSAL, payload)
        good = [k for k, s in signatures.items() if k in known and keys.verify(known[k], s, signed)]
        same(bool(good), True, "a refusal is signed by an answer key of the genesis")
        said = jcs.read_canonical(payload)
        same(set(said), {"at", "code", "digest", "ledger", "root", "size"}, "members of a refusal")
        same(said["code"], code, "code of the refusal")
        same(said["ledger"], self.state.identity, "ledger of the refusal")
        same(said["digest"], dsse.digest(dsse.unb64(envelope["payload"])), "digest of the refusal")
        same(said["size"], self.state.size, "size of the refusal")
        same(dsse.unb64(said["root"], 32), tree.root(self.state.leaves), "root of the refusal")
        london.instant(said["at"])

    def repeat(self, submission, first_index):
        """The same event again: 200, the first receipt, nothing added."""
        body = json.dumps(submission, ensure_ascii=False).encode()
        same(self.state.decide(body, london.now()).repeat, True, "the outsider's verdict")
        before = self.size()
        answer = self.client.ask("POST", "/api/v1/events", body)
        same(answer.status, 200, f"status of {answer}")
        same(answer.json()["index"], first_index, "index of the first receipt")
        same(self.size(), before, "size of the log")

    def batch(self, good, bad, code):
        """Two submissions in one request: the refused line does not stop the next."""
        sent = [bad.submission(), good.submission()]
        lines = [json.dumps(one, ensure_ascii=False).encode() for one in sent]
        verdicts = [self.state.decide(line, london.now()).code for line in lines]
        same(verdicts, [code, None], "the outsider's verdicts")
        path = "/api/v1/events/batch"
        answer = self.client.ask("POST", path, b"\n".join(lines) + b"\n", "application/x-ndjson")
        same(answer.status, 200, f"status of {answer}")
        problem, receipt = [json.loads(line) for line in answer.body.splitlines() if line.strip()]
        same(problem["code"], code, "code of the first line")
        self.check_refusal(problem["refusal"], sent[0]["envelope"], code)
        self.check_receipt(receipt, sent[1]["envelope"], good.payload)

    def together(self, drafts):
        """Sends events from as many clients at once; each must be admitted, in whatever order."""
        made = [(d.submission(), d.payload) for d in drafts]
        bodies = [json.dumps(s, ensure_ascii=False).encode() for s, _ in made]
        verdicts = {self.state.decide(body, london.now()).code for body in bodies}
        same(verdicts, {None}, "the outsider's verdicts")
        with ThreadPoolExecutor(len(bodies)) as clients:
            answers = list(clients.map(lambda body: self.client.ask("POST", "/api/v1/events", body), bodies))
        same([a.status for a in answers], [201] * len(answers), f"statuses ({[a.code for a in answers]})")
        self._check_all(zip([a.json() for a in answers], made))

    def in_turns(self, chains, clients):
        """Sends events from many clients at once. Each chain is a list of turns; a turn waits for the one before.

        Every event was drafted at the start, so that only a barrier could stop those who come late.
        """
        made, answers, done = {}, {}, {}
        for number, chain in enumerate(chains):
            for turn, drafts in enumerate(chain):
                for place, one in enumerate(drafts):
                    made[turn, number, place] = one.submission(), one.payload
                    done[turn, number, place] = threading.Event()

        def send(key):
            turn, number, _ = key
            for before in (other for other in done if other[:2] == (turn - 1, number)):
                done[before].wait(_LONGEST_TURN)
            body = json.dumps(made[key][0], ensure_ascii=False).encode()
            try:
                answers[key] = self.client.ask("POST", "/api/v1/events", body)
            finally:
                done[key].set()

        with ThreadPoolExecutor(clients) as hands:
            list(hands.map(send, sorted(made)))
        told = {answers[key].code for key in made if answers[key].status != 201}
        same(told, set(), f"codes of {sum(a.status != 201 for a in answers.values())} refusals")
        self._check_all((answers[key].json(), made[key]) for key in sorted(made))
        return len(answers)

    def many(self, drafts):
        """Sends events in one batch; each must be admitted, in order."""
        made = [(d.submission(), d.payload) for d in drafts]
        lines = [json.dumps(s, ensure_ascii=False).encode() for s, _ in made]
        path = "/api/v1/events/batch"
        answer = self.client.ask("POST", path, b"\n".join(lines) + b"\n", "application/x-ndjson")
        same(answer.status, 200, f"status of {answer}")
        receipts = [json.loads(line) for line in answer.body.splitlines() if line.strip()]
        same(len(receipts), len(lines), "lines of the answer")
        refused = [r["code"] for r in receipts if "code" in r]
        same(refused, [], "refused lines")
        indices = [r["index"] for r in receipts]
        same(indices, sorted(indices), "a batch is decided in order")
        self._check_all(zip(receipts, made))

    def _check_all(self, found):
        """Receipts of several events, in the order of their indices, then their roots."""
        found = sorted(found, key=lambda pair: pair[0]["index"])
        for receipt, (submission, payload) in found:
            self.check_receipt(receipt, submission["envelope"], payload)
        for receipt, _ in found:
            signed = note.checkpoint(receipt["checkpoint"], self.verifier)
            if signed.size <= self.state.size:
                same(signed.root, tree.root(self.state.leaves[: signed.size]), "root of a receipt")

    def compare(self, stream, name, letter, at=None):
        """One agreement as both sides tell it: state, version, parties, missing roles."""
        mine = self.state.agreement(stream, at or london.now())
        same(mine.state, letter, "the outsider's state")
        path = f"/api/v1/agreements/{stream.removeprefix('agr:')}"
        answer = self.client.get(path + (f"?at={london.spell(at)}" if at else ""))
        theirs = json.loads(answer)
        same(theirs["state"], name, "state")
        same((theirs["version"], theirs["version_hash"]), (mine.version, mine.version_hash), "version")
        rows = {row["organisation"]: row["state"] for row in theirs["parties"]}
        same(rows, {code: PARTY_NAMES[p.state] for code, p in mine.parties.items()}, "parties")

    def hostile_paths(self):
        """Paths of tiles that are not canonical, or lie beyond the checkpoint: 404."""
        size = self.size()
        beyond = tree.path("entries", size // tree.WIDTH, size % tree.WIDTH + 1)
        for path in [
            "tile/0/x000/000", "tile/0/0", "tile/0/000.p/256", "tile/0/000.p/0", "tile/0/000.p/01",
            "tile/64/000", "tile/00/000", "tile/0/999", "tile/0/../../checkpoint", beyond,
            f"data/{'0' * 64}", "data/../checkpoint",
        ]:
            same(self.client.ask("GET", f"/log/{path}").status, 404, f"status of {path}")

    def other_statuses(self):
        """What is not an event at all: another method, another content type."""
        same(self.client.ask("PUT", "/api/v1/events", b"{}").status, 405, "status of PUT")
        answer = self.client.ask("POST", "/api/v1/events", b"{}", "text/plain")
        same((answer.status, answer.code), (415, "H415"), "text/plain")

    def size(self):
        """The size that the log signs now."""
        text = self.client.log("checkpoint").decode()
        return note.checkpoint(text, self.verifier).size

    def audit(self, library):
        """Everything again from `/log/*` alone. Gives the state that the entries make."""
        found = note.checkpoint(self.client.log("checkpoint").decode(), self.verifier)
        state = State(library)
        for n, width in tree.pieces(found.size):
            for data in tree.open_bundle(self.client.log(tree.path("entries", n, width))):
                state.replay(data)
        same(state.size, found.size, "entries in the bundles")
        same(state.leaves, self.state.leaves, "leaves, beside those of the receipts")
        _, top = tree.check_tiles(state.leaves, self.client.log)
        same(top, found.root, "root from the published tiles")
        same(tree.root(state.leaves), found.root, "root from the entries")
        same(state.book, self.state.book, "keys, roles and organisations")
        same(state.agreements, self.state.agreements, "agreements")
        return state

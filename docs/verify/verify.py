#!/usr/bin/env python3
"""Checks a receipt, a `.tlog-proof` or an evidence bundle of a Counterpart ledger, offline.

    verify.py FILE --vkey KEY          the log's key, as `GET /log/vkey` prints it
    verify.py FILE --policy POLICY     a tlog-policy: the log, its witnesses, their quorum
        [--envelope FILE]              the signed envelope, for a receipt that carries none
        [--entry FILE]                 the bytes of the entry, for a proof
        [--leaf BASE64]                or only its leaf hash

It needs Python 3.11 and either the package `cryptography` or the `openssl` command, and shares
no line with the ledger: whoever reads these pages can see what was checked. It prints each thing
that it checked. Exit code 0: all good; 1: could not look; 2: usage; 4: something is not as it says.
"""

import argparse
import base64
import hashlib
import hmac
import json
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

EVENT = "application/vnd.counterpart.event.v1+json"
SPKI = bytes.fromhex("302a300506032b6570032100")
P = 2**255 - 19
# The points of small order: a key or a signature made with one proves nothing.
SMALL = {bytes.fromhex(h) for h in (
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
)}


class Wrong(Exception):
    """Something is not as the file says."""


def need(met, what):
    if not met:
        raise Wrong(what)


def unb64(text, length=None):
    """Standard padded base64 in its one canonical spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, TypeError):
        raise Wrong(f"`{str(text)[:40]}` is not base64") from None
    need(base64.b64encode(data).decode() == text, f"`{text[:40]}` is not canonical base64")
    need(length in (None, len(data)), f"{len(data)} bytes where {length} belong")
    return data


# Ed25519.


def is_signed(public, signature, message):
    """RFC 8032, cofactorless; neither key nor R of small order or in a second spelling."""
    if len(public) != 32 or len(signature) != 64:
        return False
    for point in (public, signature[:32]):
        if point in SMALL or int.from_bytes(point, "little") & (2**255 - 1) >= P:
            return False
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return _is_signed_by_openssl(public, signature, message)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _is_signed_by_openssl(public, signature, message):
    with tempfile.TemporaryDirectory() as folder:
        names = {name: Path(folder) / name for name in ("key", "sig", "text")}
        names["key"].write_bytes(SPKI + public)
        names["sig"].write_bytes(signature)
        names["text"].write_bytes(message)
        command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER"]
        command += ["-inkey", names["key"], "-sigfile", names["sig"], "-in", names["text"]]
        return subprocess.run(command, capture_output=True).returncode == 0


# Keys, notes and policies (C2SP signed-note, tlog-cosignature, tlog-policy).


def read_vkey(text):
    """(name, key id, type, public bytes) of `name+id+base64`."""
    name, _, rest = text.strip().partition("+")
    shown, _, data = rest.partition("+")
    data = unb64(data)
    need(name and len(data) == 33 and data[0] in (1, 4), "a vkey is name+id+key, of type 1 or 4")
    wanted = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    need(shown == wanted.hex(), f"the id of the key of {name} does not belong to it")
    return name, wanted, data[0], data[1:]


class Policy:
    """Which log, and whose cosignatures are enough."""

    def __init__(self, log):
        self.log, self.witnesses, self.groups, self.quorum = log, {}, {}, None

    @classmethod
    def read(cls, text):
        """Lines `log`, `witness`, `group`, and one `quorum`."""
        found = cls(None)
        for line in text.splitlines():
            words = line.split("#", 1)[0].split()
            match words:
                case []:
                    pass
                case ["log", vkey, *_]:
                    found.log = read_vkey(vkey)
                case ["witness", name, vkey, *_]:
                    need(name not in found.witnesses | found.groups, f"{name} stands twice in the policy")
                    found.witnesses[name] = read_vkey(vkey)
                case ["group", name, least, *members]:
                    known = found.witnesses | found.groups
                    need(name not in known and all(m in known for m in members), f"group {name}")
                    need(len(set(members)) == len(members), f"group {name} names one twice")
                    number = {"all": len(members), "any": 1}.get(least) or int(least)
                    need(1 <= number <= len(members), f"group {name} asks for {least}")
                    found.groups[name] = number, members
                case ["quorum", name] if found.quorum is None:
                    need(name == "none" or name in found.witnesses | found.groups, f"quorum {name}")
                    found.quorum = name
                case _:
                    raise Wrong(f"the policy line `{line.strip()}` is not known")
        keys = [key for _, _, _, key in found.witnesses.values()]
        need(len(set(keys)) == len(keys), "one key stands for two witnesses")
        need(found.log and found.quorum, "a policy names a log and a quorum")
        return found

    def is_met(self, name, seen):
        if name in self.groups:
            least, members = self.groups[name]
            return sum(self.is_met(member, seen) for member in members) >= least
        return name in seen


def open_checkpoint(note, policy, told):
    """(size, root) of a checkpoint that the log signed, and the witnesses that the policy asks for."""
    need(not any(ord(c) < 32 and c != "\n" for c in note), "the checkpoint has control characters")
    cut = note.rfind("\n\n")
    need(cut > 0 and note.endswith("\n"), "the checkpoint has no signatures")
    text, lines = note[: cut + 1], note[cut + 2 : -1].split("\n")
    name, log_id, _, log_key = policy.log
    signed, seen = False, {}
    for line in lines:
        form = re.fullmatch(r"\u2014 ([^\s+]+) (\S+)", line)
        need(form, f"`{line[:40]}` is not a signature line")
        who, data = form[1], unb64(form[2])
        if (who, data[:4]) == (name, log_id):
            need(is_signed(log_key, data[4:], text.encode()), "the log's signature does not verify")
            signed = True
        for witness, (title, key_id, _, key) in policy.witnesses.items():
            if (who, data[:4]) == (title, key_id):
                at = int.from_bytes(data[4:12], "big")
                said = f"cosignature/v1\ntime {at}\n{text}"
                need(is_signed(key, data[12:], said.encode()), f"the cosignature of {witness} does not verify")
                seen[witness] = at
    need(signed, f"the checkpoint is not signed by {name} with this key")
    parts = text.split("\n")
    need(len(parts) >= 4 and parts[0] == name, "the checkpoint is of another log")
    need(re.fullmatch(r"0|[1-9]\d*", parts[1]), "the size of the checkpoint is no number")
    told.append(f"the checkpoint of size {parts[1]} is signed by {name}")
    if policy.quorum not in (None, "none"):
        need(policy.is_met(policy.quorum, seen), f"{len(seen)} witnesses cosigned; the policy asks for {policy.quorum}")
        told.append(f"{len(seen)} witnesses cosigned it, which meets the policy's `{policy.quorum}`")
    else:
        told.append("not witnessed: only the log itself vouches that everybody sees this history")
    return int(parts[1]), unb64(parts[2], 32)


# The tree (RFC 6962).


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaf, index, size, path):
    """The root that an inclusion path leads to."""
    need(index < size, f"entry {index} is not within {size}")
    at, last, found = index, size - 1, leaf
    for step in path:
        need(last > 0, "the path is too long")
        if at & 1 or at == last:
            found = node(step, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, step)
        at, last = at >> 1, last >> 1
    need(last == 0, "the path is too short")
    return found


def check_proof(text, leaf, policy, told):
    """A `.tlog-proof` for a leaf. Gives its index."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    need(lines.pop(0) == "c2sp.org/tlog-proof@v1", "not a tlog-proof")
    extra = unb64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
    form = re.fullmatch(r"index (0|[1-9]\d*)", lines.pop(0) if lines else "")
    need(form, "the proof names no index")
    if leaf is None:
        need(extra is not None, "give the entry (--entry) or its leaf hash (--leaf): the proof carries neither")
        leaf = hashlib.sha256(b"\x00" + extra).digest()
    size, root = open_checkpoint(note, policy, told)
    index = int(form[1])
    need(root_of(leaf, index, size, [unb64(line, 32) for line in lines]) == root, "the path does not lead to the root")
    told.append(f"entry {index} is in the log of {size} entries")
    return index, note


# Receipts.


def spell(value):
    """RFC 8785, for the little that a receipt needs: ASCII strings in objects and lists."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    need(text.isascii(), "an envelope has only ASCII")
    return text


def entry_of(envelope, recorded_at):
    """The bytes of the log's entry, from the envelope in its one spelling."""
    need(set(envelope) == {"payload", "payloadType", "signatures"}, "not an envelope")
    need(envelope["payloadType"] == EVENT, "the envelope is not an event's")
    lines = [{"keyid": s["keyid"], "sig": s["sig"]} for s in envelope["signatures"]]
    lines.sort(key=lambda line: line["keyid"])
    # The envelope keeps its own order of members, which happens to be the sorted one.
    return spell({"envelope": {**envelope, "signatures": lines}, "recorded_at": recorded_at}).encode()


def check_receipt(receipt, envelope, policy, told):
    """Every member of a receipt that can be checked without the ledger."""
    leaf = unb64(receipt["leaf_hash"], 32)
    index, note = check_proof(receipt["proof"], leaf, policy, told)
    need(note == receipt["checkpoint"], "the proof's checkpoint is not the receipt's")
    need(index == receipt["index"], "the proof is of another entry than the receipt")
    envelope = receipt.get("envelope", envelope)
    if envelope is None:
        told.append("the event itself was not looked at: the receipt carries no envelope (--envelope)")
        return
    data = entry_of(envelope, receipt["recorded_at"])
    need(hashlib.sha256(b"\x00" + data).digest() == leaf, "the envelope is not the one that was recorded")
    payload = unb64(envelope["payload"])
    pae = b"DSSEv1 %d %s %d %s" % (len(EVENT), EVENT.encode(), len(payload), payload)
    need(hashlib.sha256(pae).hexdigest() == receipt["digest"], "the digest is of another event")
    said = json.loads(payload)
    need(said["id"] == receipt["id"] and said["stream"] == receipt["stream"], "id or stream differ")
    told.append(f"the event {said['type']} {said['id']} was recorded at {receipt['recorded_at']}")
    told.append("who may sign it is not decided here: that takes the whole log (`counterpart audit`)")


# Evidence bundles (README.md beside this file says what is in one).


def lines_of(files, name):
    need(name in files, f"the bundle has no {name}")
    return files[name].decode().splitlines()


def check_bundle(path, policy, told):
    """A zip of entries, their proofs, the words that may be seen, and reference data."""
    with zipfile.ZipFile(path) as held:
        names = [info.filename for info in held.infolist()]
        need(len(set(names)) == len(names), "a name stands twice in the bundle")
        files = {name: held.read(name) for name in names}
    need("checkpoint" in files, "the bundle has no checkpoint")
    size, root = open_checkpoint(files["checkpoint"].decode(), policy, told)
    entries, proofs = lines_of(files, "entries.jsonl"), lines_of(files, "proofs.jsonl")
    need(entries and len(entries) == len(proofs), f"{len(entries)} entries and {len(proofs)} proofs")
    chain, last = Chain(policy.log[0]), -1
    for line, proof in zip(entries, proofs):
        proof, data = json.loads(proof), line.encode()
        index = proof["index"]
        need(index > last, f"entry {index} is out of order")
        leaf = hashlib.sha256(b"\x00" + data).digest()
        steps = [unb64(step, 32) for step in proof["path"]]
        need(root_of(leaf, index, size, steps) == root, f"the path of entry {index} does not lead to the root")
        chain.add(index, leaf, data)
        last = index
    told.append(f"{len(entries)} entries are in the log of {size}, the first of all among them")
    told.append(f"{chain.signatures} signatures verify, each by a key and for a post that earlier entries brought in")
    opened = [chain.open(json.loads(line)) for line in files.get("disclosures.jsonl", b"").decode().splitlines()]
    told.append(f"{len(opened)} words open their commitments; {len(chain.commitments) - len(set(opened))} are not in the bundle")
    data = {name: content for name, content in files.items() if name.startswith("data/")}
    for name, content in data.items():
        need(hashlib.sha256(content).hexdigest() == name[5:], f"{name} has another hash")
        need(name[5:] in chain.pinned, f"no entry pins {name}")
    told.append(f"{len(data)} files of reference data have the hash that pins them")
    told.append("that nothing later ended a post or a key is not decided here: that takes the whole log (`counterpart audit`)")


class Chain:
    """Keys, posts and commitments as the entries of a bundle bring them in, back to the first."""

    def __init__(self, origin):
        self.origin, self.ledger, self.signatures = origin, None, 0
        self.keys, self.posts, self.lent, self.commitments, self.pinned = {}, {}, {}, {}, set()

    def add(self, index, leaf, data):
        """One entry: its one spelling, its ledger, who signed, and what it brings."""
        entry = json.loads(data)
        envelope = entry["envelope"]
        need(entry_of(envelope, entry["recorded_at"]) == data, f"entry {index} is not in its one spelling")
        payload = unb64(envelope["payload"])
        event = json.loads(payload)
        if self.ledger is None:
            need((index, event["type"], event["ledger"]) == (0, "LedgerGenesis", self.origin), "the bundle does not begin with the genesis")
            self.ledger = f"{self.origin}#{leaf.hex()}"
        else:
            need(event["ledger"] == self.ledger, f"entry {index} is of another ledger")
        self.bring_keys(event)
        pae = b"DSSEv1 %d %s %d %s" % (len(EVENT), EVENT.encode(), len(payload), payload)
        signed = {line["keyid"]: unb64(line["sig"]) for line in envelope["signatures"]}
        need({s["key"] for s in event["signers"]} == signed.keys(), f"entry {index}: signers and signatures differ")
        for signer in event["signers"]:
            key, organisation, person = self.keys.get(signer["key"], (None, None, None))
            need(key, f"entry {index}: the bundle does not hold the key {signer['key'][:8]}")
            need((organisation, person) == (signer["organisation"], signer["person"]), f"entry {index}: a key of somebody else")
            need(is_signed(key, signed[signer["key"]], pae), f"entry {index}: a signature does not verify")
            self.check_post(index, event, signer)
            self.signatures += 1
        self.bring_posts(event)
        self.commitments |= {(event["id"], at): shown for at, shown in commitments(event["data"], "")}

    def bring_keys(self, event):
        data = event["data"]
        registrars = [{**key, "organisation": "REG"} for key in data.get("registrar_keys", []) + data.get("add", [])]
        own = [{"organisation": event["stream"][4:], **data["chief"]}] if event["type"] == "OrganisationRegistered" else []
        if event["type"] in ("KeyRegistered", "KeyRotated"):
            _, organisation, person = self.keys.get(data.get("replaces"), (None, None, None))
            own = [{"organisation": organisation, "person": person, **data}]
        for key in registrars + own:
            public = unb64(key["public"], 32)
            need(hashlib.sha256(public).hexdigest() == key["key"], "the id of a key does not belong to it")
            self.keys[key["key"]] = public, key["organisation"], key["person"]

    def bring_posts(self, event):
        data, organisation = event["data"], event["stream"][4:]
        if event["type"] == "RoleHolderAppointed":
            self.posts[event["id"]] = organisation, data["person"], data["role"]
        if event["type"] == "OrganisationRegistered":
            self.posts[event["id"]] = organisation, data["chief"]["person"], "CEX"
        if event["type"] == "RoleHolderRevoked":
            self.posts.pop(data["appointment"], None)
        if event["type"] == "RoleDelegated":
            self.lent[event["id"]] = data["appointment"], data["person"]
        if event["type"] == "DelegationRevoked":
            self.lent.pop(data["delegation"], None)
        self.pinned |= {row["sha256"] for row in data.get("code_lists", []) + data.get("policies", [])}
        self.pinned |= {data["sha256"]} if "sha256" in data else set()

    def check_post(self, index, event, signer):
        """A registrar, a carried chief, or somebody whom an earlier entry put into this post."""
        post = signer["organisation"], signer["person"], signer["role"]
        chief = event["type"] == "OrganisationRegistered" and signer["key"] == event["data"]["chief"]["key"]
        if signer["organisation"] == "REG" or chief:
            return
        if "delegation" in signer:
            appointment, person = self.lent.get(signer["delegation"], (None, None))
            organisation, _, role = self.posts.get(appointment, (None, None, None))
            need((organisation, person, role) == post, f"entry {index}: nobody lent this post")
        else:
            need(post in self.posts.values(), f"entry {index}: the bundle does not show who made {post[1]} {post[2]} at {post[0]}")

    def open(self, said):
        """One disclosure. Gives the place that it opens."""
        place = said["event"], said["pointer"]
        parts = [b"counterpart/commit/v1", *(part.encode() for part in (*place, said["kind"])), unb64(said["content"])]
        mac = "hmac-sha256:" + hmac.new(unb64(said["salt"], 32), b"\x00".join(parts), hashlib.sha256).hexdigest()
        need(place in self.commitments, f"nothing is committed at {place[1]} of {place[0]}")
        need(mac == self.commitments[place], f"other words than were committed at {place[1]} of {place[0]}")
        if said["kind"] == "json":
            inner = json.loads(unb64(said["content"]))
            self.commitments |= {(place[0], at): shown for at, shown in commitments(inner, place[1])}
        return place


def commitments(value, at):
    """Every (pointer, commitment) within a value."""
    if isinstance(value, dict) and set(value) == {"$commit"}:
        yield at, value["$commit"]
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from commitments(inner, f"{at}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from commitments(inner, f"{at}/{place}")


def check(arguments, told):
    """Tells what a file is by its look, and checks it."""
    policy = Policy.read(Path(arguments.policy).read_text()) if arguments.policy else Policy(read_vkey(arguments.vkey))
    if zipfile.is_zipfile(arguments.file):
        try:
            check_bundle(arguments.file, policy, told)
        except (zipfile.BadZipFile, zlib.error, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise Wrong(f"not a whole bundle: {error!r}") from None
        return
    text = Path(arguments.file).read_text()
    if text.startswith("c2sp.org/tlog-proof@v1\n"):
        leaf = unb64(arguments.leaf, 32) if arguments.leaf else None
        if arguments.entry:
            leaf = hashlib.sha256(b"\x00" + Path(arguments.entry).read_bytes()).digest()
        check_proof(text, leaf, policy, told)
        return
    try:
        value = json.loads(text)
        envelope = json.loads(Path(arguments.envelope).read_text()) if arguments.envelope else None
        check_receipt(value, (envelope or {}).get("envelope", envelope), policy, told)
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise Wrong(f"neither a receipt nor a proof: {error!r}") from None


def main():
    wanted = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    wanted.add_argument("file", help="a receipt (JSON), a .tlog-proof or an evidence bundle (zip)")
    key = wanted.add_mutually_exclusive_group(required=True)
    key.add_argument("--vkey", help="the log's key")
    key.add_argument("--policy", help="a file with a tlog-policy")
    for name, what in (("envelope", "the signed envelope"), ("entry", "the bytes of the entry"), ("leaf", "the leaf hash")):
        wanted.add_argument(f"--{name}", help=what)
    arguments, told = wanted.parse_args(), []
    try:
        check(arguments, told)
    except Wrong as error:
        print("\n".join([*(f"ok      {line}" for line in told), f"WRONG   {error}"]))
        return 4
    except (OSError, UnicodeDecodeError) as error:
        print(f"could not: {error}", file=sys.stderr)
        return 1
    print("\n".join(f"ok      {line}" for line in told))
    return 0


if __name__ == "__main__":
    sys.exit(main())

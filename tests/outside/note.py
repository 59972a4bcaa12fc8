"""Signed notes, checkpoints and inclusion-proof files, as the C2SP pages print them."""

import hashlib
import re
from dataclasses import dataclass

import dsse
import keys
import tree

ED25519 = 1


class BadNote(ValueError):
    """The note is malformed, or no known key signed it."""


@dataclass(frozen=True)
class Verifier:
    """A vkey: the name and the public key of a log."""

    name: str
    id: bytes
    public: bytes

    @classmethod
    def read(cls, text):
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise BadNote("a vkey is name+id+key")
        data = dsse.unb64(parts[2])
        if len(data) != 33 or data[0] != ED25519:
            raise BadNote("not an Ed25519 log key")
        name = parts[0]
        wanted = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
        if parts[1] != wanted.hex():
            raise BadNote("the key id does not belong to the key")
        return cls(name, wanted, data[1:])


@dataclass(frozen=True)
class Checkpoint:
    """What a log's signature binds."""

    origin: str
    size: int
    root: bytes


def _text_of(note, verifier):
    if any(ord(c) < 32 and c != "\n" for c in note):
        raise BadNote("a control character")
    cut = note.rfind("\n\n")
    if cut < 0 or not note.endswith("\n"):
        raise BadNote("no blank line before the signatures")
    text, lines = note[: cut + 1], note[cut + 2 :].split("\n")[:-1]
    signed = False
    for line in lines:
        mark, _, rest = line.partition(" ")
        name, _, value = rest.partition(" ")
        if mark != "\u2014" or not name or "+" in name:
            raise BadNote("a signature line is `— name base64`")
        data = dsse.unb64(value)
        if name == verifier.name and data[:4] == verifier.id:
            if not keys.verify(verifier.public, data[4:], text.encode()):
                raise BadNote("the log's signature does not verify")
            signed = True
    if not signed:
        raise BadNote("the log did not sign")
    return text


def checkpoint(note, verifier):
    """Verifies a checkpoint and gives what it says."""
    lines = _text_of(note, verifier).split("\n")
    if len(lines) < 4 or lines[0] != verifier.name:
        raise BadNote("a checkpoint has origin, size and root; its signer is its origin")
    if not re.fullmatch(r"0|[1-9][0-9]*", lines[1]):
        raise BadNote("the size is not a plain number")
    return Checkpoint(lines[0], int(lines[1]), dsse.unb64(lines[2], 32))


def proof(text, leaf_hash, verifier):
    """Verifies a `.tlog-proof` for a leaf. Gives (index, checkpoint, note)."""
    head, blank, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1" or not blank:
        raise BadNote("not a tlog-proof of version 1")
    lines = lines[2:] if lines[1].startswith("extra ") else lines[1:]
    if not re.fullmatch(r"index (0|[1-9][0-9]*)", lines[0]):
        raise BadNote("a proof names its index")
    index = int(lines[0].removeprefix("index "))
    found = checkpoint(note, verifier)
    hashes = [dsse.unb64(line, 32) for line in lines[1:]]
    tree.check_inclusion(leaf_hash, index, found.size, hashes, found.root)
    return index, found, note

"""An evidence bundle of one agreement, made from a log by who only reads it.

What is in it stands in `docs/verify/README.md`: the agreement's entries and those that they
rest on, back to the genesis, with proofs against one checkpoint and the words that are held.
"""

import io
import json
import zipfile

import dsse
import jcs
import tree


def chosen(entries, stream):
    """The indices of an agreement's entries and of all that they rest on."""
    events = [json.loads(dsse.unb64(jcs.read(data)["envelope"]["payload"])) for data in entries]
    brings = {}
    for index, event in enumerate(events):
        for key in _keys(event):
            brings.setdefault(key, []).append(index)
    found, waiting = {0}, [n for n, event in enumerate(events) if event["stream"] == stream]
    while waiting:
        index = waiting.pop()
        if index not in found or index == 0:
            found.add(index)
            for signer in events[index]["signers"]:
                for key in (signer["key"], (signer["organisation"], signer["person"], signer["role"]), signer.get("delegation")):
                    waiting += [n for n in brings.get(key, []) if n <= index and n not in found]
            for named in ("appointment", "replaces"):
                waiting += [n for n in brings.get(events[index]["data"].get(named), []) if n not in found]
    return sorted(found)


def _keys(event):
    """What later signers may rest on: keys, posts, delegations, and an appointment by its event."""
    data, kind = event["data"], event["type"]
    if kind in ("KeyRegistered", "KeyRotated"):
        yield data["key"]
    if kind == "OrganisationRegistered":
        yield from (data["chief"]["key"], event["id"], (data["code"], data["chief"]["person"], "CEX"))
    if kind == "RoleHolderAppointed":
        yield from (event["id"], (event["stream"][4:], data["person"], data["role"]))
    if kind == "RoleDelegated":
        yield event["id"]


def files(entries, leaves, checkpoint, stream, words, pinned):
    """{name: bytes} of a bundle. `words`: {event id: disclosures}; `pinned`: {sha256: bytes}."""
    rows = chosen(entries, stream)
    ids = [json.loads(dsse.unb64(jcs.read(entries[n])["envelope"]["payload"]))["id"] for n in rows]
    proofs = [{"index": n, "path": [dsse.b64(step) for step in tree.inclusion(leaves, n)]} for n in rows]
    said = [{"event": event, **opening} for event in ids for opening in _outer_first(words.get(event, []))]
    return {
        "checkpoint": checkpoint.encode(),
        "entries.jsonl": b"".join(entries[n] + b"\n" for n in rows),
        "proofs.jsonl": "".join(json.dumps(proof) + "\n" for proof in proofs).encode(),
        "disclosures.jsonl": "".join(json.dumps(line) + "\n" for line in said).encode(),
        "account.md": b"What happened, in plain words.\n",
        "README.md": b"How to check it.\n",
        **{f"data/{name}": data for name, data in pinned.items()},
    }


def _outer_first(openings):
    return sorted(openings, key=lambda opening: opening["pointer"])


def pack(held):
    """The zip of a bundle's files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in held.items():
            made.writestr(name, content)
    return data.getvalue()

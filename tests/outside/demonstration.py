"""The demonstration's signed events, which the program writes, decided by the outsider.

They were admitted by the program when it wrote them. The outsider decides each at the instant
at which it was signed, then takes it as recorded: two programs, one history.
"""

import json

import dsse
import jcs
import london
from observer import same
from rules import State


def check(program, library):
    """Every submission of `counterpart demo` is admitted here as well."""
    folder = program.served / "demo"
    program.run("demo", "--out", folder)
    state, differ = State(library), []
    for line in (folder / "events.ndjson").read_bytes().splitlines():
        envelope = json.loads(line)["envelope"]
        payload = jcs.read(dsse.unb64(envelope["payload"]))
        at = max(london.instant(payload["signed_at"]), state.last or london.instant(payload["signed_at"]))
        verdict = state.decide(line, at)
        if verdict.code:
            differ.append(f"{payload['type']} of {payload['stream']}: {verdict.code} {verdict.why}")
        else:
            state.replay(dsse.entry(envelope, london.spell(at)))
    same(differ[:5], [], f"{len(differ)} events that the outsider would refuse")
    same(state.size > 1000, True, "the demonstration has many events")
    return state.size

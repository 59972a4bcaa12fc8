"""V rules whose inputs are header members: log rules, decided again from entries alone.

Of the sections built so far (1.2, 1.3, 1.7, and V-121, V-125) these read nothing but the
header, the organisations and earlier agreements. They run when a request is filed and again
when its terms are submitted. Rules on words are the server's alone.
"""

import calendar

import jcs
import lawful
import london
from directory import Refused
from header import _ORDER

LARGEST = 24_000
_HIDDEN = {"FOIA-S23", "FOIA-S24", "FOIA-S31"}


def problems(header, book, agreements, visibility, at):
    """The codes of all errors, in the order of the catalogue."""
    found = [
        *_agreement(header, agreements), *_parties(header, book), *_datasets(header), *_crossing(header), *_publication(header, visibility),
        *lawful.problems(header, book, at),
    ]
    return sorted(found, key=lambda code: int(code.removeprefix("V-")))


def _agreement(header, agreements):
    value, parties = header.value, header.organisations()
    if header.formation == "ACCESSION" and value.get("min_parties", 0) < 2:
        yield "V-06"
    if not set(value.get("anchor_parties", [])) <= set(parties):
        yield "V-07"
    if header.lead not in parties:
        yield "V-08"
    if "template" in value:
        yield "V-09"  # No template is published: their events are not built yet.
    origin = value.get("derived_from")
    if origin:
        found = agreements.get(f"agr:{origin['agreement']}")
        if found is None or not 1 <= origin["version"] <= found.version:
            yield "V-10"
    if "programme" in value:
        yield "V-11"  # No programme is registered: their events are not built yet.


def _parties(header, book):
    rows = header.value["parties"]
    capacities = {row["capacity"] for row in rows}
    personal = _highest(header) >= _ORDER.index("PS")
    gives, takes = capacities & {"PROVIDER", "BOTH"}, capacities & {"RECIPIENT", "BOTH", "PLATFORM"}
    if not gives or (not takes and header.kind != "OPEN"):
        yield "V-21"
    roles = [row.get("legal_role", "N_A") for row in rows]
    if personal and "N_A" in roles:
        yield "V-22"
    if header.kind == "JC" and roles.count("JOINT_CONTROLLER") < 2:
        yield "V-23"
    if header.kind == "C2P" and not {"CONTROLLER", "PROCESSOR"} <= set(roles):
        yield "V-23"
    for row in rows:
        body = book.organisations.get(row["organisation"])
        if row.get("regime") == "PART3" and body and "competent_authority" not in body.flags:
            yield "V-24"
        if body and body.flags.get("public_authority") and not row.get("functions") and header.kind != "OPEN":
            yield "V-25"


def _highest(header):
    return max(_ORDER.index(dataset["class"]) for dataset in header.value["datasets"])


def _datasets(header):
    for dataset in header.value["datasets"]:
        givers, takers = header.givers(dataset), header.takers(dataset)
        starred = "*" in (dataset["provider"], dataset["recipients"])
        if not starred and givers & takers:
            yield "V-62"
        if header.value["sharing_mode"] == "ONE_OFF" and dataset["frequency"] != "ONCE":
            yield "V-71"
        if dataset["method"] == "PUBLIC_DOWNLOAD" and dataset["class"] != "NP-O":
            yield "V-73"


def _crossing(header):
    """Rules that join two sections: open data alone may be open, and unilateral."""
    is_open = all(dataset["class"] == "NP-O" for dataset in header.value["datasets"])
    if header.formation == "UNILATERAL" and not (header.kind == "OPEN" and is_open):
        yield "V-110"
    if header.kind == "OPEN" and not is_open:
        yield "V-111"


def _publication(header, visibility):
    decision = header.value["publication"]
    hidden = decision["register"] == "WITHHOLD" and decision.get("exemption") in _HIDDEN
    if visibility == "OPEN" and hidden:
        yield "V-121"
    if len(jcs.spell(header.value)) > LARGEST:
        yield "V-125"


def check_publication(event, at, book):
    """V-105 of a decision on publication: to withhold needs an exemption and a day to look again."""
    if event.type != "PublicationDecided":
        return
    data, reference = event.data, book.reference
    exempt = data.get("exemption") in {row["code"] for row in reference["CL-FOI"]["rows"]}
    if data["decision"] != "WITHHOLD":
        broken = "exemption" in data and not exempt
    else:
        latest = months_later(london.today(at), reference["POLICY-WINDOWS"]["withhold_months_max"])
        broken = not exempt or "look_again" not in data or london.day(data["look_again"]) > latest
    if broken:
        raise Refused("V-105")


def months_later(day, months):
    """The same day some months on; the last of that month where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return day.replace(year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1]))

"""V rules on law, terms and governance that read nothing but the header, bodies, reference data and the day.

Bases, powers and conditions of each party, how long data are kept, the impact assessment, and how
long an agreement runs. What the terms alone say, or words, is the server's to judge at its door.
"""

import re
from datetime import timedelta

import london
from header import _ORDER

_PUBLIC_TASKS = ("C", "E")
_NO_BASIS = ("PROCESSOR", "SUB_PROCESSOR")
_GIVES, _TAKES = ("PROVIDER", "BOTH"), ("RECIPIENT", "BOTH", "PLATFORM")
_AT_LEAST = _ORDER.index
_PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")
_LONGEST_KEPT = 25


def problems(header, book, at):
    """The codes that a header earns, in no order."""
    value, today = header.value, london.today(at)
    highest = max(_ORDER.index(dataset["class"]) for dataset in value["datasets"])
    personal = highest >= _AT_LEAST("PS")
    yield from _terms_of_time(header, book, today)
    yield from _many(header)
    yield from _crossing(header)
    if highest >= _AT_LEAST("AN"):
        yield from _kept(header)
    if personal:
        for row in value["parties"]:
            yield from _basis(header, row, book)
            yield from _power(row, book)
        yield from _assessed(header, book, today)
    if value.get("transfers") == "DEROGATION" and value["sharing_mode"] != "ONE_OFF":
        yield "V-85"


def _body(book, row):
    return book.organisations.get(row["organisation"])


def _is_public(book, row):
    body = _body(book, row)
    return body is not None and bool(body.flags.get("public_authority"))


def _basis(header, row, book):
    """V-35, V-37 to V-41, V-115: what a controller relies on, and what a processor may not."""
    bases = row.get("article6", [])
    if row.get("legal_role", "N_A") in _NO_BASIS:
        if bases:
            yield "V-115"
        return
    if row.get("regime") != "UKGDPR":
        return
    if not bases:
        yield "V-35"
    if set(bases) & set(_PUBLIC_TASKS) and not any(_lists(book, gate, row) for gate in row.get("gateways", [])):
        yield "V-37"
    if "EA" in bases and _is_public(book, row):
        yield "V-38"
    if "F" in bases and _is_public(book, row):
        yield "V-39"
    if "SC" in header.classes():
        if not row.get("article9"):
            yield "V-40"
        pairs = book.reference["CL-SCH1"]["pairs"]
        for condition in row.get("article9", []):
            if condition in pairs and not set(pairs[condition]) & set(row.get("schedule1", [])):
                yield "V-41"


def offences(header, document, reference):
    """V-41 and V-43 of criminal offence data, in the order of the catalogue: each controller has a condition of
    Schedule 1 that goes with them, or official authority, which is named. The log does not tell of the authority,
    so this judges what one is about to file."""
    authority = document.get("official_authority", {})
    if "CO" not in header.classes():
        return []
    goes_with = set(reference["CL-SCH1"]["criminal_offences"])
    bare = [
        row["organisation"] for row in header.value["parties"]
        if row.get("regime") == "UKGDPR" and row.get("legal_role", "N_A") not in _NO_BASIS
        and not goes_with & set(row.get("schedule1", [])) and row["organisation"] not in authority
    ]
    blank = [code for code, named in authority.items() if not named.strip()]
    return ["V-41"] * bool(bare) + ["V-43"] * bool(blank)


def _lists(book, gate, row, use=None):
    """Whether a gateway names the kind of body that relies on it."""
    found, body = book.reference.gate(gate["code"]), _body(book, row)
    if found is None or body is None:
        return False
    sides = {"DISCLOSE": found["disclosers"], "RECEIVE": found["recipients"]}
    named = [sides[one] for one in gate["use"] if use in (None, one)]
    return any("ANY" in kinds or body.kind in kinds for kinds in named)


def _power(row, book):
    """V-47 of public bodies, V-117 of the others: a power to disclose and one to receive."""
    if row.get("legal_role", "N_A") in _NO_BASIS:
        return
    gates, capacity = row.get("gateways", []), row["capacity"]
    needs = [use for use, who in (("DISCLOSE", _GIVES), ("RECEIVE", _TAKES)) if capacity in who]
    for use in needs:
        if not any(_lists(book, gate, row, use) for gate in gates):
            yield "V-47" if _is_public(book, row) else "V-117"


def _kept(header):
    """V-81: how long what is not open is kept; 25 years at most but for archives."""
    for dataset in header.value["datasets"]:
        if _ORDER.index(dataset["class"]) < _AT_LEAST("AN"):
            continue
        kept = dataset.get("retention")
        if kept is None or (_years(kept["period"]) > _LONGEST_KEPT and not kept.get("archiving")):
            yield "V-81"


def _years(period):
    if period == "PERPETUAL":
        return float("inf")
    years, months, days = (int(n or 0) for n in _PERIOD.fullmatch(period).groups())
    return years + months / 12 + days / 366


def _assessed(header, book, today):
    """V-89: an impact assessment or a screening, recent enough, and consulted where the risk stays high."""
    dpia, value = header.value.get("dpia"), header.value
    if dpia is None:
        yield "V-89"
        return
    flags, classes = header.classes(), {d["class"] for d in value["datasets"]}
    large = "LARGE_SCALE" in flags and bool({"SC", "CO"} & flags)
    pooled = "CHILDREN" in flags and value["sharing_mode"] == "POOLED"
    alone = value.get("automated_decisions") == "SOLELY_AUTOMATED"
    novel = "LE" in classes and "NEW_TECHNOLOGY" in flags
    live = any(d["frequency"] == "LIVE" and _ORDER.index(d["class"]) >= _AT_LEAST("PS") for d in value["datasets"])
    givers = {g for d in value["datasets"] if _ORDER.index(d["class"]) >= _AT_LEAST("PS") for g in header.givers(d)}
    matching = value["sharing_mode"] == "POOLED" and len(givers) >= 3
    if dpia["status"] == "NOT_REQUIRED" and (large or pooled or alone or novel or live or matching):
        yield "V-89"
    if dpia.get("residual") == "HIGH" and dpia["status"] != "DONE_AND_CONSULTED":
        yield "V-89"
    oldest = book.reference["POLICY-WINDOWS"]["dpia_months_max"]
    if dpia["status"] != "NOT_REQUIRED" and "date" in dpia and _later(london.day(dpia["date"]), oldest) < today:
        yield "V-89"


def _later(day, months):
    from filing import months_later

    return months_later(day, months)


def _terms_of_time(header, book, today):
    """V-95 to V-100: from when to when, the first review, and notice."""
    value, windows, starts = header.value, book.reference["POLICY-WINDOWS"], header.effective_date
    ends = header.end_date
    if ends and ends <= starts:
        yield "V-95"
    if header.kind != "OPEN" and (ends is None or _later(starts, 12 * windows["term_years_max"]) < ends):
        yield "V-96"
    months = [n for name, n in windows["first_review_months"].items() if name in header.classes()]
    if header.kind == "C2P":
        months.append(windows["first_review_months_c2p"])
    if months and ("review_date" not in value or london.day(value["review_date"]) > _later(starts, min(months))):
        yield "V-97"
    if value["sharing_mode"] == "ONE_OFF" and ends and _later(starts, windows["one_off_months_max"]) < ends:
        yield "V-98"
    if header.kind == "EMG" and (ends is None or ends > starts + timedelta(days=windows["emergency_days_max"])):
        yield "V-99"
    if header.notice_days > windows["notice_days_max"]:
        yield "V-100"
    if header.kind == "EMG" and "emergency_ground" not in value:
        yield "V-104"


def _many(header):
    """V-101 to V-103: what keeps an agreement of many alive, and who may change it."""
    value = header.value
    if len(value["parties"]) > 2 and "continuation" not in value:
        yield "V-101"
    if header.formation == "ALL" and header.non_adopter_rule != "BLOCK":
        yield "V-102"
    if header.quorum == "TWO_THIRDS" and header.non_adopter_rule != "LEAVE":
        yield "V-103"


def _crossing(header):
    """V-112 to V-114: emergencies are signed by all; Part 3 stands on the sides that the type says."""
    value = header.value
    if header.kind == "EMG" and header.formation != "ALL":
        yield "V-112"
    under = [row.get("regime") == "PART3" for row in value["parties"]]
    if header.kind == "LE-LE" and not all(under):
        yield "V-113"
    if header.kind in ("LE-GP", "GP-LE") and under.count(True) != 1:
        yield "V-113"
    for dataset in value["datasets"]:
        takers = header.takers(dataset)
        if any(row["organisation"] in takers and row["capacity"] not in _TAKES for row in value["parties"]):
            yield "V-114"

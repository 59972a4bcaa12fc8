"""What differs between two drafts, and which signatures that asks for (domain page 2.3).

`changes` names what differs as the contract says it; `kind` is the class of an amendment,
computed from these paths and the two headers.
"""

import re

# What asks for less than everything: particulars, operation, dates of end and review.
_PARTICULARS = re.compile(r"/privacy_notice(/.*)?")
_OPERATION = re.compile(r"/datasets/\d+/(method|standard|quality|frequency)(/.*)?")
_DATES = re.compile(r"/term/(end_date|review_date|review_interval_months)")
_FREQUENCY = re.compile(r"/datasets/(\d+)/frequency")
_OFTEN = ["ONCE", "ANNUAL", "QUARTERLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "LIVE"]
_RISKY = {"CO", "SC", "LE"}


def changes(old, new):
    """The paths that differ between two terms with their words in place, sorted by bytes."""
    return sorted(set(_differ(old, new, "")), key=str.encode)


def _differ(old, new, at):
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old.keys() | new.keys():
            if name not in old or name not in new:
                yield f"{at}/{name}"
            else:
                yield from _differ(old[name], new[name], f"{at}/{name}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (one, other) in enumerate(zip(old, new)):
            yield from _differ(one, other, f"{at}/{place}")
    elif old != new or type(old) is not type(new):
        yield at


def kind(old, new):
    """M0 to M3 for the way from one header to another; the new one carries `changes`."""
    found = {_of_path(path, old, new) for path in new.value["changes"]}
    if "M3" in found or {"M1", "M2"} <= found:
        return "M3"
    return max(found, default="M0")


def _of_path(path, old, new):
    if _PARTICULARS.fullmatch(path):
        return "M0"
    if _DATES.fullmatch(path):
        return "M2"
    if not _OPERATION.fullmatch(path):
        return "M3"
    form = _FREQUENCY.fullmatch(path)
    if form:
        name = f"DS-{int(form[1]) + 1}"
        before, after = (h.dataset(name)["frequency"] for h in (old, new))
        return "M1" if _is_no_more(before, after) else "M3"
    return "M1"


def _is_no_more(before, after):
    """Whether data plainly move no more often; what comes when asked (AD_HOC) has no rhythm to compare."""
    if before == after or after == "ONCE":
        return True
    return "AD_HOC" not in (before, after) and _OFTEN.index(after) <= _OFTEN.index(before)


def suffices(declared, computed):
    """Whether a declared class is enough: the computed one, the highest, or any for particulars."""
    return declared in (computed, "M3") or computed == "M0"


def asked(kind, header, organisation):
    """{(event type, role)} that an amendment of this class asks of a party."""
    owed = header.required(organisation)
    if kind == "M1":
        return {need for need in owed if need in _OPERATIONAL or need[0] == "ExecutionSigned"}
    if kind == "M2":
        wanted = {("AdviceGiven", "DPO")}
        if header.classes() & _RISKY:
            wanted.add(("ApprovalGiven", "SIRO"))
        return {need for need in owed if need in wanted or need[0] == "ExecutionSigned"}
    return owed


_OPERATIONAL = {("AdviceGiven", "DPO"), ("ApprovalGiven", "IAO")}

"""What a header holds together by itself: E08 that anybody re-decides, before any V rule.

That a header is true to its terms only who holds the words can say. But its parties are
numbered, a first draft changes nothing, a record of an emergency names its ground, an import
its gaps, and an amendment everybody who stays: all of these stand in clear.
"""

import header as headers
from directory import Refused

# What every header has, and an import lacks only by saying so; and what it may say that it lacks.
_ALWAYS = {
    "agreement_type", "datasets", "effective_date", "execution_form", "formation", "publication", "security_class",
    "sharing_mode",
}
_SOMETIMES = {"dpia", "end_date", "review_date"}
_FIRST = {"RequestFiled", "EmergencySharingRecorded"}


def _need(met, why):
    if not met:
        raise Refused("E08", why)


def check(event, agreement, book, bodies):
    """E08 of an event of an agreement; `bodies` as for `header.derive`."""
    data, kind = event.data, event.type
    if "row" in data:
        _check_row(data["row"], agreement, book, bodies)
    value = data.get("header")
    if kind == "TermsSubmitted":
        _check_rows(agreement.signing.header.value)
    if value is None:
        return
    _check_rows(value)
    _check_numbers(value)
    if kind == "AgreementImported":
        _check_import(value, data["gaps"])
        return
    _need(any(row["required_roles"] for row in value["parties"]), "nobody would sign it")
    _need(("changes" in value) != (kind in _FIRST), "`changes`: a first draft has none, every other says what differs")
    if kind == "EmergencySharingRecorded":
        _need(value["agreement_type"] == "EMG", "what is recorded afterwards is an emergency")
        _need(value.get("emergency_ground") == data["ground"], "the ground is another than the header's")
    if kind == "AmendmentProposed":
        named = {row["organisation"] for row in value["parties"]}
        _need(agreement.staying() <= named, "a party that is bound is left out")


def _check_rows(value):
    """One row for each body; after a succession two may have come to one."""
    named = [row["organisation"] for row in value["parties"]]
    _need(len(set(named)) == len(named), "two rows are one body's")


def _check_numbers(value):
    """A dataset names its parties by their place, from 1."""
    there = range(1, len(value["parties"]) + 1)
    for dataset in value.get("datasets", []):
        takers = [] if dataset["recipients"] == "*" else dataset["recipients"]
        givers = [] if dataset["provider"] == "*" else [dataset["provider"]]
        _need(all(number in there for number in [*givers, *takers]), "a dataset names a party that is not there")


def _check_import(value, gaps):
    """What is known and what is missing are all there is; the lead is a party."""
    _need(value["lead_party"] in {row["organisation"] for row in value["parties"]}, "the lead is no party")
    missing = (_ALWAYS | _SOMETIMES) - value.keys()
    _need(gaps == sorted(set(gaps)), "gaps are sorted, each once")
    _need(_ALWAYS - value.keys() <= set(gaps) <= missing, f"the gaps are {sorted(missing & _ALWAYS)}")


def _check_row(row, agreement, book, bodies):
    """A joiner's row owes what the policy asks of it, whoever writes it."""
    if not agreement.header or "datasets" not in agreement.header.value:
        return
    value = agreement.header.with_rows([row]).value
    owed = headers.required_roles(value, row, bodies[row["organisation"]], book.reference)
    _need(owed == row["required_roles"], f"required roles are {owed}")

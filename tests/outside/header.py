"""What the rules read of an agreement's header (`/schemas/header-v1.json`).

Every name of a header member that the decider relies on stands in this file, so that a
difference from the published schema shows, and is mended, in one place.
"""

import london

_KINDS = {"advice": "AdviceGiven", "approval": "ApprovalGiven", "execution": "ExecutionSigned"}


class Header:
    """A header, read for the decider. Party numbers count from 1."""

    def __init__(self, value):
        self.value = value
        self.kind = value["type"]
        self.formation = value["formation"]
        self.notice_days = value.get("notice_days", 30)
        self.effective_date = london.day(value["effective_date"])
        self.end_date = london.day(value["end_date"]) if "end_date" in value else None
        self.least_parties = value.get("continuation", {}).get("min_parties", 2)
        self.lead = self._code(value["lead"])
        self.executing_role = "SIRO" if self.kind == "EMG" else "SIG"

    def __eq__(self, other):
        return isinstance(other, Header) and self.value == other.value

    def _code(self, party):
        """A party is named by its number, or by its organisation's code."""
        if isinstance(party, str):
            return party
        return self.value["parties"][party - 1]["organisation"]

    def _row(self, organisation):
        return next(p for p in self.value["parties"] if p["organisation"] == organisation)

    def organisations(self):
        return [party["organisation"] for party in self.value["parties"]]

    def _all_with(self, *capacities):
        return {p["organisation"] for p in self.value["parties"] if p["capacity"] in capacities}

    def _receivers(self, dataset):
        if dataset["recipients"] == "*":
            return self._all_with("RECIPIENT", "BOTH")
        return {self._code(n) for n in dataset["recipients"]}

    def _givers(self, dataset):
        if dataset["provider"] == "*":
            return self._all_with("PROVIDER", "BOTH")
        return {self._code(dataset["provider"])}

    def providers(self):
        """The organisations that provide a dataset."""
        return set().union(*(self._givers(d) for d in self.value["datasets"]))

    def has_pair(self, bound):
        """Whether these organisations still hold a provider and a recipient of one dataset."""
        return any(
            giver != receiver
            for dataset in self.value["datasets"]
            for giver in self._givers(dataset) & bound
            for receiver in self._receivers(dataset) & bound
        )

    def required(self, organisation):
        """{(event type, role)} that a party owes."""
        owed = self._row(organisation)["required_roles"]
        return {(_KINDS[kind], role) for kind, roles in owed.items() for role in roles}

    def executes(self, organisation):
        return any(kind == "ExecutionSigned" for kind, _ in self.required(organisation))

"""The header of an agreement: derived from the terms, and read by the decider.

`derive` is the pure function `header(terms, parties, organisations, policy)` of the contract;
`Header` is what the rules read of one. Members at their default are left out.
"""

import re

import london

_PERSONAL_NOT = {"NP-O", "NP-R", "AN", "PS"}
_ORDER = ["NP-O", "NP-R", "AN", "PS", "PD", "CO", "SC", "LE"]
_KINDS = {"ADVICE": "AdviceGiven", "APPROVAL": "ApprovalGiven", "EXECUTION": "ExecutionSigned"}
_SAME_NAME = [
    "agreement_type", "derived_from", "execution_form", "formation", "lead_party", "min_parties",
    "security_class", "sharing_mode", "template",
]
_DEFAULTS = {
    "amendment_quorum": "ALL", "automated_decisions": "NONE", "non_adopter_rule": "BLOCK",
    "notice_days": 30,
}
_GIVES, _TAKES = {"PROVIDER", "BOTH"}, {"RECIPIENT", "BOTH", "PLATFORM"}


def _kept(**members):
    """The members that say something: neither absent, nor empty, nor false."""
    return {n: v for n, v in members.items() if v is not None and v is not False and v != []}


# From the terms.


def derive(terms, rows, organisations, reference):
    """The header of terms with their words in place.

    `rows` are the parties as the filer names them, `organisations` what the ledger knows of
    each: {code: (flags, governance, extra roles)}.
    """
    codes = [row["organisation"] for row in rows]
    term, publication = terms["term"], terms["publication"]
    transfers, dpia = terms.get("transfers", {}), terms.get("dpia")
    header = {name: terms[name] for name in _SAME_NAME if name in terms}
    for name, default in _DEFAULTS.items():
        if terms.get(name, default) != default:
            header[name] = terms[name]
    mechanism = transfers.get("mechanism", "NONE")
    header |= _kept(
        anchor_parties=sorted(set(terms.get("anchor_parties", []))),
        continuation=_continuation(terms.get("continuation")),
        countries=sorted(set(transfers.get("countries", []))),
        dpia=dpia and _kept(date=dpia.get("date"), residual=dpia.get("residual"), status=dpia["status"]),
        effective_date=term["effective_date"],
        eligible_joiners=sorted(set(terms.get("eligible_joiners", []))),
        emergency_ground=terms.get("emergency", {}).get("ground"),
        end_date=term.get("end_date"),
        programme=terms.get("programme_id"),
        review_date=term.get("review_date"),
        transfers=mechanism if mechanism != "NONE" else None,
    )
    header["publication"] = _kept(
        exemption=publication.get("exemption"), look_again=publication.get("look_again"),
        register=publication["register"],
    )
    header["code_lists"], header["policies"] = reference.code_lists, reference.policies
    header["datasets"] = _datasets(terms, codes, reference)
    header["parties"] = [_party(row, terms) for row in rows]
    for party in header["parties"]:
        body = organisations[party["organisation"]]
        party["required_roles"] = required_roles(header, party, body, reference)
    return header


def _continuation(value):
    if value is None:
        return None
    capacities = sorted(value.get("required_capacities", []))
    return {"min_parties": value["min_parties"], **_kept(required_capacities=capacities)}


def _datasets(terms, codes, reference):
    rows, days = [], terms.get("destruction_due_days", 30)
    for number, dataset in enumerate(terms["datasets"], start=1):
        kept = dataset.get("retention")
        row = _kept(
            destroy_within_days=days if days != 30 else None,
            flags=sorted(set(dataset.get("flags", []))),
            frequency=dataset["frequency"],
            method=dataset["method"],
            onward=_onward(dataset["onward"]),
            retention=kept and _kept(
                archiving=kept.get("archiving"), end_action=kept["end_action"],
                period=kept["period"], start=kept["start"],
            ),
        )
        row["class"] = dataset["data_class"]
        giver, takers = dataset["provider"], dataset["recipients"]
        row["provider"] = "*" if giver == "*" else codes.index(giver) + 1
        row["recipients"] = "*" if takers == "*" else sorted(codes.index(t) + 1 for t in takers)
        same = next((r for r in rows if {**r, "ids": 0} == {**row, "ids": 0}), None)
        if same is None:
            rows.append(row)
            row["ids"] = []
        (same or row)["ids"].append(f"DS-{number}")
    return rows


def _onward(value):
    if value["kind"] != "NAMED":
        return value["kind"] if value["kind"] != "NONE" else None
    public = all(named["public_sector"] for named in value.get("named", []))
    return "NAMED_PUBLIC" if public else "NAMED_OTHER"


def _party(row, terms):
    code = row["organisation"]
    party = _kept(
        article6=sorted(set(terms.get("lawful_basis", {}).get(code, []))),
        article9=sorted(set(terms.get("art9_condition", {}).get(code, []))),
        capacity=row["capacity"],
        functions=sorted(set(row.get("functions", []))),
        gateways=_gateways(code, terms.get("gateways", [])),
        legal_role=row.get("legal_role") if row.get("legal_role") != "N_A" else None,
        organisation=code,
        regime=row.get("regime") if row.get("regime") != "NONE" else None,
        schedule1=sorted(set(terms.get("sch1_condition", {}).get(code, []))),
    )
    block = terms.get("part3", {}).get(code)
    if block is not None:
        party["part3"] = _kept(
            authority=block["competent_authority_basis"], basis=block["le_basis"],
            function=block.get("function"), onward_gateway=block.get("onward_gateway"),
            purposes=sorted(block["le_purposes"]), schedule8=block.get("sch8_condition"),
        )
    return party


def _gateways(code, gateways):
    held = [
        _kept(
            code=gate["code"], implied=gate.get("implied"), legal_opinion=gate.get("legal_opinion"),
            use=sorted(set(gate["use"])),
        )
        for gate in gateways
        if gate["holder"] == code
    ]
    return sorted(held, key=lambda gate: gate["code"])


def required_roles(header, party, body, reference):
    """Who must sign for a party, from `POLICY-ROLES`: sorted by kind, then role."""
    flags, governance, extra = body
    policy = reference["POLICY-ROLES"]
    owed = {
        (need["kind"], need["role"])
        for row in policy["rows"]
        if _applies(row["when"], header, party, flags, reference)
        for need in row["roles"]
    }
    if governance == "LIGHT":
        light = {row["role"]: row["becomes"] for row in policy["light"]}
        owed = {(kind, role if kind == "ADVICE" else light.get(role, role)) for kind, role in owed}
    owed |= {("ADVICE" if role in policy["advice_roles"] else "APPROVAL", role) for role in extra}
    return [{"kind": kind, "role": role} for kind, role in sorted(owed)]


def _applies(when, header, party, flags, reference):
    """Whether a row of the matrix is about this party of this agreement."""
    kind, capacity = header["agreement_type"], party["capacity"]
    sides = {side for side, who in (("PROVIDER", _GIVES), ("RECIPIENT", _TAKES)) if capacity in who}
    known = {
        "types": lambda want: kind in want,
        "not_types": lambda want: kind not in want,
        "classes": lambda want: _class_of(header) in want,
        "sides": lambda want: bool(sides & set(want)),
        "legal_roles": lambda want: party.get("legal_role", "N_A") in want,
        "regimes": lambda want: party.get("regime", "NONE") in want,
        "official_sensitive": lambda want: (header["security_class"] == "OFFICIAL_SENSITIVE") == want,
        "caldicott_required": lambda want: flags.get("caldicott_required", False) == want,
        "high_risk": lambda want: _is_high_risk(header) == want,
        "gateway_needs_legal": lambda want: _needs_opinion(party, reference) == want,
    }
    # Flags and gateways are two ways to the same row: either is enough.
    either = [
        name in when and bool(set(when[name]) & found)
        for name, found in (("flags", _flags(header)), ("gateways", _codes(header)))
    ]
    asked = "flags" in when or "gateways" in when
    rest = when.keys() - {"flags", "gateways"}
    return (any(either) or not asked) and all(known[name](when[name]) for name in rest)


def _flags(header):
    return {flag for dataset in header.get("datasets", []) for flag in dataset.get("flags", [])}


def _codes(header):
    return {gate["code"] for party in header["parties"] for gate in party.get("gateways", [])}


def _class_of(header):
    """The class of an agreement: the highest of its datasets and of their flags CO and SC."""
    found = {dataset["class"] for dataset in header["datasets"]} | (_flags(header) & {"CO", "SC"})
    return max(found, key=_ORDER.index)


def _is_high_risk(header):
    return (
        header.get("dpia", {}).get("residual") == "HIGH"
        or "transfers" in header
        or header.get("automated_decisions") == "SOLELY_AUTOMATED"
        or "LARGE_SCALE" in _flags(header)
        or any(dataset.get("onward") == "NAMED_OTHER" for dataset in header["datasets"])
    )


def _needs_opinion(party, reference):
    return any(
        gate.get("implied") or gate.get("legal_opinion")
        or (reference.gate(gate["code"]) or {}).get("needs_legal", False)
        for gate in party.get("gateways", [])
    )


# Read by the rules.


class Header:
    """A header, read for the decider. Party numbers count from 1."""

    def __init__(self, value):
        # Of an import some members may be missing.
        self.value = value
        self.kind = value.get("agreement_type", "")
        self.formation = value.get("formation", "ALL")
        self.notice_days = value.get("notice_days", 30)
        self.effective_date = london.day(value["effective_date"]) if "effective_date" in value else None
        self.end_date = london.day(value["end_date"]) if "end_date" in value else None
        self.lead = value.get("lead_party", "")
        self.non_adopter_rule = value.get("non_adopter_rule", "BLOCK")
        self.quorum = value.get("amendment_quorum", "ALL")

    def __deepcopy__(self, memo):
        return self  # It never changes; a changed one is another.

    def with_rows(self, rows):
        """The same header with further parties behind the others."""
        if not rows:
            return self
        return Header({**self.value, "parties": [*self.value["parties"], *rows]})

    def with_heir(self, gone, heir):
        """The same header with one body in the place of another: rows keep their numbers."""
        swap = lambda code: heir if code == gone else code
        changed = {"parties": [{**row, "organisation": swap(row["organisation"])} for row in self.value["parties"]]}
        if "lead_party" in self.value:
            changed["lead_party"] = swap(self.lead)
        if "anchor_parties" in self.value:
            changed["anchor_parties"] = sorted(set(map(swap, self.value["anchor_parties"])))
        return Header({**self.value, **changed})

    def find_dataset(self, name):
        """The row of a dataset by its id, or None."""
        rows = self.value.get("datasets", [])
        return next((dataset for dataset in rows if name in dataset["ids"]), None)

    def __eq__(self, other):
        return isinstance(other, Header) and self.value == other.value

    def __hash__(self):
        raise TypeError("a header is compared, not hashed")

    def row(self, organisation):
        return next(p for p in self.value["parties"] if p["organisation"] == organisation)

    def organisations(self):
        return [party["organisation"] for party in self.value["parties"]]

    def dataset(self, name):
        """The row of a dataset that is there."""
        return next(dataset for dataset in self.value["datasets"] if name in dataset["ids"])

    def classes(self):
        """The classes of its datasets, and their flags."""
        return {dataset["class"] for dataset in self.value.get("datasets", [])} | _flags(self.value)

    def _numbered(self, number):
        parties = self.value["parties"]
        return {parties[number - 1]["organisation"]} if 1 <= number <= len(parties) else set()

    def _all_with(self, capacities):
        return {p["organisation"] for p in self.value["parties"] if p["capacity"] in capacities}

    def givers(self, dataset):
        number = dataset["provider"]
        return self._all_with(_GIVES) if number == "*" else self._numbered(number)

    def takers(self, dataset):
        numbers = dataset["recipients"]
        if numbers == "*":
            return self._all_with(_TAKES)
        return set().union(*(self._numbered(n) for n in numbers))

    def providers(self):
        """The organisations that provide a dataset."""
        return set().union(*(self.givers(d) for d in self.value.get("datasets", [])))

    def datasets_of(self, organisation):
        """The ids of what a party provides or receives."""
        return {
            name
            for dataset in self.value.get("datasets", [])
            if organisation in self.givers(dataset) | self.takers(dataset)
            for name in dataset["ids"]
        }

    def goes_on_with(self, bound):
        """Whether these organisations keep the agreement alive (D4)."""
        if self.kind == "OPEN":
            return bool(bound & self.providers())
        rule = self.value.get("continuation", {"min_parties": 2})
        rows = [row for row in self.value["parties"] if row["organisation"] in bound]
        here = {capacity for row in rows for capacity in _counts_as(row["capacity"])}
        enough = len(bound) >= rule["min_parties"] and here >= set(rule.get("required_capacities", []))
        return enough and self.has_pair(bound)

    def has_pair(self, bound):
        """Whether one of these gives a dataset that another of them takes. An import may not say."""
        return "datasets" not in self.value or any(
            giver != taker
            for dataset in self.value["datasets"]
            for giver in self.givers(dataset) & bound
            for taker in self.takers(dataset) & bound
        )

    def required(self, organisation):
        """{(event type, role)} that a party owes."""
        rows = [p for p in self.value["parties"] if p["organisation"] == organisation]
        owed = [need for row in rows for need in row.get("required_roles", [])]
        return {(_KINDS[need["kind"]], need["role"]) for need in owed}

    def executes(self, organisation):
        return any(kind == "ExecutionSigned" for kind, _ in self.required(organisation))


def _counts_as(capacity):
    return {"PROVIDER", "RECIPIENT", "BOTH"} if capacity == "BOTH" else {capacity}

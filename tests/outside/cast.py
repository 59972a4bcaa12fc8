"""Who speaks: registrars, three London boroughs, their officers' keys, and how they sign.

The boroughs are real bodies; nobody is named. An officer is a random person id and a
post. Nothing here was signed by any body named in it.
"""

import os
import secrets
import time
from dataclasses import dataclass, field
from datetime import timedelta

import commit
import dsse
import jcs
import keys
import london

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Code: (official name, type, code in the register of geographic codes or None): the domain page, 4.2 and 4.3.
BODIES = {
    "LND": ("City of London Corporation", "CITY_CORP", "E09000001"),
    "BDG": ("London Borough of Barking and Dagenham", "LONDON_BOROUGH", "E09000002"),
    "BNE": ("London Borough of Barnet", "LONDON_BOROUGH", "E09000003"),
    "BEX": ("London Borough of Bexley", "LONDON_BOROUGH", "E09000004"),
    "BEN": ("London Borough of Brent", "LONDON_BOROUGH", "E09000005"),
    "BRY": ("London Borough of Bromley", "LONDON_BOROUGH", "E09000006"),
    "CMD": ("London Borough of Camden", "LONDON_BOROUGH", "E09000007"),
    "CRY": ("London Borough of Croydon", "LONDON_BOROUGH", "E09000008"),
    "EAL": ("London Borough of Ealing", "LONDON_BOROUGH", "E09000009"),
    "ENF": ("London Borough of Enfield", "LONDON_BOROUGH", "E09000010"),
    "GRE": ("Royal Borough of Greenwich", "LONDON_BOROUGH", "E09000011"),
    "HCK": ("London Borough of Hackney", "LONDON_BOROUGH", "E09000012"),
    "HMF": ("London Borough of Hammersmith & Fulham", "LONDON_BOROUGH", "E09000013"),
    "HRY": ("London Borough of Haringey", "LONDON_BOROUGH", "E09000014"),
    "HRW": ("London Borough of Harrow", "LONDON_BOROUGH", "E09000015"),
    "HAV": ("London Borough of Havering", "LONDON_BOROUGH", "E09000016"),
    "HIL": ("London Borough of Hillingdon", "LONDON_BOROUGH", "E09000017"),
    "HNS": ("London Borough of Hounslow", "LONDON_BOROUGH", "E09000018"),
    "ISL": ("London Borough of Islington", "LONDON_BOROUGH", "E09000019"),
    "KEC": ("Royal Borough of Kensington and Chelsea", "LONDON_BOROUGH", "E09000020"),
    "KTT": ("Royal Borough of Kingston upon Thames", "LONDON_BOROUGH", "E09000021"),
    "LBH": ("London Borough of Lambeth", "LONDON_BOROUGH", "E09000022"),
    "LEW": ("London Borough of Lewisham", "LONDON_BOROUGH", "E09000023"),
    "MRT": ("London Borough of Merton", "LONDON_BOROUGH", "E09000024"),
    "NWM": ("London Borough of Newham", "LONDON_BOROUGH", "E09000025"),
    "RDB": ("London Borough of Redbridge", "LONDON_BOROUGH", "E09000026"),
    "RIC": ("London Borough of Richmond upon Thames", "LONDON_BOROUGH", "E09000027"),
    "SWK": ("London Borough of Southwark", "LONDON_BOROUGH", "E09000028"),
    "STN": ("London Borough of Sutton", "LONDON_BOROUGH", "E09000029"),
    "TWH": ("London Borough of Tower Hamlets", "LONDON_BOROUGH", "E09000030"),
    "WFT": ("London Borough of Waltham Forest", "LONDON_BOROUGH", "E09000031"),
    "WND": ("London Borough of Wandsworth", "LONDON_BOROUGH", "E09000032"),
    "WSM": ("City of Westminster", "LONDON_BOROUGH", "E09000033"),
    "GLA": ("Greater London Authority", "GLA", "E61000001"),
    "MPS": ("Metropolitan Police Service", "POLICE_FORCE", "E23000001"),
    "LFC": ("London Fire Commissioner", "FIRE_BODY", "E31000046"),
    "LAS": ("London Ambulance Service NHS Trust", "NHS_TRUST", None),
    "NCL": ("NHS North Central London Integrated Care Board", "NHS_ICB", None),
    "NWL": ("NHS North West London Integrated Care Board", "NHS_ICB", None),
    "WNL": ("NHS West and North London Integrated Care Board", "NHS_ICB", None),
    "NEL": ("NHS North East London Integrated Care Board", "NHS_ICB", None),
    "SEL": ("NHS South East London Integrated Care Board", "NHS_ICB", None),
    "SWL": ("NHS South West London Integrated Care Board", "NHS_ICB", None),
    "LFEPA": ("London Fire and Emergency Planning Authority", "FIRE_BODY", None),
    "LC": ("London Councils", "PARTNERSHIP", None),
    "LLDC": ("London Legacy Development Corporation", "MDC", None),
    "LQ": ("London & Quadrant Housing Trust", "HOUSING_PROVIDER", None),
    "UEL": ("University of East London", "UNIVERSITY", None),
}
# Each post is another person, as the separation rules ask of those who meet in one agreement.
POSTS = ["ADM", "ADM2", "DPO", "SIRO", "IGL", "IAO", "SIG", "SEC", "REQ", "LGL"]
# Who the chief appoints, and whose keys the chief helps to register.
BY_CHIEF = {"ADM", "CG", "DPO", "LEO", "SIG", "SIRO"}


def new_id():
    """A UUIDv7: 48 bits of Unix milliseconds, then random bits."""
    number = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 7 << 76
    number = number & ~(0x3 << 62) | 2 << 62
    digits = f"{number:032x}"
    cuts = (0, 8, 12, 16, 20, 32)
    return "-".join(digits[a:b] for a, b in zip(cuts, cuts[1:]))


def new_person():
    return "PER-" + "".join(secrets.choice(_CROCKFORD) for _ in range(12))


@dataclass
class Officer:
    """A person at one body, with one key."""

    organisation: str
    person: str
    role: str
    key: keys.Key
    with_openssl: bool = False
    appointment: str = ""

    def signer(self, role=None, **more):
        return {
            "key": self.key.id, "organisation": self.organisation, "person": self.person,
            "role": role or self.role, **more,
        }

    def sign(self, message):
        return self.key.sign_with_openssl(message) if self.with_openssl else self.key.sign(message)


@dataclass
class Words:
    """A private value: replaced by a commitment before anybody signs."""

    kind: str
    value: object


@dataclass
class Cast:
    """Everybody who signs, by `CODE.POST`."""

    folder: object
    registrars: list = field(default_factory=list)
    people: dict = field(default_factory=dict)
    by_openssl: bool = True

    def officer(self, name, organisation, role, person=None, **more):
        """Makes a key, with OpenSSL unless many are needed, for a new officer."""
        key = keys.Key.make(self.folder / f"{name}.pem", self.by_openssl)
        return Officer(organisation, person or new_person(), role, key, **more)

    def add_registrar(self):
        name = f"REG.{len(self.registrars) + 1}"
        self.registrars.append(self.officer(name, "REG", "REG", with_openssl=self.by_openssl))

    def __getitem__(self, name):
        return self.people[name]


def _seal(value, event, pointer, openings):
    if isinstance(value, Words):
        inner = _seal(value.value, event, pointer, openings)
        shown, opening = commit.seal(event, pointer, value.kind, inner)
        openings.append(opening)
        return shown
    if isinstance(value, dict):
        escaped = {n: n.replace("~", "~0").replace("/", "~1") for n in value}
        return {n: _seal(v, event, f"{pointer}/{escaped[n]}", openings) for n, v in value.items()}
    if isinstance(value, list):
        return [_seal(v, event, f"{pointer}/{place}", openings) for place, v in enumerate(value)]
    return value


@dataclass
class Draft:
    """An event before it is signed; tests change it at will."""

    payload: dict
    disclosures: list
    hands: list

    def bytes(self):
        return jcs.spell(self.payload)

    def submission(self, body=None):
        """Signs and gives the JSON of a request, as a dict."""
        body = self.bytes() if body is None else body
        signed = dsse.pae(dsse.EVENT, body)
        signatures = {hand.key.id: hand.sign(signed) for hand in self.hands}
        return {"envelope": dsse.seal(body, signatures), "disclosures": self.disclosures}


def draft(state, kind, stream, data, *hands, roles=None, at=None, **changed):
    """Drafts an event for the newest revision. `hands` sign; the first is the principal.

    `roles` gives another role than the officer's own, by place. `changed` replaces
    members of the payload.
    """
    at = at or london.now()
    event = changed.pop("id", None) or new_id()
    openings = []
    roles = roles or {}
    payload = {
        "data": _seal(data, event, "", openings),
        "expected_revision": state.stream(stream).revision,
        "id": event,
        "ledger": state.identity,
        "signed_at": london.spell(at),
        "signers": [hand.signer(roles.get(place)) for place, hand in enumerate(hands)],
        "stream": stream,
        "type": kind,
        "v": 1,
        "valid_until": london.spell(at + timedelta(hours=1)),
        **changed,
    }
    return Draft(payload, openings, list(hands))


def holder(organisation, post):
    """The words about who holds a post: of the office, never of a person."""
    name = BODIES[organisation][0]
    return Words("json", {
        "authority": f"{name}: constitution, scheme of delegation",
        "email": f"{post.lower()}@{organisation.lower()}.example",
        "name": f"Holder of the post {post}",
        "phone": "not given",
        "post": post,
    })

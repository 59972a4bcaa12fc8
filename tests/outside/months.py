"""A walk over months: random events of every kind by random hands, by a clock of their own.

Four boroughs, an integrated care board and those who register; days pass between events, bodies
are suspended, succeed each other, lose keys. The outsider alone decides what is recorded; the
program's audit must decide every entry, and every refusal, alike. A printed seed plays it again.
"""

import json
import os
from collections import Counter
from datetime import datetime, timedelta, timezone

import bodies
import dsse
import london
import registry
import terms as text
from aftermath import certificate, destroyed, incident, sent, update
from cast import POSTS, Officer, Words, draft, new_id
from compromised import report, resolve
from header import derive, required_roles
from scenarios import renamed
from story import reason
from wander import HERE, THERE, Walk

THIRD, FOURTH, HEIR, GROUP = "RDB", "HAV", "EAL", "LC"
_OFFICERS = [*POSTS, "CG", "OPN", "DAT"]
_CAN_LOSE_A_KEY = ["IAO", "SIG", "DPO", "SIRO", "IGL", "SEC", "LGL"]
# The seeds that a gate plays; any other with OUTSIDER_SEED.
SEEDS = (1, 2)
STEPS = 420


def seeds():
    """The walks to play."""
    given = os.environ.get("OUTSIDER_SEED")
    return [int(given)] if given else list(SEEDS)


def title(seed):
    return f"a walk over months, seed {seed}"


def seed_of(name):
    """The seed in a title."""
    return int(name.rsplit(" ", 1)[1])


def begins(seed):
    """The instant at which a walk begins: any day and hour of a year, and the same one each time."""
    return datetime(2026, 3, 2, tzinfo=timezone.utc) + timedelta(days=seed * 37 % 365, hours=seed * 5 % 24)


def walk(seed):
    """A part of a history: one walk."""

    def months(tale):
        for code in (HERE, THERE, THIRD, FOURTH, HEIR):
            tale.register(code, _OFFICERS)
        tale.register(GROUP, ["ADM", "PRG"])
        going = Months(tale, seed)
        tale.report.step(title(seed), going.go, STEPS)
        tale.walked = going

    return months


class Months(Walk):
    """A walk with time: what it admits is recorded, what it refuses is kept for the audit."""

    def __init__(self, tale, seed):
        super().__init__(tale, seed)
        self.alive = [HERE, THERE, THIRD, FOURTH]
        self.strangers, self.heir, self.steps = self.alive, HEIR, 0

    def judge(self, made):
        body = json.dumps(made.submission(), ensure_ascii=False).encode()
        verdict = self.state.decide(body, london.now())
        self.counts[verdict.code or "admitted"] = self.counts.get(verdict.code or "admitted", 0) + 1
        if verdict.code:
            self.observer.client.refuse(verdict.code, body)
            return
        self.observer.client.record(json.loads(body))
        self.said.append((made.payload["id"], made.payload["type"], made.payload["stream"]))
        getattr(made, "then", lambda: None)()

    # What is drafted.

    def draft(self):
        chance, client = self.chance, self.observer.client
        self.steps += 1
        if chance.random() < 0.15:
            client.pass_time(**chance.choice([{"minutes": 7}, {"hours": 11}, {"days": 1}, {"days": 3}, {"days": 16}, {"days": 31}]))
        self.here, self.there = chance.sample(self.alive, 2)
        open_ones = [s for s in self.streams if self.state.agreement(s, london.now()).state not in "NRWLX"]
        kinds = {
            self.new: 0.5 if len(open_ones) < 7 else 0.1, self.on_with: 4, self.after: 3.2, self.of_the_directory: 0.5,
            self.of_keys: 0.5, self.of_bodies: 0.35, self.of_the_ledger: 0.12, self.of_contests: 1.0 if self.state.book.contested else 0.03,
        }
        self.open = open_ones
        return chance.choices(list(kinds), list(kinds.values()))[0]()

    def pick(self):
        """A stream, mostly one that is open, and how it stands; its parties become the walk's two bodies."""
        chance = self.chance
        if not self.streams:
            return None, None
        stream = chance.choice(self.open if self.open and chance.random() < 0.9 else self.streams)
        found = self.state.agreement(stream, london.now())
        mine = [code for code, party in found.parties.items() if party.state != "u" and f"{code}.IGL" in self.cast.people]
        if len(mine) >= 2:
            self.here, self.there = chance.sample(mine, 2)
            if found.lead in mine:
                self.there = found.lead
                self.here = chance.choice([code for code in mine if code != found.lead])
        return stream, found

    def on_with(self):
        stream, found = self.pick()
        return self.of_an_agreement(stream) if stream and found.header and "datasets" in found.header.value else None

    def new(self):
        """A request of one of five kinds, an import, or an emergency that is recorded afterwards."""
        chance, today = self.chance, london.today(london.now())
        kind = chance.choice(["two", "two", "many", "many", "open", "urgent", "old", "afterwards"])
        if kind == "two":
            return self.request()
        if kind == "many":
            return self.file(*self.many(today))
        if kind == "open":
            self.there = self.here
            return self.file(renamed(text.open_data(today), "CMD", self.here), renamed(text.publisher(), "CMD", self.here))
        swap = lambda value: renamed(renamed(value, "TWH", self.here), "LFC", self.there)
        urgent = swap(text.emergency(today))
        urgent["gateways"] = [{"code": "CCA-REG", "holder": self.here, "use": ["DISCLOSE"]}, {"code": "CCA-REG", "holder": self.there, "use": ["RECEIVE"]}]
        urgent["term"] |= {"end_date": (today + timedelta(days=chance.choice([0, 5, 14]))).isoformat()}
        if kind == "urgent":
            return self.file(urgent, swap(text.emergency_parties()))
        if kind == "afterwards":
            return self.recorded(urgent, swap(text.emergency_parties()))
        return self.imported(today)

    def many(self, today):
        """Three bodies that join one by one."""
        chance = self.chance
        three = chance.sample(self.alive, 3)
        plain = bodies.document(three[0], three[1], notice_days=chance.choice([0, 10]))
        document = plain | {
            "formation": "ACCESSION", "min_parties": 2, "anchor_parties": chance.choice([[], [three[0]]]), "eligible_joiners": ["LONDON_BOROUGH"],
            "amendment_quorum": "TWO_THIRDS", "non_adopter_rule": "LEAVE", "continuation": {"min_parties": 2},
            "gateways": [{"code": "CA89-47", "holder": code, "use": ["DISCLOSE", "RECEIVE"]} for code in three],
            "lawful_basis": {code: ["E"] for code in three}, "privacy_notice": {code: plain["privacy_notice"][three[0]] for code in three},
            "datasets": [{**plain["datasets"][0], "provider": chance.choice([three[0], "*"]), "recipients": "*"}],
        }
        giver = "PROVIDER" if document["datasets"][0]["provider"] != "*" else "BOTH"
        rows = [text.party(three[0], giver), *(text.party(code, chance.choice(["RECIPIENT", "BOTH"])) for code in three[1:])]
        return document, rows

    def imported(self, today):
        document, rows = bodies.document(self.there, self.here), renamed(renamed(text.parties(), "CMD", self.here), "HCK", self.there)
        header = derive(text.plain(document), rows, self.state.bodies(), self.state.book.reference)
        gaps = self.chance.choice([[], ["end_date"], ["dpia"]])
        header = {name: value for name, value in header.items() if name not in {"code_lists", "policies", *gaps}}
        stream = f"agr:{new_id()}"
        self.streams.append(stream)
        data = {"gaps": gaps, "header": header, "source": Words("text", "The paper of 2024."), "status": self.chance.choice(["ACTIVE", "ACTIVE", "ENDED"])}
        return self.make("AgreementImported", stream, data, self.cast[f"{self.there}.IGL"] if self.chance.random() < 0.9 else self.officer("IGL"))

    def recorded(self, document, rows):
        header = derive(text.plain(document), rows, self.state.bodies(), self.state.book.reference)
        began = london.spell(london.now() - timedelta(hours=self.chance.choice([1, 5, 71, 73])))
        stream = f"agr:{new_id()}"
        self.streams.append(stream)
        data = {"began_at": began, "ground": self.chance.choice(["LIFE", "LIFE", "LIFE", "SAFEGUARDING"]), "header": header, "words": reason("There was no time to sign before it began.")}
        return self.make("EmergencySharingRecorded", stream, data, self.officer("SIRO", "CG", "DPO"))

    def after(self):
        """What follows an agreement: transfers, incidents, destruction, holds, joiners, leads, corrections, successions."""
        chance = self.chance
        stream, found = self.pick()
        if stream is None or found.state == "N":
            return None
        names = [name for d in found.header.value.get("datasets", []) for name in d["ids"]] or ["DS-1"]
        some = lambda: chance.choice([[], [names[0]], names, ["DS-9"]] if chance.random() < 0.3 else [names, [names[0]]])
        likely = {
            "E": ["DestructionCertified"] * 5 + ["RetentionHoldReleased", "IncidentNoted", "RetentionHoldPlaced"],
            "V": ["DisclosureLogged"] * 5 + ["IncidentNoted", "RetentionHoldPlaced", "RetentionHoldReleased", "PartyInvited", "AccessionRequested", "LeadChanged", "DestructionCertified"],
        }.get(found.state, ["PartyInvited", "AccessionRequested", "DocumentAttached", "Corrected"])
        if found.unconfirmed:
            likely = likely + ["SuccessionConfirmed"] * 6
        if found.is_imported():
            likely = likely + ["ImportConfirmed"] * 6 + ["ImportDisputed"]
        if any(status != "CLOSED" for status, _ in found.incidents.values()):
            likely = likely + ["IncidentUpdated"] * 3
        kind = chance.choice(likely if chance.random() < 0.85 else [
            "DisclosureLogged", "IncidentNoted", "IncidentUpdated", "DestructionCertified", "RetentionHoldPlaced", "RetentionHoldReleased",
            "DocumentAttached", "PartyInvited", "AccessionRequested", "LeadChanged", "Corrected", "ImportConfirmed", "ImportDisputed", "SuccessionConfirmed",
        ])
        hands = None
        match kind:
            case "DisclosureLogged":
                givers = sorted(found.header.providers() & set(found.parties)) or [self.there]
                hand = self.cast.people.get(f"{chance.choice(givers)}.IAO") if chance.random() < 0.85 else self.officer("IAO", "DAT")
                data = sent(*(some() or names))
                takers = [code for code, party in found.parties.items() if party.state in "xl" and hand and code != hand.organisation]
                if chance.random() < 0.5 and takers:
                    data["recipients"] = takers[:2] if chance.random() < 0.8 else [chance.choice(self.alive)]
            case "IncidentNoted":
                data, hand = incident(key=chance.random() < 0.5), self.officer("IGL", "DPO", "SIRO", "SEC")
            case "IncidentUpdated":
                known = [*found.incidents, new_id()] if chance.random() < 0.2 else [*found.incidents] or [new_id()]
                data, hand = update(chance.choice(known), chance.choice(["CONTAINED", "CRITICAL_OPEN", "CLOSED", "OPEN"])), self.officer("IGL", "DPO", "SIRO", "SEC")
            case "DestructionCertified":
                owing = sorted({code for code, _ in found.duties})
                code = chance.choice(owing) if owing and chance.random() < 0.85 else chance.choice([self.here, self.there])
                if f"{code}.IAO" not in self.cast.people:
                    return None
                more = {"certificate": certificate()} if chance.random() < 0.3 else {}
                outcome = chance.choice(["DESTROYED", "DESTROYED", "RETURNED", "ANONYMISED", "RETAINED_UNDER_LAW"])
                if chance.random() < 0.5 and outcome == "RETAINED_UNDER_LAW":
                    more["recheck"] = (london.today(london.now()) + timedelta(days=chance.choice([0, 90]))).isoformat()
                hands = [self.cast[f"{code}.IAO"], *([] if "certificate" in more else [self.cast[f"{code}.SEC"]])]
                data = destroyed(*some(), outcome=outcome, **more)
            case "RetentionHoldPlaced":
                data, hand = {"datasets": some(), "reason": chance.choice(["LITIGATION", "INQUIRY"])}, self.officer("LGL", "SIG")
            case "RetentionHoldReleased":
                open_holds = [*found.holds] or [new_id()]
                wanted = chance.choice(open_holds)
                owner = found.holds.get(wanted, (self.here,))[0]
                hand = self.cast.people.get(f"{owner}.LGL") if chance.random() < 0.8 else self.officer("LGL", "SIG")
                data = {"hold": wanted}
            case "DocumentAttached":
                data, hand = {"file": certificate(), "kind": "DPIA"}, self.officer("IGL", "DPO", "LGL", "SIG")
            case "PartyInvited" | "AccessionRequested":
                return self.joining(kind, stream, found)
            case "LeadChanged":
                new = chance.choice([self.here, self.there])
                hands = [self.cast[f"{new}.IGL"], self.cast[f"{self.there if new == self.here else self.here}.IGL"]]
                data = {"lead": new}
            case "Corrected":
                mine = [(event, kind) for event, kind, place in self.said if place == stream]
                event = chance.choice(mine)[0] if mine and chance.random() < 0.9 else new_id()
                mark = self.state.book.marks.get(event)
                author = mark and self.cast.people.get(".".join(mark.first))
                data, hand = {"pointer": "/words", "target": event, "words": reason("A word was left out of this sentence.")}, author if author and chance.random() < 0.8 else self.officer("IGL", "SIRO")
            case "ImportConfirmed":
                named = found.imported_by if found.imported_by and chance.random() < 0.9 else new_id()
                data, hand = {"document": certificate(), "import": named}, self.officer("SIG", "SIG", "SIRO")
            case "ImportDisputed":
                data, hand = {"import": found.imported_by or new_id(), "words": reason("We have no such agreement in our files.")}, self.officer("SIG", "SIRO", "IGL")
            case "SuccessionConfirmed":
                gone = chance.choice([*found.unconfirmed, *found.unconfirmed, self.here])
                heir = found.unconfirmed.get(gone, (self.there,))[0]
                data, hand = bodies.confirmation(gone), self.cast[f"{heir}.{chance.choice(['SIRO', 'SIRO', 'SIG'])}"]
        hands = hands or [hand]
        return self.make(kind, stream, data, *hands) if all(hands) else None

    def joining(self, kind, stream, found):
        """A row for a body that may join, or is there."""
        chance = self.chance
        code = chance.choice(self.alive)
        row = {name: value for name, value in found.header.value["parties"][-1].items() if name != "required_roles"}
        row |= {"capacity": chance.choice(["RECIPIENT", "BOTH"]), "organisation": code}
        row["required_roles"] = []
        if "datasets" in found.header.value:
            row["required_roles"] = required_roles(found.header.with_rows([row]).value, row, self.state.bodies()[code], self.state.book.reference)
        if kind == "AccessionRequested":
            return self.make(kind, stream, {"row": row, "words": reason("Our schools ask for it.")}, self.cast[f"{code}.IGL"])
        lead = found.lead if f"{found.lead}.IGL" in self.cast.people and chance.random() < 0.85 else self.here
        contacts = Words("json", {code: {"ig": f"ig@{code.lower()}.example"}})
        return self.make(kind, stream, {"contacts": contacts, "row": row}, self.cast[f"{lead}.IGL"])

    # Keys, contests, bodies, the ledger.

    def of_keys(self):
        """Keys that are rotated, revoked, reported; and new ones in their place."""
        chance, cast, book = self.chance, self.cast, self.state.book
        code = chance.choice(self.alive)
        without = [p for p in _CAN_LOSE_A_KEY if book.keys.get(cast[f"{code}.{p}"].key.id) and book.keys[cast[f"{code}.{p}"].key.id].standing != "a"]
        post = chance.choice(without) if without and chance.random() < 0.8 else chance.choice(_CAN_LOSE_A_KEY)
        old, key = cast[f"{code}.{post}"], cast[f"{code}.{post}"].key.id
        administrator, chief = cast[f"{code}.ADM"], cast[f"{code}.CEX"]
        kind = "KeyRegistered" if post in without and chance.random() < 0.9 else chance.choice(["KeyRegistered", "KeyRotated", "KeyRevoked", "KeyCompromised", "KeyCompromised"])
        if kind in ("KeyRegistered", "KeyRotated"):
            new = Officer(code, old.person, old.role, cast.officer(f"{code}.{post}.{new_id()[-9:]}", code, old.role).key, appointment=old.appointment)
            data = {"custody": "SOFTWARE", "key": new.key.id, "public": dsse.b64(new.key.public)}
            if kind == "KeyRotated":
                made = self.make(kind, f"key:{new.key.id}", {**data, "replaces": key}, *chance.choice([[old, new], [new, old], [new]]))
            else:
                data |= {"organisation": code, "person": old.person}
                made = self.make(kind, f"key:{new.key.id}", data, *chance.choice([[new, administrator, chief]] * 4 + [[new, administrator], [administrator, new, chief]]))
            made.then = lambda: cast.people.update({f"{code}.{post}": new})
            return made
        if kind == "KeyRevoked":
            return self.make(kind, f"key:{key}", {"key": key, "reason": "LOST"}, chance.choice([administrator, chief, old]))
        mine = [m.index for m in book.marks.values() if key in m.keys]
        start = chance.choice([None, self.state.size, *mine[-4:], *mine[-4:], mine[0] if mine else 1, self.state.size + 3])
        hands = chance.choice([[chief], [chief], [administrator], [old], [*cast.registrars[:2], chief], cast.registrars[:2]])
        return self.make(kind, f"key:{key}", report(key, start), *hands)

    def of_contests(self):
        """Contested events are affirmed or disowned, mostly by who may."""
        chance, book, cast = self.chance, self.state.book, self.cast
        events = sorted(book.contested)
        target = chance.choice(events) if events and chance.random() < 0.95 else self.said[-1][0] if self.said else new_id()
        mark = book.marks.get(target)
        if mark is None:
            return None
        code = chance.choice(sorted(mark.keys.values()))
        if f"{code}.SIRO" not in cast.people:
            return None
        outcome = chance.choice(["AFFIRMED", "AFFIRMED", "DISOWNED"])
        both = [cast[f"{code}.SIRO"], cast[f"{code}.CEX"]]
        hands = both if outcome == "DISOWNED" and chance.random() < 0.85 else [chance.choice(both)]
        near = [e for e in events if book.marks[e].stream == mark.stream and e != target][:2] if chance.random() < 0.5 else []
        return self.make("ContestResolved", mark.stream, resolve(outcome, target, *near), *hands)

    def of_bodies(self):
        """Bodies are suspended, come back, belong to partnerships, are succeeded."""
        chance, cast, two = self.chance, self.cast, self.cast.registrars[:2]
        code, today = chance.choice(self.alive), london.today(london.now())
        day = lambda *days: (today + timedelta(days=chance.choice(days))).isoformat()
        org, kind = f"org:{code}", chance.choice(["OrganisationSuspended", "OrganisationReinstated", "OrganisationReinstated", "PartnershipMembershipChanged", "OrganisationSucceeded", "SuccessionObjected", "OrganisationLeft"])
        match kind:
            case "OrganisationSuspended":
                return self.make(kind, org, {"reason": "SECURITY", "until": day(1, 2, 30, 31)}, *two)
            case "OrganisationReinstated":
                return self.make(kind, org, {}, *chance.choice([two, two, two[:1]]))
            case "PartnershipMembershipChanged":
                data = {"change": chance.choice(["JOINED", "LEFT"]), "on": day(-20, 0), "partnership": chance.choice([GROUP, GROUP, code]), "source": Words("text", "The roll")}
                return self.make(kind, org, data, *chance.choice([two, [cast[f"{GROUP}.PRG"]], [cast[f"{GROUP}.CEX"]], [cast[f"{code}.CEX"]]]))
            case "OrganisationSucceeded":
                return self.succeed(code, two, day)
            case "SuccessionObjected":
                known = [*self.state.book.successions] or [new_id()]
                return self.make(kind, org, {"target": chance.choice(known), "words": reason("Our board was not asked about this.")}, cast[f"{code}.SIRO"])
            case _:
                return self.make(kind, org, {"on": day(0, 5)}, cast[f"{code}.IAO"] if chance.random() < 0.6 else cast[f"{code}.SIG"])

    def succeed(self, code, two, day):
        """One body goes, seldom for good: the walk needs four."""
        chance, cast = self.chance, self.cast
        if self.heir is None or self.steps < STEPS // 3:
            data = bodies.succession("REPLACE", [code], [HEIR], day(-1, 0, 14))
            return self.make("OrganisationSucceeded", f"org:{code}", data, *two, cast[f"{HEIR}.CEX"])
        kind = chance.choice(["MERGE", "REPLACE", "RENAME", "TRANSFER", "MERGE2"])
        gone = [code] if kind != "MERGE2" else chance.sample(self.alive, 2)
        more = {"functions": ["CHILD_SC"]} if kind == "TRANSFER" else {}
        data = bodies.succession(kind.rstrip("2"), gone, [self.heir], day(0, 0, 10), **more)
        made = self.make("OrganisationSucceeded", f"org:{gone[0]}", data, *two, *(cast[f"{c}.CEX"] for c in (self.heir, *gone)))
        heir = self.heir

        def then():
            self.heir = None
            self.alive = [*(c for c in self.alive if kind == "TRANSFER" or c not in gone), heir]

        made.then = then
        return made

    def of_the_ledger(self):
        """Registrars, log keys, lists, rules, witnesses: mostly what is refused."""
        chance, two, today = self.chance, self.cast.registrars[:2], london.today(london.now()).isoformat()
        match chance.randrange(5):
            case 0:
                new = self.cast.officer(f"REG.{new_id()[-9:]}", "REG", "REG")
                remove = chance.choice([[], [], [self.cast.registrars[-1].key.id], ["0" * 64]])
                made = self.make("RegistrarChanged", "sys", registry.change([new], remove, chance.choice([2, 2, 1, 9])), *two, new)

                def then():
                    kept = [r for r in self.cast.registrars if r.key.id not in remove]
                    self.cast.registrars[:] = [*kept, new]

                made.then = then
                return made
            case 1:
                return self.make("WitnessPolicyPublished", "sys", {"sha256": "2" * 64}, *chance.choice([two, two[:1]]))
            case 2:
                return self.make("RulesAdopted", "sys", {"rules": chance.choice([1, 3])}, *two)
            case 3:
                return self.make("CodeListPublished", "sys", {"id": "CL-FOI", "in_force_from": today, "sha256": "3" * 64, "version": 2}, *two)
            case _:
                _, new = registry.new_log_key(self.state.book.origin)
                old = self.state.book.log_keys[-1]
                return self.make("LogKeyChanged", "sys", {"first_size": self.state.size + 10_000, "new": new, "old": old}, *two)


def admitted(tale):
    """How often each kind of event was recorded in a walk."""
    return Counter(kind for _, kind, _ in tale.walked.said)


HISTORIES = {title(seed): [walk(seed)] for seed in seeds()}

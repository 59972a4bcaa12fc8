"""A walk without a plan: random events by random hands, and two programs that must judge alike.

Two boroughs with every post, a handful of agreements, hands mostly right and sometimes wrong,
words always opened. Whatever the two verdicts are, they must be the same; what is admitted is
recorded and the walk goes on from there. A printed seed plays it again.
"""

import copy
import json
import os
import random
import time
from datetime import timedelta

import amendment
import commit
import london
import terms as text
from cast import POSTS, Words, draft, new_id, new_person
from header import derive
from observer import same, status_of
from scenarios import renamed
from story import Story, flags, leaving, reason, refusal, suspension

HERE, THERE = "WFT", "NWM"
STRANGERS = ["CMD", "HCK"]
_SIGNING = ["AdviceGiven"] * 3 + ["ApprovalGiven"] * 6 + ["ExecutionSigned"] * 4 + ["ApprovalDeclined", "ApprovalWithdrawn"]


def _days(document, chance):
    document["destruction_due_days"] = chance.randrange(5, 29)


def _notice(document, chance):
    document["notice_days"] = chance.choice([0, 1, 2, 5])


def _method(document, chance):
    document["datasets"][0]["method"] = chance.choice(["SFTP", "PORTAL", "API_MTLS"])


def _frequency(document, chance):
    document["datasets"][0]["frequency"] = chance.choice(["MONTHLY", "WEEKLY", "AD_HOC", "ANNUAL", "LIVE", "DAILY", "QUARTERLY", "HOURLY"])


def _end(document, chance):
    document["term"]["end_date"] = (london.today(london.now()) + timedelta(days=chance.randrange(200, 300))).isoformat()


def _start(document, chance):
    document["term"]["effective_date"] = (london.today(london.now()) + timedelta(days=chance.choice([0, 3]))).isoformat()


def _url(document, chance):
    for code in sorted(document.get("privacy_notice", {}))[:1]:
        document["privacy_notice"][code]["url"] = Words("text", f"Privacy pages, edition {chance.randrange(99)}")


def _purpose(document, chance):
    document["purpose"] = Words("text", f"To find children at risk who are known to both boroughs, in all of their {chance.randrange(2, 99)} schools.")


_CHANGES = [_days, _notice, _method, _method, _frequency, _frequency, _end, _end, _start, _url, _url, _purpose]
STREAMS = 6


def walk(tale, steps=400, seed=None):
    """Registers two boroughs and walks; without a seed, from one that nobody chose."""
    for code in (HERE, THERE):
        tale.register(code, [*POSTS, "CG"])
    seed = seed or int(os.environ.get("OUTSIDER_SEED", time.time_ns() % 1_000_000))
    again = f"cargo xtask outsider --wander 1 --seed {seed} plays it again"
    print(f"note    a walk of {steps} steps from seed {seed} ({again})", flush=True)
    failed = tale.report.failed
    tale.report.step(f"{steps} random events are judged alike, seed {seed}", Walk(tale, seed).go, steps)
    if tale.report.failed > failed:
        print(f"note    {again}", flush=True)


class Walk:
    here, there, strangers = HERE, THERE, STRANGERS

    def __init__(self, tale, seed):
        self.tale, self.chance = tale, random.Random(seed)
        self.observer, self.state, self.cast = tale.observer, tale.observer.state, tale.cast
        self.streams, self.said, self.counts, self.documents = [], [], {}, {}

    def go(self, steps):
        differ = []
        self.observer.catch_up()
        for number in range(steps):
            made = self.draft()
            if made is None:
                continue
            try:
                self.judge(made)
            except AssertionError as error:
                differ.append(f"step {number}: {error}")
                self.observer.catch_up()
        if differ:
            shown = "\n        ".join(line[:1800] for line in differ[:8])
            raise AssertionError(f"{len(differ)} of {steps} differ:\n        {shown}")
        print(f"note    verdicts of the walk: {dict(sorted(self.counts.items()))}", flush=True)

    def judge(self, made):
        """Sends an event; the two verdicts, and what follows from them, must be the same."""
        submission = made.submission()
        body = json.dumps(submission, ensure_ascii=False).encode()
        verdict = self.state.decide(body, london.now())
        answer = self.observer.client.ask("POST", "/api/v1/events", body)
        told = answer.code if answer.status >= 400 else None
        payload = json.dumps(made.payload, sort_keys=True)
        detail = answer.json().get("detail")
        same(told, verdict.code, f"code ({detail}; the outsider: {verdict.why}) of {made.payload['type']} {payload[-900:]}")
        self.counts[told or "admitted"] = self.counts.get(told or "admitted", 0) + 1
        if told is None:
            self.observer.check_receipt(answer.json(), submission["envelope"], made.payload)
            self.said.append((made.payload["id"], made.payload["type"], made.payload["stream"]))
        else:
            same(answer.status, status_of(told), f"status of {told}")

    # What is drafted.

    def draft(self):
        chance = self.chance
        alive = [s for s in self.streams if self.state.agreement(s, london.now()).state not in "NRWLX"]
        if len(alive) < STREAMS and chance.random() < 0.2:
            return self.request()
        if chance.random() < 0.12:
            return self.of_the_directory()
        if not self.streams:
            return self.request()
        stream = chance.choice(alive if alive and chance.random() < 0.93 else [*self.streams, f"agr:{new_id()}"])
        return self.of_an_agreement(stream)

    def officer(self, *roles):
        """Mostly an officer with one of these roles, sometimes anybody."""
        chance = self.chance
        code = chance.choice([self.here, self.there])
        if chance.random() < 0.02:
            return self.cast[f"{chance.choice(self.strangers)}.{chance.choice(['SIG', 'IAO', 'SIRO'])}"]
        role = chance.choice(roles) if chance.random() < 0.92 else chance.choice([*POSTS, "CG", "CEX"])
        return self.cast[f"{code}.{role}"]

    def make(self, kind, stream, data, *hands, **more):
        """A draft, at a revision that is now and then stale or ahead."""
        revision = self.state.stream(stream).revision
        if self.chance.random() < 0.06:
            more["expected_revision"] = max(0, revision + self.chance.choice([-3, -2, -1, 1, 2]))
        return draft(self.state, kind, stream, data, *hands, **more)

    def request(self):
        chance, today = self.chance, london.today(london.now())
        start = today + timedelta(days=chance.choice([0, 0, 0, 3]))
        later = (today + timedelta(days=250)).isoformat()
        term = {"effective_date": start.isoformat(), "end_date": later, "review_date": later}
        maker = chance.choice([text.document, text.special])
        document = maker(today, term=term, notice_days=chance.choice([0, 0, 30]))
        document = renamed(renamed(document, "CMD", self.here), "HCK", self.there)
        rows = text.parties() if maker is text.document else text.special_parties()
        rows = renamed(renamed(rows, "CMD", self.here), "HCK", self.there)
        return self.file(document, rows)

    def file(self, document, rows):
        """A request, now and then in a stream that is there."""
        chance = self.chance
        header = derive(text.plain(document), rows, self.state.bodies(), self.state.book.reference)
        hand, stream = self.officer("REQ", "REQ", "IGL"), f"agr:{new_id()}"
        if chance.random() < 0.1 and self.streams:
            stream = chance.choice(self.streams)
        else:
            self.streams.append(stream)
        made = self.make("RequestFiled", stream, Story.request(document, header, hand.organisation), hand)
        return self.keep(made, document, rows)

    def keep(self, made, document, rows):
        """Remembers what a draft says, to change it later."""
        self.documents[made.payload["data"]["terms"][commit.MARK]] = document, rows
        return made

    def redraft(self, kind, stream, found, hand, **members):
        """A draft that differs from the version that it answers, or does not."""
        chance = self.chance
        counters = kind == "CounterProposalMade" and found.counter and found.state in "FCG"
        answered = found.counter if counters else found.current
        if answered.terms not in self.documents:
            return None
        document, rows = self.documents[answered.terms]
        changed = copy.deepcopy(document)
        for _ in range(chance.choice([0, 1, 1, 1, 2])):
            chance.choice(_CHANGES)(changed, chance)
        header = derive(text.plain(changed), rows, self.state.bodies(), self.state.book.reference)
        header["changes"] = amendment.changes(text.plain(document), text.plain(changed))
        data = {"header": header, "terms": Words("json", changed), **members}
        return self.keep(self.make(kind, stream, data, hand), changed, rows)

    def of_an_agreement(self, stream):
        chance, found = self.chance, self.state.agreement(stream, london.now())
        today = london.today(london.now())
        frozen = found.signing.hash if found.current else "0" * 64
        if chance.random() < 0.03:
            frozen = "0" * 64
        # What moves an agreement on is tried more often where it can.
        likely = {
            "F": ["RequestTriaged"] * 4 + ["TermsSubmitted"] * 4, "A": ["AdviceGiven"] * 5 + ["ApprovalGiven"] * 9 + ["ExecutionSigned"] * 5,
            "V": ["AgreementSuspended"] * 3 + ["RevocationNoticed"] if found.track == "T0" else _SIGNING, "S": ["AgreementResumed"] * 4 + (["AdviceGiven"] if found.track == "T0" else _SIGNING),
            "P": ["ApprovalWithdrawn", "NoteRecorded"], "E": ["NoteRecorded"],
        }.get(found.state, [])
        if found.current and chance.random() < 0.4:
            return self.talk(stream, found, frozen)
        kind = chance.choice(likely if likely and chance.random() < 0.75 else [
            "NoteRecorded", "RequestTriaged", "TermsSubmitted", "AdviceGiven", "ApprovalGiven", "ExecutionSigned",
            "ApprovalDeclined", "ApprovalWithdrawn", "ApprovalWithdrawn", "AgreementSuspended", "AgreementResumed",
            "PublicationDecided", *(["RequestRefused", "RequestWithdrawn", "RevocationNoticed"] if chance.random() < 0.4 else []),
        ])
        long = refusal("This is long enough to be a reason that explains why it is so.")
        short = reason("This is a reason of more than twenty characters.")
        match kind:
            case "NoteRecorded":
                data, hand = {"text": Words("text", "A note on the way."), "visibility": "PARTIES"}, self.officer("LGL", "IGL")
            case "RequestTriaged":
                outcome = "RETURNED" if chance.random() < 0.1 else "ACCEPTED"
                data, hand = {"missing": [], "outcome": outcome}, self.officer("IGL")
            case "TermsSubmitted":
                until = (today + timedelta(days=chance.choice([30, 30, 30, 90, 91, 0, -1]))).isoformat()
                data = {"approve_by": until, "version": found.signing.number if chance.random() < 0.9 and found.current else 2, "version_hash": frozen}
                hand = self.cast[f"{self.there}.IGL"] if chance.random() < 0.8 else self.officer("IGL")
            case "AdviceGiven":
                hand = self.officer("DPO", "DPO", "DPO", "LGL", "CG", "SEC")
                kinds = [hand.role] * 9 + ["DPO"] if hand.role in ("DPO", "LGL", "CG", "SEC") else ["DPO"]
                words = Words("json", {"outcome": "SUPPORT", "reasons": "It is limited and explained."})
                data = {"kind": chance.choice(kinds), "version_hash": frozen, "words": words}
            case "ApprovalGiven":
                hand = self.officer("IAO", "IAO", "SIRO", "CG", "SEC")
                data = {"datasets": chance.choice([[], [], [], ["DS-1"], ["DS-2"], ["DS-1", "DS-2"], ["DS-7"]]), "version_hash": frozen}
            case "ExecutionSigned":
                data, hand = {"form": "SIMPLE_CONTRACT", "version_hash": frozen}, self.officer("SIG")
            case "ApprovalDeclined":
                data = {"kind": chance.choice(["RETURN", "RETURN", "RETURN", "FINAL"]), "version_hash": frozen, "words": long}
                hand = self.officer("SIG", "IAO", "DPO")
            case "ApprovalWithdrawn":
                data, hand = {"target": self.target(found), "words": short}, self.officer("SIG", "IAO", "DPO")
            case "RequestRefused":
                data, hand = {"words": long}, self.officer("SIRO", "SIG")
            case "RequestWithdrawn":
                data, hand = ({"words": short} if chance.random() < 0.5 else {}), self.officer("REQ", "SIG", "IGL")
            case "AgreementSuspended":
                return self.suspend(stream)
            case "AgreementResumed":
                ground = chance.choice([*found.grounds, new_id()])
                words = Words("json", {"evidence": ["Looked at and put right."]})
                data, hand = {"ground": ground, "words": words}, self.officer("SIRO")
            case "RevocationNoticed":
                day = (today + timedelta(days=chance.choice([0, 0, 1, 29, 30, -1]))).isoformat()
                data, hand = leaving(day, chance.choice(["POLICY", "UNLAWFUL"])), self.officer("SIG", "SIRO")
            case "PublicationDecided":
                data = {"decision": chance.choice(["PUBLISH", "PUBLISH_REDACTED", "WITHHOLD"]), "withheld": []}
                if chance.random() < 0.6:
                    data |= {"exemption": "FOIA-S43", "look_again": (today + timedelta(days=300)).isoformat()}
                hand = self.officer("IGL", "SIRO")
        return self.make(kind, stream, data, hand)

    def talk(self, stream, found, frozen):
        """Questions, other terms, amendments, reviews and ends: what fits the state, mostly."""
        chance, today = self.chance, london.today(london.now())
        day = lambda *days: (today + timedelta(days=chance.choice(days))).isoformat()
        asking, waiting = ["ClarificationRequested"], ["ClarificationProvided"] * 4 if found.questions else []
        counters = ["CounterProposalAccepted", "CounterProposalRejected", "CounterProposalMade"] if found.counter else ["CounterProposalMade"]
        ends = ["RevocationRescinded"] * 2 if any(p.notice for p in found.parties.values()) else ["TerminationConsented"]
        likely = {
            "F": asking + counters, "C": waiting, "G": counters * 2 + asking, "A": asking + waiting,
            "V": {
                "T0": ["AmendmentProposed"] * 6 + ["ReviewCompleted"] * 2 + ends, "T1": asking + waiting + counters + ["TermsSubmitted"] * 3,
                "T2": asking + waiting + ["AmendmentAbandoned"], "T3": ["AmendmentAbandoned", *ends],
            }[found.track],
        }
        likely["S"] = likely["V"]
        anything = asking + ["ClarificationProvided", *counters, "AmendmentProposed", "AmendmentAbandoned", "ReviewCompleted", "RevocationRescinded", "TerminationConsented"]
        kind = chance.choice(likely.get(found.state) if chance.random() < 0.85 and likely.get(found.state) else anything)
        hand, words = self.officer("IGL"), Words("json", {"reasons": "The first months have shown it.", "summary": "One clause."})
        match kind:
            case "ClarificationRequested":
                hand = self.officer("IGL", "DPO", "SIRO", "LGL")
                other = self.there if hand.organisation == self.here else self.here
                data = {"asked": chance.choice([other] * 5 + [hand.organisation, "CMD"]), "due": day(7), "path": "/purpose", "text": Words("text", "Who is meant by this?")}
            case "ClarificationProvided":
                question = chance.choice([*found.questions, *found.questions, new_id()])
                asked = found.questions.get(question, ("", self.here))[1]
                hand = self.cast[f"{asked}.{chance.choice(['IGL', 'REQ'])}"] if chance.random() < 0.8 else self.officer("IGL", "REQ")
                data = {"question": question, "text": Words("text", "Those of school age.")}
                if chance.random() < 0.3:
                    return self.redraft(kind, stream, found, hand, **data)
            case "CounterProposalMade":
                return self.redraft(kind, stream, found, hand, words=words)
            case "AmendmentProposed":
                return self.redraft(kind, stream, found, hand, words=words, renewal=chance.random() < 0.1, **{"class": chance.choice(["M0", "M1", "M2", "M3", "M3", "M3"])})
            case "CounterProposalAccepted" | "CounterProposalRejected":
                waits = found.counter.hash if found.counter and chance.random() < 0.9 else frozen
                data = {"version_hash": waits, **({"words": reason("These terms are not what our lawyers asked for.")} if kind == "CounterProposalRejected" else {})}
            case "TermsSubmitted":
                data = {"approve_by": day(30), "version": found.signing.number, "version_hash": frozen}
                hand = self.cast[f"{self.there}.IGL"] if chance.random() < 0.8 else hand
            case "AmendmentAbandoned":
                data, hand = {}, self.officer("IGL", "SIG")
            case "ReviewCompleted":
                findings = Words("json", {"findings": "The sharing did what it was for."})
                data = {"next_review": day(100, 300, 364, 366, 800), "outcome": chance.choice(["CONTINUE", "AMEND"]), "words": findings}
            case "RevocationRescinded":
                given = [p.notice for p in found.parties.values() if p.notice]
                hand = self.officer("SIG", "SIRO")
                other = self.cast[f"{self.there if hand.organisation == self.here else self.here}.SIG"]
                hands = [hand, other] if chance.random() < 0.8 else [hand]
                return self.make(kind, stream, {"target": chance.choice([*given, *given, new_id()])}, *hands)
            case "TerminationConsented":
                data, hand = {"takes_effect_on": day(0, 10, 10, 10, -1)}, self.officer("SIG")
        return self.make(kind, stream, data, hand)

    def target(self, found):
        """The id of a signature, of another event, or of nothing."""
        signatures = [s.id for s in found.signatures]
        others = [event for event, _, stream in self.said if stream == found.stream]
        return self.chance.choice(signatures * 4 + others + [new_id()])

    def suspend(self, stream):
        chance = self.chance
        data = suspension(
            chance.choice(["WHOLE", "PARTY", "PARTY", "DATASETS"]), chance.choice(["SECURITY", "REGULATOR"]),
            chance.choice([[], ["DS-1"], ["DS-9"]]),
        )
        if chance.random() < 0.2:
            data["organisation"] = chance.choice([self.here, self.there])
        hand = self.officer("SIRO", "SIG", "CG", "DPO")
        hands = [hand]
        if hand.role == "DPO" and hand.organisation in (self.here, self.there):
            hands.append(self.cast[f"{hand.organisation}.SIRO"])
        if chance.random() < 0.05:
            hands.append(self.cast[f"{chance.choice([self.here, self.there])}.LGL"])
        return self.make("AgreementSuspended", stream, data, *{h.key.id: h for h in hands}.values())

    def of_the_directory(self):
        """Appointments, their ends, delegations, updates: most of them by hands that may."""
        chance, cast, today = self.chance, self.cast, london.today(london.now())
        code = chance.choice([self.here, self.there])
        administrator, chief, org = cast[f"{code}.ADM"], cast[f"{code}.CEX"], f"org:{code}"
        who = chance.choice([cast[f"{code}.{post}"] for post in POSTS] + [None])
        person = who.person if who else new_person()
        role = chance.choice(["REQ", "IGL", "IAO", "LGL", "SEC", "OPN", "SIRO", "DPO", "CG", "SIG", "LEO", "ADM", "AUD"])
        match chance.randrange(4):
            case 0:
                hand = chance.choice([administrator, chief])
                data = self.tale.appointment(code, role, person)
                if chance.random() < 0.2:
                    data["valid_to"] = (today + timedelta(days=chance.choice([0, 10]))).isoformat()
                return self.make("RoleHolderAppointed", org, data, hand)
            case 1:
                # Only posts that the walk itself gave, so that the boroughs keep theirs.
                given = [event for event, kind, stream in self.said if kind == "RoleHolderAppointed" and stream == org]
                target = chance.choice([*given, new_id()])
                return self.make("RoleHolderRevoked", org, {"appointment": target}, chance.choice([administrator, chief]))
            case 2:
                until = (today + timedelta(days=chance.choice([1, 30, 90]))).isoformat()
                owner = cast[f"{code}.{chance.choice(['IAO', 'SIRO', 'SIG'])}"]
                data = {"appointment": owner.appointment, "functions": [], "person": person, "until": until}
                return self.make("RoleDelegated", org, data, chance.choice([owner, administrator, chief]))
            case _:
                lent = [event for event, kind, stream in self.said if kind == "RoleDelegated" and stream == org]
                if lent and chance.random() < 0.7:
                    hand = chance.choice([administrator, chief, cast[f"{code}.IAO"]])
                    return self.make("DelegationRevoked", org, {"delegation": chance.choice(lent)}, hand)
                return self.make("OrganisationUpdated", org, {"flags": flags(code)}, administrator, chief)

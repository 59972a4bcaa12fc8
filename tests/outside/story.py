"""The story: a ledger is founded, three boroughs join, two of them agree and part."""

import json
from datetime import timedelta

import dsse
import header
import london
import terms as text
from cast import BODIES, BY_CHIEF, POSTS, Officer, Words, draft, holder, new_id, new_person

ORIGIN = "outsider.counterpart.example/london/log"


class Story:
    """Drives one ledger. `observer` compares; `cast` holds the keys."""

    def __init__(self, observer, cast, report):
        self.observer, self.cast, self.report = observer, cast, report
        self.today = london.today(london.now()).isoformat()
        self.stream = f"agr:{new_id()}"
        self.versions, self.header, self.document = {}, None, None
        self.is_judged = False

    @property
    def state(self):
        return self.observer.state

    def say(self, title, kind, stream, data, *hands, **more):
        """One event as one step of the report. Gives its id, or None when it failed."""
        names = " + ".join(f"{h.organisation}.{h.role}" for h in hands)

        def send():
            self.observer.catch_up()
            return self.observer.submit(draft(self.state, kind, stream, data, *hands, **more))

        return self.report.step(f"{kind}: {title} ({names})", send)

    # The directory.

    def register(self, code, posts=POSTS, governance="FULL", extra_roles=()):
        """A body, its chief, and an officer with a key for every post."""
        name, kind, gss = BODIES[code]
        chief = self.cast.officer(f"{code}.CEX", code, "CEX", with_openssl=code == "CMD")
        self.cast.people[f"{code}.CEX"] = chief
        data = {
            "chief": {
                "holder": holder(code, "CEX"), "key": chief.key.id, "person": chief.person,
                "public": dsse.b64(chief.key.public),
            },
            "code": code, "extra_roles": list(extra_roles), "flags": flags(code), "governance": governance,
            "name": name, "type": kind, **({"gss": gss} if gss else {}),
        }
        registrars = self.cast.registrars[:2]
        chief.appointment = self.say(name, "OrganisationRegistered", f"org:{code}", data, *registrars, chief)
        for post in posts:
            self.appoint(code, post)

    def have(self, code, posts, **more):
        """A body with officers in these posts: whoever is not there yet is registered, or appointed."""
        if f"{code}.CEX" not in self.cast.people:
            self.register(code, posts, **more)
        for post in posts:
            if f"{code}.{post}" not in self.cast.people:
                self.appoint(code, post)

    def appoint(self, code, post, person=None):
        """Appoints an officer and registers a key: the role first, then the key."""
        role, chief = post.rstrip("2"), self.cast[f"{code}.CEX"]
        administrator = self.cast.people.get(f"{code}.ADM")
        by_chief = role in BY_CHIEF
        officer = self.cast.officer(f"{code}.{post}", code, role, person or new_person())
        self.cast.people[f"{code}.{post}"] = officer
        officer.appointment = self.grant(officer, role, chief if by_chief else administrator)
        hands = [officer, *([administrator] if administrator else []), *([chief] if by_chief else [])]
        self.register_key(f"{code}.{post}", officer, *hands)
        return officer

    def register_key(self, title, officer, *hands):
        """Registers an officer's key, which signs first."""
        data = {
            "custody": "SOFTWARE", "key": officer.key.id, "organisation": officer.organisation,
            "person": officer.person, "public": dsse.b64(officer.key.public),
        }
        return self.say(title, "KeyRegistered", f"key:{officer.key.id}", data, *hands)

    def appointment(self, organisation, role, person):
        """The data of an appointment from today on."""
        return {
            "functions": [], "holder": holder(organisation, role), "notice_given_on": self.today,
            "person": person, "role": role, "valid_from": self.today,
        }

    def grant(self, officer, role, by):
        """Appoints somebody to a role."""
        body = officer.organisation
        data = self.appointment(body, role, officer.person)
        return self.say(f"{body}.{role}", "RoleHolderAppointed", f"org:{body}", data, by)

    def other_directory_events(self):
        """Every other event of the directory once, at the bystander."""
        cast, org = self.cast, "org:ISL"
        two = cast.registrars[:2]
        self.say("flags", "OrganisationUpdated", org, {"flags": flags("ISL")}, cast["ISL.ADM"], cast["ISL.CEX"])
        soon = (london.today(london.now()) + timedelta(days=7)).isoformat()
        self.say("ISL", "OrganisationSuspended", org, {"reason": "REQUESTED", "until": soon}, *two)
        self.say("ISL", "OrganisationReinstated", org, {}, *two)
        lent = {
            "appointment": cast["ISL.IAO"].appointment, "functions": ["CHILD_SC"],
            "person": cast["ISL.LGL"].person, "until": soon,
        }
        lending = self.say("IAO to LGL", "RoleDelegated", org, lent, cast["ISL.IAO"])
        self.say("IAO", "DelegationRevoked", org, {"delegation": lending}, cast["ISL.IAO"])
        old = cast["ISL.SEC"]
        new = Officer("ISL", old.person, "SEC", cast.officer("ISL.SEC.2", "ISL", "SEC").key)
        data = {
            "custody": "SOFTWARE", "key": new.key.id, "public": dsse.b64(new.key.public),
            "replaces": old.key.id,
        }
        self.say("ISL.SEC", "KeyRotated", f"key:{new.key.id}", data, old, new)
        cast.people["ISL.SEC"], cast.people["ISL.SEC.old"] = new, old
        gone = cast["ISL.REQ"]
        self.say("ISL.REQ", "KeyRevoked", f"key:{gone.key.id}", {"key": gone.key.id, "reason": "LOST"}, cast["ISL.ADM"])
        self.say("ISL.REQ", "RoleHolderRevoked", org, {"appointment": gone.appointment}, cast["ISL.ADM"])

    # The agreement.

    def file(self, stream=None, document=None, rows=None, by="CMD.REQ", **terms):
        """A01 by a requesting officer. Gives the version hash."""
        stream = stream or self.stream
        document = document or text.document(london.today(london.now()), **terms)
        rows, hand = rows or text.parties(), self.cast[by]
        mine = header.derive(text.plain(document), rows, self.state.bodies(), self.state.book.reference)
        self.report.step("`validate` derives the same header", self.judge, document, rows, mine)
        self.header, self.document = mine, document
        data = self.request(document, mine, hand.organisation)
        title = f"{hand.organisation} asks " + ", ".join(r["organisation"] for r in rows)
        self.say(title, "RequestFiled", stream, data, hand)
        found = self.state.agreements.get(stream)
        self.versions[stream] = found.version_hash if found else ""
        return self.versions[stream]

    @staticmethod
    def request(document, header, organisation):
        """The data of A01."""
        codes = [row["organisation"] for row in header["parties"]]
        return {
            "contacts": Words("json", contacts(codes)), "header": header,
            "requesting_organisation": organisation, "terms": Words("json", document),
            "warnings_acknowledged": [],
        }

    def judge(self, document, rows, mine):
        """The server's answer to `validate`: no error, and the header that the outsider derived."""
        skeleton, words = text.skeleton(document, new_id())
        answer = self.observer.client.post(
            "/api/v1/validate", {"parties": rows, "terms": skeleton, "words": words}
        )
        if answer.status != 200:
            raise AssertionError(f"validate: {answer}")
        found = answer.json()
        errors = [m for m in found["messages"] if m["severity"] == "error"]
        if errors:
            raise AssertionError(f"validate says {json.dumps(errors)[:900]}")
        theirs = found["header"]
        differ = sorted(n for n in mine.keys() | theirs.keys() if mine.get(n) != theirs.get(n))
        if differ:
            pairs = {n: (theirs.get(n), mine.get(n)) for n in differ}
            raise AssertionError(f"the header differs in {json.dumps(pairs)[:1500]}")

    def version_hash(self, stream=None):
        """The hash of the version of an agreement, as its own decider has it."""
        return self.versions.get(stream or self.stream, "")

    def triage(self, stream=None, by="HCK.IGL"):
        data = {"missing": [], "outcome": "ACCEPTED"}
        return self.say("accepted", "RequestTriaged", stream or self.stream, data, self.cast[by])

    def submit_terms(self, stream=None, by="HCK.IGL"):
        soon = (london.today(london.now()) + timedelta(days=30)).isoformat()
        data = {"approve_by": soon, "version": 1, "version_hash": self.version_hash(stream)}
        return self.say("version 1", "TermsSubmitted", stream or self.stream, data, self.cast[by])

    def advise(self, code, kind="DPO", stream=None, post=None, outcome="SUPPORT"):
        words = {"outcome": outcome, "reasons": "The sharing is limited and explained to residents."}
        data = {"kind": kind, "version_hash": self.version_hash(stream), "words": Words("json", words)}
        return self.say(kind, "AdviceGiven", stream or self.stream, data, self.cast[f"{code}.{post or kind}"])

    def approve(self, code, post="IAO", stream=None, datasets=(), **more):
        data = {"datasets": list(datasets), "version_hash": self.version_hash(stream)}
        return self.say(post, "ApprovalGiven", stream or self.stream, data, self.cast[f"{code}.{post}"], **more)

    def execute(self, code, stream=None, post="SIG"):
        data = {"form": "SIMPLE_CONTRACT", "version_hash": self.version_hash(stream)}
        return self.say(code, "ExecutionSigned", stream or self.stream, data, self.cast[f"{code}.{post}"])

    def publish(self):
        """A32 by the lead: the words are opened."""
        data = {"decision": "PUBLISH", "withheld": []}
        self.say("the words are opened", "PublicationDecided", self.stream, data, self.cast["HCK.IGL"])

    def suspend_and_resume(self):
        opened = self.say("whole", "AgreementSuspended", self.stream, suspension(), self.cast["HCK.SIRO"])
        self.expect("SUSPENDED", "S")
        words = Words("json", {"evidence": ["The accounts were checked and the shared one was closed for good."]})
        self.say("checked", "AgreementResumed", self.stream, {"ground": opened, "words": words}, self.cast["HCK.SIRO"])
        self.expect("ACTIVE", "V")

    def revoke(self):
        self.say("Camden leaves today", "RevocationNoticed", self.stream, leaving(self.today), self.cast["CMD.SIG"])
        self.expect("CLOSED", "X")

    def note_down(self, stream=None):
        data = {"text": Words("text", "Both boroughs met and agreed the list of fields."), "visibility": "PARTIES"}
        return self.say("a meeting", "NoteRecorded", stream or self.stream, data, self.cast["CMD.LGL"])

    def expect(self, name, letter, stream=None):
        """Both sides tell the same state of an agreement."""

        def compare():
            self.observer.compare(stream or self.stream, name, letter)

        self.report.step(f"the agreement is {name}", compare)

    def expect_at(self, name, letter, stream, at):
        """The same of an instant to come: what the clock alone will change."""

        def compare():
            self.observer.compare(stream, name, letter, at)

        self.report.step(f"at {london.spell(at)} it is {name}", compare)


def reason(text):
    """Words of A13, A15 and A23."""
    return Words("json", {"reason": text})


def refusal(text):
    """Words of A12 and A14: reason codes and text."""
    return Words("json", {"reasons": ["OTHER"], "text": text})


def suspension(scope="WHOLE", code="SECURITY", datasets=(), **more):
    """The data of A16."""
    words = {"text": "A portal account was shared; all accounts are being checked."}
    return {"code": code, "datasets": list(datasets), "scope": scope, "words": Words("json", words), **more}


def leaving(day, ground="NO_LONGER_NEEDED"):
    """The data of A23."""
    words = reason("The pilot is over and the list is not needed any more.")
    return {"ground": ground, "takes_effect_on": day, "words": words}


def flags(code):
    """What the rules ask of a body."""
    kind = BODIES[code][1]
    found = {} if kind in ("HOUSING_PROVIDER", "CHARITY") else {"foi_subject": True, "public_authority": True}
    if kind in ("LONDON_BOROUGH", "CITY_CORP", "FIRE_BODY", "POLICE_FORCE"):
        found["cca_category"] = 1
    if kind in ("LONDON_BOROUGH", "CITY_CORP"):
        found |= {
            "caldicott_required": True,
            "competent_authority": {"basis": "S30_1B", "functions": ["PLANNING", "TRADING_STD"]},
        }
    if kind == "POLICE_FORCE":
        found["competent_authority"] = {"basis": "SCH7"}
    return found


def contacts(codes):
    """Functional mailboxes by organisation."""
    kinds = ("breach", "complaints", "dpo", "ig", "rights")
    return {
        code: {"dspt": {"date": "2026-06-30", "status": "MET"}, "ico_registration": "Z1234567", **{kind: f"{kind}@{code.lower()}.example" for kind in kinds}}
        for code in codes
    }


def genesis(cast, printed):
    """Adds to what `init --print-genesis` printed what only the founder knows."""
    if set(printed) != {"data"}:
        raise AssertionError(f"--print-genesis printed {sorted(printed)}")
    held = [
        {"key": r.key.id, "person": r.person, "public": dsse.b64(r.key.public)}
        for r in cast.registrars
    ]
    return {
        **printed["data"],
        "registrar": {"name": "London Councils", "organisation": "REG"},
        "registrar_keys": held, "threshold": 2, "visibility": "OPEN",
    }

"""The story: a ledger is founded, three boroughs join, two of them agree and part."""

import json
from datetime import timedelta

import dsse
import london
import terms as text
from cast import BODIES, POSTS, Cast, Officer, Words, draft, holder, new_id, new_person

ORIGIN = "outsider.counterpart.example/london/log"


class Story:
    """Drives one ledger. `observer` compares; `cast` holds the keys."""

    def __init__(self, observer, cast, report):
        self.observer, self.cast, self.report = observer, cast, report
        self.today = london.today(london.now()).isoformat()
        self.stream = f"agr:{new_id()}"
        self.version_hash, self.header, self.document = "", None, None

    @property
    def state(self):
        return self.observer.state

    def say(self, title, kind, stream, data, *hands, **more):
        """One event as one step of the report. Gives its id, or None when it failed."""
        names = " + ".join(f"{h.organisation}.{h.role}" for h in hands)

        def send():
            return self.observer.submit(draft(self.state, kind, stream, data, *hands, **more))

        return self.report.step(f"{kind}: {title} ({names})", send)

    # The directory.

    def register(self, code):
        """A body, its chief, and an officer with a key for every post."""
        name, gss = BODIES[code]
        chief = self.cast.officer(f"{code}.CEX", code, "CEX", with_openssl=code == "CMD")
        self.cast.people[f"{code}.CEX"] = chief
        data = {
            "chief": {
                "holder": holder(code, "CEX"), "key": chief.key.id, "person": chief.person,
                "public": dsse.b64(chief.key.public),
            },
            "code": code, "extra_roles": [], "flags": flags(), "governance": "FULL", "gss": gss,
            "name": name, "type": "LONDON_BOROUGH",
        }
        registrars = self.cast.registrars[:2]
        chief.appointment = self.say(name, "OrganisationRegistered", f"org:{code}", data, *registrars, chief)
        for post in POSTS:
            self.appoint(code, post)

    def appoint(self, code, post, person=None):
        """Appoints an officer and registers a key: the role first, then the key."""
        role, chief = post.rstrip("2"), self.cast[f"{code}.CEX"]
        administrator = self.cast.people.get(f"{code}.ADM")
        by_chief = role in ("ADM", "DPO", "SIRO", "SIG")
        officer = self.cast.officer(f"{code}.{post}", code, role, person or new_person())
        self.cast.people[f"{code}.{post}"] = officer
        officer.appointment = self.grant(officer, role, chief if by_chief else administrator)
        hands = [officer, *([administrator] if administrator else []), *([chief] if by_chief else [])]
        data = {
            "custody": "SOFTWARE", "key": officer.key.id, "organisation": code,
            "person": officer.person, "public": dsse.b64(officer.key.public),
        }
        self.say(f"{code}.{post}", "KeyRegistered", f"key:{officer.key.id}", data, *hands)
        return officer

    def grant(self, officer, role, by):
        """Appoints somebody to a role."""
        data = {
            "functions": ["CHILD_SC"] if role in ("IAO", "REQ") else [],
            "holder": holder(officer.organisation, role), "notice_given_on": self.today,
            "person": officer.person, "role": role, "valid_from": self.today,
        }
        return self.say(f"{officer.organisation}.{role}", "RoleHolderAppointed", f"org:{officer.organisation}", data, by)

    def other_directory_events(self):
        """Every other event of the directory once, at the bystander."""
        cast, org = self.cast, "org:ISL"
        two = cast.registrars[:2]
        self.say("flags", "OrganisationUpdated", org, {"flags": flags()}, cast["ISL.ADM"], cast["ISL.CEX"])
        soon = (london.today(london.now()) + timedelta(days=7)).isoformat()
        self.say("ISL", "OrganisationSuspended", org, {"reason": "OTHER", "until": soon}, *two)
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

    def file(self, stream=None, notice_days=0):
        """A01 by the requesting officer of Camden. Gives the version hash."""
        stream = stream or self.stream
        event, document = new_id(), text.document(london.today(london.now()), notice_days)
        header = self.report.step("the header is derived from the terms", self.header_of, event, document)
        self.header, self.document = header, document
        data = {
            "contacts": Words("json", contacts()), "header": header,
            "requesting_organisation": "CMD", "terms": Words("json", document),
            "warnings_acknowledged": [],
        }
        self.say("Camden asks Hackney", "RequestFiled", stream, data, self.cast["CMD.REQ"], id=event)
        found = self.state.agreements.get(stream)
        return found.version_hash if found else ""

    def header_of(self, event, document):
        """The header that the server derives, compared with the outsider's own reading."""
        plain = text.plain(document)
        mine = text.header(plain, text.parties())
        skeleton, words = text.skeleton(document, event)
        asked = {"parties": text.parties(), "terms": skeleton, "words": words}
        answer = self.observer.client.post("/api/v1/validate", asked)
        if answer.status != 200:
            raise AssertionError(f"validate: {answer}")
        found = answer.json()
        errors = [m for m in found["messages"] if m["severity"] == "error"]
        if errors:
            raise AssertionError(f"validate says {json.dumps(errors)[:600]}")
        for name in ("type", "formation", "effective_date", "end_date"):
            if found["header"].get(name) != mine[name]:
                raise AssertionError(f"the header's `{name}` is {found['header'].get(name)!r}")
        return found["header"]

    def triage(self, stream=None):
        self.say("accepted", "RequestTriaged", stream or self.stream, {"missing": [], "outcome": "ACCEPTED"}, self.cast["HCK.IGL"])

    def submit_terms(self, stream=None, version_hash=None):
        soon = (london.today(london.now()) + timedelta(days=30)).isoformat()
        data = {"approve_by": soon, "version": 1, "version_hash": version_hash or self.version_hash}
        self.say("version 1", "TermsSubmitted", stream or self.stream, data, self.cast["HCK.IGL"])

    def advise(self, code, kind="DPO", stream=None, version_hash=None):
        words = {"outcome": "SUPPORT", "reasons": "The sharing is limited and explained to residents."}
        data = {"kind": kind, "version_hash": version_hash or self.version_hash, "words": Words("json", words)}
        return self.say(kind, "AdviceGiven", stream or self.stream, data, self.cast[f"{code}.{kind}"])

    def approve(self, code, stream=None, version_hash=None):
        data = {"datasets": ["DS-1"], "version_hash": version_hash or self.version_hash}
        return self.say("asset owner", "ApprovalGiven", stream or self.stream, data, self.cast[f"{code}.IAO"])

    def execute(self, code, stream=None, version_hash=None):
        data = {"form": "SIMPLE_CONTRACT", "version_hash": version_hash or self.version_hash}
        return self.say(code, "ExecutionSigned", stream or self.stream, data, self.cast[f"{code}.SIG"])

    def suspend_and_resume(self):
        ground = {"code": "SECURITY", "scope": "WHOLE", "words": reason("A portal account was shared; all accounts are being checked.")}
        opened = self.say("whole", "AgreementSuspended", self.stream, ground, self.cast["HCK.SIRO"])
        self.expect("SUSPENDED", "S")
        words = reason("The accounts were checked and the shared one was closed for good.")
        self.say("checked", "AgreementResumed", self.stream, {"ground": opened, "words": words}, self.cast["HCK.SIRO"])
        self.expect("ACTIVE", "V")

    def revoke(self):
        data = {"ground": "NO_LONGER_NEEDED", "takes_effect_on": self.today, "words": reason("The pilot is over and the list is not needed any more.")}
        self.say("Camden leaves today", "RevocationNoticed", self.stream, data, self.cast["CMD.SIG"])
        self.expect("CLOSED", "X")

    def note_down(self, stream=None):
        data = {"text": Words("text", "Both boroughs met and agreed the list of fields."), "visibility": "PARTIES"}
        return self.say("a meeting", "NoteRecorded", stream or self.stream, data, self.cast["CMD.LGL"])

    def expect(self, name, letter, stream=None):
        """Both sides tell the same state of an agreement."""

        def compare():
            mine = self.state.agreement(stream or self.stream, london.now()).state
            key = (stream or self.stream).removeprefix("agr:")
            theirs = json.loads(self.observer.client.get(f"/api/v1/agreements/{key}"))["state"]
            if (mine, theirs) != (letter, name):
                raise AssertionError(f"the outsider says {mine}, the server {theirs}")

        self.report.step(f"the agreement is {name}", compare)


def reason(words):
    """Words of the form that `words` members have: reason codes and text."""
    return Words("json", {"reasons": ["OTHER"], "text": words})


def flags():
    return {"caldicott_required": True, "cca_category": "1", "foi_subject": True, "public_authority": True}


def contacts():
    """Functional mailboxes by organisation."""
    kinds = ("breach_contact", "complaints_contact", "dpo_contact", "ig_contact", "rights_contact")
    return {
        code: {kind: f"{kind.split('_')[0]}@{code.lower()}.example" for kind in kinds}
        for code in ("CMD", "HCK")
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

"""How bodies come to terms, and change them: questions, other terms, amendments, reviews, ends.

Table 2.7 for A03 to A07, A18 to A20, A24 and A25, and the amendment track of 2.10, as
stories. Each bad turn is tried where its rule is the only one that fails.
"""

import copy
from datetime import timedelta

import amendment
import london
import terms as text
from attacks import refused
from cast import Words, new_id
from header import derive
from story import leaving, reason, refusal, suspension

HERE, THERE = "CMD", "HCK"


def _today():
    return london.today(london.now())


def _in(days):
    return (_today() + timedelta(days=days)).isoformat()


class Talk:
    """One agreement that changes its terms: what the last draft said, and the next one's data."""

    def __init__(self, tale, document=None, rows=None):
        self.tale, self.cast, self.stream = tale, tale.cast, f"agr:{new_id()}"
        self.document, self.rows = document or text.document(_today()), rows or text.parties()

    def file(self, by="CMD.REQ"):
        self.tale.file(self.stream, self.document, self.rows, by)
        return self

    def draft(self, document, rows=None, said=None, **members):
        """The data of a draft: header with `changes`, terms with their words."""
        book = self.tale.state
        header = derive(text.plain(document), rows or self.rows, book.bodies(), book.book.reference)
        header["changes"] = amendment.changes(text.plain(said or self.document), text.plain(document))
        return {"header": header, "terms": Words("json", document), **members}

    def changed(self, **members):
        return {**self.document, **members}

    def counter(self, document, **more):
        words = {"reasons": "Our lawyers asked for another wording.", "summary": "One clause is put differently."}
        return self.draft(document, words=Words("json", words), **more)

    def amend(self, document, kind, rows=None, **more):
        return {"renewal": False, "class": kind, **self.counter(document, rows=rows), **more}

    def take(self, document):
        """The draft that was made is what is talked about from now on."""
        self.document = document
        self.sync()

    def sync(self):
        """The version that is signed now, as the outsider's own decider has it."""
        found = self.tale.state.agreements.get(self.stream)
        if found:
            self.tale.versions[self.stream] = found.signing.hash

    def say(self, title, kind, data, *hands):
        found = self.tale.say(title, kind, self.stream, data, *(self.cast[h] for h in hands))
        return found

    def refused(self, title, code, kind, data, *hands, **more):
        refused(self.tale, title, code, kind, self.stream, data, *(self.cast[h] for h in hands), **more)

    def expect(self, name, letter):
        self.tale.expect(name, letter, self.stream)

    def sign(self, codes=(THERE, HERE), roles=("DPO", "IAO", "SIG")):
        """Advice, approval and execution of each body."""
        self.sync()
        for code in codes:
            if "DPO" in roles:
                self.tale.advise(code, stream=self.stream)
            if "IAO" in roles:
                self.tale.approve(code, stream=self.stream)
            if "SIG" in roles:
                self.tale.execute(code, self.stream)

    def submit(self, by="HCK.IGL"):
        self.sync()
        self.say("for signing", "TermsSubmitted", self.frozen(), by)

    def frozen(self):
        found = self.tale.state.agreements[self.stream]
        return {"approve_by": _in(30), "version": found.signing.number, "version_hash": found.signing.hash}

    def in_force(self):
        """Filed, accepted, signed by both."""
        self.file()
        self.tale.triage(self.stream)
        self.submit()
        self.sign()
        self.expect("ACTIVE", "V")
        return self

    def question(self, asked, path="/purpose"):
        return {"asked": asked, "due": _in(7), "path": path, "text": Words("text", "Which children are meant, and from what age on?")}

    def answer(self, question, **more):
        return {"question": question, "text": Words("text", "Those of school age, as the second dataset says."), **more}

    def waiting(self):
        """The hash of the counter-proposal that waits."""
        found = self.tale.state.agreements[self.stream].counter
        return found.hash if found else "0" * 64


def negotiation(tale):
    """Questions and answers, other terms, and who may say what to whom (A03 to A07)."""
    talk = Talk(tale).file()
    say, no = talk.say, talk.refused
    other = talk.changed(destruction_due_days=20)
    no("an answer to no question", "T11", "ClarificationProvided", talk.answer(new_id()), "CMD.REQ")
    no("a question to oneself", "G04", "ClarificationRequested", talk.question(THERE), "HCK.DPO")
    no("a question to a stranger", "G04", "ClarificationRequested", talk.question("ISL"), "HCK.DPO")
    no("a question by a signatory", "R01", "ClarificationRequested", talk.question(HERE), "HCK.SIG")
    no("no counter-proposal to accept", "T13", "CounterProposalAccepted", {"version_hash": talk.waiting()}, "CMD.IGL")
    asked = say("which children", "ClarificationRequested", talk.question(HERE), "HCK.DPO")
    talk.expect("CLARIFYING", "C")
    no("other terms while a question is open", "T10", "CounterProposalMade", talk.counter(other), "HCK.IGL")
    no("an answer by another body", "G04", "ClarificationProvided", talk.answer(asked), "HCK.IGL")
    no("an answer by a signatory", "R01", "ClarificationProvided", talk.answer(asked), "CMD.SIG")
    second = say("and from when", "ClarificationRequested", talk.question(THERE, "/term"), "CMD.IGL")
    say("by the requester", "ClarificationProvided", talk.answer(asked), "CMD.REQ")
    talk.expect("CLARIFYING", "C")
    no("an answer given twice", "T11", "ClarificationProvided", talk.answer(asked), "CMD.REQ")
    no("new terms without what differs", "E08", "ClarificationProvided", _without_changes(talk, talk.answer(second, **talk.draft(other))), "HCK.IGL")
    no("new terms, and another thing that differs", "E08", "ClarificationProvided", _other_changes(talk, talk.answer(second, **talk.draft(other))), "HCK.IGL")
    say("with new terms", "ClarificationProvided", talk.answer(second, **talk.draft(other)), "HCK.IGL")
    talk.take(other)
    talk.expect("FILED", "F")
    _counters(talk)


def _without_changes(talk, data):
    header = {name: value for name, value in data["header"].items() if name != "changes"}
    return {**data, "header": header}


def _other_changes(talk, data):
    return {**data, "header": {**data["header"], "changes": ["/purpose"]}}


def _counters(talk):
    """Counter-proposals one after the other, from the second draft on."""
    say, no, tale = talk.say, talk.refused, talk.tale
    other = talk.changed(destruction_due_days=15, notice_days=10)
    no("other terms by who made the last ones", "R01", "CounterProposalMade", talk.counter(other), "HCK.IGL")
    no("the same terms", "G05", "CounterProposalMade", talk.counter(talk.document), "CMD.IGL")
    no("other terms by a requesting officer", "R01", "CounterProposalMade", talk.counter(other), "CMD.REQ")
    say("a shorter notice", "CounterProposalMade", talk.counter(other), "CMD.IGL")
    talk.expect("NEGOTIATING", "G")
    first = talk.waiting()
    accept = {"version_hash": first}
    no("terms submitted while another waits", "T12", "TermsSubmitted", talk.frozen(), "HCK.IGL")
    no("a triage while another waits", "T12", "RequestTriaged", {"missing": [], "outcome": "ACCEPTED"}, "HCK.IGL")
    no("accepted by who made it", "R01", "CounterProposalAccepted", accept, "CMD.IGL")
    mine = talk.changed(destruction_due_days=15, notice_days=20)
    say("replaced", "CounterProposalMade", talk.counter(mine, said=other), "HCK.IGL")
    no("a counter-proposal that was replaced", "G06", "CounterProposalAccepted", accept, "CMD.IGL")
    asked = say("about the counter-proposal", "ClarificationRequested", talk.question(THERE), "CMD.LGL")
    no("accepted while a question is open", "T10", "CounterProposalAccepted", {"version_hash": talk.waiting()}, "CMD.IGL")
    no("accepted then by who made it", "R01", "CounterProposalAccepted", {"version_hash": talk.waiting()}, "HCK.IGL")
    talk.expect("CLARIFYING", "C")
    no("accepted while a question is open", "T10", "CounterProposalAccepted", {"version_hash": talk.waiting()}, "CMD.IGL")
    say("answered", "ClarificationProvided", talk.answer(asked), "HCK.IGL")
    talk.expect("NEGOTIATING", "G")
    no("a rejection by who made it", "R01", "CounterProposalRejected", {"version_hash": talk.waiting()}, "HCK.IGL")
    words = reason("Twenty days are longer than our own notice to the supplier.")
    say("rejected", "CounterProposalRejected", {"version_hash": talk.waiting(), "words": words}, "CMD.IGL")
    talk.expect("FILED", "F")
    no("other terms by who made the rejected ones", "R01", "CounterProposalMade", talk.counter(mine), "HCK.IGL")
    say("once more", "CounterProposalMade", talk.counter(other), "CMD.IGL")
    say("accepted by the first provider", "CounterProposalAccepted", {"version_hash": talk.waiting()}, "HCK.IGL")
    talk.take(other)
    talk.expect("FILED", "F")
    tale.triage(talk.stream)
    talk.submit()
    asked = say("while it is signed", "ClarificationRequested", talk.question(HERE), "HCK.IAO")
    no("an execution with an open question", "T10", "ExecutionSigned", _execution(talk), "CMD.SIG")
    no("new terms while they are signed", "T09", "ClarificationProvided", talk.answer(asked, **talk.draft(mine)), "CMD.IGL")
    say("in words", "ClarificationProvided", talk.answer(asked), "CMD.IGL")
    talk.sign()
    talk.expect("ACTIVE", "V")
    no("a question without an amendment", "T14", "ClarificationRequested", talk.question(HERE), "HCK.IAO")
    no("other terms in force", "T14", "CounterProposalMade", talk.counter(mine), "HCK.IGL")


def _execution(talk):
    return {"form": "SIMPLE_CONTRACT", "version_hash": talk.tale.version_hash(talk.stream)}


def questions(tale):
    """Five questions of one body may be open, and no more; they keep a request alive."""
    talk = Talk(tale).file()
    opened = [talk.say("one of five", "ClarificationRequested", talk.question(HERE), "HCK.IGL") for _ in range(5)]
    talk.refused("a sixth", "G03", "ClarificationRequested", talk.question(HERE), "HCK.IGL")
    for one in opened:
        talk.say("answered", "ClarificationProvided", talk.answer(one), "CMD.REQ")
    talk.expect("FILED", "F")
    talk.say("by the filer", "RequestWithdrawn", {}, "CMD.REQ")
    talk.refused("other terms after the end", "T07", "CounterProposalMade", talk.counter(talk.changed(destruction_due_days=9)), "HCK.IGL")


def amended(tale):
    """M0 to M3 on their own track, from proposed to in force (A18, A19, table 2.10)."""
    talk = Talk(tale).in_force()
    say, no = talk.say, talk.refused
    notice = talk.document["privacy_notice"]
    own = talk.changed(privacy_notice={**notice, HERE: {**notice[HERE], "url": Words("text", "The new privacy pages of the council")}})
    no("particulars by a requesting officer", "R01", "AmendmentProposed", talk.amend(own, "M0"), "CMD.REQ")
    no("an amendment that changes nothing", "G05", "AmendmentProposed", talk.amend(talk.document, "M1"), "CMD.IGL")
    no("nothing to abandon", "T14", "AmendmentAbandoned", {}, "CMD.IGL")
    say("particulars, at once", "AmendmentProposed", talk.amend(own, "M0"), "CMD.IGL")
    talk.take(own)
    talk.expect("ACTIVE", "V")
    by_mail = _with_dataset(talk.document, method="SECURE_EMAIL")
    no("operation called particulars", "G29", "AmendmentProposed", talk.amend(by_mail, "M0"), "CMD.IGL")
    no("operation called renewal", "G29", "AmendmentProposed", talk.amend(by_mail, "M2"), "CMD.IGL")
    say("another way to send", "AmendmentProposed", talk.amend(by_mail, "M1"), "HCK.IGL")
    no("a second amendment", "T15", "AmendmentProposed", talk.amend(own | {"notice_days": 3}, "M3"), "CMD.IGL")
    no("an approval before it is for signing", "T03", "ApprovalGiven", {"datasets": [], "version_hash": tale.state.agreements[talk.stream].signing.hash}, "HCK.IAO")
    no("abandoned by the other side", "R01", "AmendmentAbandoned", {}, "CMD.IGL")
    asked = say("about the amendment", "ClarificationRequested", talk.question(THERE), "CMD.SEC")
    no("for signing with an open question", "T10", "TermsSubmitted", talk.frozen(), "HCK.IGL")
    say("answered", "ClarificationProvided", talk.answer(asked), "HCK.IGL")
    talk.submit()
    talk.expect("ACTIVE", "V")
    no("a signature of the version in force", "G08", "ApprovalGiven", {"datasets": [], "version_hash": tale.state.agreements[talk.stream].version_hash}, "HCK.IAO")
    no("a second submission", "T09", "TermsSubmitted", talk.frozen(), "HCK.IGL")
    talk.sign((THERE,))
    decline = {"kind": "RETURN", "version_hash": tale.version_hash(talk.stream), "words": refusal("The mailbox that is named is not watched at night, so another is needed.")}
    say("returned", "ApprovalDeclined", decline, "CMD.SIG")
    no("signed after it was returned", "T03", "ExecutionSigned", _execution(talk), "CMD.SIG")
    talk.submit()
    talk.sign()
    talk.take(by_mail)
    talk.expect("ACTIVE", "V")
    _material(talk)


def _with_dataset(document, **members):
    first, *others = document["datasets"]
    return {**document, "datasets": [{**first, **members}, *others]}


def _material(talk):
    """M3 for a day to come, a suspension meanwhile, and a final no to the next."""
    say, no, tale = talk.say, talk.refused, talk.tale
    far = copy.deepcopy(talk.document)
    far["term"] |= {"effective_date": _in(20)}
    far["notice_days"] = 5
    no("material called operation", "G29", "AmendmentProposed", talk.amend(far, "M1"), "CMD.IGL")
    say("another notice", "AmendmentProposed", talk.amend(far, "M3"), "CMD.IGL")
    nearer = {**far, "notice_days": 7}
    no("other terms by the proposer", "R01", "CounterProposalMade", talk.counter(nearer), "CMD.IGL")
    say("a longer one", "CounterProposalMade", talk.counter(nearer), "HCK.IGL")
    no("for signing while other terms wait", "T12", "TermsSubmitted", talk.frozen(), "HCK.IGL")
    say("accepted", "CounterProposalAccepted", {"version_hash": talk.waiting()}, "CMD.IGL")
    no("accepted twice", "T13", "CounterProposalAccepted", {"version_hash": talk.waiting()}, "CMD.IGL")
    talk.submit()
    talk.sign((THERE,))
    opened = say("meanwhile", "AgreementSuspended", suspension(), "CMD.SIRO")
    talk.expect("SUSPENDED", "S")
    talk.sign((HERE,))
    lift = {"ground": opened, "words": Words("json", {"evidence": ["The mailbox was looked at and is safe."]})}
    say("again", "AgreementResumed", lift, "CMD.SIRO")
    no("a signature too many", "G08", "ExecutionSigned", _execution(talk), "CMD.SIG")
    no("a question about what is agreed", "T09", "ClarificationRequested", talk.question(HERE), "HCK.IAO")
    starts = london.midnight(_today() + timedelta(days=20))
    tale.expect_at("ACTIVE", "V", talk.stream, starts - timedelta(milliseconds=1))
    tale.expect_at("ACTIVE", "V", talk.stream, starts)
    say("dropped after all", "AmendmentAbandoned", {"words": reason("The two bodies have thought better of it.")}, "HCK.SIG")
    say("proposed again", "AmendmentProposed", talk.amend(nearer, "M3"), "HCK.IGL")
    talk.submit()
    talk.sign((HERE,), ("DPO", "IAO"))
    final = {"kind": "FINAL", "version_hash": tale.version_hash(talk.stream), "words": refusal("We do not want another notice, neither now nor at a later time.")}
    say("for good", "ApprovalDeclined", final, "CMD.SIG")
    no("an execution of what was declined", "T05", "ExecutionSigned", _execution(talk), "HCK.SIG")
    talk.expect("ACTIVE", "V")


def renewed(tale):
    """Reviews, and a renewal that rests on one (A20, M2)."""
    talk = Talk(tale).in_force()
    say, no = talk.say, talk.refused
    later = copy.deepcopy(talk.document)
    later["term"] |= {"end_date": _in(500), "review_date": _in(300)}
    findings = Words("json", {"benefits": [{"metric": "children found", "value": "12"}], "findings": "Twelve children were found in time."})
    review = lambda outcome, days: {"next_review": _in(days), "outcome": outcome, "words": findings}
    no("a renewal without a review", "G30", "AmendmentProposed", talk.amend(later, "M2"), "CMD.IGL")
    no("a review by a requesting officer", "R01", "ReviewCompleted", review("CONTINUE", 300), "CMD.REQ")
    no("a next review in three years", "G33", "ReviewCompleted", review("CONTINUE", 1095), "HCK.IGL")
    say("to be amended", "ReviewCompleted", review("AMEND", 300), "HCK.IGL")
    no("a renewal after another outcome", "G30", "AmendmentProposed", talk.amend(later, "M2"), "CMD.IGL")
    say("it goes on", "ReviewCompleted", review("CONTINUE", 300), "HCK.IGL")
    say("for another year", "AmendmentProposed", talk.amend(later, "M2", renewal=True), "CMD.IGL")
    talk.submit()
    no("an approval that a renewal does not ask for", "G18", "ApprovalGiven", {"datasets": [], "version_hash": tale.version_hash(talk.stream)}, "HCK.IAO")
    no("a renewal before advice", "G18", "ExecutionSigned", _execution(talk), "HCK.SIG")
    talk.sign(roles=("DPO", "SIG"))
    talk.take(later)
    talk.expect("ACTIVE", "V")
    tale.expect_at("CLOSED", "X", talk.stream, london.ends(_today() + timedelta(days=500)))


def ended_together(tale):
    """A notice taken back, and an end that both want (A24, A25)."""
    talk = Talk(tale, text.document(_today(), notice_days=30)).in_force()
    say, no = talk.say, talk.refused
    given = say("in thirty days", "RevocationNoticed", leaving(_in(30)), "CMD.SIG")
    no("taken back alone", "G24", "RevocationRescinded", {"target": given}, "CMD.SIG")
    no("taken back by the other side", "G11", "RevocationRescinded", {"target": given}, "HCK.SIG", "CMD.SIG")
    no("another notice taken back", "G24", "RevocationRescinded", {"target": new_id()}, "CMD.SIG", "HCK.SIG")
    no("an amendment by a party that leaves", "G14", "AmendmentProposed", talk.amend(talk.changed(notice_days=3), "M3"), "CMD.IGL")
    say("taken back", "RevocationRescinded", {"target": given}, "CMD.SIG", "HCK.SIG")
    no("taken back twice", "G11", "RevocationRescinded", {"target": given}, "CMD.SIG", "HCK.SIG")
    talk.expect("ACTIVE", "V")
    end = lambda days: {"takes_effect_on": _in(days)}
    no("consent by a risk owner", "R01", "TerminationConsented", end(10), "CMD.SIRO")
    say("Camden agrees", "TerminationConsented", end(10), "CMD.SIG")
    talk.expect("ACTIVE", "V")
    no("another day", "G38", "TerminationConsented", end(11), "HCK.SIG")
    say("Hackney agrees", "TerminationConsented", end(10), "HCK.SIG")
    tale.expect_at("ACTIVE", "V", talk.stream, london.midnight(_today() + timedelta(days=10)) - timedelta(milliseconds=1))
    tale.expect_at("CLOSED", "X", talk.stream, london.midnight(_today() + timedelta(days=10)))
    talk = Talk(tale).in_force()
    talk.say("proposed", "AmendmentProposed", talk.amend(talk.changed(notice_days=3), "M3"), "CMD.IGL")
    talk.say("Camden agrees", "TerminationConsented", end(0), "CMD.SIG")
    talk.say("Hackney agrees", "TerminationConsented", end(0), "HCK.SIG")
    talk.expect("CLOSED", "X")
    talk.refused("an amendment after the end", "T18", "TermsSubmitted", talk.frozen(), "HCK.IGL")


def three_boroughs(tale):
    """Camden and Hackney, who agree, and Islington, who does not take part."""
    for code in ("CMD", "HCK", "ISL"):
        tale.register(code)


HISTORIES = {"how two boroughs come to terms": [three_boroughs, negotiation, questions, amended, renewed, ended_together]}

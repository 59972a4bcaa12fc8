"""The scenarios of the domain page, section 7, with their exact codes: S1 to S8.

S1, S3 and S4 stand in `scenarios.py` as well, shorter. Those whose point is the calendar are
histories, played by a clock of their own; those whose point is the rule book go to a server.
"""

import os
from datetime import timedelta

import london
import terms as text
from attacks import refused
from cast import Words
from door import file_refused
from scenarios import renamed
from talks import Talk


# What the contract prints and the program does not say yet: asked with OUTSIDER_STRICT=1.
STRICT = "OUTSIDER_STRICT" in os.environ


def _today():
    return london.today(london.now())


def _in(days):
    return (_today() + timedelta(days=days)).isoformat()


# S5, S6, S8: what the rule book refuses.


def own_request(tale):
    """S5: Brent's analyst files, and would approve; somebody else does."""
    cast = tale.cast
    posts = ["ADM", "DPO", "SIRO", "IGL", "IAO", "SIG", "REQ", "LGL"]
    for code in ("BEN", "HRW"):
        tale.register(code, posts)
    analyst, second = cast["BEN.REQ"], cast["BEN.LGL"]
    post = tale.grant(analyst, "IAO", cast["BEN.ADM"])
    document = renamed(renamed(text.document(_today()), "CMD", "BEN"), "HCK", "HRW")
    talk = Talk(tale, document, renamed(renamed(text.parties(), "CMD", "BEN"), "HCK", "HRW"))
    talk.file(by="BEN.REQ")
    tale.triage(talk.stream, by="HRW.IGL")
    talk.submit(by="HRW.IGL")
    tale.advise("BEN", stream=talk.stream)
    approval = {"datasets": [], "version_hash": tale.version_hash(talk.stream)}
    refused(tale, "one's own request", "D01", "ApprovalGiven", talk.stream, approval, analyst, roles={0: "IAO"})
    lent = {"appointment": post, "functions": [], "person": analyst.person, "until": _in(30)}
    refused(tale, "lent to herself", "D06", "RoleDelegated", "org:BEN", lent, analyst, roles={0: "IAO"})
    lending = tale.say("lent to another", "RoleDelegated", "org:BEN", {**lent, "person": second.person}, cast["BEN.ADM"])
    tale.approve("BEN", "LGL", talk.stream, signers=[second.signer("IAO", delegation=lending)])
    tale.expect("APPROVING", "A", talk.stream)
    tale.say("by the filer", "RequestWithdrawn", talk.stream, {}, analyst)


def legitimate_interest(tale):
    """S6: a council may not rest on recognised legitimate interest; a housing association may."""
    posts = ["ADM", "DPO", "SIRO", "IGL", "IAO", "SIG", "REQ"]
    council = "SWK"
    for code in (council, "LQ"):
        tale.register(code, posts)
    document = renamed(renamed(text.document(_today(), lead_party="LQ"), "CMD", council), "HCK", "LQ")
    document |= {
        "purpose": Words("text", "To find homes that criminals have taken over from tenants who are at risk, from repair visits."),
        "purpose_codes": ["CRIME_PREVENTION"],
        "annex1_condition": {council: "A1-6", "LQ": "A1-1"},
        "annex1_request": {"LQ": Words("text", "The council's letter of this week")},
        "lawful_basis": {council: ["EA"], "LQ": ["EA"]},
        "gateways": [
            {"code": "CDA-17", "holder": council, "use": ["RECEIVE"]},
            {"code": "LOC-1", "holder": council, "limits_checked": True, "use": ["RECEIVE"]},
            {"code": "CDA-115", "holder": "LQ", "use": ["DISCLOSE"]},
        ],
    }
    rows = [text.party(council, "RECIPIENT", functions=["COMMUNITY_SAFETY"]), text.party("LQ", "PROVIDER", functions=["HOUSING"])]
    if tale.is_judged:
        file_refused(tale, document, rows, "V-38", "recognised legitimate interest of a council", f"{council}.REQ", tale.observer.attempt_words)
    document |= {"lawful_basis": {council: ["E"], "LQ": ["EA"]}, "annex1_condition": {"LQ": "A1-1"}}
    talk = Talk(tale, document, rows).file(by=f"{council}.REQ")
    talk.expect("FILED", "F")


def duty_to_refer(tale):
    """S8: refused by the rule book, filed anew, and refused by the provider with reasons."""
    cast = tale.cast
    tale.register("LBH", ["ADM", "DPO", "SIRO", "IGL", "IAO", "SIG"])
    tale.appoint("MPS", "REQ")
    rows = [text.party("LBH", "PROVIDER", functions=["HOUSING"]), text.party("MPS", "RECIPIENT", regime="PART3", functions=["POLICING"])]
    document = renamed(renamed(text.document(_today(), agreement_type="GP-LE", sharing_mode="REGULAR"), "CMD", "MPS"), "HCK", "LBH")
    document["datasets"] = [{**document["datasets"][0], "frequency": "MONTHLY"}]
    document |= {
        "purpose_codes": ["HOMELESSNESS"], "lawful_basis": {"LBH": ["E"]},
        "gp_request": {"LBH": Words("text", "The request of this month, under Schedule 2, paragraph 2, for crime")},
        "part3": {"MPS": text.police(_today())["part3"]["MPS"]},
        "gateways": [{"code": "HRA-213B", "holder": "LBH", "use": ["DISCLOSE"]}, {"code": "HRA-213B", "holder": "MPS", "use": ["RECEIVE"]}],
    }
    if tale.is_judged and STRICT:
        file_refused(tale, document, rows, "G-HRA", "every referral, for another purpose", "MPS.REQ", tale.observer.attempt_words)
    document |= {
        "purpose_codes": ["CRIME_PREVENTION"],
        "gateways": [{"code": "CDA-115", "holder": "LBH", "use": ["DISCLOSE"]}, {"code": "CDA-115", "holder": "MPS", "use": ["RECEIVE"]}],
    }
    talk = Talk(tale, document, rows).file(by="MPS.REQ")
    say, no = talk.say, talk.refused
    tale.triage(talk.stream, by="LBH.IGL")
    tale.advise("LBH", stream=talk.stream, outcome="ADVISE_AGAINST")
    asked = say("which cases", "ClarificationRequested", talk.question("MPS"), "LBH.IGL")
    talk.expect("CLARIFYING", "C")
    say("all of them", "ClarificationProvided", talk.answer(asked), "MPS.IGL")
    talk.expect("FILED", "F")
    words = Words("json", {
        "alternatives": "Individual requests under Schedule 2, paragraph 2.", "reasons": ["INCOMPATIBLE_PURPOSE", "EXCESSIVE", "CONFIDENTIALITY"],
        "text": "People gave these details to be housed; all of them for other ends is more than is needed.",
    })
    no("by an asset owner", "R01", "RequestRefused", {"words": words}, "LBH.IAO")
    say("by the risk owner", "RequestRefused", {"words": words}, "LBH.SIRO")
    talk.expect("REFUSED", "R")
    if STRICT or not tale.is_judged:
        no("other terms after a refusal", "T07", "CounterProposalMade", talk.counter(talk.changed(destruction_due_days=9)), "MPS.IGL")


ALL = [own_request, legitimate_interest, duty_to_refer]

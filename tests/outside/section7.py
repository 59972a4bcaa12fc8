"""The scenarios of the domain page, section 7, with their exact codes: S1 to S8.

S1, S3 and S4 stand in `scenarios.py` as well, shorter. Those whose point is the calendar are
histories, played by a clock of their own; those whose point is the rule book go to a server.
"""

import copy
import os
from datetime import datetime, timedelta, timezone

import london
import terms as text
import bodies
from aftermath import destroyed, sent
from attacks import refused
from cast import BODIES, Words
from door import file_refused
from scenarios import renamed
from story import suspension
from talks import Talk

# Messages of 1.2 and 1.3, as they are printed.
_NOT_FOR_COUNCILS = (
    "Recognised legitimate interest is not open to a public authority performing its tasks. "
    "Use public task, or choose it only for a party that is not a public authority."
)
_ONE_BY_ONE = "A duty-to-refer notification needs the person's consent and their choice of authority."




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
        tale.have(code, posts)
    analyst, second = cast["BEN.REQ"], cast["BEN.LGL"]
    post = tale.grant(analyst, "IAO", cast["BEN.ADM"])
    document = renamed(renamed(text.document(_today()), "CMD", "BEN"), "HCK", "HRW")
    talk = Talk(tale, document, renamed(renamed(text.parties(), "CMD", "BEN"), "HCK", "HRW"))
    talk.file(by="BEN.REQ")
    tale.triage(talk.stream, by="HRW.IGL")
    talk.submit(by="HRW.IGL")
    tale.advise("BEN", stream=talk.stream)
    approval = {"datasets": [], "version_hash": tale.version_hash(talk.stream)}
    refused(tale, "one's own request", "D01", "ApprovalGiven", talk.stream, approval, analyst, roles={0: "IAO"}, says="You filed this request, so you cannot also approve it. Ask {}.")
    lent = {"appointment": post, "functions": [], "person": analyst.person, "until": _in(30)}
    refused(tale, "lent to herself", "D06", "RoleDelegated", "org:BEN", lent, analyst, roles={0: "IAO"}, says="You cannot {} for yourself.")
    lending = tale.say("lent to another", "RoleDelegated", "org:BEN", {**lent, "person": second.person}, cast["BEN.ADM"])
    tale.approve("BEN", "LGL", talk.stream, signers=[second.signer("IAO", delegation=lending)])
    tale.expect("APPROVING", "A", talk.stream)
    tale.say("by the filer", "RequestWithdrawn", talk.stream, {}, analyst)


def legitimate_interest(tale):
    """S6: a council may not rest on recognised legitimate interest; a housing association may."""
    posts = ["ADM", "DPO", "SIRO", "IGL", "IAO", "SIG", "REQ"]
    council = "SWK"
    for code in (council, "LQ"):
        tale.have(code, posts)
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
        file_refused(tale, document, rows, "V-38", "recognised legitimate interest of a council", f"{council}.REQ", tale.observer.attempt_any, _NOT_FOR_COUNCILS)
    document |= {"lawful_basis": {council: ["E"], "LQ": ["EA"]}, "annex1_condition": {"LQ": "A1-1"}}
    talk = Talk(tale, document, rows).file(by=f"{council}.REQ")
    talk.expect("FILED", "F")


def duty_to_refer(tale):
    """S8: refused by the rule book, filed anew, and refused by the provider with reasons."""
    cast = tale.cast
    tale.have("LBH", ["ADM", "DPO", "SIRO", "IGL", "IAO", "SIG"])
    tale.have("MPS", ["IGL", "REQ"])
    rows = [text.party("LBH", "PROVIDER", functions=["HOUSING"]), text.party("MPS", "RECIPIENT", regime="PART3", functions=["POLICING"])]
    document = renamed(renamed(text.document(_today(), agreement_type="GP-LE", sharing_mode="REGULAR"), "CMD", "MPS"), "HCK", "LBH")
    document["datasets"] = [{**document["datasets"][0], "frequency": "MONTHLY"}]
    document |= {
        "purpose_codes": ["HOMELESSNESS"], "lawful_basis": {"LBH": ["E"]},
        "gp_request": {"LBH": Words("text", "The request of this month, under Schedule 2, paragraph 2, for crime")},
        "part3": {"MPS": text.police(_today())["part3"]["MPS"]},
        "gateways": [{"code": "HRA-213B", "holder": "LBH", "use": ["DISCLOSE"]}, {"code": "HRA-213B", "holder": "MPS", "use": ["RECEIVE"]}],
    }
    if tale.is_judged:
        # The force holds no power to receive under it either: V-47 and G-HRA are said at once.
        for code, says in (("V-47", None), ("G-HRA", _ONE_BY_ONE)):
            file_refused(tale, document, rows, code, f"every referral, for another purpose ({code})", "MPS.REQ", tale.observer.attempt_any, says)
        own = {"code": "CDA-115", "holder": "MPS", "use": ["RECEIVE"]}
        crime = {"gateways": [document["gateways"][0], own], "purpose_codes": ["HOMELESSNESS", "CRIME_PREVENTION"]}
        file_refused(tale, document | crime, rows, "G-HRA", "under a power of its own", "MPS.REQ", tale.observer.attempt_words, _ONE_BY_ONE)
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
    no("by an asset owner", "R01", "RequestRefused", {"words": words}, "LBH.IAO", says="You do not hold the role {} at LBH. {}")
    say("by the risk owner", "RequestRefused", {"words": words}, "LBH.SIRO")
    talk.expect("REFUSED", "R")
    no("other terms after a refusal", "T07", "CounterProposalMade", talk.counter(talk.changed(destruction_due_days=9)), "MPS.IGL", says="Request {} was refused on {} and cannot be reopened. File a new request; its terms can be copied.")


# S2 and S4: what the calendar brings.


def evacuation(tale):
    """S4: signed in minutes, stopped when advice is late, ended by its day, closed by a certificate."""
    tale.register("TWH", ["ADM", "DPO", "SIRO", "IGL", "SIG", "CG", "IAO", "REQ"])
    tale.register("LFC", ["ADM", "DPO", "SIRO", "SIG", "IAO", "SEC"])
    talk = Talk(tale, text.emergency(_today()), text.emergency_parties()).file(by="TWH.REQ")
    say, no, stream, passes = talk.say, talk.refused, talk.stream, tale.observer.client.pass_time
    tale.triage(stream, by="TWH.IGL")
    talk.submit(by="TWH.IGL")
    tale.approve("TWH", "CG", stream=stream)
    for code in ("TWH", "LFC"):
        tale.approve(code, "SIRO", stream=stream)
        tale.execute(code, stream, post="SIRO")
    talk.expect("ACTIVE", "V")
    started = tale.state.agreements[stream].activates_at
    say("the list of flats", "DisclosureLogged", sent("DS-1"), "TWH.IAO")
    passes(days=2)
    tale.advise("TWH", stream=stream)
    tale.expect_at("ACTIVE", "V", stream, started + timedelta(days=5) - timedelta(milliseconds=1))
    tale.expect_at("SUSPENDED", "S", stream, started + timedelta(days=5))
    passes(days=3, minutes=1)
    talk.expect("SUSPENDED", "S")
    no("sent without advice", "T08", "DisclosureLogged", sent("DS-1"), "TWH.IAO")
    tale.advise("LFC", stream=stream)
    talk.expect("ACTIVE", "V")
    longer = copy.deepcopy(talk.document)
    longer["term"] |= {"end_date": _in(20)}
    no("an emergency made longer", "G32", "AmendmentProposed", talk.amend(longer, "M3"), "TWH.IGL")
    passes(days=11)
    talk.expect("ENDING", "E")
    say("destroyed", "DestructionCertified", destroyed("DS-1"), "LFC.IAO", "LFC.SEC")
    talk.expect("CLOSED", "X")


# S7: two boards become one.


def boards_merge(tale):
    """S7: two integrated care boards become one on 1 April 2026."""
    passes, cast = tale.observer.client.pass_time, tale.cast
    for code in ("NCL", "NWL", "NEL", "SEL", "SWL", "LAS", "CMD", "BEN"):
        tale.register(code, bodies.POSTS)
    first, second = bodies.in_force(tale, "NCL", "CMD"), bodies.in_force(tale, "NWL", "BEN")
    third, fourth = bodies.in_force(tale, "NCL", "NWL"), _ambulances(tale)
    third.say("a list", "DisclosureLogged", sent("DS-1"), "NCL.IAO")
    tale.register("WNL", bodies.POSTS)
    made = bodies.succession("MERGE", ["NCL", "NWL"], ["WNL"], "2026-04-01")
    bodies.succeed(tale, "two become one", "org:NCL", made, "WNL", "NCL", "NWL")
    passes(days=57, hours=10)  # 31 March 2026, 19:00.
    for talk in (first, second, third, fourth):
        talk.expect("ACTIVE", "V")
    first.say("on the last evening", "NoteRecorded", bodies.note(), "NCL.IGL")
    passes(hours=5)
    first.expect("ACTIVE", "V")
    third.expect("CLOSED", "X")
    fourth.expect("ACTIVE", "V")
    passes(days=1, hours=12)  # 2 April.
    first.refused("the body that is no more", "O04", "AgreementSuspended", suspension(), "NCL.SIRO")
    third.refused("one board with itself", "T18", "AgreementSuspended", suspension(), "WNL.SIRO")
    third.refused("one board with itself", "T18", "SuccessionConfirmed", bodies.confirmation("NCL"), "WNL.SIRO")
    passes(days=48)  # 20 May.
    first.refused("before advice", "G19", "SuccessionConfirmed", bodies.confirmation("NCL"), "WNL.SIRO")
    bodies.confirm(first, "WNL", "NCL")
    for gone in ("NCL", "NWL"):
        bodies.confirm(fourth, "WNL", gone)
    second.say("the new board sends on", "DisclosureLogged", sent("DS-1"), "WNL.IAO")
    passes(days=40, hours=1)  # 29 June, in the evening.
    tale.expect_at("ACTIVE", "V", second.stream, london.midnight(london.day("2026-06-30")) - timedelta(milliseconds=1))
    tale.expect_at("SUSPENDED", "S", second.stream, london.midnight(london.day("2026-06-30")))
    second.say("on the ninetieth day", "NoteRecorded", bodies.note(), "WNL.IGL")
    passes(days=1)
    second.expect("SUSPENDED", "S")
    second.refused("after ninety days", "T08", "DisclosureLogged", sent("DS-1"), "WNL.IAO")
    ground = next(iter(tale.state.agreement(second.stream, london.now()).grounds), "")
    second.refused("it is not resumed but confirmed", "G35", "AgreementResumed", bodies.lift(ground), "WNL.SIRO")
    first.say("the confirmed one goes on", "DisclosureLogged", sent("DS-1"), "WNL.IAO")
    passes(days=3)  # 3 July.
    bodies.confirm(second, "WNL", "NWL")
    second.expect("ACTIVE", "V")
    second.say("the new board sends on", "DisclosureLogged", sent("DS-1"), "WNL.IAO")


def _ambulances(tale):
    """Five boards and the ambulance service: who joins is bound; at least three."""
    boards = ["NCL", "NWL", "NEL", "SEL", "SWL"]
    plain = renamed(renamed(text.document(_today(), notice_days=30), "HCK", "LAS"), "CMD", "NCL")
    everybody = ["LAS", *boards]
    document = plain | {
        "formation": "ACCESSION", "min_parties": 3, "anchor_parties": ["LAS"], "eligible_joiners": ["NHS_ICB"],
        "amendment_quorum": "TWO_THIRDS", "non_adopter_rule": "LEAVE", "continuation": {"min_parties": 3},
        "gateways": [{"code": "CA89-47", "holder": code, "use": ["DISCLOSE" if code == "LAS" else "RECEIVE"]} for code in everybody],
        "lawful_basis": {code: ["E"] for code in everybody}, "privacy_notice": {code: plain["privacy_notice"]["LAS"] for code in everybody},
        "datasets": [{**plain["datasets"][0], "provider": "LAS", "recipients": "*"}],
    }
    rows = [text.party("LAS", "PROVIDER"), *(text.party(code, "RECIPIENT") for code in boards)]
    talk = Talk(tale, document, rows).file(by="NCL.REQ")
    for code in everybody:
        tale.triage(talk.stream, by=f"{code}.IGL")
    talk.submit(by="LAS.IGL")
    talk.sign(everybody)
    talk.expect("ACTIVE", "V")
    return talk


BOROUGHS = [code for code, (_, kind, _) in BODIES.items() if kind in ("LONDON_BOROUGH", "CITY_CORP")]


def everybody():
    """The rows of all 34."""
    host = text.party("GLA", "PLATFORM", "PROCESSOR", functions=["CHILD_SC"])
    return [*(text.party(code, "BOTH", functions=["CHILD_SC"]) for code in BOROUGHS), host]


def meals():
    """Free school meals across all boroughs, with the GLA as platform."""
    codes = [*BOROUGHS, "GLA"]
    plain = text.document(_today(), lead_party="WSM", notice_days=30)
    plain["breach"] = {**plain["breach"], "lead": "WSM", "notify_within_hours": 12}
    day, later = _in(80), _in(900)
    return plain | {
        "title": Words("text", "Free school meals across borough borders"), "formation": "ACCESSION", "min_parties": 6, "anchor_parties": ["GLA"],
        "art28": {name: True for name in ("assist_compliance", "assist_rights", "audit", "confidentiality", "delete_or_return", "instructions", "security", "sub_processors")},
        "amendment_quorum": "TWO_THIRDS", "continuation": {"min_parties": 6}, "eligible_joiners": ["CITY_CORP", "LONDON_BOROUGH"],
        "gateways": [{"code": gate, "holder": code, "use": ["DISCLOSE", "RECEIVE"]} for code in BOROUGHS for gate in ("CA04-10", "LGA-111")],
        "lawful_basis": {code: ["E"] for code in BOROUGHS}, "non_adopter_rule": "LEAVE",
        "privacy_notice": {code: plain["privacy_notice"]["CMD"] for code in codes}, "sharing_mode": "POOLED",
        "equality_note": Words("text", "Families are found whatever language they speak; rates are looked at by ward each year."),
        "children_protection": Words("text", "Only whether a child is entitled is shown, to the school meals team alone."),
        "term": {"effective_date": day, "end_date": later, "review_date": _in(440)},
        "datasets": [{**plain["datasets"][0], "flags": ["CHILDREN"], "frequency": "MONTHLY", "provider": "*", "recipients": "*"}],
    }


def school_meals(tale):
    """S2: 33 authorities and the GLA; six make it start, the others join one by one, one changes its mind."""
    cast, posts = tale.cast, ["ADM", "DPO", "IGL", "IAO", "SIG", "LGL"]
    for code in BOROUGHS:
        tale.register(code, posts + (["REQ"] if code == "WSM" else []))
    tale.register("GLA", [*posts, "SEC"], extra_roles=["SEC"])
    talk, first = talked_over(tale)
    stream, passes = talk.stream, tale.observer.client.pass_time
    for code in ("CMD", "BEN", "KEC", "WSM", "HCK"):
        join(tale, stream, code)
    decline(tale, stream, "BRY")
    talk.expect("APPROVING", "A")
    host(tale, stream)
    talk.expect("APPROVED", "P")
    passes(days=80)
    talk.expect("ACTIVE", "V")
    others = [code for code in BOROUGHS if code not in ("CMD", "BEN", "KEC", "WSM", "HCK", "BRY")]
    talk.refused("signed as of the first draft", "G08", "ExecutionSigned", {"form": "SIMPLE_CONTRACT", "version_hash": first}, "LND.SIG")
    for code in others:
        passes(days=10)
        join(tale, stream, code)
    talk.refused("signed a second time", "T05", "ExecutionSigned", {"form": "SIMPLE_CONTRACT", "version_hash": first}, "LND.SIG")
    change_of_mind(tale, talk)
    same = {code: party.state for code, party in tale.state.agreements[stream].parties.items()}
    tale.report.step("all 34 are bound", lambda: _all_bound(same))


def talked_over(tale):
    """Filed, accepted by all, a question answered, the clock of a breach argued about, submitted. Gives the first hash as well."""
    talk = Talk(tale, meals(), everybody()).file(by="WSM.REQ")
    stream, say, first = talk.stream, talk.say, tale.version_hash(talk.stream)
    for code in [*BOROUGHS, "GLA"]:
        tale.triage(stream, by=f"{code}.IGL")
    asked = say("from which age", "ClarificationRequested", talk.question("WSM"), "HRW.DPO")
    say("from five", "ClarificationProvided", talk.answer(asked), "WSM.IGL")
    longer = talk.changed(breach={**talk.document["breach"], "notify_within_hours": 24})
    say("a longer clock", "CounterProposalMade", talk.counter(longer), "GLA.IGL")
    say("accepted", "CounterProposalAccepted", {"version_hash": talk.waiting()}, "WSM.IGL")
    talk.take(longer)
    talk.submit(by="WSM.IGL")
    return talk, first


def decline(tale, stream, code):
    """One of them has nobody to do the work."""
    text = "There is nobody who could prepare the lists this year, nor the next."
    data = {"kind": "FINAL", "version_hash": tale.version_hash(stream), "words": Words("json", {"reasons": ["RESOURCE"], "text": text})}
    tale.say(f"{code} does not join", "ApprovalDeclined", stream, data, tale.cast[f"{code}.SIG"])


def host(tale, stream):
    """The signatures of the platform."""
    for act, more in ((tale.advise, {}), (tale.approve, {}), (tale.approve, {"post": "SEC"}), (tale.execute, {})):
        act("GLA", stream=stream, **more)


def join(tale, stream, code):
    """Both advices, the approval and the execution of a borough."""
    for kind in ("DPO", "LGL"):
        tale.advise(code, kind, stream=stream)
    tale.approve(code, stream=stream)
    tale.execute(code, stream)


def _all_bound(states):
    if len(states) != 34 or set(states.values()) != {"x"}:
        raise AssertionError(f"{len(states)} parties: {states}")


def change_of_mind(tale, talk):
    """Bromley asks to join after all, is invited, and signs."""
    row = tale.state.agreements[talk.stream].header.row("BRY")
    asking = {"row": row, "words": Words("json", {"reason": "There is somebody for the lists now."})}
    outside = {**row, "organisation": "GLA"}
    talk.refused("another body's row", "R01", "AccessionRequested", {**asking, "row": outside}, "BRY.IGL")
    talk.say("Bromley asks", "AccessionRequested", asking, "BRY.IGL")
    talk.refused("asked twice", "G22", "AccessionRequested", asking, "BRY.IGL")
    contacts = {"contacts": Words("json", {"BRY": {"ig": "ig@bry.example"}}), "row": row}
    talk.refused("invited by another than the lead", "R01", "PartyInvited", contacts, "CMD.IGL")
    talk.say("Bromley is invited", "PartyInvited", contacts, "WSM.IGL")
    join(tale, talk.stream, "BRY")


# A history, and the event with whose schema its rules stand.
# What a server is asked for as well: `eight.py`.
HISTORIES = {
    "an evacuation": [evacuation], "free school meals in 33 boroughs": [school_meals], "two boards become one": [boards_merge],
}
STARTS = {"two boards become one": datetime(2026, 2, 2, 9, tzinfo=timezone.utc)}
WAITS_FOR = {"an evacuation": "EmergencySharingRecorded", "free school meals in 33 boroughs": "PartyInvited"}

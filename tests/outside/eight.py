"""S1 to S8 of the domain page as a server meets them: through HTTP, on a ledger of their own.

What a calendar brings is asked of the server for instants to come; the same scenarios by a clock
of their own, so that months pass, stand in `section7.py`.
"""

import copy
import json
from datetime import timedelta

import bodies
import london
import scenarios
import section7
import terms as text
from aftermath import sent
from attacks import refused
from cast import Words, draft
from door import file_refused
from observer import printed, same
from story import leaving, suspension
from talks import Talk

ENVELOPE, HEADER = 48_000, 24_000
CLIENTS = 64

# What section 16 says to hospitals (1.3).
_PATIENTS = "Section 16 does not allow patient information, nor personal information disclosed by a health or social care authority."


def _today():
    return london.today(london.now())


def open_licence(tale):
    """S1: charge points as open data, and the field that may not be in it."""
    tale.register("CMD")
    tale.register("GLA", ["ADM", "IGL"])
    scenarios.open_licence(tale)
    stream, cast = scenarios.publish_openly(tale), tale.cast
    tale.say("the words are opened", "PublicationDecided", stream, {"decision": "PUBLISH", "withheld": []}, cast["CMD.IGL"])
    tale.say("the upload of this month", "DisclosureLogged", stream, sent("DS-1"), cast["CMD.IAO"])
    if tale.is_judged:
        tale.report.step("the register shows licence and risk statement", _registered, tale, stream)
    spoilt = text.open_data(_today())
    spoilt["datasets"][0]["fields"][0] |= {"identifier": "DIRECT", "name": Words("text", "vehicle_registration")}
    if tale.is_judged:
        _messages(tale, spoilt, text.publisher(), "CMD.REQ", {
            "V-66": "{} identifies people ({}), so this dataset is at least personal data.",
            "V-111": "Only non-personal, open data can be published under an open licence.",
        })
    late = (_today() + timedelta(days=30)).isoformat()
    tale.say("no more uploads", "RevocationNoticed", stream, leaving(late), cast["CMD.SIG"])
    tale.expect_at("CLOSED", "X", stream, london.midnight(_today() + timedelta(days=30)))


def _registered(tale, stream):
    rows = tale.observer.client.get("/api/v1/register").decode()
    said = json.dumps(json.loads(rows), ensure_ascii=False)
    for wanted in (stream.removeprefix("agr:"), "OGL-UK-3-0", "Counts below five are suppressed"):
        same(wanted in said, True, f"`{wanted}` in the register")


def _messages(tale, document, rows, by, wanted):
    """Everything that is wrong is told at once: these codes are among it, with their words."""

    def check(submission, code, says):
        before = tale.observer.size()
        answer = tale.observer.client.post("/api/v1/events", submission)
        same("messages" in answer.json(), True, f"messages in {answer}")
        told = {m["code"]: m["message"] for m in answer.json()["messages"] if m["severity"] == "error"}
        for one, words in wanted.items():
            same(bool(printed(words).fullmatch(told.get(one, ""))), True, f"`{words}` of {one} among {told}")
        same((answer.status, tale.observer.size()), (422, before), "status, and size of the log")

    file_refused(tale, document, rows, " and ".join(wanted), "all that is wrong with it", by, check)


# S2.


def school_meals(tale):
    """S2: 33 authorities and the GLA, a few after the other; the largest event is within its limit."""
    cast, posts = tale.cast, ["ADM", "DPO", "IGL", "IAO", "SIG", "LGL"]
    for code in section7.BOROUGHS:
        tale.have(code, posts + (["REQ"] if code == "WSM" else []))
    tale.have("GLA", ["DPO", "IAO", "SIG", "SEC"])
    tale.say("asks for its security lead", "OrganisationUpdated", "org:GLA", {"extra_roles": ["SEC"]}, cast["GLA.ADM"], cast["GLA.CEX"])
    talk, first = section7.talked_over(tale)
    stream = talk.stream
    for code in ("CMD", "BEN", "KEC", "WSM", "HCK"):
        section7.join(tale, stream, code)
    section7.decline(tale, stream, "BRY")
    talk.expect("APPROVING", "A")
    section7.host(tale, stream)
    talk.expect("APPROVED", "P")
    starts = london.midnight(talk.tale.state.agreements[stream].header.effective_date)
    tale.expect_at("APPROVED", "P", stream, starts - timedelta(milliseconds=1))
    tale.expect_at("ACTIVE", "V", stream, starts)
    talk.refused("signed as of the first draft", "G08", "ExecutionSigned", {"form": "SIMPLE_CONTRACT", "version_hash": first}, "LND.SIG", says="You are signing version {} ({}) but the terms are now {}. Read the changes and sign again.")
    joined = ("BEN", "BRY", "CMD", "HCK", "KEC", "WSM")
    for code in section7.BOROUGHS:
        if code not in joined:
            section7.join(tale, stream, code)
    section7.change_of_mind(tale, talk)
    tale.expect_at("ACTIVE", "V", stream, starts)
    tale.report.step("every event is within its limits", _small_enough, tale.observer)


def _small_enough(observer):
    print(f"note    largest envelope {observer.largest_envelope} of {ENVELOPE} bytes, largest header {observer.largest_header} of {HEADER}", flush=True)
    same(0 < observer.largest_envelope <= ENVELOPE, True, "the largest envelope")
    same(0 < observer.largest_header <= HEADER, True, "the largest header")


def all_at_once(tale):
    """34 parties put four signatures each on one version, from 64 clients at once: 136 receipts, no C01."""
    cast = tale.cast
    document = {name: value for name, value in section7.meals().items() if name not in (
        "amendment_quorum", "anchor_parties", "eligible_joiners", "min_parties", "non_adopter_rule",
    )} | {"formation": "ALL", "continuation": {"min_parties": 2}}
    talk = Talk(tale, document, section7.everybody()).file(by="WSM.REQ")
    for code in section7.BOROUGHS:
        tale.triage(talk.stream, by=f"{code}.IGL")
    talk.submit(by="WSM.IGL")
    frozen = tale.version_hash(talk.stream)
    words = Words("json", {"outcome": "SUPPORT", "reasons": "The sharing is limited and explained to residents."})

    def advice(code, kind):
        data = {"kind": kind, "version_hash": frozen, "words": words}
        return draft(tale.state, "AdviceGiven", talk.stream, data, cast[f"{code}.{kind}"])

    def approval(code, post):
        return draft(tale.state, "ApprovalGiven", talk.stream, {"datasets": [], "version_hash": frozen}, cast[f"{code}.{post}"])

    def execution(code):
        return draft(tale.state, "ExecutionSigned", talk.stream, {"form": "SIMPLE_CONTRACT", "version_hash": frozen}, cast[f"{code}.SIG"])

    chains = [[[advice(c, "DPO"), advice(c, "LGL")], [approval(c, "IAO")], [execution(c)]] for c in section7.BOROUGHS]
    chains.append([[advice("GLA", "DPO")], [approval("GLA", "IAO"), approval("GLA", "SEC")], [execution("GLA")]])
    tale.report.step(f"34 parties, four signatures each, {CLIENTS} clients at once: 136 receipts and no C01", _at_once, tale.observer, chains)
    talk.expect("APPROVED", "P")


def _at_once(observer, chains):
    same(observer.in_turns(chains, CLIENTS), 136, "receipts")


# S3 and S4.


def knives(tale):
    """S3: both under Part 3, and what section 16 does not allow."""
    stream = scenarios.knives(tale)
    talk = Talk(tale, text.police(_today()), text.police_parties())
    talk.stream = stream
    more = copy.deepcopy(talk.document)
    more["purpose_codes"] = [*more["purpose_codes"], "SERIOUS_VIOLENCE"]
    more["gateways"] = [*more["gateways"], *({"code": "PCSC-16", "holder": code, "use": [use]} for code, use in (("CRY", "DISCLOSE"), ("MPS", "RECEIVE")))]
    more["datasets"] = [*more["datasets"], text.dataset(
        3, "LE", "CRY", ["MPS"], "Attendance at accident and emergency by named patient", [("full name", "DIRECT", "IDENTITY"), ("injury", "NONE", "HEALTH")],
        flags=["PATIENT_INFO"], retention=more["datasets"][0]["retention"], subjects=["PATIENTS"], volume="LT_100",
    )]
    if tale.is_judged:
        data = talk.amend(more, "M3")

        def send():
            tale.observer.catch_up()
            made = draft(tale.state, "AmendmentProposed", stream, data, tale.cast["MPS.IGL"])
            tale.observer.attempt_words(made.submission(), "G-SVD", _PATIENTS)

        tale.report.step("refused G-SVD: attendance at hospital by named patient", send)


def evacuation(tale):
    """S4: in force within minutes; stopped when advice is late, ended by its day."""
    tale.register("LFC", ["ADM", "DPO", "SIRO", "SIG", "IAO", "SEC"])
    tale.have("TWH", ["SIRO", "CG", "REQ"])
    talk = Talk(tale, text.emergency(_today()), text.emergency_parties()).file(by="TWH.REQ")
    say, no, stream = talk.say, talk.refused, talk.stream
    tale.triage(stream, by="TWH.IGL")
    talk.submit(by="TWH.IGL")
    execution = {"form": "SIMPLE_CONTRACT", "version_hash": tale.version_hash(stream)}
    tale.approve("TWH", "CG", stream=stream)
    for code in ("TWH", "LFC"):
        no("an execution before the approval", "G18", "ExecutionSigned", execution, f"{code}.SIRO")
        tale.approve(code, "SIRO", stream=stream)
        no("a signatory binds the body in an emergency", "R01", "ExecutionSigned", execution, f"{code}.SIG")
        tale.execute(code, stream, post="SIRO")
    talk.expect("ACTIVE", "V")
    say("the list of flats", "DisclosureLogged", sent("DS-1"), "TWH.IAO")
    started = tale.state.agreements[stream].activates_at
    tale.advise("TWH", stream=stream)
    tale.expect_at("ACTIVE", "V", stream, started + timedelta(days=5) - timedelta(milliseconds=1))
    tale.expect_at("SUSPENDED", "S", stream, started + timedelta(days=5))
    tale.advise("LFC", stream=stream)
    tale.expect_at("ACTIVE", "V", stream, started + timedelta(days=5))
    longer = copy.deepcopy(talk.document)
    longer["term"] |= {"end_date": (_today() + timedelta(days=20)).isoformat()}
    no("an emergency made longer", "G32", "AmendmentProposed", talk.amend(longer, "M3"), "TWH.IGL", says="An emergency agreement cannot be extended. File an ordinary request now; it can copy these terms.")
    tale.expect_at("ENDING", "E", stream, london.ends(_today() + timedelta(days=14)))


# S7.


def boards_merge(tale):
    """S7: two boards become one today; what comes of that in ninety days is asked of the server."""
    cast = tale.cast
    for code in ("NCL", "NWL", "WNL"):
        tale.register(code, bodies.POSTS)
    for code in ("CMD", "BEN", "HCK", "NWM"):
        tale.have(code, ["ADM", "DPO", "IGL", "IAO", "SIG", "REQ"])
    for code in ("TWH", "WFT"):
        tale.have(code, ["ADM"])
    first, second, third = bodies.in_force(tale, "NCL", "CMD"), bodies.in_force(tale, "NWL", "BEN"), bodies.in_force(tale, "NCL", "NWL")
    third.say("a list", "DisclosureLogged", sent("DS-1"), "NCL.IAO")
    day = _today().isoformat()
    made = bodies.succession("MERGE", ["NCL", "NWL"], ["WNL"], day)
    bodies.not_succeeded(tale, "without the chief of one of them", "R01", "org:NCL", made, "WNL", "NCL")
    named = bodies.succeed(tale, "two become one", "org:NCL", made, "WNL", "NCL", "NWL")
    now = london.now()
    for talk, name, letter in ((first, "ACTIVE", "V"), (second, "ACTIVE", "V"), (third, "CLOSED", "X")):
        talk.expect(name, letter)
    first.refused("the body that is no more", "O04", "AgreementSuspended", suspension(), "NCL.SIRO", says="NCL was succeeded by WNL on {}; act as WNL.")
    third.refused("one board with itself", "T18", "SuccessionConfirmed", bodies.confirmation("NCL"), "WNL.SIRO")
    first.refused("before advice", "G19", "SuccessionConfirmed", bodies.confirmation("NCL"), "WNL.SIRO")
    bodies.confirm(first, "WNL", "NCL")
    first.say("the new board sends on", "DisclosureLogged", sent("DS-1"), "WNL.IAO")
    late = tale.state.book.successions[named].effective + timedelta(days=90) if named else now
    tale.expect_at("ACTIVE", "V", second.stream, late - timedelta(milliseconds=1))
    tale.expect_at("SUSPENDED", "S", second.stream, late)
    tale.expect_at("ACTIVE", "V", first.stream, late)
    bodies.confirm(second, "WNL", "NWL")
    tale.expect_at("ACTIVE", "V", second.stream, late)
    _split(tale)


def _split(tale):
    """The variant: planning goes from a development corporation to four boroughs."""
    four = ["HCK", "NWM", "TWH", "WFT"]
    tale.register("LLDC", bodies.POSTS)
    planning, other = bodies.with_functions(tale, "LLDC", "NWM", ["PLANNING"]), bodies.in_force(tale, "LLDC", "HCK")
    name = planning.stream.removeprefix("agr:")
    data = bodies.succession("TRANSFER", ["LLDC"], four, _today().isoformat(), functions=["PLANNING"])
    hands = [*tale.cast.registrars[:2], *(tale.cast[f"{code}.CEX"] for code in (*four, "LLDC"))]
    refused(tale, "one agreement is not mapped", "O08", "OrganisationSucceeded", "org:LLDC", data, *hands, says="Say which successor takes agreement {}. {}")
    tale.say("planning", "OrganisationSucceeded", "org:LLDC", {**data, "mapping": [{"agreement": name, "successor": "HCK"}]}, *hands)
    planning.expect("ACTIVE", "V")
    planning.say("the borough has it", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    other.say("the corporation keeps the rest", "DisclosureLogged", sent("DS-1"), "LLDC.IAO")
    other.expect("ACTIVE", "V")


def closing(tale):
    """The ledger is closed: nothing more is recorded, but an event that it has is known again."""
    two = tale.cast.registrars[:2]
    successor = f"next.counterpart.example/london/log#{'cd' * 32}"
    data = {"reason": "SUCCEEDED", "successor": successor}
    tale.say("goes on elsewhere", "LedgerClosed", "sys", data, *two)
    index, envelope = tale.observer.last[0]["index"], tale.observer.last[1]
    refused(tale, "one more", "E06", "LedgerClosed", "sys", data, *two, says=f"{{}}{successor}{{}}")
    tale.report.step("the closing event once more is its first receipt", tale.observer.repeat, {"disclosures": [], "envelope": envelope}, index)


PARTS = [
    open_licence, school_meals, all_at_once, knives, evacuation, section7.own_request, section7.legitimate_interest,
    section7.duty_to_refer, boards_merge, closing,
]


def play(tale, library):
    """All of them, one after the other; then every entry is decided again from the log alone."""
    for part in PARTS:
        tale.report.part(part, tale)
    tale.report.step("every entry of the eight scenarios is decided again from /log alone", tale.observer.audit, library)

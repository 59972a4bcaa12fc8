"""Bad submissions: for each, the outsider predicts the code, and the server must agree.

Each group is played at the point of the story where its rule is the only one that
fails, so that the order of checks leaves one answer.
"""

import copy
import json
from datetime import timedelta

import dsse
import jcs
import keys
import london
from cast import Words, draft, holder, new_id, new_person
from story import Story, flags, leaving, reason, refusal, suspension

SMALL_ORDER = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")


def _try(tale, title, code, submission):
    def send():
        tale.observer.catch_up()
        tale.observer.attempt(submission, code)

    tale.report.step(f"refused {code}: {title}", send)


def refused(tale, title, code, kind, stream, data, *hands, says=None, **more):
    """One event that both must refuse with one code; `says` is the message of the server, whole (`printed`)."""
    def send():
        tale.observer.catch_up()
        made = draft(tale.state, kind, stream, data, *hands, **more)
        tale.observer.attempt(made.submission(), code, says)

    tale.report.step(f"refused {code}: {title}", send)


def _appointment(tale, person, role, organisation="ISL"):
    return tale.appointment(organisation, role, person)


def on_the_directory(tale):
    """Forms, signatures, keys, organisations and roles."""
    _forms(tale)
    _signatures(tale)
    _keys(tale)
    _roles(tale)


def _update(tale, **more):
    """An honest update of a body, to be spoilt."""
    hands = tale.cast["ISL.ADM"], tale.cast["ISL.CEX"]
    return draft(tale.state, "OrganisationUpdated", "org:ISL", {"flags": flags("ISL")}, *hands, **more)


def _forms(tale):
    good = _update(tale).submission()
    text = json.dumps(good).encode()
    _try(tale, "a truncated body", "E01", text[:-9])
    _try(tale, "a member twice in the request", "E01", text[:-1] + b',"disclosures":[]}')
    _try(tale, "an unknown member in the envelope", "E02", {**good, "envelope": {**good["envelope"], "more": 1}})
    broken = copy.deepcopy(good)
    broken["envelope"]["signatures"][0]["sig"] = broken["envelope"]["signatures"][0]["sig"].rstrip("=")
    _try(tale, "base64 without its padding", "E02", broken)
    other = {**good, "envelope": {**good["envelope"], "payloadType": dsse.REFUSAL}}
    _try(tale, "the bytes of another protocol", "E02", other)
    for title, change in [
        ("a float", lambda p: p.replace(b'"v":1', b'"v":1.0')),
        ("a null", lambda p: p.replace(b'"v":1', b'"v":null')),
        ("a member twice", lambda p: p.replace(b'"v":1', b'"v":1,"v":1')),
        ("white space", lambda p: p.replace(b'"v":1', b'"v": 1')),
        ("an unknown member", lambda p: p.replace(b'"v":1', b'"v":1,"w":1')),
        ("a lone surrogate", lambda p: p.replace(b'"v":1', b'"v":"\\ud800"')),
        ("no JSON at all", lambda p: b"hello"),
        ("an upper-case id", lambda p: _upper_id(p)),
    ]:
        made = _update(tale)
        _try(tale, f"{title} in the payload", "E03", made.submission(change(made.bytes())))
    _lists(tale)
    at = london.now()
    for title, until in [("valid for two months", timedelta(days=60)), ("valid until before it was signed", timedelta(seconds=-1))]:
        made = _update(tale, valid_until=london.spell(at + until), at=at)
        _try(tale, title, "E03", made.submission())
    refused(tale, "an unknown type", "E04", "AgreementForgotten", "org:ISL", {}, tale.cast["ISL.CEX"])
    _try(tale, "an unknown version", "E04", _update(tale, v=2).submission())
    _try(tale, "another ledger", "E06", _update(tale, ledger=f"{tale.state.origin}#{'0' * 64}").submission())


def _lists(tale):
    """A list where an object belongs says nothing, even where it names the same things in order."""
    made = _update(tale)
    made.payload["data"] = {"flags": []}
    _try(tale, "a list where the flags belong", "E03", made.submission())
    made = _update(tale)
    made.payload["data"] = []
    _try(tale, "a list where the data belong", "E03", made.submission())
    made = _update(tale)
    first = made.payload["signers"][0]
    made.payload["signers"][0] = [first[name] for name in ("key", "organisation", "person", "role")]
    _try(tale, "a list where a signer belongs", "E03", made.submission())
    made = draft(tale.state, "OrganisationReinstated", "org:ISL", {}, *tale.cast.registrars[:2])
    made.payload["data"] = []
    _try(tale, "a list where nothing belongs", "E03", made.submission())
    good = _update(tale).submission()
    names = ("payload", "payloadType", "signatures")
    _try(tale, "a list where the envelope belongs", "E02", {**good, "envelope": [good["envelope"][n] for n in names]})
    lines = [[line["keyid"], line["sig"]] for line in good["envelope"]["signatures"]]
    _try(tale, "a list where a signature belongs", "E02", {**good, "envelope": {**good["envelope"], "signatures": lines}})
    _try(tale, "a list where the submission belongs", "E01", json.dumps([good["envelope"], good["disclosures"]]).encode())


def _upper_id(payload):
    value = jcs.read(payload)
    return jcs.spell({**value, "id": value["id"].upper()})


def _signatures(tale):
    bad = _update(tale).submission()
    lines = bad["envelope"]["signatures"]
    lines[0]["sig"], lines[1]["sig"] = lines[1]["sig"], lines[0]["sig"]
    _try(tale, "signatures that do not verify", "E09", bad)
    stripped = _update(tale).submission()
    stripped["envelope"]["signatures"].pop()
    _try(tale, "a signature taken away", "E09", stripped)
    added, more = _update(tale), tale.cast["ISL.SIG"]
    submission = added.submission()
    sig = more.sign(dsse.pae(dsse.EVENT, added.bytes()))
    submission["envelope"]["signatures"].append({"keyid": more.key.id, "sig": dsse.b64(sig)})
    _try(tale, "a signature added", "E09", submission)
    stranger = tale.cast.officer("stranger", "ISL", "CEX", tale.cast["ISL.CEX"].person)
    refused(tale, "a key that nobody registered", "K01", "OrganisationUpdated", "org:ISL", {"flags": flags("ISL")}, tale.cast["ISL.ADM"], stranger)


def _keys(tale):
    cast, at = tale.cast, london.now()
    chief = cast["ISL.CEX"]
    refused(tale, "a key that was replaced", "K03", "NoteRecorded", tale.stream, _note(), cast["ISL.SEC.old"])
    refused(tale, "a key that was revoked", "K04", "NoteRecorded", tale.stream, _note(), cast["ISL.REQ"])
    early = _update(tale, at=at + timedelta(minutes=30))
    _try(tale, "signed in the future", "K09", early.submission())
    late = _update(tale, at=at - timedelta(hours=3))
    _try(tale, "no longer valid", "K11", late.submission())
    impostor = copy.copy(cast["HCK.CEX"])
    impostor.organisation, impostor.person = "ISL", chief.person
    refused(tale, "a key that acts for another body", "K10", "OrganisationUpdated", "org:ISL", {"flags": flags("ISL")}, cast["ISL.ADM"], impostor)
    for title, code, public, keyid in [
        ("a new key of small order", "K06", SMALL_ORDER, keys.keyid(SMALL_ORDER)),
        ("a key that is known already", "K02", cast["ISL.IGL"].key.public, cast["ISL.IGL"].key.id),
    ]:
        officer = cast["ISL.IGL"]
        data = {"custody": "SOFTWARE", "key": keyid, "organisation": "ISL", "person": officer.person, "public": dsse.b64(public)}
        made = draft(tale.state, "KeyRegistered", f"key:{keyid}", data, officer, cast["ISL.ADM"], expected_revision=0)
        made.payload["signers"][0]["key"] = keyid
        submission = made.submission()
        for line in submission["envelope"]["signatures"]:
            line["keyid"] = keyid if line["keyid"] == officer.key.id else line["keyid"]
        _try(tale, title, code, submission)


def _roles(tale):
    cast = tale.cast
    person = new_person()
    name = "OrganisationRegistered"
    chief = cast.officer("second.chief", "ISL", "CEX")
    held = {"holder": Words("json", {"authority": "x", "email": "x@isl.example", "name": "x", "phone": "x", "post": "CEX"}),
            "key": chief.key.id, "person": chief.person, "public": dsse.b64(chief.key.public)}
    body = {"chief": held, "code": "ISL", "extra_roles": [], "flags": flags("ISL"), "governance": "FULL",
            "gss": "E09000019", "name": "London Borough of Islington", "type": "LONDON_BOROUGH"}
    refused(tale, "a code that is taken", "O02", name, "org:ISL", body, *cast.registrars[:2], chief)
    refused(tale, "an active body reinstated", "O06", "OrganisationReinstated", "org:ISL", {}, *cast.registrars[:2])
    refused(tale, "an ADM appoints a SIRO", "R01", "RoleHolderAppointed", "org:ISL", _appointment(tale, person, "SIRO"), cast["ISL.ADM"])
    refused(tale, "a role that the signer does not hold", "R01", "RoleHolderAppointed", "org:ISL", _appointment(tale, person, "IAO"), cast["ISL.IGL"], roles={0: "ADM"})
    refused(tale, "an information lead who is to be SIRO", "R04", "RoleHolderAppointed", "org:ISL", _appointment(tale, cast["ISL.IGL"].person, "SIRO"), cast["ISL.CEX"])
    refused(tale, "a registrar who is to be asset owner", "R04", "RoleHolderAppointed", "org:ISL", _appointment(tale, cast.registrars[0].person, "IAO"), cast["ISL.ADM"])
    refused(tale, "an auditor who is to be asset owner", "R04", "RoleHolderAppointed", "org:ISL", _appointment(tale, cast["ISL.IAO"].person, "AUD"), cast["ISL.ADM"])
    refused(tale, "a witness of a body's own", "R01", "RoleHolderAppointed", "org:ISL", _appointment(tale, person, "WIT"), cast["ISL.ADM"])
    refused(tale, "a role that is held already", "R05", "RoleHolderAppointed", "org:ISL", _appointment(tale, cast["ISL.IAO"].person, "IAO"), cast["ISL.ADM"])
    refused(tale, "an appointment that ended already", "R06", "RoleHolderRevoked", "org:ISL", {"appointment": cast["ISL.REQ"].appointment}, cast["ISL.ADM"])
    refused(tale, "somebody appoints themself", "D06", "RoleHolderAppointed", "org:ISL", _appointment(tale, cast["ISL.ADM"].person, "LGL"), cast["ISL.ADM"])
    refused(tale, "a stale revision", "C01", "OrganisationUpdated", "org:ISL", {"flags": flags("ISL")}, cast["ISL.ADM"], cast["ISL.CEX"], expected_revision=0)
    refused(tale, "a revision that is not reached", "C01", "OrganisationUpdated", "org:ISL", {"flags": flags("ISL")}, cast["ISL.ADM"], cast["ISL.CEX"], expected_revision=10_000)


def _note():
    return {"text": Words("text", "A note for the file."), "visibility": "PARTIES"}


def _repeats(tale):
    """The same event again, and another event under its id."""
    cast = tale.cast
    made = draft(tale.state, "NoteRecorded", tale.stream, _note(), cast["CMD.LGL"])
    submission = made.submission()
    index = tale.state.size

    def first():
        body = json.dumps(submission, ensure_ascii=False).encode()
        answer = tale.observer.client.ask("POST", "/api/v1/events", body)
        if answer.status != 201:
            raise AssertionError(str(answer))
        tale.observer.check_receipt(answer.json(), submission["envelope"], made.payload)

    tale.report.step("NoteRecorded: to be sent twice (CMD.LGL)", first)
    tale.report.step("said twice, recorded once", tale.observer.repeat, submission, index)
    without = {**submission, "disclosures": []}
    tale.report.step("said twice, whatever else comes with it", tale.observer.repeat, without, index)
    refused(tale, "another event under a used id", "C02", "NoteRecorded", tale.stream, _note(), cast["CMD.LGL"], id=made.payload["id"])


def in_a_batch(tale):
    """A stale note and a good one in one request."""

    def send():
        hand, stream = tale.cast["CMD.LGL"], tale.stream
        bad = draft(tale.state, "NoteRecorded", stream, _note(), hand, expected_revision=0)
        good = draft(tale.state, "NoteRecorded", stream, _note(), hand)
        tale.observer.batch(good, bad, "C01")

    tale.report.step("a batch: the refused line does not stop the next", send)


def on_a_request(tale):
    """After A01: words, the header, unknown agreements, who may triage."""
    cast, stream = tale.cast, tale.stream
    refused(tale, "a note on an agreement that is not there", "T01", "NoteRecorded", f"agr:{new_id()}", _note(), cast["CMD.LGL"])
    refused(tale, "a note by a bystander", "R01", "NoteRecorded", stream, _note(), cast["ISL.LGL"])
    _repeats(tale)
    in_a_batch(tale)
    made = draft(tale.state, "NoteRecorded", stream, _note(), cast["CMD.LGL"])
    wrong = made.submission()
    wrong["disclosures"][0]["content"] = dsse.b64("Another note for the file.".encode())
    _try(tale, "a commitment opened with other words", "E07", wrong)
    _try(tale, "a commitment that is not opened", "E07", {**made.submission(), "disclosures": []})
    spare = made.submission()
    spare["disclosures"] = spare["disclosures"] + [{**spare["disclosures"][0], "pointer": "/more"}]
    _try(tale, "words for a place without a commitment", "E07", spare)
    aside = made.submission()
    aside["disclosures"] = [[d[name] for name in ("pointer", "kind", "salt", "content")] for d in aside["disclosures"]]
    _try(tale, "a list where a disclosure belongs", "E07", aside)
    for title, text in [("words that are not in normal form", "cafe\u0301 society"), ("words with a control character", "a\u0007b")]:
        data = {"text": Words("text", text), "visibility": "PARTIES"}
        refused(tale, title, "E07", "NoteRecorded", stream, data, cast["CMD.LGL"])
    _wrong_header(tale)
    accepted = _accepted()
    refused(tale, "a registrar triages", "D05", "RequestTriaged", stream, accepted, cast.registrars[0])
    refused(tale, "an asset owner triages", "R01", "RequestTriaged", stream, accepted, cast["HCK.IAO"])
    refused(tale, "an approval before the terms are submitted", "T03", "ApprovalGiven", stream, _approval(tale), cast["HCK.IAO"])
    refused(tale, "terms submitted before triage", "G09", "TermsSubmitted", stream, _terms(tale), cast["HCK.IGL"])
    refused(tale, "a suspension of a request", "T04", "AgreementSuspended", stream, suspension(), cast["HCK.SIRO"])


def _wrong_header(tale):
    """Headers that are not true to the terms: another end, a signature less, a class below."""
    later = (london.today(london.now()) + timedelta(days=299)).isoformat()
    fewer, lower = copy.deepcopy(tale.header), copy.deepcopy(tale.header)
    fewer["parties"][0]["required_roles"].pop(0)
    lower["datasets"][0]["class"] = "NP-R"
    for title, wrong in [
        ("a header that ends later than the terms", {**tale.header, "end_date": later}),
        ("a header that asks for a signature less", fewer),
        ("a header with a lower class than the terms", lower),
        ("a header by another policy", {**tale.header, "policies": {**tale.header["policies"], "POLICY-ROLES": 2}}),
    ]:
        data = Story.request(tale.document, wrong, "CMD")
        refused(tale, title, "E08", "RequestFiled", f"agr:{new_id()}", data, tale.cast["CMD.REQ"])


def _approval(tale, version_hash=None):
    return {"datasets": ["DS-1"], "version_hash": version_hash or tale.version_hash()}


def _execution(tale):
    return {"form": "SIMPLE_CONTRACT", "version_hash": tale.version_hash()}


def _terms(tale, version_hash=None):
    soon = (london.today(london.now()) + timedelta(days=30)).isoformat()
    return {"approve_by": soon, "version": 1, "version_hash": tale.version_hash()}


def before_advice(tale):
    """In A, with nothing signed yet."""
    cast, stream = tale.cast, tale.stream
    refused(tale, "an approval before the advice", "G19", "ApprovalGiven", stream, _approval(tale), cast["HCK.IAO"])
    refused(tale, "an execution before the approvals", "G18", "ExecutionSigned", stream, _execution(tale), cast["HCK.SIG"])
    refused(tale, "an approval of another version", "G08", "ApprovalGiven", stream, _approval(tale, "0" * 64), cast["HCK.IAO"])
    refused(tale, "a stale revision of the agreement", "C01", "ApprovalGiven", stream, _approval(tale), cast["HCK.IAO"], expected_revision=0)
    refused(tale, "a data protection officer approves", "R01", "ApprovalGiven", stream, _approval(tale), cast["HCK.DPO"])
    refused(tale, "a registrar approves", "D05", "ApprovalGiven", stream, _approval(tale), cast.registrars[0])
    refused(tale, "a bystander approves", "R01", "ApprovalGiven", stream, _approval(tale), cast["ISL.IAO"])
    refused(tale, "a refusal of locked terms", "T21", "RequestRefused", stream, {"words": refusal("We do not want to share these data with anybody at this time.")}, cast["HCK.SIRO"])


def before_approval(tale):
    """In A, after Hackney's advice: who filed or advised may not decide."""
    cast = tale.cast
    filer, adviser = cast["CMD.REQ"], cast["HCK.DPO"]
    tale.grant(filer, "IAO", cast["CMD.ADM"])
    refused(tale, "the filer approves as asset owner", "D01", "ApprovalGiven", tale.stream, _approval(tale), filer, roles={0: "IAO"})
    tale.say("HCK.DPO", "RoleHolderRevoked", "org:HCK", {"appointment": adviser.appointment}, cast["HCK.CEX"])
    tale.grant(adviser, "IAO", cast["HCK.ADM"])
    refused(tale, "the adviser approves as asset owner", "D03", "ApprovalGiven", tale.stream, _approval(tale), adviser, roles={0: "IAO"})
    refused(tale, "a role that ended", "R02", "AdviceGiven", tale.stream, _advice(tale), adviser)
    tale.appoint("HCK", "DPO")


def _advice(tale):
    words = {"outcome": "SUPPORT", "reasons": "The sharing is limited and explained to residents."}
    return {"kind": "DPO", "version_hash": tale.version_hash(), "words": Words("json", words)}


def in_force(tale):
    """In V: what is agreed is not agreed again, refused or withdrawn."""
    cast, stream = tale.cast, tale.stream
    refused(tale, "an approval of what is agreed", "T05", "ApprovalGiven", stream, _approval(tale), cast["HCK.IAO"])
    refused(tale, "a withdrawal in force", "T16", "RequestWithdrawn", stream, {}, cast["CMD.IGL"])
    refused(tale, "a resumption of what is not suspended", "T19", "AgreementResumed", stream, {"ground": new_id(), "words": Words("json", {"evidence": ["There is nothing to resume."]})}, cast["HCK.SIRO"])
    refused(tale, "a revocation by the asset owner", "R01", "RevocationNoticed", stream, leaving(tale.today), cast["CMD.IAO"])


def on_publication(tale):
    """Who opens or withholds the words, and why they are withheld."""
    cast, stream, year = tale.cast, tale.stream, (london.today(london.now()) + timedelta(days=365)).isoformat()
    publish, withhold = {"decision": "PUBLISH", "withheld": []}, {"decision": "WITHHOLD", "withheld": []}
    whole = {**withhold, "exemption": "FOIA-S43", "look_again": year}
    refused(tale, "another than the lead publishes", "R01", "PublicationDecided", stream, publish, cast["CMD.IGL"])
    refused(tale, "an information lead withholds", "R01", "PublicationDecided", stream, whole, cast["HCK.IGL"])
    refused(tale, "words withheld without an exemption", "V-105", "PublicationDecided", stream, withhold, cast["HCK.SIRO"])
    refused(tale, "words withheld by no exemption of the list", "V-105", "PublicationDecided", stream, {**whole, "exemption": "FOIA-S99"}, cast["HCK.SIRO"])
    far = (london.today(london.now()) + timedelta(days=800)).isoformat()
    refused(tale, "words withheld for more than two years", "V-105", "PublicationDecided", stream, {**whole, "look_again": far}, cast["HCK.SIRO"])
    tale.say("withheld for a year", "PublicationDecided", stream, whole, cast["HCK.SIRO"])


def at_the_end(tale):
    """In X: closed."""
    cast, stream = tale.cast, tale.stream
    refused(tale, "a suspension of what is closed", "T18", "AgreementSuspended", stream, suspension(), cast["HCK.SIRO"])
    refused(tale, "a second revocation", "T18", "RevocationNoticed", stream, leaving(tale.today), cast["HCK.SIG"])


def other_ways_to_end(tale):
    """Requests that end before they are in force: refused, withdrawn, declined, returned."""
    cast = tale.cast
    stream = f"agr:{new_id()}"
    tale.file(stream)
    words = refusal("No legal power for this sharing was found by our lawyers, and none is likely.")
    tale.say("by a provider", "RequestRefused", stream, {"words": words}, cast["HCK.SIRO"])
    tale.expect("REFUSED", "R", stream)
    refused(tale, "a triage after a refusal", "T07", "RequestTriaged", stream, _accepted(), cast["HCK.IGL"])

    stream = f"agr:{new_id()}"
    tale.file(stream, notice_days=30)
    tale.triage(stream)
    refused(tale, "a second triage", "G02", "RequestTriaged", stream, _accepted(), cast["HCK.IGL"])
    tale.submit_terms(stream)
    decline = {
        "kind": "RETURN", "version_hash": tale.version_hash(stream),
        "words": refusal("The list of fields is longer than the purpose needs; please shorten it."),
    }
    tale.advise("HCK", stream=stream)
    given = tale.approve("HCK", stream=stream)
    again = {"target": given, "words": reason("The asset owner looked again and is not sure any more.")}
    tale.say("taken back", "ApprovalWithdrawn", stream, again, cast["HCK.IAO"])
    refused(tale, "a signature that was taken back already", "G25", "ApprovalWithdrawn", stream, again, cast["HCK.IAO"])
    tale.say("returned", "ApprovalDeclined", stream, decline, cast["HCK.SIG"])
    tale.expect("FILED", "F", stream)
    tale.submit_terms(stream)
    approval = {"datasets": ["DS-1"], "version_hash": tale.version_hash(stream)}
    refused(tale, "advice that was void by the return", "G19", "ApprovalGiven", stream, approval, cast["HCK.IAO"])
    tale.say("by the filer", "RequestWithdrawn", stream, {}, cast["CMD.REQ"])
    tale.expect("WITHDRAWN", "W", stream)

    stream = f"agr:{new_id()}"
    tale.file(stream)
    back = {"missing": ["/purpose"], "note": Words("text", "Please say which children are meant."), "outcome": "RETURNED"}
    tale.say("returned", "RequestTriaged", stream, back, cast["HCK.IGL"])
    tale.expect("CLARIFYING", "C", stream)
    data = {**_terms(tale), "version_hash": tale.version_hash(stream)}
    refused(tale, "terms with an open question", "T10", "TermsSubmitted", stream, data, cast["HCK.IGL"])


def _accepted():
    return {"missing": [], "outcome": "ACCEPTED"}

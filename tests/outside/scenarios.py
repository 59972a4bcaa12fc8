"""Stories of the domain page beside the main one, and what each of them must refuse.

S1 open data, S3 both sides under Part 3, S4 an emergency, S5 approving one's own request,
S8 a refusal; care data of a special category, signed by a delegate and with a rotated key;
a body of governance LIGHT; one human at two bodies; an approval taken back before the day.
"""

import copy
from datetime import timedelta

import dsse
import london
import terms as text
from attacks import refused
from cast import Officer, Words, new_id
from story import leaving, reason, refusal, suspension


def _stream():
    return f"agr:{new_id()}"


def _today():
    return london.today(london.now())


def _approval(tale, stream, datasets=()):
    return {"datasets": list(datasets), "version_hash": tale.version_hash(stream)}


def _execution(tale, stream):
    return {"form": "SIMPLE_CONTRACT", "version_hash": tale.version_hash(stream)}


def open_licence(tale):
    """S1: the publisher alone files, triages, approves and executes; later it stops."""
    tale.have("CMD", ["OPN"])
    stream, cast = _stream(), tale.cast
    tale.file(stream, text.open_data(_today()), text.publisher())
    # The requesting officer becomes an information lead as well, which is allowed.
    filer = cast["CMD.REQ"]
    tale.grant(filer, "IGL", cast["CMD.ADM"])
    refused(tale, "the filer triages", "D01", "RequestTriaged", stream, {"missing": [], "outcome": "ACCEPTED"}, filer, roles={0: "IGL"})
    tale.triage(stream, by="CMD.IGL")
    tale.submit_terms(stream, by="CMD.IGL")
    refused(tale, "an execution without the publisher's approval", "G18", "ExecutionSigned", stream, _execution(tale, stream), cast["CMD.SIG"])
    refused(tale, "an approval that nobody asked for", "G18", "ApprovalGiven", stream, _approval(tale, stream), cast["CMD.SIRO"])
    tale.approve("CMD", stream=stream)
    tale.approve("CMD", "OPN", stream=stream)
    tale.execute("CMD", stream)
    tale.expect("ACTIVE", "V", stream)
    refused(tale, "no notice is short enough for an early end", "G37", "RevocationNoticed", stream, leaving(tale.today), cast["CMD.SIG"])
    tale.say("at once, by an order", "RevocationNoticed", stream, leaving(tale.today, "COURT_ORDER"), cast["CMD.SIG"])
    tale.expect("CLOSED", "X", stream)


def publish_openly(tale):
    """A licence that is in force. Gives its stream."""
    stream = _stream()
    tale.file(stream, text.open_data(_today()), text.publisher())
    tale.triage(stream, by="CMD.IGL")
    tale.submit_terms(stream, by="CMD.IGL")
    tale.approve("CMD", stream=stream)
    tale.approve("CMD", "OPN", stream=stream)
    tale.execute("CMD", stream)
    tale.expect("ACTIVE", "V", stream)
    return stream


def care(tale):
    """Special category data: two datasets, a delegate, a rotated key, notice and its end."""
    cast, stream = tale.cast, _stream()
    for code in ("CMD", "HCK"):
        tale.appoint(code, "CG")
    tale.file(stream, text.special(_today()), text.special_parties())
    tale.advise("HCK", stream=stream)
    tale.triage(stream)
    tale.submit_terms(stream)
    refused(tale, "an approval of a dataset that is not there", "G18", "ApprovalGiven", stream, _approval(tale, stream, ["DS-3"]), cast["HCK.IAO"])
    tale.approve("HCK", stream=stream, datasets=["DS-1"])
    tale.approve("HCK", "SIRO", stream=stream)
    tale.approve("HCK", "CG", stream=stream)
    refused(tale, "an execution with a dataset that nobody released", "G18", "ExecutionSigned", stream, _execution(tale, stream), cast["HCK.SIG"])
    tale.approve("HCK", stream=stream, datasets=["DS-2"])
    _execute_with_a_new_key(tale, stream)
    _approve_by_a_delegate(tale, stream)
    for post in ("SIRO", "CG"):
        tale.approve("CMD", post, stream=stream)
    _execute_without_a_holder(tale, stream)
    tale.execute("CMD", stream)
    tale.expect("ACTIVE", "V", stream)
    _suspensions(tale, stream)
    early = (_today() + timedelta(days=29)).isoformat()
    refused(tale, "a notice that is too short", "G37", "RevocationNoticed", stream, leaving(early), cast["HCK.SIG"])
    late = (_today() + timedelta(days=30)).isoformat()
    tale.say("in thirty days", "RevocationNoticed", stream, leaving(late), cast["HCK.SIG"])
    refused(tale, "a second notice", "G14", "RevocationNoticed", stream, leaving(late, "UNLAWFUL"), cast["HCK.SIRO"])
    tale.expect("ACTIVE", "V", stream)
    tale.expect_at("CLOSED", "X", stream, london.midnight(_today() + timedelta(days=30)))


def _execute_with_a_new_key(tale, stream):
    """Hackney's signatory changes keys between the terms and the signature."""
    cast, old = tale.cast, tale.cast["HCK.SIG"]
    new = Officer("HCK", old.person, "SIG", cast.officer("HCK.SIG.2", "HCK", "SIG").key, appointment=old.appointment)
    data = {"custody": "SOFTWARE", "key": new.key.id, "public": dsse.b64(new.key.public), "replaces": old.key.id}
    refused(tale, "a rotation without the old key", "R01", "KeyRotated", f"key:{new.key.id}", data, new)
    tale.say("HCK.SIG", "KeyRotated", f"key:{new.key.id}", data, old, new)
    refused(tale, "an execution with the key of yesterday", "K03", "ExecutionSigned", stream, _execution(tale, stream), old)
    cast.people["HCK.SIG"] = new
    tale.execute("HCK", stream)
    refused(tale, "a second execution", "G11", "ExecutionSigned", stream, _execution(tale, stream), new)


def _approve_by_a_delegate(tale, stream):
    """S5: the asset owner's post is lent, in absence by the administrator, to one who did not file."""
    cast, soon = tale.cast, (_today() + timedelta(days=7)).isoformat()
    tale.advise("CMD", stream=stream)
    owner, delegate = cast["CMD.IAO"], cast["CMD.LGL"]
    lent = {"appointment": owner.appointment, "functions": ["ADULT_SC"], "person": delegate.person, "until": soon}
    refused(tale, "a post lent to its lender", "D06", "RoleDelegated", "org:CMD", {**lent, "person": owner.person}, owner)
    far = (_today() + timedelta(days=91)).isoformat()
    refused(tale, "a post lent for 91 days", "G38", "RoleDelegated", "org:CMD", {**lent, "until": far}, owner)
    refused(tale, "a post lent to one who advises as data protection officer", "R09", "RoleDelegated", "org:CMD", {**lent, "person": cast["CMD.DPO"].person}, owner)
    lending = tale.say("IAO to LGL", "RoleDelegated", "org:CMD", lent, cast["CMD.ADM"])
    refused(tale, "a post lent twice", "R07", "RoleDelegated", "org:CMD", {**lent, "person": cast["CMD.SEC"].person}, owner)
    wrong = delegate.signer("IAO", delegation=new_id())
    refused(tale, "a delegation that never was", "R03", "ApprovalGiven", stream, _approval(tale, stream), delegate, signers=[wrong])
    refused(tale, "a delegate who lends on", "R01", "RoleDelegated", "org:CMD", {**lent, "person": cast["CMD.SEC"].person}, delegate, signers=[delegate.signer("IAO", delegation=lending)])
    tale.approve("CMD", "LGL", stream, signers=[delegate.signer("IAO", delegation=lending)])
    tale.say("IAO", "DelegationRevoked", "org:CMD", {"delegation": lending}, owner)
    refused(tale, "a delegation that ended", "R03", "ApprovalGiven", stream, _approval(tale, stream), delegate, signers=[delegate.signer("IAO", delegation=lending)])
    refused(tale, "a delegation ended twice", "R08", "DelegationRevoked", "org:CMD", {"delegation": lending}, owner)


def _execute_without_a_holder(tale, stream):
    """R11: a required role has nobody in post when the party is to be bound."""
    cast, guardian = tale.cast, tale.cast["CMD.CG"]
    tale.say("CMD.CG", "RoleHolderRevoked", "org:CMD", {"appointment": guardian.appointment}, cast["CMD.CEX"])
    refused(tale, "an execution while no guardian is in post", "R11", "ExecutionSigned", stream, _execution(tale, stream), cast["CMD.SIG"])
    guardian.appointment = tale.grant(guardian, "CG", cast["CMD.CEX"])


def _suspensions(tale, stream):
    """Own side, datasets, with a co-signature, by a regulator, and who may lift them."""
    cast = tale.cast
    lift = lambda ground: {"ground": ground, "words": Words("json", {"evidence": ["Looked at and put right."]})}
    own = tale.say("own side", "AgreementSuspended", stream, suspension("PARTY"), cast["CMD.CG"])
    tale.expect("ACTIVE", "V", stream)
    refused(tale, "another side", "G26", "AgreementSuspended", stream, suspension("PARTY", organisation="HCK"), cast["CMD.SIRO"])
    refused(tale, "another's ground is lifted", "R01", "AgreementResumed", stream, lift(own), cast["HCK.SIRO"])
    tale.say("own side", "AgreementResumed", stream, lift(own), cast["CMD.SIRO"])
    refused(tale, "a ground that is closed", "T19", "AgreementResumed", stream, lift(own), cast["CMD.SIRO"])
    refused(tale, "datasets that are not there", "G26", "AgreementSuspended", stream, suspension("DATASETS", datasets=["DS-9"]), cast["HCK.SIRO"])
    some = tale.say("a dataset", "AgreementSuspended", stream, suspension("DATASETS", datasets=["DS-2"]), cast["HCK.SIG"])
    tale.say("a dataset", "AgreementResumed", stream, lift(some), cast["HCK.SIRO"])
    refused(tale, "a data protection officer alone", "R01", "AgreementSuspended", stream, suspension(), cast["HCK.DPO"])
    order = suspension(code="REGULATOR")
    whole = tale.say("whole, with the SIRO", "AgreementSuspended", stream, order, cast["HCK.DPO"], cast["HCK.SIRO"])
    tale.expect("SUSPENDED", "S", stream)
    refused(tale, "an approval while suspended", "T08", "ApprovalGiven", stream, _approval(tale, stream), cast["CMD.IAO"])
    fresh = {"kind": "DPO", "version_hash": tale.version_hash(stream), "words": Words("json", {"outcome": "SUPPORT", "reasons": "The regulator's points are met."})}
    refused(tale, "a regulator's ground without advice since", "G19", "AgreementResumed", stream, lift(whole), cast["HCK.SIRO"])
    tale.say("DPO", "AdviceGiven", stream, fresh, cast["HCK.DPO"])
    tale.say("whole", "AgreementResumed", stream, lift(whole), cast["HCK.SIRO"])
    tale.expect("ACTIVE", "V", stream)


def knives(tale):
    """S3: Croydon and the Metropolitan Police, both under Part 3."""
    cast, stream = tale.cast, _stream()
    posts = ["ADM", "DPO", "SIRO", "IGL", "SIG", "LEO", "LGL"]
    tale.have("CRY", [*posts, "REQ"])
    tale.have("MPS", posts)
    tale.file(stream, text.police(_today()), text.police_parties(), by="CRY.REQ")
    tale.triage(stream, by="CRY.IGL")
    refused(tale, "terms that one provider has not accepted", "G09", "TermsSubmitted", stream, _frozen(tale, stream), cast["CRY.IGL"])
    tale.triage(stream, by="MPS.IGL")
    today = {**_frozen(tale, stream), "approve_by": (_today() - timedelta(days=1)).isoformat()}
    refused(tale, "signing that closed yesterday", "G20", "TermsSubmitted", stream, today, cast["CRY.IGL"])
    far = {**_frozen(tale, stream), "approve_by": (_today() + timedelta(days=91)).isoformat()}
    refused(tale, "signing for 91 days", "G38", "TermsSubmitted", stream, far, cast["CRY.IGL"])
    refused(tale, "terms by another than the lead", "R01", "TermsSubmitted", stream, _frozen(tale, stream), cast["MPS.IGL"])
    tale.submit_terms(stream, by="CRY.IGL")
    for code in ("CRY", "MPS"):
        tale.advise(code, stream=stream)
        if "POL-COMMON" in _gates(tale, stream, code):
            refused(tale, "an approval before the legal opinion", "G19", "ApprovalGiven", stream, _approval(tale, stream), cast[f"{code}.LEO"])
            tale.advise(code, "LGL", stream=stream)
        tale.approve(code, "LEO", stream=stream)
        tale.approve(code, "SIRO", stream=stream)
        tale.execute(code, stream)
    tale.expect("ACTIVE", "V", stream)
    refused(tale, "a law-enforcement authoriser stops the whole", "G26", "AgreementSuspended", stream, suspension(), cast["MPS.LEO"])
    tale.say("its own datasets", "AgreementSuspended", stream, suspension("DATASETS", datasets=["DS-2"]), cast["MPS.LEO"])
    tale.expect("ACTIVE", "V", stream)
    return stream


def _frozen(tale, stream):
    soon = (_today() + timedelta(days=30)).isoformat()
    return {"approve_by": soon, "version": 1, "version_hash": tale.version_hash(stream)}


def _gates(tale, stream, code):
    found = tale.state.agreements.get(stream)
    return {g["code"] for g in found.header.row(code).get("gateways", [])} if found else set()


def refusal_with_reasons(tale):
    """S8: the provider says no, by the hand that may."""
    cast, stream = tale.cast, _stream()
    tale.file(stream)
    tale.triage(stream)
    tale.advise("HCK", stream=stream, outcome="ADVISE_AGAINST")
    said = {"words": refusal("The purpose is another than the data were collected for, and more is asked than needed.")}
    refused(tale, "an asset owner refuses", "R01", "RequestRefused", stream, said, cast["HCK.IAO"])
    refused(tale, "the one who asks refuses", "R01", "RequestRefused", stream, said, cast["CMD.SIRO"])
    tale.say("by the SIRO", "RequestRefused", stream, said, cast["HCK.SIRO"])
    tale.expect("REFUSED", "R", stream)
    refused(tale, "terms after a refusal", "T07", "TermsSubmitted", stream, _frozen(tale, stream), cast["HCK.IGL"])
    tale.say("a note stays possible", "NoteRecorded", stream, {"text": Words("text", "The reasons were explained by telephone."), "visibility": "PARTIES"}, cast["CMD.LGL"])


def two_bodies(tale):
    """One human at two bodies, declared: may not decide for both."""
    cast, stream = tale.cast, _stream()
    ours = cast["CMD.IAO"]
    tale.file(stream)
    tale.triage(stream)
    tale.submit_terms(stream)
    theirs = cast.officer("HCK.twin", "HCK", "IAO")
    cast.people["HCK.twin"] = theirs
    data = tale.appointment("HCK", "IAO", theirs.person)
    shared = {**data, "same_person": ours.appointment}
    refused(tale, "one human declared by one body alone", "R01", "RoleHolderAppointed", "org:HCK", shared, cast["HCK.ADM"])
    refused(tale, "the same person as nobody", "R06", "RoleHolderAppointed", "org:HCK", {**data, "same_person": new_id()}, cast["HCK.ADM"], cast["CMD.ADM"])
    theirs.appointment = tale.say("one human at two bodies", "RoleHolderAppointed", "org:HCK", shared, cast["HCK.ADM"], cast["CMD.ADM"])
    tale.register_key("HCK.twin", theirs, theirs, cast["HCK.ADM"])
    for code in ("CMD", "HCK"):
        tale.advise(code, stream=stream)
    tale.approve("CMD", stream=stream)
    refused(tale, "one human decides for two parties", "D04", "ApprovalGiven", stream, _approval(tale, stream), theirs)
    tale.say("by the filer", "RequestWithdrawn", stream, {}, cast["CMD.REQ"])


def taken_back(tale):
    """Agreed for a day to come: an approval is taken back, given again, and the day is waited for."""
    cast, stream, day = tale.cast, _stream(), _today() + timedelta(days=20)
    later = (day + timedelta(days=200)).isoformat()
    term = {"effective_date": day.isoformat(), "end_date": later, "review_date": later}
    tale.file(stream, text.document(_today(), term=term))
    tale.triage(stream)
    tale.submit_terms(stream)
    given = {}
    for code in ("CMD", "HCK"):
        tale.advise(code, stream=stream)
        given[code] = tale.approve(code, stream=stream)
        tale.execute(code, stream)
    tale.expect("APPROVED", "P", stream)
    back = {"target": given["CMD"], "words": reason("The asset owner looked again and wants to see the fields.")}
    refused(tale, "another body's signature is taken back", "R01", "ApprovalWithdrawn", stream, back, cast["HCK.SIG"])
    refused(tale, "the request is withdrawn by its lead alone", "T17", "RequestWithdrawn", stream, {}, cast["CMD.IGL"])
    tale.say("taken back", "ApprovalWithdrawn", stream, back, cast["CMD.SIG"])
    tale.expect("APPROVING", "A", stream)
    refused(tale, "a signature before the approval is given again", "G18", "ExecutionSigned", stream, _execution(tale, stream), cast["CMD.SIG"])
    tale.approve("CMD", stream=stream)
    tale.execute("CMD", stream)
    tale.expect("APPROVED", "P", stream)
    starts = london.midnight(day)
    tale.expect_at("APPROVED", "P", stream, starts - timedelta(milliseconds=1))
    tale.expect_at("ACTIVE", "V", stream, starts)
    tale.expect_at("CLOSED", "X", stream, london.ends(london.day(later)))
    tale.say("by its signatory", "RequestWithdrawn", stream, {"words": reason("The pilot was called off before it began.")}, cast["CMD.SIG"])
    tale.expect("WITHDRAWN", "W", stream)


def declined(tale):
    """A final no, and a request that nobody answers."""
    cast, stream = tale.cast, _stream()
    tale.file(stream)
    tale.expect_at("LAPSED", "L", stream, london.now() + timedelta(days=91))
    tale.triage(stream)
    tale.submit_terms(stream)
    tale.expect_at("LAPSED", "L", stream, london.ends(_today() + timedelta(days=30)))
    final = {"kind": "FINAL", "version_hash": tale.version_hash(stream), "words": refusal("There is no money for the portal this year, nor for the staff.")}
    refused(tale, "a bystander declines", "R01", "ApprovalDeclined", stream, final, cast["ISL.SIG"])
    for act in (tale.advise, tale.approve, tale.execute):
        act("HCK", stream=stream)
    tale.say("for good, by a party that executed", "ApprovalDeclined", stream, final, cast["HCK.SIG"])
    tale.expect("REFUSED", "R", stream)
    stream = _stream()
    tale.file(stream)
    tale.triage(stream)
    tale.submit_terms(stream)
    tale.say("for good", "ApprovalDeclined", stream, {**final, "version_hash": tale.version_hash(stream)}, cast["CMD.SIG"])
    tale.expect("REFUSED", "R", stream)


def light(tale):
    """Governance LIGHT: fewer persons, stand-ins, and never one person alone."""
    cast, stream = tale.cast, _stream()
    tale.register("UEL", ["ADM", "DPO", "IGL", "SIG"], governance="LIGHT")
    document = text.document(_today(), lead_party="HCK")
    document = renamed(document, "CMD", "UEL")
    document["gateways"][0]["code"] = "UNI-CHARTER"
    rows = [text.party("UEL", "RECIPIENT"), text.party("HCK", "PROVIDER")]
    requester = tale.appoint("UEL", "REQ")
    tale.file(stream, document, rows, by="UEL.REQ")
    tale.triage(stream)
    tale.submit_terms(stream)
    tale.advise("UEL", stream=stream)
    tale.grant(requester, "IGL", cast["UEL.ADM"])
    refused(tale, "who filed approves", "D01", "ApprovalGiven", stream, _approval(tale, stream), requester, roles={0: "IGL"})
    tale.approve("UEL", "IGL", stream=stream)
    tale.execute("UEL", stream)
    for act in (tale.advise, tale.approve, tale.execute):
        act("HCK", stream=stream)
    tale.expect("ACTIVE", "V", stream)
    tale.say("whole, by the chief", "AgreementSuspended", stream, suspension(), cast["UEL.CEX"])
    tale.expect("SUSPENDED", "S", stream)


def renamed(value, old, new):
    """The same terms, or rows, for another body."""
    if isinstance(value, dict):
        return {renamed(name, old, new): renamed(inner, old, new) for name, inner in value.items()}
    if isinstance(value, list):
        return [renamed(inner, old, new) for inner in value]
    if isinstance(value, Words):
        return copy.copy(value)
    return new if value == old else value


def suspended_body(tale):
    """An organisation that the registrars suspend may still protect, and nothing else."""
    cast, stream, two = tale.cast, _stream(), tale.cast.registrars[:2]
    tale.file(stream)
    tale.triage(stream)
    tale.submit_terms(stream)
    for code in ("CMD", "HCK"):
        for act in (tale.advise, tale.approve, tale.execute):
            act(code, stream=stream)
    refused(tale, "a provider leaves the ledger without notice", "O07", "OrganisationLeft", "org:HCK", {"on": tale.today}, cast["HCK.CEX"])
    far = (_today() + timedelta(days=31)).isoformat()
    refused(tale, "a suspension for 31 days", "G38", "OrganisationSuspended", "org:CMD", {"reason": "SECURITY", "until": far}, *two)
    soon = (_today() + timedelta(days=7)).isoformat()
    tale.say("CMD", "OrganisationSuspended", "org:CMD", {"reason": "SECURITY", "until": soon}, *two)
    refused(tale, "a suspended body suspended", "O05", "OrganisationSuspended", "org:CMD", {"reason": "SECURITY", "until": soon}, *two)
    note = {"text": Words("text", "A note for the file."), "visibility": "PARTIES"}
    refused(tale, "a note by a suspended body", "O05", "NoteRecorded", stream, note, cast["CMD.LGL"])
    tale.say("whole", "AgreementSuspended", stream, suspension(), cast["CMD.SIRO"])
    tale.expect("SUSPENDED", "S", stream)
    tale.say("CMD", "OrganisationReinstated", "org:CMD", {}, *two)
    tale.say("a note after it", "NoteRecorded", stream, note, cast["CMD.LGL"])
    tale.say("ISL", "OrganisationLeft", "org:ISL", {"on": tale.today}, cast["ISL.CEX"])
    refused(tale, "an officer of a body that left", "O03", "OrganisationUpdated", "org:ISL", {}, cast["ISL.ADM"], cast["ISL.CEX"])


ALL = [
    care, refusal_with_reasons, taken_back, declined, light, suspended_body,
]

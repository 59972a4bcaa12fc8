"""Reading an event: the E rules, up to the point where the log's state is needed."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import dsse
import erasure
import jcs
import london
import office
import succession
from directory import Refused

MEMBERS = {
    "data", "expected_revision", "id", "ledger", "signed_at", "signers", "stream", "type", "v",
    "valid_until",
}
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-%s[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_UUID7 = re.compile(_UUID % "7")
_ANY_UUID = re.compile(_UUID % "[0-9a-f]")
_PERSON = re.compile(r"PER-[0-9A-HJKMNP-TV-Z]{12}")
# The standard roles of the domain page, section 3.1.
ROLES = set(
    "REQ IGL DPO SIRO CG IAO SIG LGL SEC LEO OPN DAT CEX ADM TPS PRG BRD REG AUD WIT".split()
)
_CODE = re.compile(r"[A-Z][A-Z0-9]{1,9}")
_HEX = re.compile(r"[0-9a-f]{64}")
_STREAM = re.compile(rf"sys|org:[A-Z][A-Z0-9]{{1,9}}|key:[0-9a-f]{{64}}|(agr|tpl|prg):{_UUID % '7'}")
_ORG = {
    "OrganisationRegistered", "OrganisationUpdated", "OrganisationSuspended",
    "OrganisationReinstated", "OrganisationLeft", "RoleHolderAppointed", "RoleHolderRevoked",
    "RoleDelegated", "DelegationRevoked", "OrganisationSucceeded", "SuccessionObjected",
    "PartnershipMembershipChanged",
}
_KEY = {"KeyRegistered", "KeyRotated", "KeyRevoked", "KeyCompromised"}
_AGREEMENT = {
    "RequestFiled", "RequestTriaged", "ClarificationRequested", "ClarificationProvided",
    "CounterProposalMade", "CounterProposalAccepted", "CounterProposalRejected", "AmendmentProposed",
    "AmendmentAbandoned", "ReviewCompleted", "RevocationRescinded", "TerminationConsented",
    "TermsSubmitted", "AdviceGiven", "ApprovalGiven",
    "ExecutionSigned", "ApprovalDeclined", "ApprovalWithdrawn", "RequestRefused",
    "RequestWithdrawn", "AgreementSuspended", "AgreementResumed", "RevocationNoticed",
    "PublicationDecided", "NoteRecorded", "PartyInvited", "AccessionRequested", "DisclosureLogged",
    "IncidentNoted", "IncidentUpdated", "DestructionCertified", "RetentionHoldPlaced",
    "RetentionHoldReleased", "DocumentAttached", "AgreementImported", "ImportConfirmed",
    "ImportDisputed", "EmergencySharingRecorded", "LeadChanged", "Corrected", "SuccessionConfirmed",
    "AccessGranted", "AccessEnded",
}
STREAM_OF = {
    "LedgerGenesis": "sys",
    **dict.fromkeys(office.TYPES, "sys"),
    **dict.fromkeys(_ORG, "org"),
    **dict.fromkeys(_KEY, "key"),
    **dict.fromkeys(_AGREEMENT, "agr"),
    "ContestResolved": "",
    "DisclosureErased": "",
}
LONGEST_ALONE = timedelta(hours=24)
LONGEST_TOGETHER = timedelta(days=14)


@dataclass
class Event:
    """A payload that parsed and fits its schema, with its signatures."""

    GRACE = timedelta(minutes=5)

    id: str
    type: str
    stream: str
    data: dict
    signers: list
    ledger: str
    expected_revision: int
    signed_at: datetime
    valid_until: datetime
    payload: bytes
    signatures: dict

    @property
    def digest(self):
        return dsse.digest(self.payload)

    @staticmethod
    def bytes_of(text):
        """The 32 raw bytes of a public key in base64."""
        return dsse.unb64(text)


def read_submission(body):
    """Gives (envelope, disclosures) of the JSON of a request, in any spelling."""
    try:
        value = jcs.read(body, deepest=64)
    except jcs.NotCanonical as error:
        raise Refused("E01", str(error)) from None
    if not isinstance(value, dict) or set(value) != {"envelope", "disclosures"}:
        raise Refused("E01", "a submission has envelope and disclosures")
    return value["envelope"], value["disclosures"]


def open_event(envelope, library):
    """E02 to E05 and the form of the payload (E03)."""
    try:
        payload, signatures = dsse.open_envelope(envelope)
    except (dsse.BadEnvelope, TypeError) as error:
        raise Refused("E02", str(error)) from None
    if len(dsse.spell(envelope)) > dsse.LARGEST_ENVELOPE:
        raise Refused("E05")
    try:
        value = jcs.read_canonical(payload)
    except jcs.NotCanonical as error:
        raise Refused("E03", str(error)) from None
    try:
        return _event(value, payload, signatures, library)
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("E03", f"{type(error).__name__}: {error}") from None


def _event(value, payload, signatures, library):
    _ask(isinstance(value, dict) and set(value) == MEMBERS, "the ten members of a payload")
    kind, version = value["type"], value["v"]
    whole = isinstance(version, int) and not isinstance(version, bool)
    _ask(isinstance(kind, str) and whole, "`type` and `v`")
    if kind not in STREAM_OF or version != 1 or not library.has(f"events/{kind}-v1.json"):
        raise Refused("E04", f"{kind} v{version}")
    problems = library.problems(f"events/{kind}-v1.json", value["data"])
    _ask(not problems, "; ".join(problems[:3]))
    joins = library.has("events/PartyInvited-v1.json")
    if kind == "RequestFiled" and value["data"]["header"]["formation"] == "ACCESSION" and not joins:
        raise Refused("E04", "formation ACCESSION waits for the event that invites")
    if kind == "ClarificationProvided":
        _ask(("header" in value["data"]) == ("terms" in value["data"]), "header and terms come together")
    if kind == "OrganisationSucceeded":
        succession.check_shape(value["data"])
        _ask(value["stream"] == f"org:{value['data']['predecessors'][0]}", "another's stream")
    erasure.check_shape(kind, value["data"])
    if kind == "RegistrarChanged":
        _ask(value["data"]["threshold"] >= 2, "a threshold of two at least")
    signers = value["signers"]
    _ask(isinstance(signers, list) and 1 <= len(signers) <= dsse.MOST_SIGNATURES, "1 to 16 signers")
    for signer in signers:
        _check_signer(signer)
    _ask(bool(_UUID7.fullmatch(value["id"])), "`id` is a UUIDv7")
    _ask(bool(_STREAM.fullmatch(value["stream"])), "`stream`")
    # A contest is resolved, and words are erased, in the stream of the event concerned.
    _ask(STREAM_OF[kind] in ("", value["stream"].split(":")[0]), "another kind of stream")
    own = {"OrganisationRegistered": "code", **dict.fromkeys(_KEY, "key")}.get(kind)
    _ask(own is None or value["stream"] == f"{STREAM_OF[kind]}:{value['data'][own]}", "another's stream")
    _ask(_is_count(value["expected_revision"]), "`expected_revision`")
    _ask(isinstance(value["ledger"], str), "`ledger`")
    signed_at, valid_until = london.instant(value["signed_at"]), london.instant(value["valid_until"])
    longest = LONGEST_ALONE if len(signers) == 1 else LONGEST_TOGETHER
    _ask(signed_at <= valid_until <= signed_at + longest, "`valid_until`")
    return Event(
        value["id"], kind, value["stream"], value["data"], signers, value["ledger"],
        value["expected_revision"], signed_at, valid_until, payload, signatures,
    )


def _ask(met, what):
    if not met:
        raise ValueError(what)


def _is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _check_signer(signer):
    _ask(isinstance(signer, dict), "a signer is an object")
    _ask(set(signer) - {"delegation"} == {"key", "organisation", "person", "role"}, "a signer's members")
    _ask(bool(_HEX.fullmatch(signer["key"])), "a signer's key")
    _ask(bool(_CODE.fullmatch(signer["organisation"])), "a signer's organisation")
    _ask(bool(_PERSON.fullmatch(signer["person"])), "a signer's person")
    _ask(signer["role"] in ROLES, "a signer's role")
    if "delegation" in signer:
        _ask(bool(_ANY_UUID.fullmatch(signer["delegation"])), "a signer's delegation")

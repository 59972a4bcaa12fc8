"""Bodies that go, and who takes their place: merged, replaced, split, renamed, with functions passed on.

Stories by a clock of their own, and one for a server, where what is to come is asked of it.
"""

from datetime import timedelta

import dsse
import london
import terms as text
from aftermath import destroyed, sent
from attacks import refused
from door import file_refused
from cast import BODIES, Words, holder, new_id
from scenarios import renamed
from story import flags, leaving, reason, suspension
from talks import Talk

POSTS = ["ADM", "DPO", "SIRO", "IGL", "IAO", "SIG", "SEC", "REQ"]


def _today():
    return london.today(london.now())


def _in(days):
    return (_today() + timedelta(days=days)).isoformat()


def note():
    """The data of A36."""
    return {"text": Words("text", "A note for the file."), "visibility": "PARTIES"}


def lift(ground):
    """The data of A17."""
    return {"ground": ground, "words": Words("json", {"evidence": ["Looked at and put right."]})}


def confirmation(gone, outcome="NO_CHANGES"):
    """The data of A35."""
    return {"outcome": outcome, "predecessor": gone}


def succession(kind, gone, new, effective, **more):
    """The data of OrganisationSucceeded."""
    return {
        "default": new[0], "effective": effective, "instrument": Words("text", "The order that is made for it"), "kind": kind,
        "mapping": [], "predecessors": gone, "successors": new, **more,
    }


def _hands(tale, chiefs):
    return [*tale.cast.registrars[:2], *(tale.cast[f"{code}.CEX"] for code in chiefs)]


def succeed(tale, title, stream, data, *chiefs):
    """Signed by two registrars and these bodies' chiefs."""
    return tale.say(title, "OrganisationSucceeded", stream, data, *_hands(tale, chiefs))


def not_succeeded(tale, title, code, stream, data, *chiefs, hands=None):
    refused(tale, title, code, "OrganisationSucceeded", stream, data, *(hands or _hands(tale, chiefs)))


def confirm(talk, code, gone, advised=True):
    """The successor's adviser speaks, and its risk owner confirms."""
    talk.sync()
    if advised:
        talk.tale.advise(code, stream=talk.stream)
    talk.say(f"{code} for {gone}", "SuccessionConfirmed", confirmation(gone), f"{code}.SIRO")


def between(tale, giver, taker, **terms):
    """An agreement of the main kind between any two bodies, filed."""
    return Talk(tale, document(giver, taker, **terms), _swap(text.parties(), giver, taker)).file(by=f"{taker}.REQ")


# A power for bodies that the acts on children do not name.
_POWERS = {"FIRE_BODY": "FRSA-6", "MDC": "COURT"}


def document(giver, taker, **terms):
    """The main document for any two bodies, each with a power of its own."""
    found = _swap(text.document(_today(), **terms), giver, taker)
    for gate in found["gateways"]:
        power = _POWERS.get(BODIES[gate["holder"]][1])
        if power:
            gate |= {"code": power, "reference": Words("text", "The order of this year")}
    return found


def _swap(value, giver, taker):
    return renamed(renamed(renamed(value, "HCK", "giver"), "CMD", taker), "giver", giver)


def signed_for(tale, giver, taker, **terms):
    """The same, submitted for signing."""
    talk = between(tale, giver, taker, **terms)
    tale.triage(talk.stream, by=f"{giver}.IGL")
    talk.submit(by=f"{giver}.IGL")
    return talk


def in_force(tale, giver, taker, **terms):
    """The same, in force."""
    talk = signed_for(tale, giver, taker, **terms)
    talk.sign((giver, taker))
    talk.expect("ACTIVE", "V")
    return talk


# Who signs, and when.


def replaced(tale):
    """One body in the place of another: who must sign, from which day, and what comes along."""
    passes, cast = tale.observer.client.pass_time, tale.cast
    for code in ("LFEPA", "LFC", "HCK", "CMD"):
        tale.register(code, POSTS)
    talk, waiting, asking = in_force(tale, "LFEPA", "CMD"), signed_for(tale, "HCK", "LFEPA"), between(tale, "CMD", "LFEPA")
    tale.advise("LFEPA", stream=waiting.stream)
    tale.approve("LFEPA", stream=waiting.stream)
    tale.execute("LFEPA", waiting.stream)
    asked = asking.say("which of them", "ClarificationRequested", asking.question("LFEPA"), "CMD.IGL")
    talk.say("a list", "DisclosureLogged", sent("DS-1"), "LFEPA.IAO")
    own = talk.say("own side", "AgreementSuspended", suspension("PARTY"), "LFEPA.SIRO")
    org, no = "org:LFEPA", lambda title, code, data, *chiefs, **more: not_succeeded(tale, title, code, org, data, *chiefs, **more)
    data = succession("REPLACE", ["LFEPA"], ["LFC"], _in(20))
    no("without the chief of who goes", "R01", data, "LFC")
    no("without the chief of who comes", "R01", data, "LFEPA")
    no("with another chief besides", "R01", data, "LFC", "LFEPA", "HCK")
    no("by one registrar", "R01", data, hands=[cast.registrars[0], cast["LFC.CEX"], cast["LFEPA.CEX"]])
    no("since yesterday", "G38", {**data, "effective": _in(-1)}, "LFC", "LFEPA")
    no("a body that nobody knows", "O01", {**data, "successors": ["ZZZ"], "default": "ZZZ"}, "LFC", "LFEPA")
    not_succeeded(tale, "in another stream", "E03", "org:HCK", data, "LFC", "LFEPA")
    no("two in the place of one", "E03", {**data, "successors": ["LFC", "HCK"]}, "LFC", "LFEPA", "HCK")
    no("in its own place", "E03", {**data, "successors": ["LFEPA"], "default": "LFEPA"}, "LFEPA")
    made = succeed(tale, "the brigade", org, data, "LFC", "LFEPA")
    no("a second time", "O04", data, "LFC", "LFEPA")
    refused(tale, "with its chief's signature", "G35", "SuccessionObjected", org, {"target": made, "words": reason("We were not asked about this at all.")}, cast["LFEPA.SIRO"])
    refused(tale, "no party yet", "R01", "SuccessionConfirmed", talk.stream, confirmation("LFEPA"), cast["LFC.SIRO"])
    later = between(tale, "HCK", "LFEPA")
    passes(days=21)
    _came_along(tale, talk, waiting, asking, asked, own)
    later.refused("by who is no more", "O04", "RequestWithdrawn", {}, "LFEPA.REQ")
    later.say("by who came", "RequestWithdrawn", {}, "LFC.SIG")


def _came_along(tale, talk, waiting, asking, asked, own):
    """Duties, questions, grounds and requests are the successor's now."""
    cast = tale.cast
    refused(tale, "registered again", "O04", "OrganisationRegistered", "org:LFEPA", _registration(tale, "LFEPA"), *_hands(tale, ["LFEPA"]))
    refused(tale, "an appointment by who is no more", "O04", "RoleHolderAppointed", "org:LFEPA", tale.appointment("LFEPA", "LGL", cast["CMD.REQ"].person), cast["LFEPA.ADM"])
    asking.refused("an answer by who is no more", "O04", "ClarificationProvided", asking.answer(asked), "LFEPA.REQ")
    asking.say("answered by the successor", "ClarificationProvided", asking.answer(asked), "LFC.REQ")
    waiting.sync()
    waiting.expect("APPROVING", "A")
    waiting.refused("it signs for itself", "G19", "ApprovalGiven", {"datasets": [], "version_hash": tale.version_hash(waiting.stream)}, "LFC.IAO")
    waiting.sign(("LFC",))
    waiting.sign(("HCK",))
    waiting.expect("ACTIVE", "V")
    talk.refused("while its own side is stopped", "G13", "DisclosureLogged", sent("DS-1"), "LFC.IAO")
    talk.say("the successor lifts what was opened", "AgreementResumed", lift(own), "LFC.SIRO")
    talk.say("the successor sends", "DisclosureLogged", sent("DS-1"), "LFC.IAO")
    talk.refused("by a signatory", "R01", "SuccessionConfirmed", confirmation("LFEPA"), "LFC.SIG")
    talk.refused("by the other side", "G35", "SuccessionConfirmed", confirmation("LFEPA"), "CMD.SIRO")
    talk.refused("in another's place", "G35", "SuccessionConfirmed", confirmation("HCK"), "LFC.SIRO")
    talk.refused("before advice", "G19", "SuccessionConfirmed", confirmation("LFEPA"), "LFC.SIRO")
    confirm(talk, "LFC", "LFEPA")
    talk.refused("twice", "G35", "SuccessionConfirmed", confirmation("LFEPA"), "LFC.SIRO")
    talk.say("the other side leaves", "RevocationNoticed", leaving(_in(0)), "CMD.SIG")
    talk.expect("ENDING", "E")
    talk.say("destroyed", "DestructionCertified", destroyed("DS-1"), "CMD.IAO", "CMD.SEC")
    talk.expect("CLOSED", "X")
    talk.refused("of what is closed", "T18", "SuccessionConfirmed", confirmation("LFEPA"), "LFC.SIRO")


def _registration(tale, code):
    """A body that would be registered anew, with a new chief."""
    chief = tale.cast.officer(f"{code}.CEX.{new_id()[-6:]}", code, "CEX")
    tale.cast.people[f"{code}.CEX"] = chief
    name, kind, _ = BODIES[code]
    return {
        "chief": {"holder": holder(code, "CEX"), "key": chief.key.id, "person": chief.person, "public": dsse.b64(chief.key.public)},
        "code": code, "extra_roles": [], "flags": flags(code), "governance": "FULL", "name": name, "type": kind,
    }


def without_a_chief(tale):
    """A body whose chief's post is vacant has fourteen days to object, once."""
    passes, cast = tale.observer.client.pass_time, tale.cast
    for code in ("SEL", "SWL", "HCK"):
        tale.register(code, POSTS)
    talk, org = in_force(tale, "SEL", "HCK"), "org:SEL"
    tale.say("the chief goes", "RoleHolderRevoked", org, {"appointment": cast["SEL.CEX"].appointment}, *cast.registrars[:2], cast["SEL.SIG"])
    no = lambda title, code, data, *chiefs, **more: not_succeeded(tale, title, code, org, data, *chiefs, **more)
    data = succession("MERGE", ["SEL"], ["SWL"], _in(14))
    no("sooner than in fourteen days", "G38", {**data, "effective": _in(13)}, "SWL")
    no("by a chief who is none", "R02", data, "SWL", "SEL")
    made = succeed(tale, "without a chief", org, data, "SWL")
    words = lambda target: {"target": target, "words": reason("Our board has not been asked, and does not agree.")}
    object_ = lambda title, code, target, hand: refused(tale, title, code, "SuccessionObjected", org, words(target), cast[hand])
    object_("by an information lead", "R01", made, "SEL.IGL")
    object_("by the other body", "R01", made, "SWL.SIRO")
    object_("to nothing", "G35", new_id(), "SEL.SIRO")
    passes(days=13)
    tale.say("in time", "SuccessionObjected", org, words(made), cast["SEL.SIRO"])
    object_("twice", "O10", made, "SEL.SIG")
    no("again without the chief", "O10", {**data, "effective": _in(30)}, "SWL")
    passes(days=2)
    talk.say("nothing came of it", "DisclosureLogged", sent("DS-1"), "SEL.IAO")
    tale.say("a new chief", "RoleHolderAppointed", org, tale.appointment("SEL", "CEX", cast["SEL.CEX"].person), *cast.registrars[:2], cast["SEL.SIRO"])
    succeed(tale, "with the new chief", org, {**data, "effective": _in(0)}, "SWL", "SEL")
    talk.refused("at once", "O04", "DisclosureLogged", sent("DS-1"), "SEL.IAO")
    talk.say("at once", "DisclosureLogged", sent("DS-1"), "SWL.IAO")
    object_("after the day", "O04", made, "SEL.SIRO")


def split(tale):
    """One into two: each agreement is mapped, and each goes its own way."""
    passes = tale.observer.client.pass_time
    for code in ("NEL", "NCL", "NWL", "HCK", "CMD"):
        tale.register(code, POSTS)
    one, two, three = in_force(tale, "NEL", "HCK"), in_force(tale, "NEL", "CMD"), between(tale, "NEL", "CMD")
    over = between(tale, "NEL", "HCK")
    over.say("never mind", "RequestWithdrawn", {}, "HCK.REQ")
    name = lambda talk: talk.stream.removeprefix("agr:")
    mapping = [{"agreement": name(one), "successor": "NCL"}, {"agreement": name(two), "successor": "NWL"}, {"agreement": name(three), "successor": "NWL"}]
    data = succession("SPLIT", ["NEL"], ["NCL", "NWL"], _in(5), mapping=mapping)
    no = lambda title, code, data: not_succeeded(tale, title, code, "org:NEL", data, "NCL", "NWL", "NEL")
    no("one left out", "O08", {**data, "mapping": mapping[:2]})
    no("one named twice", "E03", {**data, "mapping": [*mapping, mapping[0]]})
    no("one for a stranger", "E03", {**data, "mapping": [*mapping[:2], {**mapping[2], "successor": "HCK"}]})
    succeed(tale, "into two", "org:NEL", data, "NCL", "NWL", "NEL")
    later = between(tale, "NEL", "HCK")
    passes(days=6)
    one.say("the first", "DisclosureLogged", sent("DS-1"), "NCL.IAO")
    one.refused("the second", "R01", "DisclosureLogged", sent("DS-1"), "NWL.IAO")
    two.say("the second", "DisclosureLogged", sent("DS-1"), "NWL.IAO")
    later.refused("by who took nothing of it", "R01", "RequestTriaged", {"missing": [], "outcome": "ACCEPTED"}, "NWL.IGL")
    later.say("by who takes the rest", "RequestTriaged", {"missing": [], "outcome": "ACCEPTED"}, "NCL.IGL")
    three.say("the second", "RequestTriaged", {"missing": [], "outcome": "ACCEPTED"}, "NWL.IGL")
    confirm(one, "NCL", "NEL")
    passes(days=90)
    one.say("confirmed, it goes on", "DisclosureLogged", sent("DS-1"), "NCL.IAO")
    two.refused("ninety days without a word", "T08", "DisclosureLogged", sent("DS-1"), "NWL.IAO")
    confirm(two, "NWL", "NEL")
    two.say("and on", "DisclosureLogged", sent("DS-1"), "NWL.IAO")


def functions_passed(tale):
    """Planning goes from a development corporation to four boroughs; it keeps the rest."""
    passes = tale.observer.client.pass_time
    boroughs = ["HCK", "NWM", "TWH", "WFT"]
    for code in ("LLDC", *boroughs):
        tale.register(code, POSTS)
    planning = in_force(tale, "LLDC", "NWM")
    other = in_force(tale, "LLDC", "HCK")
    shared = with_functions(tale, "LLDC", "WFT", ["PLANNING", "HOUSING"])
    name = lambda talk: talk.stream.removeprefix("agr:")
    data = succession("TRANSFER", ["LLDC"], boroughs, _in(0), functions=["PLANNING"], mapping=[])
    no = lambda title, code, data: not_succeeded(tale, title, code, "org:LLDC", data, *boroughs, "LLDC")
    no("no functions", "E03", {k: v for k, v in data.items() if k != "functions"})
    no("an agreement of planning left out", "O08", data)
    not_succeeded(tale, "functions of a whole body", "E03", "org:LLDC", {**data, "kind": "SPLIT"}, *boroughs, "LLDC")
    mapping = [{"agreement": name(shared), "successor": "TWH"}]
    succeed(tale, "planning", "org:LLDC", {**data, "mapping": mapping}, *boroughs, "LLDC")
    other.say("the corporation keeps it", "DisclosureLogged", sent("DS-1"), "LLDC.IAO")
    planning.say("and this one", "DisclosureLogged", sent("DS-1"), "LLDC.IAO")
    shared.say("the borough has it", "DisclosureLogged", sent("DS-1"), "TWH.IAO")
    shared.refused("the corporation has it no more", "R01", "DisclosureLogged", sent("DS-1"), "LLDC.IAO")
    shared.refused("nor gives notice of it", "G17", "RevocationNoticed", leaving(_in(0)), "LLDC.SIG")
    confirm(shared, "TWH", "LLDC")
    passes(days=91)
    shared.say("confirmed", "DisclosureLogged", sent("DS-1"), "TWH.IAO")


def with_functions(tale, giver, taker, functions):
    """An agreement in force whose giver acts in these functions."""
    rows = [row | {"functions": functions} if row["organisation"] == giver else row for row in _swap(text.parties(), giver, taker)]
    talk = Talk(tale, document(giver, taker), rows).file(by=f"{taker}.REQ")
    tale.triage(talk.stream, by=f"{giver}.IGL")
    talk.submit(by=f"{giver}.IGL")
    talk.sign((giver, taker))
    return talk


def renamed_body(tale):
    """The same legal person under another code: nothing to confirm."""
    for code in ("NWL", "WNL", "CMD"):
        tale.register(code, POSTS)
    talk = in_force(tale, "NWL", "CMD")
    succeed(tale, "another name", "org:NWL", succession("RENAME", ["NWL"], ["WNL"], _in(0)), "WNL", "NWL")
    talk.refused("nothing to confirm", "G35", "SuccessionConfirmed", confirmation("NWL"), "WNL.SIRO")
    tale.observer.client.pass_time(days=91)
    talk.say("still in force", "DisclosureLogged", sent("DS-1"), "WNL.IAO")


def collapsed_requests(tale):
    """D10 before anything is in force: a request of a body to itself is withdrawn."""
    for code in ("NEL", "SEL", "WNL", "HCK"):
        tale.register(code, POSTS)
    filed, signing = between(tale, "NEL", "SEL"), signed_for(tale, "SEL", "NEL")
    succeed(tale, "two become one", "org:NEL", succession("MERGE", ["NEL", "SEL"], ["WNL"], _in(0)), "WNL", "NEL", "SEL")
    filed.expect("WITHDRAWN", "W")
    signing.expect("WITHDRAWN", "W")
    filed.refused("a request to oneself", "T07", "RequestTriaged", {"missing": [], "outcome": "ACCEPTED"}, "WNL.IGL")
    signing.refused("signed with oneself", "T07", "ApprovalGiven", {"datasets": [], "version_hash": tale.version_hash(signing.stream)}, "WNL.IAO")


def partnerships(tale):
    """Who belongs to a partnership, said by registrars or by the partnership; none is a party."""
    cast, two = tale.cast, tale.cast.registrars[:2]
    tale.register("LC", ["ADM", "PRG", "SIRO"])
    tale.register("HCK", POSTS)
    tale.register("CMD", POSTS)
    joins = {"change": "JOINED", "on": _in(-30), "partnership": "LC", "source": Words("text", "The published roll of members")}
    kind = "PartnershipMembershipChanged"
    tale.say("HCK joins, say registrars", kind, "org:HCK", joins, *two)
    tale.say("CMD joins, says the partnership", kind, "org:CMD", joins, cast["LC.PRG"])
    tale.say("HCK leaves", kind, "org:HCK", {**joins, "change": "LEFT"}, cast["LC.CEX"])
    tale.say("and joins again", kind, "org:HCK", joins, cast["LC.ADM"])
    refused(tale, "by a member", "R01", kind, "org:HCK", joins, cast["HCK.CEX"])
    refused(tale, "by its risk owner", "R01", kind, "org:HCK", joins, cast["LC.SIRO"])
    refused(tale, "by one registrar", "R01", kind, "org:HCK", joins, two[0])
    refused(tale, "by two of the partnership", "R01", kind, "org:HCK", joins, cast["LC.PRG"], cast["LC.ADM"])
    refused(tale, "by registrars and the partnership", "R01", kind, "org:HCK", joins, *two, cast["LC.PRG"])
    refused(tale, "of a borough", "O01", kind, "org:HCK", {**joins, "partnership": "CMD"}, *two)
    refused(tale, "of nobody", "O01", kind, "org:HCK", {**joins, "partnership": "ZZZ"}, *two)
    refused(tale, "a member that nobody knows", "O01", kind, "org:ZZZ", joins, *two)
    file_refused(tale, document("LC", "CMD"), _swap(text.parties(), "LC", "CMD"), "O09", "a partnership is a party")
    tale.say("LC leaves the ledger", "OrganisationLeft", "org:CMD", {"on": _in(0)}, cast["CMD.CEX"])
    refused(tale, "a member that has left", "O03", kind, "org:CMD", joins, *two)


HISTORIES = {
    "a brigade is replaced": [replaced], "a body without a chief": [without_a_chief], "a board is split": [split],
    "planning is passed on": [functions_passed], "a board has another name": [renamed_body],
    "requests to oneself": [collapsed_requests], "who belongs to a partnership": [partnerships],
}

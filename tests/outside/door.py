"""What the door refuses: headers that break a rule anybody can read, and words that break theirs.

The first kind the decider predicts to the letter. Of the second it knows only the contract's
sentence, for it never judges words: there the code stands here, beside the words.
"""

import copy
import json

import lawful
import london
import terms as text
from cast import Words, draft, new_id
from header import Header, derive
from observer import same
from scenarios import renamed
from story import Story, reason, refusal


def _today():
    return london.today(london.now())


def file_refused(tale, document, rows, code, title, by="CMD.REQ", checks=None, says=None):
    """Files terms that are refused; `checks` says how the refusal is looked at."""
    def send():
        tale.observer.catch_up()
        mine = derive(text.plain(document), rows, tale.state.bodies(), tale.state.book.reference)
        data = Story.request(document, mine, tale.cast[by].organisation)
        made = draft(tale.state, "RequestFiled", f"agr:{new_id()}", data, tale.cast[by])
        (checks or tale.observer.attempt)(made.submission(), code, says)

    tale.report.step(f"refused {code}: {title}", send)


def headers(tale):
    """V rules that anybody re-decides from the log, and O rules on the bodies named."""
    plain = lambda **changed: text.document(_today(), **changed)
    rows = text.parties()
    with_dataset = lambda **changed: plain(datasets=[{**plain()["datasets"][0], **changed}])
    withheld = {"exemption": "FOIA-S31", "look_again": _today().isoformat(), "register": "WITHHOLD"}
    file_refused(tale, plain(formation="UNILATERAL"), rows, "V-110", "a licence of one side that is no open data")
    file_refused(tale, plain(anchor_parties=["ISL"]), rows, "V-07", "an anchor that is no party")
    file_refused(tale, plain(lead_party="ISL"), rows, "V-08", "a lead that is no party")
    file_refused(tale, plain(derived_from={"agreement": new_id(), "version": 1}), rows, "V-10", "a copy of what is not there")
    file_refused(tale, plain(), [rows[0], {**rows[1], "capacity": "RECIPIENT"}], "V-21", "nobody who provides")
    file_refused(tale, with_dataset(provider="CMD"), rows, "V-62", "a dataset that its provider receives")
    file_refused(tale, plain(sharing_mode="ONE_OFF"), rows, "V-71", "one transfer, as often as asked")
    file_refused(tale, with_dataset(method="PUBLIC_DOWNLOAD"), rows, "V-73", "personal data for everybody to download")
    file_refused(tale, plain(publication=withheld), rows, "V-121", "in an open ledger, what may not be known to exist")
    file_refused(tale, _many(plain()), rows, "V-125", "a hundred and fifty datasets, no two alike")
    stranger = [rows[0], {**rows[1], "organisation": "ZZZ"}]
    tale.report.step("refused O01: a body that nobody registered", _stranger, tale, stranger)


def _many(document):
    methods = ["SFTP", "API_MTLS", "SECURE_EMAIL", "PORTAL", "TRE", "IN_PERSON"]
    frequencies = ["AD_HOC", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "QUARTERLY", "ANNUAL"]
    rows, first = [], document["datasets"][0]
    for number in range(150):
        period = f"P{1 + number // 42}Y"
        rows.append({
            **copy.deepcopy(first), "method": methods[number % 6], "frequency": frequencies[number // 6 % 7],
            "retention": {**first["retention"], "period": period},
        })
    return {**document, "datasets": rows}


def _stranger(tale, rows):
    document = text.document(_today())
    bodies = {**tale.state.bodies(), "ZZZ": tale.state.bodies()["HCK"]}
    mine = derive(renamed(text.plain(document), "HCK", "ZZZ"), rows, bodies, tale.state.book.reference)
    data = Story.request(renamed(document, "HCK", "ZZZ"), mine, "CMD")
    made = draft(tale.state, "RequestFiled", f"agr:{new_id()}", data, tale.cast["CMD.REQ"])
    tale.observer.attempt(made.submission(), "O01")


def words(tale):
    """Rules on words: the server alone knows them, and must say which words and why."""
    observer = tale.observer
    rows, said = text.parties(), lambda sentence: Words("text", sentence)
    plain = lambda **changed: text.document(_today(), **changed)
    file_refused(tale, plain(title=said("Children")), rows, "V-02", "a title of eight characters", checks=observer.attempt_words)
    for what, purpose in [
        ("an e-mail address", "To find children at risk who are known to both boroughs; write to someone.else@camden.example first."),
        ("a National Insurance number", "To find children at risk who are known to both boroughs, such as the one of AB 12 34 56 C, in time."),
        ("an NHS number", "To find children at risk who are known to both boroughs, such as the one with 943 476 5919, in time."),
        ("a telephone number", "To find children at risk who are known to both boroughs; call 020 7946 0123 before anything is sent."),
    ]:
        file_refused(tale, plain(purpose=said(purpose)), rows, "V-90", f"words with {what}", checks=observer.attempt_words)
    stream, cast = f"agr:{new_id()}", tale.cast
    tale.file(stream)
    short = {"words": refusal("No.")}
    _words(tale, "a refusal that explains nothing", "V-123", "RequestRefused", stream, short, cast["HCK.SIRO"])
    empty = {"words": Words("json", {"reasons": [], "text": "There is no reason, only this sentence, which is long enough."})}
    _words(tale, "a refusal without a reason", "V-123", "RequestRefused", stream, empty, cast["HCK.SIRO"])
    tale.triage(stream)
    tale.submit_terms(stream)
    tale.advise("HCK", stream=stream, outcome="ADVISE_AGAINST")
    approval = {"datasets": [], "version_hash": tale.version_hash(stream)}
    _words(tale, "an approval against advice, without a word", "G07", "ApprovalGiven", stream, approval, cast["HCK.IAO"])
    _words(tale, "an approval against advice, in few words", "V-123", "ApprovalGiven", stream, {**approval, "override": said("We know better.")}, cast["HCK.IAO"])
    why = said("The officer's points were met: two fields were left out and the term was halved.")
    given = tale.say("against advice, with reasons", "ApprovalGiven", stream, {**approval, "override": why}, cast["HCK.IAO"])
    back = {"target": given, "words": reason("No.")}
    _words(tale, "an approval taken back without a reason", "V-123", "ApprovalWithdrawn", stream, back, cast["HCK.IAO"])
    tale.say("by the filer", "RequestWithdrawn", stream, {}, cast["CMD.REQ"])


def _words(tale, title, code, kind, stream, data, *hands):
    def send():
        tale.observer.catch_up()
        made = draft(tale.state, kind, stream, data, *hands)
        tale.observer.attempt_words(made.submission(), code)

    tale.report.step(f"refused {code}: {title}", send)


def offences(tale):
    """Criminal offence data: a condition of Schedule 1 or official authority of each controller (DPA 2018, s10(5))."""
    act = Words("text", "Section 17 of the Crime and Disorder Act 1998")
    for title, members in [
        ("neither condition nor authority", {}),
        ("a condition of one side alone", {"sch1_condition": {"CMD": [2]}}),
        ("a paragraph that there is not", {"sch1_condition": {"CMD": [5], "HCK": [2]}}),
        ("authority of one side alone", {"official_authority": {"HCK": act}}),
        ("authority without a word", {"official_authority": {"CMD": act, "HCK": Words("text", " ")}}),
        ("a condition and authority", {"sch1_condition": {"CMD": [2]}, "official_authority": {"HCK": act}}),
        ("authority of both", {"official_authority": {"CMD": act, "HCK": act}}),
        ("conditions of both", {"sch1_condition": {"CMD": [2], "HCK": [3]}}),
    ]:
        document = text.document(_today(), **members)
        document["datasets"][0] |= {"data_class": "CO"}
        mine = derive(text.plain(document), text.parties(), tale.state.bodies(), tale.state.book.reference)
        expected = lawful.offences(Header(mine), text.plain(document), tale.state.book.reference)
        if expected:
            file_refused(tale, document, text.parties(), expected[0], f"offences, {title}", checks=tale.observer.attempt_words)
        else:
            tale.file(f"agr:{new_id()}", document)


def judged(tale):
    """`validate`: all messages at once, each with code, severity, path, message and help; nothing recorded."""
    tale.report.step("`validate` gives every message at once", _judged, tale)


def _judged(tale):
    document = text.plain(text.open_data(_today()))
    document["datasets"][0]["fields"][0] |= {"identifier": "DIRECT", "name": "vehicle registration"}
    document["title"] = "Cars"
    skeleton, said = text.skeleton(_words_of(text.open_data(_today()), document), new_id())
    size = tale.observer.size()
    answer = tale.observer.client.post("/api/v1/validate", {"parties": text.publisher(), "terms": skeleton, "words": said})
    same(answer.status, 200, f"status of {answer}")
    messages = answer.json()["messages"]
    for message in messages:
        same(set(message), {"code", "severity", "path", "message", "help"}, "members of a message")
        same(message["severity"] in ("error", "warning"), True, f"severity of {json.dumps(message)}")
    codes = {m["code"] for m in messages if m["severity"] == "error"}
    same({"V-02", "V-66", "V-111"} <= codes, True, f"V-02, V-66, V-111 within {sorted(codes)}")
    warned = {m["code"] for m in messages if m["severity"] == "warning"}
    same("V-122" in warned, True, f"V-122 within {sorted(warned)}")
    same(tale.observer.size(), size, "size of the log")


def _words_of(pattern, plain):
    """Plain terms with their words marked as the pattern marks them."""
    if isinstance(pattern, Words):
        return Words(pattern.kind, plain)
    if isinstance(pattern, dict):
        return {name: _words_of(inner, plain[name]) for name, inner in pattern.items()}
    if isinstance(pattern, list):
        return [_words_of(inner, part) for inner, part in zip(pattern, plain)]
    return plain

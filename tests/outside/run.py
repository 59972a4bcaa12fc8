"""The outsider: founds a ledger, drives an agreement, attacks it, audits it.

    python3 tests/outside/run.py --counterpart PATH_TO_BINARY [--keep]
    python3 tests/outside/run.py --rehearse

Exit code 0 when every step passed, 1 otherwise.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import aftermath
import attacks
import bodies
import chronicle
import compromised
import crowd
import demonstration
import door
import dsse
import eight
import event as events
import hostile
import london
import months
import note
import reading
import registry
import scenarios
import schema
import section7
import story
import talks
import tools
import tree
import wander
import words_go
from cast import Cast, draft
from client import Program
from rehearsal import Rehearsal, Unpublished
import rules
from rules import State
from observer import Report, Observer, same

REGISTRARS = 3


def read_arguments():
    wanted = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    wanted.add_argument("--counterpart", metavar="BINARY", help="the program under test")
    wanted.add_argument("--rehearse", action="store_true", help="play against the outsider's own decider")
    wanted.add_argument("--eight", action="store_true", help="play S1 to S8 alone")
    wanted.add_argument("--history", metavar="TITLE", help=f"play one history alone: {', '.join(HISTORIES)}")
    wanted.add_argument("--months", metavar="N", type=int, default=0, help="play N walks over months, each decided again by `audit`")
    wanted.add_argument("--wander", metavar="N", type=int, default=0, help="play N walks without a plan, each on a server of its own")
    wanted.add_argument("--seed", metavar="N", type=int, default=1, help="the seed of the first of these walks; the next has the next")
    wanted.add_argument("--keep", action="store_true", help="keep the folder with keys and data")
    found = wanted.parse_args()
    if bool(found.counterpart) == found.rehearse:
        wanted.error("give either --counterpart BINARY or --rehearse")
    if found.rehearse and (found.months or found.wander):
        wanted.error("a walk is judged by a program: give --counterpart BINARY")
    return found


def own_tools():
    """The formats against published figures, before anything is believed."""
    tests = unittest.defaultTestLoader.loadTestsFromNames(["test_formats", "test_decider", "test_life", "test_bundle"])
    result = unittest.TestResult()
    tests.run(result)
    problems = result.failures + result.errors
    same([str(test) for test, _ in problems], [], "failed tests")
    same(result.testsRun > 0, True, "some tests ran")


def published(program):
    """The schemas of the repository; a rehearsal can do without."""
    library = schema.Library()
    if library.has("events/RequestFiled-v1.json"):
        return library
    if isinstance(program, Rehearsal) or program is None:
        print("note    no schema is published yet: their rules are not rehearsed")
        return Unpublished()
    raise FileNotFoundError("docs/schemas holds no schema, and a stranger cannot do without")


def found_ledger(program, cast, library):
    """Founds the ledger. Gives the submission and the vkey that the genesis pins."""
    for _ in range(REGISTRARS):
        cast.add_registrar()
    printed = program.print_genesis(story.ORIGIN)
    data = story.genesis(cast, printed)
    same(data["origin"], story.ORIGIN, "origin")
    made = draft(State(library), "LedgerGenesis", "sys", data, *cast.registrars, ledger=story.ORIGIN)
    submission = made.submission()
    program.found(submission)
    return submission, data["log_keys"][0]


def begin(program, submission, vkey, library):
    """Starts the server and reads entry 0 back."""
    client = program.serve()
    verifier = note.Verifier.read(vkey)
    served = client.get("/log/vkey").decode().strip()
    same(served, vkey, "the served vkey, beside that of the genesis")
    observer = Observer(client, library, verifier)
    first = tree.open_bundle(client.log(tree.path("entries", 0, 1)))[0]
    same(dsse.open_entry(first)[0], json.loads(dsse.spell(submission["envelope"])), "entry 0")
    observer.replay(first)
    same(observer.size(), 1, "size of a new ledger")
    return observer


def separation(program):
    """Tries to read each key as the server's user; prints when that could not be arranged."""
    apart, how = program.separation()
    print(f"note    keys {'apart' if apart else 'NOT apart'}: {how}")


def reference_data(observer):
    """Every file that the genesis pins is served, and hashes to its name."""
    pinned = observer.state.genesis["code_lists"] + observer.state.genesis["policies"]
    for row in pinned:
        data = observer.client.log(f"data/{row['sha256']}")
        same(hashlib.sha256(data).hexdigest(), row["sha256"], f"hash of {row['id']}")


def served_schemas(observer, library):
    """The server publishes the schemas that the repository holds."""
    for path in sorted(schema.PUBLISHED.rglob("*.json")):
        name = path.relative_to(schema.PUBLISHED).as_posix()
        same(json.loads(observer.client.schema(name)), library.text(name), name)


def play(tale, words):
    """From three empty boroughs to many agreements. `words`: somebody is there to judge them."""
    part = tale.report.part
    for code in ("CMD", "HCK", "ISL"):
        part(tale.register, code)
    part(tale.other_directory_events)
    part(attacks.on_the_directory, tale)
    part(tale.file)
    part(attacks.on_a_request, tale)
    part(tale.triage)
    part(tale.submit_terms)
    tale.expect("APPROVING", "A")
    part(attacks.before_advice, tale)
    for code in ("HCK", "CMD"):
        tale.advise(code)
        if code == "HCK":
            part(attacks.before_approval, tale)
        tale.approve(code, datasets=["DS-1"])
        tale.execute(code)
    tale.expect("ACTIVE", "V")
    tale.note_down()
    part(attacks.in_force, tale)
    part(attacks.on_publication, tale)
    part(tale.publish)
    part(tale.suspend_and_resume)
    part(tale.revoke)
    part(attacks.at_the_end, tale)
    part(attacks.other_ways_to_end, tale)
    tale.is_judged = words
    for scenario in scenarios.ALL:
        part(scenario, tale)
    part(door.headers, tale)
    if words:
        part(door.words, tale)
        part(door.offences, tale)
        part(door.judged, tale)
    part(crowd.all_sign_at_once, tale)
    part(crowd.limits, tale)
    part(scenarios.two_bodies, tale)
    part(wander.walk, tale)


def another(arguments, folder, library):
    """A second ledger's program, and the folder of its keys."""
    folder.mkdir()
    if not arguments.rehearse:
        program = Program(arguments.counterpart, folder)
        return program, program.keys
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    return Rehearsal(library), keys


def play_eight(program, keys, library, report):
    """S1 to S8 on a ledger of their own."""
    cast = Cast(keys)
    founded = report.step("a second ledger is founded, for the eight scenarios", found_ledger, program, cast, library)
    observer = founded and report.step("its server starts", begin, program, *founded, library)
    if observer:
        tale = story.Story(observer, cast, report)
        tale.is_judged = not isinstance(program, Rehearsal)
        eight.play(tale, library)
        report.step("SIGTERM ends its server with 0", lambda: same(program.stop(), 0, "exit code"))


def write_history(title, folder, library, report, parts, starts=None):
    """A log of the outsider's own, by a clock of its own, played by some parts."""
    alone = chronicle.Chronicle(library)
    if title in STARTS:
        alone.clock.ahead = STARTS[title] - london.now()
    if starts:
        alone.begin(starts)
    keys = folder / title.replace(" ", "-")
    keys.mkdir(mode=0o700)
    before = london.wear(alone.clock)
    try:
        cast, quiet = Cast(keys, by_openssl=not starts), chronicle.quiet_report()
        _, vkey = found_ledger(alone, cast, library)
        observer = chronicle.Scribe(alone, library, note.Verifier.read(vkey))
        tale = story.Story(observer, cast, quiet)
        for part in parts:
            quiet.part(part, tale)
        report.passed, report.failed = report.passed + quiet.passed, report.failed + quiet.failed
    finally:
        london.wear(before)
    return alone


HISTORIES = {**talks.HISTORIES, **aftermath.HISTORIES, **compromised.HISTORIES, **section7.HISTORIES, **bodies.HISTORIES, **registry.HISTORIES, **words_go.HISTORIES, **months.HISTORIES}
# Histories that begin on a day of their own.
STARTS = section7.STARTS


def histories(folder, library, report, program, only=None):
    """Each history is played alone; the program's audit, where there is one, decides it again."""
    for title, parts in HISTORIES.items():
        if only and title != only:
            continue
        wanted = {**section7.WAITS_FOR, **words_go.WAITS_FOR}.get(title)
        if wanted and not library.has(f"events/{wanted}-v1.json"):
            print(f"note    {title}: not played, for {wanted} has no schema yet")
            continue
        if title in months.HISTORIES:
            decide_walk(folder, library, report, program, months.seed_of(title))
            continue
        alone = write_history(title, folder, library, report, parts)
        if not isinstance(program, Rehearsal):
            report.step(f"`audit` decides {title} alike: {alone.told()}", chronicle.check, program, alone)


def decide_walk(folder, library, report, program, seed):
    """One walk over months, which the program's audit decides again. Gives it; None where they differ."""
    title, failed = months.title(seed), report.failed
    alone = write_history(title, folder, library, report, [months.walk(seed)], months.begins(seed))
    if not isinstance(program, Rehearsal):
        report.step(f"`audit` decides {title} alike: {alone.told()}", chronicle.check, program, alone)
    if report.failed > failed:
        print(f"note    OUTSIDER_REFUSALS=100000 cargo xtask outsider --months 1 --seed {seed} plays it again", flush=True)
        return None
    return alone


def walk_on(arguments, folder, library, report, program):
    """Many walks: over months, and each on a server of its own. What differs is told with its seed."""
    agreed, entries, refusals = [], 0, 0
    for seed in range(arguments.seed, arguments.seed + arguments.months):
        place = folder / f"months.{seed}"
        place.mkdir()
        alone = decide_walk(place, library, report, program, seed)
        shutil.rmtree(place)
        if alone:
            agreed.append(seed)
            entries, refusals = entries + alone.state.size, refusals + min(len(alone.refusals), chronicle.most_refusals())
    if arguments.months:
        print(f"note    {len(agreed)} of {arguments.months} walks over months agree: {entries} entries, {refusals} refusals", flush=True)
    for seed in range(arguments.seed, arguments.seed + arguments.wander):
        place = folder / f"wander.{seed}"
        report.part(wander_alone, arguments, place, library, report, seed)
        shutil.rmtree(place, ignore_errors=True)


def wander_alone(arguments, folder, library, report, seed):
    """A ledger, its server, four boroughs and one walk without a plan."""
    program, keys = another(arguments, folder, library)
    try:
        cast, tells, report.tells = Cast(keys), report.tells, False
        observer = begin(program, *found_ledger(program, cast, library), library)
        tale = story.Story(observer, cast, report)
        for code in wander.STRANGERS:
            tale.register(code)
        report.tells = tells
        wander.walk(tale, seed=seed)
        report.step(f"every entry of the walk from seed {seed} is decided again from /log alone", observer.audit, library)
        same(program.stop(), 0, "exit code")
    finally:
        program.kill()


def main():
    arguments = read_arguments()
    folder = Path(tempfile.mkdtemp(prefix="outsider."))
    report = Report()
    program = other = None
    try:
        if not (arguments.history or arguments.months or arguments.wander):
            report.step("the outsider's own tools agree with published figures", own_tools)
        if arguments.rehearse:
            library = published(None)
            program = Rehearsal(library)
            keys = folder / "keys"
            keys.mkdir(mode=0o700)
        else:
            program = Program(arguments.counterpart, folder)
            library = published(program)
            keys = program.keys
        cast = Cast(keys)
        if arguments.history:
            histories(folder, library, report, program, arguments.history)
            return summary(report)
        if arguments.months or arguments.wander:
            walk_on(arguments, folder, library, report, program)
            return summary(report)
        other, eight_keys = another(arguments, folder / "eight", library)
        if arguments.eight:
            play_eight(other, eight_keys, library, report)
            return summary(report)
        if not arguments.rehearse:
            report.step("the demonstration's events are decided alike", demonstration.check, program, library)
        founded = report.step("a ledger is founded with registrar keys made by OpenSSL", found_ledger, program, cast, library)
        observer = founded and report.step("the server starts and serves entry 0", begin, program, *founded, library)
        if observer:
            report.step("the server cannot read the keys, or it is said why not", separation, program)
            if not arguments.rehearse:
                report.step("reference data are served under their hashes", reference_data, observer)
                report.step("hostile paths under /log are 404", observer.hostile_paths)
                report.step("another method and another content type", observer.other_statuses)
                report.step("the served schemas are the published ones", served_schemas, observer, library)
            tale = story.Story(observer, cast, report)
            play(tale, words=not arguments.rehearse)
            histories(folder, library, report, program)
            play_eight(other, eight_keys, library, report)
            if not arguments.rehearse:
                reading.check(observer, tale)
                hostile.check(observer, tale)
                tools.check(program, observer, tale)
            report.step("every entry is decided again from /log alone", observer.audit, library)
            report.step("every kind of event was recorded somewhere", every_kind, library)
            report.step("SIGTERM ends the server with 0", lambda: same(program.stop(), 0, "exit code"))
    finally:
        for one in (program, other):
            if one:
                one.kill()
        if arguments.keep:
            print(f"note    kept {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return summary(report)


# Their only versions are those of the genesis: no program holds another one that could be published.
_NEVER = {"CodeListPublished", "PolicyPublished", "RulesAdopted"}


def every_kind(library):
    """No kind of event is decided here that no story reaches."""
    known = {kind for kind in events.STREAM_OF if library.has(f"events/{kind}-v1.json")}
    same(sorted(known - rules.REACHED - _NEVER), [], "kinds of events that were never recorded")


def summary(report):
    print(f"{report.passed} passed, {report.failed} failed")
    return 0 if report.failed == 0 and report.passed else 1


if __name__ == "__main__":
    sys.exit(main())

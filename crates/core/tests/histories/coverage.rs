//! `docs/coverage.md` says what the tests exercise; it is made from the tests, and a stale one fails here.
//!
//! `COVERAGE=write cargo test --workspace --test histories coverage` writes it again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use counterpart_core::agreement::{Derived, Origin, PartyState, StageName};
use counterpart_core::event::EventType;
use counterpart_core::refusal::Refusal;

use crate::corpus::{each_turn, histories, time_goes_on};
use crate::history::Verdict;

/// Codes of domain.md 2.13 and amendments.md: letter, first and last number.
const CODES: [(char, u8, u8); 8] =
    [('C', 1, 3), ('D', 1, 6), ('E', 1, 10), ('G', 1, 48), ('K', 1, 11), ('O', 1, 10), ('R', 1, 11), ('T', 1, 21)];

/// Codes that nothing produces, and why.
const UNUSED: [(&str, &str); 6] = [
    ("C03", "there is no hash chain beside the tree (wire.md 3); a changed entry is told by proofs and by audits"),
    ("G01", "it is the warning V-124 (amendments.md)"),
    ("G23", "that there are words is the form of the event (E03), their length is V-123 (wire.md 1)"),
    ("G41", "it is no refusal: what was sent more often than agreed is recorded and flagged (`too_often`)"),
    ("R10", "the end of a role names no day (wire.md 2.5), so none can be back-dated"),
    ("K07", "it has no use (wire.md 2.3): a signature that does not verify is E09"),
];

/// Codes that the histories do not come to, and why.
const NOT_BY_HISTORIES: [(&str, &str); 11] = [
    ("E01", "what is no request at all is refused before there is an entry, and the histories are made of entries"),
    ("E05", "what is too large is no envelope, and so no entry"),
    ("E07", "it is asked of words at the door, and the histories have none"),
    ("G07", "it is asked of words at the door, and the histories have none"),
    ("G16", "few are left behind by an amendment, and none of them acts; the table of parties has each of their moves"),
    ("G48", "no body makes so many moves on one day"),
    ("O09", "no paper names a partnership"),
    ("V-122", "it is a warning and refuses nothing"),
    ("V-123", "it is asked of words at the door, and the histories have none"),
    ("V-124", "it is a warning and refuses nothing"),
    ("V-125", "no paper has so many datasets"),
];

/// Events that the histories do not record, and why.
const NOT_RECORDED: [(&str, &str); 4] = [
    ("CodeListPublished", "this program holds one version of each list, and only what is held is admitted (E10)"),
    ("PolicyPublished", "as for code lists"),
    (
        "LedgerClosed",
        "a move that seldom comes, and nothing comes after it; `crates/core/tests/offices/ledger.rs` closes a ledger",
    ),
    ("RulesAdopted", "there are rules 1 alone; others are E04"),
];

/// States and changes that the histories do not reach, and where they are tried.
const NOT_REACHED: [(&str, &str); 1] =
    [("BodyGone", "not reached: few bodies leave; `crates/core/tests/agreements/leaving.rs` has them")];

/// Tables of the specification as test data, and the tests that run their cells.
const TABLES: [(&str, &str, &str); 6] = [
    ("2.7 and 2.8", "domain-transitions.csv", "every_cell_of_every_event_that_is_built_does_what_is_printed"),
    ("2.9", "party-transitions.csv", "i05_every_cell_of_a_party_does_what_is_printed"),
    ("2.10", "amendment-transitions.csv", "i05_every_cell_of_the_amendment_track_does_what_is_printed"),
    ("2.11 keys", "key-transitions.csv", "i05_every_cell_of_a_key_does_what_is_printed"),
    ("2.11 roles", "role-transitions.csv", "i05_every_cell_of_a_role_does_what_is_printed"),
    ("2.11 organisations", "organisation-transitions.csv", "i05_every_cell_of_an_organisation_does_what_is_printed"),
];

/// Invariants that are no property of this program, and why.
const NO_PROPERTY: [(u8, &str); 1] = [(
    43,
    "the contract gives the events of templates no members under rules 1 (wire.md 2.5), so each of them is E04 and no agreement can name a template (V-09)",
)];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// One test: its name, its file and its text.
struct Test {
    name: String,
    file: String,
    body: String,
}

/// Every test of the crates, by file and name, as the sources say.
fn tests() -> Vec<Test> {
    let mut files = Vec::new();
    let mut folders = vec![root().join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut tests = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let file = path.strip_prefix(root()).map_or_else(|_| path.clone(), Path::to_path_buf).display().to_string();
        let file = file.split_once("crates/").map_or(file.clone(), |(_, rest)| format!("crates/{rest}"));
        for part in text.split("#[test]").skip(1) {
            let Some((before, rest)) = part.split_once("fn ") else { continue };
            let Some((name, _)) = rest.split_once(['(', '<']) else { continue };
            // A test ends where the brace of its own indent closes.
            let indent = before.lines().last().map_or(0, |line| line.len() - line.trim_start().len());
            let end = format!("\n{}}}", " ".repeat(indent));
            let body = rest.split_once(&end).map_or(rest, |(body, _)| body).to_owned();
            tests.push(Test { name: name.trim().to_owned(), file: file.clone(), body });
        }
    }
    tests
}

fn data(name: &str) -> String {
    fs::read_to_string(root().join("crates/core/tests/data").join(name)).unwrap()
}

/// What the histories reach, and how often.
#[derive(Default)]
struct Reach {
    codes: BTreeMap<String, usize>,
    recorded: BTreeMap<&'static str, usize>,
    stages: BTreeMap<char, usize>,
    parties: BTreeMap<char, usize>,
    derived: BTreeMap<&'static str, usize>,
}

fn reach() -> Reach {
    let mut reach = Reach::default();
    let offers = fs::read_to_string(root().join("crates/core/tests/golden/rules-1/offers.txt")).unwrap();
    for code in offers.lines().filter_map(|line| line.split(' ').next()) {
        *reach.codes.entry(code.to_owned()).or_default() += 1;
    }
    for told in histories() {
        for step in &told.steps {
            match (&step.verdict, &step.event) {
                (Verdict::Recorded(_), Some(event)) => {
                    *reach.recorded.entry(event.event_type().as_str()).or_default() += 1;
                }
                (Verdict::Refused(code), _) => *reach.codes.entry(code.clone()).or_default() += 1,
                (Verdict::Recorded(_), None) => {}
            }
        }
        let founding = counterpart_core::replay::read(&told.ledger.entries[0]).unwrap();
        *reach.recorded.entry(founding.event.event_type().as_str()).or_default() += 1;
    }
    each_turn(|turn| {
        for then in
            std::iter::once(turn.after.clone()).chain(time_goes_on(turn.after).into_iter().map(|(_, then)| then))
        {
            *reach.stages.entry(then.name().letter()).or_default() += 1;
            for party in then.parties() {
                *reach.parties.entry(party.state.letter()).or_default() += 1;
            }
            for step in then.history() {
                if let Origin::Derived { change, .. } = step.origin {
                    *reach.derived.entry(change.as_str()).or_default() += 1;
                }
            }
            for ground in then.grounds() {
                if let Some(change) = ground.derived {
                    *reach.derived.entry(change.as_str()).or_default() += 1;
                }
            }
        }
    });
    reach
}

/// What a row of the present page says, as long as it is still true; else what is found.
fn kept<'a>(
    rows: &'a BTreeMap<String, Vec<String>>,
    key: &str,
    place: usize,
    good: &dyn Fn(&str) -> bool,
) -> Option<&'a str> {
    rows.get(key)?.get(place).map(String::as_str).filter(|old| good(old))
}

/// The rows of the page by their first cell.
fn rows_of(page: &str) -> BTreeMap<String, Vec<String>> {
    let lines = page.lines().filter(|line| line.starts_with("| "));
    lines
        .map(|line| {
            let mut cells = line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned());
            (cells.next().unwrap_or_default(), cells.collect())
        })
        .collect()
}

fn yes(count: usize) -> &'static str {
    if count > 0 { "yes" } else { "–" }
}

/// Whether the histories reach something, as the page says while that is true.
fn reached(old: &BTreeMap<String, Vec<String>>, key: &str, place: usize, count: usize) -> String {
    let good = |cell: &str| cell == "–" || (cell == "yes" && count > 0);
    kept(old, key, place, &good).unwrap_or(yes(count)).to_owned()
}

fn codes_section(page: &mut String, old: &BTreeMap<String, Vec<String>>, tests: &[Test], reach: &Reach) {
    let mut codes: BTreeSet<String> = CODES
        .iter()
        .flat_map(|(letter, first, last)| (*first..=*last).map(move |number| format!("{letter}{number:02}")))
        .collect();
    codes.extend(Refusal::CATALOGUE.iter().map(|(code, _)| (*code).to_owned()));
    codes.extend((121..=125).map(|number| format!("V-{number}")));
    let cases = fs::read_to_string(root().join("crates/core/tests/door/cases.json")).unwrap();
    page.push_str("\n## Refusals\n\n");
    page.push_str("Every code of the catalogue of errors, with one test that produces it.\n");
    page.push_str(
        "*Histories* says whether random histories run into it, or the golden offers that were made of some.\n\n",
    );
    page.push_str("| code | a test that produces it | histories |\n|---|---|---|\n");
    let (mut missing, mut unmet) = (Vec::new(), Vec::new());
    for code in codes {
        if let Some((_, why)) = UNUSED.iter().find(|(unused, _)| *unused == code) {
            let _ = writeln!(page, "| {code} | not produced: {why} | – |");
            continue;
        }
        let literal = format!("\"{code}\"");
        // A test may ask for the message, of which one part is long enough to be no other's.
        let own = Refusal::CATALOGUE.iter().filter(|(of, _)| *of == code);
        let parts = own.filter_map(|(_, message)| message.split(['{', '}']).max_by_key(|part| part.len()));
        let messages: Vec<&str> = parts.filter(|part| part.len() >= 20).collect();
        let mut found: Vec<String> = tests
            .iter()
            .filter(|test| !test.file.contains("/histories/"))
            .filter(|test| test.body.contains(&literal) || messages.iter().any(|part| test.body.contains(part)))
            .map(|test| format!("`{}` in {}", test.name, test.file))
            .collect();
        for (_, file, test) in TABLES {
            if data(file).contains(&format!("!{code}")) {
                let home = tests.iter().find(|found| found.name == test).map(|found| &found.file);
                found.extend(home.map(|home| format!("`{test}` in {home}")));
            }
        }
        if cases.contains(&literal) {
            found.push(
                "`each_rule_stops_its_own_mistake_in_its_own_words` in crates/core/tests/door/cases.rs".to_owned(),
            );
        }
        let count = reach.codes.get(&code).copied().unwrap_or(0);
        if found.is_empty() && count > 0 {
            found.push("the histories alone".to_owned());
        }
        let good = |cell: &str| found.iter().any(|test| test == cell);
        let test = kept(old, &code, 0, &good).or(found.first().map(String::as_str));
        let Some(test) = test else {
            missing.push(code);
            continue;
        };
        let said = match NOT_BY_HISTORIES.iter().find(|(other, _)| *other == code) {
            Some((_, why)) => format!("no: {why}"),
            None => reached(old, &code, 1, count),
        };
        if said == "–" {
            unmet.push(code.clone());
        }
        let _ = writeln!(page, "| {code} | {test} | {said} |");
    }
    assert!(missing.is_empty(), "no test produces {missing:?}, and no reason is given");
    assert!(unmet.is_empty(), "the histories do not run into {unmet:?}, and no reason is given");
    let rules = counterpart_core::door::rules().count();
    let _ = writeln!(
        page,
        "\nThe {rules} rules of the door have their own list, `crates/core/tests/door/cases.json`, and `every_rule_of_the_specification_is_produced_or_has_a_reason` holds it to domain.md 1."
    );
}

fn reached_sections(page: &mut String, old: &BTreeMap<String, Vec<String>>, reach: &Reach) {
    page.push_str("\n## Events\n\nEvery type of event, and whether the histories record it.\n\n");
    page.push_str("| event | histories |\n|---|---|\n");
    let mut missing = Vec::new();
    for event in EventType::ALL {
        let name = event.as_str();
        let why = NOT_RECORDED.iter().find(|(unused, _)| *unused == name);
        let said = match why {
            Some((_, why)) => format!("not recorded: {why}"),
            None => reached(old, name, 0, reach.recorded.get(name).copied().unwrap_or(0)),
        };
        if said == "–" {
            missing.push(name);
        }
        let _ = writeln!(page, "| {name} | {said} |");
    }
    assert!(missing.is_empty(), "the histories do not record {missing:?}, and no reason is given");
    page.push_str("\n## States and derived changes\n\nWhat the histories reach, in time or by time.\n\n");
    page.push_str("| state, or change | histories |\n|---|---|\n");
    let mut missing = Vec::new();
    let mut row = |name: &str, count: usize| {
        let why = NOT_REACHED.iter().find(|(unreached, _)| *unreached == name).map(|(_, why)| (*why).to_owned());
        if count == 0 && why.is_none() {
            missing.push(name.to_owned());
        }
        let _ = writeln!(page, "| {name} | {} |", why.unwrap_or_else(|| reached(old, name, 0, count)));
    };
    for stage in StageName::ALL.iter().filter(|stage| **stage != StageName::None) {
        let count = reach.stages.get(&stage.letter()).copied().unwrap_or(0);
        row(&format!("agreement {stage}"), count);
    }
    for state in PartyState::ALL {
        row(&format!("party {state}"), reach.parties.get(&state.letter()).copied().unwrap_or(0));
    }
    for change in Derived::ALL {
        // A version that takes effect on its day changes no stage; its property is I16.
        if *change != Derived::AmendmentEffective {
            row(change.as_str(), reach.derived.get(change.as_str()).copied().unwrap_or(0));
        }
    }
    assert!(missing.is_empty(), "the histories do not reach {missing:?}");
}

fn invariants_section(page: &mut String, old: &BTreeMap<String, Vec<String>>, tests: &[Test]) {
    page.push_str("\n## Invariants\n\nEvery invariant of domain.md 2.14, with the property test named after it.\n\n");
    page.push_str("| invariant | property test |\n|---|---|\n");
    for number in 1..=45_u8 {
        let name = format!("I{number}");
        if let Some((_, why)) = NO_PROPERTY.iter().find(|(other, _)| *other == number) {
            let _ = writeln!(page, "| {name} | none: {why} |");
            continue;
        }
        let prefix = format!("i{number:02}_");
        let found: Vec<String> = tests
            .iter()
            .filter(|test| test.name.starts_with(&prefix))
            .map(|test| format!("`{}` in {}", test.name, test.file))
            .collect();
        let good = |cell: &str| found.iter().any(|test| test == cell);
        let test = kept(old, &name, 0, &good).or(found.first().map(String::as_str));
        assert!(test.is_some(), "no property test is named after {name}");
        let _ = writeln!(page, "| {name} | {} |", test.unwrap());
    }
}

fn made(old: &str) -> String {
    let rows = rows_of(old);
    let (tests, reach) = (tests(), reach());
    let mut page = String::from(
        "# Coverage of the rules\n\nThis page is made from the tests and held to them by `the_page_of_coverage_says_what_the_tests_do`.\nWrite it again with `COVERAGE=write cargo test --workspace --test histories coverage`.\n\n## Tables\n\nThe tables of domain.md 2, with the changes of amendments.md, as test data in `crates/core/tests/data`; every cell is run against the rules.\n\n| table | data | cells | test |\n|---|---|---|---|\n",
    );
    for (table, file, test) in TABLES {
        let cells = data(file).lines().skip(1).filter(|line| !line.is_empty()).count();
        let found = tests.iter().find(|found| found.name == test);
        assert!(found.is_some(), "there is no test {test}");
        let _ = writeln!(page, "| {table} | {file} | {cells} | `{test}` in {} |", found.unwrap().file);
    }
    codes_section(&mut page, &rows, &tests, &reach);
    reached_sections(&mut page, &rows, &reach);
    invariants_section(&mut page, &rows, &tests);
    page
}

#[test]
fn the_page_of_coverage_says_what_the_tests_do() {
    let path = root().join("docs/coverage.md");
    if std::env::var_os("COVERAGE").is_some_and(|what| what == "write") {
        fs::write(&path, made("")).unwrap();
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    let now = made(&page);
    for (said, made) in page.lines().zip(now.lines()) {
        assert_eq!(
            said, made,
            "docs/coverage.md is stale: COVERAGE=write cargo test --workspace --test histories coverage"
        );
    }
    assert_eq!(page, now, "docs/coverage.md is stale: COVERAGE=write cargo test --workspace --test histories coverage");
}

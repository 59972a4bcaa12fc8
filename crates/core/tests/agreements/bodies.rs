//! Bodies that go, rule by rule (domain.md 2.5, 2.8, 2.9, 2.11; amendments.md; docs/formats.md, "bodies that go"):
//! what comes to a successor, which agreements a succession names, and who may stop it.

mod becoming;
mod places;
mod succeeding;

use serde_json::{Value, json};

use crate::succession::{found, hands, newham, succeeds, succession};
use crate::town::*;
use crate::world::{Person, commitment, person, registrars};

/// Newham's officers besides those whom [`found`] brings.
const MORE: [&str; 5] = ["IGL", "IAO", "SEC", "LGL", "REQ"];

/// An officer of Newham.
fn heir(role: &str) -> Person {
    let known = newham().into_iter().find(|officer| officer.role == role);
    known.unwrap_or_else(|| {
        let place = MORE.iter().position(|held| *held == role).unwrap();
        person("NWM", MORE[place], 215 + u8::try_from(place).unwrap())
    })
}

/// Newham with every officer of whom these tests ask something.
fn founded(case: &mut Case) {
    found(&mut case.world);
    for role in MORE {
        let whom = heir(role);
        case.world.appoint(&heir("ADM"), &whom).unwrap();
        case.world.give_key(&whom, &[heir("ADM"), heir("CEX")]).unwrap();
    }
}

/// A body takes the place of others today.
fn takes(case: &mut Case, kind: &str, from: &[&str], to: &str) -> String {
    let today = case.today();
    succeeds(case, succession(kind, from, &[to], &today), &hands(from, &[to])).unwrap()
}

fn of_org(case: &mut Case, code: &str, event: &str, data: Value, by: &[Person]) -> Result<String, String> {
    let stream = format!("org:{code}");
    let revision = case.world.replay.state.organisations[&code.parse().unwrap()].revision;
    case.world.revisions.insert(stream.clone(), revision);
    let draft = case.world.draft(&stream, event, data, by);
    case.world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())
}

/// The post of a body's chief falls vacant.
fn loses_its_chief(case: &mut Case, code: &str) {
    let body = &case.world.replay.state.organisations[&code.parse().unwrap()];
    let chief = body.appointments.iter().find(|a| a.role.as_str() == "CEX").unwrap().event.to_string();
    let [one, two, _] = registrars();
    let by = [one, two, officer(code, "SIRO")];
    of_org(case, code, "RoleHolderRevoked", json!({ "appointment": chief }), &by).unwrap();
}

fn proposed(case: &mut Case, by: &str, days: u64) -> String {
    let shape = case.shape.clone().with("/notice_days", json!(days));
    let number = u32::try_from(case.agreement().versions().len() + 1).unwrap();
    let (mut data, hash) = case.draft_of(&shape, number, &["/notice_days"]);
    data["class"] = json!("M3");
    data["renewal"] = json!(false);
    data["words"] = commitment();
    case.does("AmendmentProposed", data, &[officer(by, "IGL")]);
    hash
}

/// What a body left open: the stage, what it did or what was done to it, and what its successor does about it.
struct Open {
    what: &'static str,
    stage: char,
    from: &'static str,
    before: fn(&mut Case) -> String,
    event: &'static str,
    data: fn(&Case, &str) -> Value,
    roles: &'static [&'static str],
    with: Option<(&'static str, &'static str)>,
}

fn row(
    what: &'static str,
    (stage, from): (char, &'static str),
    before: fn(&mut Case) -> String,
    (event, data): (&'static str, fn(&Case, &str) -> Value),
    roles: &'static [&'static str],
) -> Open {
    Open { what, stage, from, before, event, data, roles, with: None }
}

fn nothing(_: &mut Case) -> String {
    String::new()
}

/// Newham takes Hackney's place, or Camden's, which asked and leads.
#[expect(clippy::too_many_lines, reason = "a row for each thing that is left open")]
fn everything_open() -> Vec<Open> {
    let mut rows = vec![
        row(
            "a question that was put to it",
            ('F', "HCK"),
            |case| case.does("ClarificationRequested", question("HCK"), &[officer("CMD", "IGL")]),
            ("ClarificationProvided", |_, asked| answer(asked)),
            &["IGL"],
        ),
        row("its triage", ('F', "HCK"), nothing, ("RequestTriaged", |_, _| accepted()), &["IGL"]),
        row(
            "a ground that it opened for the whole",
            ('V', "HCK"),
            |case| case.suspend("HCK", "WHOLE"),
            ("AgreementResumed", |_, ground| resumption(ground)),
            &["SIRO"],
        ),
        row(
            "a ground that stops it alone",
            ('V', "HCK"),
            |case| case.suspend("HCK", "PARTY"),
            ("AgreementResumed", |_, ground| resumption(ground)),
            &["SIRO"],
        ),
        row(
            "a hold",
            ('V', "HCK"),
            |case| {
                let data = json!({ "datasets": [], "reason": "POLICE" });
                case.does("RetentionHoldPlaced", data, &[officer("HCK", "LGL")])
            },
            ("RetentionHoldReleased", |_, hold| json!({ "hold": hold })),
            &["LGL"],
        ),
        row(
            "what it must destroy",
            ('E', "CMD"),
            nothing,
            ("DestructionCertified", |_, _| crate::sharing::certificate(&["DS-1"], "DESTROYED")),
            &["IAO", "SEC"],
        ),
        row(
            "the request, taken back by its IGL",
            ('F', "CMD"),
            nothing,
            ("RequestWithdrawn", |_, _| json!({})),
            &["IGL"],
        ),
        row(
            "the request, taken back by its SIG",
            ('A', "CMD"),
            nothing,
            ("RequestWithdrawn", |_, _| json!({})),
            &["SIG"],
        ),
        row("an agreed request", ('P', "CMD"), nothing, ("RequestWithdrawn", |_, _| json!({})), &["SIG"]),
        row(
            "the lead, for what is submitted",
            ('F', "CMD"),
            |case| case.does("RequestTriaged", accepted(), &[officer("HCK", "IGL")]),
            ("TermsSubmitted", |case, _| case.submission()),
            &["IGL"],
        ),
        row(
            "the lead, for the register",
            ('V', "CMD"),
            nothing,
            ("PublicationDecided", |_, _| json!({ "decision": "PUBLISH", "withheld": [] })),
            &["IGL"],
        ),
        row(
            "the lead, for an amendment that others proposed",
            ('V', "CMD"),
            |case| proposed(case, "HCK", 10),
            ("AmendmentAbandoned", |_, _| json!({})),
            &["SIG"],
        ),
        row(
            "an amendment that it proposed",
            ('V', "HCK"),
            |case| proposed(case, "HCK", 10),
            ("AmendmentAbandoned", |_, _| json!({})),
            &["IGL"],
        ),
        row(
            "a counter-proposal to what it asked",
            ('G', "CMD"),
            |case| case.agreement().versions().last().unwrap().hash.to_string(),
            ("CounterProposalAccepted", |_, hash| json!({ "version_hash": hash })),
            &["IGL"],
        ),
        row(
            "a counter-proposal to its amendment",
            ('V', "HCK"),
            |case| {
                proposed(case, "HCK", 10);
                let shape = case.shape.clone().with("/notice_days", json!(20));
                let (mut data, hash) = case.draft_of(&shape, 3, &["/notice_days"]);
                data["words"] = commitment();
                case.does("CounterProposalMade", data, &[officer("CMD", "IGL")]);
                hash
            },
            ("CounterProposalRejected", |_, hash| json!({ "version_hash": hash })),
            &["IGL"],
        ),
        row("its part of the signing", ('A', "HCK"), nothing, ("AdviceGiven", |case, _| case.advice("DPO")), &["DPO"]),
        row(
            "what it provides",
            ('V', "HCK"),
            nothing,
            ("DisclosureLogged", |_, _| crate::sharing::disclosure(&["DS-1"])),
            &["IAO"],
        ),
        row(
            "its place at the table",
            ('V', "HCK"),
            nothing,
            ("RevocationNoticed", |_, _| leaving("POLICY", "2027-06-01")),
            &["SIG"],
        ),
    ];
    rows.push(Open {
        with: Some(("CMD", "SIG")),
        ..row(
            "a notice",
            ('V', "HCK"),
            |case| case.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer("HCK", "SIG")]),
            ("RevocationRescinded", |_, notice| json!({ "target": notice })),
            &["SIG"],
        )
    });
    rows
}

#[test]
fn a_successor_stands_in_whatever_its_predecessor_left_open() {
    let mut wrong = Vec::new();
    for open in everything_open() {
        let mut case = Case::in_stage(open.stage, Shape::pair());
        let target = (open.before)(&mut case);
        founded(&mut case);
        takes(&mut case, "REPLACE", &[open.from], "NWM");
        let data = (open.data)(&case, &target);
        let other = open.with.map(|(code, role)| officer(code, role));
        let by = |person: &dyn Fn(&str) -> Person| -> Vec<Person> {
            open.roles.iter().map(|role| person(role)).chain(other.clone()).collect()
        };
        let gone = case.refused(open.event, data.clone(), &by(&|role| officer(open.from, role)));
        // Destruction is certified even by a body that is gone; here the duty is its successor's.
        if gone != "O04" {
            wrong.push(format!("{}: {gone} for {}", open.what, open.from));
        }
        let draft = case.event(open.event, data, &by(&heir));
        if let Err(stopped) = case.world.record(&draft) {
            wrong.push(format!("{}: {stopped}", open.what));
        }
        assert_eq!(case.rebuilt(u64::MAX), *case.stored(), "{}", open.what);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_predecessor_proposed_its_successor_does_not_answer() {
    // In negotiation: the counter-proposal is Newham's now.
    let mut case = Case::in_stage('G', Shape::pair());
    founded(&mut case);
    takes(&mut case, "REPLACE", &["HCK"], "NWM");
    let (_, hash) = case.counter(2);
    let mut shape = case.shape.clone();
    shape.parties[1] = crate::town::row("NWM", "PROVIDER");
    shape.terms["datasets"][0] = dataset("NWM", &["CMD"]);
    let (mut data, _) = case.draft_of(&shape, 3, &["/term/end_date"]);
    data["words"] = commitment();
    assert_eq!(case.refused("CounterProposalMade", data, &[heir("IGL")]), "R01");
    let reply = json!({ "version_hash": hash });
    assert_eq!(case.refused("CounterProposalAccepted", reply.clone(), &[heir("IGL")]), "R01");
    case.does("CounterProposalAccepted", reply, &[officer("CMD", "IGL")]);
    assert_eq!(case.letter(), 'F');
}

#[test]
fn a_split_names_the_agreements_in_which_the_body_still_is_something() {
    let left = |case: &mut Case, sent: bool| {
        if sent {
            let data = crate::sharing::disclosure(&["DS-2"]);
            case.does("DisclosureLogged", data, &[officer("ISL", "IAO")]);
        }
        case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("HCK", "SIG")]);
        assert_eq!((case.letter(), case.party("HCK")), ('V', 'o'));
    };
    let mut cases: Vec<(String, Case, bool)> = "FCGAPVSEXRWL"
        .chars()
        .map(|letter| {
            let case = Case::in_stage(letter, Shape::pair());
            (letter.to_string(), case, !"XRWL".contains(letter))
        })
        .collect();
    // In E Hackney has left and owes nothing, so nothing of it is anybody's.
    cases.iter_mut().find(|(name, ..)| name == "E").unwrap().2 = false;
    for sent in [false, true] {
        let mut case = Case::in_force(Shape::three());
        left(&mut case, sent);
        cases.push((format!("left, {sent}"), case, sent));
    }
    let mut joining = crate::joining::submitted(crate::joining::open_to_others());
    let no = joining.decline("FINAL");
    joining.does("ApprovalDeclined", no, &[officer("HCK", "SIG")]);
    cases.push(("declined".to_owned(), joining, false));
    let mut wrong = Vec::new();
    for (name, mut case, named) in cases {
        founded(&mut case);
        let (from, to) = (["HCK"], ["ISL", "NWM"]);
        let today = case.today();
        let data = succession("SPLIT", &from, &to, &today);
        let happened = succeeds(&mut case, data, &hands(&from, &to));
        if happened.is_err() != named || (named && happened != Err("O08".to_owned())) {
            wrong.push(format!("{name}: {happened:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_mapping_names_agreements_of_the_body_once_and_successors_of_it() {
    let mut case = Case::in_force(Shape::pair());
    founded(&mut case);
    let first = case.stream.strip_prefix("agr:").unwrap().to_owned();
    let mut other = Case::none_in(case.world.clone(), Shape::pair());
    other.shape.parties[1] = crate::town::row("ISL", "PROVIDER");
    other.shape.terms["datasets"][0] = dataset("ISL", &["CMD"]);
    other.shape.terms["lawful_basis"] = json!({ "CMD": ["E"], "ISL": ["E"] });
    let other = other.file();
    let second = other.stream.strip_prefix("agr:").unwrap().to_owned();
    case.world = other.world;
    let (from, to) = (["HCK"], ["ISL", "NWM"]);
    let today = case.today();
    let line = |agreement: &str, successor: &str| json!({ "agreement": agreement, "successor": successor });
    let rows: [(&str, Value, &str); 6] = [
        ("nothing", json!([]), "O08"),
        ("another's agreement", json!([line(&first, "NWM"), line(&second, "NWM")]), "O08"),
        ("nobody's", json!([line(&first, "NWM"), line("01890000-0000-7000-8000-00000000ffff", "NWM")]), "O08"),
        ("twice", json!([line(&first, "NWM"), line(&first, "NWM")]), "O08"),
        ("to a stranger", json!([line(&first, "CMD")]), "O08"),
        ("to itself", json!([line(&first, "HCK")]), "O08"),
    ];
    for (name, mapping, code) in rows {
        let mut data = succession("SPLIT", &from, &to, &today);
        data["mapping"] = mapping;
        assert_eq!(succeeds(&mut case, data, &hands(&from, &to)), Err(code.to_owned()), "{name}");
    }
    for default in ["HCK", "CMD"] {
        let mut data = succession("SPLIT", &from, &to, &today);
        data["mapping"] = json!([line(&first, "NWM")]);
        data["default"] = json!(default);
        assert_eq!(succeeds(&mut case, data, &hands(&from, &to)), Err("O08".to_owned()), "the rest to {default}");
    }
    let mut data = succession("SPLIT", &from, &to, &today);
    data["mapping"] = json!([line(&first, "NWM")]);
    succeeds(&mut case, data, &hands(&from, &to)).unwrap();
    assert_eq!((case.party("HCK"), case.party("NWM")), ('u', 'x'), "as it is mapped, not to the first");
}

/// Functions of the row, those that pass, whether the agreement is named, who takes the rest; who has it then.
type Transfer<'a> = (&'a [&'a str], &'a str, Option<&'a str>, &'a str, &'a str);

#[test]
fn a_transfer_takes_what_serves_the_functions_or_is_named() {
    let rows: [Transfer<'_>; 7] = [
        (&["HOUSING"], "PLANNING", None, "NWM", "HCK"),
        (&["HOUSING"], "HOUSING", None, "NWM", "NWM"),
        (&["HOUSING", "PLANNING"], "PLANNING", None, "NWM", "NWM"),
        (&["HOUSING", "PLANNING"], "HOUSING", None, "NWM", "NWM"),
        (&["HOUSING"], "PLANNING", Some("NWM"), "NWM", "NWM"),
        (&["HOUSING"], "HOUSING", None, "HCK", "HCK"),
        (&["HOUSING"], "HOUSING", Some("HCK"), "NWM", "HCK"),
    ];
    for (functions, passing, named, default, holder) in rows {
        let mut shape = Shape::pair();
        shape.parties[1]["functions"] = json!(functions);
        let mut case = Case::in_force(shape);
        founded(&mut case);
        let today = case.today();
        let mut data = succession("TRANSFER", &["HCK"], &["NWM"], &today);
        data["functions"] = json!([passing]);
        data["default"] = json!(default);
        if let Some(successor) = named {
            let id = case.stream.strip_prefix("agr:").unwrap();
            data["mapping"] = json!([{ "agreement": id, "successor": successor }]);
        }
        succeeds(&mut case, data, &hands(&["HCK"], &["NWM"])).unwrap();
        let states = if holder == "NWM" { ('u', 'x') } else { ('x', '-') };
        let newham = case.agreement().party("NWM".parse().unwrap()).map_or('-', |party| party.state.letter());
        assert_eq!((case.party("HCK"), newham), states, "{functions:?} {passing} {named:?} {default}");
        // The body itself goes on.
        case.world.appoint(&officer("HCK", "ADM"), &person("HCK", "IAO", 220)).unwrap();
    }
}

#[test]
fn a_body_without_a_chief_among_several_waits_14_days_and_may_object_until_the_day() {
    let mut case = Case::in_force(Shape::three());
    founded(&mut case);
    loses_its_chief(&mut case, "ISL");
    let [one, two, _] = registrars();
    let by = [one.clone(), two.clone(), heir("CEX"), officer("HCK", "CEX")];
    let on = |day: &str| succession("MERGE", &["HCK", "ISL"], &["NWM"], day);
    assert_eq!(case.today(), "2026-12-01");
    assert_eq!(succeeds(&mut case, on("2026-12-14"), &by), Err("G38".to_owned()));
    let event = succeeds(&mut case, on("2026-12-15"), &by).unwrap();
    let objection = json!({ "target": event, "words": commitment() });
    let day = instant("2026-12-15T00:00:00.000Z");
    let objects = |case: &Case, now: i64, who: Person| {
        let mut case = case.clone();
        case.world.now = now;
        let code = who.organisation;
        of_org(&mut case, code, "SuccessionObjected", objection.clone(), &[who]).map(|_| case)
    };
    let refused = |happened: Result<Case, String>| happened.map(|_| ()).unwrap_err();
    // Hackney's chief signed it.
    assert_eq!(refused(objects(&case, case.world.now, officer("HCK", "SIRO"))), "G35");
    assert_eq!(refused(objects(&case, day, officer("ISL", "SIRO"))), "O04");
    for role in ["IGL", "DPO", "ADM"] {
        assert_eq!(refused(objects(&case, case.world.now, officer("ISL", role))), "R01", "{role}");
    }
    let mut stopped = objects(&case, day - 1, officer("ISL", "SIRO")).unwrap();
    stopped.world.now = day + DAY;
    assert_eq!((stopped.party("HCK"), stopped.party("ISL"), stopped.letter()), ('x', 'x', 'V'));
    // Again only with the chief of the body that objected.
    let later = on("2027-02-01");
    assert_eq!(succeeds(&mut stopped, later.clone(), &by), Err("O10".to_owned()));
    let chief = person("ISL", "CEX", 221);
    let seconded = [one, two, officer("ISL", "SIG")];
    let appointed = stopped.world.appointment(&seconded, &chief).payload["data"].clone();
    of_org(&mut stopped, "ISL", "RoleHolderAppointed", appointed, &seconded).unwrap();
    stopped.world.give_key(&chief, &[seconded[0].clone(), seconded[1].clone(), officer("ISL", "SIG")]).unwrap();
    let mut whole = by.to_vec();
    whole.push(chief);
    succeeds(&mut stopped, later, &whole).unwrap();
    // Where nobody objects it comes with the day.
    case.world.now = day;
    assert_eq!((case.party("HCK"), case.party("ISL"), case.party("NWM")), ('u', 'u', 'x'));
}

#[test]
fn each_succession_is_confirmed_by_itself_and_90_days_stop_what_is_not() {
    let confirmed = |predecessor: &str| json!({ "outcome": "NO_CHANGES", "predecessor": predecessor });
    // One event, two predecessors.
    let mut case = Case::in_force(Shape::three());
    founded(&mut case);
    takes(&mut case, "MERGE", &["HCK", "ISL"], "NWM");
    let since = case.agreement().pending_successions().iter().map(|pending| pending.since.millis()).max().unwrap();
    assert_eq!(case.agreement().pending_successions().len(), 2);
    case.world.now = since + 90 * DAY - 1;
    assert_eq!(case.letter(), 'V');
    case.world.now += 1;
    assert_eq!((case.letter(), case.agreement().grounds().len()), ('S', 2));
    let advice = case.advice("DPO");
    case.does("AdviceGiven", advice, &[heir("DPO")]);
    case.does("SuccessionConfirmed", confirmed("ISL"), &[heir("SIRO")]);
    assert_eq!((case.letter(), case.agreement().pending_successions().len()), ('S', 1));
    assert_eq!(case.refused("SuccessionConfirmed", confirmed("ISL"), &[heir("SIRO")]), "G35");
    case.does("SuccessionConfirmed", confirmed("HCK"), &[heir("SIRO")]);
    assert_eq!(case.letter(), 'V');
    assert_eq!(case.rebuilt(u64::MAX), *case.stored());

    // Two events, 30 days apart: each has its own 90 days.
    let mut case = Case::in_force(Shape::three());
    founded(&mut case);
    takes(&mut case, "REPLACE", &["HCK"], "NWM");
    let advice = case.advice("DPO");
    case.does("AdviceGiven", advice.clone(), &[heir("DPO")]);
    case.world.now += 30 * DAY;
    takes(&mut case, "REPLACE", &["ISL"], "NWM");
    case.world.now += 61 * DAY;
    assert_eq!((case.letter(), case.agreement().grounds().len()), ('S', 1));
    case.does("SuccessionConfirmed", confirmed("HCK"), &[heir("SIRO")]);
    assert_eq!(case.letter(), 'V');
    // The advice is older than the second succession.
    assert_eq!(case.refused("SuccessionConfirmed", confirmed("ISL"), &[heir("SIRO")]), "G19");
    case.world.now += 30 * DAY;
    assert_eq!(case.letter(), 'S');
    case.does("AdviceGiven", advice, &[heir("DPO")]);
    case.does("SuccessionConfirmed", confirmed("ISL"), &[heir("SIRO")]);
    assert_eq!(case.letter(), 'V');
}

#[test]
fn d7_stops_the_successor_alone_where_the_others_go_on_and_a_new_name_asks_for_nothing() {
    let mut case = Case::in_force(Shape::three());
    founded(&mut case);
    takes(&mut case, "REPLACE", &["HCK"], "NWM");
    case.world.now += 91 * DAY;
    assert_eq!((case.letter(), case.party("NWM")), ('V', 'p'));
    assert_eq!(case.party("HCK"), 'u');

    let mut case = Case::in_force(Shape::pair());
    founded(&mut case);
    takes(&mut case, "RENAME", &["HCK"], "NWM");
    assert!(case.agreement().pending_successions().is_empty());
    case.world.now += 91 * DAY;
    assert_eq!((case.letter(), case.party("NWM")), ('V', 'x'));
    let confirmed = json!({ "outcome": "NO_CHANGES", "predecessor": "HCK" });
    assert_eq!(case.refused("SuccessionConfirmed", confirmed, &[heir("SIRO")]), "G35");
}

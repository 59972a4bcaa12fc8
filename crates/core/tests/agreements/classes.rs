//! Amendments, rule by rule (domain.md 2.3, 2.10; amendments.md; docs/formats.md, agreements 31 to 35, 59, 60):
//! which class a change has, what may be declared, who signs each class, when it is agreed, and who comes in.

use serde_json::{Value, json};

use crate::town::*;
use crate::world::{at, commitment};

const CLASSES: [&str; 4] = ["M0", "M1", "M2", "M3"];

/// An amendment to these terms whose header says that these paths change, as data, and its hash.
pub fn amendment(case: &Case, shape: &Shape, number: u32, class: &str, changes: &[&str]) -> (Value, String) {
    let (mut data, hash) = case.draft_of(shape, number, changes);
    data["class"] = json!(class);
    data["renewal"] = json!(false);
    data["words"] = commitment();
    (data, hash)
}

fn review(outcome: &str) -> Value {
    json!({ "next_review": "2027-11-01", "outcome": outcome, "words": commitment() })
}

/// In force and reviewed, so that a renewal rests on something.
pub fn reviewed(shape: Shape) -> Case {
    let mut case = Case::in_force(shape);
    case.does("ReviewCompleted", review("CONTINUE"), &[officer("CMD", "IGL")]);
    case
}

/// Proposed by Hackney and frozen.
pub fn frozen(case: &mut Case, shape: &Shape, class: &str, changes: &[&str]) {
    let number = u32::try_from(case.agreement().versions().len() + 1).unwrap();
    let (data, hash) = amendment(case, shape, number, class, changes);
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    let mut data = case.submission();
    data["version"] = json!(number);
    data["version_hash"] = json!(hash);
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    case.hash = hash;
}

fn declared(case: &Case, shape: &Shape, changes: &[&str]) -> Vec<&'static str> {
    let may = |class: &&&str| {
        let mut case = case.clone();
        let (data, _) = amendment(&case, shape, 2, class, changes);
        let draft = case.event("AmendmentProposed", data, &[officer("HCK", "IGL")]);
        match case.world.record(&draft) {
            Ok(_) => true,
            Err(stopped) => {
                assert_eq!(stopped.stop.code(), "G29", "{changes:?} as {class}");
                false
            }
        }
    };
    CLASSES.iter().filter(may).copied().collect()
}

/// What may be declared for a change of a class: that class, M3, and for particulars anything.
fn allowed(computed: &str) -> Vec<&'static str> {
    CLASSES.iter().filter(|class| computed == "M0" || **class == computed || **class == "M3").copied().collect()
}

#[test]
fn the_class_of_every_change_follows_from_its_paths() {
    let case = reviewed(Shape::pair());
    let rows: [(&[&str], &str); 27] = [
        (&["/privacy_notice"], "M0"),
        (&["/privacy_notice/CMD"], "M0"),
        (&["/term/end_date"], "M2"),
        (&["/term/review_date"], "M2"),
        (&["/term/review_interval_months"], "M2"),
        (&["/term/end_date", "/term/review_date"], "M2"),
        (&["/term/effective_date"], "M3"),
        (&["/term"], "M3"),
        (&["/datasets/0/method"], "M1"),
        (&["/datasets/0/standard"], "M1"),
        (&["/datasets/0/quality"], "M1"),
        (&["/datasets/0/quality/gaps"], "M1"),
        (&["/datasets/0/method", "/datasets/0/standard"], "M1"),
        (&["/datasets/0/frequency"], "M1"),
        (&["/datasets/1/frequency"], "M3"),
        (&["/datasets/x/frequency"], "M3"),
        (&["/datasets/0/name"], "M3"),
        (&["/datasets/0"], "M3"),
        (&["/datasets"], "M3"),
        (&["/purpose"], "M3"),
        (&["/datasets/0/method", "/privacy_notice"], "M1"),
        (&["/privacy_notice", "/term/end_date"], "M2"),
        (&["/privacy_notice", "/purpose"], "M3"),
        (&["/datasets/0/method", "/term/end_date"], "M3"),
        (&["/term/end_date", "/datasets/0/method"], "M3"),
        (&["/purpose", "/datasets/0/method"], "M3"),
        (&["/term/end_date", "/purpose", "/term/review_date"], "M3"),
    ];
    for (changes, class) in rows {
        assert_eq!(declared(&case, &case.shape, changes), allowed(class), "{changes:?}");
    }
}

#[test]
fn a_frequency_is_operational_where_it_is_plainly_no_more_often() {
    // From the least often to the most; what comes when asked has no rhythm to compare.
    let often = ["ONCE", "ANNUAL", "QUARTERLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "LIVE"];
    let place = |name: &str| often.iter().position(|known| *known == name);
    for before in often.iter().chain(&["AD_HOC"]) {
        let case = reviewed(Shape::pair().with("/datasets/0/frequency", json!(before)));
        for after in often.iter().chain(&["AD_HOC"]) {
            let less = match (place(before), place(after)) {
                (Some(before), Some(after)) => after <= before,
                (None, Some(after)) => after == 0,
                (Some(_), None) => false,
                (None, None) => true,
            };
            let shape = case.shape.clone().with("/datasets/0/frequency", json!(after));
            let class = if less { "M1" } else { "M3" };
            assert_eq!(declared(&case, &shape, &["/datasets/0/frequency"]), allowed(class), "{before} to {after}");
        }
    }
}

#[test]
fn another_party_or_another_part_of_one_is_material_though_no_path_says_so() {
    let case = reviewed(several());
    let changed = |member: &str, value: Value| {
        let mut shape = case.shape.clone();
        shape.parties[1][member] = value;
        shape
    };
    let mut with = case.shape.clone();
    with.terms["lawful_basis"]["ISL"] = json!(["E"]);
    with.parties.as_array_mut().unwrap().push(row("ISL", "RECIPIENT"));
    let shapes = [
        with,
        changed("capacity", json!("BOTH")),
        changed("legal_role", json!("JOINT_CONTROLLER")),
        changed("regime", json!("PART3")),
        changed("functions", json!(["HOUSING", "PLANNING"])),
    ];
    for shape in shapes {
        for changes in [&[][..], &["/term/end_date"], &["/privacy_notice"]] {
            assert_eq!(declared(&case, &shape, changes), ["M3"], "{}", shape.parties);
        }
    }
    // The same parties and no path: nothing changes.
    let mut same = case.clone();
    let (data, _) = amendment(&same, &case.shape, 2, "M3", &[]);
    assert_eq!(same.refused("AmendmentProposed", data, &[officer("HCK", "IGL")]), "G05");
}

#[test]
fn who_signs_each_class() {
    let light = |case: &mut Case| {
        let by = [officer("HCK", "ADM"), officer("HCK", "CEX")];
        let draft = case.world.draft("org:HCK", "OrganisationUpdated", json!({ "governance": "LIGHT" }), &by);
        case.world.record(&draft).unwrap();
    };
    let class = |class: &str| Shape::pair().with("/datasets/0/data_class", json!(class));
    let flagged = |flag: &str| Shape::pair().with("/datasets/0/flags", json!([flag]));
    // The agreement, whether Hackney is a small body, and what M1, M2 and M3 ask of it.
    let rows: [(Shape, bool, [&str; 3]); 7] = [
        (Shape::pair(), false, ["DPO IAO SIG", "DPO SIG", "DPO IAO SIG"]),
        (class("PS"), false, ["DPO IAO SIG", "DPO SIG", "DPO IAO SIG"]),
        (class("SC"), false, ["DPO IAO SIG", "DPO SIRO SIG", "DPO IAO SIRO SIG"]),
        (class("CO"), false, ["DPO IAO SIG", "DPO SIRO SIG", "DPO IAO SIRO SIG"]),
        // High risk asks for the risk owner and the lawyer; a renewal of personal data for neither.
        (flagged("LARGE_SCALE"), false, ["DPO IAO SIG", "DPO SIG", "DPO LGL IAO SIRO SIG"]),
        (flagged("ADULT_SC"), false, ["DPO IAO SIG", "DPO SIG", "DPO CG IAO SIG"]),
        (class("SC"), true, ["DPO IGL SIG", "DPO CEX SIG", "DPO CEX IGL SIG"]),
    ];
    for (shape, small, owed) in rows {
        let mut case = Case::none(shape);
        if small {
            light(&mut case);
        }
        let shape = case.shape.clone();
        let mut case = Case::none_in(case.world, shape.clone()).file().signed();
        assert_eq!(case.letter(), 'V');
        case.does("ReviewCompleted", review("CONTINUE"), &[officer("CMD", "IGL")]);
        for (class, owed) in ["M1", "M2", "M3"].into_iter().zip(owed) {
            let mut case = case.clone();
            let (pointer, value) = match class {
                "M1" => ("/datasets/0/frequency", json!("ANNUAL")),
                "M2" => ("/term/end_date", json!("2029-04-30")),
                _ => ("/notice_days", json!(10)),
            };
            frozen(&mut case, &shape.clone().with(pointer, value), class, &[pointer]);
            let missing = case.agreement().missing_signatures("HCK".parse().unwrap());
            let roles: Vec<&str> = missing.iter().map(|required| required.role.as_str()).collect();
            assert_eq!(roles.join(" "), owed, "{class} of {}", shape.terms["datasets"][0]["data_class"]);
            case.sign_for("HCK");
            assert_eq!(case.agreement().current().number, 1);
            case.sign_for("CMD");
            assert_eq!((case.agreement().current().number, case.letter()), (2, 'V'), "{class}");
        }
    }
}

#[test]
fn particulars_take_effect_at_once_and_a_first_day_to_come_does_not_hold_them() {
    let mut case = Case::in_force(Shape::pair());
    let shape = case.shape.clone().with("/term/effective_date", json!("2027-02-01"));
    let (data, _) = amendment(&case, &shape, 2, "M0", &["/privacy_notice"]);
    case.does("AmendmentProposed", data.clone(), &[officer("HCK", "IGL")]);
    assert_eq!((case.agreement().current().number, case.letter()), (2, 'V'));
    assert!(case.agreement().amendment().is_none());
    let since: Vec<(u32, bool)> =
        case.agreement().in_force().iter().map(|v| (v.version, v.since <= at(case.world.now))).collect();
    assert_eq!(since, [(1, true), (2, true)]);
    // Raised to material they are signed.
    let (data, _) = amendment(&case, &shape, 3, "M3", &["/privacy_notice"]);
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    assert_eq!(case.agreement().current().number, 2);
}

#[test]
fn a_renewal_rests_on_a_review_to_continue_of_90_days() {
    let renewal = |case: &Case, class: &str, renewal: bool| {
        let shape = case.shape.clone().with("/term/end_date", json!("2029-04-30"));
        let (mut data, _) = amendment(case, &shape, 2, class, &["/term/end_date"]);
        data["renewal"] = json!(renewal);
        data
    };
    let igl = [officer("HCK", "IGL")];
    let tries = |case: &Case, class: &str, renews: bool| {
        let mut case = case.clone();
        let data = renewal(&case, class, renews);
        let draft = case.event("AmendmentProposed", data, &igl);
        case.world.record(&draft).map(|_| ()).map_err(|stopped| stopped.stop.code().to_owned())
    };
    let no = Err("G30".to_owned());
    let case = Case::in_force(Shape::pair());
    // Either the class or the word says so.
    assert_eq!([tries(&case, "M2", false), tries(&case, "M2", true)], [no.clone(), no.clone()]);
    assert_eq!([tries(&case, "M3", true), tries(&case, "M3", false)], [no.clone(), Ok(())]);
    for outcome in ["AMEND", "SUSPEND", "END"] {
        let mut case = case.clone();
        case.does("ReviewCompleted", review(outcome), &[officer("CMD", "IGL")]);
        assert_eq!(tries(&case, "M2", true), no, "{outcome}");
    }
    // Of any party, and its newest word counts.
    let mut case = case;
    case.does("ReviewCompleted", review("END"), &[officer("CMD", "IGL")]);
    case.does("ReviewCompleted", review("CONTINUE"), &igl);
    assert_eq!((case.today().as_str(), tries(&case, "M2", true)), ("2026-12-01", Ok(())));
    case.world.now = instant("2027-03-01T23:59:59.000Z");
    assert_eq!(tries(&case, "M2", true), Ok(()), "90 days later");
    case.world.now = instant("2027-03-02T00:00:00.000Z");
    assert_eq!(tries(&case, "M2", true), no, "91 days later");
}

#[test]
fn who_proposes_and_who_drops_an_amendment() {
    let mut case = Case::in_force(Shape::three());
    let shape = case.shape.clone().with("/notice_days", json!(10));
    let (data, _) = amendment(&case, &shape, 2, "M3", &["/notice_days"]);
    // Bound and sharing: neither who stopped, nor who leaves.
    for (state, code) in [('p', "G13"), ('l', "G14")] {
        let mut case = case.clone();
        if state == 'p' {
            case.suspend("HCK", "PARTY");
        } else {
            case.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer("HCK", "SIG")]);
        }
        assert_eq!(case.party("HCK"), state);
        assert_eq!(case.refused("AmendmentProposed", data.clone(), &[officer("HCK", "IGL")]), code);
    }
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    for (code, role, may) in [
        ("HCK", "IGL", true),
        ("HCK", "SIG", false),
        ("CMD", "SIG", true),
        ("CMD", "IGL", false),
        ("ISL", "IGL", false),
        ("ISL", "SIG", false),
    ] {
        let draft = case.event("AmendmentAbandoned", json!({}), &[officer(code, role)]);
        let happened = case.clone().world.record(&draft).map(|_| ()).map_err(|stopped| stopped.stop.code().to_owned());
        assert_eq!(happened, if may { Ok(()) } else { Err("R01".to_owned()) }, "{role} of {code}");
    }
    let two = [officer("HCK", "IGL"), officer("CMD", "SIG")];
    assert_eq!(case.refused("AmendmentAbandoned", json!({}), &two), "R01");
}

#[test]
fn an_amendment_leaves_out_nobody_who_is_bound_and_stays() {
    for (state, code) in [('x', Some("E08")), ('p', Some("E08")), ('l', None)] {
        let mut case = Case::in_force(Shape::three());
        match state {
            'p' => drop(case.suspend("ISL", "PARTY")),
            'l' => {
                case.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer("ISL", "SIG")]);
            }
            _ => {}
        }
        assert_eq!(case.party("ISL"), state);
        let mut shape = Shape::pair();
        shape.parties[1] = row("HCK", "BOTH");
        let (data, _) = amendment(&case, &shape, 2, "M3", &["/datasets"]);
        let draft = case.event("AmendmentProposed", data, &[officer("HCK", "IGL")]);
        let happened = case.world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned());
        assert_eq!(happened.as_deref(), code, "{state}");
    }
}

/// Camden, Hackney and Islington, bound in an agreement that others may join.
fn three_joined(quorum: &str) -> Case {
    let shape = crate::joining::open_to_others().with("/amendment_quorum", json!(quorum));
    let mut case = crate::joining::formed(shape);
    let invites = crate::joining::invitation(&case, "ISL");
    case.does("PartyInvited", invites, &[officer("CMD", "IGL")]);
    case.sign_for("ISL");
    case.shape.parties.as_array_mut().unwrap().push(row("ISL", "RECIPIENT"));
    assert_eq!(case.party("ISL"), 'x');
    case
}

/// An amendment of it whose first day is to come: everybody has advised and approved, and these executed.
fn pending(quorum: &str, signed: &[&str]) -> Case {
    let mut case = three_joined(quorum);
    let shape = case.shape.clone().with("/term/effective_date", json!("2027-02-01"));
    frozen(&mut case, &shape, "M3", &["/term/effective_date"]);
    for code in BOROUGHS {
        case.does("AdviceGiven", case.advice("DPO"), &[officer(code, "DPO")]);
        case.does("ApprovalGiven", case.approval(), &[officer(code, "IAO")]);
    }
    for code in signed {
        case.does("ExecutionSigned", case.execution(), &[officer(code, "SIG")]);
    }
    case
}

fn track(case: &Case) -> &'static str {
    use counterpart_core::agreement::Track;
    match case.agreement().track() {
        Track::None => "T0",
        Track::Proposed { .. } => "T1",
        Track::Approving { .. } => "T2",
        Track::Pending { .. } => "T3",
    }
}

#[test]
fn how_many_make_an_amendment_and_what_becomes_of_the_others() {
    // The quorum, who signed, where it stands, and what each is on the day.
    for (quorum, signed, stands, then) in [
        ("TWO_THIRDS", &["HCK"][..], "T2", "xxx"),
        ("TWO_THIRDS", &["HCK", "CMD"], "T3", "xxn"),
        // Without Hackney nobody gives anything, and it ends in the same instant.
        ("TWO_THIRDS", &["CMD", "ISL"], "T3", "xnx"),
        ("TWO_THIRDS", &["HCK", "CMD", "ISL"], "T3", "xxx"),
        ("ALL", &["HCK", "CMD"], "T2", "xxx"),
        ("ALL", &["HCK", "CMD", "ISL"], "T3", "xxx"),
    ] {
        let mut case = pending(quorum, signed);
        assert_eq!(track(&case), stands, "{quorum} {signed:?}");
        case.world.now = instant("2027-02-01T00:00:00.000Z");
        let states: String = BOROUGHS.iter().map(|code| case.party(code)).collect();
        let version = if stands == "T3" { 2 } else { 1 };
        assert_eq!((states.as_str(), case.agreement().current().number), (then, version), "{quorum} {signed:?}");
    }
}

#[test]
fn a_signature_taken_back_or_given_late_counts_until_the_day() {
    let back = |case: &mut Case, code: &str| {
        let target = crate::contest::signature(case, code, "SIG");
        case.does("ApprovalWithdrawn", json!({ "target": target, "words": commitment() }), &[officer(code, "SIG")]);
    };
    let mut case = pending("TWO_THIRDS", &["HCK", "CMD", "ISL"]);
    back(&mut case, "ISL");
    assert_eq!(track(&case), "T3", "two of three are enough");
    back(&mut case, "HCK");
    assert_eq!(track(&case), "T2");
    assert_eq!(case.party("HCK"), 'x', "what it signed before binds it still");
    case.does("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
    assert_eq!(track(&case), "T3");
    // Islington's other signatures stand, so that its execution alone is late.
    let mut left = case.clone();
    case.does("ExecutionSigned", case.execution(), &[officer("ISL", "SIG")]);
    for (case, state) in [(&mut case, 'x'), (&mut left, 'n')] {
        case.world.now = instant("2027-02-01T00:00:00.000Z");
        assert_eq!((case.party("ISL"), case.agreement().current().number), (state, 2));
    }
    // Without the rule nobody signs late: there everybody has.
    let mut all = Case::in_force(Shape::pair());
    let shape = all.shape.clone().with("/term/effective_date", json!("2027-02-01"));
    frozen(&mut all, &shape, "M3", &["/term/effective_date"]);
    all.sign_for("HCK");
    all.sign_for("CMD");
    assert_eq!(track(&all), "T3");
    assert_eq!(all.refused("ExecutionSigned", all.execution(), &[officer("HCK", "SIG")]), "G08");
    assert_eq!(all.refused("ApprovalDeclined", all.decline("RETURN"), &[officer("HCK", "SIG")]), "G08");
}

#[test]
fn what_is_agreed_after_a_counter_proposal_is_signed_as_material() {
    let mut case = reviewed(Shape::pair().with("/datasets/0/data_class", json!("SC")));
    let (data, _) = amendment(&case, &case.shape.clone(), 2, "M1", &["/datasets/0/method"]);
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    let (mut data, hash) = case.draft_of(&case.shape.clone(), 3, &["/datasets/0/standard"]);
    data["words"] = commitment();
    case.does("CounterProposalMade", data.clone(), &[officer("CMD", "IGL")]);
    assert_eq!(
        case.refused("CounterProposalMade", data, &[officer("CMD", "IGL")]),
        "R01",
        "the newest draft is its own"
    );
    let mut dropped = case.clone();
    let reply = json!({ "version_hash": hash });
    dropped.does("CounterProposalRejected", reply.clone(), &[officer("HCK", "IGL")]);
    assert_eq!(dropped.agreement().amendment().unwrap().version, 2);
    case.does("CounterProposalAccepted", reply, &[officer("HCK", "IGL")]);
    for (mut case, version, owed) in [(dropped, 2, "DPO IAO SIG"), (case, 3, "DPO IAO SIRO SIG")] {
        let hash = case.agreement().version(version).unwrap().hash.to_string();
        let mut data = case.submission();
        data["version"] = json!(version);
        data["version_hash"] = json!(hash);
        case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
        let missing = case.agreement().missing_signatures("HCK".parse().unwrap());
        let roles: Vec<&str> = missing.iter().map(|required| required.role.as_str()).collect();
        assert_eq!(roles.join(" "), owed);
    }
}

/// Two who say what keeps the agreement alive, as they must where there may be more.
fn several() -> Shape {
    Shape::pair().with("/continuation", json!({ "min_parties": 2 }))
}

#[test]
fn whom_an_amendment_would_bring_in_follows_its_draft() {
    let with_islington = |case: &Case| {
        let mut shape = case.shape.clone();
        shape.terms["lawful_basis"]["ISL"] = json!(["E"]);
        shape.parties.as_array_mut().unwrap().push(row("ISL", "RECIPIENT"));
        shape
    };
    let there = |case: &Case| case.agreement().party("ISL".parse().unwrap()).map(|party| party.state.letter());
    let counters = |case: &mut Case, shape: &Shape, accepted: bool| {
        let number = u32::try_from(case.agreement().versions().len() + 1).unwrap();
        let (mut data, hash) = case.draft_of(shape, number, &["/purpose"]);
        data["words"] = commitment();
        case.does("CounterProposalMade", data, &[officer("CMD", "IGL")]);
        let event = if accepted { "CounterProposalAccepted" } else { "CounterProposalRejected" };
        case.does(event, json!({ "version_hash": hash }), &[officer("HCK", "IGL")]);
    };
    // Named by the first draft and not by the second, and the other way round.
    for (first, second, accepted, expected) in [
        (true, false, true, None),
        (true, false, false, Some('i')),
        (false, true, true, Some('i')),
        (false, true, false, None),
        (true, true, true, Some('i')),
    ] {
        let mut case = Case::in_force(several());
        let shape = |named: bool| if named { with_islington(&case) } else { case.shape.clone() };
        let (one, two) = (shape(first), shape(second));
        let (data, _) = amendment(&case, &one, 2, "M3", &["/purpose"]);
        case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
        assert_eq!(there(&case), first.then_some('i'));
        counters(&mut case, &two, accepted);
        assert_eq!(there(&case), expected, "{first} {second} {accepted}");
    }
    // Before it takes effect nothing goes to it, and it is asked for nothing in force.
    let mut case = Case::in_force(several().with("/datasets/0/recipients", json!("*")));
    let shape = with_islington(&case);
    frozen(&mut case, &shape, "M3", &["/purpose"]);
    case.does("DisclosureLogged", crate::sharing::disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    let owing: Vec<String> = case.agreement().duties().iter().map(|duty| duty.organisation.to_string()).collect();
    assert_eq!(owing, ["CMD"]);
    assert_eq!(case.refused("AgreementSuspended", suspension("SECURITY", "PARTY"), &[officer("ISL", "SIRO")]), "G10");
    for code in BOROUGHS {
        assert_eq!(case.agreement().current().number, 1, "{code} is waited for");
        case.sign_for(code);
    }
    assert_eq!((case.agreement().current().number, case.party("ISL")), (2, 'x'));
    case.does("DisclosureLogged", crate::sharing::disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    assert_eq!(case.agreement().duties().len(), 2);
    // It says no: between all the amendment is dropped, and it never was a party.
    let mut case = Case::in_force(several());
    let shape = with_islington(&case);
    frozen(&mut case, &shape, "M3", &["/purpose"]);
    case.does("ApprovalDeclined", case.decline("FINAL"), &[officer("ISL", "SIG")]);
    assert_eq!((track(&case), there(&case), case.letter()), ("T0", None, 'V'));
}

#[test]
fn questions_about_an_amendment_block_its_signatures_and_nobody_asks_when_it_is_agreed() {
    let mut case = Case::in_force(Shape::pair());
    assert_eq!(case.refused("ClarificationRequested", question("CMD"), &[officer("HCK", "IGL")]), "T14");
    let shape = case.shape.clone().with("/term/effective_date", json!("2027-02-01"));
    frozen(&mut case, &shape, "M3", &["/term/effective_date"]);
    case.sign_for("CMD");
    let asked = case.does("ClarificationRequested", question("CMD"), &[officer("HCK", "IGL")]);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
    assert_eq!(case.refused("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]), "T10");
    let mut with_terms = answer(&asked);
    let (data, _) = case.draft_of(&shape, 3, &["/purpose"]);
    with_terms["header"] = data["header"].clone();
    with_terms["terms"] = data["terms"].clone();
    assert_eq!(case.refused("ClarificationProvided", with_terms, &[officer("CMD", "IGL")]), "T09");
    case.does("ClarificationProvided", answer(&asked), &[officer("CMD", "IGL")]);
    case.does("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
    assert_eq!(track(&case), "T3");
    assert_eq!(case.refused("ClarificationRequested", question("CMD"), &[officer("HCK", "IGL")]), "T09");
    assert_eq!(case.refused("ClarificationProvided", answer(&asked), &[officer("CMD", "IGL")]), "T11");
}

#[test]
fn an_agreement_that_ended_stands_as_it_was_last_in_force() {
    let sent = crate::sharing::disclosure(&["DS-1"]);
    let mut case = Case::in_force(Shape::pair());
    let mut shape = case.shape.clone().with("/notice_days", json!(10));
    shape.terms["destruction_due_days"] = json!(7);
    frozen(&mut case, &shape, "M3", &["/notice_days"]);
    let newer = case.hash.clone();
    case.does("DisclosureLogged", sent, &[officer("HCK", "IAO")]);
    for code in ["HCK", "CMD"] {
        case.sign_for(code);
    }
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("HCK", "SIG")]);
    let agreement = case.agreement();
    assert_eq!((case.letter(), agreement.current().number, agreement.current().hash.to_string()), ('E', 2, newer));
    assert_eq!(agreement.due_on(&agreement.duties()[0]).unwrap().to_string(), "2026-12-08");
    case.does(
        "DestructionCertified",
        crate::sharing::certificate(&["DS-1"], "DESTROYED"),
        &crate::sharing::both("CMD"),
    );
    assert_eq!((case.letter(), case.agreement().current().number), ('X', 2));
}

#[test]
fn who_gave_notice_and_took_it_back_signs_an_amendment_anew() {
    let mut case = Case::in_force(Shape::three());
    let shape = case.shape.clone().with("/notice_days", json!(10));
    frozen(&mut case, &shape, "M3", &["/notice_days"]);
    case.sign_for("HCK");
    let notice = case.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer("HCK", "SIG")]);
    case.does("RevocationRescinded", json!({ "target": notice }), &[officer("HCK", "SIG")]);
    case.sign_for("CMD");
    case.sign_for("ISL");
    assert_eq!((case.agreement().current().number, track(&case)), (1, "T2"));
    assert_eq!(case.agreement().missing_signatures("HCK".parse().unwrap()).len(), 3);
    case.sign_for("HCK");
    assert_eq!((case.agreement().current().number, track(&case)), (2, "T0"));
}

#[test]
fn an_approval_of_an_amendment_that_is_taken_back_leaves_the_version_in_force_alone() {
    let mut case = Case::in_force(Shape::pair());
    let shape = case.shape.clone().with("/notice_days", json!(10));
    frozen(&mut case, &shape, "M3", &["/notice_days"]);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let approved = case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
    let data = json!({ "target": approved, "words": commitment() });
    case.does("ApprovalWithdrawn", data, &[officer("HCK", "IAO")]);
    let agreement = case.agreement();
    let of = |version: u32| {
        let own = agreement.signatures().iter().filter(|s| s.organisation.as_str() == "HCK" && s.version == version);
        own.map(|s| format!("{} {}", s.role, s.standing)).collect::<Vec<_>>()
    };
    assert_eq!(of(1), ["DPO COUNTS", "IAO COUNTS", "SIG COUNTS"]);
    assert_eq!(of(2), ["DPO COUNTS", "IAO WITHDRAWN"]);
    assert_eq!(case.party("HCK"), 'x');
}

#[test]
fn once_it_is_agreed_whoever_is_late_executes_and_approves_no_more() {
    // Two of three are enough, the rest may follow until its first day: whoever has its approvals already.
    let mut shape = crate::joining::open_to_others();
    shape.parties.as_array_mut().unwrap().push(row("ISL", "RECIPIENT"));
    let mut case = crate::joining::submitted(shape);
    for code in ["ISL", "HCK", "CMD"] {
        case.sign_for(code);
    }
    let shape = case.shape.clone().with("/term/effective_date", json!("2027-02-01"));
    frozen(&mut case, &shape, "M3", &["/term/effective_date"]);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("ISL", "DPO")]);
    let mut ready = case.clone();
    ready.does("ApprovalGiven", ready.approval(), &[officer("ISL", "IAO")]);
    for case in [&mut case, &mut ready] {
        case.sign_for("HCK");
        case.sign_for("CMD");
        assert_eq!(track(case), "T3");
        assert_eq!(case.tries("ApprovalGiven", &case.approval(), &[officer("ISL", "IAO")]), "G08");
        assert_eq!(case.tries("AdviceGiven", &case.advice("DPO"), &[officer("ISL", "DPO")]), "G08");
    }
    assert_eq!(case.tries("ExecutionSigned", &case.execution(), &[officer("ISL", "SIG")]), "G18");
    assert_eq!(ready.tries("ExecutionSigned", &ready.execution(), &[officer("ISL", "SIG")]), "-");
}

#[test]
fn a_later_version_names_its_lead_itself() {
    let mut case = Case::in_force(Shape::pair());
    case.does("LeadChanged", json!({ "lead": "HCK" }), &[officer("HCK", "IGL"), officer("CMD", "IGL")]);
    assert_eq!(case.agreement().lead().as_str(), "HCK");
    let shape = case.shape.clone().with("/notice_days", json!(10));
    let (data, hash) = amendment(&case, &shape, 2, "M3", &["/notice_days"]);
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    let mut data = case.submission();
    (data["version"], data["version_hash"]) = (json!(2), json!(hash));
    assert_eq!(case.tries("TermsSubmitted", &data, &[officer("CMD", "IGL")]), "R01");
    case.does("TermsSubmitted", data, &[officer("HCK", "IGL")]);
    case.hash = hash;
    case.sign_for("HCK");
    assert_eq!(case.agreement().lead().as_str(), "HCK");
    case.sign_for("CMD");
    assert_eq!((case.agreement().current().number, case.agreement().lead().as_str()), (2, "CMD"));
}

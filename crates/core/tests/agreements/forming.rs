//! How an agreement comes to be, rule by rule (domain.md 2.2 to 2.4; amendments.md; docs/formats.md, agreements): who
//! accepts before it is signed, whose questions wait, who is bound, and who joins, leads or goes.

use serde_json::{Value, json};

use crate::town::*;
use crate::world::{Person, at, commitment};

fn accepts(case: &mut Case, code: &str) {
    case.does("RequestTriaged", accepted(), &[officer(code, "IGL")]);
}

fn submits(case: &mut Case) -> Result<(), String> {
    let data = case.submission();
    let draft = case.event("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    case.world.record(&draft).map(|_| ()).map_err(|stopped| stopped.stop.code().to_owned())
}

/// Everything of a party but its execution.
fn prepares(case: &mut Case, code: &str) {
    case.does("AdviceGiven", case.advice("DPO"), &[officer(code, "DPO")]);
    case.does("ApprovalGiven", case.approval(), &[officer(code, "IAO")]);
}

/// Three who join one by one: Hackney is an anchor, and what it and Islington give goes to all.
fn one_by_one(least: u64, anchors: &[&str]) -> Case {
    let mut shape = crate::joining::open_to_others()
        .with("/min_parties", json!(least))
        .with("/anchor_parties", json!(anchors))
        .with("/continuation", json!({ "min_parties": 2 }));
    shape.parties.as_array_mut().unwrap().push(row("ISL", "BOTH"));
    Case::filed(shape)
}

#[test]
fn who_has_to_accept_before_the_terms_are_submitted() {
    let no = Err("G09".to_owned());
    // Of all: every provider, and nobody else.
    for (giving, accepting, may) in [
        (&["HCK"][..], &["CMD"][..], false),
        (&["HCK"], &["HCK"], true),
        (&["HCK", "ISL"], &["HCK"], false),
        (&["HCK", "ISL"], &["ISL", "CMD"], false),
        (&["HCK", "ISL"], &["ISL", "HCK"], true),
    ] {
        let mut shape = Shape::three();
        if giving.len() == 1 {
            shape.terms["datasets"] = json!([dataset("HCK", &["CMD", "ISL"])]);
        }
        let mut case = Case::filed(shape);
        for code in accepting {
            accepts(&mut case, code);
        }
        assert_eq!(submits(&mut case), if may { Ok(()) } else { no.clone() }, "{giving:?} {accepting:?}");
    }
    // One by one: the lead, every anchor, and as many as it takes.
    for (least, anchors, accepting, may) in [
        (2, &["HCK"][..], &["CMD", "HCK"][..], true),
        (2, &["HCK"], &["CMD", "ISL"], false),
        (2, &["HCK"], &["HCK", "ISL"], false),
        (2, &[], &["CMD", "ISL"], true),
        (2, &[], &["CMD"], false),
        (3, &["HCK"], &["CMD", "HCK"], false),
        (3, &["HCK"], &["CMD", "HCK", "ISL"], true),
        (2, &["HCK", "ISL"], &["CMD", "HCK"], false),
    ] {
        let mut case = one_by_one(least, anchors);
        for code in accepting {
            accepts(&mut case, code);
        }
        assert_eq!(submits(&mut case), if may { Ok(()) } else { no.clone() }, "{least} {anchors:?} {accepting:?}");
    }
}

#[test]
fn who_has_to_sign_before_it_is_formed() {
    // One by one: how many, which anchors, who signs; whether it is formed.
    for (least, anchors, signing, formed) in [
        (2, &["HCK"][..], &["CMD", "HCK"][..], true),
        (2, &["HCK"], &["CMD", "ISL"], false),
        (2, &["HCK"], &["ISL", "HCK"], true),
        (2, &[], &["CMD", "ISL"], true),
        (2, &[], &["HCK"], false),
        (3, &[], &["CMD", "HCK"], false),
        (3, &[], &["CMD", "HCK", "ISL"], true),
        (2, &["HCK", "ISL"], &["CMD", "HCK"], false),
    ] {
        let mut case = one_by_one(least, anchors);
        for code in BOROUGHS {
            accepts(&mut case, code);
        }
        submits(&mut case).unwrap();
        for code in signing {
            case.sign_for(code);
        }
        let letter = if formed { 'V' } else { 'A' };
        assert_eq!(case.letter(), letter, "{least} {anchors:?} {signing:?}");
        assert_eq!(case.agreement().first_in_force_at().is_some(), formed);
    }
    // Enough of them, and nobody who gives.
    let mut shape = crate::joining::open_to_others().with("/anchor_parties", json!([]));
    shape.parties = json!([row("CMD", "RECIPIENT"), row("ISL", "RECIPIENT"), row("HCK", "PROVIDER")]);
    let mut case = Case::filed(shape);
    for code in BOROUGHS {
        accepts(&mut case, code);
    }
    submits(&mut case).unwrap();
    for (code, letter) in [("CMD", 'A'), ("ISL", 'A'), ("HCK", 'V')] {
        case.sign_for(code);
        assert_eq!(case.letter(), letter, "{code}");
    }
}

#[test]
fn who_is_asked_for_no_signature_is_bound_with_the_others() {
    // Open data of Camden, agreed with Hackney, which takes them and signs nothing.
    let mut shape = Shape::open().with("/formation", json!("ALL"));
    shape.parties.as_array_mut().unwrap().push(json!({
        "organisation": "HCK", "capacity": "RECIPIENT", "legal_role": "N_A", "regime": "NONE", "functions": ["TRANSPORT"],
    }));
    let mut case = Case::filed(shape);
    accepts(&mut case, "CMD");
    submits(&mut case).unwrap();
    assert!(case.agreement().missing_signatures("HCK".parse().unwrap()).is_empty());
    assert_eq!((case.party("HCK"), case.letter()), ('s', 'A'));
    case.sign_for("CMD");
    assert_eq!((case.party("CMD"), case.party("HCK"), case.letter()), ('x', 'x', 'V'));
}

#[test]
fn an_open_question_blocks_whom_the_formation_says() {
    // Who asks whom; whose execution waits, of all and one by one.
    for (by, to, one_by_one_waits) in [("HCK", "CMD", "HCK CMD"), ("ISL", "CMD", "ISL CMD"), ("HCK", "ISL", "HCK ISL")]
    {
        for joint in [true, false] {
            let mut case = if joint { Case::filed(Shape::three()).submitted() } else { one_by_one(3, &["HCK"]) };
            if !joint {
                for code in BOROUGHS {
                    accepts(&mut case, code);
                }
                submits(&mut case).unwrap();
            }
            for code in BOROUGHS {
                prepares(&mut case, code);
            }
            let asked = case.does("ClarificationRequested", question(to), &[officer(by, "IGL")]);
            for code in BOROUGHS {
                let draft = case.event("ExecutionSigned", case.execution(), &[officer(code, "SIG")]);
                let happened = case.clone().world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned());
                let waits = joint || one_by_one_waits.contains(code);
                assert_eq!(happened.as_deref(), waits.then_some("T10"), "{by} asks {to}: {code}, {joint}");
            }
            case.does("ClarificationProvided", answer(&asked), &[officer(to, "IGL")]);
            case.does("ExecutionSigned", case.execution(), &[officer(by, "SIG")]);
        }
    }
}

#[test]
fn a_party_keeps_five_questions_open_and_one_by_one_all_together_fifty() {
    let asks = |case: &mut Case, by: &str, to: &str| {
        let draft = case.event("ClarificationRequested", question(to), &[officer(by, "IGL")]);
        case.world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())
    };
    let mut case = Case::filed(Shape::three());
    for _ in 0..5 {
        asks(&mut case, "HCK", "CMD").unwrap();
    }
    assert_eq!(asks(&mut case, "HCK", "ISL"), Err("G03".to_owned()));
    let other = asks(&mut case, "ISL", "CMD").unwrap();
    case.does("ClarificationProvided", answer(&other), &[officer("CMD", "IGL")]);
    let mut case = one_by_one(2, &[]);
    for (by, to) in [("HCK", "CMD"), ("ISL", "CMD")] {
        for _ in 0..25 {
            asks(&mut case, by, to).unwrap();
        }
    }
    assert_eq!(asks(&mut case, "CMD", "HCK"), Err("G03".to_owned()));
    let first = case.agreement().questions()[0].event.to_string();
    case.does("ClarificationProvided", answer(&first), &[officer("CMD", "IGL")]);
    asks(&mut case, "CMD", "HCK").unwrap();
    assert_eq!(asks(&mut case, "CMD", "CMD"), Err("G04".to_owned()), "nobody asks itself");
}

#[test]
fn an_emergency_does_not_wait_for_advice_and_everything_else_does() {
    let mut shape = Shape::pair().with("/agreement_type", json!("EMG")).with("/term/end_date", json!("2026-12-20"));
    shape.terms["emergency"] = json!({ "declared_by": commitment(), "ground": "LIFE", "incident_ref": commitment() });
    let mut case = Case::filed(shape).submitted();
    for code in ["HCK", "CMD"] {
        case.does("ApprovalGiven", case.approval(), &[officer(code, "SIRO")]);
        case.does("ExecutionSigned", case.execution(), &[officer(code, "SIRO")]);
    }
    assert_eq!(case.letter(), 'V');
    assert_eq!(case.agreement().signatures().iter().filter(|s| s.kind.as_str() == "ADVICE").count(), 0);
    // In time, by both advisers; what a DPO says in force moves nobody back.
    let begun = case.agreement().first_in_force_at().unwrap();
    let mut late = case.clone();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    assert_eq!((case.party("HCK"), case.letter()), ('x', 'V'));
    let due = begun.add_days(5);
    assert_eq!([case.at(due.sub_millis(1)).name().letter(), case.at(due).name().letter()], ['V', 'S']);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("CMD", "DPO")]);
    assert_eq!(case.at(due).name().letter(), 'V');
    // Too late it stops until the last of them has spoken.
    late.world.now = due.millis();
    assert_eq!(late.letter(), 'S');
    late.does("AdviceGiven", late.advice("DPO"), &[officer("CMD", "DPO")]);
    assert_eq!(late.letter(), 'S');
    late.does("AdviceGiven", late.advice("DPO"), &[officer("HCK", "DPO")]);
    assert_eq!((late.letter(), late.party("HCK"), late.agreement().grounds().len()), ('V', 'x', 0));
}

#[test]
fn advice_and_signatures_leave_a_party_where_it_stands() {
    // In each state of a party that may speak: what advice makes of it.
    let mut case = Case::in_force(Shape::three());
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    assert_eq!(case.party("HCK"), 'x');
    case.suspend("HCK", "PARTY");
    case.does("AdviceGiven", case.advice("LGL").clone(), &[officer("HCK", "LGL")]);
    assert_eq!(case.party("HCK"), 'p');
    let mut case = Case::filed(Shape::pair());
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    assert_eq!((case.party("HCK"), case.party("CMD"), case.letter()), ('s', 'i', 'F'));
}

#[test]
fn a_joiner_that_returns_or_declines_begins_anew() {
    let mut case = crate::joining::formed(crate::joining::open_to_others());
    let invites = crate::joining::invitation(&case, "ISL");
    case.does("PartyInvited", invites.clone(), &[officer("CMD", "IGL")]);
    prepares(&mut case, "ISL");
    case.does("ApprovalDeclined", case.decline("RETURN"), &[officer("ISL", "SIG")]);
    assert_eq!(case.party("ISL"), 'i');
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("ISL", "IAO")]), "G19");
    prepares(&mut case, "ISL");
    case.does("ApprovalDeclined", case.decline("FINAL"), &[officer("ISL", "SIG")]);
    case.does("PartyInvited", invites, &[officer("CMD", "IGL")]);
    assert_eq!(case.agreement().missing_signatures("ISL".parse().unwrap()).len(), 3, "what it signed before is void");
    // The others' signatures are none of its business.
    for code in ["CMD", "HCK"] {
        let organisation = code.parse().unwrap();
        assert_eq!(case.agreement().signatures_of(organisation).count(), 3, "{code}");
    }
    case.sign_for("ISL");
    assert_eq!((case.party("ISL"), case.letter()), ('x', 'V'));
    // It leaves, asks again, and its notice is over with it.
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("ISL", "SIG")]);
    assert_eq!(case.party("ISL"), 'o');
    case.does("AccessionRequested", crate::joining::accession(&case, "ISL"), &[officer("ISL", "IGL")]);
    let invites = crate::joining::invitation(&case, "ISL");
    case.does("PartyInvited", invites, &[officer("CMD", "IGL")]);
    case.sign_for("ISL");
    assert_eq!(case.party("ISL"), 'x');
    let islington = case.agreement().party("ISL".parse().unwrap()).unwrap().clone();
    assert!(islington.notice.is_none() && islington.left_at.is_none());
}

#[test]
fn who_invites_asks_to_join_and_leads() {
    let case = crate::joining::formed(crate::joining::open_to_others());
    let tries = |event: &str, data: Value, by: &[(&str, &str)]| {
        let mut case = case.clone();
        let hands: Vec<Person> = by.iter().map(|(code, role)| officer(code, role)).collect();
        let draft = case.event(event, data, &hands);
        case.world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned())
    };
    let (invites, asks) = (crate::joining::invitation(&case, "ISL"), crate::joining::accession(&case, "ISL"));
    for (by, code) in [
        (&[("CMD", "IGL")][..], None),
        (&[("HCK", "IGL")], Some("R01")),
        (&[("ISL", "IGL")], Some("R01")),
        (&[("CMD", "SIG")], Some("R01")),
        (&[("CMD", "IGL"), ("ISL", "IGL")], Some("R01")),
    ] {
        assert_eq!(tries("PartyInvited", invites.clone(), by).as_deref(), code, "{by:?}");
    }
    for (by, code) in [
        (&[("ISL", "IGL")][..], None),
        (&[("CMD", "IGL")], Some("R01")),
        (&[("ISL", "REQ")], Some("R01")),
        (&[("ISL", "IGL"), ("CMD", "IGL")], Some("R01")),
    ] {
        assert_eq!(tries("AccessionRequested", asks.clone(), by).as_deref(), code, "{by:?}");
    }
    // The lead, while Camden leads: its IGL with the new one's; once it is suspended two others' SIG do, too.
    let three = Case::in_force(Shape::three());
    let mut stopped = three.clone();
    stopped.suspend("CMD", "PARTY");
    let mut gone = three.clone();
    gone.does("RevocationNoticed", leaving("UNLAWFUL", &gone.today()), &[officer("CMD", "SIG")]);
    for (by, bound, out) in [
        (&[("HCK", "IGL"), ("CMD", "IGL")][..], None, None),
        (&[("CMD", "IGL"), ("HCK", "IGL")], None, None),
        (&[("HCK", "IGL"), ("CMD", "SIG")], Some("R01"), Some("R01")),
        (&[("HCK", "IGL"), ("ISL", "IGL")], Some("R01"), Some("R01")),
        (&[("HCK", "IGL")], Some("R01"), Some("R01")),
        (&[("CMD", "IGL")], Some("R01"), Some("R01")),
        (&[("HCK", "SIG"), ("CMD", "IGL")], Some("R01"), Some("R01")),
        (&[("HCK", "IGL"), ("ISL", "SIG"), ("HCK", "SIG")], Some("R01"), None),
        (&[("HCK", "IGL"), ("ISL", "SIG"), ("CMD", "SIG")], Some("R01"), Some("R01")),
        (&[("HCK", "IGL"), ("ISL", "SIG")], Some("R01"), Some("R01")),
        (&[("HCK", "IGL"), ("ISL", "SIG"), ("HCK", "SIRO")], Some("R01"), Some("R01")),
        (&[("HCK", "IGL"), ("HCK", "SIG"), ("HCK", "IAO")], Some("R01"), Some("R01")),
    ] {
        for (case, code) in [(&three, bound), (&gone, out)] {
            let mut case = case.clone();
            let hands: Vec<Person> = by.iter().map(|(code, role)| officer(code, role)).collect();
            let draft = case.event("LeadChanged", json!({ "lead": "HCK" }), &hands);
            let happened = case.world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned());
            assert_eq!(happened.as_deref(), code, "{by:?}, Camden is {}", case.party("CMD"));
        }
    }
    // A party that left, a stranger.
    let both = [officer("HCK", "IGL"), officer("CMD", "IGL")];
    let mut pair = Case::in_force(Shape::pair());
    assert_eq!(pair.refused("LeadChanged", json!({ "lead": "ISL" }), &both), "R01");
    let islington = [officer("ISL", "IGL"), officer("CMD", "IGL")];
    assert_eq!(pair.refused("LeadChanged", json!({ "lead": "ISL" }), &islington), "G21");
    let mut left = three.clone();
    left.does("RevocationNoticed", leaving("UNLAWFUL", &left.today()), &[officer("HCK", "SIG")]);
    assert_eq!(left.refused("LeadChanged", json!({ "lead": "HCK" }), &both), "G15");
}

#[test]
fn who_goes_before_it_is_in_force_needs_give_no_notice() {
    let leaves = |case: &mut Case, code: &str| {
        let draft = case.world.draft(
            &format!("org:{code}"),
            "OrganisationLeft",
            json!({ "on": "2026-12-01" }),
            &[officer(code, "CEX")],
        );
        case.world.record(&draft).map(|_| ()).map_err(|stopped| stopped.stop.code().to_owned())
    };
    let no = Err("O07".to_owned());
    // Hackney is the only one that gives.
    for (letter, expected) in [
        ('F', Ok(())),
        ('A', Ok(())),
        ('P', Ok(())),
        ('V', no.clone()),
        ('S', no.clone()),
        ('E', Ok(())),
        ('X', Ok(())),
    ] {
        let mut case = Case::in_stage(letter, Shape::pair());
        assert_eq!(leaves(&mut case, "HCK"), expected, "{letter}");
    }
    // Two who give the same data; an anchor that gives nothing.
    let mut case = one_by_one(2, &["CMD"]);
    for code in BOROUGHS {
        accepts(&mut case, code);
    }
    submits(&mut case).unwrap();
    for code in BOROUGHS {
        case.sign_for(code);
    }
    assert_eq!(leaves(&mut case.clone(), "HCK"), Ok(()), "Islington gives them as well");
    assert_eq!(leaves(&mut case.clone(), "CMD"), no, "an anchor");
    case.suspend("ISL", "PARTY");
    assert_eq!(leaves(&mut case.clone(), "HCK"), Ok(()), "who stopped is bound");
    case.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer("CMD", "SIG")]);
    assert_eq!(leaves(&mut case, "CMD"), Ok(()), "it gave notice");
}

#[test]
fn to_withhold_names_an_exemption_and_a_day_within_two_years() {
    let mut case = Case::in_force(Shape::pair());
    assert_eq!(case.today(), "2026-12-01");
    let months = i64::from(case.world.replay.state.windows().withhold_months_max);
    let latest = counterpart_core::london::date_of(at(case.world.now)).add_months(months);
    let siro = [officer("CMD", "SIRO")];
    let withhold = |exemption: Option<&str>, day: Option<String>| {
        let mut data = json!({ "decision": "WITHHOLD", "withheld": [] });
        if let Some(code) = exemption {
            data["exemption"] = json!(code);
        }
        if let Some(day) = day {
            data["look_again"] = json!(day);
        }
        data
    };
    let (last, later) = (Some(latest.to_string()), Some(latest.add_days(1).to_string()));
    for (data, broken) in [
        (withhold(Some("FOIA-S31"), last.clone()), false),
        (withhold(Some("FOIA-S31"), later), true),
        (withhold(Some("FOIA-S31"), None), true),
        (withhold(None, last.clone()), true),
        (withhold(Some("FOIA-S99"), last), true),
    ] {
        let draft = case.event("PublicationDecided", data.clone(), &siro);
        let happened = case.clone().world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned());
        assert_eq!(happened.as_deref(), broken.then_some("V-105"), "{data}");
    }
    // To publish asks for none, and one that is named is a real one.
    let publish = |exemption: Option<&str>| {
        let mut data = json!({ "decision": "PUBLISH", "withheld": [] });
        if let Some(code) = exemption {
            data["exemption"] = json!(code);
        }
        data
    };
    let igl = [officer("CMD", "IGL")];
    assert_eq!(case.refused("PublicationDecided", publish(Some("FOIA-S99")), &igl), "V-105");
    assert_eq!(case.refused("PublicationDecided", publish(None), &siro), "R01");
    case.does("PublicationDecided", publish(None), &igl);
    case.does("PublicationDecided", publish(Some("FOIA-S31")), &igl);
}

#[test]
fn who_takes_back_a_notice_and_what_it_waits_for() {
    let noticed = |shape: Shape| {
        let mut case = Case::in_force(shape);
        let notice = case.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer("HCK", "SIG")]);
        (case, notice)
    };
    for (shape, by, code) in [
        (Shape::pair(), &[("HCK", "SIG"), ("CMD", "SIG")][..], None),
        (Shape::pair(), &[("HCK", "SIRO"), ("CMD", "SIG")], None),
        (Shape::pair(), &[("HCK", "SIG")], Some("G24")),
        (Shape::pair(), &[("HCK", "SIG"), ("CMD", "SIRO")], Some("R01")),
        (Shape::pair(), &[("HCK", "SIG"), ("ISL", "SIG")], Some("R01")),
        (Shape::pair(), &[("HCK", "SIG"), ("HCK", "SIRO")], Some("R01")),
        (Shape::pair(), &[("HCK", "IGL"), ("CMD", "SIG")], Some("R01")),
        (Shape::pair(), &[("CMD", "SIG"), ("HCK", "SIG")], Some("G11")),
        (Shape::three(), &[("HCK", "SIG")], None),
        (Shape::three(), &[("HCK", "SIRO")], None),
        (Shape::three(), &[("HCK", "SIG"), ("CMD", "SIG")], Some("R01")),
        (Shape::three(), &[("CMD", "SIG")], Some("G11")),
    ] {
        let (mut case, notice) = noticed(shape);
        let hands: Vec<Person> = by.iter().map(|(code, role)| officer(code, role)).collect();
        let draft = case.event("RevocationRescinded", json!({ "target": notice }), &hands);
        let happened = case.world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned());
        assert_eq!(happened.as_deref(), code, "{by:?}");
        if code.is_none() {
            case.world.now = instant("2027-06-02T12:00:00.000Z");
            assert_eq!((case.party("HCK"), case.letter()), ('x', 'V'));
        }
    }
    // Its own newest notice alone.
    let (mut case, _) = noticed(Shape::three());
    let other = case.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer("ISL", "SIG")]);
    assert_eq!(case.refused("RevocationRescinded", json!({ "target": other }), &[officer("HCK", "SIG")]), "G24");
}

#[test]
fn the_day_of_consent_is_one_and_the_last_to_consent_ends_it() {
    let on = |day: &str| json!({ "takes_effect_on": day });
    let mut case = Case::in_force(Shape::three());
    case.does("TerminationConsented", on("2027-02-01"), &[officer("HCK", "SIG")]);
    assert_eq!(case.refused("TerminationConsented", on("2027-02-02"), &[officer("CMD", "SIG")]), "G38");
    case.does("TerminationConsented", on("2027-02-01"), &[officer("CMD", "SIG")]);
    let day = instant("2027-02-01T00:00:00.000Z");
    assert_eq!(case.at(at(day)).name().letter(), 'V', "Islington has not");
    // Who stopped is asked as well; who gave notice is not.
    let mut stopped = case.clone();
    stopped.suspend("ISL", "PARTY");
    assert_eq!(stopped.at(at(day)).name().letter(), 'V');
    let mut leaves = case.clone();
    leaves.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer("ISL", "SIG")]);
    for case in [&mut case, &mut stopped] {
        case.does("TerminationConsented", on("2027-02-01"), &[officer("ISL", "SIG")]);
    }
    for case in [&case, &stopped, &leaves] {
        assert_eq!([case.at(at(day - 1)).name().letter(), case.at(at(day)).name().letter()], ['V', 'X']);
    }
    assert_eq!(leaves.refused("TerminationConsented", on("2027-02-01"), &[officer("ISL", "SIG")]), "G14");
}

#[test]
fn who_withdraws_an_agreed_request_is_the_signatory_of_who_asked_between_two() {
    for (shape, who, role, code) in [
        (Shape::pair(), "CMD", "SIG", None),
        (Shape::pair(), "CMD", "IGL", Some("T17")),
        (Shape::pair(), "CMD", "REQ", Some("T17")),
        (Shape::pair(), "HCK", "SIG", Some("R01")),
        (Shape::three(), "CMD", "SIG", Some("T17")),
    ] {
        let mut case = Case::filed(shape.with("/term/effective_date", json!("2026-12-20"))).signed();
        assert_eq!(case.letter(), 'P');
        let draft = case.event("RequestWithdrawn", json!({}), &[officer(who, role)]);
        let happened = case.world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned());
        assert_eq!(happened.as_deref(), code, "{role} of {who}");
    }
    // Before that: IGL or SIG of who asked, or who filed it, and nobody else of that body.
    for (who, role, code) in [
        ("CMD", "IGL", None),
        ("CMD", "SIG", None),
        ("CMD", "REQ", None),
        ("CMD", "SIRO", Some("R01")),
        ("HCK", "IGL", Some("R01")),
        ("HCK", "SIG", Some("R01")),
    ] {
        for letter in ['F', 'C', 'G', 'A'] {
            let mut case = Case::in_stage(letter, Shape::pair());
            let draft = case.event("RequestWithdrawn", json!({}), &[officer(who, role)]);
            let happened = case.world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned());
            assert_eq!(happened.as_deref(), code, "{role} of {who} in {letter}");
        }
    }
}

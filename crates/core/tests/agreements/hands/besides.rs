//! Who signs beside the first hand: which second hand counts, and that no other does (domain.md 2.4, amendments.md).

use serde_json::{Value, json};

use crate::sharing::certificate;
use crate::town::*;
use crate::world::{Person, commitment, person};

/// Hands, the first one first, each a body and an office; and the code, or a dash.
type Row<'a> = (&'a [(&'a str, &'a str)], &'a str);

/// An officer of a borough, another one in the same office, or an officer of Newham.
fn who((code, role): (&str, &str)) -> Person {
    if let Some(role) = role.strip_prefix("SECOND ") {
        return newcomer(code, role, 246);
    }
    if code == "NWM" {
        crate::succession::newham().into_iter().find(|officer| officer.role == role).unwrap()
    } else {
        officer(code, role)
    }
}

fn all(case: &Case, event: &str, data: &Value, rows: &[Row<'_>]) {
    for (hands, code) in rows {
        let by: Vec<Person> = hands.iter().copied().map(who).collect();
        assert_eq!(case.tries(event, data, &by), *code, "{event} by {hands:?}");
    }
}

/// Somebody else in an office of a borough.
fn appoints(case: &mut Case, code: &str, role: &str) {
    let whom = who((code, role));
    case.world.appoint(&officer(code, "CEX"), &whom).unwrap();
    case.world.give_key(&whom, &[officer(code, "ADM"), officer(code, "CEX")]).unwrap();
}

/// The post of a borough's risk owner falls vacant.
fn loses_its_risk_owner(case: &mut Case, code: &str) {
    let body = case.world.replay.state.organisations[&code.parse().unwrap()].clone();
    let siro = body.appointments.iter().find(|a| a.role.as_str() == "SIRO").unwrap().event.to_string();
    let data = json!({ "appointment": siro });
    let draft = case.world.draft(&format!("org:{code}"), "RoleHolderRevoked", data, &[officer(code, "CEX")]);
    case.world.record(&draft).unwrap();
}

#[test]
fn a_certificate_is_countersigned_by_the_security_lead_of_the_same_body() {
    let case = Case::in_stage('E', Shape::pair());
    let mut data = certificate(&["DS-1"], "DESTROYED");
    all(
        &case,
        "DestructionCertified",
        &data,
        &[
            (&[("CMD", "IAO"), ("CMD", "SEC")], "-"),
            (&[("CMD", "IAO"), ("HCK", "SEC")], "R01"),
            (&[("CMD", "IAO"), ("ISL", "SEC")], "R01"),
            (&[("CMD", "IAO"), ("CMD", "SIRO")], "R01"),
            (&[("CMD", "IAO"), ("CMD", "SEC"), ("HCK", "SEC")], "R01"),
            (&[("CMD", "SEC"), ("CMD", "IAO")], "R01"),
            (&[("CMD", "IAO")], "R01"),
        ],
    );
    data["certificate"] = commitment();
    all(
        &case,
        "DestructionCertified",
        &data,
        &[
            (&[("CMD", "IAO")], "-"),
            (&[("CMD", "IAO"), ("CMD", "SEC")], "-"),
            (&[("CMD", "IAO"), ("HCK", "SEC")], "R01"),
            (&[("CMD", "IAO"), ("CMD", "LGL")], "R01"),
        ],
    );
}

#[test]
fn a_notice_between_two_is_taken_back_with_the_signatory_of_the_other() {
    for (shape, rows) in [
        (
            Shape::pair(),
            [
                (&[("HCK", "SIG"), ("CMD", "SIG")][..], "-"),
                (&[("HCK", "SIRO"), ("CMD", "SIG")], "-"),
                (&[("HCK", "SIRO"), ("HCK", "SIG")], "R01"),
                (&[("HCK", "SIG"), ("CMD", "SIRO")], "R01"),
                (&[("HCK", "SIG"), ("ISL", "SIG")], "R01"),
                (&[("HCK", "SIG")], "G24"),
            ],
        ),
        (
            Shape::three(),
            [
                (&[("HCK", "SIG")][..], "-"),
                (&[("HCK", "SIRO")], "-"),
                (&[("HCK", "IGL")], "R01"),
                (&[("HCK", "SIG"), ("CMD", "SIG")], "R01"),
                (&[("HCK", "SIG"), ("HCK", "SIRO")], "R01"),
                (&[("CMD", "SIG")], "G11"),
            ],
        ),
    ] {
        let mut case = Case::in_force(shape);
        let notice = case.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer("HCK", "SIG")]);
        all(&case, "RevocationRescinded", &json!({ "target": notice }), &rows);
    }
}

#[test]
fn what_a_party_that_is_gone_left_suspended_is_lifted_by_the_lead_with_one_of_the_others() {
    // Islington stopped the whole and left; the other two go on.
    let mut case = Case::in_force(Shape::three());
    let two = [officer("ISL", "SIRO"), officer("HCK", "SIRO")];
    let ground = case.does("AgreementSuspended", suspension("SECURITY", "WHOLE"), &two);
    let rows: [Row<'_>; 4] = [
        (&[("ISL", "SIRO")], "-"),
        (&[("ISL", "SIRO"), ("CMD", "SIRO")], "R01"),
        (&[("CMD", "SIRO"), ("HCK", "SIRO")], "R01"),
        (&[("HCK", "SIRO")], "R01"),
    ];
    all(&case, "AgreementResumed", &resumption(&ground), &rows);
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("ISL", "SIG")]);
    assert_eq!((case.letter(), case.party("ISL")), ('S', 'o'));
    appoints(&mut case, "CMD", "SECOND SIRO");
    let rows: [Row<'_>; 10] = [
        (&[("CMD", "SIRO"), ("HCK", "SIRO")], "-"),
        (&[("HCK", "SIRO"), ("CMD", "SIRO")], "R01"),
        (&[("CMD", "SIRO"), ("ISL", "SIRO")], "R01"),
        (&[("CMD", "SIRO"), ("HCK", "SIG")], "R01"),
        (&[("CMD", "SIRO"), ("CMD", "CEX")], "R01"),
        (&[("CMD", "SIRO"), ("CMD", "SECOND SIRO")], "R01"),
        (&[("CMD", "SIRO"), ("HCK", "SIRO"), ("ISL", "SIRO")], "R01"),
        (&[("CMD", "SIRO"), ("HCK", "SIRO"), ("CMD", "SECOND SIRO")], "R01"),
        (&[("CMD", "SIRO")], "R01"),
        (&[("CMD", "SIG"), ("HCK", "SIRO")], "R01"),
    ];
    all(&case, "AgreementResumed", &resumption(&ground), &rows);
    // Between two nobody else is left, and a body that is no party is not one of the others.
    let mut case = Case::in_force(Shape::pair());
    let ground = case.suspend("HCK", "WHOLE");
    loses_its_risk_owner(&mut case, "HCK");
    case.world.now += 15 * DAY;
    let rows: [Row<'_>; 3] = [
        (&[("CMD", "SIRO"), ("ISL", "SIRO")], "R01"),
        (&[("CMD", "SIRO"), ("HCK", "CEX")], "R01"),
        (&[("CMD", "SIRO")], "R01"),
    ];
    all(&case, "AgreementResumed", &resumption(&ground), &rows);
}

#[test]
fn the_terms_are_opened_by_one_officer_of_each_party() {
    let case = Case::in_force(Shape::pair());
    let grant = |pointers: &[&str]| json!({ "pointers": pointers, "reader": "ISL", "until": "2026-12-20" });
    let rows: [Row<'_>; 9] = [
        (&[("CMD", "SIG"), ("HCK", "IGL")], "-"),
        (&[("HCK", "SIG"), ("CMD", "SIG")], "-"),
        (&[("CMD", "SIG")], "R01"),
        (&[("CMD", "SIG"), ("CMD", "IGL")], "R01"),
        (&[("CMD", "SIG"), ("CMD", "IGL"), ("HCK", "SIG")], "R01"),
        (&[("CMD", "SIG"), ("HCK", "SIG"), ("HCK", "IGL")], "R01"),
        (&[("CMD", "SIG"), ("HCK", "SIG"), ("HCK", "DPO")], "R01"),
        (&[("CMD", "SIRO"), ("HCK", "SIG")], "R01"),
        (&[("CMD", "SIG"), ("HCK", "SIG"), ("ISL", "SIG")], "R01"),
    ];
    all(&case, "AccessGranted", &grant(&["/terms"]), &rows);
    all(&case, "AccessGranted", &grant(&["/words", "/terms/purpose"]), &rows);
    let own: [Row<'_>; 3] =
        [(&[("CMD", "SIG")], "-"), (&[("CMD", "IGL")], "-"), (&[("CMD", "SIG"), ("HCK", "SIG")], "R01")];
    all(&case, "AccessGranted", &grant(&["/words"]), &own);
}

#[test]
fn a_grant_is_ended_by_its_own_name_while_it_lasts() {
    let mut case = Case::in_force(Shape::pair());
    let grant = |until: &str| json!({ "pointers": ["/words"], "reader": "ISL", "until": until });
    let short = case.does("AccessGranted", grant("2026-12-02"), &[officer("CMD", "SIG")]);
    let long = case.does("AccessGranted", grant("2026-12-20"), &[officer("CMD", "IGL")]);
    let by: &[(&str, &str)] = &[("CMD", "IGL")];
    let ends = |case: &Case, id: &str, code: &str| all(case, "AccessEnded", &json!({ "grant": id }), &[(by, code)]);
    ends(&case, &case.filed, "G28");
    ends(&case, &short, "-");
    ends(&case, &long, "-");
    // It is over at the midnight after its last day.
    case.world.now = instant("2026-12-02T23:59:59.999Z");
    ends(&case, &short, "-");
    case.world.now += 1;
    ends(&case, &short, "G28");
    ends(&case, &long, "-");
    all(&case, "AccessEnded", &json!({ "grant": long }), &[(&[("HCK", "SIG")], "R01"), (&[("CMD", "SIRO")], "R01")]);
}

/// An import by Camden of four, whom nobody has confirmed.
fn of_four() -> Case {
    let mut shape = Shape::three();
    shape.terms["lawful_basis"]["NWM"] = json!(["E"]);
    shape.terms["gateways"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "code": "CA89-47", "holder": "NWM", "use": ["RECEIVE"] }));
    shape.terms["art9_condition"]["NWM"] = json!(["C"]);
    shape.terms["part3"]["NWM"] = shape.terms["part3"]["CMD"].clone();
    shape.parties.as_array_mut().unwrap().push(row("NWM", "RECIPIENT"));
    let mut world = town();
    crate::succession::found(&mut world);
    let mut case = Case::none_in(world, shape);
    let data = crate::importing::import(&case, &[]);
    case.does("AgreementImported", data, &[officer("CMD", "IGL")]);
    case
}

#[test]
fn where_the_old_lead_is_not_bound_two_others_stand_for_it() {
    let mut case = of_four();
    appoints(&mut case, "ISL", "SECOND SIG");
    // Two others are left besides the old lead and the new one: these, and nobody of those two.
    let rows: [Row<'_>; 9] = [
        (&[("HCK", "IGL"), ("CMD", "IGL")], "-"),
        (&[("HCK", "IGL"), ("ISL", "SIG"), ("NWM", "SIG")], "-"),
        (&[("HCK", "IGL"), ("ISL", "SIG"), ("HCK", "SIG")], "R01"),
        (&[("HCK", "IGL"), ("HCK", "SIG"), ("NWM", "SIG")], "R01"),
        (&[("HCK", "IGL"), ("ISL", "SIG"), ("CMD", "SIG")], "R01"),
        (&[("HCK", "IGL"), ("ISL", "SIG"), ("NWM", "SIRO")], "R01"),
        (&[("HCK", "IGL"), ("ISL", "SIG"), ("ISL", "SECOND SIG")], "R01"),
        (&[("HCK", "IGL"), ("ISL", "SIG")], "R01"),
        (&[("ISL", "SIG"), ("NWM", "SIG")], "R01"),
    ];
    all(&case, "LeadChanged", &json!({ "lead": "HCK" }), &rows);
    // Where one other is left, the new lead's own signatory is the second.
    let mut case = Case::none(Shape::three());
    let data = crate::importing::import(&case, &[]);
    case.does("AgreementImported", data, &[officer("CMD", "IGL")]);
    let rows: [Row<'_>; 4] = [
        (&[("HCK", "IGL"), ("ISL", "SIG"), ("HCK", "SIG")], "-"),
        (&[("HCK", "IGL"), ("ISL", "SIG"), ("CMD", "SIG")], "R01"),
        (&[("HCK", "IGL"), ("HCK", "SIG")], "R01"),
        (&[("HCK", "IGL"), ("ISL", "SIG"), ("HCK", "SIG"), ("CMD", "SIG")], "R01"),
    ];
    all(&case, "LeadChanged", &json!({ "lead": "HCK" }), &rows);
    // A bound lead hands over itself.
    let case = Case::in_force(Shape::three());
    let rows: [Row<'_>; 3] = [
        (&[("HCK", "IGL"), ("CMD", "IGL")], "-"),
        (&[("HCK", "IGL"), ("ISL", "SIG"), ("HCK", "SIG")], "R01"),
        (&[("HCK", "IGL"), ("CMD", "SIG")], "R01"),
    ];
    all(&case, "LeadChanged", &json!({ "lead": "HCK" }), &rows);
}

#[test]
fn a_succession_is_confirmed_by_the_risk_owner_of_the_successor() {
    let mut case = Case::in_stage('P', Shape::pair());
    crate::succession::found(&mut case.world);
    let today = case.today();
    let data = crate::succession::succession("REPLACE", &["HCK"], &["NWM"], &today);
    crate::succession::succeeds(&mut case, data, &crate::succession::hands(&["HCK"], &["NWM"])).unwrap();
    assert_eq!(case.letter(), 'P');
    // Before it is in force nobody's advice is waited for.
    let data = json!({ "outcome": "NO_CHANGES", "predecessor": "HCK" });
    let rows: [Row<'_>; 7] = [
        (&[("NWM", "SIRO")], "-"),
        (&[("NWM", "CEX")], "R01"),
        (&[("NWM", "ADM")], "R01"),
        (&[("NWM", "DPO")], "R01"),
        (&[("NWM", "SIG")], "R01"),
        (&[("NWM", "SIRO"), ("NWM", "CEX")], "R01"),
        (&[("CMD", "SIRO")], "G35"),
    ];
    all(&case, "SuccessionConfirmed", &data, &rows);
    // In force the DPO has advised since: nobody else's advice is meant.
    case.world.now = instant("2026-12-20T10:00:00.000Z");
    assert_eq!(case.letter(), 'V');
    let legal = person("NWM", "LGL", 218);
    case.world.appoint(&who(("NWM", "ADM")), &legal).unwrap();
    case.world.give_key(&legal, &[who(("NWM", "ADM")), who(("NWM", "CEX"))]).unwrap();
    case.does("AdviceGiven", case.advice("LGL"), &[legal]);
    all(&case, "SuccessionConfirmed", &data, &[(&[("NWM", "SIRO")], "G19")]);
    case.does("AdviceGiven", case.advice("DPO"), &[who(("NWM", "DPO"))]);
    all(&case, "SuccessionConfirmed", &data, &rows);
}

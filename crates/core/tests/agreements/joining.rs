//! A21, A22, A41, A42 and formation ACCESSION; amendments that bring a party in or leave one behind.

use counterpart_core::header::Header;
use serde_json::{Value, json};

use crate::town::*;
use crate::world::{at, commitment};

/// Camden leads and Hackney gives; Islington may join. Two are enough.
pub fn open_to_others() -> Shape {
    let mut shape = Shape::pair()
        .with("/formation", json!("ACCESSION"))
        .with("/min_parties", json!(2))
        .with("/anchor_parties", json!(["HCK"]))
        .with("/eligible_joiners", json!(["LONDON_BOROUGH"]))
        .with("/non_adopter_rule", json!("LEAVE"))
        .with("/amendment_quorum", json!("TWO_THIRDS"))
        .with("/continuation", json!({ "min_parties": 2 }))
        .with("/datasets", json!([dataset("*", &[])]))
        .with("/datasets/0/recipients", json!("*"));
    shape.terms["lawful_basis"]["ISL"] = json!(["E"]);
    shape.parties = json!([row("CMD", "RECIPIENT"), row("HCK", "BOTH")]);
    shape
}

/// The row with which a borough would stand in the header.
pub fn header_row(case: &Case, code: &str) -> Value {
    let mut shape = case.shape.clone();
    shape.parties.as_array_mut().unwrap().push(row(code, "RECIPIENT"));
    let header: Header = shape.header(&case.world.replay.state);
    serde_json::to_value(header.parties.last().unwrap()).unwrap()
}

pub fn invitation(case: &Case, code: &str) -> Value {
    json!({ "contacts": commitment(), "row": header_row(case, code) })
}

pub fn accession(case: &Case, code: &str) -> Value {
    json!({ "row": header_row(case, code), "words": commitment() })
}

/// Both have accepted the request, as G09 asks where bodies join.
pub fn submitted(shape: Shape) -> Case {
    let mut case = Case::filed(shape);
    for code in ["CMD", "HCK"] {
        case.does("RequestTriaged", accepted(), &[officer(code, "IGL")]);
    }
    let data = case.submission();
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    case
}

pub fn formed(shape: Shape) -> Case {
    let mut case = submitted(shape);
    case.sign_for("HCK");
    assert_eq!(case.letter(), 'A');
    case.sign_for("CMD");
    case
}

#[test]
fn enough_parties_with_the_anchor_form_an_accession_and_others_join_the_version_in_force() {
    let mut case = Case::filed(open_to_others());
    case.does("RequestTriaged", accepted(), &[officer("CMD", "IGL")]);
    let data = case.submission();
    let told = case.told("TermsSubmitted", data.clone(), &[officer("CMD", "IGL")]);
    assert_eq!(told, "HCK has not yet accepted the request for assessment.");
    case.does("RequestTriaged", accepted(), &[officer("HCK", "IGL")]);
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    let asks = accession(&case, "ISL");
    assert_eq!(case.refused("AccessionRequested", asks.clone(), &[officer("HCK", "IGL")]), "R01");
    assert_eq!(case.refused("AccessionRequested", asks.clone(), &[officer("ISL", "SIG")]), "R01");
    case.does("AccessionRequested", asks.clone(), &[officer("ISL", "IGL")]);
    assert_eq!((case.party("ISL"), case.letter()), ('q', 'A'));
    assert_eq!(case.refused("AccessionRequested", asks, &[officer("ISL", "IGL")]), "G22");
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("ISL", "IAO")]), "G22");
    case.sign_for("HCK");
    case.sign_for("CMD");
    assert_eq!(case.letter(), 'V', "the two that are needed, one of them the anchor");
    let next: Vec<String> = case
        .agreement()
        .who_must_act_next()
        .iter()
        .map(|n| format!("{} {} {}", n.organisation, n.role, n.task))
        .collect();
    assert_eq!(next, ["CMD IGL INVITE"]);
    let invites = invitation(&case, "ISL");
    assert_eq!(case.refused("PartyInvited", invites.clone(), &[officer("HCK", "IGL")]), "R01");
    case.does("PartyInvited", invites.clone(), &[officer("CMD", "IGL")]);
    assert_eq!(case.refused("PartyInvited", invites, &[officer("CMD", "IGL")]), "G10");
    case.does("AdviceGiven", case.advice("DPO"), &[officer("ISL", "DPO")]);
    assert_eq!(case.party("ISL"), 's');
    assert_eq!(case.refused("ExecutionSigned", case.execution(), &[officer("ISL", "SIG")]), "G18");
    case.sign_for("ISL");
    assert_eq!((case.party("ISL"), case.letter()), ('x', 'V'));
    case.does("DisclosureLogged", crate::sharing::disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    assert_eq!(case.agreement().duties().len(), 2, "the joiner receives as well");
}

#[test]
fn who_may_join_is_said_in_the_terms_and_its_row_is_what_follows_from_them() {
    let mut case = formed(open_to_others().with("/eligible_joiners", json!(["NHS_TRUST"])));
    let told = case.told("PartyInvited", invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
    assert_eq!(told, "ISL (LONDON_BOROUGH) is not among the kinds of organisation this agreement is open to.");
    assert_eq!(case.refused("AccessionRequested", accession(&case, "ISL"), &[officer("ISL", "IGL")]), "G36");
    let mut case = formed(open_to_others());
    let mut light = invitation(&case, "ISL");
    light["row"]["required_roles"] = json!([]);
    assert_eq!(case.refused("PartyInvited", light, &[officer("CMD", "IGL")]), "E08");
    let mut stranger = invitation(&case, "ISL");
    stranger["row"]["organisation"] = json!("BRK");
    assert_eq!(case.refused("PartyInvited", stranger, &[officer("CMD", "IGL")]), "O01");
    assert_eq!(case.refused("PartyInvited", invitation(&case, "HCK"), &[officer("CMD", "IGL")]), "G11");
}

#[test]
fn the_parties_of_other_formations_are_fixed_once_signing_begins() {
    let mut case = Case::filed(Shape::pair());
    case.does("PartyInvited", invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
    assert_eq!(case.party("ISL"), 'i');
    for (letter, invited, asked) in [('A', "T09", "G21"), ('P', "G21", "G21"), ('V', "G21", "G21"), ('F', "G10", "T03")]
    {
        let mut other = if letter == 'F' { case.clone() } else { Case::in_stage(letter, Shape::pair()) };
        assert_eq!(other.refused("PartyInvited", invitation(&other, "ISL"), &[officer("CMD", "IGL")]), invited);
        assert_eq!(other.refused("AccessionRequested", accession(&other, "ISL"), &[officer("ISL", "IGL")]), asked);
    }
}

#[test]
fn a_body_that_will_not_join_leaves_the_others_alone_and_may_come_back() {
    let mut case = formed(open_to_others());
    case.does("PartyInvited", invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("ISL", "DPO")]);
    case.does("ApprovalDeclined", case.decline("RETURN"), &[officer("ISL", "SIG")]);
    assert_eq!((case.letter(), case.party("ISL")), ('V', 'i'));
    case.does("ApprovalDeclined", case.decline("FINAL"), &[officer("ISL", "SIG")]);
    assert_eq!((case.letter(), case.party("ISL")), ('V', 'd'));
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("ISL", "IAO")]), "T05");
    case.does("AccessionRequested", accession(&case, "ISL"), &[officer("ISL", "IGL")]);
    case.does("PartyInvited", invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
    let ground = case.suspend("CMD", "WHOLE");
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("ISL", "IAO")]), "T08");
    case.does("AgreementResumed", resumption(&ground), &[officer("CMD", "SIRO")]);
    case.sign_for("ISL");
    assert_eq!(case.party("ISL"), 'x');
    // A party of a formation by all says no for everybody; here signing goes on.
    let mut signing = submitted(open_to_others());
    signing.does("PartyInvited", invitation(&signing, "ISL"), &[officer("CMD", "IGL")]);
    signing.does("ApprovalDeclined", signing.decline("FINAL"), &[officer("ISL", "SIG")]);
    assert_eq!((signing.letter(), signing.party("ISL")), ('A', 'd'));
    signing.does("ApprovalDeclined", signing.decline("RETURN"), &[officer("HCK", "SIG")]);
    assert_eq!(signing.letter(), 'F');
}

pub fn amended(case: &mut Case, pointer: &str, value: Value) {
    let mut shape = case.shape.clone().with(pointer, value);
    if shape.parties.as_array().unwrap().len() == 2 {
        shape.parties.as_array_mut().unwrap().push(row("ISL", "RECIPIENT"));
    }
    let (mut data, hash) = case.draft_of(&shape, 2, &[pointer]);
    data["class"] = json!("M3");
    data["renewal"] = json!(false);
    data["words"] = commitment();
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    let mut submission = case.submission();
    submission["version"] = json!(2);
    submission["version_hash"] = json!(hash);
    case.does("TermsSubmitted", submission, &[officer("CMD", "IGL")]);
    case.hash = hash;
}

#[test]
fn two_thirds_adopt_an_amendment_and_the_third_party_is_left_behind() {
    let mut case = formed(open_to_others());
    case.does("PartyInvited", invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
    case.sign_for("ISL");
    case.does("DisclosureLogged", crate::sharing::disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    amended(&mut case, "/notice_days", json!(10));
    let next: Vec<String> = case
        .agreement()
        .who_must_act_next()
        .iter()
        .map(|n| format!("{} {} {}", n.organisation, n.role, n.task))
        .collect();
    assert_eq!(next, ["CMD DPO ADVISE", "HCK DPO ADVISE", "ISL DPO ADVISE"]);
    let hash = case.hash.clone();
    case.does("ApprovalDeclined", case.decline("FINAL"), &[officer("ISL", "SIG")]);
    assert_eq!(case.party("ISL"), 'x', "until the amendment takes effect");
    case.sign_for("HCK");
    case.sign_for("CMD");
    assert_eq!((case.party("ISL"), case.agreement().current().number), ('n', 2));
    assert_eq!(case.refused("AgreementSuspended", suspension("SECURITY", "PARTY"), &[officer("ISL", "SIRO")]), "G16");
    let certificate = crate::sharing::certificate(&["DS-1"], "DESTROYED");
    case.does("DestructionCertified", certificate, &crate::sharing::both("ISL"));
    case.does("PartyInvited", invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
    assert_eq!((case.party("ISL"), case.hash == hash), ('i', true));
}

#[test]
fn a_joiner_signs_the_version_in_force_while_an_amendment_is_signed() {
    let mut case = formed(open_to_others());
    let now = case.hash.clone();
    case.does("PartyInvited", invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
    amended(&mut case, "/notice_days", json!(10));
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("ISL", "IAO")]), "G08");
    let newer = std::mem::replace(&mut case.hash, now);
    case.sign_for("ISL");
    assert_eq!(case.party("ISL"), 'x');
    case.hash = newer;
    for code in ["CMD", "HCK"] {
        case.sign_for(code);
    }
    assert_eq!(case.party("ISL"), 'n', "it adopted the earlier version alone");
}

#[test]
fn an_amendment_brings_a_party_in_when_it_has_signed_and_not_before() {
    let mut case = Case::in_force(Shape::pair());
    let mut shape = case.shape.clone();
    shape.terms["lawful_basis"]["ISL"] = json!(["E"]);
    shape.parties.as_array_mut().unwrap().push(row("ISL", "RECIPIENT"));
    shape.terms["continuation"] = json!({ "min_parties": 2 });
    let (mut data, hash) = case.draft_of(&shape, 2, &["/term/end_date"]);
    data["class"] = json!("M2");
    data["renewal"] = json!(false);
    data["words"] = commitment();
    let told = case.told("AmendmentProposed", data.clone(), &[officer("HCK", "IGL")]);
    assert!(told.starts_with("This change is M3"), "another party is material: {told}");
    data["class"] = json!("M3");
    let mut without = data.clone();
    without["header"]["parties"].as_array_mut().unwrap().remove(1);
    without["header"]["parties"][1]["capacity"] = json!("PROVIDER");
    without["header"]["datasets"][0]["provider"] = json!(2);
    without["header"]["datasets"][0]["recipients"] = json!([1]);
    assert_eq!(case.refused("AmendmentProposed", without, &[officer("HCK", "IGL")]), "E08", "Hackney is bound");
    case.does("AmendmentProposed", data.clone(), &[officer("HCK", "IGL")]);
    assert_eq!(case.party("ISL"), 'i');
    assert!(case.agreement().is_bilateral(), "it is no party yet");
    let mut dropped = case.clone();
    dropped.does("AmendmentAbandoned", json!({}), &[officer("HCK", "IGL")]);
    assert!(dropped.agreement().party("ISL".parse().unwrap()).is_none());
    let mut submission = case.submission();
    submission["version"] = json!(2);
    submission["version_hash"] = json!(hash);
    case.does("TermsSubmitted", submission, &[officer("CMD", "IGL")]);
    case.hash = hash;
    case.sign_for("CMD");
    case.sign_for("HCK");
    assert_eq!((case.agreement().current().number, case.party("ISL")), (1, 's'));
    case.sign_for("ISL");
    assert_eq!((case.agreement().current().number, case.party("ISL")), (2, 'x'));
    assert!(!case.agreement().is_bilateral());
}

#[test]
fn the_lead_passes_on_with_both_and_without_the_old_one_when_it_is_gone() {
    let mut case = Case::in_force(Shape::three());
    let to = |code: &str| json!({ "lead": code });
    assert_eq!(case.refused("LeadChanged", to("HCK"), &[officer("HCK", "IGL")]), "R01");
    assert_eq!(case.refused("LeadChanged", to("HCK"), &[officer("HCK", "IGL"), officer("CMD", "SIG")]), "R01");
    let two = [officer("HCK", "IGL"), officer("HCK", "SIG"), officer("ISL", "SIG")];
    assert_eq!(case.refused("LeadChanged", to("HCK"), &two), "R01");
    case.does("LeadChanged", to("HCK"), &[officer("HCK", "IGL"), officer("CMD", "IGL")]);
    assert_eq!(case.agreement().lead().as_str(), "HCK");
    let publish = json!({ "decision": "PUBLISH", "withheld": [] });
    assert_eq!(case.refused("PublicationDecided", publish.clone(), &[officer("CMD", "IGL")]), "R01");
    case.does("PublicationDecided", publish, &[officer("HCK", "IGL")]);
    case.does("LeadChanged", to("CMD"), &[officer("CMD", "IGL"), officer("HCK", "IGL")]);
    assert_eq!(case.agreement().lead().as_str(), "CMD");
}

#[test]
fn what_a_lead_left_suspended_is_lifted_by_those_who_are_left() {
    let mut case = Case::in_force(Shape::three());
    case.does("AgreementSuspended", suspension("REGULATOR", "WHOLE"), &[officer("CMD", "SIRO")]);
    let ground = case.agreement().grounds()[0].event.to_string();
    let two = [officer("HCK", "IGL"), officer("HCK", "SIG"), officer("ISL", "SIG")];
    let lead = json!({ "lead": "HCK" });
    assert_eq!(case.refused("LeadChanged", lead.clone(), &two), "R01");
    let today = case.today();
    case.does("RevocationNoticed", leaving("UNLAWFUL", &today), &[officer("CMD", "SIG")]);
    assert_eq!((case.letter(), case.party("CMD")), ('S', 'o'));
    let both = [officer("HCK", "SIRO"), officer("ISL", "SIRO")];
    assert_eq!(case.refused("AgreementResumed", resumption(&ground), &both), "R01");
    // Two signatories of one body are one party, and the old lead is none any more.
    let one = [officer("HCK", "IGL"), officer("CMD", "SIG"), officer("ISL", "SIG")];
    assert_eq!(case.refused("LeadChanged", lead.clone(), &one), "R01");
    assert_eq!(case.refused("LeadChanged", lead.clone(), &[officer("HCK", "IGL"), officer("ISL", "SIG")]), "R01");
    case.does("LeadChanged", lead, &two);
    assert_eq!(case.agreement().lead().as_str(), "HCK");
    assert_eq!(case.refused("AgreementResumed", resumption(&ground), &both), "G19");
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    case.does("AgreementResumed", resumption(&ground), &both);
    assert_eq!(case.letter(), 'V');
}

#[test]
fn a_correction_is_signed_by_the_author_s_role_and_changes_nothing() {
    let mut case = Case::in_force(Shape::pair());
    let suspended = case.suspend("HCK", "WHOLE");
    let correction = |target: &str| json!({ "pointer": "/words/text", "target": target, "words": commitment() });
    assert_eq!(case.refused("Corrected", correction(&suspended), &[officer("HCK", "SIG")]), "R01");
    assert_eq!(case.refused("Corrected", correction(&suspended), &[officer("CMD", "SIRO")]), "R01");
    let nothing = "01890000-0000-7000-8000-ffffffffffff";
    assert_eq!(case.refused("Corrected", correction(nothing), &[officer("HCK", "SIRO")]), "G28");
    let before = case.agreement();
    case.does("Corrected", correction(&suspended), &[officer("HCK", "SIRO")]);
    let now = case.agreement();
    assert_eq!((now.stage(), now.grounds(), now.parties()), (before.stage(), before.grounds(), before.parties()));
}

#[test]
fn forty_invitations_a_day() {
    let mut case = formed(open_to_others());
    for _ in 0..40 {
        case.does("PartyInvited", invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
        case.does("ApprovalDeclined", case.decline("FINAL"), &[officer("ISL", "SIG")]);
    }
    let next = at(case.world.now + DAY);
    let told = case.told("PartyInvited", invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
    assert_eq!(told, "Your organisation has reached today's limit of 40 invitations. Go on tomorrow.");
    case.world.now = next.millis();
    case.does("PartyInvited", invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
}

#[test]
fn a_joiner_is_in_nobodys_way_and_nobody_is_in_its() {
    // It signs what is in force, whatever an amendment waits for.
    let mut case = formed(open_to_others());
    case.does("PartyInvited", invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
    let mut alone = case.clone();
    let (mut data, _) = case.counter(2);
    (data["class"], data["renewal"], data["words"]) = (json!("M3"), json!(false), commitment());
    case.does("AmendmentProposed", data.clone(), &[officer("HCK", "IGL")]);
    for kind in ["RETURN", "FINAL"] {
        assert_eq!(case.tries("ApprovalDeclined", &case.decline(kind), &[officer("ISL", "SIG")]), "-", "{kind}");
    }
    case.sign_for("ISL");
    assert_eq!(case.party("ISL"), 'x');
    assert!(case.agreement().amendment().is_some());
    // What it owes nobody it certifies to nobody.
    let certificate = crate::sharing::certificate(&[], "DESTROYED");
    assert_eq!(alone.tries("DestructionCertified", &certificate, &crate::sharing::both("ISL")), "T20");
    // A version that came meanwhile: what it signed of the older one is no signature of this.
    alone.does("AdviceGiven", alone.advice("DPO"), &[officer("ISL", "DPO")]);
    let advised = crate::contest::signature(&alone, "ISL", "DPO");
    let shape = alone.shape.clone();
    let (mut data, hash) = alone.draft_of(&shape, 2, &["/privacy_notice"]);
    (data["class"], data["renewal"], data["words"]) = (json!("M0"), json!(false), commitment());
    alone.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    assert_eq!(alone.agreement().current().number, 2);
    alone.hash = hash;
    alone.does("ApprovalDeclined", alone.decline("RETURN"), &[officer("ISL", "SIG")]);
    let agreement = alone.agreement();
    let stands = agreement.signatures().iter().find(|signature| signature.event.to_string() == advised).unwrap();
    assert_eq!((stands.version, stands.standing.as_str()), (1, "COUNTS"));
}

#[test]
fn who_says_no_to_an_amendment_bars_the_others_only_where_it_stops_it() {
    for (rule, bars) in [("BLOCK", true), ("LEAVE", false)] {
        let quorum = if bars { "ALL" } else { "TWO_THIRDS" };
        let mut shape =
            open_to_others().with("/non_adopter_rule", json!(rule)).with("/amendment_quorum", json!(quorum));
        shape.parties.as_array_mut().unwrap().push(row("ISL", "RECIPIENT"));
        let mut case = submitted(shape);
        for code in ["ISL", "HCK", "CMD"] {
            case.sign_for(code);
        }
        assert_eq!(case.letter(), 'V');
        let (mut data, hash) = case.counter(2);
        (data["class"], data["renewal"], data["words"]) = (json!("M3"), json!(false), commitment());
        case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
        let mut data = case.submission();
        (data["version"], data["version_hash"]) = (json!(2), json!(hash));
        case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
        case.hash = hash;
        let before = case.agreement().barrier();
        case.does("ApprovalDeclined", case.decline("FINAL"), &[officer("ISL", "SIG")]);
        let agreement = case.agreement();
        assert_eq!(agreement.barrier(), if bars { agreement.revision() } else { before }, "{rule}");
        assert_eq!(agreement.amendment().is_none(), bars, "{rule}");
    }
}

#[test]
fn who_comes_back_by_invitation_signs_everything_anew() {
    let mut case = formed(open_to_others());
    case.does("PartyInvited", invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
    case.sign_for("ISL");
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("ISL", "SIG")]);
    assert_eq!(case.party("ISL"), 'o');
    case.does("PartyInvited", invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
    assert_eq!(case.agreement().missing_signatures("ISL".parse().unwrap()).len(), 3);
    assert_eq!(case.agreement().signatures_of("ISL".parse().unwrap()).count(), 0);
}

#[test]
fn before_it_is_in_force_nobody_who_is_not_needed_holds_the_others_up() {
    // Three sign where two are enough, one of them the anchor; its first day is to come.
    let mut shape = open_to_others().with("/term/effective_date", json!("2026-12-20"));
    shape.parties.as_array_mut().unwrap().push(row("ISL", "RECIPIENT"));
    let signed = |shape: Shape| {
        let mut case = submitted(shape);
        for code in ["ISL", "CMD", "HCK"] {
            case.sign_for(code);
        }
        assert_eq!(case.letter(), 'P');
        case
    };
    for (code, letter) in [("ISL", 'P'), ("HCK", 'A')] {
        let mut case = signed(shape.clone());
        let executed = crate::contest::signature(&case, code, "SIG");
        let data = json!({ "target": executed, "words": commitment() });
        case.does("ApprovalWithdrawn", data, &[officer(code, "SIG")]);
        assert_eq!((case.letter(), case.party(code)), (letter, 's'), "{code}");
    }
    // Who will not have it at all does not make the others look again, whatever is said of amendments.
    for rule in ["BLOCK", "LEAVE"] {
        let quorum = if rule == "BLOCK" { "ALL" } else { "TWO_THIRDS" };
        let mut case =
            submitted(shape.clone().with("/non_adopter_rule", json!(rule)).with("/amendment_quorum", json!(quorum)));
        let before = case.agreement().barrier();
        case.does("ApprovalDeclined", case.decline("FINAL"), &[officer("ISL", "SIG")]);
        assert_eq!((case.agreement().barrier(), case.letter()), (before, 'A'), "{rule}");
    }
}

//! Where explorations begin: agreements brought so far with real signatures over real entries.

use serde_json::{Value, json};

use crate::moves::BOROUGHS;
use crate::town::{Case, Shape, accepted, dataset, leaving, newcomer, officer, row, town};
use crate::world::{Person, World, commitment};

/// One beginning.
pub struct Scene {
    pub name: &'static str,
    pub case: Case,
    /// How many boroughs may move.
    pub parties: usize,
    /// How deep the short run goes, which leaves out what has 0, and the long one.
    pub short: usize,
    pub long: usize,
    /// The recipients that owe the destruction of a dataset at the beginning.
    pub owed: Vec<(usize, u16)>,
}

/// The second signatory of a borough, who signs when the first one's key is in doubt.
pub fn deputy(code: &str) -> Person {
    let borough = BOROUGHS.iter().position(|known| *known == code).unwrap();
    newcomer(code, "SIG", u8::try_from(150 + borough).unwrap())
}

/// The town, with a second signatory in each borough.
fn staffed() -> World {
    let mut world = town();
    for code in BOROUGHS {
        let second = deputy(code);
        world.appoint(&officer(code, "CEX"), &second).unwrap();
        world.give_key(&second, &[officer(code, "ADM"), officer(code, "CEX")]).unwrap();
    }
    world
}

/// Data about organisations and not about persons: few signatures, so that explorations go far.
fn plain(mut shape: Shape) -> Shape {
    for set in shape.terms["datasets"].as_array_mut().unwrap() {
        set["data_class"] = json!("NP-R");
        set["fields"] = json!([{ "identifier": "NONE", "justification": commitment(), "name": commitment() }]);
    }
    shape.with("/agreement_type", json!("NPR")).with("/notice_days", json!(20))
}

fn pair() -> Shape {
    plain(Shape::pair())
}

fn three() -> Shape {
    plain(Shape::three())
}

/// Camden and Hackney, and Islington may join.
fn open_to_others() -> Shape {
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
    plain(shape)
}

fn filed(shape: Shape) -> Case {
    Case::none_in(staffed(), shape).file()
}

fn submitted(shape: Shape) -> Case {
    let mut case = filed(shape);
    for code in case.organisations() {
        // Nobody but a provider has to; where bodies join one by one, everybody.
        let draft = case.event("RequestTriaged", accepted(), &[officer(&code, "IGL")]);
        drop(case.world.record(&draft));
    }
    let data = case.submission();
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    case
}

fn in_force(shape: Shape) -> Case {
    let mut case = submitted(shape);
    for code in case.organisations() {
        case.sign_for(&code);
    }
    case
}

fn suspended(shape: Shape, by: &str) -> Case {
    let mut case = in_force(shape);
    case.suspend(by, "WHOLE");
    assert_eq!(case.letter(), 'S');
    case
}

fn amending(shape: Shape) -> Case {
    let mut case = in_force(shape);
    let changed = case.shape.clone().with("/notice_days", json!(10));
    let (mut data, hash) = case.draft_of(&changed, 2, &["/notice_days"]);
    data["class"] = json!("M3");
    data["renewal"] = json!(false);
    data["words"] = commitment();
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    let mut data: Value = case.submission();
    data["version"] = json!(2);
    data["version_hash"] = json!(hash);
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    case
}

fn ending() -> Case {
    let mut case = in_force(pair());
    case.does("DisclosureLogged", crate::sharing::disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    let today = case.today();
    case.does("RevocationNoticed", leaving("UNLAWFUL", &today), &[officer("HCK", "SIG")]);
    assert_eq!(case.letter(), 'E');
    case
}

fn ahead(shape: Shape) -> Case {
    let case = in_force(shape.with("/term/effective_date", json!("2026-12-20")));
    assert_eq!(case.letter(), 'P');
    case
}

pub fn scenes() -> Vec<Scene> {
    let scene = |name, case, parties, short, long| Scene { name, case, parties, short, long, owed: Vec::new() };
    vec![
        scene("two: a request", filed(pair()), 2, 3, 6),
        scene("two: being signed", submitted(pair()), 2, 3, 6),
        scene("two: agreed, the first day ahead", ahead(pair()), 2, 2, 4),
        scene("two: in force", in_force(pair()), 2, 2, 4),
        scene("two: suspended", suspended(pair(), "HCK"), 2, 2, 4),
        scene("two: an amendment being signed", amending(pair()), 2, 0, 4),
        Scene { owed: vec![(0, 1)], ..scene("two: ending", ending(), 2, 0, 6) },
        scene("three: being signed", submitted(three()), 3, 0, 4),
        scene("three: in force", in_force(three()), 3, 0, 3),
        scene("three: suspended", suspended(three(), "CMD"), 3, 0, 3),
        scene("three, one by one: being signed", submitted(open_to_others()), 3, 0, 4),
        scene("three, one by one: in force", in_force(open_to_others()), 3, 0, 3),
    ]
}

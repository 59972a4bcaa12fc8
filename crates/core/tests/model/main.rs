//! A model, checked exhaustively: every order of every move, to a small depth, over the rules themselves.
//!
//! From each beginning (a request, a version being signed, an agreement in force, …) the explorer tries every
//! move of every party, takes in those that [`counterpart_core::admit::admit`] lets pass, and goes on breadth
//! first from states that it has not seen. Signatures over bytes are not checked: who signs, in which role, with
//! which key is. `docs/model.md` says what is explored and what is not.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    clippy::cloned_ref_to_slice_refs,
    clippy::needless_pass_by_value,
    dead_code,
    reason = "tests"
)]

#[path = "../agreements/town.rs"]
mod town;
#[path = "../offices/world.rs"]
mod world;

mod explore;
mod laws;
mod moves;
mod scenes;
mod wrong;

/// What the fixtures ask of the tests of sharing.
mod sharing {
    use serde_json::{Value, json};

    pub fn disclosure(datasets: &[&str]) -> Value {
        json!({ "band": "UNDER_1000", "datasets": datasets, "from": "2026-12-01", "method": "SFTP", "to": "2026-12-31" })
    }
}

use explore::{Explored, Rules};
use scenes::{Scene, scenes};

/// How deep to go: the long exploration, or one to a depth, is asked for by `cargo xtask model --long` or `--depth`.
fn depth_of(scene: &Scene) -> usize {
    match std::env::var("COUNTERPART_MODEL_DEPTH") {
        Ok(text) => text.parse().map_or(scene.long, |most: usize| scene.long.min(most)),
        Err(_) => scene.short,
    }
}

/// Whether a beginning is asked for: those whose names have a text in them, by `cargo xtask model --only`.
fn is_asked(scene: &Scene) -> bool {
    std::env::var("COUNTERPART_MODEL_ONLY").map_or(true, |text| scene.name.contains(&text))
}

fn explored(scene: &Scene, rules: &Rules, depth: usize) -> Explored {
    let explored = explore::explore(scene, rules, depth);
    println!(
        "{:<44} depth {depth}: {:>7} states, {:>8} transitions, {:>8} refused, {:>6} suspended and lifted; {}",
        scene.name, explored.states, explored.transitions, explored.refused, explored.lifted, explored.stages
    );
    explored
}

#[test]
fn no_order_of_moves_breaks_a_law_or_leads_where_nothing_leads_out() {
    let mut all = Explored::default();
    for scene in scenes().into_iter().filter(is_asked) {
        let depth = depth_of(&scene);
        if depth == 0 {
            continue;
        }
        let explored = explored(&scene, &Rules::default(), depth);
        assert!(explored.broken.is_empty(), "{}:\n{}", scene.name, explored.broken.join("\n"));
        all.add(&explored);
    }
    println!("{} states, {} transitions, {} refused moves", all.states, all.transitions, all.refused);
    // A model that met no refusal, no suspension or not every stage would have looked at nothing.
    assert!(all.refused > all.transitions);
    if scenes().iter().all(is_asked) {
        assert!(all.lifted > 0);
        assert_eq!(all.stages, "ACEFGLPRSVWX");
    }
}

/// What the explorer says of wrong rules, from one beginning.
fn breaks(rules: Rules, scene: &str, depth: usize) -> String {
    let scene = scenes().into_iter().find(|known| known.name == scene).unwrap();
    let mut found = explored(&scene, &rules, depth).broken;
    assert!(!found.is_empty(), "the model does not see that a rule is wrong");
    found.swap_remove(0)
}

#[test]
fn a_final_stage_that_lets_go_is_seen() {
    let told = breaks(wrong::without(&["T07", "T18"]), "two: a request", 3);
    assert!(told.starts_with("I6"), "{told}");
}

#[test]
fn a_party_bound_without_its_signatures_is_seen() {
    let told = breaks(wrong::without(&["G18", "G19"]), "two: being signed", 4);
    assert!(told.starts_with("I14"), "{told}");
}

#[test]
fn a_suspension_that_nobody_may_lift_is_seen() {
    let told = breaks(wrong::never(&["AgreementResumed"]), "two: in force", 1);
    assert!(told.starts_with("A17"), "{told}");
}

#[test]
fn signatures_that_nobody_may_affirm_are_seen() {
    let told = breaks(wrong::never(&["ContestResolved", "ExecutionSigned"]), "two: in force", 1);
    assert!(told.starts_with("A17"), "{told}");
}

#[test]
fn a_second_amendment_beside_the_first_is_seen() {
    let told = breaks(wrong::without(&["T15"]), "two: in force", 2);
    assert!(told.starts_with("I17"), "{told}");
}

#[test]
fn an_end_without_a_way_to_close_it_is_seen() {
    let told = breaks(wrong::never(&["DestructionCertified"]), "two: ending", 1);
    assert!(told.starts_with("dead end"), "{told}");
}

#[test]
fn a_hold_that_is_forgotten_is_seen() {
    let told = breaks(wrong::forgotten(&["RetentionHoldPlaced"]), "two: ending", 3);
    assert!(told.starts_with("I22"), "{told}");
}

#[test]
fn an_activation_before_the_first_day_is_seen() {
    let told = breaks(wrong::early(30), "two: agreed, the first day ahead", 2);
    assert!(told.starts_with("I15"), "{told}");
}

#[test]
fn a_notice_between_two_that_ends_nothing_is_seen() {
    let told = breaks(wrong::forgotten(&["RevocationNoticed"]), "two: in force", 1);
    assert!(told.starts_with("I20"), "{told}");
}

//! Who may know whom: the list of allowed edges between our crates.
//!
//! A crate depends only on floors below, the two rooms of floor 3 do not know each other, and the
//! lower floors have no door to the outside (`docs/adr/0008-floors.md`).

use anyhow::Result;

use crate::metadata::{Metadata, Package};
use crate::repository::{Repository, is_a, verdict};

/// One crate of the house: what it may ask for in its manifest.
struct Room {
    name: &'static str,
    /// Our crates below it.
    below: &'static [&'static str],
    /// Our crates that its tests may use besides.
    in_tests: &'static [&'static str],
    /// Where the floor is closed: the only crates of others that it may name.
    others: Option<&'static [&'static str]>,
}

/// The house, from the ground up. A crate that is not here has no place in it.
const HOUSE: [Room; 10] = [
    Room {
        name: "counterpart-tlog",
        below: &[],
        in_tests: &[],
        others: Some(&["base64", "curve25519-dalek", "ed25519-dalek", "sha2", "thiserror"]),
    },
    Room {
        name: "counterpart-core",
        below: &["counterpart-tlog"],
        in_tests: &[],
        // `rayon` brings threads, which decide nothing; `chrono`, `uuid` and `schemars` bring types,
        // and clippy.toml keeps the clocks and the random numbers of the first two shut; `rmp-serde` makes bytes of what
        // is in memory.
        others: Some(&[
            "base64",
            "chrono",
            "ed25519-dalek",
            "hex",
            "hmac",
            "rayon",
            "rmp-serde",
            "schemars",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "unicode-normalization",
            "uuid",
        ]),
    },
    Room { name: "counterpart-store", below: &["counterpart-tlog", "counterpart-core"], in_tests: &[], others: None },
    Room {
        name: "counterpart-projections",
        below: &["counterpart-tlog", "counterpart-core"],
        in_tests: &[],
        others: None,
    },
    // A witness must not know what an agreement is: it would begin to answer for what a log says.
    Room { name: "counterpart-witness", below: &["counterpart-tlog"], in_tests: &[], others: None },
    // Nor must a mirror: what it keeps is bytes that fit a signed tree, whatever they say.
    Room { name: "counterpart-mirror", below: &["counterpart-tlog"], in_tests: &[], others: None },
    // Bytes come in and bytes go out: it neither finds entries nor decides who may read words.
    Room {
        name: "counterpart-export",
        below: &["counterpart-tlog", "counterpart-core", "counterpart-projections"],
        in_tests: &[],
        others: None,
    },
    Room {
        name: "counterpart-http",
        below: &[
            "counterpart-tlog",
            "counterpart-core",
            "counterpart-projections",
            "counterpart-witness",
            "counterpart-export",
        ],
        // The whole application is tested over the store that judges, never over a database.
        in_tests: &["counterpart-store"],
        others: None,
    },
    Room {
        name: "counterpart",
        below: &[
            "counterpart-tlog",
            "counterpart-core",
            "counterpart-store",
            "counterpart-projections",
            "counterpart-witness",
            "counterpart-mirror",
            "counterpart-export",
            "counterpart-http",
        ],
        in_tests: &[],
        others: None,
    },
    // Stands beside the house and measures it; nobody may depend on it.
    Room {
        name: "xtask",
        below: &[
            "counterpart-tlog",
            "counterpart-core",
            "counterpart-store",
            "counterpart-mirror",
            "counterpart-witness",
            "counterpart-http",
        ],
        in_tests: &[],
        others: None,
    },
];

/// Crates by which bytes, time or chance come in from outside; never named on floors 1 and 2,
/// in tests either.
const DOORS: [&str; 18] = [
    "async-std",
    "axum",
    "fs2",
    "getrandom",
    "hyper",
    "memmap2",
    "mio",
    "rand",
    "rand_core",
    "redb",
    "reqwest",
    "sled",
    "socket2",
    "tempfile",
    "time",
    "tokio",
    "tracing",
    "ureq",
];

/// Parts of the standard library that do the same.
const STANDARD_DOORS: [&str; 8] = [
    "std::env",
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::io::stdin",
];

/// The step of the gate.
pub fn step(repository: &Repository) -> Result<()> {
    let mut found = edges(&Metadata::ours(repository)?.packages);
    found.extend(doors(repository)?);
    verdict(&found)
}

/// Every edge between crates that the house does not allow.
fn edges(packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        let Some(room) = HOUSE.iter().find(|room| room.name == package.name) else {
            found.push(format!(
                "`{}` has no floor: say in crates/xtask/src/floors.rs what it may know, and what it forbids",
                package.name
            ));
            continue;
        };
        let closed = room.others.is_some();
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let in_tests = dependency.kind.as_deref() == Some("dev");
            if HOUSE.iter().any(|other| other.name == name) {
                let allowed = room.below.contains(&name) || (in_tests && room.in_tests.contains(&name));
                if !allowed {
                    found.push(format!("`{}` may not know `{name}`", room.name));
                }
                continue;
            }
            if closed && DOORS.contains(&name) {
                found.push(format!("`{}` has no door to the outside, and `{name}` is one", room.name));
                continue;
            }
            let named = room.others.is_none_or(|others| others.contains(&name));
            if !in_tests && !named {
                found.push(format!(
                    "`{}` may not use `{name}` before crates/xtask/src/floors.rs says why it is no door",
                    room.name
                ));
            }
        }
    }
    found
}

/// Every place of floors 1 and 2 that reaches the outside through the standard library.
fn doors(repository: &Repository) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for file in repository.files()? {
        let closed = file.starts_with("crates/tlog/src/") || file.starts_with("crates/core/src/");
        if !closed || !is_a(&file, "rs") || file.ends_with("/tests.rs") || file.contains("/tests/") {
            continue;
        }
        if let Some(text) = repository.text(&file)? {
            found.extend(doors_in(&file, &text));
        }
    }
    Ok(found)
}

fn doors_in(file: &str, text: &str) -> Vec<String> {
    // Tests come last in a file, and may read what they compare with.
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .filter_map(|(index, line)| {
            let door = STANDARD_DOORS.iter().find(|door| line.contains(*door))?;
            Some(format!("{file}:{}: `{door}` below floor 3", index + 1))
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::metadata::Dependency;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        Package {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            source: None,
            license: None,
            dependencies: dependencies
                .iter()
                .map(|(name, kind)| Dependency {
                    name: (*name).to_owned(),
                    kind: kind.map(str::to_owned),
                    req: "^1".to_owned(),
                    path: None,
                })
                .collect(),
        }
    }

    #[test]
    fn this_house_stands() {
        let repository = Repository::find().unwrap();
        step(&repository).unwrap();
    }

    #[test]
    fn a_lower_floor_does_not_know_an_upper_one() {
        let found = edges(&[package("counterpart-core", &[("counterpart-store", None)])]);
        assert_eq!(found, ["`counterpart-core` may not know `counterpart-store`"]);
    }

    #[test]
    fn the_two_rooms_of_floor_three_do_not_know_each_other() {
        let found = edges(&[
            package("counterpart-store", &[("counterpart-projections", None)]),
            package("counterpart-projections", &[("counterpart-store", Some("dev"))]),
        ]);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn http_names_a_store_only_in_its_tests() {
        let allowed = edges(&[package("counterpart-http", &[("counterpart-store", Some("dev"))])]);
        assert_eq!(allowed, Vec::<String>::new());
        let refused = edges(&[package("counterpart-http", &[("counterpart-store", None)])]);
        assert_eq!(refused.len(), 1);
    }

    #[test]
    fn the_rules_have_no_door_to_the_outside() {
        for door in ["tokio", "sled", "getrandom", "ureq"] {
            let found = edges(&[package("counterpart-core", &[(door, Some("dev"))])]);
            assert_eq!(found.len(), 1, "{door}");
        }
    }

    #[test]
    fn an_unknown_crate_on_a_closed_floor_must_be_argued_for() {
        let found = edges(&[package("counterpart-tlog", &[("left-pad", None)])]);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_crate_without_a_floor_is_refused() {
        let found = edges(&[package("counterpart-utils", &[])]);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_file_of_the_rules_that_reads_the_disk_is_found() {
        let text = "// std::fs in a comment\nuse std::fs;\n#[cfg(test)]\nuse std::env;\n";
        assert_eq!(doors_in("crates/core/src/wire.rs", text), ["crates/core/src/wire.rs:2: `std::fs` below floor 3"]);
    }
}

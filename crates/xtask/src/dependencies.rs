//! What may stand under our roof: the rules of `deny.toml`, read from `cargo metadata`.
//!
//! The file is written for cargo-deny, which is run as well where it is installed. This check is
//! our own because building cargo-deny takes longer than everything else that the gate does.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::licence;
use crate::metadata::{Metadata, Package};
use crate::repository::{Repository, answers, succeed, verdict};

/// The part of `deny.toml` that we enforce.
#[derive(Debug, Deserialize)]
struct Deny {
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Debug, Deserialize)]
struct Licences {
    allow: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

/// The step of the gate.
pub fn step(repository: &Repository) -> Result<()> {
    let text = repository.text("deny.toml")?.context("deny.toml is not text")?;
    let deny: Deny = toml::from_str(&text).context("deny.toml is not what we expect")?;
    let packages = Metadata::all(repository)?.packages;
    for line in twice(&packages) {
        println!("note: {line}");
    }
    verdict(&problems(&deny, &packages))?;
    println!("{} crates, all allowed", packages.len());
    if answers(&mut repository.cargo(&["deny", "--version"])) {
        succeed(&mut repository.cargo(&["deny", "check", "bans", "licenses", "sources"]))?;
    }
    Ok(())
}

/// Everything among `packages` that `deny` does not allow.
fn problems(deny: &Deny, packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        let Package { name, version, .. } = package;
        match &package.license {
            None => found.push(format!("{name} {version} names no licence")),
            Some(licence) if !licence::allows(&deny.licenses.allow, licence) => {
                found.push(format!("{name} {version} is under `{licence}`"));
            }
            Some(_) => {}
        }
        if let Some(ban) = deny.bans.deny.iter().find(|ban| ban.name == *name) {
            found.push(format!("{name} {version} is banned: {}", ban.reason));
        }
        if let Some(source) = &package.source {
            let known = source
                .strip_prefix("registry+")
                .is_some_and(|url| deny.sources.allow_registry.iter().any(|known| known == url));
            if !known {
                found.push(format!("{name} {version} comes from {source}"));
            }
        }
        if package.source.is_none() {
            found.extend(
                package
                    .dependencies
                    .iter()
                    .filter(|dependency| dependency.req == "*" && dependency.path.is_none())
                    .map(|dependency| format!("{name} takes any version of {}", dependency.name)),
            );
        }
    }
    found
}

/// Crates that are there more than once: worth knowing, no reason to fail.
fn twice(packages: &[Package]) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    versions
        .into_iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| format!("{name} is there in versions {}", versions.join(", ")))
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const RULES: &str = r#"
        [licenses]
        allow = ["MIT"]
        [bans]
        deny = [{ crate = "openssl", reason = "we have one Ed25519" }]
        [sources]
        allow-registry = ["https://example.test/index"]
    "#;

    fn found(name: &str, licence: Option<&str>, source: &str) -> Vec<String> {
        let package = Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            source: Some(source.to_owned()),
            license: licence.map(str::to_owned),
            dependencies: Vec::new(),
        };
        problems(&toml::from_str(RULES).unwrap(), &[package])
    }

    const KNOWN: &str = "registry+https://example.test/index";

    #[test]
    fn what_stands_under_this_roof_is_allowed() {
        step(&Repository::find().unwrap()).unwrap();
    }

    #[test]
    fn an_ordinary_crate_passes() {
        assert_eq!(found("serde", Some("MIT"), KNOWN), Vec::<String>::new());
    }

    #[test]
    fn another_licence_is_refused() {
        assert_eq!(found("x", Some("AGPL-3.0"), KNOWN), ["x 1.0.0 is under `AGPL-3.0`"]);
        assert_eq!(found("x", None, KNOWN), ["x 1.0.0 names no licence"]);
    }

    #[test]
    fn a_banned_crate_is_refused_with_its_reason() {
        assert_eq!(found("openssl", Some("MIT"), KNOWN), ["openssl 1.0.0 is banned: we have one Ed25519"]);
    }

    #[test]
    fn another_source_is_refused() {
        for source in ["git+https://example.test/x", "registry+https://elsewhere.test/index"] {
            assert_eq!(found("x", Some("MIT"), source).len(), 1, "{source}");
        }
    }
}

//! The bodies of the demonstration: real names and codes, from `config/demo/bodies.json`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use counterpart_core::ids::{OrganisationCode, Role};
use counterpart_core::organisation::{OrganisationFlags, OrganisationType};
use serde::Deserialize;

const FILE: &str = include_str!("../../../../config/demo/bodies.json");

/// The file.
#[derive(Debug, Deserialize)]
pub struct Bodies {
    /// What bodies of a type have in common.
    kinds: BTreeMap<OrganisationType, Kind>,
    /// The bodies, in the order in which they register.
    pub bodies: Vec<Body>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    flags: OrganisationFlags,
    posts: Vec<Role>,
}

/// One body.
#[derive(Debug, Deserialize)]
pub struct Body {
    /// Its code.
    pub code: OrganisationCode,
    /// Its type.
    pub kind: OrganisationType,
    /// Its official name.
    pub name: String,
    /// Its name as people say it.
    pub short: String,
    /// Its code in the register of geographic codes.
    pub gss: Option<String>,
    /// Its code in the NHS organisation data service.
    pub ods: Option<String>,
    /// Posts that are left empty on purpose, so that a reader sees what a vacancy does.
    #[serde(default)]
    vacant: Vec<Role>,
    /// Who has taken its place.
    #[serde(default)]
    pub succeeded_by: Option<OrganisationCode>,
}

impl Body {
    /// Whether it gives or gets data in the demonstration: it acts still, and it may be a party.
    pub fn shares(&self) -> bool {
        let silent = matches!(
            self.kind,
            OrganisationType::Partnership | OrganisationType::CentralGov | OrganisationType::Regulator
        );
        !silent && self.succeeded_by.is_none()
    }
}

impl Bodies {
    /// Reads the file that this program carries.
    pub fn read() -> Result<Self> {
        serde_json::from_str(FILE).context("config/demo/bodies.json is not what the demonstration expects")
    }

    /// What the rules ask of a body.
    pub fn flags(&self, body: &Body) -> OrganisationFlags {
        self.kinds.get(&body.kind).map(|kind| kind.flags.clone()).unwrap_or_default()
    }

    /// The posts that a body fills, numbered from 1 within each role; the head of paid service is not among them.
    pub fn posts(&self, body: &Body) -> Vec<(Role, u8)> {
        let mut filled: Vec<(Role, u8)> = Vec::new();
        let all = self.kinds.get(&body.kind).map(|kind| kind.posts.as_slice()).unwrap_or_default();
        for role in all {
            let number = filled.iter().filter(|(other, _)| other == role).count();
            filled.push((*role, u8::try_from(number + 1).unwrap_or(u8::MAX)));
        }
        // A vacancy takes the last holder away: of two administrators one stays.
        for role in &body.vacant {
            if let Some(at) = filled.iter().rposition(|(other, _)| other == role) {
                filled.remove(at);
            }
        }
        filled
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn thirty_three_local_authorities_have_their_codes() {
        let bodies = Bodies::read().unwrap();
        let councils: Vec<_> = bodies
            .bodies
            .iter()
            .filter(|body| matches!(body.kind, OrganisationType::LondonBorough | OrganisationType::CityCorp))
            .collect();
        assert_eq!(councils.len(), 33);
        let mut codes: Vec<_> = councils.iter().map(|body| body.gss.clone().unwrap()).collect();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.first().map(String::as_str), Some("E09000001"));
        assert_eq!(codes.len(), 33);
    }

    #[test]
    fn no_row_published_elsewhere_names_bodies_of_the_demonstration_alone() {
        const PUBLISHED: &str = include_str!("../../../../config/demo/published-elsewhere.json");
        let bodies = Bodies::read().unwrap();
        let published: serde_json::Value = serde_json::from_str(PUBLISHED).unwrap();
        for row in published["agreements"].as_array().unwrap() {
            let parties = row["parties"].as_array().unwrap();
            let here = |party: &serde_json::Value| bodies.bodies.iter().any(|body| party == body.name.as_str());
            assert!(parties.is_empty() || !parties.iter().all(here), "{} is to be imported by A37", row["title"]);
        }
    }

    #[test]
    fn every_body_of_the_specification_is_there_besides_the_councils() {
        let bodies = Bodies::read().unwrap();
        let codes: Vec<String> = bodies.bodies.iter().skip(33).map(|body| body.code.to_string()).collect();
        let others = [
            "GLA", "TFL", "MOPAC", "MPS", "CLP", "LFC", "LLDC", "OPDC", "OSDC", "LAS", "WNL", "NCL", "NWL", "NEL",
            "SEL", "SWL", "UCL", "KCL", "QMUL", "IMP", "LSE", "UEL", "LC", "LOTI", "IGFL", "ONS", "DHSC", "DWP",
            "MHCLG", "HO", "CO", "ICO",
        ];
        assert_eq!(codes, others);
        let gone: Vec<_> = bodies.bodies.iter().filter(|body| body.succeeded_by.is_some()).collect();
        assert_eq!(gone.len(), 2);
        assert!(gone.iter().all(|body| body.succeeded_by.unwrap().as_str() == "WNL" && !body.shares()));
    }

    #[test]
    fn every_body_has_a_type_that_is_described_and_an_administrator() {
        let bodies = Bodies::read().unwrap();
        for body in &bodies.bodies {
            assert!(bodies.kinds.contains_key(&body.kind), "{}", body.code);
            assert!(bodies.posts(body).iter().any(|(role, _)| *role == Role::Adm), "{}", body.code);
        }
    }
}

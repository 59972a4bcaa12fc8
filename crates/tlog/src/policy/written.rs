//! A policy as a file again. Names of groups were not kept, so they get new ones; what is asked for is the same.

use std::fmt;

use super::{Member, Policy, Quorum};

impl Policy {
    /// What a member is called in the file.
    fn name_of(&self, member: Member) -> String {
        match member {
            Member::Witness(place) => self.witnesses.get(place).map(|witness| witness.name.clone()).unwrap_or_default(),
            // More slashes than any witness's name has are a name that no witness has.
            Member::Group(place) => {
                let slashes = |name: &str| name.bytes().filter(|byte| *byte == b'/').count();
                let most = self.witnesses.iter().map(|witness| slashes(&witness.name)).max().unwrap_or_default();
                format!("group{}{}", "/".repeat(most + 1), place + 1)
            }
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let beside = |url: &Option<String>| url.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
        for log in &self.logs {
            writeln!(f, "log {}{}", log.key, beside(&log.url))?;
        }
        for witness in &self.witnesses {
            writeln!(f, "witness {} {}{}", witness.name, witness.key, beside(&witness.url))?;
        }
        for (place, group) in self.groups.iter().enumerate() {
            let members: Vec<String> = group.members.iter().map(|member| self.name_of(*member)).collect();
            let name = self.name_of(Member::Group(place));
            writeln!(f, "group {name} {} {}", group.threshold, members.join(" "))?;
        }
        match self.quorum {
            Quorum::Nobody => writeln!(f, "quorum none"),
            Quorum::Of(member) => writeln!(f, "quorum {}", self.name_of(member)),
        }
    }
}

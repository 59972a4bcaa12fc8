//! What happens to an agreement once it is in force: data are sent, it is reviewed, left, ended, and data destroyed;
//! and agreements that were made before the ledger.

use anyhow::{Context, Result};
use counterpart_core::header::HeaderMember;
use counterpart_core::ids::{OrganisationCode, Role, Stream};
use counterpart_core::london;
use counterpart_core::terms::Party;
use counterpart_core::time::Date;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::cast::Hand;
use super::deal::{Deal, Request};
use super::seal::{document, text};
use super::stage::{Draft, Stage};
use super::terms::header;

/// A file of the demonstration, which is nothing but a hash: no document stands behind it.
fn file(name: &str) -> Value {
    json!({ "$sha256": hex::encode(Sha256::digest(format!("demonstration: {name}"))) })
}

impl Deal {
    /// A26: the provider says that data were sent.
    pub fn send(&self, stage: &mut Stage, organisation: OrganisationCode) -> Result<()> {
        let hand = stage.cast.of(organisation, Role::Iao)?;
        let row = self.header.datasets.first().context("an agreement has a dataset")?;
        let today = london::date_of(stage.now);
        let data = json!({
            "band": "UNDER_100", "datasets": row.ids, "from": today.add_days(-7), "method": row.method, "to": today,
        });
        stage.say(self.stream, "DisclosureLogged", data, &[hand]).map(drop)
    }

    /// A29: the recipient says that data are destroyed; its security lead signs beside.
    pub fn destroy(&self, stage: &mut Stage, organisation: OrganisationCode) -> Result<()> {
        let hands = [stage.cast.of(organisation, Role::Iao)?, stage.cast.of(organisation, Role::Sec)?];
        let words = document(&json!({
            "copies": "The working list of the service and the file as it was received; backups run out within 30 days.",
            "standard": "Overwritten, with the log of the system kept",
        }));
        let data = json!({ "datasets": [], "on": london::date_of(stage.now), "outcome": "DESTROYED", "words": words });
        stage.say(self.stream, "DestructionCertified", data, &hands).map(drop)
    }

    /// A20: the lead party reviews it.
    pub fn review(&self, stage: &mut Stage) -> Result<()> {
        let hand = stage.cast.of(self.header.lead_party, Role::Igl)?;
        let words = document(&json!({
            "benefits": [{ "metric": "Days until a case known to both is joined", "value": "1, before 9" }],
            "findings": "The list is used as the terms say; two fields are rarely filled.",
        }));
        let next = london::date_of(stage.now).add_days(300);
        let data = json!({ "next_review": next, "outcome": "CONTINUE", "words": words });
        stage.say(self.stream, "ReviewCompleted", data, &[hand]).map(drop)
    }

    /// A24: a party takes its notice back, and the other one agrees.
    pub fn rescind(&self, stage: &mut Stage, organisation: OrganisationCode) -> Result<()> {
        let other = self.parties().into_iter().find(|party| *party != organisation).context("another party")?;
        let hands = [stage.cast.of(organisation, Role::Sig)?, stage.cast.of(other, Role::Sig)?];
        let data = json!({ "target": self.notice.context("nobody gave notice")? });
        stage.say(self.stream, "RevocationRescinded", data, &hands).map(drop)
    }

    /// A25: all parties agree to end it on one day.
    pub fn consent(&self, stage: &mut Stage, on: Date) -> Result<()> {
        for party in self.parties() {
            let hand = stage.cast.of(party, Role::Sig)?;
            stage.say(self.stream, "TerminationConsented", json!({ "takes_effect_on": on }), &[hand])?;
        }
        Ok(())
    }

    /// A18, signed but not recorded: a party proposes other terms, of the class M1, for what is in force.
    pub fn amendment(
        &self,
        stage: &mut Stage,
        hand: Hand,
        words: [&str; 2],
        change: &dyn Fn(&mut Value) -> Result<()>,
    ) -> Result<Draft> {
        let (mut data, ..) = self.proposed(stage, words, change)?;
        if let Some(members) = data.as_object_mut() {
            members.insert("class".to_owned(), json!("M1"));
            members.insert("renewal".to_owned(), json!(false));
        }
        stage.draft(self.stream, "AmendmentProposed", data, &[hand])
    }

    /// A33: the data protection officer of the lead party attaches the impact assessment.
    pub fn attach(&self, stage: &mut Stage) -> Result<()> {
        let hand = stage.cast.of(self.header.lead_party, Role::Dpo)?;
        let data = json!({ "file": file("impact assessment"), "kind": "DPIA" });
        stage.say(self.stream, "DocumentAttached", data, &[hand]).map(drop)
    }

    /// A37: the lead party brings in what it knows of an agreement that was signed on paper.
    pub fn import(stage: &mut Stage, request: &Request<'_>, gaps: &[HeaderMember], signed_on: Date) -> Result<Self> {
        let Request { paper, from, to, others, days, filer } = request;
        let terms = paper.terms(*from, *to, *days)?;
        let parties: Vec<Party> = serde_json::from_value(paper.parties(*from, *to, others))?;
        let header = header(stage, &terms, &parties, None)?;
        let mut known = serde_json::to_value(&header)?;
        let members = known.as_object_mut().context("a header is an object")?;
        let missing = gaps.iter().map(|gap| gap.as_str()).chain(["code_lists", "policies"]);
        missing.for_each(|member| drop(members.remove(member)));
        let stream = Stream::Agreement(stage.chance.uuid(stage.now, &format!("agreement {}", stage.said.len())).into());
        let data = json!({
            "gaps": gaps, "header": known, "signed_elsewhere_on": signed_on,
            "source": text("A paper agreement in the register of the lead party (demonstration: there is no such paper)"),
            "status": "ACTIVE",
        });
        let import = stage.say(stream, "AgreementImported", data, std::slice::from_ref(filer))?;
        Ok(Self::imported(stream, terms, header, import))
    }

    /// A38: a party confirms an import with the document that it holds.
    pub fn confirm(&self, stage: &mut Stage, organisation: OrganisationCode) -> Result<()> {
        let hand = stage.cast.of(organisation, Role::Sig)?;
        let data = json!({
            "document": file("paper agreement"), "import": self.import.context("it was not imported")?,
        });
        stage.say(self.stream, "ImportConfirmed", data, &[hand]).map(drop)
    }

    /// A39: a party says that an import is wrong.
    pub fn dispute(&self, stage: &mut Stage, organisation: OrganisationCode) -> Result<()> {
        let hand = stage.cast.of(organisation, Role::Igl)?;
        let words =
            document(&json!({ "reason": "That agreement was replaced in 2023, and we hold no copy that is signed." }));
        let data = json!({ "import": self.import.context("it was not imported")?, "words": words });
        stage.say(self.stream, "ImportDisputed", data, &[hand]).map(drop)
    }
}

//! What comes next: a body, an officer and a reason for it.

mod amending;
mod early;
mod force;
mod nearly;
mod offices;
mod opening;

use counterpart_core::agreement::{Agreement, StageName};
use counterpart_core::ids::{AgreementId, OrganisationCode};
use serde_json::{Value, json};

use super::{Chronicle, Draft, Hand, sealed};

pub(super) use nearly::Errand;

/// Agreements that are looked at first.
const RECENT: usize = 3;

impl Chronicle {
    /// A move, if the one that was drawn makes sense now.
    pub(super) fn next_move(&mut self) -> Option<Draft> {
        if let Some(code) = self.filling
            && self.dice.percent(40)
        {
            return self.fill_newcomer(code);
        }
        if let Some(errand) = self.errand {
            return self.go_on(errand);
        }
        if self.offered.is_some() && self.dice.percent(3) {
            return self.nearly_move();
        }
        match self.dice.below(1_000) {
            0..38 => self.opening_move(),
            38..885 => {
                let id = self.an_agreement()?;
                self.move_in(id)
            }
            885..992 => self.office_move(),
            _ => self.ledger_move(),
        }
    }

    /// One of the newest that are not over, or now and then any.
    fn an_agreement(&mut self) -> Option<AgreementId> {
        if self.dice.percent(6) {
            return self.dice.any(&self.agreements);
        }
        let open =
            |id: &&AgreementId| self.state().agreement(**id).is_some_and(|a| !a.at(self.instant()).name().is_final());
        let recent: Vec<AgreementId> = self.agreements.iter().rev().filter(open).take(RECENT).copied().collect();
        self.dice.any(&recent)
    }

    /// A move in an agreement, as its stage suggests.
    fn move_in(&mut self, id: AgreementId) -> Option<Draft> {
        let agreement = self.agreement(id);
        if self.dice.percent(7) {
            return self.aside(&agreement);
        }
        if self.dice.percent(2) {
            return self.anything(&agreement);
        }
        match agreement.name() {
            StageName::None => None,
            StageName::Filed => self.in_filed(&agreement),
            StageName::Clarifying => self.answer(&agreement),
            StageName::Negotiating => self.reply(&agreement),
            StageName::Approving => self.in_signing(&agreement),
            StageName::Approved => self.in_approved(&agreement),
            StageName::Active => self.in_force(&agreement),
            StageName::Suspended => self.in_suspension(&agreement),
            StageName::Ending => self.in_ending(&agreement),
            StageName::Closed | StageName::Refused | StageName::Withdrawn | StageName::Lapsed => {
                if self.dice.percent(50) { self.aside(&agreement) } else { self.anything(&agreement) }
            }
        }
    }

    /// A move of some other stage, which the table should refuse here.
    fn anything(&mut self, agreement: &Agreement) -> Option<Draft> {
        match self.dice.below(9) {
            0 => self.in_filed(agreement),
            1 => self.answer(agreement),
            2 => self.reply(agreement),
            3 => self.in_signing(agreement),
            4 => self.in_approved(agreement),
            5 => self.in_force(agreement),
            6 => self.in_suspension(agreement),
            7 => self.in_ending(agreement),
            _ => self.amendment_move(agreement),
        }
    }

    /// Documents, notes, publication, incidents, corrections: they pass nearly everywhere.
    fn aside(&mut self, agreement: &Agreement) -> Option<Draft> {
        let party = self.a_party(agreement)?;
        match self.dice.below(15) {
            12..15 => self.words_move(agreement, party),
            0 | 1 => {
                let role = *self.dice.of_these(&["LGL", "IGL", "DAT", "REQ", "CEX"]);
                let visibility = *self.dice.of_these(&["PARTIES", "OWN_ORG", "PUBLIC"]);
                self.says(
                    agreement,
                    "NoteRecorded",
                    json!({ "text": sealed(), "visibility": visibility }),
                    &[(party, role)],
                )
            }
            2 => {
                let role = *self.dice.of_these(&["LGL", "IGL", "DPO", "SIG"]);
                self.says(agreement, "DocumentAttached", json!({ "file": sealed(), "kind": "DPIA" }), &[(party, role)])
            }
            3 | 4 => {
                let lead = agreement.lead();
                if self.dice.percent(60) {
                    let withheld = if self.dice.percent(40) { json!(["/purpose"]) } else { json!([]) };
                    let data = json!({ "decision": "PUBLISH", "withheld": withheld });
                    return self.says(agreement, "PublicationDecided", data, &[(lead, "IGL")]);
                }
                let exemption = *self.dice.of_these(&["FOIA-31", "FOIA-40", "NONE-1"]);
                let data = json!({
                    "decision": "WITHHOLD", "exemption": exemption, "look_again": self.day(200), "withheld": [],
                });
                self.says(agreement, "PublicationDecided", data, &[(lead, "SIRO")])
            }
            5 | 6 => {
                let key = self.dice.percent(30);
                let role = *self.dice.of_these(&["DPO", "SEC", "SIRO"]);
                self.says(agreement, "IncidentNoted", json!({ "key": key, "words": sealed() }), &[(party, role)])
            }
            7 | 8 => {
                let incident = self.dice.any(agreement.incidents())?;
                let status = *self.dice.of_these(&["OPEN", "CONTAINED", "CRITICAL_OPEN", "CLOSED", "CLOSED"]);
                let data = json!({ "incident": incident.event.to_string(), "status": status, "words": sealed() });
                self.says(agreement, "IncidentUpdated", data, &[(party, "DPO")])
            }
            9 => {
                let signed = self.dice.any(agreement.signatures())?;
                let data = json!({ "pointer": "/words/text", "target": signed.event.to_string(), "words": sealed() });
                self.says(agreement, "Corrected", data, &[(signed.organisation, signed.role.as_str())])
            }
            10 => {
                let other = self.a_party(agreement)?;
                let data = json!({ "lead": party.to_string() });
                let old = if self.dice.percent(70) { agreement.lead() } else { other };
                self.says(agreement, "LeadChanged", data, &[(party, "IGL"), (old, "IGL")])
            }
            _ => self.ask(agreement),
        }
    }

    /// Words go, or auditors may read them for a while.
    fn words_move(&mut self, agreement: &Agreement, party: OrganisationCode) -> Option<Draft> {
        match self.dice.below(4) {
            0 | 1 => {
                let signed = self.dice.any(agreement.signatures())?;
                let reason = *self.dice.of_these(&["PERSONAL_DATA", "PERSONAL_DATA", "RETENTION_ENDED"]);
                let days = if reason == "PERSONAL_DATA" { 0 } else { 20 };
                let data = json!({
                    "advice": sealed(), "erases_on": self.day(days), "pointers": ["/words"], "reason": reason,
                    "target": signed.event.to_string(),
                });
                let whose = signed.organisation;
                self.says(agreement, "DisclosureErased", data, &[(whose, "IGL"), (whose, "SIRO")])
            }
            2 => {
                let reader = self.a_party(agreement)?;
                let days = *self.dice.of_these(&[30, 30, -3]);
                let data = json!({ "pointers": ["/words"], "reader": reader.to_string(), "until": self.day(days) });
                self.says(agreement, "AccessGranted", data, &[(party, "IGL")])
            }
            _ => {
                let grants = agreement.grants().to_vec();
                let grant = self.dice.any(&grants)?;
                let by = grant.by.first().copied().unwrap_or(party);
                self.says(agreement, "AccessEnded", json!({ "grant": grant.event.to_string() }), &[(by, "IGL")])
            }
        }
    }

    /// One of the parties.
    fn a_party(&mut self, agreement: &Agreement) -> Option<OrganisationCode> {
        let codes: Vec<OrganisationCode> = agreement.parties().iter().map(|party| party.organisation).collect();
        self.dice.any(&codes)
    }

    /// One of the parties in one of some states, by their letters.
    fn a_party_in(&mut self, agreement: &Agreement, letters: &str) -> Option<OrganisationCode> {
        let fits = agreement.parties().iter().filter(|party| letters.contains(party.state.letter()));
        let codes: Vec<OrganisationCode> = fits.map(|party| party.organisation).collect();
        self.dice.any(&codes)
    }

    /// An event of an agreement, signed by holders of these roles.
    fn says(
        &mut self,
        agreement: &Agreement,
        kind: &str,
        data: Value,
        by: &[(OrganisationCode, &str)],
    ) -> Option<Draft> {
        let hands: Option<Vec<Hand>> = by.iter().map(|(code, role)| self.holder(*code, role)).collect();
        Some(Draft::new(&format!("agr:{}", agreement.id()), kind, data, hands?))
    }

    /// Today.
    fn today(&self) -> String {
        self.day(0)
    }
}

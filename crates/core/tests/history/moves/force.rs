//! In force and after: sharing, suspending, leaving, destroying, and what bodies outside bring about.

use counterpart_core::agreement::{Agreement, Standing};
use counterpart_core::header::{Formation, OnePartyRef};
use counterpart_core::ids::OrganisationCode;
use serde_json::json;

use super::early::{approval, execution};
use crate::history::{Chronicle, Draft, sealed};

impl Chronicle {
    /// In force.
    pub(super) fn in_force(&mut self, agreement: &Agreement) -> Option<Draft> {
        if let Some(urgent) = self.pending(agreement) {
            return Some(urgent);
        }
        let owing =
            agreement.parties().iter().any(|party| !agreement.missing_signatures(party.organisation).is_empty());
        if owing && self.dice.percent(35) {
            return self.sign(agreement);
        }
        let open = agreement.header().formation == Formation::Accession && agreement.parties().len() < 4;
        if open && self.dice.percent(15) {
            return self.join(agreement);
        }
        match self.dice.below(100) {
            0..26 => self.share(agreement),
            26..32 => self.suspend(agreement),
            32..36 => self.resume(agreement),
            36..66 => self.amendment_move(agreement),
            66..74 => self.leave_or_stay(agreement),
            74..78 => self.consent(agreement),
            78..82 => self.hold(agreement),
            82..88 => self.join(agreement),
            88..92 => self.certify(agreement),
            92..94 => {
                let party = self.a_party(agreement)?;
                self.advise(agreement, party)
            }
            94 => self.take_back(agreement),
            _ => self.aside(agreement),
        }
    }

    /// What waits for somebody: an import, a contested signature, a successor.
    fn pending(&mut self, agreement: &Agreement) -> Option<Draft> {
        if let Some(import) = agreement.import().map(|import| import.event)
            && let Some(party) = self.a_party_in(agreement, "m")
            && self.dice.percent(50)
        {
            if self.dice.percent(85) {
                let data = json!({ "document": sealed(), "import": import.to_string() });
                return self.says(agreement, "ImportConfirmed", data, &[(party, "SIG")]);
            }
            let data = json!({ "import": import.to_string(), "words": sealed() });
            return self.says(agreement, "ImportDisputed", data, &[(party, "IGL")]);
        }
        if let Some(doubt) = agreement.signatures().iter().find(|s| s.standing == Standing::Contested)
            && self.dice.percent(50)
        {
            let (event, party) = (doubt.event, doubt.organisation);
            return self.resolve(agreement, event, party);
        }
        if let Some(pending) = agreement.pending_successions().first().copied()
            && self.dice.percent(40)
        {
            let successor = pending.successor;
            if self.dice.percent(50) {
                return self.advise(agreement, successor);
            }
            let data = json!({ "outcome": "NO_CHANGES", "predecessor": pending.predecessor.to_string() });
            return self.says(agreement, "SuccessionConfirmed", data, &[(successor, "SIRO")]);
        }
        None
    }

    /// A body says whether a contested signature is its own.
    fn resolve(
        &mut self,
        agreement: &Agreement,
        event: counterpart_core::ids::EventId,
        party: OrganisationCode,
    ) -> Option<Draft> {
        if self.dice.percent(20) {
            // Or it is simply given again.
            let signature = agreement.signatures().iter().find(|s| s.event == event)?;
            let hash = agreement.version(signature.version)?.hash.to_string();
            let (kind, data) = if signature.kind.as_str() == "EXECUTION" {
                ("ExecutionSigned", execution(&hash))
            } else {
                ("ApprovalGiven", approval(&hash))
            };
            return self.says(agreement, kind, data, &[(party, signature.role.as_str())]);
        }
        let data = |outcome: &str| json!({ "evidence": sealed(), "outcome": outcome, "targets": [event.to_string()] });
        match self.dice.below(10) {
            0..5 => self.says(agreement, "ContestResolved", data("AFFIRMED"), &[(party, "SIRO")]),
            5 | 6 => {
                let incident = json!({ "key": true, "words": sealed() });
                self.says(agreement, "IncidentNoted", incident, &[(party, "DPO")])
            }
            _ => self.says(agreement, "ContestResolved", data("DISOWNED"), &[(party, "SIRO"), (party, "CEX")]),
        }
    }

    /// Suspended: lift it, and what else goes on.
    pub(super) fn in_suspension(&mut self, agreement: &Agreement) -> Option<Draft> {
        if let Some(urgent) = self.pending(agreement) {
            return Some(urgent);
        }
        match self.dice.below(20) {
            0..9 => self.resume(agreement),
            9 | 10 => {
                let party = self.a_party(agreement)?;
                self.advise(agreement, party)
            }
            11..13 => self.amendment_move(agreement),
            13 => self.leave_or_stay(agreement),
            14 => self.suspend(agreement),
            15 => self.share(agreement),
            16 => self.sign(agreement),
            17 => self.consent(agreement),
            _ => self.aside(agreement),
        }
    }

    /// Ended, and something outstanding.
    pub(super) fn in_ending(&mut self, agreement: &Agreement) -> Option<Draft> {
        match self.dice.below(10) {
            0..6 => self.certify(agreement),
            6..8 => self.hold(agreement),
            _ => self.aside(agreement),
        }
    }

    /// Data go to recipients.
    pub(super) fn share(&mut self, agreement: &Agreement) -> Option<Draft> {
        let provider = agreement.header().datasets.first().map(|row| row.provider);
        let giver = match provider {
            Some(OnePartyRef::Number(number)) => {
                agreement.header().parties.get(usize::from(number) - 1).map(|row| row.organisation)
            }
            Some(OnePartyRef::All(_)) | None => None,
        };
        let by = match giver {
            Some(giver) if self.dice.percent(75) => giver,
            Some(_) | None => self.a_party(agreement)?,
        };
        let set = format!("DS-{}", 1 + self.dice.below(10) / 9);
        let mut data = json!({
            "band": "UNDER_1000", "datasets": [set], "from": self.day(-20), "method": "SFTP", "to": self.today(),
        });
        if self.dice.percent(35) {
            let to = self.a_party(agreement)?;
            data["recipients"] = json!([to.to_string()]);
        }
        let role = *self.dice.of_these(&["IAO", "IAO", "DAT"]);
        self.says(agreement, "DisclosureLogged", data, &[(by, role)])
    }

    fn suspend(&mut self, agreement: &Agreement) -> Option<Draft> {
        let by = self.a_party(agreement)?;
        let code = *self.dice.of_these(&["SECURITY", "INCIDENT", "REGULATOR", "RIGHTS", "LEGAL_CHANGE"]);
        let scope = *self.dice.of_these(&["WHOLE", "PARTY", "PARTY", "DATASETS"]);
        let datasets = if scope == "DATASETS" { json!(["DS-1"]) } else { json!([]) };
        let mut data = json!({ "code": code, "datasets": datasets, "scope": scope, "words": sealed() });
        if scope == "PARTY" && self.dice.percent(30) {
            data["organisation"] = json!(by.to_string());
        }
        match self.dice.below(8) {
            0 => self.says(agreement, "AgreementSuspended", data, &[(by, "DPO"), (by, "SIRO")]),
            1 => {
                let other = self.a_party(agreement)?;
                self.says(agreement, "AgreementSuspended", data, &[(by, "SIRO"), (other, "SIRO")])
            }
            2 => self.says(agreement, "AgreementSuspended", data, &[(by, "SIG")]),
            3 => self.says(agreement, "AgreementSuspended", data, &[(by, "LEO")]),
            _ => self.says(agreement, "AgreementSuspended", data, &[(by, "SIRO")]),
        }
    }

    fn resume(&mut self, agreement: &Agreement) -> Option<Draft> {
        let ground = self.dice.any(agreement.grounds());
        let (event, by) = match &ground {
            Some(ground) => (ground.event.to_string(), ground.by),
            None => (self.uuid(), self.a_party(agreement)?),
        };
        let data = json!({ "ground": event, "words": sealed() });
        let lead = agreement.lead();
        if self.dice.percent(15) {
            let other = self.a_party(agreement)?;
            return self.says(agreement, "AgreementResumed", data, &[(lead, "SIRO"), (other, "SIRO")]);
        }
        self.says(agreement, "AgreementResumed", data, &[(by, "SIRO")])
    }

    fn leave_or_stay(&mut self, agreement: &Agreement) -> Option<Draft> {
        let leaving =
            agreement.parties().iter().find_map(|party| party.notice.as_ref().map(|n| (party.organisation, n.event)));
        if let Some((party, notice)) = leaving
            && self.dice.percent(60)
        {
            let data = json!({ "target": notice.to_string() });
            let other = agreement.parties().iter().map(|other| other.organisation).find(|other| *other != party);
            let both = agreement.is_bilateral() && self.dice.percent(80);
            let mut by = vec![(party, "SIG")];
            by.extend(other.filter(|_| both).map(|other| (other, "SIG")));
            return self.says(agreement, "RevocationRescinded", data, &by);
        }
        let party = self.a_party(agreement)?;
        let ground = *self.dice.of_these(&["POLICY", "NO_LONGER_NEEDED", "UNLAWFUL", "COURT_ORDER"]);
        let days = *self.dice.of_these(&[0, 5, 30, 45, 80]);
        let data = json!({ "ground": ground, "takes_effect_on": self.day(days), "words": sealed() });
        let role = *self.dice.of_these(&["SIG", "SIRO"]);
        self.says(agreement, "RevocationNoticed", data, &[(party, role)])
    }

    fn consent(&mut self, agreement: &Agreement) -> Option<Draft> {
        let party = self.a_party(agreement)?;
        let day = match agreement.consents().first() {
            Some(first) if self.dice.percent(85) => first.day.to_string(),
            Some(_) | None => self.day(12),
        };
        self.says(agreement, "TerminationConsented", json!({ "takes_effect_on": day }), &[(party, "SIG")])
    }

    fn hold(&mut self, agreement: &Agreement) -> Option<Draft> {
        let party = self.a_party(agreement)?;
        if let Some(hold) = self.dice.any(agreement.holds())
            && self.dice.percent(75)
        {
            let data = json!({ "hold": hold.event.to_string() });
            let by = if self.dice.percent(85) { hold.by } else { party };
            return self.says(agreement, "RetentionHoldReleased", data, &[(by, "LGL")]);
        }
        if self.dice.percent(20) {
            let data = json!({ "hold": self.uuid() });
            return self.says(agreement, "RetentionHoldReleased", data, &[(party, "SIG")]);
        }
        let datasets = if self.dice.percent(50) { json!([]) } else { json!(["DS-1"]) };
        let reason = *self.dice.of_these(&["POLICE", "LITIGATION", "INQUIRY"]);
        let data = json!({ "datasets": datasets, "reason": reason });
        self.says(agreement, "RetentionHoldPlaced", data, &[(party, "LGL")])
    }

    fn certify(&mut self, agreement: &Agreement) -> Option<Draft> {
        let owing: Vec<OrganisationCode> = agreement.duties().iter().map(|duty| duty.organisation).collect();
        let party = match self.dice.any(&owing) {
            Some(party) if self.dice.percent(85) => party,
            Some(_) | None => self.a_party(agreement)?,
        };
        let datasets = if self.dice.percent(40) { json!([]) } else { json!(["DS-1"]) };
        let outcome = *self.dice.of_these(&["DESTROYED", "DESTROYED", "RETURNED", "ANONYMISED", "RETAINED_UNDER_LAW"]);
        let mut data = json!({ "datasets": datasets, "on": self.today(), "outcome": outcome, "words": sealed() });
        if outcome == "RETAINED_UNDER_LAW" && self.dice.percent(70) {
            data["recheck"] = json!(self.day(300));
        }
        if self.dice.percent(15) {
            data["certificate"] = sealed();
            return self.says(agreement, "DestructionCertified", data, &[(party, "IAO")]);
        }
        self.says(agreement, "DestructionCertified", data, &[(party, "IAO"), (party, "SEC")])
    }
}

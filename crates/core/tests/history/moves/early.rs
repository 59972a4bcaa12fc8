//! Before an agreement is in force: triage, questions, counter-proposals, signatures.

use counterpart_core::agreement::Agreement;
use counterpart_core::header::{Formation, SignatureKind};
use counterpart_core::ids::OrganisationCode;
use serde_json::{Value, json};

use crate::history::papers::row;
use crate::history::{Chronicle, Draft, Paper, sealed};

impl Chronicle {
    /// A request is filed: triage it, ask, counter, submit.
    pub(super) fn in_filed(&mut self, agreement: &Agreement) -> Option<Draft> {
        let party = self.a_party(agreement)?;
        match self.dice.below(40) {
            0 => self.says(agreement, "RequestRefused", reasons(), &[(party, "SIRO")]),
            1 => {
                let role = *self.dice.of_these(&["SIG", "IGL"]);
                self.says(agreement, "RequestWithdrawn", json!({}), &[(agreement.requesting_organisation(), role)])
            }
            2 | 3 => self.ask(agreement),
            4..=6 => self.counter(agreement),
            8 => self.invite(agreement),
            9 => self.triage(agreement, party, "RETURNED"),
            10 => self.advise(agreement, party),
            _ => {
                let waiting = agreement.parties().iter().filter(|party| party.accepted.is_none());
                let waiting: Vec<OrganisationCode> = waiting.map(|party| party.organisation).collect();
                match self.dice.any(&waiting) {
                    Some(next) if self.dice.percent(88) => self.triage(agreement, next, "ACCEPTED"),
                    Some(_) | None => self.submit(agreement),
                }
            }
        }
    }

    fn triage(&mut self, agreement: &Agreement, party: OrganisationCode, outcome: &str) -> Option<Draft> {
        let data = json!({ "missing": [], "outcome": outcome });
        self.says(agreement, "RequestTriaged", data, &[(party, "IGL")])
    }

    /// The draft, or the amendment, is frozen for signing.
    pub(super) fn submit(&mut self, agreement: &Agreement) -> Option<Draft> {
        let number = agreement.amendment().map_or(agreement.current().number, |amendment| amendment.version);
        let version = agreement.version(number)?;
        let days = *self.dice.of_these(&[60, 60, 89, 80, 80, 5, 89, 85, 70, 120]);
        let data = json!({
            "approve_by": self.day(days), "version": number, "version_hash": version.hash.to_string(),
        });
        self.says(agreement, "TermsSubmitted", data, &[(agreement.lead(), "IGL")])
    }

    /// A question to another party.
    pub(super) fn ask(&mut self, agreement: &Agreement) -> Option<Draft> {
        let (by, asked) = (self.a_party(agreement)?, self.a_party(agreement)?);
        let role = *self.dice.of_these(&["IGL", "DPO", "SIRO", "LGL", "SEC"]);
        let data = json!({ "asked": asked.to_string(), "due": self.day(10), "path": "/purpose", "text": sealed() });
        self.says(agreement, "ClarificationRequested", data, &[(by, role)])
    }

    /// An open question is answered, now and then with other terms.
    pub(super) fn answer(&mut self, agreement: &Agreement) -> Option<Draft> {
        let open: Vec<_> = agreement.open_questions().copied().collect();
        let Some(question) = self.dice.any(&open) else {
            let party = self.a_party(agreement)?;
            let data = json!({ "question": self.uuid(), "text": sealed() });
            return self.says(agreement, "ClarificationProvided", data, &[(party, "IGL")]);
        };
        let mut data = json!({ "question": question.event.to_string(), "text": sealed() });
        if self.dice.percent(20) {
            let (header, _) = self.other_terms(agreement)?;
            data["header"] = header;
            data["terms"] = sealed();
        }
        let by = if self.dice.percent(92) { question.to } else { question.by };
        self.says(agreement, "ClarificationProvided", data, &[(by, "IGL")])
    }

    /// Other terms than the newest version, as a header, and the class of the change.
    pub(super) fn other_terms(&mut self, agreement: &Agreement) -> Option<(Value, &'static str)> {
        let newest = agreement.versions().last()?.number;
        let known = (1..=newest).rev().find_map(|number| self.papers.get(&(agreement.id(), number)).cloned())?;
        let (mut paper, mut pointer, mut class) = self.changed(&known);
        // Whoever joined since is bound, and so stands in every later version.
        for party in agreement.parties().iter().filter(|party| party.state.is_bound()) {
            if !paper.names(party.organisation) {
                paper.parties.as_array_mut()?.push(row(party.organisation, "RECIPIENT"));
            }
        }
        if self.dice.percent(8) && paper.terms["formation"] == json!("ALL") {
            // Another body joins, which is material.
            let outside: Vec<OrganisationCode> = self.bodies().into_iter().filter(|code| !paper.names(*code)).collect();
            if let Some(joins) = self.dice.any(&outside) {
                paper.parties.as_array_mut()?.push(row(joins, "RECIPIENT"));
                paper.terms["continuation"] = json!({ "min_parties": 2 });
                (pointer, class) = ("/continuation".to_owned(), "M3");
            }
        }
        if self.dice.percent(3) {
            "/title".clone_into(&mut pointer);
        }
        self.header_of(paper, Some(&pointer)).map(|header| (header, class))
    }

    /// The header of a paper, which lies on the table from now on.
    pub(super) fn header_of(&mut self, paper: Paper, changed: Option<&str>) -> Option<Value> {
        let mut header = paper.header(self.state())?;
        header.changes = changed.map(|pointer| vec![pointer.parse().unwrap()]);
        self.paper = Some(paper);
        serde_json::to_value(header).ok()
    }

    /// Another proposal.
    pub(super) fn counter(&mut self, agreement: &Agreement) -> Option<Draft> {
        let newest = agreement.versions().last()?.by;
        let others: Vec<OrganisationCode> =
            agreement.parties().iter().map(|party| party.organisation).filter(|code| *code != newest).collect();
        let by = if self.dice.percent(90) { self.dice.any(&others)? } else { newest };
        let (header, _) = self.other_terms(agreement)?;
        let data = json!({ "header": header, "terms": sealed(), "words": sealed() });
        self.says(agreement, "CounterProposalMade", data, &[(by, "IGL")])
    }

    /// A counter-proposal is accepted, rejected or replaced.
    pub(super) fn reply(&mut self, agreement: &Agreement) -> Option<Draft> {
        if self.dice.percent(15) {
            return match self.dice.below(5) {
                0 | 1 => self.counter(agreement),
                2 | 3 => self.ask(agreement),
                // The terms are to be fixed while others wait for an answer.
                _ => self.submit(agreement),
            };
        }
        let newest = agreement.versions().last()?;
        let data = json!({ "version_hash": newest.hash.to_string() });
        let kind = if self.dice.percent(50) { "CounterProposalAccepted" } else { "CounterProposalRejected" };
        let proposer = agreement.amendment().map_or(agreement.requesting_organisation(), |amendment| amendment.by);
        let by = if self.dice.percent(70) && proposer != newest.by { proposer } else { self.a_party(agreement)? };
        self.says(agreement, kind, data, &[(by, "IGL")])
    }

    /// A version is being signed.
    pub(super) fn in_signing(&mut self, agreement: &Agreement) -> Option<Draft> {
        match self.dice.below(60) {
            0 => self.decline(agreement, "RETURN"),
            1 => self.decline(agreement, "FINAL"),
            2 | 3 => self.take_back(agreement),
            4 => self.says(agreement, "RequestWithdrawn", json!({}), &[(agreement.requesting_organisation(), "SIG")]),
            5 => self.ask(agreement),
            6 | 7 => self.join(agreement),
            _ => {
                if agreement.open_questions().next().is_some() && self.dice.percent(60) {
                    return self.answer(agreement);
                }
                self.sign(agreement)
            }
        }
    }

    /// A party declines the version that it should sign.
    pub(super) fn decline(&mut self, agreement: &Agreement, kind: &str) -> Option<Draft> {
        let party = self.a_party(agreement)?;
        let data = json!({ "kind": kind, "version_hash": Self::to_sign(agreement, party), "words": sealed() });
        let role = *self.dice.of_these(&["SIG", "IAO"]);
        self.says(agreement, "ApprovalDeclined", data, &[(party, role)])
    }

    /// The hash of what a party should sign, or else of the version that matters.
    pub(super) fn to_sign(agreement: &Agreement, party: OrganisationCode) -> String {
        let number = agreement.party(party).and_then(|row| agreement.to_sign(row));
        let version = number.and_then(|number| agreement.version(number)).unwrap_or_else(|| agreement.current());
        version.hash.to_string()
    }

    /// A party takes a signature back.
    pub(super) fn take_back(&mut self, agreement: &Agreement) -> Option<Draft> {
        let signed = self.dice.any(agreement.signatures())?;
        let data = json!({ "target": signed.event.to_string(), "words": sealed() });
        let role = if self.dice.percent(50) { "SIG" } else { signed.role.as_str() };
        self.says(agreement, "ApprovalWithdrawn", data, &[(signed.organisation, role)])
    }

    /// The next signature that somebody owes; now and then one that is not its turn.
    pub(super) fn sign(&mut self, agreement: &Agreement) -> Option<Draft> {
        let owing: Vec<OrganisationCode> = agreement
            .parties()
            .iter()
            .map(|party| party.organisation)
            .filter(|code| !agreement.missing_signatures(*code).is_empty())
            .collect();
        let party = match self.dice.any(&owing) {
            Some(party) => party,
            None => self.a_party(agreement)?,
        };
        let missing = agreement.missing_signatures(party);
        let next = if self.dice.percent(6) { self.dice.any(&missing) } else { missing.first().copied() };
        let hash = Self::to_sign(agreement, party);
        let Some(next) = next else {
            return match self.dice.below(3) {
                0 => self.advise(agreement, party),
                1 => self.says(agreement, "ApprovalGiven", approval(&hash), &[(party, "IAO")]),
                _ => self.says(agreement, "ExecutionSigned", execution(&hash), &[(party, "SIG")]),
            };
        };
        let role = next.role.as_str();
        match next.kind {
            SignatureKind::Advice => {
                let data = json!({ "kind": role, "version_hash": hash, "words": sealed() });
                self.says(agreement, "AdviceGiven", data, &[(party, role)])
            }
            SignatureKind::Approval => self.says(agreement, "ApprovalGiven", approval(&hash), &[(party, role)]),
            SignatureKind::Execution => self.says(agreement, "ExecutionSigned", execution(&hash), &[(party, role)]),
        }
    }

    /// Advice on the version that matters.
    pub(super) fn advise(&mut self, agreement: &Agreement, party: OrganisationCode) -> Option<Draft> {
        let role = *self.dice.of_these(&["DPO", "DPO", "LGL"]);
        let hash = Self::to_sign(agreement, party);
        let data = json!({ "kind": role, "version_hash": hash, "words": sealed() });
        self.says(agreement, "AdviceGiven", data, &[(party, role)])
    }

    /// A body is invited, or asks to join.
    pub(super) fn join(&mut self, agreement: &Agreement) -> Option<Draft> {
        if agreement.header().formation == Formation::Accession || self.dice.percent(15) {
            return if self.dice.percent(60) { self.invite(agreement) } else { self.accede(agreement) };
        }
        self.sign(agreement)
    }

    fn joining_row(&mut self, agreement: &Agreement) -> Option<(OrganisationCode, Value)> {
        let asked = self.a_party_in(agreement, "q");
        let all = self.bodies();
        let code = match asked {
            Some(asked) if self.dice.percent(70) => asked,
            Some(_) | None => self.dice.any(&all)?,
        };
        let mut paper = self.papers.get(&(agreement.id(), 1))?.clone();
        if !paper.names(code) {
            paper.parties.as_array_mut()?.push(row(code, "RECIPIENT"));
        }
        let header = paper.header(self.state())?;
        let (_, found) = header.party(code)?;
        Some((code, serde_json::to_value(found).ok()?))
    }

    pub(super) fn invite(&mut self, agreement: &Agreement) -> Option<Draft> {
        let (_, row) = self.joining_row(agreement)?;
        let data = json!({ "contacts": sealed(), "row": row });
        self.says(agreement, "PartyInvited", data, &[(agreement.lead(), "IGL")])
    }

    pub(super) fn accede(&mut self, agreement: &Agreement) -> Option<Draft> {
        let (code, row) = self.joining_row(agreement)?;
        self.says(agreement, "AccessionRequested", json!({ "row": row, "words": sealed() }), &[(code, "IGL")])
    }

    /// Formed, and waiting for the first day.
    pub(super) fn in_approved(&mut self, agreement: &Agreement) -> Option<Draft> {
        match self.dice.below(8) {
            0 | 1 => self.take_back(agreement),
            2 => self.says(agreement, "RequestWithdrawn", json!({}), &[(agreement.requesting_organisation(), "SIG")]),
            3 => self.join(agreement),
            _ => {
                // Time brings it into force.
                let due = agreement.due_at()?.millis();
                if due > self.now {
                    self.now = due;
                }
                self.aside(agreement)
            }
        }
    }
}

pub(super) fn reasons() -> Value {
    json!({ "words": sealed() })
}

pub(super) fn approval(hash: &str) -> Value {
    json!({ "datasets": [], "version_hash": hash })
}

pub(super) fn execution(hash: &str) -> Value {
    json!({ "form": "SIMPLE_CONTRACT", "version_hash": hash })
}

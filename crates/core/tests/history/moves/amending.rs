//! Amendments, renewals and reviews of an agreement in force.

use counterpart_core::agreement::{Agreement, Stage, Track};
use counterpart_core::ids::OrganisationCode;
use serde_json::json;

use crate::history::{Chronicle, Draft, sealed};

impl Chronicle {
    /// What the amendment track suggests.
    pub(super) fn amendment_move(&mut self, agreement: &Agreement) -> Option<Draft> {
        let track = if let Stage::Active(force) | Stage::Suspended(force) = agreement.stage() {
            force.amendment
        } else {
            Track::None
        };
        match track {
            Track::None => {
                if self.dice.percent(25) {
                    return self.review(agreement);
                }
                self.amend(agreement)
            }
            Track::Proposed { counter, .. } => match self.dice.below(12) {
                0 => self.counter(agreement),
                1 => self.ask(agreement),
                2 => self.abandon(agreement),
                3 => self.amend(agreement),
                4 => self.sign(agreement),
                5 | 6 => self.answer(agreement),
                _ if counter.is_some() => self.reply(agreement),
                _ => self.submit(agreement),
            },
            Track::Approving { .. } => match self.dice.below(30) {
                0 => self.decline(agreement, "RETURN"),
                1 => self.decline(agreement, "FINAL"),
                2 => self.take_back(agreement),
                3 => self.abandon(agreement),
                4 => self.ask(agreement),
                5 => self.counter(agreement),
                6 | 7 => self.answer(agreement),
                _ => self.sign(agreement),
            },
            Track::Pending { .. } => match self.dice.below(8) {
                0 | 1 => self.take_back(agreement),
                2 => self.abandon(agreement),
                3 | 4 => self.sign(agreement),
                5 => self.submit(agreement),
                _ => {
                    let due = agreement.due_at()?.millis();
                    self.now = self.now.max(due);
                    self.aside(agreement)
                }
            },
        }
    }

    /// Other terms for an agreement in force.
    fn amend(&mut self, agreement: &Agreement) -> Option<Draft> {
        let by = self.a_party(agreement)?;
        let (header, class) = self.other_terms(agreement)?;
        let class = match self.dice.below(10) {
            0 => "M0",
            1 => "M1",
            2 | 3 => "M3",
            _ => class,
        };
        let renewal = class == "M2" || self.dice.percent(5);
        let data = json!({
            "class": class, "header": header, "renewal": renewal, "terms": sealed(), "words": sealed(),
        });
        self.says(agreement, "AmendmentProposed", data, &[(by, "IGL")])
    }

    fn abandon(&mut self, agreement: &Agreement) -> Option<Draft> {
        let proposer: OrganisationCode = agreement.amendment().map_or(agreement.lead(), |amendment| amendment.by);
        if self.dice.percent(50) {
            return self.says(agreement, "AmendmentAbandoned", json!({}), &[(proposer, "IGL")]);
        }
        self.says(agreement, "AmendmentAbandoned", json!({}), &[(agreement.lead(), "SIG")])
    }

    pub(super) fn review(&mut self, agreement: &Agreement) -> Option<Draft> {
        let days = *self.dice.of_these(&[200, 300, 340, 900]);
        let outcome = *self.dice.of_these(&["CONTINUE", "CONTINUE", "AMEND", "END"]);
        let data = json!({ "next_review": self.day(days), "outcome": outcome, "words": sealed() });
        let by = if self.dice.percent(80) { agreement.lead() } else { self.a_party(agreement)? };
        self.says(agreement, "ReviewCompleted", data, &[(by, "IGL")])
    }
}

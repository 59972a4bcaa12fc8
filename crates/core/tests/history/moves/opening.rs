//! First events of agreements: requests, imports, emergencies that were shared in before they were recorded.

use serde_json::json;

use crate::history::{Chronicle, DAY, Draft, at, sealed};

impl Chronicle {
    /// An agreement begins.
    pub(super) fn opening_move(&mut self) -> Option<Draft> {
        match self.dice.below(10) {
            0 => self.import(),
            1 => self.emergency_recorded(),
            _ => self.request(),
        }
    }

    fn request(&mut self) -> Option<Draft> {
        let (paper, asks) = self.new_paper()?;
        let header = self.header_of(paper, None)?;
        let data = json!({
            "contacts": sealed(), "header": header, "requesting_organisation": asks.to_string(), "terms": sealed(),
            "warnings_acknowledged": [],
        });
        let stream = format!("agr:{}", self.uuid());
        let role = *self.dice.of_these(&["REQ", "REQ", "REQ", "REQ", "REQ", "IGL"]);
        let filer = self.holder(asks, role)?;
        Some(Draft::new(&stream, "RequestFiled", data, vec![filer]))
    }

    fn import(&mut self) -> Option<Draft> {
        let kind = *self.dice.of_these(&["pair", "three", "one-off"]);
        let (paper, asks) = self.paper_of(kind)?;
        let mut header = self.header_of(paper, None)?;
        let gaps: &[&str] = match self.dice.below(5) {
            0 => &["agreement_type", "datasets", "effective_date"],
            1 => &["datasets"],
            _ => &[],
        };
        for member in ["code_lists", "policies"].iter().chain(gaps) {
            header.as_object_mut()?.remove(*member);
        }
        let status = if self.dice.percent(85) { "ACTIVE" } else { "ENDED" };
        let data = json!({
            "gaps": gaps, "header": header, "signed_elsewhere_on": "2024-05-01", "source": sealed(), "status": status,
        });
        let stream = format!("agr:{}", self.uuid());
        let by = self.holder(asks, "IGL")?;
        Some(Draft::new(&stream, "AgreementImported", data, vec![by]))
    }

    fn emergency_recorded(&mut self) -> Option<Draft> {
        let (mut paper, asks) = self.paper_of("emergency")?;
        if self.dice.percent(25) {
            // It was over when it was recorded.
            let term = json!({
                "effective_date": self.day(-2), "end_date": self.day(-1), "review_date": self.day(-1),
            });
            paper.set("/term", term);
        }
        let header = self.header_of(paper, None)?;
        let ago = *self.dice.of_these(&[DAY / 24, DAY, 2 * DAY + 5, 4 * DAY]);
        let data = json!({
            "began_at": at(self.now - ago).to_string(), "ground": "LIFE", "header": header, "words": sealed(),
        });
        let stream = format!("agr:{}", self.uuid());
        let role = *self.dice.of_these(&["SIRO", "CG", "DPO"]);
        let by = self.holder(asks, role)?;
        Some(Draft::new(&stream, "EmergencySharingRecorded", data, vec![by]))
    }
}

//! One agreement of the demonstration on its way: what its parties sign, step by step.

use anyhow::{Context, Result};
use counterpart_core::derive;
use counterpart_core::header::{Header, SignatureKind};
use counterpart_core::ids::{EventId, OrganisationCode, Role, Stream};
use counterpart_core::json;
use counterpart_core::london;
use counterpart_core::terms::Party;
use counterpart_core::time::Date;
use counterpart_core::wire::Digest;
use serde_json::{Value, json};

use super::cast::Hand;
use super::papers::{Days, Paper};
use super::seal::{document, text};
use super::stage::{Draft, Stage};
use super::terms::{contacts, header};

/// Days that a version stays open for signing, when the story says nothing else.
const SIGNING_DAYS: i64 = 60;

/// One agreement.
#[derive(Clone)]
pub struct Deal {
    /// Its stream.
    pub stream: Stream,
    /// Its terms, words in place.
    pub terms: Value,
    /// What stands in clear of them.
    pub header: Header,
    /// Which version that is.
    pub version: u32,
    /// What its signers name.
    pub version_hash: Digest,
    /// A counter-proposal that waits for an answer.
    pub counter: Option<Box<Counter>>,
    /// The newest question.
    pub question: Option<EventId>,
    /// The newest notice.
    pub notice: Option<EventId>,
    /// What imported it.
    pub import: Option<EventId>,
    /// The newest suspension.
    pub ground: Option<EventId>,
    /// The newest signature.
    pub signature: Option<EventId>,
}

/// Other terms, proposed but not yet accepted.
#[derive(Clone)]
pub struct Counter {
    terms: Value,
    header: Header,
    version_hash: Digest,
}

/// Who files what with whom.
pub struct Request<'a> {
    /// The paper.
    pub paper: Paper,
    /// The first party.
    pub from: OrganisationCode,
    /// The second party.
    pub to: OrganisationCode,
    /// Further parties, where the paper has many.
    pub others: &'a [OrganisationCode],
    /// Its days.
    pub days: Days,
    /// Who asks: the officer who files.
    pub filer: Hand,
}

impl Deal {
    /// A01: files the request.
    pub fn file(stage: &mut Stage, request: &Request<'_>) -> Result<Self> {
        let (draft, deal) = Self::request(stage, request, &|_| Ok(()))?;
        stage.record(draft)?;
        Ok(deal)
    }

    /// A01, signed but not recorded. `change` alters the terms of the paper.
    pub fn request(
        stage: &mut Stage,
        request: &Request<'_>,
        change: &dyn Fn(&mut Value) -> Result<()>,
    ) -> Result<(Draft, Self)> {
        let Request { paper, from, to, others, days, filer } = request;
        let stream = Stream::Agreement(stage.chance.uuid(stage.now, &format!("agreement {}", stage.said.len())).into());
        let mut terms = paper.terms(*from, *to, *days)?;
        change(&mut terms)?;
        let parties: Vec<Party> = serde_json::from_value(paper.parties(*from, *to, others))?;
        let header = header(stage, &terms, &parties, None)?;
        let data = json!({
            "contacts": contacts(&parties),
            "header": header,
            "requesting_organisation": filer.officer.organisation,
            "terms": document(&terms),
            "warnings_acknowledged": [],
        });
        let draft = stage.draft(stream, "RequestFiled", data, std::slice::from_ref(filer))?;
        let version_hash = derive::version_hash(&json::to_jcs(&header)?, stream, draft.commitment("/terms")?, 1);
        Ok((draft, Self::new(stream, terms, header, version_hash)))
    }

    const fn new(stream: Stream, terms: Value, header: Header, version_hash: Digest) -> Self {
        Self {
            stream,
            terms,
            header,
            version: 1,
            version_hash,
            counter: None,
            question: None,
            notice: None,
            import: None,
            ground: None,
            signature: None,
        }
    }

    /// One that was made elsewhere and brought in by an event.
    pub const fn imported(stream: Stream, terms: Value, header: Header, import: EventId) -> Self {
        // Nothing signs an imported version here, so nothing names its hash.
        let mut deal = Self::new(stream, terms, header, Digest([0; 32]));
        deal.import = Some(import);
        deal
    }

    /// The parties, in their order.
    pub fn parties(&self) -> Vec<OrganisationCode> {
        self.header.parties.iter().map(|row| row.organisation).collect()
    }

    /// A02: a party takes the request up, or sends it back.
    pub fn triage(&self, stage: &mut Stage, organisation: OrganisationCode, accepted: bool) -> Result<()> {
        let hand = stage.cast.of(organisation, Role::Igl)?;
        let (outcome, missing) = if accepted { ("ACCEPTED", json!([])) } else { ("RETURNED", json!(["/necessity"])) };
        let mut data = json!({ "missing": missing, "outcome": outcome });
        if !accepted && let Some(members) = data.as_object_mut() {
            members.insert("note".to_owned(), text("Please say why the date of birth is needed as well as the name."));
        }
        stage.say(self.stream, "RequestTriaged", data, &[hand]).map(drop)
    }

    /// A02 by every party that provides data.
    pub fn triage_all(&self, stage: &mut Stage) -> Result<()> {
        for row in self.header.parties.iter().filter(|row| row.capacity.provides()) {
            self.triage(stage, row.organisation, true)?;
        }
        Ok(())
    }

    /// A03, signed but not recorded: a party asks another one.
    pub fn question(&self, stage: &mut Stage, hand: Hand, asked: OrganisationCode, words: &str) -> Result<Draft> {
        let due = london::date_of(stage.now).add_days(14);
        let data = json!({ "asked": asked, "due": due, "path": "/necessity", "text": text(words) });
        stage.draft(self.stream, "ClarificationRequested", data, &[hand])
    }

    /// A03: a party asks another one.
    pub fn ask(&mut self, stage: &mut Stage, hand: Hand, asked: OrganisationCode, words: &str) -> Result<()> {
        let draft = self.question(stage, hand, asked, words)?;
        self.question = Some(stage.record(draft)?);
        Ok(())
    }

    /// A04: the party that was asked answers; the terms stay as they are.
    pub fn answer(&self, stage: &mut Stage, hand: Hand, words: &str) -> Result<()> {
        let question = self.question.context("nothing was asked")?;
        let data = json!({ "question": question, "text": text(words) });
        stage.say(self.stream, "ClarificationProvided", data, &[hand]).map(drop)
    }

    /// A05, signed but not recorded: a party proposes other terms.
    pub fn counter(
        &self,
        stage: &mut Stage,
        hand: Hand,
        words: [&str; 2],
        change: &dyn Fn(&mut Value) -> Result<()>,
    ) -> Result<(Draft, Counter)> {
        let (data, terms, header) = self.proposed(stage, words, change)?;
        let draft = stage.draft(self.stream, "CounterProposalMade", data, &[hand])?;
        let number = self.version + 1;
        let terms_seal = draft.commitment("/terms")?;
        let version_hash = derive::version_hash(&json::to_jcs(&header)?, self.stream, terms_seal, number);
        Ok((draft, Counter { terms, header, version_hash }))
    }

    /// Other terms as an event carries them, with the terms and their header. `words` say what changes, and why.
    pub(super) fn proposed(
        &self,
        stage: &Stage,
        words: [&str; 2],
        change: &dyn Fn(&mut Value) -> Result<()>,
    ) -> Result<(Value, Value, Header)> {
        let mut terms = self.terms.clone();
        change(&mut terms)?;
        let parties: Vec<Party> = self.header.parties.iter().map(Party::from).collect();
        let header = header(stage, &terms, &parties, Some(&self.terms))?;
        let [summary, reasons] = words;
        let data = json!({
            "header": header, "terms": document(&terms),
            "words": document(&json!({ "reasons": reasons, "summary": summary })),
        });
        Ok((data, terms, header))
    }

    /// A06: the counter-proposal becomes the terms.
    pub fn accept(&mut self, stage: &mut Stage, hand: Hand) -> Result<()> {
        let counter = self.counter.take().context("nothing was proposed")?;
        let data = json!({ "version_hash": counter.version_hash });
        stage.say(self.stream, "CounterProposalAccepted", data, &[hand])?;
        let Counter { terms, header, version_hash } = *counter;
        self.version += 1;
        (self.terms, self.header, self.version_hash) = (terms, header, version_hash);
        Ok(())
    }

    /// A08: the lead party freezes the version for signing.
    pub fn submit(&self, stage: &mut Stage, signing_days: Option<i64>) -> Result<()> {
        let hand = stage.cast.of(self.header.lead_party, Role::Igl)?;
        let last = london::date_of(stage.now).add_days(signing_days.unwrap_or(SIGNING_DAYS));
        let data = json!({ "approve_by": last, "version": self.version, "version_hash": self.version_hash });
        stage.say(self.stream, "TermsSubmitted", data, &[hand]).map(drop)
    }

    /// A09 to A11: everything that one party owes, in its order: advice, approvals, execution.
    pub fn sign(&mut self, stage: &mut Stage, organisation: OrganisationCode) -> Result<()> {
        for kind in [SignatureKind::Advice, SignatureKind::Approval, SignatureKind::Execution] {
            self.sign_kind(stage, organisation, kind)?;
        }
        Ok(())
    }

    /// A09, A10 or A11 by every role of one party that owes it.
    pub fn sign_kind(&mut self, stage: &mut Stage, organisation: OrganisationCode, kind: SignatureKind) -> Result<()> {
        let (_, row) = self.header.party(organisation).context("only a party signs")?;
        let owed: Vec<Role> =
            row.required_roles.iter().filter(|owed| owed.kind == kind).map(|owed| owed.role).collect();
        for role in owed {
            let hand = stage.cast.of(organisation, role)?;
            let id = match kind {
                SignatureKind::Advice => self.advise(
                    stage,
                    hand,
                    "SUPPORT",
                    "The terms meet what the law asks, and the fields are no more than the purpose needs.",
                )?,
                SignatureKind::Approval => {
                    let draft = self.approval(stage, hand)?;
                    stage.record(draft)?
                }
                SignatureKind::Execution => {
                    let data = json!({ "form": self.header.execution_form, "version_hash": self.version_hash });
                    stage.say(self.stream, "ExecutionSigned", data, &[hand])?
                }
            };
            self.signature = Some(id);
        }
        Ok(())
    }

    /// A09 with what it says.
    pub fn advise(&self, stage: &mut Stage, hand: Hand, outcome: &str, reasons: &str) -> Result<EventId> {
        let words = document(&json!({ "outcome": outcome, "reasons": reasons }));
        let data = json!({ "kind": hand.role, "version_hash": self.version_hash, "words": words });
        stage.say(self.stream, "AdviceGiven", data, &[hand])
    }

    /// A10, signed but not recorded.
    pub fn approval(&self, stage: &mut Stage, hand: Hand) -> Result<Draft> {
        let data = json!({ "datasets": [], "version_hash": self.version_hash });
        stage.draft(self.stream, "ApprovalGiven", data, &[hand])
    }

    /// A12: a party declines for changes or for good.
    pub fn decline(&self, stage: &mut Stage, hand: Hand, kind: &str) -> Result<()> {
        let words = document(&json!({
            "reasons": ["RESOURCE"],
            "text": "The service has no officer who could answer the questions that this sharing brings with it this year.",
        }));
        let data = json!({ "kind": kind, "version_hash": self.version_hash, "words": words });
        stage.say(self.stream, "ApprovalDeclined", data, &[hand]).map(drop)
    }

    /// A13: the newest signature is taken back.
    pub fn take_back(&self, stage: &mut Stage, hand: Hand) -> Result<()> {
        let data = json!({
            "target": self.signature.context("nothing is signed")?,
            "words": document(&json!({ "reason": "The approval was given on an older list of fields." })),
        });
        stage.say(self.stream, "ApprovalWithdrawn", data, &[hand]).map(drop)
    }

    /// A14, signed but not recorded.
    pub fn refusal(&self, stage: &mut Stage, hand: Hand) -> Result<Draft> {
        let words = document(&json!({
            "alternatives": "Individual requests under Schedule 2 paragraph 2 of the Data Protection Act 2018, each with its own reasons.",
            "reasons": ["INCOMPATIBLE_PURPOSE", "EXCESSIVE", "CONFIDENTIALITY"],
            "review_route": "The senior information risk owner of the requesting body may write to ours.",
            "text": "People are referred as homeless in confidence and by their own choice; handing all of them to the police is more than the purpose needs.",
        }));
        stage.draft(self.stream, "RequestRefused", json!({ "words": words }), &[hand])
    }

    /// A15: the requesting organisation withdraws.
    pub fn withdraw(&self, stage: &mut Stage, hand: Hand) -> Result<()> {
        let data = json!({ "words": document(&json!({ "reason": "The service was reorganised and no longer needs the data." })) });
        stage.say(self.stream, "RequestWithdrawn", data, &[hand]).map(drop)
    }

    /// A16: sharing stops for all parties.
    pub fn suspend(&mut self, stage: &mut Stage, organisation: OrganisationCode) -> Result<()> {
        let hand = stage.cast.of(organisation, Role::Siro)?;
        let words = document(&json!({
            "lift_conditions": ["The access list has been checked by both security leads"],
            "text": "An account that should have been closed could still read the list; sharing stops until both sides have checked.",
        }));
        let data = json!({ "code": "SECURITY", "datasets": [], "scope": "WHOLE", "words": words });
        self.ground = Some(stage.say(self.stream, "AgreementSuspended", data, &[hand])?);
        Ok(())
    }

    /// A17: the ground is closed by the body that opened it.
    pub fn resume(&self, stage: &mut Stage, organisation: OrganisationCode) -> Result<()> {
        let hand = stage.cast.of(organisation, Role::Siro)?;
        let words = document(&json!({ "evidence": ["Both security leads confirmed the access list in writing"] }));
        let data = json!({ "ground": self.ground.context("nothing is suspended")?, "words": words });
        stage.say(self.stream, "AgreementResumed", data, &[hand]).map(drop)
    }

    /// A23: a party gives notice.
    pub fn revoke(&mut self, stage: &mut Stage, organisation: OrganisationCode, on: Date) -> Result<()> {
        let hand = stage.cast.of(organisation, Role::Sig)?;
        let words = document(&json!({ "reason": "The service has ended and nobody uses the data any longer." }));
        let data = json!({ "ground": "NO_LONGER_NEEDED", "takes_effect_on": on, "words": words });
        self.notice = Some(stage.say(self.stream, "RevocationNoticed", data, &[hand])?);
        Ok(())
    }

    /// A32: the lead party opens the words to everybody, but for some places of the terms.
    pub fn publish(&self, stage: &mut Stage, withheld: &[&str]) -> Result<()> {
        let hand = stage.cast.of(self.header.lead_party, Role::Igl)?;
        let mut data = json!({ "decision": "PUBLISH", "withheld": withheld });
        if !withheld.is_empty()
            && let Some(members) = data.as_object_mut()
        {
            members.insert("decision".to_owned(), json!("PUBLISH_REDACTED"));
            members.insert("exemption".to_owned(), json!("FOIA-S31"));
        }
        stage.say(self.stream, "PublicationDecided", data, &[hand]).map(drop)
    }

    /// A32: the lead party withholds the words.
    pub fn withhold(&self, stage: &mut Stage) -> Result<()> {
        let hand = stage.cast.of(self.header.lead_party, Role::Siro)?;
        let again = london::date_of(stage.now).add_days(365);
        let data = json!({ "decision": "WITHHOLD", "exemption": "FOIA-S40", "look_again": again, "withheld": [] });
        stage.say(self.stream, "PublicationDecided", data, &[hand]).map(drop)
    }

    /// A36: a note.
    pub fn note(&self, stage: &mut Stage, hand: Hand, words: &str) -> Result<()> {
        let data = json!({ "text": text(words), "visibility": "PARTIES" });
        stage.say(self.stream, "NoteRecorded", data, &[hand]).map(drop)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use counterpart_core::event::PublicKeyBytes;

    use super::*;
    use crate::demo::bodies::Bodies;
    use crate::demo::chance::Chance;
    use crate::demo::{LedgerKeys, ORIGIN, founding};

    /// Hackney and Camden, and a request of Camden's that Hackney leads.
    fn filed() -> (Stage, Deal) {
        let chance = Chance([3; 32]);
        let mut stage = Stage::new(chance, "2026-11-24T12:00:00.000Z".parse().unwrap(), ORIGIN);
        let log = counterpart_tlog::note::NoteSigner::new(ORIGIN, chance.key("log")).unwrap().vkey().to_string();
        let answer = PublicKeyBytes(chance.key("answer").verifying_key().to_bytes());
        founding::found(&mut stage, ORIGIN, &LedgerKeys { log, answer }).unwrap();
        let bodies = Bodies::read().unwrap();
        let (from, to) = ("HCK".parse().unwrap(), "CMD".parse().unwrap());
        for body in bodies.bodies.iter().filter(|body| body.code == from || body.code == to) {
            founding::register(&mut stage, &bodies, body).unwrap();
        }
        let start = london::date_of(stage.now);
        let days = Days { start, end: start.add_days(300) };
        let filer = stage.cast.of(to, Role::Req).unwrap();
        let request = Request { paper: Paper::Safeguarding, from, to, others: &[], days, filer };
        let deal = Deal::file(&mut stage, &request).unwrap();
        (stage, deal)
    }

    #[test]
    fn only_the_lead_party_decides_on_publication_and_only_its_risk_owner_withholds() {
        let (mut stage, deal) = filed();
        let open = json!({ "decision": "PUBLISH", "withheld": [] });
        let hide =
            json!({ "decision": "WITHHOLD", "exemption": "FOIA-S40", "look_again": "2027-06-01", "withheld": [] });
        for (who, role, data) in [("CMD", Role::Igl, &open), ("HCK", Role::Siro, &open), ("HCK", Role::Igl, &hide)] {
            let hand = stage.cast.of(who.parse().unwrap(), role).unwrap();
            let draft = stage.draft(deal.stream, "PublicationDecided", data.clone(), &[hand]).unwrap();
            stage.attempt("another decides", "R01", &draft).unwrap();
        }
        deal.publish(&mut stage, &["/datasets/0/method"]).unwrap();
        deal.withhold(&mut stage).unwrap();
    }

    #[test]
    fn to_withhold_needs_an_exemption_and_a_day_within_two_years() {
        let (mut stage, deal) = filed();
        for data in [
            json!({ "decision": "WITHHOLD", "withheld": [] }),
            json!({ "decision": "WITHHOLD", "exemption": "FOIA-S40", "withheld": [] }),
            json!({ "decision": "WITHHOLD", "exemption": "FOIA-S99", "look_again": "2027-06-01", "withheld": [] }),
            json!({ "decision": "WITHHOLD", "exemption": "FOIA-S40", "look_again": "2028-11-25", "withheld": [] }),
        ] {
            let hand = stage.cast.of(deal.header.lead_party, Role::Siro).unwrap();
            let draft = stage.draft(deal.stream, "PublicationDecided", data, &[hand]).unwrap();
            stage.attempt("too little is said", "V-105", &draft).unwrap();
        }
    }
}

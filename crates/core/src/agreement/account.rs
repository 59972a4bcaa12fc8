//! An agreement told in full, as far as anything that is decided later rests on it.
//!
//! The whole account leaves out members that say nothing, so that what is added later leaves older ones as they are.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::agreement::{Agreement, Ground, Origin, Party, Reach, Step};
use crate::ids::{EventId, OrganisationCode, Role};
use crate::json::to_jcs;
use crate::wire::Digest;

/// Instants as text, names as text, lists in their order.
fn list<T>(of: &[T], tell: impl Fn(&T) -> Value) -> Value {
    Value::Array(of.iter().map(tell).collect())
}

fn texts<T: ToString>(of: &[T]) -> Value {
    list(of, |one| json!(one.to_string()))
}

fn party(party: &Party) -> Value {
    let notice = party.notice.as_deref().map(|notice| {
        json!({ "event": notice.event.to_string(), "day": notice.day.to_string(), "at": notice.at.to_string() })
    });
    json!({
        "organisation": party.organisation.to_string(), "state": party.state.as_str(),
        "accepted": party.accepted.map(|event| event.to_string()), "imported": party.imported, "joins": party.joins,
        "left_at": party.left_at.map(|at| at.to_string()), "notice": notice, "row": party.row,
    })
}

fn ground(ground: &Ground) -> Value {
    let reach = match &ground.reach {
        Reach::Whole => json!("WHOLE"),
        Reach::Party(organisation) => json!(organisation.to_string()),
        Reach::Datasets(datasets) => texts(datasets),
    };
    json!({
        "event": ground.event.to_string(), "at": ground.at.to_string(), "code": ground.code.as_str(),
        "by": ground.by.to_string(), "reach": reach, "lapses_at": ground.lapses_at.map(|at| at.to_string()),
        "derived": ground.derived.map(super::derived::Derived::as_str),
    })
}

fn step(step: &Step) -> Value {
    let by = match step.origin {
        Origin::Event { id, .. } => id.to_string(),
        Origin::Derived { change, .. } => change.to_string(),
    };
    json!({ "at": step.at.to_string(), "from": step.from.as_str(), "to": step.to.as_str(), "by": by })
}

impl Agreement {
    /// The agreement in full, as one JSON object; with who signed each of its events first, and in which role.
    #[expect(clippy::too_many_lines, reason = "a list of members, each told once")]
    pub(crate) fn account(&self, authors: &[(EventId, OrganisationCode, Role)]) -> Value {
        let event = |event: EventId| json!(event.to_string());
        let signing = self.stage.signing();
        let frozen = signing.map(|s| json!({ "version": s.version, "approve_by": s.approve_by.to_string() }));
        let amendment = self
            .amendment()
            .map(|a| json!({ "version": a.version, "by": a.by.to_string(), "class": a.class.as_str() }));
        let versions = list(&self.versions, |version| {
            json!({
                "number": version.number, "hash": version.hash.to_string(), "event": version.event.to_string(),
                "by": version.by.to_string(), "header": header(&version.header),
            })
        });
        let signatures = list(&self.signatures, |signed| {
            json!({
                "event": signed.event.to_string(), "at": signed.at.to_string(), "person": signed.person.to_string(),
                "organisation": signed.organisation.to_string(), "version": signed.version,
                "role": signed.role.as_str(), "kind": signed.kind.as_str(), "datasets": texts(&signed.datasets),
                "standing": signed.standing.as_str(),
            })
        });
        let questions = list(&self.questions, |question| {
            json!({
                "event": question.event.to_string(), "by": question.by.to_string(), "to": question.to.to_string(),
                "at": question.at.to_string(), "answered": question.answered,
            })
        });
        let duties = list(&self.duties, |duty| {
            json!([
                duty.organisation.to_string(),
                duty.dataset.map(|set| set.to_string()),
                duty.not_before.map(|day| day.to_string())
            ])
        });
        let holds = list(&self.holds, |hold| {
            json!([
                event(hold.event),
                hold.by.to_string(),
                hold.reason.as_str(),
                texts(&hold.datasets),
                hold.at.to_string()
            ])
        });
        let incidents = list(&self.incidents, |incident| {
            json!([event(incident.event), incident.by.to_string(), incident.key, incident.status.as_str()])
        });
        let sent = list(&self.sent, |sent| {
            json!([sent.dataset.to_string(), event(sent.event), sent.on.to_string(), sent.too_often])
        });
        let led_by = self.led_by.map(|(version, code)| json!([version, code.to_string()]));
        let authors = list(authors, |(id, code, role)| json!([event(*id), code.to_string(), role.as_str()]));
        let consents = list(&self.consents, |consent| {
            json!([event(consent.event), consent.organisation.to_string(), consent.day.to_string()])
        });
        let in_force = list(&self.in_force, |version| json!([version.version, version.since.to_string()]));
        let review = self.review().map(|r| json!([event(r.event), r.outcome.as_str(), r.next.to_string()]));
        let publication = self.publication.as_ref().map(|publication| {
            json!([
                event(publication.event),
                publication.decision.as_str(),
                publication.withheld.iter().map(crate::header::Pointer::as_str).collect::<Vec<_>>()
            ])
        });
        let import =
            self.import.as_ref().map(|import| json!([event(import.event), import.emergency, import.by.to_string()]));
        let coming =
            list(&self.elsewhere.coming, |coming| json!([coming.organisation.to_string(), coming.at.to_string()]));
        let pending = list(&self.elsewhere.pending, |pending| {
            json!([
                event(pending.event),
                pending.predecessor.to_string(),
                pending.successor.to_string(),
                pending.overdue
            ])
        });
        let grants = list(&self.grants, |grant| {
            let pointers: Vec<&str> = grant.pointers.iter().map(crate::header::Pointer::as_str).collect();
            json!([
                event(grant.event),
                grant.reader.to_string(),
                pointers,
                texts(&grant.by),
                grant.from.to_string(),
                grant.until.to_string()
            ])
        });
        let members: Vec<(&str, Value)> = vec![
            ("agreement", json!(self.id.to_string())),
            ("reference", json!(self.reference.to_string())),
            ("filed_at", json!(self.filed_at.to_string())),
            ("filer", json!(self.filer.to_string())),
            ("filed_by", json!(self.filed_by.to_string())),
            ("requesting", json!(self.requesting.to_string())),
            ("revision", json!(self.revision)),
            ("barrier", json!(self.barrier)),
            ("stage", json!(self.name().as_str())),
            ("draft", json!(self.draft)),
            ("moved_at", json!(self.moved_at.to_string())),
            ("changed_at", json!(self.changed_at.to_string())),
            ("due_at", json!(self.due_at.map(|at| at.to_string()))),
            ("history", list(&self.history, step)),
            ("signing", json!(frozen)),
            ("in_force_since", json!(self.stage.force().map(|force| force.since.to_string()))),
            ("amendment", json!(amendment)),
            ("track", json!(self.amendment().map(|_| self.track().name()))),
            ("versions", versions),
            ("parties", list(&self.parties, party)),
            ("signatures", signatures),
            ("questions", questions),
            ("grounds", list(&self.grounds, ground)),
            ("duties", duties),
            ("holds", holds),
            ("incidents", incidents),
            ("sent", sent),
            ("led_by", json!(led_by)),
            ("authors", authors),
            ("documents", json!((self.documents > 0).then_some(self.documents))),
            ("consents", consents),
            ("in_force", in_force),
            ("review", json!(review)),
            ("publication", json!(publication)),
            ("import", json!(import)),
            ("grants", grants),
            ("contested", texts(&self.elsewhere.contested)),
            ("disowned", texts(&self.elsewhere.disowned)),
            ("coming", coming),
            ("pending", pending),
        ];
        Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// The digest of a header, with successors in their places.
fn header(header: &crate::header::Header) -> String {
    let bytes = to_jcs(header).unwrap_or_default();
    Digest(Sha256::digest(&bytes).into()).to_string()
}

//! What an organisation's own advisers said of a version: words that only the server's store holds, asked at the
//! door when somebody approves or executes (G07).

use std::sync::Arc;

use counterpart_core::agreement::{Agreement, Signature, Standing};
use counterpart_core::commitment::Disclosure;
use counterpart_core::door::{self, Earlier};
use counterpart_core::event::Event;
use counterpart_core::event::data::{AdviceKind, Data};
use counterpart_core::header::SignatureKind;
use counterpart_core::ids::{EventId, Stream};
use counterpart_core::london;
use counterpart_core::replay::read;
use counterpart_core::wire::Digest;
use counterpart_core::words::{AdviceOutcome, AdviceWords};

use crate::App;
use crate::submitted::Submitted;

/// Where the words of an advice stand in its data.
const WORDS: &str = "/words";

/// The version that an approval or an execution names.
fn named(event: &Event) -> Option<Digest> {
    if let Data::ApprovalGiven(data) = &event.data {
        Some(data.version_hash)
    } else if let Data::ExecutionSigned(data) = &event.data {
        Some(data.version_hash)
    } else {
        None
    }
}

impl App {
    /// Judges an approval or an execution once more when its own organisation's advisers were against the version.
    pub(crate) async fn weighed(self: &Arc<Self>, submitted: Submitted) -> Submitted {
        if named(&submitted.event).is_none() || submitted.door.is_err() {
            return submitted;
        }
        // Advice that was acknowledged is known; without the view, what is not known is not held against anybody.
        let _ = self.reader.caught_up().await;
        let (own, same) = (Arc::clone(self), submitted.clone());
        self.blocking(move || own.weighed_now(submitted)).await.unwrap_or(same)
    }

    fn weighed_now(&self, submitted: Submitted) -> Submitted {
        let against = self.advised_against(&submitted.event);
        let (number, Some(view)) = self.directory.read() else { return submitted };
        if against.is_empty() {
            return submitted;
        }
        let mut opened = submitted.opened();
        let earlier = Earlier { advised_against: &against, ..Earlier::default() };
        let on = london::date_of((self.clock)());
        let judged = door::check_submission(&view, on, &opened.event, &opened.disclosures, &earlier);
        opened.door = judged.map(drop);
        Submitted::new(opened, number)
    }

    /// Who of the signer's own organisation advised against the version; nobody, once an approval of that
    /// organisation said why it goes on.
    fn advised_against(&self, event: &Event) -> Vec<AdviceKind> {
        let Some((advice, approvals)) = self.signatures_for(event) else { return Vec::new() };
        let against: Vec<AdviceKind> = advice.into_iter().filter_map(|id| self.against(id)).collect();
        if against.is_empty() || approvals.into_iter().any(|id| self.overrides(id)) { Vec::new() } else { against }
    }

    /// The advice and the approvals of the signer's organisation that count on the version.
    fn signatures_for(&self, event: &Event) -> Option<(Vec<EventId>, Vec<EventId>)> {
        let hash = named(event)?;
        let Stream::Agreement(id) = event.stream else { return None };
        let organisation = event.principal().organisation;
        let view = self.reader.view();
        let agreement: &Agreement = view.state().agreement(id)?;
        let version = agreement.versions().iter().find(|version| version.hash == hash)?.number;
        let of_kind = |kind: SignatureKind| {
            let counts = |signature: &&Signature| {
                signature.kind == kind
                    && signature.organisation == organisation
                    && signature.version == version
                    && signature.standing == Standing::Counts
            };
            agreement.signatures().iter().filter(counts).map(|signature| signature.event).collect()
        };
        Some((of_kind(SignatureKind::Advice), of_kind(SignatureKind::Approval)))
    }

    /// The kind of an advice whose words are against; erased or unreadable words say nothing.
    fn against(&self, id: EventId) -> Option<AdviceKind> {
        let index = self.reader.view().index_of(id)?;
        let Data::AdviceGiven(data) = self.recorded(index)?.data else { return None };
        let words = self.store.words(index).ok()?;
        let word = words.iter().find(|word| word.name == WORDS)?;
        let disclosure = Disclosure::from_bytes(&word.bytes).ok()?;
        let words: AdviceWords = serde_json::from_slice(&disclosure.content).ok()?;
        (words.outcome == AdviceOutcome::AdviseAgainst).then_some(data.kind)
    }

    fn overrides(&self, id: EventId) -> bool {
        let index = self.reader.view().index_of(id);
        let event = index.and_then(|index| self.recorded(index));
        event.is_some_and(|event| matches!(&event.data, Data::ApprovalGiven(data) if data.override_.is_some()))
    }

    fn recorded(&self, index: u64) -> Option<Event> {
        let entry = self.store.entry(index).ok()??;
        Some(read(&entry).ok()?.event)
    }
}

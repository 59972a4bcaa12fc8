//! 1.2 and 1.8: formation, how long the agreement runs, what ends it, who may see it.

use super::rule::{rules, when};
use super::{Finding, Public};
use crate::event::data::Visibility;
use crate::header::{
    AgreementType, AmendmentQuorum, Continuation, DataClass, Formation, Header, LegalRole, NonAdopterRule,
    PublicRegister, SharingMode,
};
use crate::json;
use crate::time::Date;

rules! {
    log error "V-06" min_parties "Say how many organisations must sign before the agreement starts (at least 2)." "Set `min_parties`.";
    log error "V-07" anchors "An anchor organisation must be a named party." "Add it to the parties, or take it from `anchor_parties`.";
    log error "V-08" lead "Name the organisation that keeps the agreement up to date." "Make `lead_party` one of the parties.";
    log error "V-21" sides "At least one organisation must provide and at least one must receive data." "Check the capacity of each party.";
    log error "V-95" backwards "The end date must be after the start." "Correct the dates.";
    log error "V-96" long "An agreement may run at most 5 years; renew it after review." "Choose an earlier end date.";
    log error "V-97" review "The first review must be within {} months for {}." "Set `review_date` to {} or before.";
    log error "V-98" one_off "A one-off agreement may run at most 12 months." "Choose an earlier end date.";
    log error "V-99" emergency_term "An emergency agreement may run at most 30 days." "Choose an earlier end date, and file an ordinary request for what follows.";
    log error "V-100" notice "Set the notice for leaving (0 to 180 days)." "Correct `notice_days`.";
    log error "V-101" continuation "Say what keeps the agreement alive when members leave." "Fill in `continuation` with at least 2 parties.";
    log error "V-102" blocking "An agreement that all must sign first changes only when all sign: the rule for others is BLOCK." "Choose BLOCK, or formation ACCESSION.";
    log error "V-103" quorum "Two thirds can change an agreement only where the others leave it." "Choose quorum ALL, or the rule LEAVE.";
    log error "V-110" unilateral "One organisation alone can only publish open data." "Choose formation ALL or ACCESSION.";
    log error "V-111" open "Only non-personal, open data can be published under an open licence." "Choose another type of agreement.";
    log error "V-112" emergency "In an emergency every party signs first." "Choose formation ALL.";
    log error "V-115" processor "A processor acts on the controller's basis." "Take away the lawful basis of the processor.";
    log error "V-121" secret "An agreement whose existence may not be confirmed (FOIA s23, s24, s31) cannot be filed in an open ledger." "Use a closed ledger.";
    log error "V-125" size "This agreement has too many different datasets for one record ({} bytes of 24,000). Split it, or give datasets the same terms." "Split the agreement, or give datasets the same terms.";
}

/// Exemptions under which not even the existence of an agreement may be confirmed.
const SECRET_EXISTENCE: [&str; 3] = ["FOIA-S23", "FOIA-S24", "FOIA-S31"];

fn min_parties(public: &Public) -> Vec<Finding> {
    let short = public.header.min_parties.is_none_or(|least| least < 2);
    when(public.header.formation == Formation::Accession && short, "/terms/min_parties")
}

fn anchors(public: &Public) -> Vec<Finding> {
    let anchors = public.header.anchor_parties.iter().enumerate();
    let strangers = anchors.filter(|(_, code)| public.header.party(**code).is_none());
    strangers.map(|(place, _)| Finding::at(format!("/terms/anchor_parties/{place}"))).collect()
}

fn lead(public: &Public) -> Vec<Finding> {
    when(public.header.party(public.header.lead_party).is_none(), "/terms/lead_party")
}

fn sides(public: &Public) -> Vec<Finding> {
    let gives = public.header.parties.iter().any(|row| row.capacity.provides());
    let receives = public.header.parties.iter().any(|row| row.capacity.receives());
    // Open data are received by everybody, and need no party that does.
    let enough = gives && (receives || public.header.agreement_type == AgreementType::Open);
    when(!enough, "/parties")
}

fn is_open(public: &Public) -> bool {
    public.header.agreement_type == AgreementType::Open
}

fn backwards(public: &Public) -> Vec<Finding> {
    let wrong = public.header.end_date.is_some_and(|end| end <= public.header.effective_date);
    when(wrong, "/terms/term/end_date")
}

/// Whether the agreement has no end, or ends after `latest`.
fn ends_after(public: &Public, latest: Date) -> bool {
    public.header.end_date.is_none_or(|end| end > latest)
}

fn long(public: &Public) -> Vec<Finding> {
    let years = i64::from(public.around.reference.spans.term_years_max);
    let latest = public.header.effective_date.add_months(12 * years);
    // What may run less than that is told so.
    let shorter =
        public.header.agreement_type == AgreementType::Emg || public.header.sharing_mode == SharingMode::OneOff;
    when(!is_open(public) && !shorter && ends_after(public, latest), "/terms/term/end_date")
}

fn one_off(public: &Public) -> Vec<Finding> {
    let months = i64::from(public.around.reference.spans.one_off_months_max);
    let latest = public.header.effective_date.add_months(months);
    let once = public.header.sharing_mode == SharingMode::OneOff && public.header.agreement_type != AgreementType::Emg;
    when(!is_open(public) && once && ends_after(public, latest), "/terms/term/end_date")
}

fn emergency_term(public: &Public) -> Vec<Finding> {
    let days = i64::from(public.around.reference.spans.emergency_days_max);
    let latest = public.header.effective_date.add_days(days);
    when(public.header.agreement_type == AgreementType::Emg && ends_after(public, latest), "/terms/term/end_date")
}

fn review(public: &Public) -> Vec<Finding> {
    let spans = &public.around.reference.spans;
    let class = public.class();
    let months = if public.header.agreement_type == AgreementType::C2p {
        Some(spans.first_review_months_c2p)
    } else {
        spans.first_review_months.get(&class).copied()
    };
    let Some(months) = months else {
        return Vec::new();
    };
    let latest = public.header.effective_date.add_months(i64::from(months));
    if public.header.review_date.is_some_and(|day| day <= latest) {
        return Vec::new();
    }
    vec![Finding::at("/terms/term/review_date").with(months).with(class).helped(latest)]
}

fn notice(public: &Public) -> Vec<Finding> {
    let most = public.around.reference.spans.notice_days_max;
    when(!is_open(public) && public.header.notice_days > most, "/terms/notice_days")
}

fn is_many(public: &Public) -> bool {
    public.header.parties.len() > 2
}

fn continuation(public: &Public) -> Vec<Finding> {
    let enough = |continuation: &Continuation| continuation.min_parties >= 2;
    let told = public.header.continuation.as_ref().is_some_and(enough);
    when(is_many(public) && !is_open(public) && !told, "/terms/continuation")
}

fn blocking(public: &Public) -> Vec<Finding> {
    let leaves = public.header.non_adopter_rule == NonAdopterRule::Leave;
    when(public.header.formation == Formation::All && leaves, "/terms/non_adopter_rule")
}

fn quorum(public: &Public) -> Vec<Finding> {
    let fewer = public.header.amendment_quorum == AmendmentQuorum::TwoThirds;
    when(fewer && public.header.non_adopter_rule == NonAdopterRule::Block, "/terms/amendment_quorum")
}

fn is_all_open(public: &Public) -> bool {
    public.class() == DataClass::NonPersonalOpen
}

fn unilateral(public: &Public) -> Vec<Finding> {
    let fits = is_open(public) && is_all_open(public);
    when(public.header.formation == Formation::Unilateral && !fits, "/terms/formation")
}

fn open(public: &Public) -> Vec<Finding> {
    when(is_open(public) && !is_all_open(public), "/terms/agreement_type")
}

fn emergency(public: &Public) -> Vec<Finding> {
    let wrong = public.header.agreement_type == AgreementType::Emg && public.header.formation != Formation::All;
    when(wrong, "/terms/formation")
}

fn processor(public: &Public) -> Vec<Finding> {
    let wrong = public.header.parties.iter().filter(|row| {
        matches!(row.legal_role, LegalRole::Processor | LegalRole::SubProcessor) && !row.article6.is_empty()
    });
    wrong.map(|row| Finding::at(format!("/terms/lawful_basis/{}", row.organisation))).collect()
}

fn secret(public: &Public) -> Vec<Finding> {
    let row = &public.header.publication;
    let named = row.exemption.as_ref().is_some_and(|code| SECRET_EXISTENCE.contains(&code.as_str()));
    // A redaction under the same exemption hides words, and not that the agreement exists.
    let hidden = named && row.register == PublicRegister::Withhold;
    when(hidden && public.around.visibility == Visibility::Open, "/terms/publication/exemption")
}

fn size(public: &Public) -> Vec<Finding> {
    let exact = || json::to_jcs(public.header).map_or(usize::MAX, |jcs| jcs.len());
    // What cannot be too long is not written out to be measured.
    let at_most = public.header.bytes_at_most();
    debug_assert!(exact() <= at_most, "a header of {} bytes is said to have {at_most} at most", exact());
    if at_most <= Header::MAX_BYTES {
        return Vec::new();
    }
    let bytes = exact();
    if bytes <= Header::MAX_BYTES {
        return Vec::new();
    }
    vec![Finding::at("/terms/datasets").with(bytes)]
}

//! Rules whose inputs are header members: log rules.

use super::rule::{rules, when};
use super::{Finding, Public};
use crate::event::data::Visibility;
use crate::header::{
    AgreementType, DataClass, Formation, Frequency, Header, LegalRole, Method, PublicRegister, SharingMode,
};
use crate::json;

/// Exemptions under which not even the existence of an agreement may be confirmed.
const SECRET_EXISTENCE: [&str; 3] = ["FOIA-S23", "FOIA-S24", "FOIA-S31"];

rules! {
    log error "V-06" min_parties "Say how many organisations must sign before the agreement starts (at least 2)." "Set `min_parties`.";
    log error "V-07" anchors "An anchor organisation must be a named party." "Add it to the parties, or take it from `anchor_parties`.";
    log error "V-08" lead "Name the organisation that keeps the agreement up to date." "Make `lead_party` one of the parties.";
    log error "V-21" sides "At least one organisation must provide and at least one must receive data." "Check the capacity of each party.";
    log error "V-71" one_off "A one-off agreement can only have frequency ONCE." "Change the frequency or the sharing mode.";
    log error "V-73" download "Public download is only for open data." "Choose another method.";
    log error "V-95" term "The end date must be after the start." "Correct the dates.";
    log error "V-110" unilateral "One organisation alone can only publish open data." "Choose formation ALL or ACCESSION.";
    log error "V-111" open "Only non-personal, open data can be published under an open licence." "Choose another type of agreement.";
    log error "V-112" emergency "In an emergency every party signs first." "Choose formation ALL.";
    log error "V-115" processor "A processor acts on the controller's basis." "Take away the lawful basis of the processor.";
    log error "V-121" secret "An agreement whose existence may not be confirmed (FOIA s23, s24, s31) cannot be filed in an open ledger." "Use a closed ledger.";
    log error "V-125" size "This agreement has too many different datasets for one record ({} bytes of 24,000). Split it, or give datasets the same terms." "Split the agreement, or give datasets the same terms.";
}

fn at(path: impl Into<String>) -> Finding {
    Finding::at(path)
}

fn min_parties(public: &Public) -> Vec<Finding> {
    let header = public.header;
    let short = header.min_parties.is_none_or(|least| least < 2);
    when(header.formation == Formation::Accession && short, "/terms/min_parties")
}

fn anchors(public: &Public) -> Vec<Finding> {
    let header = public.header;
    let stray = |place: &usize| {
        let anchor = header.anchor_parties.get(*place);
        anchor.is_some_and(|&code| header.party(code).is_none())
    };
    (0..header.anchor_parties.len()).filter(stray).map(|place| at(format!("/terms/anchor_parties/{place}"))).collect()
}

fn lead(public: &Public) -> Vec<Finding> {
    let header = public.header;
    when(header.party(header.lead_party).is_none(), "/terms/lead_party")
}

fn sides(public: &Public) -> Vec<Finding> {
    let header = public.header;
    let gives = header.parties.iter().any(|row| row.capacity.provides());
    let receives = header.parties.iter().any(|row| row.capacity.receives());
    // Open data are received by everybody, and need no party that does.
    let enough = gives && (receives || header.agreement_type == AgreementType::Open);
    when(!enough, "/parties")
}

fn one_off(public: &Public) -> Vec<Finding> {
    let header = public.header;
    let wrong = header.sharing_mode == SharingMode::OneOff;
    each_dataset(header, "frequency", |row| wrong && row.frequency != Frequency::Once)
}

fn download(public: &Public) -> Vec<Finding> {
    let header = public.header;
    each_dataset(header, "method", |row| {
        row.method == Method::PublicDownload && row.class != DataClass::NonPersonalOpen
    })
}

fn each_dataset(header: &Header, member: &str, broken: impl Fn(&crate::header::DatasetRow) -> bool) -> Vec<Finding> {
    let rows = header.datasets.iter().filter(|row| broken(row));
    rows.flat_map(|row| row.ids.iter()).map(|id| at(format!("/terms/datasets/{}/{member}", id.position()))).collect()
}

fn term(public: &Public) -> Vec<Finding> {
    let header = public.header;
    let backwards = header.end_date.is_some_and(|end| end <= header.effective_date);
    when(backwards, "/terms/term/end_date")
}

fn all_open(header: &Header) -> bool {
    header.class() == DataClass::NonPersonalOpen
}

fn unilateral(public: &Public) -> Vec<Finding> {
    let header = public.header;
    let fits = header.agreement_type == AgreementType::Open && all_open(header);
    when(header.formation == Formation::Unilateral && !fits, "/terms/formation")
}

fn open(public: &Public) -> Vec<Finding> {
    let header = public.header;
    let wrong = header.agreement_type == AgreementType::Open && !all_open(header);
    when(wrong, "/terms/agreement_type")
}

fn emergency(public: &Public) -> Vec<Finding> {
    let header = public.header;
    let wrong = header.agreement_type == AgreementType::Emg && header.formation != Formation::All;
    when(wrong, "/terms/formation")
}

fn processor(public: &Public) -> Vec<Finding> {
    let header = public.header;
    let wrong = header.parties.iter().filter(|row| {
        matches!(row.legal_role, LegalRole::Processor | LegalRole::SubProcessor) && !row.article6.is_empty()
    });
    wrong.map(|row| at(format!("/terms/lawful_basis/{}", row.organisation))).collect()
}

fn secret(public: &Public) -> Vec<Finding> {
    let header = public.header;
    let exemption = header.publication.exemption.as_ref();
    let withheld = header.publication.register == PublicRegister::Withhold;
    let hidden = withheld && exemption.is_some_and(|code| SECRET_EXISTENCE.contains(&code.as_str()));
    when(hidden && public.around.visibility == Visibility::Open, "/terms/publication/exemption")
}

fn size(public: &Public) -> Vec<Finding> {
    let header = public.header;
    let bytes = json::to_jcs(header).map_or(usize::MAX, |jcs| jcs.len());
    if bytes <= Header::MAX_BYTES {
        return Vec::new();
    }
    vec![at("/terms/datasets").with(bytes)]
}

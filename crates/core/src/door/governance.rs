//! 1.8 and 1.9: what governs the data after sharing.

use super::rule::{rules, when};
use super::{Document, Finding, Public};
use crate::header::{
    AgreementType, AutomatedDecisions, Country, DataClass, DatasetFlag, DpiaStatus, EndAction, Frequency, LegalRole,
    Method, PublicRegister, Residual, SecurityClass, SharingMode, Transfers,
};
use crate::terms::{FurtherUse, NoticeRoute};
use crate::time::Date;

rules! {
    log error "V-81" retention "Set how long {} keeps {}. 'As long as necessary' is not a period." "Give a period of at most 25 years; longer, or PERPETUAL, is for archiving alone.";
    door error "V-81" retention_law "Name the law under which {} keeps {}." "Fill in `law`, or choose another end action.";
    door error "V-82" destruction_standard "Choose how the data are destroyed." "Choose one of CL-DEST, for example CRYPTO_ERASE.";
    log error "V-83" destruction_days "Say within how many days after the end data are destroyed." "Choose 1 to 365 days.";
    door error "V-84" security "Describe encryption, access and storage location." "Fill in `security`.";
    door error "V-84" certificates "There is no certificate {} in the list." "Choose from CL-CERT, or NONE.";
    log warning "V-84" mail_only "OFFICIAL-SENSITIVE data go by e-mail alone." "Choose a safer method where there is one.";
    log error "V-85" transfers "Data leave the UK to {}: choose the transfer mechanism and give the assessment reference." "Correct `transfers`.";
    door error "V-85" assessment "Data leave the UK to {}: choose the transfer mechanism and give the assessment reference." "Fill in `assessment`, and the instrument of SAFEGUARDS.";
    log error "V-85" derogation "Derogations are for occasional transfers." "Choose another mechanism.";
    door error "V-86" rights "Say which organisation answers a resident's request." "Fill in `rights_handling`; corrections are passed on within 30 days.";
    door error "V-87" notice "Residents must be told (within one month if data did not come from them), or name the exemption." "Fill in `privacy_notice` for {}.";
    door error "V-88" breach "Parties must warn each other fast enough to meet the 72-hour report to the regulator; {} hours is too long." "Choose 24 hours or fewer, and never more than 72.";
    door error "V-88" breach_missing "Say within how many hours parties warn each other of a breach, and whom." "Fill in `breach`: 24 hours or fewer.";
    log error "V-89" impact "A DPIA or a written screening is needed." "Fill in `dpia`.";
    log error "V-89" impact_needed "A DPIA is compulsory here: {}." "Make the DPIA, then set `status` to DONE with its date.";
    log error "V-89" impact_risk "A DPIA whose residual risk is high must be put to the regulator first." "Consult, then set `status` to DONE_AND_CONSULTED.";
    log error "V-89" impact_old "The DPIA is dated {}; review it first." "Review it, and give the new date.";
    door error "V-89" impact_reference "Give the reference of the DPIA, or of the screening." "Fill in `reference`.";
    door error "V-91" processor_terms "A processor contract must contain all eight Article 28(3) terms; missing: {}." "Agree the missing terms, then set them in `art28`.";
    door error "V-92" arrangement "Joint controllers must set out who does what, and make the essence available." "Fill in `art26`; the contact point is one of the parties.";
    door error "V-93" information_requests "Say how the parties consult on FOI requests." "Fill in `foi_handling` with 3 to 10 days.";
    door error "V-94" disputes "Choose the dispute route." "Choose DPO_TO_DPO, SIRO_TO_SIRO or CEX, or leave it out.";
    log error "V-104" emergency "Name the emergency and who declared it." "Fill in `emergency`.";
    door error "V-104" declared "Name the emergency and who declared it." "Fill in `incident_ref` and `declared_by`.";
    log error "V-105" withheld "To withhold from the public register, give the exemption and the date it will be looked at again." "Choose an exemption of CL-FOI and a day within 24 months.";
    door error "V-105" redacted "Say what is withheld." "List its paths in `fields`, or publish all.";
    door error "V-106" further_use "Say whether this is the purpose the data were collected for." "Fill in `further_use`; COMPATIBLE_8A needs its condition.";
    door error "V-107" children "Say how children's higher protection needs were considered." "Fill in `children_protection`.";
}

/// The longest that data are kept unless for archiving: 25 years.
const RETENTION_DAYS_MAX: u32 = 25 * 365;

fn is_any(public: &Public, flag: DatasetFlag) -> bool {
    public.header.datasets.iter().any(|row| row.flags.contains(&flag))
}

fn names(public: &Public, row: &crate::header::DatasetRow) -> String {
    let takers = public.parties().filter(|side| public.takes(row, side.at));
    let codes: Vec<String> = takers.map(|side| side.row.organisation.to_string()).take(4).collect();
    if codes.is_empty() { "the recipient".to_owned() } else { codes.join(", ") }
}

fn id(at: usize) -> String {
    crate::ids::DatasetId::from_position(at).map_or_else(String::new, |id| id.to_string())
}

fn retention(public: &Public) -> Vec<Finding> {
    let unbounded = public.datasets().filter(|(_, row)| {
        let bounded = row.retention.as_ref().is_some_and(|retention| {
            retention.archiving || retention.period.days().is_some_and(|days| days <= RETENTION_DAYS_MAX)
        });
        row.class >= DataClass::Anonymous && !bounded
    });
    unbounded
        .map(|(at, row)| Finding::at(format!("/terms/datasets/{at}/retention")).with(names(public, row)).with(id(at)))
        .collect()
}

fn retention_law(document: &Document) -> Vec<Finding> {
    let public = &document.public;
    public
        .datasets()
        .filter(|(at, row)| {
            let kept = row.retention.as_ref().is_some_and(|retention| retention.end_action == EndAction::Retain);
            kept && document.text(&format!("/datasets/{at}/retention/law")).is_empty()
        })
        .map(|(at, row)| {
            Finding::at(format!("/terms/datasets/{at}/retention/law")).with(names(public, row)).with(id(at))
        })
        .collect()
}

fn ends_with(document: &Document, action: EndAction) -> bool {
    document
        .terms
        .datasets
        .iter()
        .any(|dataset| dataset.retention.as_ref().is_some_and(|retention| retention.end_action == action))
}

fn destruction_standard(document: &Document) -> Vec<Finding> {
    let reference = document.public.around.reference;
    let chosen = document.terms.destruction_standard.as_ref();
    let listed = chosen.map(|code| reference.lists("CL-DEST", code.as_str()));
    when(!listed.unwrap_or(!ends_with(document, EndAction::Destroy)), "/terms/destruction_standard")
}

fn destruction_days(public: &Public) -> Vec<Finding> {
    let wrong = public.header.datasets.iter().any(|row| !(1..=365).contains(&row.destroy_within_days));
    when(wrong, "/terms/destruction_due_days")
}

fn security(document: &Document) -> Vec<Finding> {
    if document.public.class() < DataClass::Anonymous {
        return Vec::new();
    }
    let whole = document.terms.security.is_some()
        && !document.text("/security/access_control").is_empty()
        && !document.text("/security/location").is_empty();
    when(!whole, "/terms/security")
}

fn certificates(document: &Document) -> Vec<Finding> {
    let reference = document.public.around.reference;
    let held = document.terms.security.iter().flat_map(|security| security.certification.iter().enumerate());
    held.filter(|(_, code)| !reference.lists("CL-CERT", code.as_str()))
        .map(|(at, code)| Finding::at(format!("/terms/security/certification/{at}")).with(code))
        .collect()
}

fn mail_only(public: &Public) -> Vec<Finding> {
    let sensitive = public.header.security_class == SecurityClass::OfficialSensitive;
    let rows = &public.header.datasets;
    let mailed = !rows.is_empty() && rows.iter().all(|row| row.method == Method::SecureEmail);
    when(sensitive && mailed, "/terms/datasets")
}

fn countries(public: &Public) -> String {
    let codes: Vec<&str> = public.header.countries.iter().map(Country::as_str).collect();
    if codes.is_empty() { "another country".to_owned() } else { codes.join(", ") }
}

fn transfers(public: &Public) -> Vec<Finding> {
    let none = public.header.transfers == Transfers::None;
    let abroad = !public.header.countries.is_empty();
    if none == abroad { vec![Finding::at("/terms/transfers").with(countries(public))] } else { Vec::new() }
}

fn assessment(document: &Document) -> Vec<Finding> {
    let Some(transfers) = &document.terms.transfers else {
        return Vec::new();
    };
    let told = match transfers.mechanism {
        Transfers::None | Transfers::Adequate => return Vec::new(),
        Transfers::Safeguards => transfers
            .instrument
            .as_ref()
            .is_some_and(|code| ["IDTA", "ADDENDUM", "BCR", "PUBLIC_BODY_INSTRUMENT"].contains(&code.as_str())),
        Transfers::Derogation | Transfers::Part3 => true,
    };
    if told && !document.text("/transfers/assessment").is_empty() {
        return Vec::new();
    }
    vec![Finding::at("/terms/transfers/assessment").with(countries(&document.public))]
}

fn derogation(public: &Public) -> Vec<Finding> {
    let header = public.header;
    let steady = matches!(header.sharing_mode, SharingMode::Regular | SharingMode::Continuous | SharingMode::Pooled);
    when(steady && header.transfers == Transfers::Derogation, "/terms/transfers/mechanism")
}

fn rights(document: &Document) -> Vec<Finding> {
    if !document.public.is_personal() {
        return Vec::new();
    }
    let whole = document.terms.rights_handling.as_ref().is_some_and(|rights| rights.notify_days <= 30)
        && !document.text("/rights_handling/contact").is_empty();
    when(!whole, "/terms/rights_handling")
}

fn notice(document: &Document) -> Vec<Finding> {
    let public = &document.public;
    let silent = public.parties().filter(|side| {
        let code = side.row.organisation;
        let Some(notice) = document.terms.privacy_notice.get(&code) else {
            return true;
        };
        match notice.route {
            NoticeRoute::Exempt => notice.exemption.is_none(),
            NoticeRoute::Art13 | NoticeRoute::Art14 => document.text(&format!("/privacy_notice/{code}/url")).is_empty(),
        }
    });
    silent
        .filter(|side| public.is_personal() && !side.is_processor())
        .map(|side| {
            let code = side.row.organisation;
            Finding::at(format!("/terms/privacy_notice/{code}")).helped(code)
        })
        .collect()
}

fn breach(document: &Document) -> Vec<Finding> {
    let hours = document.terms.breach.as_ref().map(|breach| breach.notify_within_hours);
    let slow = hours.filter(|hours| document.public.is_personal() && *hours > 72);
    slow.map(|hours| Finding::at("/terms/breach/notify_within_hours").with(hours)).into_iter().collect()
}

fn breach_missing(document: &Document) -> Vec<Finding> {
    let told = document.terms.breach.as_ref().is_some_and(|breach| {
        breach.notify_within_hours > 0
            && document.public.header.party(breach.lead).is_some()
            && !document.text("/breach/contact").is_empty()
    });
    when(document.public.is_personal() && !told, "/terms/breach")
}

fn impact(public: &Public) -> Vec<Finding> {
    let told = public.header.dpia.as_ref().is_some_and(|dpia| match dpia.status {
        DpiaStatus::Done | DpiaStatus::DoneAndConsulted => dpia.date.is_some() && dpia.residual.is_some(),
        DpiaStatus::NotRequired => true,
    });
    when(public.is_personal() && !told, "/terms/dpia")
}

/// Why a screening will not do, if it will not (domain.md, V-89).
fn compulsory(public: &Public) -> Option<&'static str> {
    let header = public.header;
    let class = public.class();
    let personal = || header.datasets.iter().filter(|row| row.class >= DataClass::Pseudonymised);
    let sources = public.parties().filter(|side| personal().any(|row| public.gives(row, side.at))).count();
    let flags = |flag| is_any(public, flag);
    if !public.is_personal() {
        None
    } else if flags(DatasetFlag::LargeScale)
        && (class >= DataClass::CriminalOffence && class != DataClass::LawEnforcement
            || flags(DatasetFlag::SpecialCategory)
            || flags(DatasetFlag::CriminalOffence))
    {
        Some("special category or criminal offence data on a large scale")
    } else if flags(DatasetFlag::Children) && header.sharing_mode == SharingMode::Pooled {
        Some("data about children are pooled")
    } else if header.automated_decisions == AutomatedDecisions::Solely {
        Some("decisions are solely automated")
    } else if class == DataClass::LawEnforcement && flags(DatasetFlag::NewTechnology) {
        Some("law enforcement with new technology")
    } else if personal().any(|row| row.frequency == Frequency::Live) {
        Some("people are monitored live")
    } else if header.sharing_mode == SharingMode::Pooled && sources >= 3 {
        Some("data of three or more sources are matched")
    } else {
        None
    }
}

fn impact_needed(public: &Public) -> Vec<Finding> {
    let screened = public.header.dpia.as_ref().is_some_and(|dpia| dpia.status == DpiaStatus::NotRequired);
    let why = compulsory(public).filter(|_| screened);
    why.map(|why| Finding::at("/terms/dpia/status").with(why)).into_iter().collect()
}

fn impact_risk(public: &Public) -> Vec<Finding> {
    let alone = public
        .header
        .dpia
        .as_ref()
        .is_some_and(|dpia| dpia.residual == Some(Residual::High) && dpia.status != DpiaStatus::DoneAndConsulted);
    when(alone, "/terms/dpia/residual")
}

fn impact_old(public: &Public) -> Vec<Finding> {
    let months = i64::from(public.around.reference.spans.dpia_months_max);
    let date = public.header.dpia.as_ref().and_then(|dpia| dpia.date);
    let old = date.filter(|date| public.is_personal() && date.add_months(months) < public.around.on);
    old.map(|date| Finding::at("/terms/dpia/date").with(date)).into_iter().collect()
}

fn impact_reference(document: &Document) -> Vec<Finding> {
    let made = document.terms.dpia.is_some();
    when(document.public.is_personal() && made && document.text("/dpia/reference").is_empty(), "/terms/dpia/reference")
}

fn processor_terms(document: &Document) -> Vec<Finding> {
    if !matches!(document.terms.agreement_type, AgreementType::C2p | AgreementType::P2sp) {
        return Vec::new();
    }
    let terms = document.terms.art28.as_ref();
    let agreed = |of: fn(&crate::terms::Article28) -> bool| terms.is_some_and(of);
    let missing: Vec<&str> = [
        ("documented instructions", agreed(|terms| terms.instructions)),
        ("confidentiality", agreed(|terms| terms.confidentiality)),
        ("security", agreed(|terms| terms.security)),
        ("sub-processors", agreed(|terms| terms.sub_processors)),
        ("help with rights", agreed(|terms| terms.assist_rights)),
        ("help with Articles 32 to 36", agreed(|terms| terms.assist_compliance)),
        ("delete or return", agreed(|terms| terms.delete_or_return)),
        ("audit", agreed(|terms| terms.audit)),
    ]
    .into_iter()
    .filter(|(_, agreed)| !agreed)
    .map(|(name, _)| name)
    .collect();
    if missing.is_empty() { Vec::new() } else { vec![Finding::at("/terms/art28").with(missing.join(", "))] }
}

fn arrangement(document: &Document) -> Vec<Finding> {
    if document.terms.agreement_type != AgreementType::Jc {
        return Vec::new();
    }
    let contact = document.terms.art26.as_ref().and_then(|terms| document.public.header.party(terms.contact_point));
    let whole = contact.is_some_and(|(_, row)| row.legal_role == LegalRole::JointController)
        && !document.text("/art26/allocation").is_empty()
        && !document.text("/art26/essence_url").is_empty();
    when(!whole, "/terms/art26")
}

fn information_requests(document: &Document) -> Vec<Finding> {
    let public = &document.public;
    let asked = public.header.parties.len() > 1
        && public
            .parties()
            .any(|side| side.body.is_some_and(|body| body.flags.foi_subject || body.flags.public_authority));
    let told = document
        .terms
        .foi_handling
        .as_ref()
        .map(|foi| (3..=10).contains(&foi.consult_days) && foi.lead.as_str() == "RECEIVING_BODY");
    when(!told.unwrap_or(!asked), "/terms/foi_handling")
}

fn disputes(document: &Document) -> Vec<Finding> {
    let route = document.terms.dispute_route.as_ref();
    let known = route.is_none_or(|code| ["DPO_TO_DPO", "SIRO_TO_SIRO", "CEX"].contains(&code.as_str()));
    when(!known, "/terms/dispute_route")
}

fn emergency(public: &Public) -> Vec<Finding> {
    let named = public.header.emergency_ground.is_some();
    when(public.header.agreement_type == AgreementType::Emg && !named, "/terms/emergency")
}

fn declared(document: &Document) -> Vec<Finding> {
    let told = |part: &str| !document.text(&format!("/emergency/{part}")).is_empty();
    when(document.terms.emergency.is_some() && !(told("incident_ref") && told("declared_by")), "/terms/emergency")
}

fn withheld(public: &Public) -> Vec<Finding> {
    let row = &public.header.publication;
    let reference = public.around.reference;
    let listed = row.exemption.as_ref().is_some_and(|code| reference.lists("CL-FOI", code.as_str()));
    let months = i64::from(reference.spans.withhold_months_max);
    let latest: Date = public.around.on.max(public.header.effective_date).add_months(months);
    let soon = row.look_again.is_some_and(|day| day <= latest);
    let wrong = match row.register {
        PublicRegister::Publish | PublicRegister::PublishRedacted => row.exemption.is_some() && !listed,
        PublicRegister::Withhold => !(listed && soon),
    };
    when(wrong, "/terms/publication")
}

fn redacted(document: &Document) -> Vec<Finding> {
    let publication = &document.terms.publication;
    let silent = publication.register == PublicRegister::PublishRedacted && publication.fields.is_empty();
    when(silent, "/terms/publication/fields")
}

fn further_use(document: &Document) -> Vec<Finding> {
    if !document.public.is_personal() {
        return Vec::new();
    }
    let told = document.terms.further_use.as_ref().is_some_and(|further| match further.basis {
        FurtherUse::NewCollection | FurtherUse::Original => true,
        FurtherUse::Compatible => !document.text("/further_use/condition").is_empty(),
    });
    when(!told, "/terms/further_use")
}

fn children(document: &Document) -> Vec<Finding> {
    let asked = document.public.is_personal() && is_any(&document.public, DatasetFlag::Children);
    when(asked && document.text("/children_protection").is_empty(), "/terms/children_protection")
}

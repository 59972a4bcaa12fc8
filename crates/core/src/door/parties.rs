//! 1.2 and 1.3: the shape of the agreement, its parties and how to reach them.

use super::rule::{rules, when};
use super::{Document, Finding, Public};
use crate::header::{AgreementType, DataClass, DatasetFlag, ExecutionForm, LegalRole, Regime, SharingMode};
use crate::ids::OrganisationCode;
use crate::organisation::OrganisationType;
use crate::terms::PartyContacts;
use crate::time::Date;

rules! {
    log error "V-09" template "Template {} version {} is not published." "Start without the template, or ask its owner to publish it.";
    log error "V-10" derived_from "The agreement you copied from ({}) does not exist in the ledger." "Name the agreement by its id, or leave `derived_from` out.";
    log error "V-11" programme "Programme {} is not registered." "Leave `programme_id` out, or have the programme registered first.";
    log warning "V-12" memorandum "An MoU alone is not a data sharing agreement for a council; choose it only if the agreement also contains every section below." "Choose SIMPLE_CONTRACT, unless the parties may use an MoU.";
    log error "V-20" registered "{} is not registered in the ledger. Ask the registrar to add it." "Ask the registrar, or name another organisation.";
    log error "V-20" partnership "{} is a joint committee or programme and cannot be a party." "Name the authority that acts for it.";
    log error "V-20" named_twice "{} is named as a party more than once." "Give each organisation one row; capacity BOTH gives and receives.";
    log error "V-22" legal_role "Say whether {} is a controller or a processor." "Set `legal_role` of the party.";
    log error "V-23" processor_pair "A controller-to-processor agreement needs one of each." "Make one party CONTROLLER and one PROCESSOR.";
    log error "V-23" joint_controllers "A joint-controller agreement needs at least two joint controllers." "Make two parties JOINT_CONTROLLER, or choose type C2C.";
    log error "V-24" competent_authority "{} is not recorded as a competent authority, so it cannot process under Part 3." "Choose regime UKGDPR, or have the organisation's record corrected.";
    log error "V-24" regime "Say whether {} processes under the UK GDPR or under Part 3." "Set `regime` of the party to UKGDPR or PART3.";
    log error "V-25" functions "Name the council function the data serve; it decides the legal power and who succeeds if functions move." "Add `functions` to {}, for example HOUSING.";
    door error "V-26" mailbox "Give a shared mailbox or role for {}; personal names are not stored in the ledger." "Add it to the contacts of {}.";
    door error "V-26" watched "Data flow all the time, so somebody must read the breach mailbox of {} all the time." "Set `breach_monitored` once it is watched day and night.";
    door error "V-27" complaints "No data protection complaints contact for {}." "Add `complaints` to its contacts.";
    door warning "V-28" fee_reference "The data protection fee reference {} is not in the right form." "Write it like Z1234567 or ZA123456.";
    door warning "V-28" fee_missing "Give the data protection fee reference of {}." "Add `ico_registration` to its contacts.";
    door error "V-29" health_standard "Health and care data need a current DSPT (or successor) status for {}." "Add `dspt` with its status and date to the contacts.";
    log error "V-118" filer "Say which party you file for: {} is not one of the parties." "Name a party as `requesting_organisation`.";
}

/// The day from which a data protection complaint must be acknowledged (Data (Use and Access) Act 2025, s103).
const COMPLAINTS_FROM: (i64, i64, i64) = (2026, 6, 19);

fn template(public: &Public) -> Vec<Finding> {
    // No template can be published before the events of templates stand.
    let named = public.header.template.iter();
    named.map(|template| Finding::at("/terms/template").with(template.id).with(template.version)).collect()
}

fn derived_from(public: &Public) -> Vec<Finding> {
    let (Some(from), Some(exists)) = (&public.header.derived_from, public.around.agreement_exists) else {
        return Vec::new();
    };
    if exists(from.agreement) { Vec::new() } else { vec![Finding::at("/terms/derived_from").with(from.agreement)] }
}

fn programme(public: &Public) -> Vec<Finding> {
    // Nor can a programme be registered.
    public.header.programme.iter().map(|id| Finding::at("/terms/programme_id").with(id)).collect()
}

fn memorandum(public: &Public) -> Vec<Finding> {
    when(public.header.execution_form == ExecutionForm::Mou, "/terms/execution_form")
}

fn registered(public: &Public) -> Vec<Finding> {
    let strangers = public.parties().filter(|side| side.body.is_none());
    strangers.map(|side| party(side.at, "organisation").with(side.row.organisation)).collect()
}

fn partnership(public: &Public) -> Vec<Finding> {
    let partners =
        public.parties().filter(|side| side.body.is_some_and(|body| body.kind == OrganisationType::Partnership));
    partners.map(|side| party(side.at, "organisation").with(side.row.organisation)).collect()
}

fn named_twice(public: &Public) -> Vec<Finding> {
    let rows = &public.header.parties;
    let again = rows
        .iter()
        .enumerate()
        .filter(|(at, row)| rows.iter().take(*at).any(|earlier| earlier.organisation == row.organisation));
    again.map(|(at, row)| party(at, "organisation").with(row.organisation)).collect()
}

fn party(at: usize, member: &str) -> Finding {
    Finding::at(format!("/parties/{at}/{member}"))
}

fn legal_role(public: &Public) -> Vec<Finding> {
    let silent = public.parties().filter(|side| side.row.legal_role == LegalRole::NotApplicable);
    silent
        .filter(|_| public.is_personal())
        .map(|side| party(side.at, "legal_role").with(side.row.organisation))
        .collect()
}

fn count(public: &Public, role: LegalRole) -> usize {
    public.parties().filter(|side| side.row.legal_role == role).count()
}

fn processor_pair(public: &Public) -> Vec<Finding> {
    let whole = count(public, LegalRole::Controller) >= 1 && count(public, LegalRole::Processor) >= 1;
    when(public.header.agreement_type == AgreementType::C2p && !whole, "/parties")
}

fn joint_controllers(public: &Public) -> Vec<Finding> {
    let whole = count(public, LegalRole::JointController) >= 2;
    when(public.header.agreement_type == AgreementType::Jc && !whole, "/parties")
}

fn competent_authority(public: &Public) -> Vec<Finding> {
    let pretenders = public.parties().filter(|side| {
        side.row.regime == Regime::Part3 && side.body.is_some_and(|body| body.flags.competent_authority.is_none())
    });
    pretenders.map(|side| party(side.at, "regime").with(side.row.organisation)).collect()
}

fn regime(public: &Public) -> Vec<Finding> {
    let silent = public.parties().filter(|side| side.row.regime == Regime::None && public.is_personal());
    silent.map(|side| party(side.at, "regime").with(side.row.organisation)).collect()
}

fn functions(public: &Public) -> Vec<Finding> {
    let silent = public.parties().filter(|side| side.is_public() && side.row.functions.is_empty());
    silent.map(|side| party(side.at, "functions").helped(side.row.organisation)).collect()
}

/// Each party with its contacts, where contacts came along at all.
fn contacted<'a>(document: &'a Document<'a>) -> Vec<(OrganisationCode, Option<&'a PartyContacts>)> {
    let Some(contacts) = document.contacts else {
        return Vec::new();
    };
    let rows = document.public.header.parties.iter();
    rows.map(|row| (row.organisation, contacts.0.get(&row.organisation))).collect()
}

fn blank(text: Option<&String>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}

fn mailbox(document: &Document) -> Vec<Finding> {
    if !document.public.is_personal() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (code, contacts) in contacted(document) {
        let given = |of: fn(&PartyContacts) -> Option<&String>| contacts.and_then(of);
        for (member, title, text) in [
            ("dpo", "the data protection officer", given(|contacts| contacts.dpo.as_ref())),
            ("ig", "information governance", given(|contacts| contacts.ig.as_ref())),
            ("breach", "breaches", given(|contacts| contacts.breach.as_ref())),
            ("rights", "residents' rights", given(|contacts| contacts.rights.as_ref())),
        ] {
            if blank(text) {
                found.push(Finding::at(format!("/contacts/{code}/{member}")).with(title).helped(code));
            }
        }
    }
    found
}

fn watched(document: &Document) -> Vec<Finding> {
    if !document.public.is_personal() || document.terms.sharing_mode != SharingMode::Continuous {
        return Vec::new();
    }
    let asleep = contacted(document).into_iter().filter(|(_, contacts)| {
        contacts.is_some_and(|contacts| !blank(contacts.breach.as_ref()) && !contacts.breach_monitored)
    });
    asleep.map(|(code, _)| Finding::at(format!("/contacts/{code}/breach_monitored")).with(code)).collect()
}

fn complaints(document: &Document) -> Vec<Finding> {
    let (year, month, day) = COMPLAINTS_FROM;
    let owed = Date::from_ymd(year, month, day).is_some_and(|from| document.public.around.on >= from);
    if !owed || !document.public.is_personal() {
        return Vec::new();
    }
    let silent = contacted(document)
        .into_iter()
        .filter(|(_, contacts)| blank(contacts.and_then(|contacts| contacts.complaints.as_ref())));
    silent.map(|(code, _)| Finding::at(format!("/contacts/{code}/complaints")).with(code)).collect()
}

fn fee_reference(document: &Document) -> Vec<Finding> {
    contacted(document)
        .into_iter()
        .filter_map(|(code, contacts)| Some((code, contacts?.ico_registration.as_ref()?)))
        .filter(|(_, reference)| !is_fee_reference(reference))
        .map(|(code, reference)| {
            let shown: String = reference.chars().take(20).collect();
            Finding::at(format!("/contacts/{code}/ico_registration")).with(shown)
        })
        .collect()
}

/// `Z`, perhaps one more capital letter, then six or seven digits.
fn is_fee_reference(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('Z') else {
        return false;
    };
    let digits = rest.strip_prefix(|c: char| c.is_ascii_uppercase()).unwrap_or(rest);
    (6..=7).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn fee_missing(document: &Document) -> Vec<Finding> {
    if !document.public.is_personal() {
        return Vec::new();
    }
    let controllers: Vec<OrganisationCode> =
        document.public.parties().filter(|side| !side.is_processor()).map(|side| side.row.organisation).collect();
    contacted(document)
        .into_iter()
        .filter(|(code, contacts)| {
            controllers.contains(code) && contacts.is_none_or(|contacts| contacts.ico_registration.is_none())
        })
        .map(|(code, _)| Finding::at(format!("/contacts/{code}/ico_registration")).with(code))
        .collect()
}

fn health_standard(document: &Document) -> Vec<Finding> {
    let health = document.public.header.datasets.iter().any(|row| {
        row.class >= DataClass::Pseudonymised
            && row.flags.iter().any(|flag| matches!(flag, DatasetFlag::PatientInfo | DatasetFlag::AdultSocialCare))
    });
    if !health {
        return Vec::new();
    }
    let today = document.public.around.on;
    let known = |contacts: Option<&PartyContacts>| {
        contacts
            .and_then(|contacts| contacts.dspt.as_ref())
            .is_some_and(|dspt| dspt.date <= today && ["MET", "NOT_MET", "N_A"].contains(&dspt.status.as_str()))
    };
    let silent = contacted(document).into_iter().filter(|(_, contacts)| !known(*contacts));
    silent.map(|(code, _)| Finding::at(format!("/contacts/{code}/dspt")).with(code)).collect()
}

fn filer(public: &Public) -> Vec<Finding> {
    let stranger = public.requesting.filter(|code| public.header.party(*code).is_none());
    stranger.map(|code| Finding::at("/requesting_organisation").with(code)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::is_fee_reference;

    #[test]
    fn a_fee_reference_is_a_z_perhaps_a_letter_and_six_or_seven_digits() {
        for text in ["Z1234567", "Z123456", "ZA123456", "ZB1234567"] {
            assert!(is_fee_reference(text), "{text}");
        }
        for text in ["", "Z", "Z12345", "Z12345678", "za123456", "ZAB123456", "A1234567", "Z123456 ", "Z12345\u{664}"] {
            assert!(!is_fee_reference(text), "{text}");
        }
    }
}

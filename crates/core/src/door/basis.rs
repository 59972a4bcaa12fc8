//! 1.4: purpose, necessity, lawful basis.

use super::rule::{rules, when};
use super::{Document, Finding, Public, Side};
use crate::header::{AgreementType, Article6, Article9, AutomatedDecisions, DataClass, DatasetFlag, SharingMode};
use crate::terms::{ConfidenceBasis, PurposeCode};

rules! {
    door error "V-30" purpose "Describe the purpose in at least 50 characters: what will be decided or done with the data." "Write 50 to 2,000 characters.";
    door error "V-31" purpose_codes "Pick at least one purpose." "Choose 1 to 5 of CL-PURP, each once.";
    door error "V-31" other_purpose "Say in words what the purpose OTHER is." "Fill in `purpose_other`.";
    door error "V-32" benefits "Say what benefit is expected and how it will be measured." "Write at least 50 characters.";
    door error "V-32" harm "Say what harm comes if the data are not shared." "Write at least 50 characters in `harm_if_not_shared`.";
    door error "V-33" necessity "Explain why the purpose cannot be met with less data or anonymous data." "Write at least 50 characters.";
    door error "V-34" excluded_uses "List the uses that are not allowed (at least one)." "Choose from CL-EXCL, for example MARKETING.";
    log error "V-35" lawful_basis "Choose a lawful basis for {}." "Add its Article 6 basis to `lawful_basis`.";
    log warning "V-36" consent "Consent is rarely right for councils because residents cannot freely refuse. Give the reason and the withdrawal route." "Choose another basis, or explain it in `consent_mechanism`.";
    log error "V-37" law "Name the law that lays down this {} for {}." "Add a gateway that the organisation itself holds; nobody may rely on another's task.";
    log error "V-38" public_recognised_interest "Recognised legitimate interest is not open to a public authority performing its tasks. Use public task, or choose it only for a party that is not a public authority." "Change the basis of {}.";
    log error "V-38" not_yet_recognised "Recognised legitimate interest can be relied on from {} on." "Choose another basis for {}.";
    door error "V-38" annex_1 "Name the condition of Annex 1 that {} relies on." "Add a code of CL-A1 to `annex1_condition`.";
    door error "V-38" annex_1_request "Give the written request that {} answers." "Fill in `annex1_request`: condition A1-1 needs a request that says the data are needed for a public task.";
    log error "V-39" public_legitimate_interest "A public authority cannot rely on legitimate interests for its tasks." "Change the basis of {}.";
    door error "V-39" interests_assessment "Give the legitimate-interests assessment of {}." "Add its reference to `lia_ref`.";
    log error "V-40" article_9 "Special category data: choose an Article 9 condition for {}." "Add it to `art9_condition`.";
    log error "V-41" schedule_1 "Article 9({}) also needs a condition in Schedule 1 of the Data Protection Act 2018." "Add a paragraph that goes with it to `sch1_condition`.";
    log error "V-41" schedule_1_unknown "Schedule 1 of the Data Protection Act 2018 has no condition {} that fits here." "Choose a paragraph of CL-SCH1.";
    door error "V-41" schedule_1_offences "Criminal offence data also need a condition in Schedule 1 of the Data Protection Act 2018, or official authority, for {}." "Add a paragraph to `sch1_condition`, or name the authority in `official_authority`.";
    door error "V-42" policy_document "Condition {} requires an appropriate policy document. Give its reference and date." "Add it to `apd`.";
    door error "V-43" official_authority "Name the official authority that covers criminal offence data." "Fill in `official_authority`.";
    door error "V-44" confidence "The data were given in confidence. Say how the duty of confidentiality is met; data protection law alone is not enough." "Choose another value of `common_law_duty`.";
    door error "V-45" human_rights "State briefly why the interference with private life (Article 8) is proportionate." "Write at least 50 characters.";
    door warning "V-46" equality "Say how unequal effects on protected groups were considered." "Fill in `equality_note`.";
    door error "V-48" automated_safeguards "Solely automated significant decisions need the safeguards of Articles 22A-22D recorded, and may not rest on special category data without a further condition." "Fill in `automated_safeguards`.";
    log error "V-48" automated_special "Solely automated significant decisions need the safeguards of Articles 22A-22D recorded, and may not rest on special category data without a further condition." "Add Article 9(2)(a) or (g) for {}, or have a person decide.";
    door warning "V-49" transparency_record "Publish an algorithmic transparency record." "Add its address to `atrs_ref`.";
    door warning "V-119" immigration "The purpose speaks of immigration enforcement, which is not a purpose here. The data protection officer must review it." "Say in other words what the data are for, or ask the data protection officer first.";
}

fn short(document: &Document, pointer: &str, asked: bool) -> Vec<Finding> {
    when(asked && document.length(pointer) < 50, &format!("/terms{pointer}"))
}

fn is_open(document: &Document) -> bool {
    document.terms.agreement_type == AgreementType::Open
}

fn purpose(document: &Document) -> Vec<Finding> {
    when(!(50..=2000).contains(&document.length("/purpose")), "/terms/purpose")
}

fn purpose_codes(document: &Document) -> Vec<Finding> {
    let codes = &document.terms.purpose_codes;
    let twice = codes.iter().enumerate().any(|(at, code)| codes.iter().take(at).any(|earlier| earlier == code));
    when(twice || !(1..=5).contains(&codes.len()), "/terms/purpose_codes")
}

fn other_purpose(document: &Document) -> Vec<Finding> {
    let other = document.terms.purpose_codes.contains(&PurposeCode::Other);
    when(other && document.text("/purpose_other").is_empty(), "/terms/purpose_other")
}

fn benefits(document: &Document) -> Vec<Finding> {
    short(document, "/benefits", !is_open(document))
}

fn harm(document: &Document) -> Vec<Finding> {
    short(document, "/harm_if_not_shared", !is_open(document))
}

fn necessity(document: &Document) -> Vec<Finding> {
    short(document, "/necessity", document.public.is_personal())
}

fn excluded_uses(document: &Document) -> Vec<Finding> {
    when(document.public.is_personal() && document.terms.excluded_uses.is_empty(), "/terms/excluded_uses")
}

/// Parties that decide for themselves under the UK GDPR, where data are personal.
fn controllers<'a>(public: &'a Public<'a>) -> impl Iterator<Item = Side<'a>> {
    public.parties().filter(|side| side.is_general_controller() && public.is_personal())
}

fn at(member: &str, side: &Side) -> Finding {
    Finding::at(format!("/terms/{member}/{}", side.row.organisation))
}

fn lawful_basis(public: &Public) -> Vec<Finding> {
    let silent = controllers(public).filter(|side| side.row.article6.is_empty());
    silent.map(|side| at("lawful_basis", &side).with(side.row.organisation)).collect()
}

fn consent(public: &Public) -> Vec<Finding> {
    let asked = |side: &Side| {
        side.row.article6.contains(&Article6::A)
            && !side.row.gateways.iter().any(|used| used.code.as_str() == "HRA-213B")
    };
    public.parties().filter(asked).map(|side| at("lawful_basis", &side)).collect()
}

fn law(public: &Public) -> Vec<Finding> {
    let mut found = Vec::new();
    for side in controllers(public) {
        let held = side
            .powers()
            .any(|(used, rule)| rule.is_some_and(|rule| used.uses.iter().any(|way| rule.admits(*way, side.body))));
        let basis = if side.row.article6.contains(&Article6::E) {
            "task"
        } else if side.row.article6.contains(&Article6::C) {
            "obligation"
        } else {
            continue;
        };
        if !held {
            found.push(at("lawful_basis", &side).with(basis).with(side.row.organisation));
        }
    }
    found
}

fn relying<'a>(public: &'a Public<'a>, basis: Article6) -> impl Iterator<Item = Side<'a>> {
    public.parties().filter(move |side| side.row.article6.contains(&basis))
}

fn public_recognised_interest(public: &Public) -> Vec<Finding> {
    relying(public, Article6::Ea)
        .filter(Side::is_public)
        .map(|side| at("lawful_basis", &side).helped(side.row.organisation))
        .collect()
}

fn not_yet_recognised(public: &Public) -> Vec<Finding> {
    let Some(from) = public.around.reference.basis_from(Article6::Ea).filter(|from| public.around.on < *from) else {
        return Vec::new();
    };
    relying(public, Article6::Ea)
        .map(|side| at("lawful_basis", &side).with(from).helped(side.row.organisation))
        .collect()
}

fn annex_1(document: &Document) -> Vec<Finding> {
    let reference = document.public.around.reference;
    let silent = relying(&document.public, Article6::Ea).filter(|side| {
        let condition = document.terms.annex1_condition.get(&side.row.organisation);
        !side.is_public() && condition.is_none_or(|code| !reference.lists("CL-A1", code.as_str()))
    });
    silent.map(|side| at("annex1_condition", &side).with(side.row.organisation)).collect()
}

fn annex_1_request(document: &Document) -> Vec<Finding> {
    let silent = relying(&document.public, Article6::Ea).filter(|side| {
        let code = side.row.organisation;
        let asked = document.terms.annex1_condition.get(&code).is_some_and(|code| code.as_str() == "A1-1");
        asked && document.text(&format!("/annex1_request/{code}")).is_empty()
    });
    silent.map(|side| at("annex1_request", &side).with(side.row.organisation)).collect()
}

fn public_legitimate_interest(public: &Public) -> Vec<Finding> {
    relying(public, Article6::F)
        .filter(Side::is_public)
        .map(|side| at("lawful_basis", &side).helped(side.row.organisation))
        .collect()
}

fn interests_assessment(document: &Document) -> Vec<Finding> {
    let silent = relying(&document.public, Article6::F)
        .filter(|side| !side.is_public() && document.text(&format!("/lia_ref/{}", side.row.organisation)).is_empty());
    silent.map(|side| at("lia_ref", &side).with(side.row.organisation)).collect()
}

/// Whether any dataset is of the class or carries its flag.
fn holds(public: &Public, class: DataClass, flag: DatasetFlag) -> bool {
    public.header.datasets.iter().any(|row| row.class == class || row.flags.contains(&flag))
}

fn is_special(public: &Public) -> bool {
    holds(public, DataClass::SpecialCategory, DatasetFlag::SpecialCategory)
}

fn is_offences(public: &Public) -> bool {
    holds(public, DataClass::CriminalOffence, DatasetFlag::CriminalOffence)
}

fn article_9(public: &Public) -> Vec<Finding> {
    let silent = controllers(public).filter(|side| is_special(public) && side.row.article9.is_empty());
    silent.map(|side| at("art9_condition", &side).with(side.row.organisation)).collect()
}

fn schedule_1(public: &Public) -> Vec<Finding> {
    let mut found = Vec::new();
    for side in controllers(public).filter(|_| is_special(public)) {
        for condition in &side.row.article9 {
            let Some(allowed) = public.around.reference.schedule1.pairs.get(condition) else {
                continue;
            };
            if !side.row.schedule1.iter().any(|paragraph| allowed.contains(paragraph)) {
                found.push(at("sch1_condition", &side).with(condition));
            }
        }
    }
    found
}

fn schedule_1_unknown(public: &Public) -> Vec<Finding> {
    let list = &public.around.reference.schedule1;
    let offences = is_offences(public);
    let fits =
        |paragraph: u8| list.rows.iter().any(|row| row.paragraph == paragraph && (offences || !row.criminal_only));
    let mut found = Vec::new();
    for side in public.parties() {
        let wrong = side.row.schedule1.iter().filter(|paragraph| !fits(**paragraph));
        found.extend(wrong.map(|paragraph| at("sch1_condition", &side).with(paragraph)));
    }
    found
}

fn schedule_1_offences(document: &Document) -> Vec<Finding> {
    let public = &document.public;
    let allowed = &public.around.reference.schedule1.criminal_offences;
    let silent = controllers(public).filter(|side| {
        let covered = side.row.schedule1.iter().any(|paragraph| allowed.contains(paragraph));
        is_offences(public) && !covered && !document.terms.official_authority.contains_key(&side.row.organisation)
    });
    silent.map(|side| at("sch1_condition", &side).with(side.row.organisation)).collect()
}

fn policy_document(document: &Document) -> Vec<Finding> {
    let public = &document.public;
    let mut found = Vec::new();
    for side in public.parties() {
        let code = side.row.organisation;
        let given =
            document.terms.apd.contains_key(&code) && !document.text(&format!("/apd/{code}/reference")).is_empty();
        let to_authority = public.header.datasets.iter().any(|row| {
            public.gives(row, side.at)
                && public.parties().any(|other| {
                    public.takes(row, other.at)
                        && other.body.is_some_and(|body| body.flags.competent_authority.is_some())
                })
        });
        for paragraph in &side.row.schedule1 {
            let rule = public.around.reference.schedule1.rows.iter().find(|row| row.paragraph == *paragraph);
            let asked = rule.is_some_and(|rule| rule.apd && !(rule.apd_not_to_authority && to_authority));
            if asked && !given {
                found.push(at("apd", &side).with(paragraph));
            }
        }
    }
    found
}

fn official_authority(document: &Document) -> Vec<Finding> {
    let claimed = document.terms.official_authority.keys();
    claimed
        .map(|code| format!("/official_authority/{code}"))
        .filter(|pointer| is_offences(&document.public) && document.text(pointer).is_empty())
        .map(|pointer| Finding::at(format!("/terms{pointer}")))
        .collect()
}

fn confidence(document: &Document) -> Vec<Finding> {
    let confided = document.terms.datasets.iter().any(|dataset| {
        dataset.flags.iter().any(|flag| matches!(flag, DatasetFlag::Confidential | DatasetFlag::ConfidentialDeceased))
    });
    let met = document.terms.common_law_duty.is_some_and(|duty| duty != ConfidenceBasis::NotApplicable);
    when(confided && !met, "/terms/common_law_duty")
}

fn human_rights(document: &Document) -> Vec<Finding> {
    short(document, "/human_rights", document.public.is_personal())
}

fn automation(document: &Document) -> AutomatedDecisions {
    document.terms.automated_decisions.unwrap_or(AutomatedDecisions::None)
}

fn equality(document: &Document) -> Vec<Finding> {
    let asked = document.terms.sharing_mode == SharingMode::Pooled || automation(document) != AutomatedDecisions::None;
    when(asked && document.text("/equality_note").is_empty(), "/terms/equality_note")
}

fn automated_safeguards(document: &Document) -> Vec<Finding> {
    let asked = automation(document) == AutomatedDecisions::Solely && document.public.is_personal();
    when(asked && document.text("/automated_safeguards").is_empty(), "/terms/automated_safeguards")
}

fn automated_special(public: &Public) -> Vec<Finding> {
    let alone = public.header.automated_decisions == AutomatedDecisions::Solely && is_special(public);
    let further =
        |side: &Side| side.row.article9.iter().any(|condition| matches!(condition, Article9::A | Article9::G));
    let without = controllers(public).filter(|side| alone && !further(side));
    without.map(|side| at("art9_condition", &side).helped(side.row.organisation)).collect()
}

fn transparency_record(document: &Document) -> Vec<Finding> {
    let asked = automation(document) != AutomatedDecisions::None;
    when(asked && document.text("/atrs_ref").is_empty(), "/terms/atrs_ref")
}

fn immigration(document: &Document) -> Vec<Finding> {
    let other = document.terms.purpose_codes.contains(&PurposeCode::Other);
    let speaks = |pointer: &str| document.text(pointer).to_lowercase().contains("immigration");
    when(other && (speaks("/purpose_other") || speaks("/purpose")), "/terms/purpose_other")
}

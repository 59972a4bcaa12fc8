//! 1.6 and V-113: law-enforcement processing, by party of regime PART3.

use super::rule::{rules, when};
use super::{Document, Finding, Public, Side};
use crate::header::{AgreementType, CompetentAuthorityBasis, DataClass, DatasetFlag, Method, Regime};
use crate::terms::Part3;

rules! {
    log error "V-50" function "{} may use Part 3 only for a function with enforcement powers; name it." "Give basis and function in `part3`, as they stand in the organisation's record.";
    log error "V-51" purpose "Choose the law enforcement purpose." "Add `le_purposes` for {}.";
    log error "V-52" basis "Say whether the processing rests on consent or is necessary for the task." "Add `le_basis` for {}.";
    door error "V-53" sensitive "Sensitive processing must be strictly necessary, meet a Schedule 8 condition and have an appropriate policy document." "Fill in `sensitive_processing`, `sch8_condition`, `strictly_necessary` and `apd` for {}.";
    door error "V-54" subjects "Separate suspects, convicted people, victims and witnesses as far as possible." "Add `subject_categories` for {}: SUSPECT, CONVICTED, VICTIM, WITNESS, OTHER_CONTACT.";
    door error "V-55" marking "Facts must be distinguishable from personal assessments (section 38)." "Set `fact_opinion_marking` for {} once they are.";
    log error "V-56" onward "Police data may be used for a non-enforcement purpose only where a law authorises it; name that law and the recipient's Article 6 basis and Article 10 condition." "Add `onward_gateway` for {}.";
    log error "V-56" onward_basis "Police data may be used for a non-enforcement purpose only where a law authorises it; name that law and the recipient's Article 6 basis and Article 10 condition." "Add the basis and the Schedule 1 condition of {}.";
    door error "V-57" handling "Give the handling conditions." "Fill in `handling` for {}.";
    door error "V-58" logging "Automated systems must log who consulted or disclosed the data." "Set `logging` for {} once they do (section 62).";
    door error "V-59" review "Set a review period for whether the data are still needed (section 39)." "Add `archive_review_period` for {}, for example P12M.";
    door error "V-60" request "A body that is not a competent authority still needs its own lawful basis to disclose to the police." "Give the request or the exemption relied on in `gp_request` for {}.";
    log error "V-60" own_basis "A body that is not a competent authority still needs its own lawful basis to disclose to the police." "Add the Article 6 basis of {}.";
    log error "V-113" both_sides "In an agreement of type LE-LE every party processes under Part 3." "Correct the regime of the parties, or choose LE-GP or GP-LE.";
    log error "V-113" one_side "In an agreement of type {} exactly one side processes under Part 3." "Correct the regime of the parties, or choose another type.";
}

const SUBJECTS: [&str; 5] = ["SUSPECT", "CONVICTED", "VICTIM", "WITNESS", "OTHER_CONTACT"];

fn enforcers<'a>(public: &'a Public<'a>) -> impl Iterator<Item = Side<'a>> {
    public.parties().filter(|side| side.row.regime == Regime::Part3 && !side.is_processor())
}

fn at(side: &Side, member: &str) -> Finding {
    Finding::at(format!("/terms/part3/{}/{member}", side.row.organisation)).helped(side.row.organisation)
}

fn function(public: &Public) -> Vec<Finding> {
    let wanting = enforcers(public).filter(|side| {
        let Some(part3) = &side.row.part3 else {
            return true;
        };
        let record = side.body.and_then(|body| body.flags.competent_authority.as_ref());
        let same = record.is_none_or(|record| record.basis == part3.authority);
        let named = match part3.authority {
            CompetentAuthorityBasis::Schedule7 => true,
            CompetentAuthorityBasis::Section30 => part3.function.as_ref().is_some_and(|function| {
                record.is_none_or(|record| record.functions.is_empty() || record.functions.contains(function))
            }),
        };
        !(same && named)
    });
    wanting
        .map(|side| {
            let code = side.row.organisation;
            Finding::at(format!("/terms/part3/{code}/function")).with(code)
        })
        .collect()
}

fn purpose(public: &Public) -> Vec<Finding> {
    let silent = enforcers(public).filter(|side| side.row.part3.as_ref().is_none_or(|part3| part3.purposes.is_empty()));
    silent.map(|side| at(&side, "le_purposes")).collect()
}

fn basis(public: &Public) -> Vec<Finding> {
    enforcers(public).filter(|side| side.row.part3.is_none()).map(|side| at(&side, "le_basis")).collect()
}

/// The parties under Part 3 whose block breaks something; one without a block breaks everything.
fn broken(document: &Document, member: &str, breaks: impl Fn(&Side, &Part3) -> bool) -> Vec<Finding> {
    enforcers(&document.public)
        .filter(|side| {
            let block = document.terms.part3.get(&side.row.organisation);
            block.is_none_or(|part3| breaks(side, part3))
        })
        .map(|side| at(&side, member))
        .collect()
}

fn sensitive(document: &Document) -> Vec<Finding> {
    let special = document
        .public
        .header
        .datasets
        .iter()
        .any(|row| row.class == DataClass::SpecialCategory || row.flags.contains(&DatasetFlag::SpecialCategory));
    enforcers(&document.public)
        .filter(|side| {
            let code = side.row.organisation;
            let Some(part3) = document.terms.part3.get(&code) else {
                return special;
            };
            let met = part3.sch8_condition.is_some_and(|paragraph| (1..=9).contains(&paragraph))
                && !document.text(&format!("/part3/{code}/strictly_necessary")).is_empty()
                && !document.text(&format!("/part3/{code}/apd/reference")).is_empty();
            (special && !part3.sensitive_processing) || (part3.sensitive_processing && !met)
        })
        .map(|side| at(&side, "sensitive_processing"))
        .collect()
}

fn subjects(document: &Document) -> Vec<Finding> {
    broken(document, "subject_categories", |_, part3| {
        part3.subject_categories.is_empty()
            || part3.subject_categories.iter().any(|code| !SUBJECTS.contains(&code.as_str()))
    })
}

fn marking(document: &Document) -> Vec<Finding> {
    broken(document, "fact_opinion_marking", |_, part3| !part3.fact_opinion_marking)
}

fn onward(public: &Public) -> Vec<Finding> {
    if public.header.agreement_type != AgreementType::LeGp {
        return Vec::new();
    }
    let silent = enforcers(public).filter(|side| {
        let named = side.row.part3.as_ref().and_then(|part3| part3.onward_gateway.as_ref());
        named.is_none_or(|code| public.around.reference.gateway(code).is_none())
    });
    silent.map(|side| at(&side, "onward_gateway")).collect()
}

fn onward_basis(public: &Public) -> Vec<Finding> {
    if public.header.agreement_type != AgreementType::LeGp {
        return Vec::new();
    }
    public
        .parties()
        .filter(|side| side.is_general_controller() && side.row.capacity.receives())
        .filter(|side| side.row.article6.is_empty())
        .map(|side| {
            let code = side.row.organisation;
            Finding::at(format!("/terms/lawful_basis/{code}")).helped(code)
        })
        .collect()
}

fn handling(document: &Document) -> Vec<Finding> {
    broken(document, "handling", |side, _| {
        document.text(&format!("/part3/{}/handling", side.row.organisation)).is_empty()
    })
}

fn logging(document: &Document) -> Vec<Finding> {
    let automated = document.terms.datasets.iter().any(|dataset| dataset.method != Method::InPerson);
    broken(document, "logging", |_, part3| automated && !part3.logging)
}

fn review(document: &Document) -> Vec<Finding> {
    broken(document, "archive_review_period", |_, part3| part3.archive_review_period.days().is_none())
}

/// Parties outside Part 3 that give, in an agreement towards a competent authority.
fn givers<'a>(public: &'a Public<'a>) -> impl Iterator<Item = Side<'a>> {
    let towards = public.header.agreement_type == AgreementType::GpLe;
    public.parties().filter(move |side| towards && side.is_general_controller() && side.row.capacity.provides())
}

fn request(document: &Document) -> Vec<Finding> {
    givers(&document.public)
        .map(|side| side.row.organisation)
        .filter(|code| document.text(&format!("/gp_request/{code}")).is_empty())
        .map(|code| Finding::at(format!("/terms/gp_request/{code}")).helped(code))
        .collect()
}

fn own_basis(public: &Public) -> Vec<Finding> {
    givers(public)
        .filter(|side| side.row.article6.is_empty())
        .map(|side| side.row.organisation)
        .map(|code| Finding::at(format!("/terms/lawful_basis/{code}")).helped(code))
        .collect()
}

fn both_sides(public: &Public) -> Vec<Finding> {
    let all = public.parties().filter(|side| !side.is_processor()).all(|side| side.row.regime == Regime::Part3);
    when(public.header.agreement_type == AgreementType::LeLe && !all, "/parties")
}

fn one_side(public: &Public) -> Vec<Finding> {
    let of = public.header.agreement_type;
    let giving = match of {
        AgreementType::LeGp => true,
        AgreementType::GpLe => false,
        AgreementType::C2c
        | AgreementType::Jc
        | AgreementType::C2p
        | AgreementType::P2sp
        | AgreementType::LeLe
        | AgreementType::Open
        | AgreementType::Npr
        | AgreementType::Emg => return Vec::new(),
    };
    let enforces = |side: &Side| side.row.regime == Regime::Part3;
    let wrong = public.header.datasets.iter().any(|row| {
        public.parties().filter(|side| !side.is_processor()).any(|side| {
            (public.gives(row, side.at) && enforces(&side) != giving)
                || (public.takes(row, side.at) && enforces(&side) == giving)
        })
    });
    if wrong { vec![Finding::at("/parties").with(of)] } else { Vec::new() }
}

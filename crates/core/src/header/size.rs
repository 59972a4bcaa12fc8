//! How long the canonical form of a header can be, without writing it (V-125).

use super::{Country, DatasetFacts, GatewayRow, Header, Part3Row, PartyFacts, PartyRefs, Pointer, RetentionRow};
use crate::ids::{Code, OrganisationCode};

/// What a text takes in a list, besides its bytes: quotation marks and a comma.
const QUOTED: usize = 3;

/// The names of all members of a header, their codes, days, numbers and small objects at their longest; no list.
const MEMBERS: usize = 1_700;

/// The same of a party, but for the codes and rows that are counted.
const PARTY: usize = 220;

/// The same of Part 3 of a party.
const PART3: usize = 200;

/// The same of a gateway.
const GATEWAY: usize = 80;

/// The same of a signature that is needed.
const REQUIRED_ROLE: usize = 40;

/// The same of a row of datasets.
const DATASET: usize = 320;

/// The same of how long they are kept.
const RETENTION: usize = 160;

/// A number of three digits and a comma.
const NUMBER: usize = 4;

/// A dataset, such as `"DS-200",`.
const DATASET_ID: usize = 9;

/// A version of a list behind its code: a colon and ten digits.
const VERSION: usize = 11;

fn quoted<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.len() + QUOTED).sum()
}

fn codes(codes: &[Code]) -> usize {
    quoted(codes.iter().map(Code::as_str))
}

impl Header {
    /// A number of bytes that its canonical form does not exceed: counted, not written.
    pub(crate) fn bytes_at_most(&self) -> usize {
        // All members are named, so that none that is added is forgotten here.
        let Self {
            agreement_type: _,
            amendment_quorum: _,
            anchor_parties,
            automated_decisions: _,
            changes,
            code_lists,
            continuation,
            countries,
            datasets,
            derived_from: _,
            dpia: _,
            effective_date: _,
            eligible_joiners,
            emergency_ground: _,
            end_date: _,
            execution_form: _,
            formation: _,
            lead_party: _,
            min_parties: _,
            non_adopter_rule: _,
            notice_days: _,
            parties,
            policies,
            programme: _,
            publication: _,
            review_date: _,
            security_class: _,
            sharing_mode: _,
            template: _,
            transfers: _,
        } = self;
        let versions = code_lists.keys().chain(policies.keys()).map(|code| code.as_str().len() + QUOTED + VERSION);
        let capacities = continuation.iter().flat_map(|continuation| &continuation.required_capacities);
        MEMBERS
            + quoted(anchor_parties.iter().map(OrganisationCode::as_str))
            + quoted(changes.iter().flatten().map(Pointer::as_str))
            + versions.sum::<usize>()
            + quoted(capacities.map(|capacity| capacity.as_str()))
            + quoted(countries.iter().map(Country::as_str))
            + quoted(eligible_joiners.iter().map(|kind| kind.as_str()))
            + parties.iter().map(|row| row.bytes_at_most()).sum::<usize>()
            + datasets.iter().map(|row| row.bytes_at_most()).sum::<usize>()
    }
}

impl PartyFacts {
    fn bytes_at_most(&self) -> usize {
        let Self {
            article6,
            article9,
            capacity,
            functions,
            gateways,
            legal_role,
            organisation,
            part3,
            regime,
            required_roles,
            schedule1,
        } = self;
        let roles = required_roles
            .iter()
            .map(|required| REQUIRED_ROLE + required.kind.as_str().len() + required.role.as_str().len());
        PARTY
            + capacity.as_str().len()
            + legal_role.as_str().len()
            + organisation.as_str().len()
            + regime.as_str().len()
            + quoted(article6.iter().map(|basis| basis.as_str()))
            + quoted(article9.iter().map(|condition| condition.as_str()))
            + codes(functions)
            + gateways.iter().map(GatewayRow::bytes_at_most).sum::<usize>()
            + part3.as_ref().map_or(0, Part3Row::bytes_at_most)
            + roles.sum::<usize>()
            + schedule1.len() * NUMBER
    }
}

impl GatewayRow {
    fn bytes_at_most(&self) -> usize {
        let Self { code, implied: _, legal_opinion: _, uses } = self;
        GATEWAY + code.as_str().len() + quoted(uses.iter().map(|way| way.as_str()))
    }
}

impl Part3Row {
    fn bytes_at_most(&self) -> usize {
        let Self { authority: _, basis: _, function, onward_gateway, purposes, schedule8: _ } = self;
        let named = function.iter().chain(onward_gateway).map(Code::as_str);
        PART3 + quoted(named) + quoted(purposes.iter().map(|purpose| purpose.as_str()))
    }
}

impl DatasetFacts {
    fn bytes_at_most(&self) -> usize {
        let Self {
            class: _,
            destroy_within_days: _,
            flags,
            frequency: _,
            ids,
            method: _,
            onward: _,
            provider: _,
            recipients,
            retention,
        } = self;
        let recipients = match recipients {
            PartyRefs::Numbers(numbers) => numbers.len() * NUMBER,
            PartyRefs::All(_) => NUMBER,
        };
        DATASET
            + quoted(flags.iter().map(|flag| flag.as_str()))
            + ids.len() * DATASET_ID
            + recipients
            + retention.as_ref().map_or(0, RetentionRow::bytes_at_most)
    }
}

impl RetentionRow {
    fn bytes_at_most(&self) -> usize {
        let Self { archiving: _, end_action: _, period, start: _ } = self;
        RETENTION + period.as_str().len()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::{Map, Value, json};

    use super::super::{
        AgreementType, AmendmentQuorum, Article6, Article9, AutomatedDecisions, Capacity, CompetentAuthorityBasis,
        DataClass, DatasetFlag, DpiaStatus, EmergencyGround, EndAction, ExecutionForm, Formation, Frequency,
        GatewayUse, Header, LawEnforcementBasis, LawEnforcementPurpose, LegalRole, Method, NonAdopterRule, Onward,
        PublicRegister, Regime, Residual, RetentionStart, SecurityClass, SharingMode, SignatureKind, Transfers,
    };
    use crate::ids::Role;
    use crate::json::to_jcs;
    use crate::organisation::OrganisationType;

    macro_rules! longest {
        ($($list:ident)+) => { ($($list::ALL.iter().map(|code| code.as_str()).max_by_key(|code| code.len()).unwrap(),)+) };
    }

    const ID: &str = "01890000-0000-7000-8000-000000000000";

    /// A header of the longest codes and so many of everything, each number as long as it can be.
    fn header(of_each: usize, short: bool) -> Header {
        let (kind, quorum, automation, ground, form) =
            longest!(AgreementType AmendmentQuorum AutomatedDecisions EmergencyGround ExecutionForm);
        let (formation, adopters, security, sharing, transfers) =
            longest!(Formation NonAdopterRule SecurityClass SharingMode Transfers);
        let (residual, status, register, joiner, capacity) =
            longest!(Residual DpiaStatus PublicRegister OrganisationType Capacity);
        let (legal_role, regime, signature, role, six) = longest!(LegalRole Regime SignatureKind Role Article6);
        let (nine, way, authority, basis, purpose) =
            longest!(Article9 GatewayUse CompetentAuthorityBasis LawEnforcementBasis LawEnforcementPurpose);
        let (class, flag, frequency, method, onward) = longest!(DataClass DatasetFlag Frequency Method Onward);
        let (end_action, start) = longest!(EndAction RetentionStart);
        let many = |one: Value| vec![one; of_each];
        let code = format!("A{}", "B".repeat(39));
        let versions: Map<String, Value> =
            (0..of_each).map(|number| (format!("A{number:039}"), json!(u32::MAX))).collect();
        let mut party = json!({ "capacity": capacity, "organisation": "ABCDEFGH", "required_roles": [] });
        let mut dataset = json!({
            "class": class, "frequency": frequency, "ids": [], "method": method, "provider": "*", "recipients": "*",
        });
        let mut header = json!({
            "agreement_type": kind, "code_lists": versions, "datasets": [], "effective_date": "9999-12-31",
            "execution_form": form, "formation": formation, "lead_party": "ABCDEFGH", "parties": [],
            "policies": versions, "publication": { "register": register }, "security_class": security,
            "sharing_mode": sharing,
        });
        let more = |object: &mut Value, members: Value| {
            let (Some(object), Value::Object(members)) = (object.as_object_mut(), members) else { return };
            object.extend(members);
        };
        if !short {
            more(
                &mut party,
                json!({
                    "article6": many(json!(six)), "article9": many(json!(nine)), "functions": many(json!(code)),
                    "gateways": many(json!({
                        "code": code, "implied": true, "legal_opinion": true, "use": many(json!(way)),
                    })),
                    "legal_role": legal_role, "regime": regime, "schedule1": many(json!(255)),
                    "part3": {
                        "authority": authority, "basis": basis, "function": code, "onward_gateway": code,
                        "purposes": many(json!(purpose)), "schedule8": 255,
                    },
                    "required_roles": many(json!({ "kind": signature, "role": role })),
                }),
            );
            more(
                &mut dataset,
                json!({
                    "destroy_within_days": 65535, "flags": many(json!(flag)), "ids": many(json!("DS-200")),
                    "onward": onward, "provider": 255, "recipients": many(json!(255)),
                    "retention": { "archiving": true, "end_action": end_action, "period": "PERPETUAL", "start": start },
                }),
            );
            more(
                &mut header,
                json!({
                    "amendment_quorum": quorum, "anchor_parties": many(json!("ABCDEFGH")),
                    "automated_decisions": automation, "changes": many(json!(format!("/{}", "a".repeat(40)))),
                    "continuation": { "min_parties": 65535, "required_capacities": many(json!(capacity)) },
                    "countries": many(json!("GB")), "derived_from": { "agreement": ID, "version": u32::MAX },
                    "dpia": { "date": "9999-12-31", "residual": residual, "status": status },
                    "eligible_joiners": many(json!(joiner)), "emergency_ground": ground, "end_date": "9999-12-31",
                    "min_parties": 65535, "non_adopter_rule": adopters, "notice_days": 65535, "programme": ID,
                    "publication": { "exemption": code, "look_again": "9999-12-31", "register": register },
                    "review_date": "9999-12-31", "template": { "id": ID, "version": u32::MAX }, "transfers": transfers,
                }),
            );
        }
        more(&mut header, json!({ "datasets": many(dataset), "parties": many(party) }));
        serde_json::from_value(header).unwrap()
    }

    #[test]
    fn no_header_is_longer_than_it_is_said_to_be() {
        for of_each in [0, 1, 2, 7, 40] {
            for short in [false, true] {
                let header = header(of_each, short);
                let bytes = to_jcs(&header).unwrap().len();
                let at_most = header.bytes_at_most();
                assert!(bytes <= at_most, "{bytes} bytes, said to be {at_most} at most, of {of_each}");
                // And is not measured by being written where it is nowhere near the limit.
                assert!(at_most < 2_200 + 3 * bytes, "{bytes} bytes, said to be {at_most} at most, of {of_each}");
            }
        }
    }
}

//! 1.5: legal gateways, who holds them, and the guard that each one brings (CL-GATE).
//!
//! A row of the list says what it asks; a check that fails is told in the row's own words where it has some.

use super::rule::rules;
use super::{Document, Finding, Public, Side};
use crate::codes::{GatewayRule, Guard};
use crate::header::{Article6, DataClass, DatasetFlag, DatasetRow, GatewayRow, GatewayUse, SharingMode};
use crate::ids::Code;

rules! {
    log error "V-47" power "No legal power is recorded for {} to {}." "Add a gateway that the organisation holds for this use.";
    log error "V-47" known "There is no gateway {} in the list of legal powers." "Choose a code of CL-GATE, one a section, for example CA89-47.";
    log error "V-47" held "{} is not a power of {} to {}." "Choose a power that the organisation holds, or correct its use.";
    log error "V-47" in_force "{} is not in force on {}." "Choose another power.";
    log error "V-47" mode "{} needs an individual case." "Choose sharing mode ON_REQUEST, or another power.";
    log error "V-47" classes "{} does not cover data of class {}." "Choose another power, or share less.";
    log error "V-47" recipients "{} gives a power to disclose only to those whom it names; {} is not one." "Choose another power, or other recipients.";
    log error "V-47" alone "{} is not enough by itself; add a power to share." "Add a gateway that permits the sharing.";
    log error "V-47" responders "{} is for Category 1 and 2 responders; {} is not recorded as one." "Choose another power, or have the organisation's record corrected.";
    log error "V-47" care "{} does not allow what health and social care bodies hold about people." "Choose another power, or take these data out.";
    door error "V-47" purposes "{} may be used only for {}." "Choose another power, or correct the purposes.";
    door error "V-47" reference "{} needs the reference of a request, register entry, approval or order." "Add `reference` to the gateway.";
    door error "V-47" objective "{} needs one of its prescribed objectives: {}." "Add `objective` to the gateway.";
    door error "V-47" confirmed "{} has limits; confirm that none applies." "Set `limits_checked` once somebody looked.";
    door error "V-47" agreed "{} needs the person's consent." "Give basis A, or say how consent is asked in `consent_mechanism`.";
    door error "V-47" categories "{} covers only fields of category {}." "Take the other fields out, or choose another power.";
    log error "V-117" pair "{} and {} need a power to disclose and a power to receive, and none is recorded for {}." "Add a gateway for the organisation that has none.";
}

/// One gateway that a party relies on, with its row of the list.
struct Relied<'a> {
    side: Side<'a>,
    used: &'a GatewayRow,
    rule: &'a GatewayRule,
}

impl Relied<'_> {
    /// The place of the gateway in the header, which [`in_terms`] translates.
    fn at(&self) -> Finding {
        Finding::at(place(&self.side, self.used))
    }

    /// In the row's own words, where it has some.
    fn told(&self, finding: Finding, named: &str) -> Finding {
        match &self.rule.guard {
            Some(Guard { code, message }) => {
                let code = code.as_ref().map_or("V-47", |code| code.as_str());
                Finding { fill: Vec::new(), ..finding }.guarded(code, message.replace("{recipient}", named))
            }
            None => finding,
        }
    }

    fn uses(&self, way: GatewayUse) -> bool {
        self.used.uses.contains(&way)
    }

    /// Whether the party gives or receives the datasets of a row under this gateway.
    fn covers(&self, public: &Public, row: &DatasetRow) -> bool {
        (self.uses(GatewayUse::Disclose) && public.gives(row, self.side.at))
            || (self.uses(GatewayUse::Receive) && public.takes(row, self.side.at))
    }

    /// Whether the holder may rely on it at all for a use.
    fn fits(&self, way: GatewayUse) -> bool {
        self.uses(way) && self.rule.admits(way, self.side.body)
    }
}

fn place(side: &Side, used: &GatewayRow) -> String {
    let at = side.row.gateways.iter().position(|other| other == used).unwrap_or_default();
    format!("/parties/{}/gateways/{at}", side.at)
}

/// The place in the terms of a gateway that is named by its place in the header.
pub(super) fn in_terms(path: &str, header: &crate::header::Header, terms: &crate::terms::Terms) -> Option<String> {
    let (party, gateway) = path.strip_prefix("/parties/")?.split_once("/gateways/")?;
    let row = header.parties.get(party.parse::<usize>().ok()?)?;
    let used = row.gateways.get(gateway.parse::<usize>().ok()?)?;
    let same = |written: &crate::terms::Gateway| written.holder == row.organisation && written.code == used.code;
    terms.gateways.iter().position(same).map(|at| format!("/terms/gateways/{at}"))
}

fn relied<'a>(public: &'a Public<'a>) -> impl Iterator<Item = Relied<'a>> {
    public
        .parties()
        .flat_map(|side| side.powers().filter_map(move |(used, rule)| rule.map(|rule| Relied { side, used, rule })))
}

const fn verb(way: GatewayUse) -> &'static str {
    match way {
        GatewayUse::Disclose => "disclose",
        GatewayUse::Receive => "receive",
    }
}

/// Whether a party has a gateway that it holds for a use.
fn has(side: &Side, way: GatewayUse) -> bool {
    side.powers().any(|(used, rule)| used.uses.contains(&way) && rule.is_some_and(|rule| rule.admits(way, side.body)))
}

fn needs(public: &Public, side: &Side, way: GatewayUse) -> bool {
    public.header.datasets.iter().filter(|row| row.class >= DataClass::Pseudonymised).any(|row| match way {
        GatewayUse::Disclose => public.gives(row, side.at),
        GatewayUse::Receive => public.takes(row, side.at),
    })
}

fn power(public: &Public) -> Vec<Finding> {
    let mut found = Vec::new();
    for side in public.parties().filter(|side| side.is_public() && !side.is_processor()) {
        for way in GatewayUse::ALL.iter().copied() {
            if needs(public, &side, way) && !has(&side, way) {
                let code = side.row.organisation;
                found.push(Finding::at("/terms/gateways").with(code).with(verb(way)));
            }
        }
    }
    found
}

fn known(public: &Public) -> Vec<Finding> {
    let mut found = Vec::new();
    for side in public.parties() {
        for (used, _) in side.powers().filter(|(_, rule)| rule.is_none()) {
            found.push(Finding::at(place(&side, used)).with(&used.code));
        }
    }
    found
}

fn held(public: &Public) -> Vec<Finding> {
    let mut found = Vec::new();
    for relied in relied(public) {
        for way in relied.used.uses.iter().copied().filter(|way| !relied.rule.admits(*way, relied.side.body)) {
            let code = relied.side.row.organisation;
            // Who may receive is said by the guard of a power to disclose to those it names.
            let said = relied.rule.to_listed && way == GatewayUse::Receive;
            let plain = relied.at().with(&relied.used.code).with(code).with(verb(way));
            found.push(if said { relied.told(plain, code.as_str()) } else { plain });
        }
    }
    found
}

fn in_force(public: &Public) -> Vec<Finding> {
    let on = public.around.on;
    relied(public)
        .filter(|relied| !relied.rule.is_in_force(on))
        .map(|relied| {
            let plain = relied.at().with(&relied.used.code).with(on);
            if relied.rule.in_force_from.is_none() { relied.told(plain, "") } else { plain }
        })
        .collect()
}

fn mode(public: &Public) -> Vec<Finding> {
    let wrong = |relied: &Relied| relied.rule.individual && public.header.sharing_mode != SharingMode::OnRequest;
    relied(public).filter(wrong).map(|relied| relied.told(relied.at().with(&relied.used.code), "")).collect()
}

fn classes(public: &Public) -> Vec<Finding> {
    let mut found = Vec::new();
    for relied in relied(public).filter(|relied| !relied.rule.classes.is_empty()) {
        let rows = public.header.datasets.iter().filter(|row| relied.covers(public, row));
        let beyond = rows.map(|row| row.class).filter(|class| !relied.rule.classes.contains(class)).max();
        if let Some(class) = beyond {
            found.push(relied.told(relied.at().with(&relied.used.code).with(class), ""));
        }
    }
    found
}

fn recipients(public: &Public) -> Vec<Finding> {
    let mut found = Vec::new();
    for relied in relied(public).filter(|relied| relied.rule.to_listed && relied.fits(GatewayUse::Disclose)) {
        let given: Vec<&DatasetRow> =
            public.header.datasets.iter().filter(|row| public.gives(row, relied.side.at)).collect();
        let strangers = public.parties().filter(|other| {
            other.at != relied.side.at
                && !other.is_processor()
                && given.iter().any(|row| public.takes(row, other.at))
                && !relied.rule.admits(GatewayUse::Receive, other.body)
        });
        for stranger in strangers {
            let code = stranger.row.organisation;
            let plain = relied.at().with(&relied.used.code).with(code);
            found.push(relied.told(plain, code.as_str()));
        }
    }
    found
}

fn alone(public: &Public) -> Vec<Finding> {
    let mut found = Vec::new();
    for relied in relied(public).filter(|relied| !relied.rule.sufficient_alone) {
        let supported = relied.side.powers().any(|(used, other)| {
            other.is_some_and(|other| {
                other.sufficient_alone && used.uses.iter().any(|way| other.admits(*way, relied.side.body))
            })
        });
        if !supported {
            found.push(relied.told(relied.at().with(&relied.used.code), ""));
        }
    }
    found
}

fn responders(public: &Public) -> Vec<Finding> {
    let outside = |relied: &Relied| {
        relied.rule.needs_responders && relied.side.body.is_some_and(|body| body.flags.cca_category.is_none())
    };
    relied(public)
        .filter(outside)
        .map(|relied| {
            let code = relied.side.row.organisation;
            relied.told(relied.at().with(&relied.used.code).with(code), code.as_str())
        })
        .collect()
}

fn care(public: &Public) -> Vec<Finding> {
    let mut found = Vec::new();
    for relied in relied(public).filter(|relied| relied.rule.no_care) {
        let covered = public.header.datasets.iter().filter(|row| relied.covers(public, row));
        let mut patients = covered.clone().filter(|row| row.flags.contains(&DatasetFlag::PatientInfo));
        let care_body = |side: &Side| {
            let health = side.body.is_some_and(|body| body.kind.is_health());
            let functions = ["ADULT_SC", "CHILD_SC", "NHS"];
            health || side.row.functions.iter().any(|code| functions.contains(&code.as_str()))
        };
        let mut from_care = covered.filter(|row| {
            row.class >= DataClass::Pseudonymised
                && public.parties().any(|side| public.gives(row, side.at) && care_body(&side))
        });
        if patients.next().is_some() || from_care.next().is_some() {
            found.push(relied.told(relied.at().with(&relied.used.code), ""));
        }
    }
    found
}

fn purposes(document: &Document) -> Vec<Finding> {
    let chosen = &document.terms.purpose_codes;
    let allowed = |rule: &GatewayRule| {
        rule.purposes
            .iter()
            .any(|code| code.as_str() == "ANY" || chosen.iter().any(|purpose| purpose.as_str() == code.as_str()))
    };
    relied(&document.public)
        .filter(|relied| !allowed(relied.rule))
        .map(|relied| {
            let list: Vec<&str> = relied.rule.purposes.iter().map(Code::as_str).collect();
            relied.at().with(&relied.used.code).with(list.join(", "))
        })
        .collect()
}

/// The gateways of the terms with their rows and holders.
fn written<'a>(document: &'a Document<'a>) -> Vec<(usize, &'a crate::terms::Gateway, &'a GatewayRule)> {
    let gateways = document.terms.gateways.iter().enumerate();
    gateways
        .filter_map(|(at, gateway)| {
            document.public.around.reference.gateway(&gateway.code).map(|rule| (at, gateway, rule))
        })
        .collect()
}

/// A finding at a gateway of the terms, in the row's own words where it has some.
fn at(place: usize, rule: &GatewayRule, plain: Finding) -> Finding {
    let finding = Finding { path: format!("/terms/gateways/{place}"), ..plain };
    match &rule.guard {
        Some(Guard { code, message }) => {
            let code = code.as_ref().map_or("V-47", |code| code.as_str());
            Finding { fill: Vec::new(), ..finding }.guarded(code, message.clone())
        }
        None => finding,
    }
}

fn reference(document: &Document) -> Vec<Finding> {
    written(document)
        .into_iter()
        .filter(|(place, _, rule)| {
            rule.needs_reference && document.text(&format!("/gateways/{place}/reference")).is_empty()
        })
        // What is missing is a reference, whatever else the guard says.
        .map(|(place, gateway, _)| Finding::at(format!("/terms/gateways/{place}/reference")).with(&gateway.code))
        .collect()
}

fn objective(document: &Document) -> Vec<Finding> {
    written(document)
        .into_iter()
        .filter(|(_, gateway, rule)| {
            let listed = gateway.objective.as_ref().is_some_and(|code| rule.objectives.contains(code));
            !rule.objectives.is_empty() && !listed
        })
        .map(|(place, gateway, rule)| {
            let list: Vec<&str> = rule.objectives.iter().map(Code::as_str).collect();
            at(place, rule, Finding::at("").with(&gateway.code).with(list.join(", ")))
        })
        .collect()
}

fn confirmed(document: &Document) -> Vec<Finding> {
    written(document)
        .into_iter()
        .filter(|(_, gateway, rule)| rule.confirm && !gateway.limits_checked)
        .map(|(place, gateway, rule)| at(place, rule, Finding::at("").with(&gateway.code)))
        .collect()
}

fn agreed(document: &Document) -> Vec<Finding> {
    let consents = |holder| {
        let party = document.public.header.party(holder);
        party.is_some_and(|(_, row)| row.article6.contains(&Article6::A))
            || !document.text(&format!("/consent_mechanism/{holder}")).is_empty()
    };
    written(document)
        .into_iter()
        .filter(|(_, gateway, rule)| {
            rule.needs_consent && gateway.uses.contains(&GatewayUse::Disclose) && !consents(gateway.holder)
        })
        .map(|(place, gateway, rule)| at(place, rule, Finding::at("").with(&gateway.code)))
        .collect()
}

fn categories(document: &Document) -> Vec<Finding> {
    let mut found = Vec::new();
    for (place, gateway, rule) in written(document).into_iter().filter(|(.., rule)| !rule.categories.is_empty()) {
        let Some((number, _)) = document.public.header.party(gateway.holder) else {
            continue;
        };
        let party = number - 1;
        let rows: Vec<usize> = document
            .public
            .datasets()
            .filter(|(_, row)| document.public.gives(row, party) || document.public.takes(row, party))
            .map(|(at, _)| at)
            .collect();
        let beyond = document.terms.datasets.iter().enumerate().any(|(at, dataset)| {
            rows.contains(&at)
                && dataset
                    .fields
                    .iter()
                    .any(|field| field.category.as_ref().is_some_and(|code| !rule.categories.contains(code)))
        });
        if beyond {
            let list: Vec<&str> = rule.categories.iter().map(Code::as_str).collect();
            found.push(at(place, rule, Finding::at("").with(&gateway.code).with(list.join(", "))));
        }
    }
    found
}

fn pair(public: &Public) -> Vec<Finding> {
    let mut found = Vec::new();
    let personal = public.header.datasets.iter().filter(|row| row.class >= DataClass::Pseudonymised);
    for row in personal {
        for giver in public.parties().filter(|side| public.gives(row, side.at) && !side.is_processor()) {
            let takers = public
                .parties()
                .filter(|side| side.at != giver.at && public.takes(row, side.at) && !side.is_processor());
            for taker in takers {
                for (side, way) in [(&giver, GatewayUse::Disclose), (&taker, GatewayUse::Receive)] {
                    // A public body without a power is told so by V-47.
                    if !side.is_public() && side.body.is_some() && !has(side, way) {
                        let names = Finding::at("/terms/gateways")
                            .with(giver.row.organisation)
                            .with(taker.row.organisation)
                            .with(side.row.organisation);
                        found.push(names);
                    }
                }
            }
        }
    }
    found.truncate(super::MESSAGES_MAX);
    found
}

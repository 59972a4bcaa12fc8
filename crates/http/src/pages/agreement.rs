//! One agreement: where it stands and why, who has signed what and who is missing, and everything that happened.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use counterpart_core::agreement::{Agreement, Stage};
use counterpart_core::event::Event;
use counterpart_core::event::data::{Data, TriageOutcome};
use counterpart_core::header::{DataClass, HeaderMember, RequiredRole, SignatureKind};
use counterpart_core::ids::{AgreementId, EventId, Stream};
use counterpart_core::london;
use counterpart_core::replay;
use counterpart_core::time::{Date, Timestamp};
use counterpart_projections::coverage::{self, Covered, Reach};
use counterpart_projections::register::{Imported, Openness, Row, name_of};
use counterpart_projections::waiting::{self, Waiting};
use counterpart_projections::words::Opened;
use counterpart_projections::{View, english, why};

use super::fault::Fault;
use super::frame::{Frame, Section, Tag, capital, page};
use super::picture::{Fill, SQUARES, map};
use super::register::{told, unconfirmed};
use super::words::place;
use crate::agreements::named;
use crate::erasing::Erased;
use crate::named::Named;
use crate::problem::Problem;
use crate::visit::Visit;
use crate::waiting::last_day;
use crate::{App, links};

/// The newest events that the page shows; the rest are a link away.
const EVENTS_MAX: usize = 60;

/// Parties from which on a map says more than a list.
const MAP_FROM: usize = 5;

struct Fact {
    name: &'static str,
    value: String,
}

struct Dataset {
    name: String,
    class: &'static str,
    fields: String,
    handling: String,
    retention: String,
}

struct Signer {
    name: String,
    href: String,
    state: String,
    signed: Vec<String>,
    missing: Vec<String>,
}

struct Moment {
    title: String,
    by: String,
    when: String,
    event: Option<(String, String, String)>,
}

struct Draft {
    number: u32,
    hash: String,
    href: Option<String>,
    standing: &'static str,
}

struct Drawn {
    svg: String,
    key: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "agreement.html")]
struct One {
    frame: Frame,
    title: String,
    reference: String,
    state: Tag,
    means: &'static str,
    import: Option<String>,
    why: Vec<String>,
    next: Vec<String>,
    openness: String,
    words: Vec<Fact>,
    facts: Vec<Fact>,
    datasets: Vec<Dataset>,
    asked: bool,
    signers: Vec<Signer>,
    bound: String,
    map: Option<Drawn>,
    moments: Vec<Moment>,
    left_out: usize,
    drafts: Vec<Draft>,
    json: String,
    bundle: String,
    events: String,
}

/// The page.
pub(crate) async fn one(State(app): State<Arc<App>>, visit: Visit, Named(name): Named) -> Result<Response, Fault> {
    show(&app, &visit, &name).await.map_err(visit.fault(&app))
}

async fn show(app: &Arc<App>, visit: &Visit, name: &str) -> Result<Response, Problem> {
    let at = (app.clock)();
    let none = || {
        Problem::not_found(format!("There is no agreement `{}`. Check the reference.", crate::body::shortened(name)))
    };
    let (id, public, current, indexes) = {
        let view = app.reader.view();
        let agreement = named(&view, name).ok_or_else(none)?;
        let current = view.index_of(agreement.at(at).current().event);
        let stream = view.stream(Stream::Agreement(agreement.id())).to_vec();
        (agreement.id(), place(&view, &agreement, at), current, stream)
    };
    let left_out = indexes.len().saturating_sub(EVENTS_MAX);
    let (opened, own) = app.opened_to(public, current, visit.reader()).await?;
    let events = if app.is_closed() && visit.reader().is_none() {
        Vec::new()
    } else {
        app.events_at(indexes.get(left_out..).unwrap_or_default().to_vec()).await?
    };
    let view = app.reader.view();
    let agreement = view.state().agreement(id).ok_or_else(none)?;
    let frame = |title: String| Frame::new(app, &view, visit, Section::Register, title);
    let template = One { left_out, ..template(frame, &view, &agreement, at, &Read { opened, own }, &events) };
    drop(view);
    Ok(page(StatusCode::OK, &template))
}

impl App {
    /// Some entries, read: their index, the event and when it was recorded.
    pub(crate) async fn events_at(&self, indexes: Vec<u64>) -> Result<Vec<(u64, Event, Timestamp)>, Problem> {
        let store = Arc::clone(&self.store);
        self.reading(move || {
            let mut events = Vec::with_capacity(indexes.len());
            for index in indexes {
                let read = store.entry(index)?.and_then(|bytes| replay::read(&bytes).ok());
                events.extend(read.map(|read| (index, read.event, read.entry.recorded_at)));
            }
            Ok(events)
        })
        .await
    }
}

/// What of the words of an agreement is erased.
fn erased(state: &counterpart_core::state::State, id: AgreementId, at: Timestamp) -> impl Iterator<Item = Fact> {
    let stream = Stream::Agreement(id);
    let gone = state.erasures.of(stream).iter().filter(move |erasure| state.is_gone(stream, erasure, at));
    gone.map(|erasure| Fact { name: "Words erased", value: Erased::from(erasure).told() })
}

/// The words that the reader may read, and whether they are more than everybody may.
struct Read {
    opened: Opened,
    own: bool,
}

fn template(
    frame: impl FnOnce(String) -> Frame,
    view: &View,
    agreement: &Agreement,
    at: Timestamp,
    Read { opened, own }: &Read,
    events: &[(u64, Event, Timestamp)],
) -> One {
    let state = view.state();
    let now = agreement.at(at);
    let row = Row::of(state, agreement, at, opened);
    let covered = coverage::parties(state, agreement, at);
    let title = row.title();
    let bound = covered.iter().filter(|party| party.reach == Reach::Bound).count();
    let signing = covered.iter().filter(|party| !party.owes.is_empty()).count();
    let binding = Binding::of(now.stage());
    let frame = frame(format!("{title} ({})", row.reference));
    One {
        reference: row.reference.clone(),
        state: Tag::of_line(row.state, unconfirmed(row.import.as_ref())),
        means: if unconfirmed(row.import.as_ref()) { UNCONFIRMED } else { meaning(row.state) },
        import: row.import.as_ref().map(|brought| import(brought, frame.demonstration)),
        why: why::told(state, &now, at).into_iter().map(|cause| cause.text).collect(),
        next: waiting::of(view, &now, at, view.size()).iter().map(|waiting| next(view, waiting)).collect(),
        openness: openness(&row, *own),
        words: words(opened),
        facts: facts(&row, &now).into_iter().chain(erased(state, agreement.id(), at)).collect(),
        datasets: datasets(&row, &now),
        asked: asked(&now),
        signers: covered.iter().map(|party| signer(party, asked(&now), binding)).collect(),
        bound: match binding {
            Binding::Now => format!(
                "{bound} of {} bound",
                english::count(signing as u64, "party that signs is", "parties that sign are")
            ),
            Binding::Until(day) => {
                format!("It ended on {}, and nobody is bound to share any more", english::date(day))
            }
            Binding::Never => "It never came into force, so nobody is bound".to_owned(),
        },
        map: (covered.len() >= MAP_FROM).then(|| coverage_map(&covered, binding)),
        moments: moments(view, &now, events),
        left_out: 0,
        drafts: drafts(view, &now),
        json: format!("/api/v1/agreements/{}", row.reference),
        bundle: links::bundle(&row.reference),
        frame,
        events: links::with_query("/api/v1/events", &[("stream", Stream::Agreement(row.id).to_string())]),
        title,
    }
}

/// Whether the signatures of parties bind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binding {
    /// They do, or will.
    Now,
    /// They did, until this day in London.
    Until(Date),
    /// It ended before it was in force.
    Never,
}

impl Binding {
    fn of(stage: &Stage) -> Self {
        match stage {
            Stage::Ending(end) | Stage::Closed { end, .. } => Self::Until(london::date_of(end.at)),
            Stage::Refused { .. } | Stage::Withdrawn { .. } | Stage::Lapsed { .. } => Self::Never,
            Stage::Filed
            | Stage::Clarifying { .. }
            | Stage::Negotiating { .. }
            | Stage::Approving(_)
            | Stage::Approved { .. }
            | Stage::Active(_)
            | Stage::Suspended(_) => Self::Now,
        }
    }

    /// What is said of a party that has signed all that it owes, or has come some of the way.
    fn told(self, party: &Covered) -> String {
        match (self, party.reach) {
            _ if party.owes.is_empty() => "Need not sign".to_owned(),
            (Self::Until(day), Reach::Bound) => format!("Was bound until {}", english::date(day)),
            (Self::Never, Reach::Bound) => "Had signed".to_owned(),
            (Self::Until(_) | Self::Never, Reach::Signing | Reach::Waiting) => "Had not signed in full".to_owned(),
            (Self::Now, _) | (_, Reach::Out) => capital(party.state.words()),
        }
    }
}

const UNCONFIRMED: &str = "It was made before this ledger, and one party brought in what it knows of it. Nothing may flow under it here until its parties have confirmed it.";

/// Where an agreement came from, and what is not known of it; one of the demonstration is invented.
fn import(import: &Imported, invented: bool) -> String {
    let signed = import
        .signed_elsewhere_on
        .map_or_else(String::new, |day| format!(" It was signed elsewhere on {}, it says.", english::date(day)));
    let gaps: Vec<String> = import.gaps.iter().map(|gap| gap.as_str().replace('_', " ")).collect();
    let gaps = if gaps.is_empty() { String::new() } else { format!(" Not known of it here: {}.", gaps.join(", ")) };
    let invented = if invented { " It is invented for the demonstration: there is no such agreement." } else { "" };
    format!("{}{signed}{gaps}{invented}", told(import))
}

/// What a state means to somebody who has never heard of it.
const fn meaning(stage: counterpart_core::agreement::StageName) -> &'static str {
    use counterpart_core::agreement::StageName;
    match stage {
        StageName::None => "There is no such agreement.",
        StageName::Filed => "Somebody has asked for this sharing. The terms can still change. No data may move.",
        StageName::Clarifying => "A question is open. Nobody can sign before it is answered. No data may move.",
        StageName::Negotiating => "Other terms were proposed and wait for an answer. No data may move.",
        StageName::Approving => "The words are fixed, and the parties are signing. No data may move yet.",
        StageName::Approved => {
            "Everybody who must has signed. It starts on its first day. No data may move before that."
        }
        StageName::Active => "It is in force. Data may move between the parties that are bound, under its terms.",
        StageName::Suspended => "It is in force, but sharing has been stopped. No data may move until it is resumed.",
        StageName::Ending => "It has ended. Data that were shared must still be destroyed or returned.",
        StageName::Closed => "It is over, and nothing is left to destroy or return. No data may move.",
        StageName::Refused => "It was refused, with reasons. No data may move.",
        StageName::Withdrawn => "The body that asked took the request back. No data may move.",
        StageName::Lapsed => "Too much time went by, so the request is over. No data may move.",
    }
}

/// Who must do what, since when and by when.
fn next(view: &View, waiting: &Waiting) -> String {
    let since = english::date(london::date_of(waiting.since));
    let by = waiting.due_at.map_or_else(String::new, |due| format!(", by {}", english::date(last_day(due))));
    let vacant = if waiting.vacant { " Nobody holds this post." } else { "" };
    format!(
        "{} of {}: {}. Waiting since {since}{by}.{vacant}",
        capital(waiting.role.title()),
        name_of(view.state(), waiting.organisation),
        waiting.what
    )
}

fn openness(row: &Row, own: bool) -> String {
    if own {
        return format!(
            "You read these words because your organisation may. {}",
            match row.publication {
                Openness::NotDecided => "Nobody has decided yet whether everybody may.",
                Openness::Published => "Everybody may read most of them as well.",
                Openness::PublishedInPart => "Everybody may read those that are not withheld.",
                Openness::Withheld => "They are withheld from everybody else.",
            }
        );
    }
    let again =
        row.look_again.map_or_else(String::new, |day| format!(" It is looked at again on {}.", english::date(day)));
    let exemption = row.exemption.as_ref().map_or_else(String::new, |code| format!(" under {code}"));
    match row.publication {
        Openness::NotDecided => "Nobody has decided yet whether everybody may read the words of this agreement, so only what stands in the log is shown.".to_owned(),
        Openness::Published => "The lead party has opened the words to everybody.".to_owned(),
        Openness::PublishedInPart => format!("The lead party has opened most of the words to everybody; some are withheld{exemption}.{again}"),
        Openness::Withheld => format!("The words are withheld{exemption}. What stands in the log is shown.{again}"),
    }
}

fn words(opened: &Opened) -> Vec<Fact> {
    [
        ("Purpose", "/purpose"),
        ("Benefits", "/benefits"),
        ("What happens without it", "/harm_if_not_shared"),
        ("Why less will not do", "/necessity"),
        ("Private life", "/human_rights"),
    ]
    .into_iter()
    .filter_map(|(name, pointer)| Some(Fact { name, value: opened.text(pointer)?.to_owned() }))
    .collect()
}

fn facts(row: &Row, now: &Agreement) -> Vec<Fact> {
    let header = now.header();
    // An import shows stand-ins where nothing is known; they are no facts.
    let known = |member, value: String| Some(if now.lacks(member) { "Not known".to_owned() } else { value });
    let names = |named: &[counterpart_projections::register::Named]| {
        named.iter().map(|named| named.name.as_str()).collect::<Vec<_>>().join("; ")
    };
    let few = |named: &[counterpart_projections::register::Named]| {
        if named.len() > MAP_FROM {
            english::count(named.len() as u64, "organisation", "organisations, listed below")
        } else {
            names(named)
        }
    };
    let powers = row
        .legal_power
        .iter()
        .map(|power| format!("{}: {}", power.organisation, english::power(&power.code)))
        .collect::<Vec<_>>();
    let excluded = row.excluded_uses.iter().map(|used| english::excluded(*used)).collect::<Vec<_>>();
    let risks: Vec<&str> = row.data.iter().filter_map(|data| data.disclosure_risk.as_deref()).collect();
    let lead = row.controllers.iter().chain(&row.processors).find(|named| named.code == header.lead_party);
    let facts = [
        ("Kind", known(HeaderMember::AgreementType, english::agreement_type(header.agreement_type).to_owned())),
        ("Class of data", known(HeaderMember::Datasets, english::class(header.class()).to_owned())),
        (
            if header.class() < DataClass::Pseudonymised { "Parties" } else { "Controllers" },
            (!row.controllers.is_empty()).then(|| few(&row.controllers)),
        ),
        ("Processors", (!row.processors.is_empty()).then(|| few(&row.processors))),
        ("Lead", lead.map(|named| named.name.clone())),
        ("How it starts", known(HeaderMember::Formation, english::formation(header.formation).to_owned())),
        ("First day", Some(row.start.map_or_else(|| "Not known".to_owned(), english::date))),
        ("Last day", Some(row.end.map_or_else(|| "None named".to_owned(), english::date))),
        ("Review", row.review.map(english::date)),
        ("Legal powers", (!powers.is_empty()).then(|| powers.join("; "))),
        ("Uses that are not allowed", (!excluded.is_empty()).then(|| capital(&excluded.join("; ")))),
        ("Impact assessment", row.dpia.map(|dpia| english::dpia(dpia).to_owned())),
        ("Automated decisions", Some(english::automated(row.automated_decisions).to_owned())),
        (
            "Licence",
            (!row.licence.is_empty())
                .then(|| row.licence.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
        ),
        ("Why nobody can be identified", (!risks.is_empty()).then(|| risks.join("; "))),
        ("Notice for leaving", Some(english::count(u64::from(header.notice_days), "day", "days"))),
        ("Whom to ask", row.contact.clone()),
    ];
    facts.into_iter().filter_map(|(name, value)| Some(Fact { name, value: value? })).collect()
}

fn datasets(row: &Row, now: &Agreement) -> Vec<Dataset> {
    let retention = |id| {
        let found = now.header().datasets.iter().find(|dataset| dataset.ids.contains(&id));
        found.and_then(|dataset| dataset.retention.as_ref()).map_or_else(
            || "Not limited".to_owned(),
            |kept| format!("{}, {}", capital(&english::period(&kept.period)), english::end_action(kept.end_action)),
        )
    };
    row.data
        .iter()
        .map(|data| Dataset {
            name: data.name.clone().unwrap_or_else(|| format!("Dataset {}", data.id)),
            class: english::class(data.class),
            fields: data.fields.join("; "),
            handling: capital(&data.handling),
            retention: retention(data.id),
        })
        .collect()
}

/// Whether a version is fixed, so that signatures are asked for.
fn asked(now: &Agreement) -> bool {
    use counterpart_core::agreement::StageName;
    !matches!(now.name(), StageName::Filed | StageName::Clarifying | StageName::Negotiating)
}

fn signer(party: &Covered, asked: bool, binding: Binding) -> Signer {
    let told = |owed: &RequiredRole| match owed.kind {
        SignatureKind::Advice => format!("Advice of the {}", owed.role.title()),
        SignatureKind::Approval => format!("Approval of the {}", owed.role.title()),
        SignatureKind::Execution => format!("Signature of the {}", owed.role.title()),
    };
    let missing = |owed: &RequiredRole| {
        let vacant = if party.vacant.contains(&owed.role) { " – nobody holds this post" } else { "" };
        format!("{}{vacant}", told(owed))
    };
    Signer {
        name: party.name.clone(),
        href: links::organisation(party.organisation),
        state: binding.told(party),
        signed: party.signed.iter().map(told).collect(),
        // Before a version is fixed nothing is missing yet; what will be asked for is worth knowing.
        missing: if asked { &party.missing } else { &party.owes }.iter().map(missing).collect(),
    }
}

/// The map of how far each local authority has come.
fn coverage_map(covered: &[Covered], binding: Binding) -> Drawn {
    let reach: BTreeMap<_, _> = covered.iter().map(|party| (party.organisation, party.reach)).collect();
    let count = |wanted: Reach| SQUARES.iter().filter(|square| reach.get(&square.code) == Some(&wanted)).count() as u64;
    let others = SQUARES.iter().filter(|square| !reach.contains_key(&square.code)).count() as u64;
    let (bound, part, waiting, out) =
        (count(Reach::Bound), count(Reach::Signing), count(Reach::Waiting), count(Reach::Out));
    let (are, have) = match binding {
        Binding::Now => ("are bound", ["are signing", "have not begun to sign"]),
        Binding::Until(_) => ("were bound", ["were signing", "had not begun to sign"]),
        Binding::Never => ("had signed", ["were signing", "had not begun to sign"]),
    };
    let [signing, begun] = have;
    let text = format!(
        "Of 33 local authorities {bound} {are}, {part} {signing}, {waiting} {begun}, {out} said no or left, and {others} are no party. The table of parties names each."
    );
    let sure = match binding {
        Binding::Now => "bound",
        Binding::Until(_) => "was bound",
        Binding::Never => "had signed",
    };
    let svg = map("coverage", "How far each local authority has come", &text, |code| match reach.get(&code) {
        Some(Reach::Bound) => (Fill::Whole, sure.to_owned()),
        Some(Reach::Signing) => (Fill::Part, "signing".to_owned()),
        Some(Reach::Waiting) => (Fill::None, "waiting".to_owned()),
        Some(Reach::Out) => (Fill::No, "out".to_owned()),
        None => (Fill::None, "–".to_owned()),
    });
    let mut key = vec![
        (Fill::Whole.sample(), format!("{sure} ({bound})")),
        (Fill::Part.sample(), format!("signing ({part})")),
        (Fill::None.sample(), format!("not begun ({waiting}) or no party ({others})")),
    ];
    if out > 0 {
        key.push((Fill::No.sample(), format!("said no or left ({out})")));
    }
    Drawn { svg, key }
}

/// Events and what time alone brought about, the newest first.
fn moments(view: &View, now: &Agreement, events: &[(u64, Event, Timestamp)]) -> Vec<Moment> {
    let mut moments: Vec<(Timestamp, u8, Moment)> = events
        .iter()
        .map(|(index, event, at)| {
            let signers = event
                .signers
                .iter()
                .map(|signer| format!("{} of {}", signer.role.title(), name_of(view.state(), signer.organisation)));
            let moment = Moment {
                title: title_of(event),
                by: signers.collect::<Vec<_>>().join(", and "),
                when: english::instant(*at),
                event: Some((english::number(*index), links::event(*index), links::proof(*index))),
            };
            (*at, 1, moment)
        })
        .collect();
    moments.extend(now.history().iter().filter_map(|step| {
        let counterpart_core::agreement::Origin::Derived { .. } = step.origin else { return None };
        let title = format!("{} from then on", capital(step.to.words()));
        let moment = Moment {
            title,
            by: "time, by the rules; nobody signed".to_owned(),
            when: english::instant(step.at),
            event: None,
        };
        Some((step.at, 2, moment))
    }));
    moments.sort_by_key(|(at, order, _)| (*at, *order));
    moments.into_iter().rev().map(|(_, _, moment)| moment).collect()
}

fn title_of(event: &Event) -> String {
    let plain = english::event(event.event_type());
    if let Data::RequestTriaged(data) = &event.data {
        return match data.outcome {
            TriageOutcome::Accepted => "Request taken up".to_owned(),
            TriageOutcome::Returned => "Request sent back with a question".to_owned(),
        };
    }
    if let Data::ApprovalDeclined(data) = &event.data {
        return format!("Version {}", english::decline(data.kind));
    }
    if let Data::AgreementSuspended(data) = &event.data {
        return format!("{plain}: {}", english::suspension(data.code));
    }
    if let Data::RevocationNoticed(data) = &event.data {
        return format!("{plain} for {}: {}", english::date(data.takes_effect_on), english::revocation(data.ground));
    }
    if let Data::PublicationDecided(data) = &event.data {
        return format!("{plain}: {}", english::publication(data.decision).to_lowercase());
    }
    plain.to_owned()
}

/// Whether a version was imported.
fn is_import(now: &Agreement, event: EventId) -> bool {
    now.import().is_some_and(|import| import.event == event)
}

fn drafts(view: &View, now: &Agreement) -> Vec<Draft> {
    let current = now.current().number;
    let in_force = now.stage().force().map(|force| force.version);
    let signing = now.stage().signing().map(|signing| signing.version);
    now.versions()
        .iter()
        .map(|version| Draft {
            number: version.number,
            hash: version.hash.to_string(),
            href: view.index_of(version.event).map(links::event),
            standing: if is_import(now, version.event) {
                "Imported"
            } else if in_force == Some(version.number) {
                "In force"
            } else if signing == Some(version.number) {
                "Fixed for signing"
            } else if current == version.number {
                "The newest"
            } else {
                "Replaced"
            },
        })
        .collect()
}

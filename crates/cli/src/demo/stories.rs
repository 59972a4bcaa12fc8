//! The scenarios: who does what, in which order. The table of two boroughs is in `script.rs`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use counterpart_core::header::{HeaderMember, SignatureKind};
use counterpart_core::ids::{OrganisationCode, Role, Stream};
use counterpart_core::london;
use serde_json::json;

use super::bodies::Bodies;
use super::deal::{Deal, Request};
use super::papers::{Days, Paper};
use super::script::{Bilateral, NEIGHBOURS, STAGES, Side, Step};
use super::stage::Stage;

/// What happens.
type Happening = Box<dyn FnOnce(&mut Play) -> Result<()>>;

/// A thing that happens on a day.
pub struct Scene {
    /// The day, from the start of the story.
    pub day: i64,
    /// It rests on the passing of time.
    pub needs_time: bool,
    /// What happens.
    pub play: Happening,
}

/// The stage, and the agreements on it by the name that the stories give them.
pub struct Play {
    /// The log so far.
    pub stage: Stage,
    /// By name.
    pub deals: BTreeMap<String, Deal>,
}

impl Play {
    fn deal(&self, name: &str) -> Result<Deal> {
        self.deals.get(name).cloned().with_context(|| format!("the story {name} has not begun"))
    }

    fn file(
        &mut self,
        name: &str,
        paper: Paper,
        parties: [&str; 2],
        others: &[OrganisationCode],
        asks: Side,
        days: (i64, i64),
    ) -> Result<()> {
        let [from, to] = parties;
        let (from, to) = (code(from)?, code(to)?);
        let today = london::date_of(self.stage.now);
        let start = today.add_days(days.0);
        let asking = if asks == Side::From { from } else { to };
        let filer = self.stage.cast.of(asking, Role::Req)?;
        let days = Days { start, end: start.add_days(days.1) };
        let deal = Deal::file(&mut self.stage, &Request { paper, from, to, others, days, filer })?;
        self.deals.insert(name.to_owned(), deal);
        Ok(())
    }
}

fn code(text: &str) -> Result<OrganisationCode> {
    text.parse().with_context(|| format!("`{text}` is a code of the demonstration"))
}

/// Every scene, in the order of its day.
pub fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    for story in STAGES {
        bilateral(&mut scenes, story);
    }
    for (place, (paper, from, to)) in (0..).zip(NEIGHBOURS) {
        let (paper, from, to) = (*paper, *from, *to);
        let name = format!("neighbours {from} {to}");
        at(&mut scenes, 26 + 5 * place, move |play| {
            play.file(&name, paper, [from, to], &[], Side::To, (0, 900))?;
            let mut deal = play.deal(&name)?;
            deal.triage_all(&mut play.stage)?;
            deal.submit(&mut play.stage, None)?;
            for party in deal.parties() {
                deal.sign(&mut play.stage, party)?;
            }
            deal.publish(&mut play.stage, &[])
        });
    }
    open_data(&mut scenes);
    knife_sales(&mut scenes);
    own_request(&mut scenes);
    police_request(&mut scenes);
    pipeline(&mut scenes);
    made_before(&mut scenes);
    scenes.sort_by_key(|scene| scene.day);
    scenes
}

fn at(scenes: &mut Vec<Scene>, day: i64, play: impl FnOnce(&mut Play) -> Result<()> + 'static) {
    scenes.push(Scene { day, needs_time: false, play: Box::new(play) });
}

fn bilateral(scenes: &mut Vec<Scene>, story: &'static Bilateral) {
    let name = format!("{} {}", story.from, story.to);
    let mut scene = |day, play: Happening| {
        scenes.push(Scene { day, needs_time: story.needs_time, play });
    };
    let filing = name.clone();
    scene(
        story.filed,
        Box::new(move |play| {
            play.file(&filing, story.paper, [story.from, story.to], &[], Side::To, (story.starts_in, story.lasts))
        }),
    );
    for &(day, step) in story.steps {
        let name = name.clone();
        scene(
            day,
            Box::new(move |play| {
                let mut deal = play.deal(&name)?;
                step_of(&mut play.stage, &mut deal, story, step)
                    .with_context(|| format!("{name}, {}: {step:?}", story.shows))?;
                play.deals.insert(name, deal);
                Ok(())
            }),
        );
    }
}

fn step_of(stage: &mut Stage, deal: &mut Deal, story: &Bilateral, step: Step) -> Result<()> {
    let side = |side: Side| code(if side == Side::From { story.from } else { story.to });
    match step {
        Step::Triage => deal.triage_all(stage),
        Step::Return => deal.triage(stage, side(Side::From)?, false),
        Step::Counter => {
            let hand = stage.cast.of(side(Side::From)?, Role::Igl)?;
            let words = [
                "The list is kept for six months instead of a year.",
                "A household that has moved on needs no entry any longer; six months cover every placement so far.",
            ];
            let (draft, counter) = deal.counter(stage, hand, words, &|terms| {
                super::terms::set(terms, "/datasets/0/retention", "period", json!("P6M"))
            })?;
            stage.record(draft)?;
            deal.counter = Some(Box::new(counter));
            Ok(())
        }
        Step::Accept => {
            let hand = stage.cast.of(side(Side::To)?, Role::Igl)?;
            deal.accept(stage, hand)
        }
        Step::Submit(days) => deal.submit(stage, Some(days)),
        Step::Advise(who) => deal.sign_kind(stage, side(who)?, SignatureKind::Advice),
        Step::Approve(who) => {
            deal.sign_kind(stage, side(who)?, SignatureKind::Advice)?;
            deal.sign_kind(stage, side(who)?, SignatureKind::Approval)
        }
        Step::Sign(who) => deal.sign(stage, side(who)?),
        Step::SignBoth => {
            deal.sign(stage, side(Side::From)?)?;
            deal.sign(stage, side(Side::To)?)
        }
        Step::TakeBack(who) => {
            let hand = stage.cast.of(side(who)?, Role::Sig)?;
            deal.take_back(stage, hand)
        }
        Step::Decline(who, kind) => {
            let hand = stage.cast.of(side(who)?, Role::Sig)?;
            deal.decline(stage, hand, kind)
        }
        Step::Withdraw => {
            let hand = stage.cast.of(side(Side::To)?, Role::Igl)?;
            deal.withdraw(stage, hand)
        }
        Step::Suspend(who) => deal.suspend(stage, side(who)?),
        Step::Resume(who) => deal.resume(stage, side(who)?),
        Step::Revoke(who, days) => {
            let on = london::date_of(stage.now).add_days(days);
            deal.revoke(stage, side(who)?, on)
        }
        Step::Rescind(who) => deal.rescind(stage, side(who)?),
        Step::EndTogether(days) => {
            let on = london::date_of(stage.now).add_days(days);
            deal.consent(stage, on)
        }
        Step::Send => deal.send(stage, side(Side::From)?),
        Step::Destroy => deal.destroy(stage, side(Side::To)?),
        Step::Review => deal.review(stage),
        Step::Attach => deal.attach(stage),
        Step::Publish => deal.publish(stage, &[]),
        Step::Withhold => deal.withhold(stage),
        Step::Note => {
            let hand = stage.cast.of(side(Side::From)?, Role::Igl)?;
            deal.note(
                stage,
                hand,
                "The first quarter's figures were looked at by both services; nothing needs to change.",
            )
        }
    }
}

/// Scenario S1: one publisher, an open licence, nobody else signs.
fn open_data(scenes: &mut Vec<Scene>) {
    at(scenes, 28, |play| {
        play.file("open data", Paper::OpenData, ["CMD", "GLA"], &[], Side::From, (0, 900))?;
        let mut deal = play.deal("open data")?;
        deal.triage_all(&mut play.stage)?;
        deal.submit(&mut play.stage, None)?;
        deal.sign(&mut play.stage, code("CMD")?)?;
        deal.publish(&mut play.stage, &[])
    });
}

/// Scenario S3: trading standards and the police, under Part 3 on both sides.
fn knife_sales(scenes: &mut Vec<Scene>) {
    at(scenes, 55, |play| play.file("knife sales", Paper::KnifeSales, ["CRY", "MPS"], &[], Side::From, (10, 700)));
    at(scenes, 58, |play| play.deal("knife sales")?.triage_all(&mut play.stage));
    at(scenes, 60, |play| play.deal("knife sales")?.submit(&mut play.stage, None));
    at(scenes, 66, |play| play.deal("knife sales")?.sign(&mut play.stage, code("CRY")?));
    at(scenes, 73, |play| play.deal("knife sales")?.sign(&mut play.stage, code("MPS")?));
    // How it is done stays with the two; that it is done, and why, does not.
    at(scenes, 74, |play| {
        let withheld = ["/datasets/0/fields", "/datasets/1/fields", "/security"];
        play.deal("knife sales")?.publish(&mut play.stage, &withheld)
    });
    // Once it is in force the police would like more, and the power that they name does not give it.
    let more = |play: &mut Play| {
        let deal = play.deal("knife sales")?;
        let stage = &mut play.stage;
        let (council, hand) = (code("CRY")?, stage.cast.of(code("MPS")?, Role::Igl)?);
        let words = [
            "Attendances at emergency departments are added, by named patient.",
            "Who was hurt by a knife would lead to who sold it.",
        ];
        let draft = deal.amendment(stage, hand, words, &|terms| attendances(terms, council))?;
        let tried = "the police propose to add named patients of emergency departments, from the council's public health team, to the agreement on knife sales";
        stage.attempt(tried, "G-SVD", &draft)
    };
    scenes.push(Scene { day: 88, needs_time: true, play: Box::new(more) });
}

/// Adds what patients told to the terms on knife sales, under the duty to prevent serious violence.
fn attendances(terms: &mut serde_json::Value, council: OrganisationCode) -> Result<()> {
    let gateway = json!({ "code": "PCSC-16", "holder": council, "use": ["DISCLOSE"] });
    let gateways = terms.pointer_mut("/gateways").and_then(serde_json::Value::as_array_mut);
    gateways.context("the terms name gateways")?.push(gateway);
    super::terms::set(
        terms,
        "",
        "purpose_codes",
        json!(["CRIME_ENFORCEMENT", "CRIME_PREVENTION", "SERIOUS_VIOLENCE"]),
    )?;
    let datasets = terms.pointer_mut("/datasets").and_then(serde_json::Value::as_array_mut);
    let datasets = datasets.context("the terms name datasets")?;
    let mut added = datasets.first().context("there is a dataset")?.clone();
    let words = super::seal::text;
    for (name, value) in [
        ("asset_ref", words("Information asset register: public health")),
        ("data_class", json!("SC")),
        (
            "fields",
            json!([
                { "category": "IDENTITY", "identifier": "DIRECT", "justification": words("Tells who was hurt"), "name": words("Name of the patient") },
                { "category": "HEALTH", "identifier": "NONE", "justification": words("Tells how"), "name": words("Injury") },
            ]),
        ),
        ("flags", json!(["CONFIDENTIAL", "PATIENT_INFO"])),
        ("name", words("Attendances at emergency departments, by named patient")),
    ] {
        super::terms::set(&mut added, "", name, value)?;
    }
    datasets.push(added);
    Ok(())
}

/// Scenario S5: nobody approves their own request, by whatever door.
fn own_request(scenes: &mut Vec<Scene>) {
    at(scenes, 115, |play| {
        play.file("own request", Paper::Accommodation, ["HRW", "BEN"], &[], Side::To, (20, 700))?;
        let deal = play.deal("own request")?;
        deal.triage_all(&mut play.stage)?;
        deal.submit(&mut play.stage, None)
    });
    at(scenes, 118, |play| {
        let mut deal = play.deal("own request")?;
        let brent = code("BEN")?;
        let stage = &mut play.stage;
        deal.sign_kind(stage, brent, SignatureKind::Advice)?;
        // The filer is an asset owner as well, which is allowed; approving what they filed is not.
        let filer = stage.cast.of(brent, Role::Req)?;
        let administrator = stage.cast.of(brent, Role::Adm)?;
        let today = london::date_of(stage.now);
        let appointed = json!({
            "functions": [], "holder": super::seal::document(&json!({
                "authority": "Scheme of delegation", "email": "iao@ben.example",
                "name": "The holder of the post (demonstration: no person is named)", "post": "head of housing options",
            })),
            "notice_given_on": today, "person": filer.officer.person, "role": Role::Iao, "valid_from": today,
        });
        let organisation = Stream::Organisation(brent);
        let appointment =
            stage.say(organisation, "RoleHolderAppointed", appointed, std::slice::from_ref(&administrator))?;
        let mut owner = filer.clone();
        owner.role = Role::Iao;
        let draft = deal.approval(stage, owner.clone())?;
        stage.attempt(
            "an officer of Brent approves, as asset owner, a request that they filed themself",
            "D01",
            &draft,
        )?;
        let until = today.add_days(60);
        let lend = |person| json!({ "appointment": appointment, "functions": [], "person": person, "until": until });
        let draft = stage.draft(organisation, "RoleDelegated", lend(filer.officer.person), &[owner])?;
        stage.attempt("the same officer lends the role of asset owner to themself", "D06", &draft)?;
        let mut delegate = stage.cast.of(brent, Role::Dat)?;
        let delegation = stage.say(organisation, "RoleDelegated", lend(delegate.officer.person), &[administrator])?;
        delegate.role = Role::Iao;
        delegate.delegation = Some(delegation);
        let draft = deal.approval(stage, delegate)?;
        stage.record(draft).map(drop)
    });
}

/// Scenario S8: a refusal with reasons, and who may give it.
fn police_request(scenes: &mut Vec<Scene>) {
    at(scenes, 90, |play| {
        let filer = play.stage.cast.of(code("MPS")?, Role::Req)?;
        let start = london::date_of(play.stage.now).add_days(20);
        let days = Days { start, end: start.add_days(300) };
        let (from, to) = (code("LBH")?, code("MPS")?);
        let request = Request { paper: Paper::DutyToRefer, from, to, others: &[], days, filer };
        // The duty to refer lets one person's details go, with that person's consent; it is no ground for all of them.
        let (draft, _) = Deal::request(&mut play.stage, &request, &|terms| {
            let gateways = json!([
                { "code": "HRA-213B", "holder": "LBH", "use": ["DISCLOSE"] },
                { "code": "CDA-115", "holder": "MPS", "use": ["RECEIVE"] },
            ]);
            super::terms::set(terms, "", "gateways", gateways)
        })?;
        play.stage.attempt("the police ask for all duty-to-refer notifications of a year, every month", "G-HRA", &draft)
    });
    at(scenes, 93, |play| play.file("police request", Paper::DutyToRefer, ["LBH", "MPS"], &[], Side::To, (20, 300)));
    at(scenes, 95, |play| play.deal("police request")?.triage_all(&mut play.stage));
    at(scenes, 96, |play| {
        let mut deal = play.deal("police request")?;
        let stage = &mut play.stage;
        let (lambeth, police) = (code("LBH")?, code("MPS")?);
        let officer = stage.cast.of(lambeth, Role::Dpo)?;
        deal.advise(
            stage,
            officer,
            "ADVISE_AGAINST",
            "The notifications were given in confidence and for housing; taking all of them for policing is excessive.",
        )?;
        let asks = stage.cast.of(lambeth, Role::Igl)?;
        deal.ask(
            stage,
            asks,
            police,
            "Why are all notifications needed, and not those of people you already look for?",
        )?;
        let answers = stage.cast.of(police, Role::Igl)?;
        deal.answer(stage, answers, "A list of all of them can be compared at once; single requests take longer.")
    });
    at(scenes, 97, |play| {
        let deal = play.deal("police request")?;
        let stage = &mut play.stage;
        let lambeth = code("LBH")?;
        let owner = stage.cast.of(lambeth, Role::Iao)?;
        let draft = deal.refusal(stage, owner)?;
        let tried = "an asset owner of Lambeth refuses the request of the police, which only the senior information risk owner or the signatory may do";
        stage.attempt(tried, "R01", &draft)?;
        let siro = stage.cast.of(lambeth, Role::Siro)?;
        let draft = deal.refusal(stage, siro)?;
        stage.record(draft)?;
        deal.publish(stage, &["/datasets/0/fields", "/security"])
    });
    at(scenes, 99, |play| {
        let deal = play.deal("police request")?;
        let stage = &mut play.stage;
        let hand = stage.cast.of(code("MPS")?, Role::Igl)?;
        let words = "Would one file instead of a monthly one be acceptable?";
        let draft = deal.question(stage, hand, code("LBH")?, words)?;
        stage.attempt("the police go on asking in a request that Lambeth has refused", "T07", &draft)
    });
}

/// Agreements that were signed on paper before the ledger: one half confirmed, one with gaps, one disputed.
fn made_before(scenes: &mut Vec<Scene>) {
    let imports: [(i64, &str, &str, &[HeaderMember]); 3] = [
        (64, "BEX", "GRE", &[]),
        (65, "HAV", "BDG", &[HeaderMember::Datasets, HeaderMember::ExecutionForm, HeaderMember::Publication]),
        (67, "HNS", "RIC", &[]),
    ];
    for (day, from, to, gaps) in imports {
        at(scenes, day, move |play| {
            let stage = &mut play.stage;
            let filer = stage.cast.of(code(from)?, Role::Igl)?;
            let today = london::date_of(stage.now);
            let days = Days { start: today.add_days(-400), end: today.add_days(500) };
            let request =
                Request { paper: Paper::Safeguarding, from: code(from)?, to: code(to)?, others: &[], days, filer };
            let deal = Deal::import(stage, &request, gaps, today.add_days(-410))?;
            play.deals.insert(format!("before {from} {to}"), deal);
            Ok(())
        });
    }
    at(scenes, 69, |play| play.deal("before BEX GRE")?.confirm(&mut play.stage, code("BEX")?));
    at(scenes, 76, |play| play.deal("before HNS RIC")?.dispute(&mut play.stage, code("RIC")?));
}

/// Many parties: all local authorities and the GLA, most of them signed, some still on the way.
fn pipeline(scenes: &mut Vec<Scene>) {
    at(scenes, 102, |play| {
        let all = councils()?;
        let others: Vec<_> = all.into_iter().filter(|code| code.as_str() != "CMD").collect();
        play.file("pipeline", Paper::Planning, ["GLA", "CMD"], &others, Side::From, (30, 900))?;
        let deal = play.deal("pipeline")?;
        deal.triage_all(&mut play.stage)?;
        deal.publish(&mut play.stage, &[])?;
        deal.submit(&mut play.stage, Some(80))
    });
    for (day, from, to) in [(106, 0, 9), (112, 9, 16), (119, 16, 21), (131, 21, 24)] {
        at(scenes, day, move |play| {
            let mut deal = play.deal("pipeline")?;
            for party in deal.parties().into_iter().skip(from).take(to - from) {
                deal.sign(&mut play.stage, party)?;
            }
            Ok(())
        });
    }
    at(scenes, 133, |play| {
        let mut deal = play.deal("pipeline")?;
        for party in deal.parties().into_iter().skip(24).take(4) {
            deal.sign_kind(&mut play.stage, party, SignatureKind::Approval)?;
        }
        Ok(())
    });
    at(scenes, 36, |play| {
        let east = ["TWH", "NWM", "WFT", "RDB", "BDG", "HAV"].map(code).into_iter().collect::<Result<Vec<_>>>()?;
        play.file("pipeline in the east", Paper::Planning, ["HCK", "GRE"], &east, Side::From, (0, 900))?;
        let mut deal = play.deal("pipeline in the east")?;
        deal.triage_all(&mut play.stage)?;
        deal.submit(&mut play.stage, None)?;
        for party in deal.parties() {
            deal.sign(&mut play.stage, party)?;
        }
        deal.publish(&mut play.stage, &[])
    });
}

fn councils() -> Result<Vec<OrganisationCode>> {
    let bodies = Bodies::read()?;
    Ok(bodies
        .bodies
        .iter()
        .filter(|body| body.gss.as_deref().is_some_and(|gss| gss.starts_with("E09")))
        .map(|body| body.code)
        .collect())
}

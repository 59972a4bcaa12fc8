//! Three boroughs that everybody knows, their officers, and agreements in every stage.
//!
//! Everything is a real entry with real signatures, admitted and replayed like any other.

use std::borrow::Cow;
use std::sync::OnceLock;

use counterpart_core::agreement::{Agreement, StageName};
use counterpart_core::derive;
use counterpart_core::header::Header;
use counterpart_core::ids::{AgreementId, OrganisationCode};
use counterpart_core::json::to_jcs;
use counterpart_core::roles::OrganisationFacts;
use counterpart_core::state::State;
use counterpart_core::terms::{Party, Terms};
use counterpart_core::time::Timestamp;
use serde_json::{Value, json};

use crate::world::{Draft, Person, World, at, commitment, person};

pub const DAY: i64 = 86_400_000;
pub const BOROUGHS: [&str; 3] = ["CMD", "HCK", "ISL"];
const OFFICES: [&str; 15] =
    ["CEX", "ADM", "ADM", "REQ", "IGL", "DPO", "SIRO", "CG", "IAO", "SIG", "LGL", "SEC", "OPN", "LEO", "DAT"];

/// The officer of a borough who holds a role.
pub fn officer(organisation: &str, role: &str) -> Person {
    let borough = BOROUGHS.iter().position(|code| *code == organisation).unwrap();
    let office = OFFICES.iter().position(|held| *held == role).unwrap();
    person(BOROUGHS[borough], OFFICES[office], u8::try_from(10 + 30 * borough + office).unwrap())
}

/// Somebody new at a borough, who holds nothing yet.
pub fn newcomer(organisation: &str, role: &str, number: u8) -> Person {
    let borough = BOROUGHS.iter().position(|code| *code == organisation).unwrap();
    let office = OFFICES.iter().position(|held| *held == role).unwrap();
    person(BOROUGHS[borough], OFFICES[office], number)
}

/// A ledger where Camden, Hackney and Islington are registered with all their officers.
pub fn town() -> World {
    static TOWN: OnceLock<World> = OnceLock::new();
    TOWN.get_or_init(|| {
        let mut world = World::founded();
        for code in BOROUGHS {
            let chief = officer(code, "CEX");
            let registered = world.registration(code, &chief);
            world.record(&registered).unwrap();
            let first = officer(code, "ADM");
            world.appoint(&chief, &first).unwrap();
            world.give_key(&first, &[chief.clone()]).unwrap();
            for role in &OFFICES[3..] {
                let whom = officer(code, role);
                let by = if matches!(*role, "SIRO" | "DPO" | "CG" | "SIG" | "LEO") { &chief } else { &first };
                world.appoint(by, &whom).unwrap();
                world.give_key(&whom, &[first.clone(), chief.clone()]).unwrap();
            }
        }
        world
    })
    .clone()
}

/// Gives a person a role beside those that they hold; their key they have already.
pub fn also_holds(world: &mut World, whose: &Person, role: &'static str) -> Person {
    let mut same = whose.clone();
    same.role = role;
    let by = if matches!(role, "SIRO" | "DPO" | "CG" | "SIG" | "LEO") { "CEX" } else { "ADM" };
    world.appoint(&officer(whose.organisation, by), &same).unwrap();
    same
}

/// Terms of a sharing of personal data from Hackney to Camden.
pub fn terms() -> Value {
    let words = commitment();
    json!({
        "agreement_type": "C2C", "datasets": [dataset("HCK", &["CMD"])], "execution_form": "SIMPLE_CONTRACT",
        "formation": "ALL", "lead_party": "CMD", "purpose": words, "purpose_codes": ["HOMELESSNESS"],
        "gateways": BOROUGHS.map(|code| json!({ "code": "CA89-47", "holder": code, "use": ["DISCLOSE", "RECEIVE"] })),
        "art9_condition": { "CMD": ["C"], "HCK": ["C"], "ISL": ["C"] },
        "part3": { "CMD": enforcing(), "HCK": enforcing(), "ISL": enforcing() },
        "dpia": { "date": "2026-10-01", "owner": "HCK", "reference": words, "residual": "LOW", "status": "DONE" },
        "lawful_basis": { "CMD": ["E"], "HCK": ["E"] }, "publication": { "register": "PUBLISH" },
        "security_class": "OFFICIAL", "sharing_mode": "REGULAR", "title": words, "notice_days": 30,
        "term": { "effective_date": "2026-12-01", "end_date": "2028-04-30", "review_date": "2027-12-01" },
    })
}

/// What a borough says of itself under Part 3; it counts for parties of that regime alone.
fn enforcing() -> Value {
    json!({
        "archive_review_period": "P1Y", "competent_authority_basis": "S30_1B", "fact_opinion_marking": true,
        "function": "TRADING_STD", "handling": commitment(), "le_basis": "NECESSARY_FOR_TASK", "le_purposes": ["DETECT"],
        "logging": true, "subject_categories": ["SUSPECT"],
    })
}

pub fn dataset(provider: &str, recipients: &[&str]) -> Value {
    let words = commitment();
    json!({
        "asset_ref": words, "data_class": "PD", "frequency": "MONTHLY", "method": "SFTP", "name": words,
        "fields": [{ "identifier": "DIRECT", "justification": words, "name": words }],
        "onward": { "kind": "NONE" }, "provider": provider, "recipients": recipients, "standard": words,
        "quality": { "correction": words, "gaps": words, "source": words },
        "retention": { "basis": words, "end_action": "DESTROY", "period": "P2Y", "start": "FROM_RECEIPT" },
    })
}

pub fn row(code: &str, capacity: &str) -> Value {
    json!({ "organisation": code, "capacity": capacity, "legal_role": "CONTROLLER", "regime": "UKGDPR", "functions": ["HOUSING"] })
}

/// What is filed: terms and parties.
#[derive(Clone)]
pub struct Shape {
    pub terms: Value,
    pub parties: Value,
}

impl Shape {
    /// Camden asks Hackney.
    pub fn pair() -> Self {
        Self { terms: terms(), parties: json!([row("CMD", "RECIPIENT"), row("HCK", "PROVIDER")]) }
    }

    /// Camden, Hackney and Islington, each with something to give: DS-1 from Hackney, DS-2 from Islington.
    pub fn three() -> Self {
        let mut shape = Self::pair();
        shape.terms["datasets"] = json!([dataset("HCK", &["CMD", "ISL"]), dataset("ISL", &["CMD", "HCK"])]);
        shape.terms["continuation"] = json!({ "min_parties": 2 });
        shape.terms["lawful_basis"]["ISL"] = json!(["E"]);
        shape.parties = json!([row("CMD", "RECIPIENT"), row("HCK", "BOTH"), row("ISL", "BOTH")]);
        shape
    }

    /// Camden publishes open data alone.
    pub fn open() -> Self {
        let mut shape = Self::pair();
        let mut set = dataset("CMD", &[]);
        set["data_class"] = json!("NP-O");
        set["method"] = json!("PUBLIC_DOWNLOAD");
        shape.terms["datasets"] = json!([set]);
        shape.terms["agreement_type"] = json!("OPEN");
        shape.terms["formation"] = json!("UNILATERAL");
        shape.terms["lawful_basis"] = json!({});
        shape.parties = json!([{ "organisation": "CMD", "capacity": "PROVIDER", "legal_role": "LICENSOR", "regime": "NONE", "functions": ["TRANSPORT"] }]);
        shape
    }

    /// The same with another value at a pointer within the terms.
    pub fn with(mut self, pointer: &str, value: Value) -> Self {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let within = self.terms.pointer_mut(parent).unwrap();
        match within.as_array_mut() {
            Some(list) => list[name.parse::<usize>().unwrap()] = value,
            None => within[name] = value,
        }
        self
    }

    pub fn header(&self, state: &State) -> Header {
        let terms: Terms = serde_json::from_value(self.terms.clone()).unwrap();
        let parties: Vec<Party> = serde_json::from_value(self.parties.clone()).unwrap();
        let facts = |code: OrganisationCode| {
            state.organisations.get(&code).map(|o| OrganisationFacts {
                code,
                kind: o.kind,
                flags: o.flags.clone(),
                governance: o.governance,
                extra_roles: o.extra_roles.clone(),
            })
        };
        let reference = state.reference.as_ref().unwrap();
        derive::header(&terms, &parties, &facts, reference, None).unwrap()
    }
}

/// One agreement, and the ledger around it.
#[derive(Clone)]
pub struct Case {
    pub world: World,
    pub shape: Shape,
    pub stream: String,
    pub hash: String,
    pub filed: String,
}

impl Case {
    /// An agreement that nobody has filed.
    pub fn none(shape: Shape) -> Self {
        Self::none_in(town(), shape)
    }

    pub fn none_in(world: World, shape: Shape) -> Self {
        let stream = format!("agr:01890000-0000-7000-8000-{:012x}", 0xa000_0000_0000 + world.count);
        let header = shape.header(&world.replay.state);
        let commit = commitment();
        let mark: counterpart_core::commitment::Commitment = serde_json::from_value(commit).unwrap();
        let hash = derive::version_hash(&to_jcs(&header).unwrap(), stream.parse().unwrap(), mark, 1).to_string();
        Self { world, shape, stream, hash, filed: String::new() }
    }

    pub fn filed(shape: Shape) -> Self {
        Self::none(shape).file()
    }

    pub fn file(mut self) -> Self {
        let draft = self.request();
        self.filed = self.world.record(&draft).unwrap();
        self
    }

    /// A request by Camden's requesting officer.
    pub fn request(&mut self) -> Draft {
        let header = self.shape.header(&self.world.replay.state);
        let data = json!({
            "contacts": commitment(), "header": header, "requesting_organisation": "CMD", "terms": commitment(),
            "warnings_acknowledged": [],
        });
        self.event("RequestFiled", data, &[officer("CMD", "REQ")])
    }

    /// Hackney's other terms: they end a month earlier. Gives the data of a counter-proposal and their hash.
    pub fn counter(&self, number: u32) -> (Value, String) {
        let shape = self.shape.clone().with("/term/end_date", json!("2028-03-31"));
        self.draft_of(&shape, number, &["/term/end_date"])
    }

    /// A later draft of the terms, and its hash.
    pub fn draft_of(&self, shape: &Shape, number: u32, changes: &[&str]) -> (Value, String) {
        let mut header = shape.header(&self.world.replay.state);
        header.changes = Some(changes.iter().map(|path| path.parse().unwrap()).collect());
        let mark: counterpart_core::commitment::Commitment = serde_json::from_value(commitment()).unwrap();
        let hash = derive::version_hash(&to_jcs(&header).unwrap(), self.stream.parse().unwrap(), mark, number);
        (json!({ "header": header, "terms": commitment() }), hash.to_string())
    }

    /// Hackney makes a counter-proposal; gives its hash.
    pub fn counters(&mut self, number: u32, who: &str) -> String {
        let (mut data, hash) = self.counter(number);
        data["words"] = commitment();
        self.does("CounterProposalMade", data, &[officer(who, "IGL")]);
        hash
    }

    /// Hackney returns what is being signed for other terms, which are agreed and frozen as the second version.
    pub fn signs_anew(&mut self) {
        self.does("ApprovalDeclined", self.decline("RETURN"), &[officer("HCK", "SIG")]);
        let hash = self.counters(2, "HCK");
        self.does("CounterProposalAccepted", json!({ "version_hash": hash }), &[officer("CMD", "IGL")]);
        let mut data = self.submission();
        (data["version"], data["version_hash"]) = (json!(2), json!(hash));
        self.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
        self.hash = hash;
    }

    pub fn organisations(&self) -> Vec<String> {
        let rows = self.shape.parties.as_array().unwrap();
        rows.iter().map(code_of).collect()
    }

    pub fn providers(&self) -> Vec<String> {
        let sets = self.shape.terms["datasets"].as_array().unwrap();
        let gives = |row: &&Value| matches!(row["capacity"].as_str(), Some("PROVIDER" | "BOTH"));
        let named = |set: &Value| match set["provider"].as_str().unwrap() {
            "*" => self.shape.parties.as_array().unwrap().iter().filter(gives).map(code_of).collect(),
            provider => vec![provider.to_owned()],
        };
        let mut codes: Vec<String> = sets.iter().flat_map(named).collect();
        codes.sort();
        codes.dedup();
        codes
    }

    pub fn triaged(mut self) -> Self {
        for code in self.providers() {
            self.does("RequestTriaged", accepted(), &[officer(&code, "IGL")]);
        }
        self
    }

    pub fn submitted(self) -> Self {
        let mut case = self.triaged();
        let data = case.submission();
        case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
        case
    }

    pub fn submission(&self) -> Value {
        let latest = counterpart_core::london::date_of(at(self.world.now)).add_days(60);
        json!({ "approve_by": latest.to_string(), "version": 1, "version_hash": self.hash })
    }

    /// Every signature that a party owes, in order.
    pub fn sign_for(&mut self, code: &str) {
        let organisation: OrganisationCode = code.parse().unwrap();
        for required in self.agreement().missing_signatures(organisation) {
            let who = officer(code, required.role.as_str());
            match required.kind.as_str() {
                "ADVICE" => self.does("AdviceGiven", self.advice(required.role.as_str()), &[who]),
                "APPROVAL" => self.does("ApprovalGiven", self.approval(), &[who]),
                _ => self.does("ExecutionSigned", self.execution(), &[who]),
            };
        }
    }

    pub fn signed(self) -> Self {
        let mut case = self.submitted();
        for code in case.organisations() {
            case.sign_for(&code);
        }
        case
    }

    /// In force today.
    pub fn in_force(shape: Shape) -> Self {
        let case = Self::filed(shape).signed();
        assert_eq!(case.letter(), 'V');
        case
    }

    /// An agreement in the stage of a letter, for a shape whose first day is today.
    pub fn in_stage(letter: char, shape: Shape) -> Self {
        let later = || shape.clone().with("/term/effective_date", json!("2026-12-20"));
        let mut case = match letter {
            'N' => Self::none(shape.clone()),
            'A' => Self::filed(shape.clone()).submitted(),
            'P' => Self::filed(later()).signed(),
            'V' | 'S' | 'E' | 'X' => Self::in_force(shape.clone()),
            _ => Self::filed(shape.clone()),
        };
        match letter {
            'C' => {
                let data = json!({ "missing": [], "outcome": "RETURNED" });
                case.does("RequestTriaged", data, &[officer("HCK", "IGL")]);
            }
            'G' => {
                case.counters(2, "HCK");
            }
            'S' => {
                case.suspend("HCK", "WHOLE");
            }
            'E' => {
                let sent = crate::sharing::disclosure(&["DS-1"]);
                case.does("DisclosureLogged", sent, &[officer("HCK", "IAO")]);
                case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("HCK", "SIG")]);
            }
            'X' => {
                for code in &case.organisations()[1..] {
                    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer(code, "SIG")]);
                }
            }
            'R' => {
                case.does("RequestRefused", json!({ "words": commitment() }), &[officer("HCK", "SIRO")]);
            }
            'W' => {
                case.does("RequestWithdrawn", json!({}), &[officer("CMD", "REQ")]);
            }
            'L' => case.world.now += 91 * DAY,
            _ => {}
        }
        assert_eq!(case.letter(), letter);
        case
    }

    pub fn suspend(&mut self, code: &str, scope: &str) -> String {
        self.does("AgreementSuspended", suspension("SECURITY", scope), &[officer(code, "SIRO")])
    }

    pub fn advice(&self, role: &str) -> Value {
        json!({ "kind": role, "version_hash": self.hash, "words": commitment() })
    }

    pub fn approval(&self) -> Value {
        json!({ "datasets": [], "version_hash": self.hash })
    }

    pub fn execution(&self) -> Value {
        json!({ "form": "SIMPLE_CONTRACT", "version_hash": self.hash })
    }

    pub fn decline(&self, kind: &str) -> Value {
        json!({ "kind": kind, "version_hash": self.hash, "words": commitment() })
    }

    pub fn today(&self) -> String {
        counterpart_core::london::date_of(at(self.world.now)).to_string()
    }

    pub fn event(&mut self, event_type: &str, data: Value, signers: &[Person]) -> Draft {
        let stream = self.stream.clone();
        self.world.draft(&stream, event_type, data, signers)
    }

    /// The event is recorded; gives its id.
    pub fn does(&mut self, event_type: &str, data: Value, signers: &[Person]) -> String {
        let draft = self.event(event_type, data, signers);
        self.world.record(&draft).unwrap_or_else(|stopped| panic!("{event_type}: {stopped}"))
    }

    /// The event is refused; gives the code.
    pub fn refused(&mut self, event_type: &str, data: Value, signers: &[Person]) -> String {
        let draft = self.event(event_type, data, signers);
        self.world.refusal(&draft)
    }

    /// What would become of the event: its code, or a dash where it is recorded. The case stays as it is.
    pub fn tries(&self, event_type: &str, data: &Value, signers: &[Person]) -> String {
        let mut case = self.clone();
        let draft = case.event(event_type, data.clone(), signers);
        case.world.record(&draft).err().map_or_else(|| "-".to_owned(), |stopped| stopped.stop.code().to_owned())
    }

    /// The event is refused with this code and message.
    pub fn told(&mut self, event_type: &str, data: Value, signers: &[Person]) -> String {
        let draft = self.event(event_type, data, signers);
        self.world.record(&draft).expect_err("the rules say no").stop.to_string()
    }

    pub fn stored(&self) -> Cow<'_, Agreement> {
        let id: AgreementId = self.stream.strip_prefix("agr:").unwrap().parse().unwrap();
        self.world.replay.state.agreement(id).unwrap()
    }

    /// The agreement now.
    pub fn agreement(&self) -> Agreement {
        self.at(at(self.world.now))
    }

    pub fn at(&self, instant: Timestamp) -> Agreement {
        self.stored().at(instant).into_owned()
    }

    /// The agreement as of the first `size` entries, rebuilt from its own and from what others did to it.
    pub fn rebuilt(&self, size: u64) -> Agreement {
        let read = |bytes: &Vec<u8>| counterpart_core::replay::read(bytes).unwrap();
        let entries = (0u64..).zip(self.world.entries.iter().map(read));
        let own = entries.filter(|(_, read)| read.event.stream.to_string() == self.stream);
        let own: Vec<_> = own.map(|(index, read)| (index, read.event, read.entry.recorded_at)).collect();
        let events = own.iter().map(|(index, event, at)| (*index, event, *at));
        let stored = self.stored();
        let windows = self.world.replay.state.windows();
        Agreement::replayed(events, stored.outside(), size, stored.reference(), windows).unwrap()
    }

    pub fn letter(&self) -> char {
        let id: AgreementId = self.stream.strip_prefix("agr:").unwrap().parse().unwrap();
        let found = self.world.replay.state.agreement(id);
        found.map_or(StageName::None, |agreement| agreement.at(at(self.world.now)).name()).letter()
    }

    /// The letter of a party's state.
    pub fn party(&self, code: &str) -> char {
        self.agreement().party(code.parse().unwrap()).unwrap().state.letter()
    }
}

fn code_of(row: &Value) -> String {
    row["organisation"].as_str().unwrap().to_owned()
}

pub fn question(asked: &str) -> Value {
    json!({ "asked": asked, "due": "2026-12-20", "path": "/purpose", "text": commitment() })
}

pub fn answer(question: &str) -> Value {
    json!({ "question": question, "text": commitment() })
}

pub fn accepted() -> Value {
    json!({ "missing": [], "outcome": "ACCEPTED" })
}

pub fn reasons() -> Value {
    json!({ "words": commitment() })
}

pub fn suspension(code: &str, scope: &str) -> Value {
    json!({ "code": code, "datasets": [], "scope": scope, "words": commitment() })
}

pub fn of_datasets(datasets: &[&str]) -> Value {
    json!({ "code": "SECURITY", "datasets": datasets, "scope": "DATASETS", "words": commitment() })
}

pub fn resumption(ground: &str) -> Value {
    json!({ "ground": ground, "words": commitment() })
}

pub fn leaving(ground: &str, on: &str) -> Value {
    json!({ "ground": ground, "takes_effect_on": on, "words": commitment() })
}

pub fn note() -> Value {
    json!({ "text": commitment(), "visibility": "PARTIES" })
}

pub fn instant(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().millis()
}

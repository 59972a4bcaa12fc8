//! What is told: in which order, how much, where; and what words tell of persons.

use counterpart_core::door::{self, Earlier, Surroundings, personal_detail, resembles};
use counterpart_core::event::data::EventType;
use counterpart_core::header::{DatasetFacts, DatasetRow, Header};
use counterpart_core::ids::OrganisationCode;
use counterpart_core::message::Message;
use counterpart_core::refusal::Refusal;
use serde_json::{Value, json};

use crate::cases::named;
use crate::examples::{Example, charge_points, children, field, strict};
use crate::filing::{check, check_after, sealed};

fn codes(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.code.as_str()).collect()
}

#[test]
fn messages_stand_in_the_order_of_the_catalogue_each_once() {
    let example = named("class PS").with(&[
        ("/terms/notice_days", json!(181)),
        ("/terms/dispute_route", json!("COURT")),
        ("/contacts/HCK/ico_registration", json!("X")),
        (
            "/terms/gateways",
            json!([
                { "code": "CA89-47", "holder": "CMD", "use": ["RECEIVE"] },
                { "code": "PCSC-16", "holder": "HCK", "use": ["DISCLOSE"] },
            ]),
        ),
    ]);
    let split = example.split();
    let mut words = split.words.clone();
    words.insert("/nowhere".to_owned(), "Words that no commitment is to.".to_owned());
    let validation = example.judge_skeleton(&split.skeleton, &words, None);
    assert_eq!(codes(&validation.messages), ["E07", "V-28", "V-47", "V-75", "V-76", "V-94", "V-100", "V-122", "G-SVD"]);
    assert_eq!(validation.messages[0].path, "/terms/nowhere");
    let mut words = split.words.clone();
    words.insert("/title".to_owned(), "A title\tin two columns".to_owned());
    let told = example.judge_skeleton(&split.skeleton, &words, None).messages;
    assert_eq!((told[0].code.as_str(), told[0].path.as_str()), ("E07", "/terms/title"));
    // What was written there is judged as well: nothing stands in for it.
    words.insert("/title".to_owned(), "Ask jo@example.org\twho knows the children".to_owned());
    let told = example.judge_skeleton(&split.skeleton, &words, None).messages;
    let of_title: Vec<&Message> = told.iter().filter(|message| message.path == "/terms/title").collect();
    assert_eq!(of_title.iter().map(|message| message.code.as_str()).collect::<Vec<_>>(), ["E07", "V-90"]);
    // Of two datasets that go the same way each is told, and the missing power once.
    let mut second = named("cuckooing").terms["datasets"][0].clone();
    second["retention"]["period"] = json!("P2Y");
    let first = named("cuckooing").terms["datasets"][0].clone();
    let powers = named("cuckooing").terms["gateways"].as_array().unwrap()[..2].to_vec();
    let twice =
        named("cuckooing").with(&[("/terms/datasets", json!([first, second])), ("/terms/gateways", json!(powers))]);
    assert_eq!(codes(&twice.judge().messages).iter().filter(|code| **code == "V-117").count(), 1);
}

#[test]
fn a_power_is_told_where_it_stands_in_the_terms() {
    let power = |code: &str, holder: &str, way: &str| json!({ "code": code, "holder": holder, "use": [way] });
    let all = json!([
        power("GLA-34", "CMD", "RECEIVE"),
        power("CA89-47", "HCK", "DISCLOSE"),
        power("GLA-34", "HCK", "DISCLOSE"),
        power("CA89-47", "CMD", "RECEIVE"),
    ]);
    let told = children().with(&[("/terms/gateways", all)]).judge().messages;
    let places: Vec<&str> =
        told.iter().filter(|message| message.code == "V-47").map(|message| message.path.as_str()).collect();
    assert_eq!(places, ["/terms/gateways/0", "/terms/gateways/2"]);
}

#[test]
fn three_sources_count_whatever_each_of_them_gives() {
    let pooled = named("pooled");
    let mut sets = Vec::new();
    for (provider, recipient) in [("CMD", "HCK"), ("HCK", "ISL"), ("ISL", "CMD")] {
        let mut set = pooled.terms["datasets"][0].clone();
        set["provider"] = json!(provider);
        set["recipients"] = json!([recipient]);
        sets.push(set);
    }
    for (count, told) in [(3, true), (2, false)] {
        let said = pooled.clone().with(&[("/terms/datasets", json!(sets[..count]))]).said();
        assert_eq!(said.iter().any(|(_, message)| message.contains("three or more sources")), told, "{count}");
    }
}

#[test]
fn of_a_body_that_is_not_registered_nothing_is_told_but_that() {
    let power = json!({ "code": "LAAA-S9", "holder": "HCK", "use": ["DISCLOSE"] });
    let mut powers = children().terms["gateways"].clone();
    powers.as_array_mut().unwrap().push(power);
    for (name, changes, stranger, told) in [
        (
            "children",
            vec![("/terms/gateways", powers)],
            "CMD",
            ["V-20 CMD is not registered in the ledger. Ask the registrar to add it."],
        ),
        (
            "cuckooing",
            vec![("/terms/gateways", json!([]))],
            "HAS",
            ["V-20 HAS is not registered in the ledger. Ask the registrar to add it."],
        ),
    ] {
        let example = named(name).with(&changes);
        let header = header(&example, &[]);
        let said = example.surround(|around| {
            let known = |code: OrganisationCode| (around.organisations)(code).filter(|_| code.as_str() != stranger);
            door::log_rules(&header, None, &Surroundings { organisations: &known, ..*around })
        });
        let said: Vec<String> =
            said.into_iter().map(|message| format!("{} {}", message.code, message.message)).collect();
        let of_it: Vec<&String> = said.iter().filter(|said| said.contains(stranger)).collect();
        assert_eq!(of_it, told, "{said:#?}");
    }
}

#[test]
fn who_may_not_disclose_under_a_power_to_those_it_names_is_told_that_and_not_who_may_receive() {
    // Section 115 in a list to come, which would leave disclosing under it to the police.
    let mut reference = crate::examples::reference().clone();
    let row = reference.gateways.iter_mut().find(|row| row.code.as_str() == "CDA-115").unwrap();
    row.disclosers = vec!["POLICE_FORCE".parse().unwrap()];
    let example = named("cuckooing");
    let header = header(&example, &[]);
    let said =
        example.surround(|around| door::log_rules(&header, None, &Surroundings { reference: &reference, ..*around }));
    let said: Vec<String> = said.iter().map(|message| format!("{} {}", message.code, message.message)).collect();
    assert!(said.contains(&"V-47 CDA-115 is not a power of HAS to disclose.".to_owned()), "{said:#?}");
    assert!(said.iter().all(|message| !message.starts_with("G-CDA")), "{said:#?}");
}

#[test]
fn each_row_of_a_header_is_judged() {
    // Terms say for all datasets at once when data are destroyed; a header says it row by row.
    let example = named("circle");
    let whole = header(&example, &[]);
    let told = |header: &Header| {
        let said = example.surround(|around| door::log_rules(header, None, around));
        said.into_iter().map(|message| message.code).collect::<Vec<_>>()
    };
    assert_eq!(told(&whole), [""; 0]);
    for row in 0..whole.datasets.len() {
        let mut other = whole.clone();
        let facts = DatasetFacts { destroy_within_days: 0, ..(*whole.datasets[row]).clone() };
        other.datasets[row] = DatasetRow::from(facts);
        assert_eq!(told(&other), ["V-83"]);
    }
}

#[test]
fn no_more_is_told_than_can_be_read_and_errors_before_warnings() {
    let mut example = named("many");
    for dataset in example.terms["datasets"].as_array_mut().unwrap() {
        for member in ["asset_ref", "name", "standard"] {
            dataset[member] = json!(" ");
        }
    }
    let told = example.with(&[("/terms/execution_form", json!("MOU_NON_BINDING"))]).judge().messages;
    assert_eq!(told.len(), door::MESSAGES_MAX);
    assert!(told.iter().all(Message::is_error), "V-12 and V-122 are left out");
    let codes = codes(&told);
    assert_eq!(
        [codes[0], codes[199], codes[200], codes[399], codes[400], codes[499]],
        ["V-61", "V-61", "V-63", "V-63", "V-70", "V-70"]
    );
}

#[test]
fn every_place_that_does_not_fit_is_told_up_to_a_limit() {
    let mut example = named("many");
    for dataset in example.terms["datasets"].as_array_mut().unwrap() {
        dataset["frequency"] = json!("SOMETIMES");
        dataset["method"] = json!("PIGEON");
        dataset["volume"] = json!("MANY");
    }
    let told = example.judge().messages;
    let of = |code: &str| codes(&told).iter().filter(|other| **other == code).count();
    assert_eq!(of("V-68") + of("V-71") + of("V-73"), 400);
}

#[test]
fn a_place_that_does_not_fit_is_told_with_what_to_write() {
    let example = children()
        .with(&[("/terms/sharing_mode", json!("SOMETIMES")), ("/terms/datasets/0/frequency", json!("SOMETIMES"))]);
    let told = example.judge().messages;
    let of = |code: &str| told.iter().find(|message| message.code == code).unwrap();
    assert_eq!(of("V-04").message, "Say whether this is a single transfer or repeated sharing.");
    assert!(of("V-04").help.starts_with("Write one of ONE_OFF, "), "{}", of("V-04").help);
    assert!(of("V-71").message.starts_with("Write one of ONCE, "), "{}", of("V-71").message);
    assert_eq!(of("V-71").help, "Write it as the published schema says.");
    // What stands in for a member is not judged: its place is told already, once.
    let example = children().with(&[("/terms/title", Value::Null), ("/terms/sharing_mode", json!("SOMETIMES"))]);
    assert_eq!(codes(&example.judge().messages), ["V-02", "V-04", "V-122"]);
    let datasets = door::terms_shape().member("datasets").unwrap();
    assert!(datasets.member("0").is_some() && datasets.member("17").is_some());
    assert!(datasets.member("1a").is_none() && datasets.member("a1").is_none() && datasets.member("-1").is_none());
}

#[test]
fn what_stands_beside_a_place_that_does_not_fit_is_judged_though_its_name_begins_alike() {
    let example = children().with(&[("/terms/purpose", Value::Null), ("/terms/purpose_codes", json!([]))]);
    assert_eq!(codes(&example.judge().messages), ["V-30", "V-31", "V-47", "V-47", "V-122"]);
    let mut example = named("many");
    example.terms["datasets"][1] = json!("the second");
    for place in [10, 21, 100] {
        example.terms["datasets"][place]["standard"] = json!(" ");
    }
    let told = example.judge().messages;
    let places: Vec<&str> =
        told.iter().map(|message| message.path.as_str()).filter(|path| path.ends_with("standard")).collect();
    let expected = [10, 100, 21].map(|place| format!("/terms/datasets/{place}/standard"));
    assert_eq!(places, expected);
}

#[test]
fn a_name_that_names_nothing_is_told_where_it_stands_and_what_it_names_is_not_filed() {
    let told = children().with(&[("/terms/lawful_basis/Camden", json!(["E"]))]).judge();
    assert!(told.header.is_none());
    let message = told.messages.iter().find(|message| message.path == "/terms/lawful_basis/Camden").unwrap();
    assert_eq!(message.code, "V-35");
    assert!(message.message.starts_with("The name `Camden` must be "), "{}", message.message);
}

#[test]
fn terms_are_compared_with_terms() {
    let example = children();
    let split = example.split();
    let told = |earlier: &Value| {
        let validation = example.judge_skeleton(&split.skeleton, &split.words, Some(&strict(earlier)));
        (validation.header.is_some(), validation.messages.into_iter().find(|message| message.code == "E07"))
    };
    assert!(matches!(told(&example.terms), (true, None)));
    assert!(matches!(told(&json!({})), (true, None)));
    let (header, message) = told(&json!(7));
    assert!(!header);
    let message = message.unwrap();
    assert_eq!(message.path, "/terms");
    assert!(message.message.starts_with("The changes cannot be named"), "{}", message.message);
}

#[test]
fn a_header_has_so_many_bytes_and_not_one_more() {
    let example = children();
    let mut header = header(&example, &[]);
    let size = |header: &Header| counterpart_core::json::to_jcs(header).unwrap().len();
    let long: counterpart_core::ids::Code = "F".repeat(40).parse().unwrap();
    let told = |header: &Header| {
        let said = example.surround(|around| door::log_rules(header, None, around));
        said.iter().any(|message| message.code == "V-125")
    };
    let mut row = (*header.parties[0]).clone();
    // Each name of forty letters takes three more, for its marks and the comma.
    while Header::MAX_BYTES - size(&header) > 86 {
        row.functions.push(long.clone());
        header.parties[0] = row.clone().into();
    }
    let left = Header::MAX_BYTES - size(&header);
    row.functions.push("F".repeat(left / 2 - 3).parse().unwrap());
    row.functions.push("F".repeat(left - left / 2 - 3).parse().unwrap());
    header.parties[0] = row.clone().into();
    assert_eq!(size(&header), 24_000);
    assert!(!told(&header));
    row.functions.push("F".parse().unwrap());
    header.parties[0] = row.into();
    assert!(told(&header));
}

fn header(example: &Example, changes: &[(&str, Value)]) -> Header {
    example.clone().with(changes).judge().header.unwrap()
}

#[test]
fn agreements_resemble_each_other_in_type_bodies_and_kinds_of_data() {
    let one = header(&children(), &[]);
    let rows = children().parties.as_array().unwrap().iter().rev().cloned().collect::<Vec<_>>();
    for (what, changes, alike) in [
        ("the same", vec![], true),
        (
            "another title and term",
            vec![("/terms/title", json!("Something else")), ("/terms/notice_days", json!(9))],
            true,
        ),
        ("another type", vec![("/terms/agreement_type", json!("JC"))], false),
        ("another class", vec![("/terms/datasets/0/data_class", json!("SC"))], false),
        ("another flag", vec![("/terms/datasets/0/flags", json!(["LOCATION"]))], false),
        (
            "another body",
            vec![("/parties/0/organisation", json!("ISL")), ("/terms/datasets/0/recipients", json!(["ISL"]))],
            false,
        ),
    ] {
        let other = header(&children(), &changes);
        assert_eq!((resembles(&one, &other), resembles(&other, &one)), (alike, alike), "{what}");
    }
    let turned = header(&children(), &[("/parties", json!(rows))]);
    assert!(!resembles(&one, &turned), "another provider, as rows number them");
    assert!(!resembles(&one, &header(&charge_points(), &[])));
}

#[test]
fn personal_details_are_told_from_numbers_and_names_that_are_none() {
    let nobody = None;
    let (phone, nhs) = (Some("a phone number"), Some("an NHS number"));
    let (insurance, email) = (Some("a National Insurance number"), Some("an e-mail address"));
    for (text, told) in [
        ("call 02079460958", phone),
        ("call (020) 7946-0958", phone),
        ("entry 0207946095", nobody),
        ("entry 020794609581", nobody),
        ("entry 00207946095", nobody),
        ("call +442079460958", phone),
        ("call +44 (0)20 7946 0958", phone),
        ("call +44 20 7946 095", nobody),
        ("call +44 020 7946 09581", nobody),
        ("entry 442079460958", nobody),
        ("entry 1 +44 2079460958", nobody),
        ("943 476 5919", nhs),
        ("943-476-5919", nhs),
        ("943 476 5918", nobody),
        ("000 000 0000", nobody),
        ("19434765919", nobody),
        ("9434765870", nhs),
        ("94347658704", nobody),
        ("ward 11", nobody),
        ("943476587", nobody),
        ("the 2019 act", nobody),
        ("QQ123456C", insurance),
        ("qq 12 34 56 c", insurance),
        ("QQ123456A.", insurance),
        ("QQ 123456  D", insurance),
        ("Q Q123456C", nobody),
        ("QQ123456E", nobody),
        ("QQ12345C", nobody),
        ("QQ1234567", nobody),
        ("AQQ123456C", nobody),
        ("1QQ123456C", nobody),
        ("QQ123456CD", nobody),
        ("QQ123456C1", nobody),
        ("Q1123456C", nobody),
        ("write to <jo@example.org>, please", email),
        ("jo@example", nobody),
        ("@example.org", nobody),
        ("jo@.org", nobody),
        ("jo@example.", nobody),
        ("jo.example.org", nobody),
    ] {
        assert_eq!(personal_detail(text), told, "{text}");
    }
}

/// Where V-90 is told of the words of an event.
fn details(event_type: EventType, mut data: Value, words: &Value) -> Vec<String> {
    let (commitment, disclosure) =
        sealed("/words", counterpart_core::commitment::Kind::Json, counterpart_core::json::jcs(&strict(words)), 4);
    data["words"] = commitment;
    match check(event_type, &data, &[disclosure]) {
        Ok(_) => Vec::new(),
        Err(Refusal::Messages(messages)) => {
            let told = messages.into_iter().filter(|message| message.code == "V-90");
            told.map(|message| message.path).collect()
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_personal_detail_is_told_where_it_stands() {
    let advice = || json!({ "kind": "DPO", "version_hash": "00".repeat(32) });
    let words = json!({ "conditions": ["None.", "Ask jo@example.org", "call 020 7946 0958"], "outcome": "SUPPORT", "reasons": "As told." });
    assert_eq!(details(EventType::AdviceGiven, advice(), &words), ["/words/conditions/1", "/words/conditions/2"]);
    let words = json!({ "conditions": ["None."], "outcome": "SUPPORT", "reasons": "jo@example.org said so" });
    assert_eq!(details(EventType::AdviceGiven, advice(), &words), ["/words/reasons"]);
    let review = json!({ "next_review": "2027-11-30", "outcome": "CONTINUE" });
    let words = json!({
        "benefits": [{ "metric": "Letters to jo@example.org", "value": "12" }, { "metric": "Visits", "value": "jo@example.org" }],
        "findings": "All in order.",
    });
    assert_eq!(
        details(EventType::ReviewCompleted, review.clone(), &words),
        ["/words/benefits/0/metric", "/words/benefits/1/value"]
    );
    let words = json!({ "findings": "All in order." });
    assert_eq!(details(EventType::ReviewCompleted, review, &words), [""; 0]);
    // In the terms it is told once, at its place.
    let told = children()
        .with(&[("/terms/purpose", json!("To tell jo@example.org of every child at risk in both boroughs."))]);
    let told: Vec<_> = told.judge().messages.into_iter().filter(|message| message.code == "V-90").collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].path, "/terms/purpose");
}

#[test]
fn words_and_commitments_come_together_or_not_at_all() {
    let text = counterpart_core::commitment::Kind::Text;
    let (commitment, disclosure) = sealed("/text", text, b"A short note.".to_vec(), 3);
    let note = json!({ "text": commitment, "visibility": "PARTIES" });
    let code = |event_type, data: &Value, words: &[_]| {
        check(event_type, data, words).err().map(|refusal| refusal.code().to_owned())
    };
    assert_eq!(code(EventType::NoteRecorded, &note, std::slice::from_ref(&disclosure)), None);
    assert_eq!(code(EventType::NoteRecorded, &note, &[]).as_deref(), Some("E07"));
    let withdrawn = json!({});
    assert_eq!(code(EventType::RequestWithdrawn, &withdrawn, &[]), None);
    assert_eq!(
        code(EventType::RequestWithdrawn, &withdrawn, std::slice::from_ref(&disclosure)).as_deref(),
        Some("E07")
    );
    // An agreement holds so many bytes of words, to the last one; other streams are not counted.
    let most = crate::examples::reference().limits.agreement.words_bytes;
    for (held, told) in [(most - 13, None), (most - 12, Some("G48")), (u64::MAX, Some("G48"))] {
        let earlier = Earlier { words_bytes: held, ..Earlier::default() };
        let refused = check_after(EventType::NoteRecorded, &note, std::slice::from_ref(&disclosure), &earlier).err();
        assert_eq!(refused.map(|refusal| refusal.code().to_owned()).as_deref(), told, "{held}");
    }
    let holder = json!({
        "authority": "The chief's letter", "email": "owner@example.org", "name": "The owner", "phone": "020 7946 0958",
        "post": "Asset owner",
    });
    let json = counterpart_core::commitment::Kind::Json;
    let (holder, of_holder) = sealed("/holder", json, counterpart_core::json::jcs(&strict(&holder)), 5);
    let appointed = json!({
        "functions": [], "holder": holder, "notice_given_on": "2026-11-01", "person": "PER-000000000001", "role": "IAO",
        "valid_from": "2026-11-24",
    });
    let earlier = Earlier { words_bytes: u64::MAX, ..Earlier::default() };
    let held = check_after(EventType::RoleHolderAppointed, &appointed, &[of_holder], &earlier);
    assert_eq!(held.map_err(|refusal| refusal.to_string()), Ok(Vec::new()));
    // Twenty thousand disclosures are looked at, and so are eight mebibytes; one more of either is too large.
    let blank = counterpart_core::commitment::Disclosure { content: Vec::new(), ..disclosure.clone() };
    let mebibyte = counterpart_core::commitment::Disclosure { content: vec![b'a'; 1 << 20], ..disclosure };
    assert_eq!(code(EventType::NoteRecorded, &note, &vec![blank.clone(); 20_000]).as_deref(), Some("E07"));
    assert_eq!(code(EventType::NoteRecorded, &note, &vec![blank.clone(); 20_001]).as_deref(), Some("E05"));
    let mut eight = vec![mebibyte; 8];
    assert_eq!(code(EventType::NoteRecorded, &note, &eight).as_deref(), Some("E07"));
    eight.push(counterpart_core::commitment::Disclosure { content: vec![b'a'], ..blank });
    assert_eq!(code(EventType::NoteRecorded, &note, &eight).as_deref(), Some("E05"));
}

#[test]
fn the_kind_of_an_identifier_is_told_with_its_name() {
    let told = charge_points().with(&[("/terms/datasets/0/fields/1", field("NHS number", "NONE", "ASSET"))]).said();
    assert!(
        told.iter()
            .any(|(code, message)| code == "V-66"
                && message.starts_with("`NHS number` identifies people (an NHS number)"))
    );
}

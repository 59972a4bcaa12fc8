//! What is told of agreements that are a few steps from one that everyone knows: a member left out, another code, a day
//! more or less, another power, several at once. `neighbours.txt` holds it, a line an agreement.
//!
//! `GOLDEN=door cargo test --workspace --test door neighbours` writes the file when it is not there. Whoever changes a
//! rule removes it, makes it anew and reads the difference: it is what filers will see.

use std::collections::BTreeSet;
use std::path::Path;

use counterpart_core::door::{Shape, WordsByPointer, terms_shape};
use counterpart_core::header::GatewayUse;
use counterpart_core::ids::Code;
use counterpart_core::json;
use counterpart_core::time::Date;
use serde_json::{Value, json};

use crate::cases::named;
use crate::examples::{Example, reference, strict};

/// Whose neighbours are looked at.
const NAMES: [&str; 22] = [
    "charge points",
    "children",
    "circle",
    "class AN",
    "class CO",
    "class NP-R",
    "class PS",
    "cuckooing",
    "duty to refer",
    "early",
    "from the police",
    "hosted",
    "joint",
    "knives",
    "patients",
    "pooled",
    "processing",
    "screened",
    "special",
    "three",
    "tower block",
    "watched",
];

/// How many neighbours each has.
const EACH: usize = 60;

/// Places on which many rules hang, by how they end: half of all steps are taken there.
const HEAVY: [&str; 14] = [
    "/agreement_type",
    "/automated_decisions",
    "/capacity",
    "/category",
    "/data_class",
    "/flags",
    "/formation",
    "/gateways",
    "/legal_role",
    "/provider",
    "/purpose_codes",
    "/recipients",
    "/regime",
    "/sharing_mode",
];

/// Numbers that are the same in every run (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }
}

/// Takes the words out. What they are sealed with is all one here, and costs time.
fn parted(value: &Value, shape: Option<&Shape>, at: &str, words: &mut WordsByPointer) -> Value {
    let within = |name: &str, value: &Value, words: &mut WordsByPointer| {
        parted(value, shape.and_then(|shape| shape.member(name)), &format!("{at}/{name}"), words)
    };
    match value {
        Value::String(text) if shape.is_some_and(Shape::is_words) => {
            words.insert(at.to_owned(), text.clone());
            json!({ "$commit": format!("hmac-sha256:{}", "ab".repeat(32)) })
        }
        Value::Array(elements) => {
            elements.iter().enumerate().map(|(place, value)| within(&place.to_string(), value, words)).collect()
        }
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), within(name, value, words))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// What is told of an example, each as code and place; places in the terms without saying so.
fn told(example: &Example) -> BTreeSet<String> {
    let mut words = WordsByPointer::new();
    let skeleton: json::Value = strict(&parted(&example.terms, Some(terms_shape()), "", &mut words));
    let validation = example.judge_skeleton(&skeleton, &words, None);
    let whole = validation.header.is_some();
    let messages = validation.messages.into_iter().filter(|message| message.code != "V-122");
    let mut told: BTreeSet<String> = messages
        .map(|message| {
            let place = message.path.strip_prefix("/terms").unwrap_or(&message.path);
            format!("{} {place}", message.code)
        })
        .collect();
    if !whole {
        told.insert("no header".to_owned());
    }
    told
}

/// What else could stand at a place, by the schema that it is of: of it, or such that it is not.
fn others(schema: &Value, value: Option<&Value>, fitting: bool) -> Vec<Value> {
    let is_words = schema.get("x-kind").is_some();
    if is_words && fitting {
        return vec![if value.is_some() { json!(" ") } else { json!("Said.") }];
    }
    if is_words {
        let whole = format!("hmac-sha256:{}", "cd".repeat(32));
        return vec![json!(7), json!({ "$commit": "nothing" }), json!({ "$commit": whole, "more": 1 })];
    }
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        let codes = choices.iter().map(|choice| choice["const"].clone());
        return if fitting { codes.filter(|code| Some(code) != value).collect() } else { vec![json!("NO-SUCH")] };
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        return choices.iter().flat_map(|choice| others(choice, value, fitting)).collect();
    }
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    if !fitting && kind != "string" {
        return vec![json!("neither number nor list")];
    }
    match kind {
        "boolean" => vec![json!(value != Some(&json!(true)))],
        "integer" => {
            let given = value.and_then(Value::as_i64);
            let [least, most] = ["minimum", "maximum"].map(|bound| schema[bound].as_i64().unwrap());
            let near = given.map_or([0, 1], |given| [given - 1, given + 1]);
            let numbers = [0, 1, 2, 3, 10, 11, 30, 31, 72, 73, 180, 181, 365, 366].into_iter().chain(near);
            let numbers: BTreeSet<i64> = numbers.filter(|number| (least..=most).contains(number)).collect();
            numbers.into_iter().filter(|number| Some(*number) != given).map(|number| json!(number)).collect()
        }
        "array" => {
            let given = value.and_then(Value::as_array).cloned().unwrap_or_default();
            let more = others(&schema["items"], None, true).into_iter().filter(|more| !given.contains(more));
            let longer = more.map(|more| json!([given.as_slice(), &[more]].concat()));
            let shorter = (0..given.len()).map(|at| {
                let mut fewer = given.clone();
                fewer.remove(at);
                json!(fewer)
            });
            longer.chain(shorter).collect()
        }
        "string" => of_grammar(schema.get("pattern").and_then(Value::as_str), value, fitting),
        _ => Vec::new(),
    }
}

fn of_grammar(pattern: Option<&str>, value: Option<&Value>, fitting: bool) -> Vec<Value> {
    let text = value.and_then(Value::as_str);
    let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    let (fit, misfit) = match pattern {
        Some("^[A-Z][A-Z0-9]{1,7}$") => (all(&["CMD", "HCK", "ISL", "HAS", "LOTI"]), "no code"),
        Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$") => {
            let day: Date = text.unwrap_or("2026-12-01").parse().unwrap();
            let near = [-1, 1].map(|days| day.add_days(days));
            let far = [-24, -12, 1, 12, 24, 48, 60].map(|months| day.add_months(months));
            (near.iter().chain(&far).map(ToString::to_string).collect(), "2026-02-30")
        }
        Some("^[A-Z][A-Z0-9_-]{0,39}$") => (all(&["NONE", "A1-6", "FOIA-S31", "HEALTH", "OFFENCE", "MET"]), "no code"),
        Some("^(PERPETUAL|P[1-9][0-9]{0,3}[YMWD])$") => (all(&["PERPETUAL", "P25Y", "P26Y", "P9126D"]), "long"),
        Some("^[A-Z]{2}$") => (all(&["FR"]), "france"),
        Some("^(/[A-Za-z0-9_-]{1,40}){1,16}$") => (all(&["/title"]), "title"),
        Some(_) => (all(&["01890000-0000-7000-8000-0000000000ff"]), "no id"),
        None => (all(&[" ", "Z123456", "Z12345"]), ""),
    };
    let misfits = if misfit.is_empty() { vec![json!(7)] } else { vec![json!(misfit), json!(7)] };
    let fits = fit.into_iter().filter(|other| text != Some(other.as_str())).map(|other| json!(other));
    if fitting { fits.collect() } else { misfits }
}

/// Every place of a document, and what else could stand there. Null takes a member away.
struct Steps<'a> {
    parties: &'a [String],
    fitting: bool,
    found: Vec<(String, Value)>,
}

impl Steps<'_> {
    fn find(&mut self, schema: &Value, value: Option<&Value>, at: &str) {
        let others = others(schema, value, self.fitting);
        self.found.extend(others.into_iter().map(|other| (at.to_owned(), other)));
        let Some(value) = value.filter(|_| schema.get("x-kind").is_none()) else { return };
        if let Some(members) = schema.get("properties").and_then(Value::as_object) {
            let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
            for (name, inner) in members {
                self.member(inner, value, at, name, !required.contains(&json!(name)));
            }
            if !self.fitting {
                self.found.push((format!("{at}/surplus"), json!("Not asked for.")));
            }
        } else if let Some(by_name) = schema.get("patternProperties").and_then(Value::as_object) {
            let parties = self.parties;
            for party in parties {
                self.member(by_name.values().next().unwrap(), value, at, party, true);
            }
            if !self.fitting {
                self.found.push((format!("{at}/no name"), json!({})));
            }
        } else if let (Some(inner), Some(elements)) = (schema.get("items"), value.as_array())
            && inner.get("properties").is_some()
        {
            for (place, element) in elements.iter().enumerate() {
                self.find(inner, Some(element), &format!("{at}/{place}"));
            }
        }
    }

    fn member(&mut self, schema: &Value, within: &Value, at: &str, name: &str, optional: bool) {
        let (member, at) = (within.get(name), format!("{at}/{name}"));
        self.find(schema, member, &at);
        if member.is_some() && optional == self.fitting {
            self.found.push((at, Value::Null));
        }
    }
}

fn schema(name: &str) -> Value {
    serde_json::from_str(&counterpart_core::schemas::get(name).unwrap()).unwrap()
}

/// Every step from an example: where, what stands there instead.
fn steps(example: &Example, fitting: bool) -> Vec<(String, Value)> {
    let rows = example.parties.as_array().unwrap().iter();
    let parties: Vec<String> = rows.map(|row| row["organisation"].as_str().unwrap().to_owned()).collect();
    let mut steps = Steps { parties: &parties, fitting, found: Vec::new() };
    for (name, document) in [("terms", &example.terms), ("parties", &example.parties), ("contacts", &example.contacts)]
    {
        steps.find(&schema(&format!("{name}-v1.json")), Some(document), &format!("/{name}"));
    }
    let mut found = steps.found;
    if fitting {
        found.extend(powers(example, &parties));
    }
    found
}

/// Each power in each hand, beside the others and instead of them.
fn powers(example: &Example, parties: &[String]) -> Vec<(String, Value)> {
    let given = example.terms.get("gateways").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut found = Vec::new();
    for (rule, party) in reference().gateways.iter().flat_map(|rule| parties.iter().map(move |party| (rule, party))) {
        for way in GatewayUse::ALL {
            let power = json!({ "code": rule.code, "holder": party, "use": [way.as_str()] });
            found.push(json!([given.as_slice(), &[power]].concat()));
        }
        let both = json!({
            "code": rule.code, "holder": party, "use": ["DISCLOSE", "RECEIVE"], "limits_checked": true,
            "reference": "Register 9", "objective": rule.objectives.first().map_or("NONE", Code::as_str),
        });
        let others = given.iter().filter(|power| power["holder"] != json!(party)).cloned();
        found.push(others.chain([both]).collect());
    }
    found.into_iter().map(|powers| ("/terms/gateways".to_owned(), powers)).collect()
}

/// A step in few characters.
fn shown((at, value): &(String, Value)) -> String {
    let short = |text: String| -> String { text.chars().take(40).collect() };
    let what = match value {
        Value::Null => return format!("without {at}"),
        Value::Array(powers) if at == "/terms/gateways" => {
            let last = powers.last().cloned().unwrap_or_default();
            let said = |member: &str| last[member].as_str().unwrap_or_default().to_owned();
            format!("{} of {}, {} in all", said("code"), said("holder"), powers.len())
        }
        Value::String(text) => short(text.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => short(value.to_string()),
    };
    format!("{at} {what}")
}

/// So many neighbours of an example, each behind some steps at places that do not lie in one another.
fn lines(name: &str, count: usize, fitting: bool) -> Vec<String> {
    let example = named(name);
    let steps = steps(&example, fitting);
    let heavy: Vec<_> = steps.iter().filter(|(at, _)| HEAVY.iter().any(|end| at.ends_with(end))).collect();
    let mut numbers = Numbers(name.bytes().map(u64::from).sum());
    let mut lines = Vec::new();
    for _ in 0..count {
        let mut taken: Vec<&(String, Value)> = Vec::new();
        for _ in 0..=numbers.below(if fitting { 5 } else { 3 }) {
            let step = match numbers.below(2) {
                0 if !heavy.is_empty() => heavy[numbers.below(heavy.len())],
                _ => &steps[numbers.below(steps.len())],
            };
            if !taken.iter().any(|(at, _)| at.starts_with(&step.0) || step.0.starts_with(at)) {
                taken.push(step);
            }
        }
        let changes: Vec<(&str, Value)> = taken.iter().map(|(at, value)| (at.as_str(), value.clone())).collect();
        let said: Vec<String> = told(&example.clone().with(&changes)).into_iter().collect();
        let shown: Vec<String> = taken.into_iter().map(shown).collect();
        lines.push(format!("{name}; {}: {}", shown.join("; "), said.join(", ")));
    }
    lines
}

#[test]
fn what_is_told_a_few_steps_from_the_agreements_that_everyone_knows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/door/neighbours.txt");
    let fitting = NAMES.iter().flat_map(|name| lines(name, EACH, true));
    let misfits = ["children", "knives"].iter().flat_map(|name| lines(name, EACH, false));
    let made: Vec<String> = fitting.chain(misfits).collect();
    if std::env::var_os("GOLDEN").is_some_and(|asked| asked == "door") && !path.exists() {
        std::fs::write(&path, made.join("\n") + "\n").unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    let wrong: Vec<_> = kept.lines().zip(&made).filter(|(kept, made)| kept != made).take(3).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(kept.lines().count(), made.len());
}

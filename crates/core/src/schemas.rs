//! The published JSON Schemas (2020-12), generated from the types that read the documents.
//!
//! They are golden: a test holds the committed files in `docs/schemas` equal to what is generated here.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use crate::event::data::{EventType, schema_of};
use crate::header::Header;
use crate::sealed::Content;
use crate::terms::{Contacts, Party, Terms};
use crate::words::{
    AdviceWords, CounterWords, DeclineWords, DestructionWords, Holder, IncidentUpdateWords, IncidentWords, ReasonWords,
    RefusalWords, ResumptionWords, ReviewWords, SuspensionWords,
};

/// The largest integer of any document: 2^53 − 1.
const INTEGER_MAX: i64 = crate::json::MAX_INTEGER;

/// Every schema by its path below `/schemas/`, for example `events/RequestFiled-v1.json`.
pub fn all() -> Vec<(String, Value)> {
    let mut schemas: Vec<(String, Value)> = EventType::ALL
        .iter()
        .map(|&event_type| {
            let schema = schema_of(event_type, &mut generator());
            finished(&format!("events/{event_type}-v1.json"), schema.to_value())
        })
        .collect();
    schemas.push(plain::<Header>("header-v1.json"));
    schemas.push(plain::<Vec<Party>>("parties-v1.json"));
    schemas.extend([
        content::<Terms>(),
        content::<Contacts>(),
        content::<Holder>(),
        content::<AdviceWords>(),
        content::<CounterWords>(),
        content::<ReviewWords>(),
        content::<DeclineWords>(),
        content::<RefusalWords>(),
        content::<ReasonWords>(),
        content::<SuspensionWords>(),
        content::<ResumptionWords>(),
        content::<IncidentWords>(),
        content::<IncidentUpdateWords>(),
        content::<DestructionWords>(),
    ]);
    schemas.sort_by(|a, b| a.0.cmp(&b.0));
    schemas
}

/// The text of one schema, as it is served and committed.
pub fn get(path: &str) -> Option<String> {
    all().into_iter().find(|(name, _)| name == path).map(|(_, schema)| text(&schema))
}

/// One schema as a value: a document's, not an event's.
pub fn document(path: &str) -> Option<Value> {
    match path {
        "terms-v1.json" => Some(content::<Terms>().1),
        "contacts-v1.json" => Some(content::<Contacts>().1),
        "parties-v1.json" => Some(plain::<Vec<Party>>("parties-v1.json").1),
        _ => None,
    }
}

fn text(schema: &Value) -> String {
    format!("{schema:#}\n")
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator()
}

fn plain<T: JsonSchema>(path: &str) -> (String, Value) {
    finished(path, generator().root_schema_for::<T>().to_value())
}

fn content<T: JsonSchema + Content>() -> (String, Value) {
    plain::<T>(&format!("{}.json", T::SCHEMA.unwrap_or_default()))
}

fn finished(path: &str, mut schema: Value) -> (String, Value) {
    tidy(&mut schema);
    if let Value::Object(members) = &mut schema {
        members.insert("$id".to_owned(), json!(format!("/schemas/{path}")));
    }
    (path.to_owned(), schema)
}

/// Takes out what the contract has no room for: `null` (absent members are left out) and the names of
/// Rust's integers, whose bounds are written out instead.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    members.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = members.get_mut("enum") {
                choices.retain(|choice| !choice.is_null());
            }
            if members.get("default").is_some_and(Value::is_null) {
                members.remove("default");
            }
            // A property may itself be called `format`; only a text is the keyword.
            let format = match members.get("format") {
                Some(Value::String(format)) => Some(format.clone()),
                _ => None,
            };
            if let Some(format) = format {
                members.remove("format");
                let largest = match format.as_str() {
                    "uint8" => i64::from(u8::MAX),
                    "uint16" => i64::from(u16::MAX),
                    "uint32" => i64::from(u32::MAX),
                    _ => INTEGER_MAX,
                };
                members.entry("maximum").or_insert_with(|| json!(largest));
            }
            let optional = match members.get_mut("anyOf") {
                Some(Value::Array(choices)) => {
                    choices.retain(|choice| choice.get("type") != Some(&json!("null")));
                    match choices.as_slice() {
                        [Value::Object(only)] => Some(only.clone()),
                        _ => None,
                    }
                }
                _ => None,
            };
            if let Some(only) = optional {
                members.remove("anyOf");
                for (name, value) in only {
                    members.entry(name).or_insert(value);
                }
            }
            members.values_mut().for_each(tidy);
        }
        Value::Array(elements) => elements.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::path::PathBuf;

    use serde_json::{Value, json};

    use super::{all, get, text};
    use crate::terms::Party;

    fn folder() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas")
    }

    #[test]
    fn the_committed_schemas_are_those_of_the_types() {
        for (path, schema) in all() {
            let file = folder().join(&path);
            if std::env::var_os("BLESS").is_some() {
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(&file, text(&schema)).unwrap();
            }
            let committed = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(committed, text(&schema), "docs/schemas/{path} differs from its type");
        }
    }

    /// The pointers at which a string may hold anything.
    fn free_text(schema: &Value, at: &str, found: &mut Vec<String>) {
        let closed = ["pattern", "enum", "const"].iter().any(|word| schema.get(word).is_some());
        if schema.get("type") == Some(&json!("string")) && !closed {
            found.push(at.to_owned());
        }
        if let Some(members) = schema.as_object() {
            for (name, inner) in members {
                free_text(inner, &format!("{at}/{name}"), found);
            }
        }
        for (place, inner) in schema.as_array().into_iter().flatten().enumerate() {
            free_text(inner, &format!("{at}/{place}"), found);
        }
    }

    #[test]
    fn no_event_has_room_for_free_text_but_official_names() {
        let mut found = Vec::new();
        for (path, schema) in all() {
            if path.starts_with("events/") {
                free_text(&schema, &path, &mut found);
            }
        }
        assert_eq!(
            found,
            [
                "events/LedgerGenesis-v1.json/properties/registrar/properties/name",
                "events/OrganisationRegistered-v1.json/properties/name",
                "events/OrganisationUpdated-v1.json/properties/name",
            ]
        );
    }

    #[test]
    fn the_walk_sees_a_free_text_member() {
        let mut found = Vec::new();
        free_text(&json!({ "properties": { "reason": { "type": "string" } } }), "x", &mut found);
        assert_eq!(found, ["x/properties/reason"]);
    }

    fn nothing_of_null(value: &Value) -> bool {
        match value {
            Value::Null => false,
            Value::String(text) => text != "null",
            Value::Array(elements) => elements.iter().all(nothing_of_null),
            Value::Object(members) => members.values().all(nothing_of_null),
            Value::Bool(_) | Value::Number(_) => true,
        }
    }

    #[test]
    fn no_schema_knows_null_and_each_names_itself() {
        for (path, schema) in all() {
            assert!(nothing_of_null(&schema), "{path}");
            assert_eq!(schema.get("$id"), Some(&json!(format!("/schemas/{path}"))));
        }
        assert!(get("events/RequestFiled-v1.json").is_some());
        assert!(get("../Cargo.toml").is_none());
    }

    #[test]
    fn schema_and_type_accept_and_refuse_the_same_parties() {
        let (_, schema) = all().into_iter().find(|(path, _)| path == "parties-v1.json").unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let both = |document: &Value| {
            let typed = serde_json::from_value::<Vec<Party>>(document.clone()).is_ok();
            assert_eq!(validator.is_valid(document), typed, "{document}");
            typed
        };
        let good = json!([{ "organisation": "CMD", "capacity": "BOTH" }]);
        assert!(both(&good));
        for (member, value) in [
            ("organisation", json!("cmd")),
            ("capacity", json!("HOST")),
            ("surprise", json!(1)),
            ("functions", json!("HOUSING")),
        ] {
            let mut bad = good.clone();
            let row = bad.pointer_mut("/0").unwrap().as_object_mut().unwrap();
            row.insert(member.to_owned(), value);
            assert!(!both(&bad), "{member}");
        }
        assert!(!both(&json!([{ "organisation": "CMD" }])));
    }
}

//! The form of documents: every place where a document is not of its published schema, told all at once.
//!
//! A document that has such places is mended with stand-ins, so that the rules can judge the rest of it in the
//! same breath. What was mended is never filed: it has no header.

mod places;
mod schema;

use crate::ids::OrganisationCode;
use crate::json::{Value, pointer};
use crate::message::{Message, Severity};
use crate::time::Date;

use schema::{Grammar, Member};
pub use schema::{Shape, contacts, parties, terms};

/// The most places that are told of one document.
const PLACES_MAX: usize = 400;

/// One place where a document is not of its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Where, as a pointer behind the prefix that was given.
    pub path: String,
    /// What is wrong there.
    pub problem: String,
}

impl Misfit {
    /// The message: with the code of the rule that the member belongs to, where there is one.
    pub fn message(&self) -> Message {
        let rule = places::rule_of(&self.path);
        let (code, message) = rule.map_or(("E07", None), |(code, message)| (code, message));
        Message {
            code: code.to_owned(),
            severity: Severity::Error,
            path: self.path.clone(),
            message: message.map_or_else(|| self.problem.clone(), str::to_owned),
            help: if message.is_some() { self.problem.clone() } else { HELP.to_owned() },
        }
    }
}

const HELP: &str = "Write it as the published schema says.";

/// What a stand-in is made of, so that it has the fewest consequences.
#[derive(Clone, Copy, Debug)]
pub struct StandIns {
    /// For organisations.
    pub organisation: OrganisationCode,
    /// For dates.
    pub day: Date,
}

/// Looks through a document and mends it.
pub struct Mender<'a> {
    stand_ins: StandIns,
    path: String,
    /// Where the document was not of its schema, in order.
    pub misfits: Vec<Misfit>,
    shape: &'a Shape,
}

impl<'a> Mender<'a> {
    /// For documents of a shape; places are told behind `prefix`.
    pub fn new(shape: &'a Shape, prefix: &str, stand_ins: StandIns) -> Self {
        Self { stand_ins, path: prefix.to_owned(), misfits: Vec::new(), shape }
    }

    /// The document with every misfit taken out or replaced.
    pub fn mend(&mut self, value: &Value) -> Value {
        self.value(self.shape, value)
    }

    fn misfit(&mut self, problem: String) {
        if self.misfits.len() < PLACES_MAX {
            self.misfits.push(Misfit { path: self.path.clone(), problem });
        }
    }

    fn within<T>(&mut self, token: &str, inner: impl FnOnce(&mut Self) -> T) -> T {
        let here = self.path.len();
        pointer::push(&mut self.path, token);
        let result = inner(self);
        self.path.truncate(here);
        result
    }

    fn value(&mut self, shape: &'a Shape, value: &Value) -> Value {
        match (shape, value) {
            (Shape::Object(members), Value::Object(given)) => self.object(members, given),
            (Shape::Map(grammar, inner), Value::Object(given)) => {
                let mut kept = Vec::with_capacity(given.len());
                for (name, value) in given {
                    self.within(name, |mender| {
                        if grammar.fits(name) {
                            kept.push((name.clone(), mender.value(inner, value)));
                        } else {
                            mender.misfit(format!("The name `{}` must be {}.", short(name), grammar.expected()));
                        }
                    });
                }
                Value::Object(kept)
            }
            (Shape::List(inner), Value::Array(given)) => {
                let mut kept = Vec::with_capacity(given.len());
                for (at, value) in given.iter().enumerate() {
                    self.within(&at.to_string(), |mender| kept.push(mender.value(inner, value)));
                }
                Value::Array(kept)
            }
            (Shape::Either(shapes), value) => {
                let same = |shape: &&Shape| shape.fits_kind(value);
                match shapes.iter().find(same) {
                    Some(shape) => self.value(shape, value),
                    None => self.instead(shape),
                }
            }
            _ if shape.fits(value) => value.clone(),
            _ => self.instead(shape),
        }
    }

    fn object(&mut self, members: &'a [(String, Member)], given: &[(String, Value)]) -> Value {
        for (name, _) in given.iter().filter(|(name, _)| !members.iter().any(|(known, _)| known == name)) {
            self.within(name, |mender| {
                mender.misfit(format!("There is no member `{}` here. Take it out.", short(name)));
            });
        }
        let mut kept = Vec::with_capacity(members.len());
        for (name, member) in members {
            let found = given.iter().find(|(other, _)| other == name);
            self.within(name, |mender| match found {
                Some((_, value)) => kept.push((name.clone(), mender.value(&member.shape, value))),
                None if member.required => {
                    mender.misfit(format!("`{name}` is missing. Write {}.", member.shape.expected()));
                    kept.push((name.clone(), mender.stand_in(&member.shape)));
                }
                None => {}
            });
        }
        // Members of a shape are in the order of the canonical form.
        Value::Object(kept)
    }

    fn instead(&mut self, shape: &Shape) -> Value {
        self.misfit(format!("Write {} here.", shape.expected()));
        self.stand_in(shape)
    }

    fn stand_in(&self, shape: &Shape) -> Value {
        match shape {
            Shape::Object(members) => Value::Object(
                members
                    .iter()
                    .filter(|(_, member)| member.required)
                    .map(|(name, member)| (name.clone(), self.stand_in(&member.shape)))
                    .collect(),
            ),
            Shape::Map(..) => Value::Object(Vec::new()),
            Shape::List(_) => Value::Array(Vec::new()),
            Shape::Words => schema::no_words(),
            Shape::Free => Value::Str(String::new()),
            Shape::Text(grammar) => Value::Str(self.example(*grammar)),
            Shape::One(codes) => {
                let mild = codes.iter().find(|code| ["NP-R", "REGULAR"].contains(&code.as_str()));
                Value::Str(mild.or(codes.first()).cloned().unwrap_or_default())
            }
            Shape::Integer(least, _) => Value::Int(*least),
            Shape::Truth => Value::Bool(false),
            Shape::Either(shapes) => shapes.last().map_or(Value::Bool(false), |shape| self.stand_in(shape)),
        }
    }

    fn example(&self, grammar: Grammar) -> String {
        match grammar {
            Grammar::Organisation => self.stand_ins.organisation.to_string(),
            Grammar::Date => self.stand_ins.day.to_string(),
            Grammar::Code => "NONE".to_owned(),
            Grammar::Pointer => "/title".to_owned(),
            Grammar::Period => "P1Y".to_owned(),
            Grammar::Country => "GB".to_owned(),
            Grammar::Uuid => "01890000-0000-7000-8000-000000000000".to_owned(),
        }
    }
}

fn short(name: &str) -> String {
    name.chars().take(60).collect()
}

//! What a client posts: an envelope, and the words that its commitments stand for.

use super::{EVENT_TYPE, Envelope, MAX_SUBMISSION, WireError};
use crate::commitment::{Disclosure, DisclosureError, MAX_CONTENT, MAX_DISCLOSURES};
use crate::json::{self, Limits, Value};

/// One event on its way to the log.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The signed event.
    pub envelope: Envelope,
    /// Its words. What is wrong with their form is kept until the order of checks comes to it (`E07`),
    /// so that a stranger is told first that they are one.
    pub disclosures: Result<Vec<Disclosure>, DisclosureError>,
}

impl Submission {
    /// Reads `{"envelope":{…},"disclosures":[…]}`, in any order and with any white space; `disclosures` may
    /// be left out.
    ///
    /// # Errors
    ///
    /// `E01` when it is not strict JSON or has other members; `E02` for the envelope; `E05` when something is
    /// too large.
    pub fn parse(bytes: &[u8]) -> Result<Submission, WireError> {
        if bytes.len() > MAX_SUBMISSION {
            let what = "the submission".into();
            return Err(WireError::TooLarge { what, bytes: bytes.len(), limit: MAX_SUBMISSION });
        }
        let value = json::parse(bytes, Limits { max_depth: 8, max_bytes: MAX_SUBMISSION }).map_err(|error| {
            // Inside the envelope a duplicate, a `null` or a fraction is a fault of the envelope.
            if error.is_about_a_value() && error.member.as_deref() == Some("envelope") {
                WireError::Envelope(error.to_string())
            } else {
                WireError::Json(error)
            }
        })?;
        Submission::from_value(&value)
    }

    /// Reads a submission that was parsed already.
    ///
    /// # Errors
    ///
    /// As for [`Submission::parse`].
    pub fn from_value(value: &Value) -> Result<Submission, WireError> {
        let Some(members) = value.as_object() else {
            return Err(WireError::Request(format!(
                "the request must be an object with `envelope` and `disclosures`, and is {}",
                value.kind()
            )));
        };
        if let Some((name, _)) = members.iter().find(|(name, _)| name != "envelope" && name != "disclosures") {
            let name: String = name.chars().take(60).collect();
            return Err(WireError::Request(format!("the request has a member `{name}` that is not known")));
        }
        let Some(envelope) = value.member("envelope") else {
            return Err(WireError::Request("the request has no member `envelope`".into()));
        };
        let empty = Value::Array(Vec::new());
        let Some(disclosures) = value.member("disclosures").unwrap_or(&empty).as_array() else {
            return Err(WireError::Request("`disclosures` must be a list".into()));
        };
        let envelope = Envelope::from_value(envelope, EVENT_TYPE)?;
        check_sizes(disclosures)?;
        let disclosures = disclosures.iter().map(Disclosure::from_value).collect();
        Ok(Submission { envelope, disclosures })
    }
}

/// Looks at sizes alone, before anything is decoded.
fn check_sizes(disclosures: &[Value]) -> Result<(), WireError> {
    if disclosures.len() > MAX_DISCLOSURES {
        return Err(WireError::TooMany { count: disclosures.len(), limit: MAX_DISCLOSURES });
    }
    for disclosure in disclosures {
        let text = disclosure.member("content").and_then(Value::as_str).unwrap_or_default();
        let padding = text.bytes().rev().take(2).take_while(|&byte| byte == b'=').count();
        let bytes = (text.len() / 4 * 3).saturating_sub(padding);
        if bytes > MAX_CONTENT {
            let what = match disclosure.member("pointer").and_then(Value::as_str) {
                Some(pointer) => format!("the disclosure of `{}`", pointer.chars().take(60).collect::<String>()),
                None => "a disclosure".into(),
            };
            return Err(WireError::TooLarge { what, bytes, limit: MAX_CONTENT });
        }
    }
    Ok(())
}

//! The query of a request: each parameter once, and none that is not known.

use std::str::FromStr;

use axum::http::Uri;

use crate::body::shortened;
use crate::problem::Problem;

/// The parameters of one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a form that was sent as `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    ///
    /// As for [`Query::read`].
    pub(crate) fn of_form(body: &[u8], known: &[&str]) -> Result<Self, Problem> {
        // A form is spelt as a query is.
        let uri = [b"/?", body].concat();
        let uri = Uri::try_from(uri).map_err(|_| Problem::new("E01", "The form cannot be decoded."))?;
        Self::read(&uri, known)
    }

    /// Reads the query.
    ///
    /// # Errors
    ///
    /// E01 when it cannot be decoded, or a parameter is unknown or stands twice.
    pub(crate) fn read(uri: &Uri, known: &[&str]) -> Result<Self, Problem> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
        let axum::extract::Query(pairs) =
            pairs.map_err(|_| Problem::new("E01", "The query of the address cannot be decoded."))?;
        for (place, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let known = if known.is_empty() { "none".to_owned() } else { known.join("`, `") };
                let detail = format!("`{}` is not a parameter here; known: `{known}`.", shortened(name));
                return Err(Problem::new("E01", detail));
            }
            if pairs.iter().take(place).any(|(other, _)| other == name) {
                return Err(Problem::new("E01", format!("The parameter `{name}` stands twice.")));
            }
        }
        Ok(Self(pairs))
    }

    /// The text of a parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, text)| text.as_str())
    }

    /// How many things a reader wants at once: `usual` unless it asks for another number up to `most`.
    ///
    /// # Errors
    ///
    /// E01 for another number, or none.
    pub(crate) fn limit(&self, usual: usize, most: usize) -> Result<usize, Problem> {
        let limit = self.value("limit", "a number")?.unwrap_or(usual);
        if (1..=most).contains(&limit) {
            return Ok(limit);
        }
        Err(Problem::new("E01", format!("`limit` may be 1 to {most}.")))
    }

    /// The value of a parameter.
    ///
    /// # Errors
    ///
    /// E01 when it is not `what`.
    pub(crate) fn value<T: FromStr>(&self, name: &str, what: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let wrong = || Problem::new("E01", format!("`{name}={}` is not {what}.", shortened(text)));
        text.parse().map(Some).map_err(|_| wrong())
    }
}

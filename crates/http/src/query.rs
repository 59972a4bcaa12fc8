//! The query of a request: each parameter once, and none that is not known.

use std::str::FromStr;

use axum::http::Uri;

use crate::body::shortened;
use crate::problem::Problem;

/// The parameters of one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
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

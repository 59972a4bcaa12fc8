//! Every address of this server, built in one place.

use std::fmt::Display;

use counterpart_core::ids::OrganisationCode;

/// The home page.
pub const HOME: &str = "/";
/// The public register.
pub const REGISTER: &str = "/register";
/// Every organisation.
pub const ORGANISATIONS: &str = "/organisations";
/// Who shares with whom.
pub const SHARING: &str = "/sharing";
/// The log.
pub const LOG: &str = "/log";
/// The register as CSV.
pub const REGISTER_CSV: &str = "/register.csv";
/// The register as JSON.
pub const REGISTER_JSON: &str = "/api/v1/register";
/// Changes to the register.
pub const REGISTER_ATOM: &str = "/register.atom";

/// What waits for whom.
pub const WAITING: &str = "/waiting";
/// Where an officer says who they are.
pub const SIGN_IN: &str = "/sign-in";
/// Where a session is ended.
pub const SIGN_OUT: &str = "/sign-out";

/// What waits for an organisation.
pub fn inbox(code: OrganisationCode) -> String {
    format!("/organisations/{code}/inbox")
}

/// What an organisation has to see to.
pub fn duties(code: OrganisationCode) -> String {
    format!("/organisations/{code}/duties")
}

/// What waits for an organisation, for programs.
pub fn inbox_json(code: OrganisationCode) -> String {
    format!("/api/v1/organisations/{code}/inbox")
}

/// What an organisation has to see to, for programs.
pub fn duties_json(code: OrganisationCode) -> String {
    format!("/api/v1/organisations/{code}/duties")
}

/// The evidence of an agreement, to take away.
pub fn bundle(reference: impl Display) -> String {
    format!("/api/v1/agreements/{reference}/export?format=bundle")
}

/// One agreement, by its human reference.
pub fn agreement(reference: impl Display) -> String {
    format!("/agreements/{reference}")
}

/// One organisation.
pub fn organisation(code: OrganisationCode) -> String {
    format!("/organisations/{code}")
}

/// One entry of the log.
pub fn event(index: u64) -> String {
    format!("/events/{index}")
}

/// One entry of the log, for programs.
pub fn event_json(index: u64) -> String {
    format!("/api/v1/events/{index}")
}

/// The proof that an entry stands in the log.
pub fn proof(index: u64) -> String {
    format!("/log/proof/{index}")
}

/// The page that explains a code.
pub fn problem(code: &str) -> String {
    format!("/problems/{code}")
}

/// A path with a query; parts without a value are left out.
pub fn with_query(path: &str, parts: &[(&str, String)]) -> String {
    let mut link = path.to_owned();
    for (place, (name, value)) in parts.iter().filter(|(_, value)| !value.is_empty()).enumerate() {
        link.push(if place == 0 { '?' } else { '&' });
        link.push_str(name);
        link.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                link.push(char::from(byte));
            } else {
                let _ = std::fmt::Write::write_fmt(&mut link, format_args!("%{byte:02X}"));
            }
        }
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_escaped_and_empty_parts_are_left_out() {
        let parts = [("q", "a&b c".to_owned()), ("state", String::new()), ("page", "2".to_owned())];
        assert_eq!(with_query(REGISTER, &parts), "/register?q=a%26b%20c&page=2");
    }
}

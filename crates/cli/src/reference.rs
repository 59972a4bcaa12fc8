//! `reference`: the reference data that this program holds.

use clap::Args;
use counterpart_core::codes;
use serde_json::json;

use crate::ending::Ending;
use crate::{Common, shell};

/// Print the manifest of reference data that this program holds
///
/// A genesis pins code lists and policies by the SHA-256 of their files.
///
/// Examples:
///   counterpart reference
///   counterpart reference --json
///   counterpart reference --print CL-GATE
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Reference {
    /// Print one file itself, for example CL-GATE or its SHA-256
    #[arg(long, value_name = "LIST")]
    print: Option<String>,
}

impl Reference {
    /// Prints the manifest or a file.
    pub fn run(&self, common: &Common) -> anyhow::Result<Ending> {
        if let Some(wanted) = &self.print {
            let mut files = codes::FILES.iter().rev();
            let Some(file) = files.find(|file| file.id == wanted || file.sha256().to_string() == *wanted) else {
                anyhow::bail!("this program holds no `{wanted}`; `counterpart reference` lists what it holds");
            };
            shell::data(file.text.as_bytes());
            return Ok(Ending::Done);
        }
        let (code_lists, policies) = codes::manifest();
        if common.json {
            shell::line(&json!({ "code_lists": code_lists, "policies": policies }).to_string());
        } else {
            for row in code_lists.iter().chain(&policies) {
                shell::line(&format!("{:<20} {:>3}  {}", row.id.as_str(), row.version, row.sha256));
            }
        }
        Ok(Ending::Done)
    }
}

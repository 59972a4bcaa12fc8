//! Key files in one directory, and whose they are: `<ORG>.<ROLE>.<n>.pem` with `people.json`.
//!
//! ```text
//! people.json  [{"file":"CMD.IGL.1.pem","key":"<key id>","organisation":"CMD","person":"PER-…","role":"IGL"}]
//! ```

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use counterpart_core::ids::{OrganisationCode, PersonId, Role};
use counterpart_core::wire::KeyId;
use serde::{Deserialize, Serialize};

use crate::ending::Fault;
use crate::shell;

const LIST: &str = "people.json";

/// One key file and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyHolder {
    /// The name of the file, beside the list.
    pub file: String,
    /// The key id.
    pub key: KeyId,
    /// For which organisation it signs.
    pub organisation: OrganisationCode,
    /// Whose it is.
    pub person: PersonId,
    /// The role that the person signs in.
    pub role: Role,
}

/// The key files of one directory.
#[derive(Debug)]
pub struct People {
    directory: PathBuf,
    /// In the order in which they were made.
    pub holders: Vec<KeyHolder>,
}

impl People {
    /// Reads the list of a directory; none is an empty one.
    ///
    /// # Errors
    ///
    /// It is not of its form.
    pub fn read(directory: &Path) -> Result<Self> {
        let path = directory.join(LIST);
        let holders = if path.exists() {
            serde_json::from_slice(&shell::read(&path)?)
                .with_context(|| format!("`{}` is not a list of key holders", path.display()))?
        } else {
            Vec::new()
        };
        Ok(Self { directory: directory.to_owned(), holders })
    }

    /// Where a holder's file is.
    pub fn path(&self, holder: &KeyHolder) -> PathBuf {
        self.directory.join(&holder.file)
    }

    /// A name for the next key of this role: `CMD.IGL.2.pem`.
    pub fn next_file(&self, organisation: OrganisationCode, role: Role) -> String {
        let name = |number: usize| format!("{organisation}.{role}.{number}.pem");
        let taken = |name: &String| self.holders.iter().any(|h| h.file == *name) || self.directory.join(name).exists();
        (1..=usize::MAX).map(name).find(|name| !taken(name)).unwrap_or_default()
    }

    /// Adds a holder and writes the list.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn add(&mut self, holder: KeyHolder) -> Result<()> {
        self.holders.push(holder);
        let mut text = serde_json::to_vec_pretty(&self.holders).context("the list of key holders cannot be written")?;
        text.push(b'\n');
        shell::replace(&self.directory.join(LIST), &text, true)
    }

    /// The holder that a person means by a file name, `CMD.IGL`, `CMD.IGL.1`, or the first digits of a key id.
    ///
    /// # Errors
    ///
    /// None fits, or several do.
    pub fn find(&self, meant: &str) -> Result<&KeyHolder> {
        let stem = meant.trim_end_matches(".pem");
        let exact = self.holders.iter().find(|h| h.file.trim_end_matches(".pem") == stem);
        if let Some(holder) = exact {
            return Ok(holder);
        }
        let digits = meant.len() >= 6 && meant.bytes().all(|b| b.is_ascii_hexdigit());
        let fits = |h: &&KeyHolder| {
            format!("{}.{}", h.organisation, h.role) == stem || (digits && h.key.to_string().starts_with(meant))
        };
        let found: Vec<&KeyHolder> = self.holders.iter().filter(fits).collect();
        match found.as_slice() {
            [one] => Ok(one),
            [] => {
                bail!("no key `{meant}` in `{}`; see `counterpart key list`, or name a file", self.directory.display())
            }
            several => {
                let files: Vec<&str> = several.iter().map(|h| h.file.as_str()).collect();
                Err(Fault::usage(format!("`{meant}` may mean {}; name one of them", files.join(", "))))
            }
        }
    }
}

/// The key file that a person means: a path, or what [`People::find`] takes, with its holder if a list says so.
///
/// # Errors
///
/// It is neither a file nor a known key.
pub fn resolve(keys: &Path, meant: &str) -> Result<(PathBuf, Option<KeyHolder>)> {
    let path = Path::new(meant);
    if path.is_file() {
        let beside = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let people = People::read(beside)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let holder = people.holders.iter().find(|h| *h.file == *name).cloned();
        return Ok((path.to_owned(), holder));
    }
    let people = People::read(keys)?;
    let holder = people.find(meant)?;
    Ok((people.path(holder), Some(holder.clone())))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn holder(file: &str, organisation: &str, key: u8) -> KeyHolder {
        KeyHolder {
            file: file.to_owned(),
            key: KeyId([key; 32]),
            organisation: organisation.parse().unwrap(),
            person: PersonId::from_random(1),
            role: Role::Igl,
        }
    }

    #[test]
    fn a_key_is_found_by_file_role_or_digits_and_never_by_chance() {
        let folder = tempfile::tempdir().unwrap();
        let mut people = People::read(folder.path()).unwrap();
        people.add(holder("CMD.IGL.1.pem", "CMD", 0xaa)).unwrap();
        people.add(holder("HCK.IGL.1.pem", "HCK", 0xbb)).unwrap();
        people.add(holder("HCK.IGL.2.pem", "HCK", 0xcc)).unwrap();
        let people = People::read(folder.path()).unwrap();
        assert_eq!(people.find("CMD.IGL").unwrap().file, "CMD.IGL.1.pem");
        assert_eq!(people.find("HCK.IGL.2").unwrap().file, "HCK.IGL.2.pem");
        assert_eq!(people.find("bbbbbbbb").unwrap().file, "HCK.IGL.1.pem");
        assert!(people.find("HCK.IGL").unwrap_err().to_string().contains("HCK.IGL.1.pem, HCK.IGL.2.pem"));
        assert!(people.find("GLA.SIG").is_err());
        assert_eq!(people.next_file("HCK".parse().unwrap(), Role::Igl), "HCK.IGL.3.pem");
    }
}

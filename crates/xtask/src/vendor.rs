//! Files of others that lie in the checkout, and where they came from.
//!
//! The gate hashes them against `VENDOR.toml` and needs no network. `cargo xtask vendor` makes them again
//! from the package, for whoever takes a newer version.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256, Sha512};

use crate::repository::{Repository, succeed, verdict};

/// Where the vendored design system lies.
const FOLDER: &str = "crates/http/assets/vendor/govuk";

/// What may not come in with it: only services of GOV.UK may use the font.
const FORBIDDEN: [&str; 3] = ["GDS Transport", "@font-face", "sourceMappingURL"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vendor {
    package: String,
    version: String,
    #[expect(dead_code, reason = "for readers")]
    licence: String,
    integrity: String,
    file: Vec<File>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    from: String,
    to: String,
    #[expect(dead_code, reason = "for readers; the program is `transformed`")]
    transforms: Vec<String>,
    sha256: String,
}

impl Vendor {
    fn of(repository: &Repository) -> Result<Self> {
        let text = repository.text(&format!("{FOLDER}/VENDOR.toml"))?.context("VENDOR.toml is not text")?;
        toml::from_str(&text).context("VENDOR.toml is not what we expect")
    }
}

/// The step of the gate: the files are those that `VENDOR.toml` names.
pub fn step(repository: &Repository) -> Result<()> {
    let mut found = Vec::new();
    for file in Vendor::of(repository)?.file {
        let path = format!("{FOLDER}/{}", file.to);
        let text = repository.text(&path)?.with_context(|| format!("{path} is not text"))?;
        let sha256 = hex(&Sha256::digest(text.as_bytes()));
        if sha256 != file.sha256 {
            found.push(format!("{path}: is {sha256}, and VENDOR.toml says {}; run `cargo xtask vendor`", file.sha256));
        }
        found.extend(
            FORBIDDEN.iter().filter(|word| text.contains(**word)).map(|word| format!("{path}: holds `{word}`")),
        );
    }
    verdict(&found)
}

/// Fetches the package, checks its integrity, and writes the files again.
pub fn run(repository: &Repository) -> Result<()> {
    let vendor = Vendor::of(repository)?;
    let work = repository.target().join("vendor");
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    let named = format!("{}@{}", vendor.package, vendor.version);
    succeed(repository.command("npm").args(["pack", "--silent", &named]).current_dir(&work))?;
    let tarball = work.join(format!("{}-{}.tgz", vendor.package, vendor.version));
    let bytes = fs::read(&tarball).with_context(|| format!("cannot read {}", tarball.display()))?;
    let integrity = format!("sha512-{}", STANDARD.encode(Sha512::digest(&bytes)));
    if integrity != vendor.integrity {
        bail!(
            "{named} is {integrity}, and VENDOR.toml says {}: look at what changed before you trust it",
            vendor.integrity
        );
    }
    succeed(repository.command("tar").arg("xzf").arg(&tarball).current_dir(&work))?;
    for file in &vendor.file {
        let text = read(&work.join("package").join(&file.from))?;
        let text = transformed(&text);
        println!("{}: sha256 {}", file.to, hex(&Sha256::digest(text.as_bytes())));
        let to = repository.root.join(FOLDER).join(&file.to);
        fs::write(&to, text).with_context(|| format!("cannot write {}", to.display()))?;
    }
    step(repository)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The two changes that are made to what the package holds.
fn transformed(text: &str) -> String {
    let mut without_fonts = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@font-face{") {
        without_fonts.push_str(before);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    without_fonts.push_str(rest);
    let arial = without_fonts.replace("GDS Transport,arial", "arial");
    let end = ["/*# sourceMappingURL=", "//# sourceMappingURL="].iter().filter_map(|mark| arial.find(mark)).min();
    let kept = end.and_then(|end| arial.get(..end)).unwrap_or(&arial);
    format!("{}\n", kept.trim_end_matches('\n'))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_vendored_files_are_those_that_were_checked() {
        step(&Repository::find().unwrap()).unwrap();
    }

    #[test]
    fn fonts_and_source_maps_are_left_out() {
        let text = "a{b:c}@font-face{font-family:GDS Transport;src:url(x)}@font-face{y:z}d{font-family:GDS Transport,arial,sans-serif}\n/*# sourceMappingURL=x.map */\n";
        assert_eq!(transformed(text), "a{b:c}d{font-family:arial,sans-serif}\n");
        assert_eq!(transformed("let a;//# sourceMappingURL=x.map\n"), "let a;\n");
    }
}

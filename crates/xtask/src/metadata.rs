//! The part of `cargo metadata` that the checks read.

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::repository::Repository;

/// What cargo knows of the workspace and of everything below it.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    /// Our crates and, unless they were left out, those of others.
    pub packages: Vec<Package>,
}

/// One crate in one version.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// As its manifest has it.
    pub name: String,
    /// As its manifest has it.
    pub version: String,
    /// Absent for a crate of this checkout.
    pub source: Option<String>,
    /// An SPDX expression.
    pub license: Option<String>,
    /// What its manifest asks for.
    pub dependencies: Vec<Dependency>,
}

/// One line of a manifest's dependencies.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// The crate's own name, whatever it is called here.
    pub name: String,
    /// Absent for an ordinary one, else `dev` or `build`.
    pub kind: Option<String>,
    /// The version asked for.
    pub req: String,
    /// Present when it is named by a path.
    pub path: Option<String>,
}

impl Metadata {
    /// Our own crates, without looking at those of others.
    pub fn ours(repository: &Repository) -> Result<Self> {
        Self::read(repository, &["metadata", "--format-version=1", "--no-deps"])
    }

    /// Our crates and all that the lock file names, for every platform.
    pub fn all(repository: &Repository) -> Result<Self> {
        Self::read(repository, &["metadata", "--format-version=1", "--locked"])
    }

    fn read(repository: &Repository, arguments: &[&str]) -> Result<Self> {
        let output = repository.cargo(arguments).output().context("cannot start cargo metadata")?;
        if !output.status.success() {
            bail!("cargo metadata failed:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        serde_json::from_slice(&output.stdout).context("cargo metadata printed what we cannot read")
    }
}

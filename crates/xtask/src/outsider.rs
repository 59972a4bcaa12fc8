//! The ledger as a stranger sees it: a program in another language, written from the contract,
//! which founds a ledger, drives an agreement and decides every event again from the log alone.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::repository::{Repository, answers, succeed};

/// Builds the binary and hands it to `tests/outside/run.py`, with any further arguments.
pub fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    let binary = binary(repository)?;
    let Some(python) = python(repository) else {
        bail!(
            "the outsider needs `openssl` and Python 3.11 with the package `cryptography`: \
             install the Debian packages python3-cryptography and openssl, or run .ci/run"
        );
    };
    succeed(repository.command(python).arg("tests/outside/run.py").arg("--counterpart").arg(binary).args(arguments))
}

/// Runs the tests of what strangers run: the outsider's formats, decider and observer, and the offline verifier.
pub fn own_tests(repository: &Repository) -> Result<()> {
    let Some(python) = python(repository) else {
        bail!("the outsider needs `openssl` and Python 3.11 with the package `cryptography`; .ci/run installs them");
    };
    for tests in [
        "tests/outside/test_formats.py",
        "tests/outside/test_decider.py",
        "tests/outside/test_life.py",
        "tests/outside/test_bundle.py",
        "docs/verify/test_verify.py",
    ] {
        succeed(repository.command(&python).arg(tests))?;
    }
    Ok(())
}

/// Builds `counterpart` without optimising our own crates, and says where it lies.
pub fn binary(repository: &Repository) -> Result<PathBuf> {
    succeed(&mut repository.cargo(&["build", "--locked", "--package", "counterpart"]))?;
    let name = format!("counterpart{}", std::env::consts::EXE_SUFFIX);
    let binary = repository.target().join("debug").join(name);
    if !binary.is_file() {
        bail!("cargo built no {}", binary.display());
    }
    Ok(binary)
}

/// A Python that has what the outsider needs.
fn python(repository: &Repository) -> Option<PathBuf> {
    if !answers(repository.command("openssl").arg("version")) {
        return None;
    }
    let chosen = std::env::var_os("COUNTERPART_PYTHON").map(PathBuf::from);
    let usual = ["python3", "/usr/bin/python3"].map(|name| Path::new(name).to_path_buf());
    chosen.into_iter().chain(usual).find(|python| {
        answers(repository.command(python).args([
            "-c",
            "import sys, cryptography.hazmat.primitives.asymmetric.ed25519; \
             sys.exit(sys.version_info < (3, 11))",
        ]))
    })
}

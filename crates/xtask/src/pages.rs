//! The pages of the demonstration in a real browser: axe-core at two widths, by the Tab key, and without JavaScript.
//!
//! Chromium, Node and two packages of npm are needed; none of them is part of what is shipped. Where they
//! cannot be had this says so loudly and lets the gate go on, for the strict reading of the HTML
//! (`crates/cli/tests/pages`) is always done.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::outsider;
use crate::repository::{Repository, answers, succeed, verdict};

/// What is fetched for the check, by version.
const PACKAGES: [&str; 2] = ["axe-core@4.14.1", "ws@8.23.0"];

/// Names under which Chromium goes.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Whose pages are looked at besides those of everybody.
const OFFICER: &str = "HCK.SIRO";

/// What the browser prints before the address by which it is driven.
const DRIVEN: &str = "DevTools listening on ws://127.0.0.1:";

/// What the script says of one page at one width.
#[derive(Debug, Deserialize)]
struct Seen {
    address: String,
    #[serde(default)]
    width: u32,
    #[serde(default)]
    overflows: bool,
    #[serde(default)]
    complaints: Vec<String>,
    /// What a reader without a mouse meets.
    #[serde(default)]
    keyboard: Vec<String>,
    #[serde(default)]
    violations: Vec<Violation>,
    /// Without JavaScript: whether there is a heading.
    heading: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Violation {
    id: String,
    help: String,
    nodes: Vec<String>,
}

/// Stops what was started.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The step of the gate.
pub fn step(repository: &Repository) -> Result<()> {
    let folder = repository.target().join("pages");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let Some(browser) = ready(repository, &folder) else {
        println!("!!!");
        println!("!!! NOT DONE: the pages were not looked at in a browser.");
        println!("!!! Chromium, Node, npm and the packages {} are needed.", PACKAGES.join(" and "));
        println!("!!!");
        return Ok(());
    };
    let work = folder.join(format!("run-{}", std::process::id()));
    let (binary, data) = (outsider::binary(repository)?, work.join("demo"));
    let (_server, base) = demonstration(&binary, &data)?;
    let token = signed_in(&binary, &data, &base)?;
    let (_browser, port) = browsing(&browser, &work.join("profile"))?;
    let output = repository
        .command("node")
        .arg("crates/xtask/data/pages.mjs")
        .arg(format!("http://127.0.0.1:{port}"))
        .arg(&folder)
        .arg(&base)
        .arg(&token)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start node")?;
    if !output.status.success() {
        bail!("the browser's script ended with {}", output.status);
    }
    let text = String::from_utf8(output.stdout).context("what the browser's script printed")?;
    let mut pages = 0;
    let mut found = Vec::new();
    for line in text.lines() {
        let seen: Seen =
            serde_json::from_str(line).with_context(|| format!("the browser's script printed `{line}`"))?;
        pages += 1;
        found.extend(faults(&seen));
    }
    let _ = std::fs::remove_dir_all(&work);
    verdict(&found)?;
    println!("{pages} views, no violation; pictures in {}", folder.join("pictures").display());
    Ok(())
}

fn faults(seen: &Seen) -> Vec<String> {
    let at = format!("{} at {}", seen.address, seen.width);
    let mut found: Vec<String> = seen
        .violations
        .iter()
        .map(|rule| format!("{at}: {} ({}): {}", rule.id, rule.help, rule.nodes.join(" ")))
        .collect();
    found.extend(seen.complaints.iter().map(|complaint| format!("{at}: the browser complains: {complaint}")));
    found.extend(seen.keyboard.iter().map(|wrong| format!("{at}: by keyboard alone, {wrong}")));
    if seen.overflows {
        found.push(format!("{at}: the page is wider than the window"));
    }
    if seen.heading == Some(false) {
        found.push(format!("{}: shows no heading without JavaScript", seen.address));
    }
    found
}

/// Finds the browser, or installs it where that is possible, and fetches the packages.
fn ready(repository: &Repository, folder: &Path) -> Option<PathBuf> {
    if !answers(repository.command("node").arg("--version")) {
        return None;
    }
    let find = || BROWSERS.iter().map(PathBuf::from).find(|name| answers(repository.command(name).arg("--version")));
    let browser = find().or_else(|| {
        println!("Chromium is not there; trying to install it.");
        let installed = answers(repository.command("apt-get").args(["install", "-y", "-qq", "chromium"]));
        installed.then(find).flatten()
    })?;
    let there = ["axe-core", "ws"].iter().all(|name| folder.join("node_modules").join(name).is_dir());
    if !there {
        let mut npm = repository.command("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--no-save", "--prefix"])
            .arg(folder)
            .args(PACKAGES);
        succeed(&mut npm).ok()?;
    }
    Some(browser)
}

/// Serves the demonstration from a new folder.
fn demonstration(binary: &Path, data: &Path) -> Result<(Stopped, String)> {
    let mut child = Command::new(binary)
        .args(["--quiet", "serve", "--demo", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .context("`counterpart serve --demo` does not start")?;
    let stdout = child.stdout.take().context("the standard output of the server")?;
    let stopped = Stopped(child);
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let base = line.trim().strip_prefix("listening on ").context("the server did not say that it listens")?;
    Ok((stopped, base.to_owned()))
}

/// A token for an officer of the demonstration, whose pages are looked at as well.
fn signed_in(binary: &Path, data: &Path, base: &str) -> Result<String> {
    let output = Command::new(binary)
        .args(["--quiet", "session", "--as", OFFICER, "--url", base, "--keys"])
        .arg(data.join("keys"))
        .arg("--home")
        .arg(data.join("home"))
        .stderr(Stdio::inherit())
        .output()
        .context("`counterpart session` does not start")?;
    if !output.status.success() {
        bail!("{OFFICER} cannot sign in to the demonstration");
    }
    Ok(String::from_utf8(output.stdout).context("a token")?.trim().to_owned())
}

/// Starts the browser with a profile of its own, and gives the port by which it is driven.
fn browsing(browser: &Path, profile: &Path) -> Result<(Stopped, u16)> {
    let mut child = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--remote-debugging-port=0",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("about:blank")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} does not start", browser.display()))?;
    let stderr = child.stderr.take().context("the standard error of the browser")?;
    let stopped = Stopped(child);
    let mut lines = BufReader::new(stderr).lines();
    let port = lines.by_ref().find_map(|line| {
        let address = line.ok()?;
        address.strip_prefix(DRIVEN)?.split('/').next()?.parse().ok()
    });
    // Whoever does not read what the browser says makes it wait in the end.
    std::thread::spawn(move || lines.for_each(drop));
    let port = port.with_context(|| format!("{} did not say by which port it is driven", browser.display()))?;
    Ok((stopped, port))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_fault_is_told_with_its_page() {
        let seen: Seen = serde_json::from_str(
            r#"{"address":"http://a/x","width":390,"overflows":true,"complaints":["c"],"keyboard":["k"],"passed":1,
                "violations":[{"id":"label","impact":"serious","help":"h","nodes":["<input>"]}]}"#,
        )
        .unwrap();
        let found = faults(&seen);
        assert_eq!(found.len(), 4);
        assert!(found.iter().all(|fault| fault.starts_with("http://a/x at 390: ")), "{found:?}");
        let silent: Seen = serde_json::from_str(r#"{"address":"http://a/x","scripts":false,"heading":false}"#).unwrap();
        assert_eq!(faults(&silent), ["http://a/x: shows no heading without JavaScript"]);
    }
}

//! Pages with very many agreements: each as a reader's browser asks, over a kept connection, beside a file of the server.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::{Figures, percentile};
use crate::client;
use crate::clock::timed;
use crate::repository::{Repository, succeed};
use crate::server::{Server, release};

/// Agreements of the ledger, beside those of the stories.
const AGREEMENTS: usize = 100_000;

/// Requests for each page: enough that the 99th of 100 is not one unlucky moment.
const REQUESTS: usize = 400;

/// What a page may take at the 99th of 100, in milliseconds.
const MARK_MS: f64 = 20.0;

/// What is looked up: a name, and paths that are asked for in turn.
type Kind = (&'static str, Vec<String>);

/// Makes the ledger, serves it, and asks for each kind of page.
pub fn run(repository: &Repository, figures: &mut Figures) -> Result<()> {
    let binary = release(repository)?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("demo");
    let (made, took) = timed(|| {
        let mut command = Command::new(&binary);
        command.args(["--quiet", "demo", "--more", &AGREEMENTS.to_string(), "--out"]).arg(&data);
        succeed(&mut command)
    });
    made?;
    figures.plain("a ledger of 100,000 agreements is made", took.as_secs_f64(), "s");
    let (server, took) = timed(|| Server::started(&binary, &data));
    let server = server?;
    figures.plain("it is opened and ready", took.as_secs_f64(), "s");
    let address = server.address().to_owned();
    // Titles are read in the background after a start; who searches before is told to come again.
    let (searched, took) = timed(|| searchable(&address));
    searched?;
    figures.plain("searches are answered after", took.as_secs_f64(), "s");
    let all = total(&address, "/api/v1/register?state=REFUSED")?;
    ensure!(all > 0, "the stories are there");
    let file = asset(&address)?;
    let mut slow = Vec::new();
    for (name, paths) in kinds(&address)? {
        let asked = |paths: &[String]| {
            client::asked(&address, &paths.iter().cycle().take(REQUESTS).cloned().collect::<Vec<_>>())
        };
        // The file is asked for right beside: machines change speed.
        let limit = percentile(&mut asked(std::slice::from_ref(&file))?, 50);
        client::asked(&address, &paths)?;
        let mut micros = asked(&paths)?;
        figures.time(&format!("{name}, p50"), percentile(&mut micros, 50), "a file of the same server", limit);
        let worst = percentile(&mut micros, 99) / 1e3;
        figures.plain(&format!("{name}, p99"), worst, "ms");
        if worst > MARK_MS {
            slow.push(format!("{name}: {worst:.1} ms"));
        }
    }
    server.stop()?;
    if !slow.is_empty() {
        println!("  above the mark of {MARK_MS} ms: {}", slow.join("; "));
    }
    Ok(())
}

const FIRST: &str = "/register?q=woodland";

/// Waits until a search is answered, two minutes at most.
fn searchable(address: &str) -> Result<()> {
    for _ in 0..120 {
        if client::get(address, FIRST).is_ok() {
            return Ok(());
        }
        client::wait(Duration::from_secs(1))?;
    }
    bail!("searches are not answered two minutes after the start")
}

/// Every kind of page, with the addresses of which one kind has many.
fn kinds(address: &str) -> Result<Vec<Kind>> {
    let total = total(address, "/api/v1/register")?;
    let pages = total.div_ceil(20);
    let one = |path: &str| vec![path.to_owned()];
    let some = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
    let somewhere = |hundredth: usize| reference(address, total * hundredth / 100);
    let agreements = (0..100).map(|step| Ok(format!("/agreements/{}", somewhere(step)?))).collect::<Result<_>>()?;
    let stories: Value = serde_json::from_slice(&client::get(address, "/api/v1/register?class=PD")?)?;
    let rows = stories.get("agreements").and_then(Value::as_array).context("the register has rows")?;
    let told = rows.iter().filter_map(|row| Some(format!("/agreements/{}", row.get("reference")?.as_str()?))).collect();
    let many: Value =
        serde_json::from_slice(&client::get(address, "/api/v1/register?q=across%20London&state=APPROVING")?)?;
    let many =
        many.pointer("/agreements/0/reference").and_then(Value::as_str).context("an agreement of many parties")?;
    Ok(vec![
        ("home", one("/")),
        ("register, first page", one("/register")),
        (
            "register, pages in the middle",
            (0..50).map(|step| format!("/register?page={}", pages / 2 + 7 * step)).collect(),
        ),
        ("register, last page", vec![format!("/register?page={pages}")]),
        ("register, a state of most", one("/register?state=FILED")),
        ("register, a state of most, deep", vec![format!("/register?state=FILED&page={}", pages / 3)]),
        (
            "register, a state of few",
            some(&["/register?state=ACTIVE", "/register?state=SUSPENDED", "/register?state=UNCONFIRMED"]),
        ),
        ("register, a class", some(&["/register?class=NP-R", "/register?class=PD", "/register?class=SC"])),
        ("register, a party", some(&["/register?party=CMD", "/register?party=MPS", "/register?party=UEL"])),
        (
            "register, party, state and class",
            some(&["/register?party=CMD&state=FILED&class=NP-R", "/register?party=HCK&state=ACTIVE&class=PD"]),
        ),
        ("search, a word of few titles", some(&["/register?q=woodland", "/register?q=households"])),
        ("search, part of a word", some(&["/register?q=oodlan", "/register?q=use", "/register?q=e"])),
        ("search, several words", some(&["/register?q=near%20Camden", "/register?q=of%20woodland%20near%20Hack"])),
        ("search, a body", some(&["/register?q=hackney", "/register?q=London%20Borough%20of", "/register?q=CMD"])),
        ("search, a reference", vec![format!("/register?q={}", somewhere(50)?)]),
        (
            "search, part of a reference",
            some(&["/register?q=DSA-2026", "/register?q=0017", "/register?q=7", "/register?q=26-000"]),
        ),
        ("search, nothing fits", some(&["/register?q=nothing+is+called+this", "/register?q=zzz"])),
        (
            "search, with a state, deep",
            some(&["/register?q=near&state=FILED&page=900", "/register?q=homes&class=NP-R&page=50"]),
        ),
        ("agreement, of all", agreements),
        ("agreement, of the stories", told),
        ("agreement of 34 parties", vec![format!("/agreements/{many}")]),
        ("organisations", one("/organisations")),
        (
            "organisation",
            some(&["/organisations/CMD", "/organisations/MPS", "/organisations/WFT", "/organisations/GLA"]),
        ),
        ("who shares", one("/sharing")),
        ("the log", some(&["/log", "/log?page=1000"])),
        ("event", some(&["/events/1600", "/events/40000", "/events/90000"])),
        ("changes, Atom", one("/register.atom")),
        (
            "list for programs, by state",
            some(&["/api/v1/agreements?state=ACTIVE", "/api/v1/agreements?state=SUSPENDED"]),
        ),
        (
            "list for programs, by party",
            some(&["/api/v1/agreements?party=WFT&state=APPROVING&class=PD", "/api/v1/agreements?party=CMD"]),
        ),
        (
            "list for programs, deep",
            some(&["/api/v1/agreements?cursor=90000", "/api/v1/agreements?cursor=50000&state=FILED"]),
        ),
        (
            "list for programs, by words",
            some(&["/api/v1/agreements?q=hck", "/api/v1/agreements?q=2026-0000", "/api/v1/agreements?q=zzz"]),
        ),
        ("agreement for programs", vec![format!("/api/v1/agreements/{}", somewhere(30)?)]),
    ])
}

/// The reference of the agreement behind so many that were filed before it.
fn reference(address: &str, behind: usize) -> Result<String> {
    let list: Value =
        serde_json::from_slice(&client::get(address, &format!("/api/v1/agreements?limit=1&cursor={behind}"))?)?;
    let found = list.pointer("/agreements/0/reference").and_then(Value::as_str);
    Ok(found.with_context(|| format!("no agreement is behind {behind}"))?.to_owned())
}

/// How many agreements an answer of the register counts.
fn total(address: &str, path: &str) -> Result<usize> {
    let answer: Value = serde_json::from_slice(&client::get(address, path)?).context("the register in JSON")?;
    let total = answer.get("total").and_then(Value::as_u64).context("the register says how many there are")?;
    Ok(usize::try_from(total)?)
}

/// The style sheet of the home page: a file that lies in memory.
fn asset(address: &str) -> Result<String> {
    let home = String::from_utf8(client::get(address, "/")?)?;
    let found =
        home.split('"').find(|part| part.starts_with("/assets/")).context("the home page names a style sheet")?;
    Ok(found.to_owned())
}

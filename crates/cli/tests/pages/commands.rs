//! Every command that the documents show, run as it stands there, with the exit code that the document names.
//!
//! A command in a block is run, or stands in the list below with the reason why it is not; one in a sentence must at
//! least be understood: its words are a command, and its options are those of that command.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use counterpart_tlog::cosignature::Cosigner;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::policy::Policy;

use super::served::Served;

/// What is done with a line of a block.
#[derive(Clone, Copy)]
enum Way {
    /// It is run and ends with this code.
    Ends(i32),
    /// It serves until it is stopped: it is run until it has said this.
    Says(&'static str),
    /// It is not run, for this reason.
    Not(&'static str),
}

/// A document.
struct Document {
    name: &'static str,
    text: &'static str,
    /// Lines that do not just end with 0 or with the code behind them.
    ways: &'static [(&'static str, Way)],
    /// What a reader does before a line, as the text around it says.
    before: &'static [(&'static str, &'static str)],
    /// What stands in the document for something that each reader has.
    instead: &'static [(&'static str, &'static str)],
}

const ELSEWHERE: (&str, &str) = ("http://127.0.0.1:8080", "$SERVED");

const STARTED: Way = Way::Not("the test has started the same server already, on a port of its own");

const README: Document = Document {
    name: "README.md",
    text: include_str!("../../../../README.md"),
    ways: &[("cargo run --release -- serve --demo", STARTED), ("cargo xtask ci", Way::Not("the gate runs this test"))],
    before: &[],
    instead: &[ELSEWHERE],
};

const WALK: Document = Document {
    name: "docs/walk.md",
    text: include_str!("../../../../docs/walk.md"),
    ways: &[("counterpart serve --demo", STARTED)],
    before: &[],
    instead: &[ELSEWHERE],
};

const AUDITORS: Document = Document {
    name: "docs/auditors.md",
    text: include_str!("../../../../docs/auditors.md"),
    ways: &[],
    before: &[],
    instead: &[("URL|DIR|FILE", "$SERVED"), ("KEY", "$VKEY")],
};

const OPERATORS: Document = Document {
    name: "docs/operators.md",
    text: include_str!("../../../../docs/operators.md"),
    ways: &[("counterpart serve --data DIR --listen 127.0.0.1:8080", Way::Says("listening on http://127.0.0.1:"))],
    before: &[
        // The page says what registrars do with the file; here the program makes their keys itself, as it says below.
        (
            "counterpart serve --data DIR --listen 127.0.0.1:8080",
            "rm -r ledger; counterpart init --data ledger --origin ledger.example.org/london/log",
        ),
        (
            "counterpart restore",
            "stop; counterpart publish public --data ledger; cp public/checkpoint checkpoint.txt; mv ledger lost",
        ),
        ("counterpart doctor", "cp lost/log.key lost/answer.key ledger/"),
    ],
    instead: &[
        ("--data DIR", "--data ledger"),
        ("127.0.0.1:8080", "127.0.0.1:0"),
        ("/backup/ledger", "backup/ledger"),
        ("/other/ledger-keys", "other/ledger-keys"),
        ("https://mirror.example", "public"),
    ],
};

const WATCHING: Document = Document {
    name: "docs/watching.md",
    text: include_str!("../../../../docs/watching.md"),
    ways: &[
        ("counterpart witness serve", Way::Says("witness.example/london+")),
        ("counterpart mirror", Way::Says("listening on http://127.0.0.1:")),
        ("counterpart monitor", Way::Ends(5)),
    ],
    before: &[("counterpart mirror", "printf 'log %s\\nquorum none\\n' \"$VKEY\" > london.policy")],
    instead: &[
        ("'ledger.example/london/log+1a2b3c4d+AQ…'", "\"$VKEY\""),
        ("0.0.0.0:7380", "127.0.0.1:0"),
        ("0.0.0.0:8081", "127.0.0.1:0"),
        ("https://ledger.example ", "$SERVED "),
        ("https://alerts.example/counterpart", "$WEBHOOK"),
    ],
};

/// What begins a line of the shell; a block that begins otherwise is a file.
const PROGRAMS: [&str; 5] = ["counterpart ", "cargo ", "export ", "printf ", "AGREEMENT="];

/// The lines of the blocks that are commands.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let inside = text.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap_or_default().1);
    inside.filter(|block| PROGRAMS.iter().any(|program| block.starts_with(program))).flat_map(str::lines)
}

/// The lines as one script, as a reader has one shell; it stops where a line ends otherwise than the document says.
fn script(document: &Document) -> (String, usize) {
    let mut script = String::from(
        "servers=''\nstop() { for server in $servers; do kill $server; wait $server; done; servers=''; }\ntrap stop EXIT\n",
    );
    let mut run = 0;
    for line in lines(document.text) {
        let (command, said) = line.split_once("   # exit ").unwrap_or((line, "0"));
        let way = document.ways.iter().find(|(begins, _)| command.starts_with(begins)).map(|(_, way)| *way);
        let before = document.before.iter().filter(|(begins, _)| command.starts_with(begins));
        before.for_each(|(_, lines)| writeln!(script, "{lines}").unwrap());
        let mut words = command.to_owned();
        for (from, to) in document.instead {
            words = words.replace(from, to);
        }
        let shown = command.replace('\'', " ");
        match way.unwrap_or(Way::Ends(said.parse().unwrap())) {
            Way::Not(reason) => {
                assert!(!reason.is_empty());
                continue;
            }
            Way::Ends(code) => writeln!(
                script,
                "{words}\ncode=$?; [ $code -eq {code} ] || {{ echo '{shown}' ended with $code >&2; exit 99; }}"
            )
            .unwrap(),
            Way::Says(text) => writeln!(
                script,
                "exec 3>said.{run}; {words} >&3 2>&3 & servers=\"$servers $!\"; tries=0\n\
                 until grep -qF '{text}' said.{run}; do tries=$((tries + 1)); \
                 [ $tries -lt 600 ] || {{ echo '{shown}' said:; cat said.{run}; exit 99; }} >&2; sleep 0.1; done"
            )
            .unwrap(),
        }
        run += 1;
    }
    (script, run)
}

/// Answers every request with 200.
fn webhook() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = vec![0; 1 << 16];
            let _ = stream.read(&mut head);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    address
}

fn runs(document: &Document, least: usize) {
    let served = Served::demonstration();
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(Served::data(), folder.path().join("counterpart-demo")).unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_counterpart")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let (script, run) = script(document);
    assert!(run >= least, "{} has {run} commands", document.name);
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", &path)
        .env("SERVED", served.base())
        .env("VKEY", served.get("/log/vkey").text.trim())
        .env("WEBHOOK", webhook())
        .env("COUNTERPART_HOME", folder.path().join("home"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}: {}", document.name, String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    runs(&README, 7);
}

#[test]
fn cargo_run_knows_which_program_is_meant() {
    let cargo = std::env::var("CARGO").unwrap();
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let default = told["workspace_default_members"].as_array().unwrap();
    let packages = told["packages"].as_array().unwrap().iter().filter(|package| default.contains(&package["id"]));
    let targets = packages.flat_map(|package| package["targets"].as_array().unwrap());
    let programs: Vec<&str> = targets
        .filter(|target| target["kind"] == serde_json::json!(["bin"]))
        .map(|target| target["name"].as_str().unwrap())
        .collect();
    assert_eq!(programs, ["counterpart"]);
}

#[test]
fn every_command_of_the_walk_does_what_the_walk_says() {
    runs(&WALK, 10);
}

#[test]
fn every_command_for_auditors_and_operators_does_what_their_pages_say() {
    runs(&AUDITORS, 1);
    runs(&OPERATORS, 6);
}

#[test]
fn every_command_for_whoever_watches_does_what_the_page_says() {
    runs(&WATCHING, 3);
}

#[test]
fn the_policy_that_is_shown_is_one() {
    let block = WATCHING.text.split("```\n").find(|block| block.starts_with("log ")).unwrap();
    let mut keys = 0;
    let lines = block.lines().map(|line| {
        let words = line.split(' ').map(|word| match word.split_once('+') {
            // A key that is cut short on the page: some key of that name.
            Some((name, rest)) if rest.ends_with('…') => {
                keys += 1;
                let key = SigningKey::from_bytes(&[keys; 32]);
                if line.starts_with("log ") {
                    let signer = counterpart_tlog::note::NoteSigner::new(name, key).unwrap();
                    signer.vkey().to_string()
                } else {
                    Cosigner::new(name, key).unwrap().vkey().to_string()
                }
            }
            _ => word.to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    });
    let policy = lines.collect::<Vec<_>>().join("\n") + "\n";
    assert!(Policy::parse(&policy).is_ok(), "{policy}");
    assert_eq!(keys, 4);
}

/// Every document that names a command.
const DOCUMENTS: [(&str, &str); 9] = [
    (README.name, README.text),
    (WALK.name, WALK.text),
    (AUDITORS.name, AUDITORS.text),
    (OPERATORS.name, OPERATORS.text),
    (WATCHING.name, WATCHING.text),
    ("docs/councils.md", include_str!("../../../../docs/councils.md")),
    ("docs/legal.md", include_str!("../../../../docs/legal.md")),
    ("docs/privacy.md", include_str!("../../../../docs/privacy.md")),
    ("docs/reliability.md", include_str!("../../../../docs/reliability.md")),
];

#[test]
fn every_command_in_a_sentence_is_one_with_these_options() {
    let mut found = 0;
    for (name, text) in DOCUMENTS {
        let outside = text.split("```").step_by(2);
        let spans = outside.flat_map(|text| text.split('`').skip(1).step_by(2));
        for span in spans.filter(|span| span.starts_with("counterpart ")) {
            found += 1;
            let words: Vec<&str> = span.split(' ').skip(1).collect();
            let is_word = |word: &&&str| word.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'-');
            let mut verb: Vec<&str> =
                words.iter().take_while(|word| !word.starts_with('-')).take_while(is_word).copied().collect();
            let help = loop {
                let output =
                    Command::new(env!("CARGO_BIN_EXE_counterpart")).args(&verb).arg("--help").output().unwrap();
                if output.status.success() || verb.len() < 2 {
                    assert!(output.status.success(), "{name}: `{span}` is no command");
                    break String::from_utf8(output.stdout).unwrap();
                }
                // The last word is what the command is done to.
                verb.pop();
            };
            for option in words.iter().filter(|word| word.starts_with("--")) {
                let there = help.split([' ', '\n', ',', '=']).any(|word| word == *option);
                assert!(there, "{name}: `{span}`: there is no {option}");
            }
        }
    }
    assert!(found > 10, "{found}");
}

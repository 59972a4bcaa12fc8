//! The walk of `docs/walk.md`: its commands, run as they stand there, with the exit codes that it names.

use std::path::Path;
use std::process::Command;

use super::served::Served;

const WALK: &str = include_str!("../../../../docs/walk.md");

/// The lines of the shell blocks, each with the exit code that stands behind it.
fn commands() -> Vec<(&'static str, i32)> {
    let blocks = WALK.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks
        .flat_map(str::lines)
        .map(|line| match line.split_once("   # exit ") {
            Some((command, code)) => (command, code.parse().unwrap()),
            None => (line, 0),
        })
        .collect()
}

#[test]
fn every_command_of_the_walk_does_what_the_walk_says() {
    let served = Served::demonstration();
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(Served::data(), folder.path().join("counterpart-demo")).unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_counterpart")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    // One shell, as a reader has one; it stops where a command ends otherwise than the page says.
    let mut script = String::new();
    let mut run = 0;
    for (command, code) in commands() {
        // The server is there already, and where it listens is not where the page says.
        if command == "counterpart serve --demo" || command.starts_with("export COUNTERPART_URL=") {
            continue;
        }
        let shown = command.replace('\'', " ");
        let check = format!("code=$?; [ $code -eq {code} ] || {{ echo '{shown}' ended with $code >&2; exit 99; }}");
        script.push_str(command);
        script.push('\n');
        script.push_str(&check);
        script.push('\n');
        run += 1;
    }
    assert!(run > 8, "the walk has commands");
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", &path)
        .env("COUNTERPART_URL", served.base())
        .env("COUNTERPART_HOME", folder.path().join("home"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

//! A start from a snapshot: the same ledger as from all its entries, and only where the snapshot may be believed.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use counterpart_http::Care;
use counterpart_store::embedded::SnapshotFile;
use serde_json::Value;

use crate::running::Running;
use crate::story::{Story, officer, town};

/// Snapshots in a folder, written whenever so many entries are new, by one and the same program.
pub fn kept_at(folder: &Path, every: u64) -> Care {
    written_by(folder, every, 7)
}

fn written_by(folder: &Path, every: u64, program: u8) -> Care {
    fs::create_dir_all(folder).unwrap();
    let snapshots = SnapshotFile::at(folder, Arc::new(move || Some([program; 32])));
    Care { snapshots: Some(Arc::new(snapshots)), snapshot_every: every, ..Care::default() }
}

/// From how many entries the last start went on.
async fn went_on_from(running: &Running) -> u64 {
    let metrics = running.get("/metrics").await.text();
    let line = metrics.lines().find_map(|line| line.strip_prefix("counterpart_snapshot_size "));
    line.unwrap().parse().unwrap()
}

/// Everything that readers see: each kind of list and page.
async fn seen(running: &Running) -> Vec<(String, String)> {
    let mut paths: Vec<String> = [
        "/log/checkpoint",
        "/api/v1/agreements?limit=100",
        "/api/v1/register",
        "/register.csv",
        "/register.atom",
        "/api/v1/organisations",
        "/api/v1/organisations/CMD/roles",
        "/api/v1/events?type=ApprovalGiven",
        "/api/v1/events?organisation=HCK&limit=100",
        "/api/v1/waiting",
        "/register?q=children",
        "/sharing",
        "/log",
        "/",
    ]
    .map(str::to_owned)
    .to_vec();
    let list: Value = running.get("/api/v1/agreements?limit=100").await.json();
    for row in list["agreements"].as_array().unwrap() {
        let id = row["id"].as_str().unwrap();
        let rest = ["", "/history", "/versions/1"];
        paths.extend(rest.map(|rest| format!("/api/v1/agreements/{id}{rest}")));
        paths.push(format!("/agreements/{id}"));
    }
    let size = running.checkpoint_size().await;
    paths.extend([0, size / 2, size - 1].map(|index| format!("/log/proof/{index}")));
    paths.push(format!("/log/tile/0/000.p/{size}"));
    let mut all = Vec::new();
    for path in paths {
        // Titles are read behind the start.
        let mut answer = running.get(&path).await;
        for _ in 0..200 {
            if answer.status.as_u16() != 503 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            answer = running.get(&path).await;
        }
        assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text());
        all.push((path, answer.text()));
    }
    all
}

/// An agreement in force, and another that is discussed.
async fn told() -> Story {
    let first = Story::in_force().await;
    let mut second = Story::on(first.running);
    let filed = second.file(&crate::examples::children()).await;
    assert_eq!(filed.status.as_u16(), 201, "{}", filed.text());
    second
}

#[tokio::test]
async fn a_start_from_a_snapshot_shows_what_a_start_from_all_entries_shows() {
    let folder = tempfile::tempdir().unwrap();
    let care = || kept_at(folder.path(), 1);
    let mut tale = told().await;
    let size = tale.running.checkpoint_size().await;
    let running = tale.running.restarted_with(care()).await;
    assert_eq!(went_on_from(&running).await, 0);
    let plain = seen(&running).await;
    let running = running.restarted_with(care()).await;
    assert_eq!(went_on_from(&running).await, size);
    assert_eq!(seen(&running).await, plain);
    // It goes on from there: what is decided on it is what all entries decide.
    tale.running = running;
    let note = serde_json::json!({ "text": crate::running::words("Noted after the start."), "visibility": "PARTIES" });
    tale.does("NoteRecorded", note, &officer("CMD", "IGL")).await;
    let after = seen(&tale.running).await;
    let running = tale.running.restarted().await;
    assert_eq!(seen(&running).await, after);
    assert_ne!(after, plain);
}

#[tokio::test]
async fn entries_behind_the_snapshot_are_decided() {
    let folder = tempfile::tempdir().unwrap();
    let mut tale = told().await;
    let size = tale.running.checkpoint_size().await;
    let running = tale.running.restarted_with(kept_at(folder.path(), 1)).await;
    // From here on nothing more is written.
    let running = running.restarted_with(kept_at(folder.path(), 1_000_000)).await;
    tale.running = running;
    let note = serde_json::json!({ "text": crate::running::words("Behind it."), "visibility": "PARTIES" });
    tale.does("NoteRecorded", note, &officer("CMD", "IGL")).await;
    let compared = Care { compare: true, ..kept_at(folder.path(), 1_000_000) };
    let running = tale.running.restarted_with(compared).await;
    assert_eq!(went_on_from(&running).await, size);
    let resumed = seen(&running).await;
    assert_eq!(running.checkpoint_size().await, size + 1);
    assert_eq!(seen(&running.restarted().await).await, resumed);
}

#[tokio::test]
async fn what_is_damaged_or_another_s_costs_a_replay_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let care = || kept_at(folder.path(), 1_000_000);
    let running = told().await.running.restarted_with(kept_at(folder.path(), 1)).await;
    let plain = seen(&running).await;
    let size = running.checkpoint_size().await;
    let mut running = running.restarted_with(care()).await;
    assert_eq!(went_on_from(&running).await, size);
    let file = folder.path().join("SNAPSHOT");
    let whole = fs::read(&file).unwrap();
    for at in [0, 24, 60, 70, 100, whole.len() / 3, whole.len() / 2, whole.len() - 40, whole.len() - 1] {
        let mut hurt = whole.clone();
        hurt[at] ^= 8;
        fs::write(&file, hurt).unwrap();
        running = running.restarted_with(care()).await;
        assert_eq!(went_on_from(&running).await, 0, "byte {at}");
    }
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    running = running.restarted_with(care()).await;
    assert_eq!(went_on_from(&running).await, 0, "half of it");
    assert_eq!(seen(&running).await, plain);
    // Another version of the program may decide otherwise.
    fs::write(&file, &whole).unwrap();
    running = running.restarted_with(written_by(folder.path(), 1_000_000, 8)).await;
    assert_eq!(went_on_from(&running).await, 0, "another program");
    // The snapshot of another ledger of the same size fits no root that was signed here.
    let other = tempfile::tempdir().unwrap();
    let mut elsewhere = Story::in_force().await;
    let note = serde_json::json!({ "text": crate::running::words("Elsewhere."), "visibility": "PARTIES" });
    elsewhere.does("NoteRecorded", note, &officer("CMD", "IGL")).await;
    let elsewhere = elsewhere.running.restarted_with(kept_at(other.path(), 1)).await;
    assert_eq!(elsewhere.checkpoint_size().await, size);
    elsewhere.app.stop().await;
    fs::copy(other.path().join("SNAPSHOT"), &file).unwrap();
    for compare in [false, true] {
        running = running.restarted_with(Care { compare, ..care() }).await;
        assert_eq!(went_on_from(&running).await, 0, "another ledger");
        assert_eq!(seen(&running).await, plain);
    }
    // Nor may it be longer than what was signed.
    fs::remove_file(&file).unwrap();
    running = running.restarted_with(care()).await;
    assert_eq!(went_on_from(&running).await, 0);
    let shorter = town("OPEN").await;
    fs::write(&file, &whole).unwrap();
    let shorter = shorter.restarted_with(care()).await;
    assert_eq!(went_on_from(&shorter).await, 0);
    assert!(shorter.checkpoint_size().await < size);
    running.app.stop().await;
}

#[tokio::test]
async fn it_is_written_now_and_then_while_the_ledger_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let tale = told().await;
    let size = tale.running.checkpoint_size().await;
    let running = tale.running.restarted_with(kept_at(folder.path(), 5)).await;
    for _ in 0..500 {
        if folder.path().join("SNAPSHOT").exists() && went_on_from(&running).await == size {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(went_on_from(&running).await, size);
    // Nothing is new at the stop, so the next start goes on from what was written while it served.
    let written = fs::metadata(folder.path().join("SNAPSHOT")).unwrap().modified().unwrap();
    let running = running.restarted_with(Care { compare: true, ..kept_at(folder.path(), 5) }).await;
    assert_eq!(went_on_from(&running).await, size);
    assert_eq!(fs::metadata(folder.path().join("SNAPSHOT")).unwrap().modified().unwrap(), written);
}

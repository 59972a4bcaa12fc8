//! What is said of a log under an answer key: whoever has the log's key can verify it, and it is never a checkpoint.

use counterpart_core::statement::{Founding, Held, Kind, Statement, StatementError, is_statement};
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::{Note, NoteSigner, VerifierKey};
use counterpart_tlog::{Hash, Tree, leaf_hash};
use serde_json::{Value, json};

use crate::world::{ORIGIN, World, person};

/// The key that `World::genesis` names as the one that answers.
fn answer() -> SigningKey {
    person("REG", "REG", 200).key
}

fn log(seed: u8) -> NoteSigner {
    NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[seed; 32])).unwrap()
}

/// The tree over the entries of a small ledger, and they.
fn grown() -> (Tree, Vec<Vec<u8>>) {
    let entries = World::with_camden().entries;
    let mut tree = Tree::new();
    for entry in &entries {
        tree.push(leaf_hash(entry));
    }
    (tree, entries)
}

fn checkpoint(tree: &Tree, size: u64, by: &NoteSigner) -> String {
    Checkpoint::new(ORIGIN, size, tree.root_at(size).unwrap()).sign(&[by]).unwrap().to_string()
}

/// Entry 0 under a checkpoint over so many entries, which the log's key 1 has signed.
fn founding(size: u64) -> Founding {
    let (tree, entries) = grown();
    Founding::new(&entries[0], &tree, size, checkpoint(&tree, size, &log(1))).unwrap()
}

fn said(kind: Kind, founding: Founding) -> Statement {
    let body = json!({ "at": "2026-01-01T00:00:00.000Z", "reason": "two lines\nof text" });
    Statement::new(kind, ORIGIN, &body, founding).unwrap()
}

fn signed(kind: Kind) -> String {
    said(kind, founding(3)).sign(&answer()).unwrap().to_string()
}

fn verify(note: &str, vkeys: &[VerifierKey]) -> Result<Held, StatementError> {
    Statement::verify(note.as_bytes(), vkeys)
}

const KINDS: [Kind; 3] = [Kind::Repair, Kind::Ended, Kind::Continues];

#[test]
fn a_statement_is_verified_with_the_key_of_the_log_alone() {
    let (_, entries) = grown();
    let vkeys = [log(2).vkey(), log(1).vkey()];
    for kind in KINDS {
        let note = signed(kind);
        assert!(is_statement(note.as_bytes()));
        let held = verify(&note, &vkeys).unwrap();
        assert_eq!((held.statement.kind, held.statement.origin.as_str(), held.log_key), (kind, ORIGIN, 1));
        assert_eq!(held.ledger, format!("{ORIGIN}#{}", leaf_hash(&entries[0]).to_hex()));
        assert_eq!(held.key.public_bytes(), answer().verifying_key().as_bytes());
        assert_eq!(held.statement.says::<Value>().unwrap()["reason"], "two lines\nof text");
        for (what, changed) in [
            ("other words", note.replace("two lines", "ten lines")),
            ("another log", note.replace(ORIGIN, "another.example/log")),
            ("another index", note.replace("index 0", "index 1")),
        ] {
            assert_ne!(changed, note, "{what}");
            assert!(verify(&changed, &vkeys).is_err(), "{what}");
        }
        assert!(verify(&note, &vkeys[..1]).is_err(), "another key of the log");
        let elsewhere = NoteSigner::new("elsewhere.example/log", SigningKey::from_bytes(&[1; 32])).unwrap();
        assert!(verify(&note, &[elsewhere.vkey()]).is_err(), "the key under another name");
        assert!(verify(&note, &[]).is_err());
    }
    for size in 1..=u64::try_from(entries.len()).unwrap() {
        let note = said(Kind::Ended, founding(size)).sign(&answer()).unwrap().to_string();
        verify(&note, &vkeys).unwrap();
    }
}

/// Whoever has an answer key of their own, or the log's, or another entry 0, speaks for nobody.
#[test]
fn what_is_not_bound_to_the_log_is_no_word_of_it() {
    let vkeys = [log(1).vkey()];
    let (tree, entries) = grown();
    // The log's own key makes no statement, and neither does a key that entry 0 does not name.
    for seed in [1, 201] {
        assert!(matches!(
            said(Kind::Ended, founding(2)).sign(&SigningKey::from_bytes(&[seed; 32])),
            Err(StatementError::Founding(_))
        ));
        let text = Note::parse(signed(Kind::Ended)).unwrap().text().to_owned();
        let name = format!("{ORIGIN}/statement");
        let signer = NoteSigner::new(&name, SigningKey::from_bytes(&[seed; 32])).unwrap();
        let forged = Note::new(text.clone(), vec![signer.sign(&text)]).unwrap().to_string();
        assert!(verify(&forged, &vkeys).is_err(), "{seed}");
    }
    // A genesis that names a stranger's key, which no checkpoint of the log covers.
    let mut world = World::new();
    let mut genesis = world.genesis();
    let stranger = person("REG", "REG", 201);
    genesis.payload["data"]["answer_keys"] =
        json!([{ "key": stranger.key_id().to_string(), "public": stranger.public_text() }]);
    world.record(&genesis).unwrap();
    let own = world.entries[0].clone();
    let mut alone = Tree::new();
    alone.push(leaf_hash(&own));
    for founding in [
        // Under the log's checkpoint, where it does not stand.
        Founding::new(&own, &tree, 1, checkpoint(&tree, 1, &log(1))).unwrap(),
        Founding::new(&own, &tree, 3, checkpoint(&tree, 3, &log(1))).unwrap(),
        // Where it stands, under a key that is not the log's.
        Founding::new(&own, &alone, 1, checkpoint(&alone, 1, &log(7))).unwrap(),
    ] {
        let note = said(Kind::Ended, founding).sign(&stranger.key).unwrap().to_string();
        assert!(verify(&note, &vkeys).is_err());
    }
    // Another entry of the log is not its first one.
    let second = Founding::new(&entries[1], &tree, 2, checkpoint(&tree, 2, &log(1))).unwrap();
    assert!(said(Kind::Ended, second).sign(&answer()).is_err());
    let nothing = Founding::new(b"{}", &tree, 1, checkpoint(&tree, 1, &log(1))).unwrap();
    assert!(said(Kind::Ended, nothing).sign(&answer()).is_err());
    assert!(Founding::new(&entries[0], &tree, 99, checkpoint(&tree, 1, &log(1))).is_err(), "no such size");
}

#[test]
fn a_statement_is_no_checkpoint_and_a_checkpoint_no_statement() {
    let vkey = log(1).vkey();
    for kind in KINDS {
        let note = signed(kind);
        assert!(Checkpoint::parse(note.as_bytes()).is_err());
        assert!(Note::parse(&note).unwrap().verify(std::slice::from_ref(&vkey)).is_err(), "not the log's signature");
    }
    let checkpoint = Checkpoint::new(ORIGIN, 7, Hash::from([7; 32])).sign(&[&log(1)]).unwrap().to_string();
    assert!(Checkpoint::verify(checkpoint.as_bytes(), ORIGIN, &vkey).is_ok());
    assert!(verify(&checkpoint, std::slice::from_ref(&vkey)).is_err());
    // The signature of one under the text of the other is none.
    let note = signed(Kind::Ended);
    let (text, _) = note.split_once("\n\n").unwrap();
    let (_, signature) = checkpoint.split_once("\n\n").unwrap();
    assert!(verify(&format!("{text}\n\n{signature}"), &[vkey]).is_err());
}

#[test]
fn what_is_no_statement_is_said_to_be_none() {
    let whole = signed(Kind::Repair);
    for (from, to) in [
        ("/v1/", "/v2/"),
        ("/repair", "/another"),
        ("\n{\"at\"", "\n[\"at\""),
        ("{\"entry\"", "{ \"entry\""),
        ("{\"entry\"", "{\"more\":1,\"entry\""),
        ("counterpart/statement", "counterpart/statements"),
        ("\n\n", "\nmore\n\n"),
    ] {
        let changed = whole.replacen(from, to, 1);
        assert_ne!(changed, whole, "{from}");
        assert!(Statement::parse(changed.as_bytes()).is_err(), "{changed}");
    }
    assert!(Statement::parse(b"").is_err());
    assert!(Statement::new(Kind::Repair, ORIGIN, &[1, 2], founding(1)).is_err());
}

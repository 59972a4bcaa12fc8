//! Parsers meet strangers' bytes: none panics, and what one accepts it prints again.
#![expect(clippy::unwrap_used, reason = "tests")]

use counterpart_tlog::Hash;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::cosignature;
use counterpart_tlog::note::{Note, NoteSignature, VerifierKey};
use counterpart_tlog::policy::Policy;
use counterpart_tlog::proof::TlogProof;
use counterpart_tlog::tile::{TilePath, decode_bundle, encode_bundle};
use counterpart_tlog::witness::{AddCheckpoint, parse_size};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

/// Texts that some parser accepts, to start changing from.
fn seeds() -> Vec<Vec<u8>> {
    let vectors: Value = serde_json::from_str(include_str!("../testdata/log-vectors.json")).unwrap();
    let named = [
        "checkpoint7",
        "cosigned",
        "cosig_line",
        "cosig_message",
        "log_vkey",
        "wit_vkey",
        "add_checkpoint_old3",
        "add_checkpoint_old0_size3",
        "tlog_proof",
        "node01",
    ];
    let member = |name: &str| vectors.get(name).and_then(Value::as_str).unwrap().to_owned();
    let mut seeds: Vec<Vec<u8>> = named.iter().map(|name| member(name).into_bytes()).collect();
    seeds.extend([
        b"tile/0/x001/x234/067.p/112".to_vec(),
        b"tile/entries/273".to_vec(),
        b"7\n".to_vec(),
        b"T7cNqgptqvfpPys3xeXfczRmMP2KUZltUPHY7v8nlCY=".to_vec(),
        hex::decode(member("entry_bundle3")).unwrap(),
        format!(
            "# policy\nlog {}\nwitness a {} https://a.example/\ngroup g 1 a\nquorum g\n",
            member("log_vkey"),
            member("wit_vkey")
        )
        .into_bytes(),
    ]);
    seeds
}

/// A change to some bytes: a place, a way, and bytes to use.
type Change = (prop::sample::Index, u8, Vec<u8>);

fn changed(mut bytes: Vec<u8>, changes: Vec<Change>) -> Vec<u8> {
    for (place, how, with) in changes {
        let place = place.index(bytes.len() + 1);
        let end = (place + with.len()).min(bytes.len());
        match how % 5 {
            0 => drop(bytes.splice(place..end, with)),
            1 => drop(bytes.splice(place..place, with)),
            2 => drop(bytes.drain(place..end)),
            3 => bytes.truncate(place),
            _ => bytes.extend_from_within(place..end),
        }
    }
    bytes
}

/// Feeds `bytes` to every parser and holds each to its word.
fn read_by_all(bytes: &[u8]) {
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes);
        for signature in note.signatures() {
            cosignature::timestamp(signature.bytes());
        }
    }
    if let Ok(lines) = NoteSignature::parse_lines(bytes) {
        let printed: String = lines.iter().map(ToString::to_string).collect();
        assert_eq!(printed.as_bytes(), bytes);
    }
    if let Ok((checkpoint, note)) = Checkpoint::parse(bytes) {
        assert_eq!(checkpoint.to_string(), note.text());
    }
    if let Ok(proof) = TlogProof::parse(bytes) {
        assert_eq!(proof.to_string().as_bytes(), bytes);
    }
    if let Ok(request) = AddCheckpoint::parse(bytes) {
        assert_eq!(request.to_string().as_bytes(), bytes);
    }
    if let Ok(policy) = Policy::parse(bytes) {
        assert!(policy.verify(bytes).is_err());
    }
    for width in [1, 3, 256] {
        if let Ok(entries) = decode_bundle(bytes, width) {
            assert_eq!(encode_bundle(&entries).unwrap(), bytes);
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(path) = TilePath::parse(text) {
            assert_eq!(path.to_string(), text);
            path.size_needed();
        }
        if let Ok(vkey) = VerifierKey::parse(text) {
            assert_eq!(vkey.to_string(), text);
        }
        if let Ok(checkpoint) = Checkpoint::parse_text(text) {
            assert_eq!(checkpoint.to_string(), text);
        }
        if let Ok(hash) = Hash::from_hex(text) {
            assert_eq!(hash.to_hex(), text);
        }
        if let Ok(hash) = Hash::from_base64(text) {
            assert_eq!(hash.to_string(), text);
        }
        if let Some(size) = parse_size(text) {
            assert_eq!(format!("{size}\n"), text);
        }
    }
}

/// Thousands of cases a test, or more where `PROPTEST_CASES` asks for more.
fn thousands() -> ProptestConfig {
    let mut config = ProptestConfig::default();
    config.cases = config.cases.max(4_000);
    config
}

/// A changed line of a policy is told by number, never by a panic, so its words may be any.
const WORDS: &str = "(log|witness|group|quorum|any|all|none|[0-9]{1,3}|#|[a-c]|\\PC{0,4})";

proptest! {
    #![proptest_config(thousands())]

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        read_by_all(&bytes);
    }

    #[test]
    fn changed_texts_are_read_or_refused(
        seed in any::<prop::sample::Index>(),
        changes in vec(
            (any::<prop::sample::Index>(), any::<u8>(), vec(any::<u8>(), 0..6)),
            0..4,
        ),
    ) {
        let seeds = seeds();
        read_by_all(&changed(seed.get(&seeds).clone(), changes));
    }

    #[test]
    fn texts_of_familiar_pieces_are_read_or_refused(
        pieces in vec(
            prop::sample::select(vec![
                "\n", "\n\n", " ", "— ", "old 3", "index 2", "extra ", "AAAA", "=", "+",
                "c2sp.org/tlog-proof@v1\n", "ledger.example.london/agreements", "7", "0", "x001/",
                "tile/", "entries/", ".p/", "00", "gTvaOkIAD4KUtqlU6oN5LC3vrmUkbvdgr5/dU699Rjg=",
                "— ledger.example.london/agreements E+0jh5LefyINym6kX+fRDa5q9eTp8AtG9cl8MLZiILy7OHaonhZy1mQyJLesyc1qv1AIaY+xUEa2hcjiqmvRGlEOaAI=\n",
            ]),
            0..12,
        ),
    ) {
        read_by_all(pieces.concat().as_bytes());
    }

    #[test]
    fn policies_of_familiar_words_are_read_or_refused(
        lines in vec(vec(WORDS, 0..5), 0..8),
    ) {
        let lines: Vec<String> = lines.iter().map(|words| words.join(" ")).collect();
        let _ = Policy::parse(lines.join("\n"));
    }
}

#[test]
fn texts_to_start_from_are_accepted() {
    for seed in seeds() {
        read_by_all(&seed);
    }
    let accepted = |count: fn(&[u8]) -> bool| seeds().iter().filter(|seed| count(seed)).count();
    assert_eq!(accepted(|seed| Note::parse(seed).is_ok()), 5);
    assert_eq!(accepted(|seed| TlogProof::parse(seed).is_ok()), 1);
    assert_eq!(accepted(|seed| AddCheckpoint::parse(seed).is_ok()), 2);
    assert_eq!(accepted(|seed| Policy::parse(seed).is_ok()), 1);
    assert_eq!(accepted(|seed| decode_bundle(seed, 3).is_ok()), 1);
}

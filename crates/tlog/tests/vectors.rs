//! Every figure of the published log vectors, made again.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::cosignature::{self, Cosigner};
use counterpart_tlog::ed25519::{PublicKey, SigningKey};
use counterpart_tlog::note::{KeyId, NoteSignature, NoteSigner, SignatureType, VerifierKey};
use counterpart_tlog::policy::Policy;
use counterpart_tlog::proof::TlogProof;
use counterpart_tlog::tile::{TilePath, decode_bundle, encode_bundle, entry_tiles, hash_tiles};
use counterpart_tlog::witness::{AddCheckpoint, monitoring_path};
use counterpart_tlog::{Frontier, Hash, Tree, empty_root, leaf_hash, node_hash, verify_consistency, verify_inclusion};
use serde_json::Value;

const ORIGIN: &str = "ledger.example.london/agreements";
const WITNESS: &str = "witness.example.gla/w1";
const COSIGNED_AT: u64 = 1_767_225_600;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../testdata/log-vectors.json")).unwrap()
}

fn text<'v>(vectors: &'v Value, name: &str) -> &'v str {
    vectors[name].as_str().unwrap()
}

fn hex(value: &Value) -> Hash {
    Hash::from_hex(value.as_str().unwrap()).unwrap()
}

fn base64s(value: &Value) -> Vec<Hash> {
    let hashes = value.as_array().unwrap().iter();
    hashes.map(|hash| Hash::from_base64(hash.as_str().unwrap()).unwrap()).collect()
}

/// The key with the 32 seed bytes `first`, `first` + 1, …
fn key(first: u8) -> SigningKey {
    SigningKey::from_bytes(&std::array::from_fn(|i| first + u8::try_from(i).unwrap()))
}

fn log() -> NoteSigner {
    NoteSigner::new(ORIGIN, key(0x00)).unwrap()
}

fn witness() -> Cosigner {
    Cosigner::new(WITNESS, key(0x20)).unwrap()
}

fn entries() -> Vec<String> {
    (0..7).map(|i| format!("event-{i}")).collect()
}

fn tree() -> Tree {
    let entries = entries();
    let leaves = entries.iter().map(|entry| leaf_hash(entry.as_bytes()));
    leaves.collect()
}

#[test]
fn leaves_nodes_and_roots_are_those_published() {
    let vectors = vectors();
    assert_eq!(empty_root(), hex(&vectors["empty_root"]));
    assert_eq!(leaf_hash(b""), hex(&vectors["leaf_hash_of_empty_entry"]));
    let tree = tree();
    let leaves = vectors["leaf"].as_array().unwrap();
    assert_eq!(tree.size(), u64::try_from(leaves.len()).unwrap());
    for (index, leaf) in (0..).zip(leaves) {
        assert_eq!(tree.leaf(index), Some(hex(leaf)));
    }
    let (first, second) = (tree.leaf(0).unwrap(), tree.leaf(1).unwrap());
    assert_eq!(node_hash(&first, &second), hex(&vectors["node01"]));
    let mut frontier = Frontier::new();
    for size in 0..=7 {
        let root = hex(&vectors["roots"][size.to_string()]);
        assert_eq!(tree.root_at(size), Some(root), "{size}");
        assert_eq!(frontier.root(), root, "{size}");
        frontier.extend(tree.leaf(size));
    }
}

#[test]
fn proofs_are_those_published() {
    let (vectors, tree) = (vectors(), tree());
    let inclusion = base64s(&vectors["incl_2_of_7"]);
    assert_eq!(tree.inclusion(2, 7), Ok(inclusion.clone()));
    let leaf = leaf_hash(b"event-2");
    assert_eq!(verify_inclusion(&leaf, 2, 7, &inclusion, &tree.root()), Ok(()));
    let consistency = vectors["cons"].as_object().unwrap();
    assert_eq!(consistency.len(), 6);
    for (sizes, proof) in consistency {
        let (old, new) = sizes.split_once("->").unwrap();
        let (old, new) = (old.parse().unwrap(), new.parse().unwrap());
        let proof = base64s(proof);
        assert_eq!(tree.consistency(old, new).as_ref(), Ok(&proof), "{sizes}");
        let (from, to) = (tree.root_at(old).unwrap(), tree.root_at(new).unwrap());
        assert_eq!(verify_consistency(old, new, &from, &to, &proof), Ok(()));
    }
    assert_eq!(tree.consistency(7, 7), Ok(vec![]));
    assert_eq!(tree.consistency(0, 7), Ok(vec![]));
}

#[test]
fn tree_of_260_entries_is_the_one_published() {
    let published = &vectors()["tree260"];
    let tree: Tree = (0..260_u32).map(|i| leaf_hash(&i.to_be_bytes())).collect();
    assert_eq!(tree.root(), hex(&published["root"]));
    let level1 = tree.tile(1, 0, 1, 260).unwrap();
    assert_eq!(level1, hex(&published["level1_tile0_p1"]).as_bytes());
    let inclusion: Vec<_> = published["incl_258"].as_array().unwrap().iter().map(hex).collect();
    assert_eq!(tree.inclusion(258, 260), Ok(inclusion));
    assert_eq!(tree.tile(0, 0, 256, 260).unwrap().len(), 8192);
    assert_eq!(tree.tile(0, 1, 4, 260).unwrap().len(), 4 * 32);
    for beyond in [(0, 1, 5), (1, 0, 2), (2, 0, 1), (0, 2, 1), (63, 0, 1)] {
        assert_eq!(tree.tile(beyond.0, beyond.1, beyond.2, 260), None, "{beyond:?}");
    }
    tiles_are(260, &published["tiles"]);
}

/// `published` has for each level its number, its full tiles and the width of its partial one.
fn tiles_are(size: u64, published: &Value) {
    let mut levels: Vec<(u8, u64, u16)> = Vec::new();
    for tile in hash_tiles(size) {
        let TilePath::Hash { level, n, width } = tile else { panic!("{tile} is no hash tile") };
        if levels.last().is_none_or(|last| last.0 != level) {
            levels.push((level, 0, 0));
        }
        let last = levels.last_mut().unwrap();
        assert_eq!((n, last.2), (last.1, 0), "tiles come in order, the partial one last");
        if tile.is_full() {
            last.1 += 1;
        } else {
            last.2 = width;
        }
    }
    assert_eq!(serde_json::to_value(levels).unwrap(), *published);
    let bundles: Vec<_> = entry_tiles(size).collect();
    assert_eq!(u64::try_from(bundles.len()).unwrap(), size.div_ceil(256));
}

#[test]
fn tiles_of_a_size_are_those_published() {
    let vectors = vectors();
    for size in [256, 65_536, 70_000] {
        tiles_are(size, &vectors[format!("tiles_{size}")]);
    }
    let all: Vec<_> = hash_tiles(70_000)
        .chain(entry_tiles(70_000))
        .filter(|tile| !tile.is_full())
        .map(|tile| tile.to_string())
        .collect();
    assert_eq!(serde_json::to_value(all).unwrap(), vectors["paths_partial"]);
}

#[test]
fn tile_paths_are_those_published() {
    let vectors = vectors();
    for (n, path) in vectors["paths"].as_object().unwrap() {
        let (n, path) = (n.parse().unwrap(), path.as_str().unwrap());
        let tile = TilePath::Hash { level: 0, n, width: 256 };
        assert_eq!(tile.to_string(), path);
        assert_eq!(TilePath::parse(path), Ok(tile));
    }
    for path in vectors["paths_partial"].as_array().unwrap() {
        let path = path.as_str().unwrap();
        assert_eq!(TilePath::parse(path).unwrap().to_string(), path);
    }
}

#[test]
fn tile_and_bundle_of_three_entries_are_those_published() {
    let (vectors, tree, entries) = (vectors(), tree(), entries());
    let tile = tree.tile(0, 0, 3, 7).unwrap();
    assert_eq!(hex::encode(tile), text(&vectors, "tile0_3"));
    let bundle = encode_bundle(&entries[..3]).unwrap();
    assert_eq!(hex::encode(&bundle), text(&vectors, "entry_bundle3"));
    let read = decode_bundle(&bundle, 3).unwrap();
    assert!(read.iter().zip(&entries).all(|(a, b)| *a == b.as_bytes()));
}

#[test]
fn keys_are_those_published() {
    let vectors = vectors();
    let vkey = log().vkey();
    assert_eq!(hex::encode(vkey.public_bytes()), text(&vectors, "log_pub_hex"));
    assert_eq!(vkey.key_id().to_string(), text(&vectors, "log_keyid"));
    assert_eq!(vkey.to_string(), text(&vectors, "log_vkey"));
    assert_eq!(VerifierKey::parse(text(&vectors, "log_vkey")), Ok(vkey.clone()));
    let other = KeyId::derive(ORIGIN, SignatureType::CosignatureV1, vkey.public_bytes());
    assert_eq!(other.to_string(), text(&vectors, "same_key_as_type4_keyid"));
    let vkey = witness().vkey().clone();
    assert_eq!(hex::encode(vkey.public_bytes()), text(&vectors, "wit_pub_hex"));
    assert_eq!(vkey.to_string(), text(&vectors, "wit_vkey"));
    assert_eq!(VerifierKey::parse(text(&vectors, "wit_vkey")), Ok(vkey));
}

#[test]
fn checkpoint_is_signed_and_cosigned_as_published() {
    let vectors = vectors();
    let checkpoint = Checkpoint::new(ORIGIN, 7, tree().root());
    let mut note = checkpoint.sign(&[&log()]).unwrap();
    let signed = text(&vectors, "checkpoint7");
    assert_eq!(note.to_string(), signed);
    let read = Checkpoint::verify(signed, ORIGIN, &log().vkey()).unwrap();
    assert_eq!(read, (checkpoint, note.clone()));

    let message = cosignature::message(note.text(), COSIGNED_AT);
    assert_eq!(message, text(&vectors, "cosig_message"));
    let cosignature = witness().cosign(note.text(), COSIGNED_AT).unwrap();
    let line = text(&vectors, "cosig_line");
    assert_eq!(cosignature.to_string(), line);
    assert_eq!(NoteSignature::parse_lines(line), Ok(vec![cosignature.clone()]));
    note.add(cosignature).unwrap();
    assert_eq!(note.to_string(), text(&vectors, "cosigned"));
    assert_eq!(note.verify(&[witness().vkey()]).unwrap().len(), 1);
}

#[test]
fn requests_to_a_witness_are_those_published() {
    let (vectors, tree) = (vectors(), tree());
    for (name, old, size) in [("add_checkpoint_old3", 3, 7), ("add_checkpoint_old0_size3", 0, 3)] {
        let root = tree.root_at(size).unwrap();
        let checkpoint = Checkpoint::new(ORIGIN, size, root);
        let request = AddCheckpoint {
            old,
            proof: tree.consistency(old, size).unwrap(),
            checkpoint: checkpoint.sign(&[&log()]).unwrap().to_string(),
        };
        let published = text(&vectors, name);
        assert_eq!(request.to_string(), published);
        assert_eq!(AddCheckpoint::parse(published), Ok(request));
    }
    assert_eq!(monitoring_path(ORIGIN), text(&vectors, "monitor_path"));
}

#[test]
fn proof_is_the_one_published_and_satisfies_a_policy() {
    let (vectors, tree) = (vectors(), tree());
    let published = text(&vectors, "tlog_proof");
    let proof = TlogProof {
        extra: Some(b"event-2".to_vec()),
        index: 2,
        hashes: tree.inclusion(2, 7).unwrap(),
        checkpoint_note: text(&vectors, "cosigned").to_owned(),
    };
    assert_eq!(proof.to_string(), published);
    assert_eq!(TlogProof::parse(published), Ok(proof.clone()));
    let policy = format!("log {}\nwitness w1 {}\nquorum w1\n", text(&vectors, "log_vkey"), text(&vectors, "wit_vkey"));
    let policy = Policy::parse(policy).unwrap();
    let satisfied = proof.verify(&leaf_hash(b"event-2"), &policy).unwrap();
    assert_eq!(satisfied.checkpoint.size, 7);
    assert_eq!(satisfied.witnesses[0].timestamp, COSIGNED_AT);
    assert!(proof.verify(&leaf_hash(b"event-3"), &policy).is_err());
}

#[test]
fn dsse_signature_is_the_one_published() {
    // Envelopes are no business of this crate; the verdict on their signatures is.
    let vectors = vectors();
    let pae = text(&vectors, "pae").as_bytes();
    assert_eq!(Hash::of(pae), hex(&vectors["pae_sha256"]));
    let public = hex(&vectors["submitter_pub"]).to_bytes();
    let public = PublicKey::register(&public).unwrap();
    let signer = NoteSigner::new("x", SigningKey::from_bytes(&[9; 32])).unwrap();
    assert_eq!(signer.vkey().ed25519(), Some(&public));
    let signature = signer.sign(std::str::from_utf8(pae).unwrap());
    assert!(public.verify(pae, signature.bytes().try_into().unwrap()));
    // Printed on a signature line the key id stands before it, so it is compared in halves.
    let (left, right) = signature.bytes().split_at(32);
    let spelt = |half: &[u8]| Hash::try_from(half).unwrap();
    let published = text(&vectors, "pae_sig");
    let line = format!("\u{2014} x {published}\n");
    let read = NoteSignature::parse_lines(line).unwrap().remove(0);
    let whole = [&read.key_id().to_bytes()[..], read.bytes()].concat();
    assert_eq!(spelt(left), spelt(&whole[..32]));
    assert_eq!(spelt(right), spelt(&whole[32..]));
}

#[test]
fn message_of_a_later_signature_type_is_the_one_published() {
    let vectors = vectors();
    let root = tree().root();
    let message = cosignature::subtree_message(WITNESS, COSIGNED_AT, ORIGIN, 0, 7, &root).unwrap();
    assert_eq!(hex::encode(&message), text(&vectors, "mldsa_message_hex"));
    assert_eq!(Value::from(message.len()), vectors["mldsa_message_len"]);
    // The public key itself is not published, so its key id is only read here.
    let prefix = text(&vectors["mldsa"], "vkey_prefix");
    let vkey = VerifierKey::parse(&format!("{prefix}BgAA")).unwrap();
    assert_eq!(vkey.kind(), SignatureType::Other(0x06));
    assert_eq!(vkey.key_id().to_string(), text(&vectors["mldsa"], "keyid"));
    assert_eq!(vkey.name(), WITNESS);
}

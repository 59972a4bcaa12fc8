"""The outsider's own tools against published figures: `python3 -m unittest` in this folder."""

import hashlib
import json
import unittest
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import commit
import dsse
import jcs
import keys
import london
import note
import tree

HERE = Path(__file__).resolve().parent
FIGURES = json.loads((HERE / "figures.json").read_text())
EDGE_CASES = HERE.parents[2] / "shared/data/vectors/cctv_ed25519.json"
LEAVES = [tree.leaf(b"event-%d" % n) for n in range(7)]


class Canonical(unittest.TestCase):
    def test_members_are_sorted_by_utf16_and_strings_are_short(self):
        value = {"\ufb33": 1, "\U0001f600": 2, "a": "\u20ac$\x0f\nA'B\"\\\\\"/", "1": [True, {}]}
        spelt = '{"1":[true,{}],"a":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/","\U0001f600":2,"\ufb33":1}'
        self.assertEqual(jcs.spell(value).decode(), spelt)
        self.assertEqual(jcs.read_canonical(spelt.encode()), value)

    def test_what_is_not_allowed_is_refused(self):
        deep = b"[" * 17 + b"]" * 17
        bad = [b"{}x", b'{"a":1,"a":1}', b'{"a":null}', b"1.0", b"1e3", b"9007199254740992",
               b"NaN", b'"\\ud800"', b"\xff", b"\xef\xbb\xbf{}", deep, b"[" * 100_000]
        for data in bad:
            with self.subTest(data=data[:20]), self.assertRaises(jcs.NotCanonical):
                jcs.read(data)
        for data in [b'{"b":1,"a":2}', b"{ }", b'"\\u0041"', b"-0", b'"\\/"']:
            with self.subTest(data=data), self.assertRaises(jcs.NotCanonical):
                jcs.read_canonical(data)

    def test_words_are_normalised_and_without_controls(self):
        self.assertTrue(jcs.is_plain_text("caf\u00e9\n"))
        for text in ["cafe\u0301", "a\tb", "a\x7f"]:
            self.assertFalse(jcs.is_plain_text(text))


class Envelope(unittest.TestCase):
    def test_the_signed_bytes_are_those_of_dsse(self):
        f = FIGURES
        body = b'{"kind":"agreement.approved","seq":1}'
        signed = dsse.pae("application/vnd.london.dsa-event.v1+json", body)
        self.assertEqual(signed.decode(), f["pae"])
        self.assertEqual(hashlib.sha256(signed).hexdigest(), f["pae_sha256"])
        self.assertEqual(dsse.pae("text/caf\u00e9", b"x").hex(), f["pae_utf8"])
        public = bytes.fromhex(f["submitter_pub"])
        self.assertTrue(keys.verify(public, dsse.unb64(f["pae_sig"], 64), signed))

    def test_base64_has_one_spelling(self):
        for text in ["YQ", "YR==", "YQ==\n", "_w==", " YQ=="]:
            with self.subTest(text=text), self.assertRaises(dsse.BadEnvelope):
                dsse.unb64(text)

    def test_an_entry_with_unsorted_signatures_is_refused(self):
        sealed = dsse.seal(b"{}", {"a" * 64: bytes(64), "b" * 64: bytes(64)})
        good = dsse.entry(sealed, "2026-01-01T00:00:00.000Z")
        self.assertEqual(dsse.open_entry(good)[0], sealed)
        first, second = (jcs.spell(line) for line in sealed["signatures"])
        bad = good.replace(first + b"," + second, second + b"," + first)
        self.assertRaises(dsse.BadEnvelope, dsse.open_entry, bad)


class Ed25519(unittest.TestCase):
    def test_keys_of_small_order_and_mixed_order_are_unfit(self):
        honest = bytes.fromhex(FIGURES["log_pub_hex"])
        self.assertTrue(keys.is_fit(honest))
        small = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
        mixed = keys._add(keys._point(honest), keys._point(small))
        data = keys.spell(mixed)
        self.assertEqual(keys.spell(keys._point(honest)), honest)
        for key in [small, data, bytes(32), b"\xff" * 32, (keys.P + 1).to_bytes(32, "little")]:
            self.assertFalse(keys.is_fit(key))

    @unittest.skipUnless(EDGE_CASES.exists(), "the public edge cases are not at hand")
    def test_the_strict_rule_accepts_43_of_the_public_edge_cases(self):
        cases = json.loads(EDGE_CASES.read_text())
        verdicts = [
            keys.verify(bytes.fromhex(c["key"]), bytes.fromhex(c["sig"]), c["msg"].encode())
            for c in cases
        ]
        self.assertEqual((len(verdicts), sum(verdicts)), (914, 43))


class Tree(unittest.TestCase):
    def test_roots_are_those_of_rfc_6962(self):
        self.assertEqual([leaf.hex() for leaf in LEAVES], FIGURES["leaf"])
        self.assertEqual(tree.leaf(b"").hex(), FIGURES["leaf_hash_of_empty_entry"])
        for size, wanted in FIGURES["roots"].items():
            self.assertEqual(tree.root(LEAVES[: int(size)]).hex(), wanted)

    def test_an_inclusion_proof_holds_for_its_place_alone(self):
        proof = [dsse.unb64(text) for text in FIGURES["incl_2_of_7"]]
        top = tree.root(LEAVES)
        tree.check_inclusion(LEAVES[2], 2, 7, proof, top)
        for leaf, index, size, hashes in [
            (LEAVES[2], 3, 7, proof), (LEAVES[1], 2, 7, proof), (LEAVES[2], 2, 7, proof[:2]),
            (LEAVES[2], 7, 7, proof), (LEAVES[2], 2, 7, proof + [LEAVES[0]]),
        ]:
            with self.assertRaises(tree.BadProof):
                tree.check_inclusion(leaf, index, size, hashes, top)

    def test_consistency_proofs_join_the_published_roots(self):
        for name, texts in FIGURES["cons"].items():
            old, new = map(int, name.split("->"))
            proof = [dsse.unb64(text) for text in texts]
            roots = tree.root(LEAVES[:old]), tree.root(LEAVES[:new])
            tree.check_consistency(old, roots[0], new, roots[1], proof)
            for bad in [proof[1:], proof + [LEAVES[0]]]:
                with self.assertRaises(tree.BadProof):
                    tree.check_consistency(old, roots[0], new, roots[1], bad)

    def test_tiles_and_bundles_are_found_and_read(self):
        for n, wanted in FIGURES["paths"].items():
            self.assertEqual(tree.path(0, int(n)), wanted)
        self.assertEqual(tree.path("entries", 273, 112), FIGURES["paths_partial"][3])
        bundle = bytes.fromhex(FIGURES["entry_bundle3"])
        self.assertEqual(tree.open_bundle(bundle), [b"event-0", b"event-1", b"event-2"])
        leaves = [tree.leaf(n.to_bytes(4, "big")) for n in range(260)]
        asked = []

        def fetch(path):
            asked.append(path)
            if path == "tile/1/000.p/1":
                return bytes.fromhex(FIGURES["tree260"]["level1_tile0_p1"])
            return b"".join(leaves[:256] if path == "tile/0/000" else leaves[256:])

        seen, top = tree.check_tiles(leaves, fetch)
        self.assertEqual(asked, ["tile/0/000", "tile/0/001.p/4", "tile/1/000.p/1"])
        self.assertEqual((seen, top.hex()), (3, FIGURES["tree260"]["root"]))


class Notes(unittest.TestCase):
    def test_a_checkpoint_verifies_and_a_changed_one_does_not(self):
        verifier = note.Verifier.read(FIGURES["log_vkey"])
        found = note.checkpoint(FIGURES["checkpoint7"], verifier)
        self.assertEqual((found.size, found.root), (7, tree.root(LEAVES)))
        for bad in [
            FIGURES["checkpoint7"].replace("\n7\n", "\n8\n"),
            FIGURES["checkpoint7"].replace("\n7\n", "\r\n7\n"),
            FIGURES["checkpoint7"].replace("\n7\n", "\n07\n"),
            FIGURES["checkpoint7"][:-1],
        ]:
            with self.assertRaises(ValueError):
                note.checkpoint(bad, verifier)

    def test_a_proof_file_proves_its_leaf(self):
        verifier = note.Verifier.read(FIGURES["log_vkey"])
        index, found, _ = note.proof(FIGURES["tlog_proof"], LEAVES[2], verifier)
        self.assertEqual((index, found.size), (2, 7))
        with self.assertRaises(tree.BadProof):
            note.proof(FIGURES["tlog_proof"], LEAVES[1], verifier)


class Words(unittest.TestCase):
    def test_a_commitment_opens_once_and_for_its_place(self):
        shown, opening = commit.seal("0190", "/words", "json", {"text": "caf\u00e9"})
        self.assertTrue(commit.opens("0190", shown, opening))
        self.assertFalse(commit.opens("0191", shown, opening))
        for change in [{"pointer": "/note"}, {"kind": "text"}, {"salt": dsse.b64(bytes(32))}]:
            self.assertFalse(commit.opens("0190", shown, {**opening, **change}))

    def test_commitments_are_found_by_pointer(self):
        shown, _ = commit.seal("0190", "/a~1b/0", "text", "x")
        self.assertEqual(list(commit.found_in({"a/b": [shown]})), [("/a~1b/0", shown)])


class London(unittest.TestCase):
    def test_midnight_moves_with_summer_time(self):
        utc = timezone.utc
        self.assertEqual(london.midnight(date(2026, 3, 29)), datetime(2026, 3, 29, tzinfo=utc))
        self.assertEqual(london.midnight(date(2026, 3, 30)), datetime(2026, 3, 29, 23, tzinfo=utc))
        self.assertEqual(london.ends(date(2026, 10, 24)), datetime(2026, 10, 24, 23, tzinfo=utc))
        self.assertEqual(london.ends(date(2026, 10, 25)), datetime(2026, 10, 26, tzinfo=utc))
        change = datetime(2026, 3, 29, 1, tzinfo=utc)
        self.assertFalse(london.is_summer(change - timedelta(milliseconds=1)))
        self.assertTrue(london.is_summer(change))

    def test_instants_have_one_spelling(self):
        text = "2026-11-24T09:30:00.007Z"
        self.assertEqual(london.spell(london.instant(text)), text)
        for bad in ["2026-11-24T09:30:00Z", "2026-11-24T09:30:00.007+00:00", "2026-13-01T00:00:00.000Z"]:
            self.assertRaises(ValueError, london.instant, bad)


if __name__ == "__main__":
    unittest.main()

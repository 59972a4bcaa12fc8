// Command bundle checks evidence bundles with libraries that are not ours: bundle VKEY-FILE BUNDLE.zip…
//
// The zip is read by archive/zip, the checkpoint opened by golang.org/x/mod/sumdb/note and transparency-dev/formats,
// every entry proved by transparency-dev/merkle. Only the lines of the bundle are read here.
package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"counterpart.example/interop/told"
)

func main() {
	if len(os.Args) < 3 {
		told.Fail("usage: bundle VKEY-FILE BUNDLE.zip…")
	}
	vkey := told.Must(os.ReadFile(os.Args[1]))
	verifier := told.Must(note.NewVerifier(strings.TrimSpace(string(vkey))))
	entries := 0
	for _, path := range os.Args[2:] {
		entries += checked(path, verifier)
	}
	fmt.Printf("%d bundles: their checkpoints open and all %d entries are in the log\n", len(os.Args)-2, entries)
}

func checked(path string, verifier note.Verifier) int {
	archive := told.Must(zip.OpenReader(path))
	defer archive.Close()
	checkpoint, _, _, err := log.ParseCheckpoint(member(archive, "checkpoint"), verifier.Name(), verifier)
	told.Check(err, path)
	entries := lines(member(archive, "entries.jsonl"))
	proofs := lines(member(archive, "proofs.jsonl"))
	if len(entries) == 0 || len(entries) != len(proofs) {
		told.Fail("%s has %d entries and %d proofs", path, len(entries), len(proofs))
	}
	for place, entry := range entries {
		var proven struct {
			Index uint64   `json:"index"`
			Path  []string `json:"path"`
		}
		told.Check(json.Unmarshal(proofs[place], &proven), path)
		hashes := [][]byte{}
		for _, hash := range proven.Path {
			hashes = append(hashes, told.Must(base64.StdEncoding.DecodeString(hash)))
		}
		leaf := rfc6962.DefaultHasher.HashLeaf(entry)
		hasher := rfc6962.DefaultHasher
		told.Check(proof.VerifyInclusion(hasher, proven.Index, checkpoint.Size, leaf, hashes, checkpoint.Hash), path)
		// One bit more, and it is in no log.
		other := hasher.HashLeaf(append([]byte{' '}, entry...))
		if proof.VerifyInclusion(hasher, proven.Index, checkpoint.Size, other, hashes, checkpoint.Hash) == nil {
			told.Fail("%s proves an entry that it does not hold", path)
		}
	}
	return len(entries)
}

func member(archive *zip.ReadCloser, name string) []byte {
	file := told.Must(archive.Open(name))
	defer file.Close()
	return told.Must(io.ReadAll(file))
}

func lines(content []byte) [][]byte {
	return bytes.Split(bytes.TrimSuffix(content, []byte{'\n'}), []byte{'\n'})
}

// Command checks reads a published log with libraries that are not ours, and says what it checked.
//
// Notes are opened by golang.org/x/mod/sumdb/note, checkpoints by transparency-dev/formats, proofs and roots by
// transparency-dev/merkle and golang.org/x/mod/sumdb/tlog. Only the reading of files is written here.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	fproof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"counterpart.example/interop/told"
)

func main() {
	if len(os.Args) != 2 {
		told.Fail("usage: checks FOLDER")
	}
	folder := os.Args[1]
	checkpoint := read(folder, "checkpoint")
	logVerifier := told.Must(note.NewVerifier(strings.TrimSpace(string(read(folder, "vkey")))))
	witness := told.Must(fnote.NewVerifierForCosignatureV1(strings.TrimSpace(string(read(folder, "witness.vkey")))))

	opened := told.Must(note.Open(checkpoint, note.VerifierList(logVerifier, witness)))
	if len(opened.Sigs) != 2 || len(opened.UnverifiedSigs) != 0 {
		told.Fail("note.Open verified %d signatures of 2", len(opened.Sigs))
	}
	parsed, _, _, err := log.ParseCheckpoint(checkpoint, logVerifier.Name(), logVerifier, witness)
	told.Check(err, "formats ParseCheckpoint")

	leaves := leaves(folder, parsed.Size)
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	roots := make(map[uint64][]byte)
	tree := factory.NewEmptyRange(0)
	wanted := sizes(folder)
	for index, leaf := range leaves {
		told.Check(tree.Append(leaf, nil), "append")
		if size := uint64(index + 1); wanted[size] {
			roots[size] = told.Must(tree.GetRootHash(nil))
		}
	}
	if root := told.Must(tree.GetRootHash(nil)); !bytes.Equal(root, parsed.Hash) {
		told.Fail("the entries give the root %x and the checkpoint says %x", root, parsed.Hash)
	}

	inclusions := 0
	for _, path := range list(folder, "proofs") {
		index, hashes, proven := tlogProof(path)
		if !bytes.Equal(proven, checkpoint) {
			told.Fail("%s is under another checkpoint", path)
		}
		err := proof.VerifyInclusion(rfc6962.DefaultHasher, index, parsed.Size, leaves[index], hashes, parsed.Hash)
		told.Check(err, path)
		record := make(tlog.RecordProof, len(hashes))
		for place, hash := range hashes {
			record[place] = tlog.Hash(hash)
		}
		told.Check(tlog.CheckRecord(record, int64(parsed.Size), tlog.Hash(parsed.Hash), int64(index), tlog.Hash(leaves[index])), path)
		inclusions++
	}
	consistencies := 0
	for _, path := range list(folder, "consistency") {
		old, hashes := addCheckpoint(path)
		err := proof.VerifyConsistency(rfc6962.DefaultHasher, old, parsed.Size, hashes, roots[old], parsed.Hash)
		told.Check(err, path)
		consistencies++
	}
	fmt.Printf("size %d: note, checkpoint, cosignature, root from entries, %d inclusion and %d consistency proofs agree\n",
		parsed.Size, inclusions, consistencies)
}

// leaves hashes every entry of every bundle, and compares with the tiles of level 0.
func leaves(folder string, size uint64) [][]byte {
	var found [][]byte
	for n := uint64(0); n*256 < size; n++ {
		width := min(256, size-n*256)
		path := tilePath(n, width)
		bundle := read(folder, filepath.Join("tile", "entries", path))
		tile := read(folder, filepath.Join("tile", "0", path))
		for range width {
			length := uint64(binary.BigEndian.Uint16(bundle))
			entry := bundle[2 : 2+length]
			bundle = bundle[2+length:]
			found = append(found, rfc6962.DefaultHasher.HashLeaf(entry))
		}
		if len(bundle) != 0 || uint64(len(tile)) != width*32 {
			told.Fail("bundle or tile %s has another length", path)
		}
		if !bytes.Equal(tile, bytes.Join(found[n*256:], nil)) {
			told.Fail("tile %s is not made of the leaves of its bundle", path)
		}
	}
	return found
}

func tilePath(n, width uint64) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	return path
}

// sizes names the older sizes of which there is a consistency proof.
func sizes(folder string) map[uint64]bool {
	wanted := make(map[uint64]bool)
	for _, path := range list(folder, "consistency") {
		old, _ := addCheckpoint(path)
		wanted[old] = true
	}
	return wanted
}

func tlogProof(path string) (uint64, [][]byte, []byte) {
	var parsed fproof.TLogProof
	told.Check(parsed.Unmarshal(told.Must(os.ReadFile(path))), path)
	hashes := [][]byte{}
	for _, hash := range parsed.Hashes {
		hashes = append(hashes, hash[:])
	}
	return parsed.Index, hashes, parsed.Checkpoint
}

func addCheckpoint(path string) (uint64, [][]byte) {
	head, _, _ := strings.Cut(string(told.Must(os.ReadFile(path))), "\n\n")
	lines := strings.Split(head, "\n")
	return told.Must(strconv.ParseUint(strings.TrimPrefix(lines[0], "old "), 10, 64)), hashes(lines[1:])
}

func hashes(lines []string) [][]byte {
	found := [][]byte{}
	for _, line := range lines {
		found = append(found, told.Must(base64.StdEncoding.DecodeString(line)))
	}
	return found
}

func list(folder, name string) []string {
	return told.Must(filepath.Glob(filepath.Join(folder, name, "*")))
}

func read(folder, path string) []byte {
	return told.Must(os.ReadFile(filepath.Join(folder, path)))
}

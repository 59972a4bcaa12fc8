// Command client asks one of our witnesses as transparency-dev's own client does: client URL WITNESS-VKEY
//
// The log is made here with the key that everybody knows; proofs are computed by transparency-dev/merkle, answers read
// by transparency-dev/witness and its cosignatures by transparency-dev/formats.
package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	client "github.com/transparency-dev/witness/client/http"
	"github.com/transparency-dev/witness/witness"
	"golang.org/x/mod/sumdb/note"

	"counterpart.example/interop/told"
)

const origin = "interop.counterpart.example/log"

var sizes = []uint64{1, 2, 255, 256, 257, 1000, 1025}

func main() {
	if len(os.Args) != 3 {
		told.Fail("usage: client URL WITNESS-VKEY")
	}
	base := told.Must(url.Parse(os.Args[1]))
	asked := client.NewWitness(base, http.DefaultClient)
	verifier := told.Must(fnote.NewVerifierForCosignatureV1(os.Args[2]))
	own, ownVerifier := key(origin, 0x11)
	stranger, _ := key(origin, 0x12)
	unknown, _ := key("other.counterpart.example/log", 0x11)

	grown := newTree("")
	update := func(old uint64, of *tree, size uint64, signer note.Signer) ([]byte, uint64, error) {
		return asked.Update(context.Background(), old, of.signed(size, signer), of.consistency(old, size))
	}
	expect := func(what string, err, wanted error) {
		if !errors.Is(err, wanted) {
			told.Fail("%s: %v, not %v", what, err, wanted)
		}
	}
	old := uint64(0)
	for _, size := range sizes {
		line, _, err := update(old, grown, size, own)
		told.Check(err, fmt.Sprintf("size %d", size))
		cosigned := append(grown.signed(size, own), line...)
		opened := told.Must(note.Open(cosigned, note.VerifierList(ownVerifier, verifier)))
		if len(opened.Sigs) != 2 {
			told.Fail("size %d: %d signatures of 2 verify", size, len(opened.Sigs))
		}
		if at := told.Must(fnote.CoSigV1Timestamp(opened.Sigs[1])); at.Unix() < 1_700_000_000 {
			told.Fail("size %d is cosigned at %v", size, at)
		}
		if _, _, err = update(size, grown, size, own); err != nil {
			told.Fail("size %d again: %v", size, err)
		}
		old = size
	}
	_, has, err := update(257, grown, 1025, own)
	expect("a client that lost count", err, witness.ErrCheckpointStale)
	if has != old {
		told.Fail("a client that lost count is told %d, not %d", has, old)
	}
	forked := newTree("fork ")
	_, _, err = update(old, forked, old, own)
	expect("another root", err, witness.ErrInvalidProof)
	_, _, err = update(old, forked, old+5, own)
	expect("a fork", err, witness.ErrInvalidProof)
	_, _, err = asked.Update(context.Background(), old, grown.signed(2000, own), nil)
	expect("no proof", err, witness.ErrInvalidProof)
	_, _, err = asked.Update(context.Background(), old, grown.signed(256, own), nil)
	expect("a log that became smaller", err, witness.ErrOldSizeInvalid)
	_, _, err = update(old, grown, 2000, stranger)
	expect("another key", err, witness.ErrNoValidSignature)
	_, _, err = update(0, grown, 5, unknown)
	expect("an unknown log", err, witness.ErrUnknownLog)
	// Nothing of that changed what it has seen.
	seen := monitored(base)
	opened := told.Must(note.Open(seen, note.VerifierList(ownVerifier, verifier)))
	parsed, _, _, err := log.ParseCheckpoint(seen, origin, ownVerifier)
	told.Check(err, "the monitoring path")
	if len(opened.Sigs) != 2 || parsed.Size != old {
		told.Fail("the monitoring path shows size %d with %d signatures", parsed.Size, len(opened.Sigs))
	}
	fmt.Printf("transparency-dev's client: our witness cosigns at %d sizes and refuses a fork, another root, a missing "+
		"proof, a smaller log, another key and an unknown log as specified\n", len(sizes))
	load(asked, verifier)
}

// How many logs grow at once, and how often each of them.
const (
	loaded  = 20
	updates = 50
)

// load lets many logs grow at once, each as fast as it is answered.
func load(asked client.Witness, verifier note.Verifier) {
	began := time.Now()
	var all sync.WaitGroup
	for place := range loaded {
		all.Go(func() {
			own, ownVerifier := key(fmt.Sprintf("interop.counterpart.example/load/%d", place), byte(0x20+place))
			grown := newTree("")
			for size := uint64(1); size <= updates; size++ {
				signed := grown.signed(size, own)
				line, _, err := asked.Update(context.Background(), size-1, signed, grown.consistency(size-1, size))
				told.Check(err, fmt.Sprintf("log %d at size %d", place, size))
				opened := told.Must(note.Open(append(signed, line...), note.VerifierList(ownVerifier, verifier)))
				if len(opened.Sigs) != 2 {
					told.Fail("log %d at size %d: %d signatures of 2 verify", place, size, len(opened.Sigs))
				}
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	fmt.Printf("the same client under load: %d logs, %d updates, each durable, %.0f a second\n", loaded, loaded*updates,
		loaded*updates/took.Seconds())
}

func monitored(base *url.URL) []byte {
	path := fmt.Sprintf("%x", sha256.Sum256([]byte(origin)))
	answer := told.Must(http.Get(base.JoinPath(path, "checkpoint").String()))
	defer answer.Body.Close()
	return told.Must(io.ReadAll(answer.Body))
}

// key makes the signer and the verifier of a log from a seed of one byte repeated.
func key(name string, seed byte) (note.Signer, note.Verifier) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32))
	public := append([]byte{1}, private.Public().(ed25519.PublicKey)...)
	hash := sha256.Sum256(append([]byte(name+"\n"), public...))
	id := binary.BigEndian.Uint32(hash[:4])
	secret := base64.StdEncoding.EncodeToString(append([]byte{1}, private.Seed()...))
	signer := told.Must(note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, id, secret)))
	verifier := told.Must(note.NewVerifier(fmt.Sprintf("%s+%08x+%s", name, id, base64.StdEncoding.EncodeToString(public))))
	return signer, verifier
}

// tree keeps every node, so that it can prove anything of any size.
type tree struct {
	history string
	edge    *compact.Range
	nodes   map[compact.NodeID][]byte
	roots   [][]byte
}

func newTree(history string) *tree {
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	made := &tree{history: history, edge: factory.NewEmptyRange(0), nodes: map[compact.NodeID][]byte{}}
	made.roots = append(made.roots, rfc6962.DefaultHasher.EmptyRoot())
	return made
}

func (t *tree) grow(size uint64) {
	for uint64(len(t.roots)) <= size {
		leaf := rfc6962.DefaultHasher.HashLeaf(fmt.Appendf(nil, "%sentry %d", t.history, len(t.roots)))
		told.Check(t.edge.Append(leaf, func(id compact.NodeID, hash []byte) { t.nodes[id] = hash }), "append")
		t.roots = append(t.roots, told.Must(t.edge.GetRootHash(nil)))
	}
}

func (t *tree) signed(size uint64, signer note.Signer) []byte {
	t.grow(size)
	text := log.Checkpoint{Origin: signer.Name(), Size: size, Hash: t.roots[size]}.Marshal()
	return told.Must(note.Sign(&note.Note{Text: string(text)}, signer))
}

func (t *tree) consistency(old, size uint64) [][]byte {
	t.grow(size)
	if old == 0 || old >= size {
		return nil
	}
	needed := told.Must(proof.Consistency(old, size))
	hashes := [][]byte{}
	for _, id := range needed.IDs {
		hashes = append(hashes, t.nodes[id])
	}
	return told.Must(needed.Rehash(hashes, rfc6962.DefaultHasher.HashChildren))
}

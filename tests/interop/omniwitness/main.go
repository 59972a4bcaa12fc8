// Command omniwitness runs the witness of transparency-dev for one log, and for none of those it knows by itself.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"os"

	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/witness/config"
	"github.com/transparency-dev/witness/omniwitness"
	"github.com/transparency-dev/witness/persistence/inmemory"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	if len(os.Args) != 2 {
		panic("usage: omniwitness LOG-VKEY")
	}
	ctx := context.Background()
	secret, public := must2(note.GenerateKey(rand.Reader, "omniwitness.example"))
	signer := must(fnote.NewSignerForCosignatureV1(secret))
	verifier := must(note.NewVerifier(os.Args[1]))
	logs := inmemory.New()
	watched := config.Log{VKey: os.Args[1], Verifier: verifier, Origin: verifier.Name()}
	if err := logs.AddLogs(ctx, []config.Log{watched}); err != nil {
		panic(err)
	}
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	fmt.Printf("witness %s\nlistening on http://%s\n", must(fnote.VKeyToCosignatureV1(public)), listener.Addr())
	err := omniwitness.Main(ctx, omniwitness.OperatorConfig{
		WitnessKeys:     []note.Signer{signer},
		WitnessVerifier: signer.Verifier(),
		Logs:            logs,
	}, logs, listener, http.DefaultClient)
	panic(err)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func must2[T any](one, other T, err error) (T, T) {
	if err != nil {
		panic(err)
	}
	return one, other
}

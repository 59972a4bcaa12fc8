// Package told ends a check at the first thing that is not as it should be, with the name of the program.
package told

import (
	"fmt"
	"os"
	"path/filepath"
)

// Must gives the value, or ends the program with the error.
func Must[T any](value T, err error) T {
	Check(err, "")
	return value
}

// Check ends the program if there is an error, after a word on what was done.
func Check(err error, what string) {
	if err != nil {
		Fail("%s %v", what, err)
	}
}

// Fail ends the program with a message and exit code 1.
func Fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, filepath.Base(os.Args[0])+": "+format+"\n", arguments...)
	os.Exit(1)
}

package ci

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Shell is text that a POSIX shell may read with "." to have the outputs as
// variables. Between single quotes a shell takes everything as it stands.
func Shell(outputs []Output) string {
	var b strings.Builder
	for _, o := range outputs {
		b.WriteString("export " + Variable(o.Name) + "='" + strings.ReplaceAll(o.Value, "'", `'\''`) + "'\n")
	}
	return b.String()
}

// appendTo writes to the end of a file that the CI names. CircleCI names one in
// BASH_ENV, and leaves it to the first who has something to say to make it.
func appendTo(path, text string) error {
	if path == "" {
		return errors.New("the CI names no file for variables of later steps: want BASH_ENV, and in a container its file, too")
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("set variables of later steps: %w", err)
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("set variables of later steps: %w", err)
	}
	return nil
}

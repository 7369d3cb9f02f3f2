package rule

import (
	"fmt"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Lookup resolves env:NAME and file:PATH. The line end that editors leave
// after a secret in a file is no part of it.
func Lookup(getenv func(string) string, readFile func(string) ([]byte, error)) func(ref string) (secret.String, error) {
	return func(ref string) (secret.String, error) {
		if name, ok := strings.CutPrefix(ref, "env:"); ok {
			value := getenv(name)
			if value == "" {
				return secret.String{}, fmt.Errorf("environment variable %q is not set or empty", name)
			}
			return secret.New(value), nil
		}
		path := strings.TrimPrefix(ref, "file:")
		content, err := readFile(path)
		if err != nil {
			return secret.String{}, err
		}
		value := strings.TrimRight(string(content), "\r\n")
		if value == "" {
			return secret.String{}, fmt.Errorf("file %q is empty", path)
		}
		return secret.New(value), nil
	}
}

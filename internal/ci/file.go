package ci

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Format is how a file holds outputs.
type Format string

// The formats of files.
const (
	FormatJSON   Format = "json"
	FormatDotenv Format = "dotenv"
	FormatShell  Format = "shell"
)

// ParseFormat reads a format's name. Without one, the file's name tells it.
func ParseFormat(name, path string) (Format, error) {
	formats := map[string]Format{".json": FormatJSON, ".env": FormatDotenv, ".sh": FormatShell}
	for end, format := range formats {
		if name == string(format) || name == "" && strings.HasSuffix(strings.ToLower(path), end) {
			return format, nil
		}
	}
	if name != "" {
		return "", fmt.Errorf("%q is no format: want json, dotenv or shell", name)
	}
	return "", fmt.Errorf("%q tells no format: want a name that ends in .json, .env or .sh, or output-format", path)
}

// Write writes outputs to a file, in place of what it held, and names those
// that the format has no room for.
func Write(path string, format Format, outputs []Output) (left []string, err error) {
	var text string
	switch format {
	case FormatDotenv:
		text, left = Dotenv(outputs)
	case FormatShell:
		text = Shell(outputs)
	default:
		text, err = asJSON(outputs)
	}
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644) // others read it: the program may run as root in a container
	}
	if err != nil {
		return nil, fmt.Errorf("write output-file: %w", err)
	}
	return left, nil
}

// asJSON is one object with a text for every output, named as they are.
func asJSON(outputs []Output) (string, error) {
	values := map[string]string{}
	for _, o := range outputs {
		values[o.Name] = o.Value
	}
	text, err := json.MarshalIndent(values, "", "  ")
	return string(text) + "\n", err
}

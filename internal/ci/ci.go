// Package ci hands a run's outputs to the CIs that do not speak GitHub's
// dialect, each in the way that it documents, and writes them to a file for
// any. No value can set another output, whatever it holds. GitHub's own files
// are gha's.
package ci

import (
	"context"
	"io"
	"strings"
)

// Output is one output of a run.
type Output struct{ Name, Value string }

// Variable is the environment variable that holds an output in later steps. It
// is no variable that an input is read from.
func Variable(name string) string {
	return "AFTERDEPLOY_OUT_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// Host is the CI that runs this.
type Host struct {
	// Name is the CI's, as origin has it.
	Name string
	// Getenv reads the environment.
	Getenv func(string) string
	// Log is what the CI reads line by line.
	Log io.Writer
}

// SetOutputs makes the outputs variables of later steps, where the CI has a way
// to do so. They have no NUL and are UTF-8.
func (h Host) SetOutputs(ctx context.Context, outputs []Output) error {
	switch h.Name {
	case "azure":
		_, err := io.WriteString(h.Log, azureCommands(outputs))
		return err
	case "bitrise":
		return setByEnvman(ctx, outputs)
	case "buildkite":
		return setMetaData(ctx, outputs)
	case "circleci":
		return appendTo(h.Getenv("BASH_ENV"), "\n"+Shell(outputs))
	}
	return nil
}

// Style is how an annotation looks.
type Style string

// The styles of annotations.
const (
	Success Style = "success"
	Info    Style = "info"
	Warning Style = "warning"
	Error   Style = "error"
)

// Summarize shows Markdown on the page of the build, where the CI has a place
// for it, and reports whether it is shown.
func (h Host) Summarize(ctx context.Context, style Style, markdown string) (bool, error) {
	if h.Name != "buildkite" {
		return false, nil
	}
	err := annotate(ctx, h.Getenv("BUILDKITE_STEP_ID"), style, markdown)
	return err == nil, err
}

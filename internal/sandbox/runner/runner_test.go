package runner_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/runner"
)

func TestCommandsAreFoundWhereTheRunnerFindsThem(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		log  string
		want []runner.Command
	}{
		"at the start":         {"::warning title=a%2Cb::x%0Ay", []runner.Command{{"warning", map[string]string{"title": "a,b"}, "x\ny"}}},
		"after white space":    {"\u00a0\t ::debug::x", []runner.Command{{"debug", map[string]string{}, "x"}}},
		"after a lone return":  {"x\r::error::y", []runner.Command{{"error", map[string]string{}, "y"}}},
		"old form in mid line": {"response: ##[error]x", []runner.Command{{"error", map[string]string{}, "x"}}},
		"not in mid line":      {"x ::error::y", nil},
		"without an end":       {"::error x", nil},
		"without a name":       {"::::x", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, runner.Commands(tt.log)); diff != "" {
				t.Errorf("Commands(%q) (-want +got):\n%s", tt.log, diff)
			}
		})
	}
}

func TestOutputsOfBothForms(t *testing.T) {
	t.Parallel()
	got, err := runner.Outputs("a=1\n\nb<<END\nx\nc=2\nEND\nd=<<e\n")
	want := []runner.Output{{"a", "1"}, {"b", "x\nc=2"}, {"d", "<<e"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Outputs: %v (-want +got):\n%s", err, diff)
	}
}

func TestOutputsThatTheRunnerRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a", "=x", "a<<END\nx", "a<<\nx\n", "<<END\nEND"} {
		if got, err := runner.Outputs(text); err == nil {
			t.Errorf("Outputs(%q) = %v, want an error", text, got)
		}
	}
}

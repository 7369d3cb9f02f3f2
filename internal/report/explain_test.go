package report_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/report"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/runner"
)

func FuzzExplanationIsNoCommandAndKeepsItsText(f *testing.F) {
	for _, seed := range []string{"plain", "##[error]x", "###[error]x", `\##[error]x`, "##vso[task.complete]", "\n::error::x", "\r::add-mask::x", "\u2028::error::x", "\"\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "\ufffd")
		out, err := report.JSON(foreign(text))
		if err != nil {
			t.Fatal(err)
		}
		if commands := runner.Commands(string(out)); len(commands) > 0 || strings.Contains(string(out), "##") {
			t.Errorf("JSON with %q is %s, in which a runner finds %v", text, out, commands)
		}
		var got struct {
			Deployment struct{ Environment string }
			Decision   struct{ Details []string }
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("JSON with %q is %s: %v", text, out, err)
		}
		if diff := cmp.Diff([]string{text, text}, append(got.Decision.Details, got.Deployment.Environment)); diff != "" {
			t.Errorf("texts in the JSON (-want +got):\n%s", diff)
		}
	})
}

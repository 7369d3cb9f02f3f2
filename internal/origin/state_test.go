package origin_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/origin"
)

// stateEvents are the events that carry a state, as templates: WORD stands for
// its JSON.
func stateEvents() map[string]string {
	return map[string]string{
		"deployment_status":   `{"deployment_status": {"state": WORD}}`,
		"status":              `{"state": WORD}`,
		"workflow_run":        `{"action": "completed", "workflow_run": {"conclusion": WORD}}`,
		"check_run":           `{"check_run": {"status": "completed", "conclusion": WORD}}`,
		"check_suite":         `{"action": "completed", "check_suite": {"conclusion": WORD}}`,
		"repository_dispatch": `{"action": "deployed", "client_payload": {"state": WORD}}`,
	}
}

// TestOnlySuccessIsSuccess tries every word that anybody documents, words that
// look like them, and values that are none, in every place of a state.
func TestOnlySuccessIsSuccess(t *testing.T) {
	t.Parallel()
	words := []string{
		"success", "failure", "error", "failed", "timed_out", "startup_failure", "action_required",
		"cancelled", "canceled", "inactive", "skipped", "stale", "neutral",
		"queued", "pending", "waiting", "requested", "in_progress",
		"promoted", "ready", "ignored",
		"succeeded", "successful", "passed", "ok", "true", "done", "completed", "active", "built", "live", "succes", "success!", "success, failure", "",
	}
	for name, template := range stateEvents() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, word := range words {
				for _, spelt := range []string{word, strings.ToUpper(word), " " + word + "\n"} {
					want := strings.EqualFold(strings.TrimSpace(spelt), "success")
					if got := stateOf(name, template, quoted(t, spelt)); (got == deploy.Success) != want {
						t.Errorf("state %q = %q", spelt, got)
					}
				}
			}
			for _, value := range []string{"null", "true", "1", `["success"]`, `{"type": "success"}`} {
				if got := stateOf(name, template, value); got != "" {
					t.Errorf("state %s = %q, want none", value, got)
				}
			}
		})
	}
}

func TestVercelsWords(t *testing.T) {
	t.Parallel()
	want := map[string]deploy.State{
		"promoted": deploy.Success, "success": deploy.Success,
		"ready": deploy.InProgress, "pending": deploy.InProgress,
		"ignored": deploy.Cancelled, "skipped": deploy.Cancelled, "canceled": deploy.Cancelled,
		"error": deploy.Error, "failed": deploy.Error,
		"succeeded": "", "READY.": "", "": "",
	}
	for word, state := range want {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			byType := `{"action": "vercel.deployment.x", "client_payload": {"state": {"type": WORD}}}`
			if got := stateOf("repository_dispatch", byType, quoted(t, word)); got != state {
				t.Errorf("state.type %q = %q, want %q", word, got, state)
			}
			byAction := `{"action": WORD, "client_payload": {}}`
			if got := stateOf("repository_dispatch", byAction, quoted(t, "vercel.deployment."+word)); got != state {
				t.Errorf("action vercel.deployment.%s = %q, want %q", word, got, state)
			}
		})
	}
}

// TestAStateThatIsNotKnownIsTold holds that such a run is skipped, and that
// the warning quotes the word.
func TestAStateThatIsNotKnownIsTold(t *testing.T) {
	t.Parallel()
	for name, template := range stateEvents() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			payload := strings.Replace(template, "WORD", `"shipped"`, 1)
			r := origin.Resolve(environment("GITHUB_EVENT_NAME="+name), []byte(payload), origin.Given{})
			if r.Stop == nil || r.Stop.Reason != deploy.ReasonUnknownState || r.Stop.Outcome != deploy.Skipped {
				t.Errorf("Stop = %+v, want it skipped for an unknown state", r.Stop)
			}
			if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], `"shipped"`) {
				t.Errorf("Warnings = %q, want one that quotes the word", r.Warnings)
			}
		})
	}
}

func TestAGivenStateReplacesEveryOther(t *testing.T) {
	t.Parallel()
	for name, template := range stateEvents() {
		for _, value := range []string{`"success"`, `"failure"`, `"shipped"`, "null"} {
			payload := strings.Replace(template, "WORD", value, 1)
			r := origin.Resolve(environment("GITHUB_EVENT_NAME="+name), []byte(payload), origin.Given{State: deploy.Cancelled})
			if r.Deployment.State != deploy.Cancelled || len(r.Warnings) > 0 {
				t.Errorf("%s with %s = %q (%q), want cancelled and no warning", name, value, r.Deployment.State, r.Warnings)
			}
		}
	}
}

func stateOf(name, template, value string) deploy.State {
	payload := strings.Replace(template, "WORD", value, 1)
	return origin.Resolve(environment("GITHUB_EVENT_NAME="+name), []byte(payload), origin.Given{}).Deployment.State
}

func quoted(t *testing.T, text string) string {
	t.Helper()
	data, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

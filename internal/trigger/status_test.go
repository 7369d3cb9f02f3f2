package trigger_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/sandbox"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
)

// required is a gated run that sets the commit status e2e.
func required(g github.Script) scene {
	s := gated(g)
	s.inputs["commit-status"] = "e2e"
	s.env = map[string]string{"GITHUB_SERVER_URL": "https://github.example"}
	return s
}

// set are the commit statuses that were set, in their order.
func set(t *testing.T, p played) []string {
	t.Helper()
	var states []string
	for _, w := range p.writes {
		var said map[string]string
		if err := json.Unmarshal(w.Body, &said); err != nil {
			t.Fatal(err)
		}
		if w.Path != "/repos/acme/shop/statuses/"+deployed || said["context"] != "e2e" || said["target_url"] != "https://github.example/acme/shop/actions/runs/77" {
			t.Errorf("%s %s %s, want status e2e of the deployed commit with the run's link", w.Method, w.Path, w.Body)
		}
		states = append(states, said["state"]+": "+said["description"])
	}
	return states
}

const begun = "pending: Waiting for the tests' result"

func TestCommitStatus(t *testing.T) {
	t.Parallel()
	good := []github.Check{check("e2e", 0, time.Minute, "success")}
	event := func(s scene, payload string) scene {
		s.event, s.payload = "deployment_status", payload
		delete(s.inputs, "environment-url")
		return s
	}
	with := func(s scene, name, value string) scene {
		s.inputs[name] = value
		return s
	}
	existing := func(state string) []github.Status {
		return []github.Status{{Context: "E2E", Creator: "github-actions[bot]", Steps: []github.StatusStep{{When: after(-time.Hour), State: state}}}}
	}
	skips := required(github.Script{})
	skips.service.Endpoint = []sandbox.Step{{Status: 200, Body: `{"status":"processed","message":"Skipping event: nothing to do"}`}}
	cancelled := required(github.Script{})
	cancelled.cancel = time.Minute
	tests := map[string]struct {
		scene scene
		want  []string
	}{
		"passed":    {required(github.Script{Checks: good}), []string{begun, "success: passed (tests-passed): 1 result: 1 passed."}},
		"failed":    {required(github.Script{Checks: []github.Check{check("e2e", 0, time.Minute, "failure")}}), []string{begun, "failure: failed (tests-failed): 1 result: 1 failed."}},
		"no result": {required(github.Script{}), []string{begun, "error: timed-out (no-result): Nothing appeared on 1d2f3e4 in 10 min 0 s that counts as a result (results of bugster-dev named * on 1d2f3e4)."}},
		"cancelled": {cancelled, []string{begun, "error: cancelled (signal): The run was cancelled. Nothing had appeared on 1d2f3e4 yet that counts as a result (results of bugster-dev named * on 1…"}},
		"wrong":     {with(required(github.Script{}), "organization-id", ""), []string{"error: invalid (invalid-input): No organization is known: want organization-id (Bugster: Settings > Organization)."}},
		"the service skips what the run began": {
			skips, []string{begun, "success: skipped (service-skipped): The service answered 200 and runs nothing: Skipping event: nothing to do."},
		},
		"skipped, so that no required check hangs": {
			event(required(github.Script{}), reported(1004, "failure", site)),
			[]string{"success: skipped (state-not-sent): The deployment's state is error, and only success is sent."},
		},
		"skipped while the deployment is under way: its end sets it": {event(required(github.Script{}), reported(1004, "in_progress", "")), nil},
		"skipped over another run's failure":                         {event(required(github.Script{Statuses: existing("failure")}), reported(1004, "failure", site)), nil},
		"skipped over another run's wait":                            {event(required(github.Script{Statuses: existing("pending")}), reported(1004, "failure", site)), nil},
		"a word that nobody knows is no success":                     {event(required(github.Script{}), reported(1004, "splendid", site)), nil},
		"a dry run writes nothing":                                   {with(required(github.Script{}), "dry-run", "true"), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := play(t, tt.scene)
			if diff := cmp.Diff(tt.want, set(t, p)); diff != "" {
				t.Errorf("commit statuses (-want +got):\n%s\n%s", diff, p.log)
			}
		})
	}
}

func TestARepeatedSuccessLeavesTheFailureThatItHad(t *testing.T) {
	t.Parallel()
	s := required(repeating(preview, preview))
	s.event, s.payload = "deployment_status", reported(1004, "success", preview)
	delete(s.inputs, "environment-url")
	s.github.Statuses = []github.Status{{Context: "e2e", Steps: []github.StatusStep{{When: after(-time.Minute), State: "failure"}}}}
	p := play(t, s)
	p.want(t, "skipped", "already-live", 0)
	if len(p.writes) != 0 {
		t.Errorf("writes = %+v, want none", p.writes)
	}
}

func TestCommitStatusThatCannotBeReadIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := required(github.Script{Faults: []github.Fault{{Method: "GET", Times: -1, Status: 500}}})
	s.event, s.payload = "deployment_status", reported(1004, "failure", site)
	p := play(t, s)
	p.want(t, "skipped", "state-not-sent", 0)
	p.says(t, "The commit status is left as it is, since it could not be read")
	if len(p.writes) != 0 {
		t.Errorf("writes = %+v, want none", p.writes)
	}
}

func TestCommitStatusIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := required(github.Script{
		Checks: []github.Check{check("e2e", 0, time.Minute, "success")},
		Faults: []github.Fault{{Method: "POST", Skip: 1, Times: 2, Status: 502}},
	})
	p := play(t, s)
	p.want(t, "passed", "tests-passed", 1)
	if n := len(set(t, p)); n != 2 {
		t.Errorf("%d statuses set, want 2\n%s", n, p.log)
	}
}

func TestCommitStatusDegradesToANotice(t *testing.T) {
	t.Parallel()
	s := required(github.Script{
		Checks:      []github.Check{check("e2e", 0, time.Minute, "success")},
		Permissions: map[string]string{"checks": "read", "statuses": "read"},
	})
	p := play(t, s)
	p.want(t, "passed", "tests-passed", 1)
	p.says(t, "::notice title=afterdeploy::The commit status e2e was not set to pending: ", "permissions:%0A  checks: read%0A  contents: read%0A  statuses: write")
	if p.code != 0 {
		t.Errorf("exit code %d, want 0", p.code)
	}
}

func TestCommitStatusWantsTheGate(t *testing.T) {
	t.Parallel()
	p := play(t, scene{inputs: map[string]string{"commit-status": "e2e", "environment-url": site}})
	p.want(t, "invalid", "invalid-input", 0)
	p.says(t, "wait-for-result")
}

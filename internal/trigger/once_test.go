package trigger_test

import (
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
)

const preview = "https://shop-git-cart.example"

// repeating is a deployment with three statuses: 1002 in progress, 1003 and
// 1004 a success.
func repeating(first, second string) github.Script {
	return github.Script{Deployments: []github.Deployment{{ID: 1001, SHA: deployed, Environment: "Preview", Statuses: []github.DeploymentStatus{
		{When: after(-3 * time.Second), ID: 1002, State: "in_progress"},
		{When: after(-2 * time.Second), ID: 1003, State: "success", EnvironmentURL: first},
		{When: after(-2 * time.Second), ID: 1004, State: "success", EnvironmentURL: second},
	}}}}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		scene           scene
		outcome, reason string
		calls           int
	}{
		"a repeated success is not tested again": {
			scene{payload: reported(1004, "success", preview), github: repeating(preview, preview)}, "skipped", "already-live", 0,
		},
		"the first success is tested": {
			scene{payload: reported(1003, "success", preview), github: repeating(preview, preview)}, "triggered", "processed", 1,
		},
		"a success with another URL is tested": {
			scene{payload: reported(1004, "success", preview), github: repeating("https://other.example", preview)}, "triggered", "processed", 1,
		},
		"a re-run is tested": {
			scene{payload: reported(1004, "success", preview), github: repeating(preview, preview), env: map[string]string{"GITHUB_RUN_ATTEMPT": "2"}}, "triggered", "processed", 1,
		},
		"once: false tests": {
			scene{payload: reported(1004, "success", preview), github: repeating(preview, preview), inputs: map[string]string{"once": "false"}}, "triggered", "processed", 1,
		},
		"without a token it is tested": {
			scene{payload: reported(1004, "success", preview), github: repeating(preview, preview), inputs: map[string]string{"github-token": ""}}, "triggered", "processed", 1,
		},
		"hosts that fill in the old field only are compared by that": {
			scene{payload: reported(1004, "success", ""), inputs: map[string]string{"environment-url": preview}, github: github.Script{Deployments: []github.Deployment{{ID: 1001, SHA: deployed, Statuses: []github.DeploymentStatus{
				{ID: 1003, State: "success", LogURL: "https://one.example"}, {ID: 1004, State: "success", LogURL: "https://two.example"},
			}}}}}, "triggered", "processed", 1,
		},
		"a status that GitHub does not list is tested": {
			scene{payload: reported(1999, "success", preview), github: repeating(preview, preview)}, "triggered", "processed", 1,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.scene.event = "deployment_status"
			play(t, tt.scene).want(t, tt.outcome, tt.reason, tt.calls)
		})
	}
}

func TestOnceWithoutPermissionTestsAndSaysWhichIsMissing(t *testing.T) {
	t.Parallel()
	s := scene{event: "deployment_status", payload: reported(1004, "success", preview), github: repeating(preview, preview)}
	s.github.Permissions = map[string]string{}
	p := play(t, s)
	p.want(t, "triggered", "processed", 1)
	p.says(t, "::notice title=afterdeploy::Whether this success repeats", "permissions:%0A  contents: read%0A  deployments: read")
}

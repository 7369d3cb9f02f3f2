package trigger_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
)

const site = "https://shop-git-cart.example"

// deployTo is a deployment of the commit that goes through states, one every
// ten seconds from a moment on.
func deployTo(environment string, from time.Duration, states ...string) github.Deployment {
	d := github.Deployment{When: after(from), SHA: deployed, Environment: environment, Creator: "vercel[bot]"}
	for i, state := range states {
		s := github.DeploymentStatus{When: after(from + time.Duration(i)*10*time.Second), State: state, LogURL: "https://log.example/1"}
		if state == "success" || state == "inactive" {
			s.EnvironmentURL = site
		}
		d.Statuses = append(d.Statuses, s)
	}
	return d
}

func finding(deployments ...github.Deployment) scene {
	return scene{inputs: map[string]string{"find-deployment": "true"}, github: github.Script{Deployments: deployments}}
}

func TestFindWaitsUntilTheDeploymentIsLive(t *testing.T) {
	t.Parallel()
	p := play(t, finding(deployTo("Preview – shop", 30*time.Second, "pending", "in_progress", "success")))
	p.want(t, "triggered", "processed", 1)
	p.within(t, 50*time.Second, 75*time.Second)
	p.says(t, "::group::Finding the deployment\n", "none yet; waiting for a successful deployment of "+deployed[:7]+", 15 min 0 s left\n", "Preview – shop (deployment 1001): in_progress; waiting", "::endgroup::\n")
	var sent map[string]string
	if err := json.Unmarshal([]byte(p.calls[0]), &sent); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{"url": sent["environment_url"], "environment": sent["environment"], "name": p.outputs["environment-name"]}
	if diff := cmp.Diff(map[string]string{"url": site, "environment": "preview", "name": "Preview – shop"}, got); diff != "" {
		t.Errorf("what was sent (-want +got):\n%s", diff)
	}
}

func TestFindChooses(t *testing.T) {
	t.Parallel()
	many := make([]github.Deployment, 0, 131)
	for range 130 {
		many = append(many, deployTo("docs", -time.Hour, "inactive"))
	}
	tests := map[string]struct {
		scene           scene
		inputs          map[string]string
		outcome, reason string
		says            string
	}{
		"the newest of redeploys, though an older one is live": {
			finding(deployTo("preview", -time.Hour, "success"), deployTo("preview", -5*time.Second, "pending", "success")), nil,
			"triggered", "processed", "preview (deployment 1002): pending",
		},
		"the newest of redeploys, though an older one failed": {
			finding(deployTo("preview", -time.Hour, "failure"), deployTo("preview", -time.Minute, "success")), nil,
			"triggered", "processed", "Found deployment 1002",
		},
		"an older one, where the newest is inactive": {
			finding(deployTo("preview", -time.Hour, "success"), deployTo("preview", -time.Minute, "inactive")), nil,
			"triggered", "processed", "Found deployment 1001",
		},
		"no inactive one": {
			finding(deployTo("preview", -time.Hour, "success", "inactive")), map[string]string{"timeout": "1m"},
			"not-ready", "deployment-not-found", "preview (deployment 1001): inactive",
		},
		"one of more than a hundred": {
			finding(append(many, deployTo("preview", -time.Minute, "success"))...), map[string]string{"environments": "preview"},
			"triggered", "processed", "Found deployment 1131",
		},
		"none of several apps": {
			finding(deployTo("Preview – web", -time.Minute, "success"), deployTo("Preview – api", -time.Minute, "pending")), nil,
			"not-ready", "several-deployments", "Preview – api (deployment 1002): pending",
		},
		"the listed one of several apps": {
			finding(deployTo("Preview – web", -time.Minute, "success"), deployTo("Preview – api", -time.Minute, "pending")), map[string]string{"environments": "preview - web"},
			"triggered", "processed", "Found deployment 1001",
		},
		"none that is not listed": {
			finding(deployTo("Production", -time.Minute, "success")), map[string]string{"environments": "preview*", "timeout": "1m"},
			"not-ready", "deployment-not-found", "Production (deployment 1001): success",
		},
		"none of another commit": {
			scene{inputs: map[string]string{"find-deployment": "true"}, github: github.Script{Deployments: []github.Deployment{{SHA: older, Environment: "preview", Statuses: []github.DeploymentStatus{{State: "success", EnvironmentURL: site}}}}}},
			map[string]string{"timeout": "1m"}, "not-ready", "deployment-not-found", "GitHub knows none of this commit",
		},
		"one without a URL": {
			scene{inputs: map[string]string{"find-deployment": "true"}, github: github.Script{Deployments: []github.Deployment{{SHA: deployed, Environment: "preview", Statuses: []github.DeploymentStatus{{State: "success"}}}}}},
			nil, "invalid", "no-url", "success for deployment 1001, but no URL",
		},
		"one without a URL, where that is given": {
			scene{inputs: map[string]string{"find-deployment": "true", "environment-url": site}, github: github.Script{Deployments: []github.Deployment{{SHA: deployed, Environment: "preview", Statuses: []github.DeploymentStatus{{State: "success"}}}}}},
			nil, "triggered", "processed", "Found deployment 1001: " + site,
		},
		"the project by the environment that was found": {
			finding(deployTo("Preview – docs", -time.Minute, "success")), map[string]string{"project-id": "", "projects": "*docs: docs-1756145575"},
			"triggered", "processed", "for project docs-1756145575",
		},
		"no project": {
			finding(deployTo("Preview – docs", -time.Minute, "success")), map[string]string{"project-id": "", "projects": "*web: shop-1756145574"},
			"skipped", "no-project", "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for name, value := range tt.inputs {
				tt.scene.inputs[name] = value
			}
			p, calls := play(t, tt.scene), 0
			if tt.outcome == "triggered" {
				calls = 1
			}
			p.want(t, tt.outcome, tt.reason, calls)
			p.says(t, tt.says)
		})
	}
}

func TestFindStopsAtOnceWhereTheDeploymentFailed(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"error", "failure"} {
		p := play(t, finding(deployTo("preview", 10*time.Second, "pending", state)))
		p.want(t, "not-ready", "deployment-failed", 0)
		p.within(t, 20*time.Second, 40*time.Second)
		p.says(t, "The host reported "+state+" for preview.", "https://log.example/1")
	}
}

func TestFindWithoutPermissionPrintsTheWholeBlock(t *testing.T) {
	t.Parallel()
	s := finding(deployTo("preview", 0, "success"))
	s.inputs["comment"] = "true"
	s.github.Permissions = map[string]string{"contents": "read"}
	p := play(t, s)
	p.want(t, "invalid", "permission", 0)
	p.within(t, 0, time.Second)
	p.says(t, "The job's permissions have to be:\npermissions:\n  contents: read\n  deployments: read\n  pull-requests: write\n", "List deployments: GitHub answered 403")
}

func TestFindOutlivesGitHubsTroubles(t *testing.T) {
	t.Parallel()
	s := finding(deployTo("preview", 0, "success"))
	s.github.Faults = []github.Fault{
		{Status: 502, Times: 2}, {Secondary: true, RetryAfter: "45"}, {Stall: -1}, {},
	}
	p := play(t, s)
	p.want(t, "triggered", "processed", 1)
	p.within(t, 75*time.Second, 3*time.Minute)
	p.says(t, "GitHub answered 502", "rate limit", "no answer from api.github.example")
}

func TestFindStatus(t *testing.T) {
	t.Parallel()
	netlify := func(name string, states ...string) github.Status {
		s := github.Status{Context: name, Creator: "netlify[bot]"}
		for i, state := range states {
			s.Steps = append(s.Steps, github.StatusStep{When: after(time.Duration(i) * 20 * time.Second), State: state, URL: map[string]string{"success": site}[state]})
		}
		return s
	}
	tests := map[string]struct {
		statuses        []github.Status
		glob            string
		outcome, reason string
	}{
		"pending, then live":    {[]github.Status{netlify("netlify/shop/deploy-preview", "pending", "success"), netlify("Header rules - shop", "success")}, "netlify/*/deploy-preview", "triggered", "processed"},
		"failed":                {[]github.Status{netlify("netlify/shop/deploy-preview", "pending", "failure")}, "netlify/*", "not-ready", "deployment-failed"},
		"several":               {[]github.Status{netlify("netlify/shop/deploy-preview", "success"), netlify("netlify/docs/deploy-preview", "success")}, "netlify/*", "not-ready", "several-deployments"},
		"none":                  {[]github.Status{netlify("ci", "success")}, "netlify/*", "not-ready", "deployment-not-found"},
		"only with a log's URL": {[]github.Status{{Context: "netlify/shop", Steps: []github.StatusStep{{State: "success", URL: "https://app.netlify.com/sites/shop/deploys/1"}}}}, "netlify/*", "invalid", "no-url"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, calls := play(t, scene{inputs: map[string]string{"find-status": tt.glob}, github: github.Script{Statuses: tt.statuses}}), 0
			if tt.outcome == "triggered" {
				calls = 1
			}
			p.want(t, tt.outcome, tt.reason, calls)
			if calls == 1 && (p.outputs["environment-url"] != site || p.took < 20*time.Second) {
				t.Errorf("environment-url = %q after %v, want %q after 20 s", p.outputs["environment-url"], p.took, site)
			}
		})
	}
}

func TestFindIsNotNeededWhereTheEventNamesTheDeployment(t *testing.T) {
	t.Parallel()
	p := play(t, scene{
		event: "deployment_status", payload: reported(1004, "success", site),
		inputs: map[string]string{"find-deployment": "true", "once": "false"},
	})
	p.want(t, "triggered", "processed", 1)
	if p.requests != 0 {
		t.Errorf("%d requests to GitHub, want none", p.requests)
	}
	p = play(t, scene{
		event: "deployment_status", payload: reported(1004, "success", site),
		inputs: map[string]string{"find-deployment": "true", "once": "false", "environments": "production"},
	})
	p.want(t, "skipped", "environment-not-listed", 0)
}

func TestFindDoesNotWaitForWhatIsMissingAnyway(t *testing.T) {
	t.Parallel()
	for _, inputs := range []map[string]string{
		{"find-deployment": "true", "project-id": ""},
		{"find-status": "netlify/*", "project-id": "", "projects": "production: shop-1756145574"},
		{"find-status": "netlify/*", "environments": "production"},
		{"find-deployment": "true", "deployment-state": "failure"},
	} {
		p := play(t, scene{inputs: inputs})
		if p.requests != 0 || len(p.calls) != 0 || p.took > time.Second {
			t.Errorf("%v: %d requests, %d calls in %v; want none\n%s", inputs, p.requests, len(p.calls), p.took, p.log)
		}
	}
}

func TestFindNeedsAWholeCommitAndAToken(t *testing.T) {
	t.Parallel()
	p := play(t, scene{inputs: map[string]string{"find-deployment": "true", "branch": "main"}, event: "workflow_dispatch", payload: `{"ref":"refs/heads/main"}`})
	p.want(t, "invalid", "no-ref", 0)
	p = play(t, scene{inputs: map[string]string{"find-deployment": "true", "commit-sha": deployed[:7]}, event: "workflow_dispatch", payload: `{"ref":"refs/heads/main"}`})
	p.want(t, "invalid", "no-ref", 0)
	p = play(t, scene{inputs: map[string]string{"find-deployment": "true", "github-token": ""}})
	p.want(t, "invalid", "invalid-input", 0)
	p.says(t, "there is no github-token")
}

func TestFindThatIsCancelled(t *testing.T) {
	t.Parallel()
	s := finding(deployTo("preview", 0, "pending"))
	s.cancel = time.Minute
	p := play(t, s)
	p.want(t, "cancelled", "signal", 0)
	p.within(t, time.Minute, time.Minute)
}

func TestFindTellsEveryMinuteHowLongIsLeft(t *testing.T) {
	t.Parallel()
	s := finding(deployTo("preview", 0, "pending"))
	s.inputs["timeout"] = "10m"
	p := play(t, s)
	p.want(t, "not-ready", "deployment-not-found", 0)
	if n := strings.Count(p.log, "preview (deployment 1001): pending; waiting for"); n < 8 || n > 10 {
		t.Errorf("told %d times in 10 minutes, want about once a minute\n%s", n, p.log)
	}
	p.within(t, 9*time.Minute+50*time.Second, 10*time.Minute)
}

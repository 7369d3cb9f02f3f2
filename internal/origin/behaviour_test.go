package origin_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/origin"
)

const (
	deployedCommit = "4f1d2c9a7b30e58d6c41f0a92b7e35d8c6a1904e"
	headCommit     = "9b3ad1f07c254ee8a10c66d2f5738be94d0e2a71"
	mergeCommit    = "e07c5b1298d3f64aa2be90715cd84f3361a5b9d0"
)

// TestWhatIsSent holds what a call is made of, for recorded events that are
// easily misread: the state first of all, then whose commit it is.
func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	type sent struct{ State, Commit, Branch, Environment, URL string }
	const site = "https://shop-git-new-cart-acme.vercel.app"
	tests := map[string]struct {
		event string
		want  sent
	}{
		"a failure is an error": {
			"vercel_failure", sent{"error", deployedCommit, "", "preview", ""},
		},
		"inactive is no success": {
			"deployment_status_inactive", sent{"cancelled", deployedCommit, "", "preview", site},
		},
		"pending is no success": {
			"vercel_pending", sent{"in_progress", deployedCommit, "", "preview", site},
		},
		"an unknown word is no state": {
			"state_unknown", sent{"", deployedCommit, "", "preview", site},
		},
		"the commit goes without its branch": {
			"push", sent{"success", deployedCommit, "", "", ""},
		},
		"a given branch goes without the event's commit": {
			"push_branch_given", sent{"success", "", "release/1", "", ""},
		},
		"a pull request is its head": {
			"pull_request", sent{"success", headCommit, "", "preview", ""},
		},
		"a pull request is its head under pull_request_target too": {
			"pull_request_target", sent{"success", headCommit, "", "preview", ""},
		},
		"a workflow run is its head": {
			"workflow_run", sent{"success", headCommit, "", "", ""},
		},
		"a deployment status is read whole": {
			"deployment_status_success", sent{"success", deployedCommit, "", "preview", site},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := resolveCase(t, tt.event).Deployment
			got := sent{string(d.State), d.Ref.Commit(), d.Ref.Branch(), d.Environment, d.URL}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.event, diff)
			}
		})
	}
}

func TestResultsHangOnACommitThatIsSurelyDeployed(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"push":                            deployedCommit,
		"push_same_branch_given":          deployedCommit,
		"push_branch_given":               "",
		"pull_request_merge_commit_given": mergeCommit,
		"pull_request_merge_ref_given":    "",
		"relay_dispatch":                  headCommit,
		"relay_dispatch_elsewhere":        "",
		"ci_buildkite_head":               "",
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := resolveCase(t, name).Context.Commit; got != want {
				t.Errorf("Context.Commit = %q, want %q", got, want)
			}
		})
	}
}

func TestAnAbbreviatedCommitIsCompletedForResultsOnly(t *testing.T) {
	t.Parallel()
	short, err := deploy.ParseCommit(headCommit[:7])
	if err != nil {
		t.Fatal(err)
	}
	r := origin.Resolve(environment("GITHUB_EVENT_NAME=pull_request"), event(t, "pull_request"), origin.Given{Commit: short})
	if got := r.Deployment.Ref.Commit(); got != headCommit[:7] {
		t.Errorf("sent %q, want it as it was given, %q", got, headCommit[:7])
	}
	if r.Context.Commit != headCommit {
		t.Errorf("Context.Commit = %q, want %q", r.Context.Commit, headCommit)
	}
}

func TestAStopGivesWayToACommit(t *testing.T) {
	t.Parallel()
	commit, err := deploy.ParseCommit(headCommit)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"delete", "issue_comment", "push_deletes_branch"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, payload := environment("GITHUB_EVENT_NAME="+eventName(t, name)), event(t, name)
			if r := origin.Resolve(env, payload, origin.Given{}); r.Stop == nil {
				t.Error("without a commit the run goes on, want it stopped")
			}
			if r := origin.Resolve(env, payload, origin.Given{Commit: commit}); r.Stop != nil {
				t.Errorf("with a commit the run stops (%s), want it to go on", r.Stop.Reason)
			}
		})
	}
}

func TestAPasswordInAURLIsShownNowhere(t *testing.T) {
	t.Parallel()
	if got := show(resolveCase(t, "url_with_password")); strings.Contains(got, "hunter2") {
		t.Errorf("the password is in:\n%s", got)
	}
	for _, address := range []string{"https://me:hunter2@ host", "https://me:hunter2%zz@host", "ftp://me:hunter2@host", "//me:hunter2@host", "me:hunter2@host"} {
		if got := show(origin.Resolve(environment("GITLAB_CI=true\nCI_ENVIRONMENT_URL="+address), nil, origin.Given{})); strings.Contains(got, "hunter2") {
			t.Errorf("the password of %q is in:\n%s", address, got)
		}
	}
}

func TestEnvironmentNames(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"Production":                  "production",
		" Preview ":                   "preview",
		"STAGING":                     "staging",
		"Preview – web":               "preview",
		"Production — production-api": "production",
		"Preview - web":               "preview",
		"Preview – apps/web":          "preview",
		"Preview (9b3ad1f)":           "preview",
		"shop (Production)":           "production",
		"shop / production":           "production",
		"production / staging":        "staging",
		"staging/eu":                  "staging",
		"preview/new-cart":            "preview",
		"github-pages":                "github-pages",
		"QA Europe":                   "qa europe",
		"production-eu":               "production-eu",
		"web-preview":                 "web-preview",
		"Preview–web":                 "preview–web",
		"not production":              "not production",
		"( )":                         "( )",
		"/":                           "/",
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := origin.Resolve(environment("GITLAB_CI=true\nCI_ENVIRONMENT_NAME="+name), nil, origin.Given{}).Deployment
			if d.Environment != want {
				t.Errorf("environment of %q = %q, want %q", name, d.Environment, want)
			}
			if d.EnvironmentName != strings.TrimSpace(name) {
				t.Errorf("environment-name of %q = %q, want it as it is", name, d.EnvironmentName)
			}
		})
	}
}

// TestLinksThatAreNoSites holds that a log or dashboard is not tested.
func TestLinksThatAreNoSites(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"https://shop.example.com":                                   true,
		"http://shop.example.com:8080/start?lang=en":                 true,
		"https://shop.onrender.com/":                                 true,
		"https://shop-production.up.railway.app":                     true,
		"https://acme.github.io/shop/":                               true,
		"https://git.acme.example/pages/acme/shop/":                  true,
		"https://[2001:db8::7]/":                                     true,
		"https://dashboard.acme.example/":                            true,
		"https://git.acme.example/acme/shop/actions/runs/7/job/8":    false,
		"https://GitHub.com/acme/shop/actions/runs/7":                false,
		"https://github.com/acme/shop/runs/7?check_suite_focus=true": false,
		"https://vercel.com/acme/shop/8Fh2kQ":                        false,
		"https://www.vercel.com/acme/shop/8Fh2kQ":                    false,
		"https://dashboard.render.com/web/srv-c41":                   false,
		"https://app.netlify.com/projects/acme-shop/deploys/691f":    false,
		"https://railway.app/project/77aa":                           false,
		"https://railway.com/project/77aa":                           false,
		"https://dash.cloudflare.com/77aa/pages/view/shop":           false,
		"https://dashboard.heroku.com/apps/shop":                     false,
		"https://eu-west-1.console.aws.amazon.com/codesuite":         false,
		"https://ci.acme.example/shop/runs/12":                       false,
		"ftp://shop.example.com":                                     false,
		"shop.example.com":                                           false,
		"https://":                                                   false,
		"https:///path":                                              false,
		"https://me@shop.example.com":                                false,
		"javascript:alert(1)":                                        false,
		"https://shop.example.com\n::error::x":                       false,
		"":                                                           false,
	}
	for address, want := range tests {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			payload := `{"state": "success", "sha": "` + headCommit + `", "target_url": ` + quoted(t, address) + `}`
			r := origin.Resolve(environment("GITHUB_EVENT_NAME=status\nGITHUB_SERVER_URL=https://git.acme.example"), []byte(payload), origin.Given{})
			wanted := ""
			if want {
				wanted = address
			}
			if got := r.Deployment.URL; got != wanted {
				t.Errorf("URL of %q = %q (%s), want %q", address, got, r.Reasons[deploy.FieldURL], wanted)
			}
		})
	}
}

// resolveCase resolves a case of testdata as TestResolve does.
func resolveCase(t *testing.T, name string) origin.Resolution {
	t.Helper()
	archive := readCase(t, name)
	return origin.Resolve(environment(section(archive, "env")), event(t, name), given(t, section(archive, "given")))
}

func eventName(t *testing.T, name string) string {
	t.Helper()
	return environment(section(readCase(t, name), "env"))("GITHUB_EVENT_NAME")
}

func readCase(t *testing.T, name string) *txtar.Archive {
	t.Helper()
	data, err := os.ReadFile("testdata/cases/" + name + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	return txtar.Parse(data)
}

// TestCIIsNamedAlike holds that the CI has one name before and after resolving.
func TestCIIsNamedAlike(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if got, want := origin.CI(environment(section(readCase(t, name), "env"))), resolveCase(t, name).Context.CI; got != want {
			t.Errorf("%s: CI = %q, want %q as Resolve says", name, got, want)
		}
	}
}

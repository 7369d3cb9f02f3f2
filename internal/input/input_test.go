package input_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/input"
)

// given reads inputs from a map.
func given(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func parse(t *testing.T, values map[string]string) input.Inputs {
	t.Helper()
	in, err := input.Parse(given(values))
	if err != nil {
		t.Fatalf("Parse(%v): %v", values, err)
	}
	return in
}

func TestNothingGivenMeansTheDefaults(t *testing.T) {
	t.Parallel()
	in := parse(t, nil)
	got := map[string]any{
		"timeout": in.Timeout, "send-states": in.SendStates, "retry-ambiguous": in.RetryAmbiguous,
		"on-missing-key": in.OnMissingKey, "skip-bot-branches": in.SkipBotBranches, "once": in.Once,
		"summary": in.Summary, "dry-run": in.DryRun, "wait-for-url": in.WaitForURL, "ready-checks": in.ReadyChecks,
		"result-app": in.ResultApp.String(), "result-name": in.ResultName.String(),
		"result-settle": in.ResultSettle, "result-appear": in.ResultAppear, "state": in.State, "commit": in.Commit.IsZero(),
	}
	want := map[string]any{
		"timeout": 5 * time.Minute, "send-states": []deploy.State{deploy.Success}, "retry-ambiguous": true,
		"on-missing-key": input.MissingKeyAuto, "skip-bot-branches": true, "once": true,
		"summary": true, "dry-run": false, "wait-for-url": false, "ready-checks": 2,
		"result-app": "bugster-dev", "result-name": "*",
		"result-settle": 30 * time.Second, "result-appear": 10 * time.Minute, "state": deploy.State(""), "commit": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

// The texts promise defaults; the promised words have to be in them.
func TestTextsNameTheDefaults(t *testing.T) {
	t.Parallel()
	promised := map[string]string{
		"api-url": "Default: https://api.bugster.app.", "timeout": "Default: 5m; 15m when it waits for a URL or a deployment; 60m when it waits for a result.",
		"send-states": "Default: success.", "retry-ambiguous": "Default: once.", "on-missing-key": "Default: auto.",
		"skip-bot-branches": "Default: true.", "fail-on": "Default: failed, rejected, unreachable, unknown, not-ready, timed-out, cancelled.",
		"once": "Default: true.", "find-deployment": "Default: false.", "wait-for-url": "Default: false.", "expect-status": "Default: 2xx.",
		"ready-checks": "Default: 2.", "version-from": "Default: body.", "wait-for-result": "Default: false.", "result-app": "Default: bugster-dev.",
		"result-name": "Default: *.", "result-settle": "Default: 30s.", "result-appear": "Default: 10m.", "comment": "Default: false.",
		"dry-run": "Default: false.", "summary": "Default: true.",
	}
	for _, spec := range input.Table() {
		if want, ok := promised[spec.Name]; ok && !strings.HasSuffix(spec.Text, want) {
			t.Errorf("the text of %s is %q, want it to end in %q", spec.Name, spec.Text, want)
		}
		delete(promised, spec.Name)
		if spec.Name != strings.ToLower(spec.Name) || strings.Contains(spec.Name, "_") {
			t.Errorf("%q is not kebab-case", spec.Name)
		}
	}
	if len(promised) > 0 {
		t.Errorf("these inputs are not declared: %v", promised)
	}
}

func TestTimeoutIsLongerTheMoreTheRunWaitsFor(t *testing.T) {
	t.Parallel()
	tests := map[string]time.Duration{
		"wait-for-url": 15 * time.Minute, "find-deployment": 15 * time.Minute, "wait-for-result": time.Hour,
	}
	for name, want := range tests {
		if got := parse(t, map[string]string{name: "true"}).Timeout; got != want {
			t.Errorf("timeout with %s is %v, want %v", name, got, want)
		}
		if got := parse(t, map[string]string{name: "true", "timeout": "90s"}).Timeout; got != 90*time.Second {
			t.Errorf("timeout with %s and 90s is %v, want 90s", name, got)
		}
	}
}

func TestMistakesSayWhatWasExpected(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ name, value, want string }{
		"duration":             {"timeout", "soon", "a duration such as 90s"},
		"duration too short":   {"timeout", "1ms", "of at least 1s"},
		"bare number":          {"timeout", "60", "a duration such as 90s"},
		"boolean":              {"summary", "1", "true or false"},
		"state":                {"deployment-state", "done", "success, failure"},
		"states":               {"send-states", "success,done", "states out of"},
		"commit":               {"commit-sha", "main", "7 to 64 hexadecimal digits"},
		"branch that is a tag": {"branch", "refs/tags/v1", "the name of a branch"},
		"URL":                  {"environment-url", "shop.example.com", "an absolute URL"},
		"URL with password":    {"environment-url", "https://u:p@shop.example.com", "without user name and password"},
		"glob":                 {"environments", "a[", "a [ needs its ]"},
		"project without glob": {"projects", ": x", "a pattern before the colon"},
		"project without id":   {"projects", "web:", "pattern: project-id"},
		"choice":               {"on-missing-key", "ignore", "auto or skip or fail"},
		"outcome":              {"fail-on", "triggered", "outcomes out of"},
		"number":               {"ready-checks", "0", "a whole number from 1 to 20"},
		"path":                 {"wait-for-url", "healthz", "true, false or a path"},
		"path of another host": {"wait-for-url", "//evil.example/x", "a path such as"},
		"identifier":           {"project-id", "my project", "an identifier without spaces"},
		"two lines":            {"environment", "a\nb", "one line"},
		"status without gate":  {"commit-status", "tests", "without wait-for-result"},
		"two ways to find":     {"find-status", "netlify/*", "either find-deployment or find-status"},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			values := map[string]string{tt.name: tt.value}
			if tt.name == "find-status" {
				values["find-deployment"] = "true"
			}
			_, err := input.Parse(given(values))
			var mistake *input.Error
			if !errors.As(err, &mistake) || mistake.Name != tt.name || !strings.Contains(mistake.Want, tt.want) {
				t.Errorf("Parse(%s=%q) = %v, want a mistake of %s that wants %q", tt.name, tt.value, err, tt.name, tt.want)
			}
		})
	}
}

func TestAliases(t *testing.T) {
	t.Parallel()
	in := parse(t, map[string]string{
		"bugster_api_key": "k", "project_id": "p", "organization_id": "o", "environment_url": "https://x.example.com", "deployment_state": "failed",
		"commit_sha": "1234567", "api_base": "https://api.example.com", "timeout_seconds": "60", "timeout": "1m", "branch": "main",
	})
	got := []any{in.APIKey.Reveal(), in.ProjectID, in.OrganizationID, in.EnvironmentURL, in.State, in.Commit.Commit(), in.APIURL, in.Timeout, in.Branch.Branch()}
	want := []any{"k", "p", "o", "https://x.example.com", deploy.Error, "1234567", "https://api.example.com", time.Minute, "main"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("aliases (-want +got):\n%s", diff)
	}
}

func TestAliasAndNameMustAgree(t *testing.T) {
	t.Parallel()
	for name, values := range map[string]map[string]string{
		"api-key": {"api-key": "SECRET-ONE", "bugster_api_key": "SECRET-TWO"},
		"timeout": {"timeout": "5m", "timeout_seconds": "60"},
		"api-url": {"api_base_url": "https://a.example", "api_base": "https://b.example"},
	} {
		_, err := input.Parse(given(values))
		var mistake *input.Error
		if !errors.As(err, &mistake) || mistake.Name != name {
			t.Errorf("Parse(%v) = %v, want a mistake of %s", values, err, name)
		}
		if err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("the mistake shows the secret: %v", err)
		}
	}
}

func TestTimeoutSecondsAreWhole(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"1.5", "60s", "-1", "0", "1m"} {
		if _, err := input.Parse(given(map[string]string{"timeout_seconds": value})); err == nil {
			t.Errorf("timeout_seconds %q is taken", value)
		}
	}
}

func TestProjectsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	in := parse(t, map[string]string{"projects": "\n# web first\npreview*web: web-1\r\n  a: b : docs-2\n*: rest-3\n"})
	var got []string
	for _, p := range in.Projects {
		got = append(got, p.Environment.String()+"→"+p.ID)
	}
	if diff := cmp.Diff([]string{"preview*web→web-1", "a: b →docs-2", "*→rest-3"}, got); diff != "" {
		t.Errorf("projects (-want +got):\n%s", diff)
	}
}

func TestInvalidIsAlwaysRed(t *testing.T) {
	t.Parallel()
	in := parse(t, map[string]string{"fail-on": "rejected, skipped\nrejected"})
	if diff := cmp.Diff([]deploy.Outcome{deploy.Invalid, deploy.Rejected, deploy.Skipped}, in.FailOn); diff != "" {
		t.Errorf("fail-on (-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	for _, value := range []string{"", "true", "soon", "a[", "60", "refs/heads/x", "https://[", "\x00", "a: b: c\n:", "success,failure", "/x?y"} {
		f.Add(value)
	}
	specs := input.Table()
	f.Fuzz(func(t *testing.T, value string) {
		for _, spec := range specs {
			in, err := input.Parse(given(map[string]string{spec.Name: value}))
			if !in.Commit.IsZero() && in.Commit.Branch() != "" || !in.Branch.IsZero() && in.Branch.Commit() != "" {
				t.Errorf("%s=%q gives a commit that is a branch, or the reverse", spec.Name, value)
			}
			if in.State == deploy.Success && !strings.EqualFold(strings.TrimSpace(value), "success") {
				t.Errorf("%s=%q is taken for a success", spec.Name, value)
			}
			if err != nil && spec.Secret && len(value) > 20 && strings.Contains(err.Error(), value) {
				t.Errorf("the mistake in %s shows its value: %v", spec.Name, err)
			}
			if in.Timeout < time.Second {
				t.Errorf("%s=%q makes the timeout %v", spec.Name, value, in.Timeout)
			}
		}
	})
}

// A list that was written on Windows has the same items.
func TestLineBreaksOfWindows(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"environments": "production\npreview*\n", "send-states": "success\nerror\n", "allowed-hosts": "a.example\nb.example\n",
		"projects": "preview*: shop-1\n*: rest-2\n", "project-id": "shop-1\n", "environment-url": "https://shop.example.com\n",
		"timeout": "90s\n", "wait-for-url": "true\n",
	}
	windows := map[string]string{}
	for name, value := range values {
		windows[name] = strings.ReplaceAll(value, "\n", "\r\n")
	}
	if want, got := parse(t, values), parse(t, windows); !reflect.DeepEqual(got, want) {
		t.Errorf("with CRLF it is %+v, want %+v", got, want)
	}
}

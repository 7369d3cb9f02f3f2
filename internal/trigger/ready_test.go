package trigger_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/sandbox"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/app"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github/inmemory"
	"github.com/afterdeploy/afterdeploy/internal/trigger"
)

const (
	deployed = "1d2f3e4a5b6c7d8e9f0a1b2c3d4e5f60718293a4"
	older    = "0d11c2e5aa97b3f46d8806e1b2c4f7795e3dab12"
)

// waited is what became of a run against a scripted application.
type waited struct {
	code  int
	log   string
	calls int
	took  time.Duration
}

// run runs the action in fake time, with some inputs beside those that every
// run has. Two hosts are played: the application and the service.
func run(t *testing.T, inputs map[string]string, stages ...app.Stage) (w waited) {
	t.Helper()
	account := sandbox.DefaultAccount()
	env := map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "7",
		"INPUT_API-KEY": account.Key, "INPUT_PROJECT-ID": account.Projects[0], "INPUT_ORGANIZATION-ID": account.Organization,
		"INPUT_ENVIRONMENT-URL": "https://shop.example", "INPUT_COMMIT-SHA": deployed,
	}
	for name, value := range inputs {
		env["INPUT_"+strings.ToUpper(name)] = value
	}
	service, shop := sandbox.New(sandbox.Script{}), app.New(app.Script{Stages: stages})
	hosts := http.NewServeMux()
	hosts.Handle("api.bugster.app/", service)
	hosts.Handle("shop.example/", shop)
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		host := trigger.Host{
			Version: "test", Out: &out, Random: func() float64 { return 0 }, Transport: inmemory.Transport(hosts),
			Getenv:   func(name string) string { return env[name] },
			ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist },
		}
		start := time.Now()
		w.code = host.Trigger(t.Context())
		w.took = time.Since(start)
	})
	w.log, w.calls = out.String(), len(service.Trigger.Requests())
	return w
}

func TestRunWaitsForTheApplication(t *testing.T) {
	t.Parallel()
	stages := []app.Stage{{For: 30 * time.Second, Status: 502}, {For: 30 * time.Second, Version: older}, {Version: deployed[:7]}}
	got := run(t, map[string]string{"wait-for-url": "/", "expect-version": "commit", "version-from": "json:git.sha", "version-url": "/version"}, stages...)
	if got.code != 0 || got.calls != 1 || got.took < time.Minute {
		t.Errorf("exit code %d after %v with %d calls, want 0 after a minute with 1\n%s", got.code, got.took, got.calls, got.log)
	}
	for _, want := range []string{
		"::group::Waiting until the application is ready\n",
		"502 Bad Gateway; waiting for https://shop.example/ with commit " + deployed + ", 15 min 0 s left\n",
		`another version, .git.sha: "` + older + `"; waiting for`,
		`ready after`,
		"::endgroup::\n",
	} {
		if !strings.Contains(got.log, want) {
			t.Errorf("the log lacks %q:\n%s", want, got.log)
		}
	}
}

func TestRunCallsNobodyWhereTheApplicationIsNotReady(t *testing.T) {
	t.Parallel()
	for reason, tt := range map[string]struct {
		inputs map[string]string
		stage  app.Stage
	}{
		"not-answering": {map[string]string{"wait-for-url": "true", "timeout": "1m"}, app.Stage{Status: 500}},
		"old-version":   {map[string]string{"expect-version": "commit", "timeout": "1m"}, app.Stage{Version: older}},
		"wall":          {map[string]string{"wait-for-url": "true"}, app.Stage{Wall: app.Vercel}},
	} {
		got := run(t, tt.inputs, tt.stage)
		if got.code != 6 || got.calls != 0 || got.took > time.Minute || !strings.Contains(got.log, "not-ready ("+reason+")::") {
			t.Errorf("%s: exit code %d after %v with %d calls, want 6 and none\n%s", reason, got.code, got.took, got.calls, got.log)
		}
	}
}

func TestRunSendsAndHidesRequestHeaders(t *testing.T) {
	t.Parallel()
	got := run(t, map[string]string{
		"wait-for-url":    "true",
		"request-headers": "x-vercel-protection-bypass: let-me-in\nEmpty:\n",
	}, app.Stage{Wall: app.Vercel, Opens: "X-Vercel-Protection-Bypass: let-me-in"})
	if got.code != 0 || !strings.Contains(got.log, "::add-mask::let-me-in\n") || strings.Count(got.log, "let-me-in") != 1 {
		t.Errorf("exit code %d, want 0 and the header's value masked, and shown nowhere else\n%s", got.code, got.log)
	}
	if !strings.Contains(got.log, "request-headers: Empty came without a value") {
		t.Errorf("the log does not tell of the empty header\n%s", got.log)
	}
}

func TestRunTellsAllMistakesAboutWaitingAtOnce(t *testing.T) {
	t.Parallel()
	got := run(t, map[string]string{
		"expect-status": "ok, 7", "request-headers": "Host: x\nnonsense", "expect-version": "/(/",
		"version-url": "version", "version-from": "cookie:x",
	})
	for _, name := range []string{"expect-status", "request-headers", "expect-version", "version-url", "version-from"} {
		if !strings.Contains(got.log, `input "`+name+`": `) {
			t.Errorf("nothing said about %s", name)
		}
	}
	if lone := run(t, map[string]string{"version-from": "body"}); lone.code != 2 || !strings.Contains(lone.log, `"expect-version": want a version`) {
		t.Errorf("exit code %d for version-from alone, want 2\n%s", lone.code, lone.log)
	}
	if got.code != 2 || got.calls != 0 || t.Failed() {
		t.Errorf("exit code %d with %d calls, want 2 and none\n%s", got.code, got.calls, got.log)
	}
}

func TestRunDoesNotWaitWhereThereIsNothingToTest(t *testing.T) {
	t.Parallel()
	got := run(t, map[string]string{"wait-for-url": "true", "deployment-state": "failure", "send-states": "error"}, app.Stage{Hang: true})
	if got.took > time.Second || got.calls != 1 {
		t.Errorf("%d calls after %v, want 1 at once\n%s", got.calls, got.took, got.log)
	}
}

func TestRunThatIsCancelledWhileItWaits(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(42*time.Second, func() { cancel(errors.New("interrupt")) })
		account := sandbox.DefaultAccount()
		env := map[string]string{
			"INPUT_API-KEY": account.Key, "INPUT_PROJECT-ID": account.Projects[0], "INPUT_ORGANIZATION-ID": account.Organization,
			"INPUT_ENVIRONMENT-URL": "https://shop.example", "INPUT_COMMIT-SHA": deployed, "INPUT_WAIT-FOR-URL": "true",
		}
		host := trigger.Host{
			Out: &out, Random: func() float64 { return 0 }, Getenv: func(name string) string { return env[name] },
			Transport: inmemory.Transport(app.New(app.Script{Stages: []app.Stage{{Status: 503}}})),
			ReadFile:  func(string) ([]byte, error) { return nil, fs.ErrNotExist },
		}
		start := time.Now()
		if code := host.Trigger(ctx); code != 130 || time.Since(start) != 42*time.Second {
			t.Errorf("exit code %d after %v, want 130 after 42s\n%s", code, time.Since(start), &out)
		}
	})
	if diff := cmp.Diff(1, strings.Count(out.String(), "outcome=cancelled")); diff != "" {
		t.Errorf("output outcome=cancelled (-want +got):\n%s%s", diff, &out)
	}
}

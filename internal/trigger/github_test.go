package trigger_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/hub/contract"
	"github.com/afterdeploy/afterdeploy/internal/sandbox"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github/inmemory"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/runner"
	"github.com/afterdeploy/afterdeploy/internal/trigger"
)

// scene is a run of the action on a GitHub that is played.
type scene struct {
	// event and payload are what started the run; without payload it is a push
	// of the commit that is deployed.
	event, payload string
	env            map[string]string
	inputs         map[string]string
	github         github.Script
	service        sandbox.Script
	// cancel ends the run from outside, if it is not 0.
	cancel time.Duration
}

// played is what became of it.
type played struct {
	code    int
	log     string
	outputs map[string]string
	took    time.Duration
	// calls are those of the trigger endpoint, their bodies.
	calls  []string
	writes []github.Write
	// requests came to GitHub, counted were those that it counted.
	requests, counted int
}

// play runs a scene in fake time. Every request to GitHub, and every answer of
// its stand-in, is held against GitHub's own description.
func play(t *testing.T, s scene) (p played) {
	t.Helper()
	description, err := contract.Load("../hub/testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	files, out := t.TempDir(), &bytes.Buffer{}
	env := s.environment(files)
	for _, name := range []string{"output", "summary"} { // as a runner does
		if err := os.WriteFile(filepath.Join(files, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s.service.GitHub = &s.github
		service := sandbox.New(s.service)
		fake := service.GitHub
		hosts := http.NewServeMux()
		hosts.Handle("api.github.example/", description.Handler(sandbox.GitHubPath, fake, func(err error) {
			t.Errorf("not as GitHub describes it: %v", err)
		}))
		hosts.Handle("api.bugster.app/", service)
		host := trigger.Host{
			Version: "test", Out: out, Random: func() float64 { return 0 }, Transport: inmemory.Transport(hosts),
			Getenv: func(name string) string { return env[name] },
			ReadFile: func(path string) ([]byte, error) {
				switch {
				case path != "event.json":
					return nil, fs.ErrNotExist
				case s.payload == "":
					return []byte(`{"ref":"refs/heads/main","after":"` + deployed + `","repository":{"full_name":"acme/shop"}}`), nil
				}
				return []byte(s.payload), nil
			},
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		if s.cancel > 0 {
			time.AfterFunc(s.cancel, stop)
		}
		start := time.Now()
		p.code = host.Trigger(ctx)
		p.took = time.Since(start)
		for _, request := range service.Trigger.Requests() {
			p.calls = append(p.calls, string(request.Body))
		}
		p.writes = fake.Writes()
		p.requests, p.counted = fake.Requests()
	})
	p.log, p.outputs = out.String(), outputs(t, filepath.Join(files, "output"))
	return p
}

func (s scene) environment(files string) map[string]string {
	account := sandbox.DefaultAccount()
	env := map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_API_URL": "https://api.github.example/api/v3",
		"GITHUB_SERVER_URL": "https://github.example", "GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "1",
		"GITHUB_WORKFLOW": "after deploy", "GITHUB_JOB": "test",
		"GITHUB_OUTPUT": filepath.Join(files, "output"), "GITHUB_STEP_SUMMARY": filepath.Join(files, "summary"),
		"INPUT_API-KEY": account.Key, "INPUT_PROJECT-ID": account.Projects[0], "INPUT_ORGANIZATION-ID": account.Organization,
		"INPUT_GITHUB-TOKEN": "ghs_token",
	}
	env["GITHUB_EVENT_PATH"], env["GITHUB_EVENT_NAME"] = "event.json", s.event
	if s.event == "" {
		env["GITHUB_EVENT_NAME"] = "push"
	}
	for name, value := range s.env {
		env[name] = value
	}
	for name, value := range s.inputs {
		env["INPUT_"+strings.ToUpper(name)] = value
	}
	return env
}

// outputs reads the runner's file of outputs.
func outputs(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	list, err := runner.Outputs(string(text))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, o := range list {
		values[o.Name] = o.Value
	}
	return values
}

// want checks the ending, and that the endpoint was called so many times.
func (p played) want(t *testing.T, outcome, reason string, calls int) {
	t.Helper()
	if p.outputs["outcome"] != outcome || p.outputs["reason"] != reason || len(p.calls) != calls {
		t.Errorf("%s (%s), %d calls; want %s (%s), %d calls\n%s", p.outputs["outcome"], p.outputs["reason"], len(p.calls), outcome, reason, calls, p.log)
	}
}

// says checks that the log holds each text.
func (p played) says(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.log, text) {
			t.Errorf("the log does not say %q:\n%s", text, p.log)
		}
	}
}

// within checks how long the run took.
func (p played) within(t *testing.T, least, most time.Duration) {
	t.Helper()
	if p.took < least || p.took > most {
		t.Errorf("it took %v, want %v to %v\n%s", p.took, least, most, p.log)
	}
}

// after is a time of a timeline.
func after(d time.Duration) github.When { return github.When{After: d} }

// reported is the payload of a deployment_status event about deployment 1001.
func reported(id int, state, url string) string {
	return fmt.Sprintf(`{"action":"created",
		"deployment":{"id":1001,"sha":%q,"ref":%[1]q,"environment":"Preview"},
		"deployment_status":{"id":%d,"state":%q,"environment":"Preview","environment_url":%q},
		"repository":{"full_name":"acme/shop","default_branch":"main"},"sender":{"login":"vercel[bot]"}}`, deployed, id, state, url)
}

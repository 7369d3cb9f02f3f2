package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/afterdeploy/afterdeploy/internal/sandbox"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/runner"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"afterdeploy": main})
}

// TestScript runs one behaviour per file, the whole program against the
// sandbox.
func TestScript(t *testing.T) {
	t.Parallel()
	events, err := filepath.Abs("../../internal/origin/testdata/events")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE") != "",
		Setup:               func(env *testscript.Env) error { return asStep(env, events) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"service": service,
			"event":   event,
			"output":  output,
			"sent":    sent,
			"body":    body,
			"trim":    trim,
			"obeyed":  obeyed,

			// Of other CIs.
			"as":        as,
			"snippet":   snippet,
			"component": component,
		},
	})
}

// asStep is the environment that a runner gives a step.
func asStep(env *testscript.Env, events string) error {
	env.Values[currentKey{}] = &current{}
	account := sandbox.DefaultAccount()
	for name, value := range map[string]string{
		"EVENTS":                events,
		"GITHUB_ACTIONS":        "true",
		"GITHUB_OUTPUT":         filepath.Join(env.WorkDir, "github_output"),
		"GITHUB_STEP_SUMMARY":   filepath.Join(env.WorkDir, "github_summary"),
		"GITHUB_WORKSPACE":      env.WorkDir,
		"GITHUB_REPOSITORY":     "acme/shop",
		"GITHUB_SERVER_URL":     "https://github.com",
		"GITHUB_SHA":            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"GITHUB_REF":            "refs/heads/main",
		"GITHUB_REF_NAME":       "main",
		"GITHUB_RUN_ID":         "4242",
		"GITHUB_RUN_ATTEMPT":    "1",
		"INPUT_API-KEY":         account.Key,
		"INPUT_PROJECT-ID":      account.Projects[0],
		"INPUT_ORGANIZATION-ID": account.Organization,
	} {
		env.Setenv(name, value)
	}
	for _, name := range []string{"github_output", "github_summary"} {
		if err := os.WriteFile(filepath.Join(env.WorkDir, name), nil, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// current is the script's sandbox, once it is started.
type current struct{ services *sandbox.Sandbox }

type currentKey struct{}

func services(ts *testscript.TestScript) *sandbox.Sandbox {
	s := ts.Value(currentKey{}).(*current).services
	if s == nil {
		ts.Fatalf("no service is running: want the command service first")
	}
	return s
}

// service [script.yml] starts the sandbox and points api-url at it.
func service(ts *testscript.TestScript, _ bool, args []string) {
	if current := ts.Getenv("INPUT_API-URL"); current != "" { // the one before stays, as another host
		ts.Setenv("OTHER", current)
	}
	var script sandbox.Script
	if len(args) == 1 {
		var err error
		script, err = sandbox.ParseScript([]byte(os.Expand(ts.ReadFile(args[0]), ts.Getenv)))
		ts.Check(err)
	}
	start(ts, script)
}

func start(ts *testscript.TestScript, script sandbox.Script) {
	ts.Value(currentKey{}).(*current).services = sandbox.New(script)
	server := httptest.NewServer(services(ts))
	ts.Defer(server.CloseClientConnections)
	ts.Setenv("INPUT_API-URL", server.URL)
}

// event NAME FILE is what starts the workflow.
func event(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: event name file")
	}
	ts.Setenv("GITHUB_EVENT_NAME", args[0])
	ts.Setenv("GITHUB_EVENT_PATH", ts.MkAbs(args[1]))
}

// output NAME VALUE compares an output of the step, as the runner reads it.
func output(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: output name value")
	}
	outputs, err := runner.Outputs(ts.ReadFile("github_output"))
	ts.Check(err)
	for _, o := range outputs {
		if o.Name == args[0] {
			if (o.Value == args[1]) == neg {
				ts.Fatalf("output %s is %q, want %q (negated: %t)", o.Name, o.Value, args[1], neg)
			}
			return
		}
	}
	ts.Fatalf("no output %s", args[0])
}

// sent N says how many calls the service got.
func sent(ts *testscript.TestScript, _ bool, args []string) {
	if got := strconv.Itoa(len(services(ts).Trigger.Requests())); len(args) != 1 || got != args[0] {
		ts.Fatalf("the service got %s calls, want %v", got, args)
	}
}

// body FILE compares the last call's JSON, field by field.
func body(ts *testscript.TestScript, _ bool, args []string) {
	requests := services(ts).Trigger.Requests()
	if len(args) != 1 || len(requests) == 0 {
		ts.Fatalf("usage: body file, after a call (there were %d)", len(requests))
	}
	var got, want any
	ts.Check(json.Unmarshal(requests[len(requests)-1].Body, &got))
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &want))
	if diff := cmp.Diff(want, got); diff != "" {
		ts.Fatalf("the service was sent (-want +got):\n%s", diff)
	}
}

// trim writes the step's summary to summary.md with times, ports and
// identifiers made equal, so that cmp can compare it. UPDATE=1 lets cmp rewrite
// what it compares with.
func trim(ts *testscript.TestScript, _ bool, _ []string) {
	got := ts.ReadFile("github_summary")
	for pattern, constant := range map[string]string{
		`\b\d+ ms\b|\b\d+\.\d s\b`: "0 ms",
		`127\.0\.0\.1(:|&#58;)\d+`: "127.0.0.1:PORT",
		`ad-[0-9a-f]{26}`:          "ad-ID",
	} {
		got = regexp.MustCompile(pattern).ReplaceAllString(got, constant)
	}
	ts.Check(os.WriteFile(ts.MkAbs("summary.md"), []byte(got), 0o600))
}

// obeyed NAME... lists the workflow commands that a runner finds in the last
// program's output, groups left out.
func obeyed(ts *testscript.TestScript, _ bool, args []string) {
	got := []string{}
	for _, c := range runner.Commands(ts.ReadFile("stdout") + ts.ReadFile("stderr")) {
		if c.Name != "group" && c.Name != "endgroup" && c.Name != "add-mask" {
			got = append(got, c.Name)
		}
	}
	if diff := cmp.Diff(append([]string{}, args...), got); diff != "" {
		ts.Fatalf("a runner finds these commands (-want +got):\n%s", diff)
	}
}

//go:build e2e

// Package e2e_test proves the image under a real workflow engine: every script
// in testdata holds a workflow, an event and what must come of them. It needs
// Docker, act and the images that .ci/run builds, and fails without them.
package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/afterdeploy/afterdeploy/internal/sandbox"
)

// The images that .ci/run makes.
const (
	image  = "afterdeploy:ci"
	runner = "afterdeploy-ci/runner"
)

func TestScripts(t *testing.T) {
	t.Parallel()
	action, released := releasedAction(t), t.TempDir()
	release(t, released, action)
	elsewhere := t.TempDir() // act writes there while it copies the work directory
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Values[servicesKey{}] = services{}
			env.Setenv("RELEASED", released)
			env.Setenv("HOME", elsewhere)
			env.Setenv("TMPDIR", elsewhere)
			env.Setenv("BUGSTER_API_KEY", sandbox.DefaultAccount().Key)
			if err := os.WriteFile(filepath.Join(env.WorkDir, "action.yml"), action, 0o600); err != nil {
				return err
			}
			return checkout(env.WorkDir)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"act":      act,
			"dispatch": dispatch,
			"paste":    paste,
			"proxy":    proxy,
			"sent":     sent,
			"service":  serve,
			"written":  written,
		},
	})
}

// releasedAction returns action.yml as a release has it: only the image is
// another, since act hands no build arguments to a Dockerfile.
func releasedAction(t *testing.T) []byte {
	t.Helper()
	source, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^  image: Dockerfile$`)
	if n := len(line.FindAll(source, -1)); n != 1 {
		t.Fatalf("action.yml has %d lines %q, want 1", n, "  image: Dockerfile")
	}
	return line.ReplaceAll(source, []byte("  image: docker://"+image))
}

// release lays out what a workflow gets of afterdeploy/afterdeploy@v1.
func release(t *testing.T, dir string, action []byte) {
	t.Helper()
	files := map[string][]byte{"action.yml": action}
	for _, w := range reusables() {
		path := ".github/workflows/" + w.name + ".yml"
		files[path] = []byte(read(t, "../../"+path))
	}
	for path, text := range files {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// checkout makes dir the work tree of a repository, as after actions/checkout.
func checkout(dir string) error {
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"},
		{"remote", "add", "origin", "https://github.com/acme/shop.git"},
		{"-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "commit", "-q", "--allow-empty", "-m", "start"},
	} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w: %s", args[0], err, out)
		}
	}
	return nil
}

// act runs the script's workflow.yml for an event:
//
//	[!] act EVENT EVENT.json [VARIABLE=VALUE...]
//
// The variables are the repository's, ${{ vars.VARIABLE }}; BUGSTER_API_KEY is
// its secret. What runVariables lists is the run's, where the script's
// environment has it. CONTAINER_OPTIONS is for the machine of the job.
func act(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: act event event.json [variable=value...]")
	}
	// What the workflows to call use: another tag than v1 where one was released.
	used := first(ts.ReadFile(filepath.Join(ts.Getenv("RELEASED"), ".github/workflows/trigger.yml")), `uses: (afterdeploy/afterdeploy@\S+)`)
	command := []string{
		args[0], "--eventpath", args[1], "--workflows", "named.yml",
		"--platform", "ubuntu-latest=" + runner, "--pull=false", "--rm",
		"--no-cache-server", "--container-daemon-socket", "-",
		"--local-repository", "afterdeploy/afterdeploy@v1=" + ts.Getenv("RELEASED"),
		"--local-repository", used + "=" + ts.Getenv("RELEASED"),
		"--container-options", ts.Getenv("CONTAINER_OPTIONS"),
		"--secret", "BUGSTER_API_KEY=" + ts.Getenv("BUGSTER_API_KEY"),
	}
	for _, v := range args[2:] {
		command = append(command, "--var", v)
	}
	for name, option := range runVariables() {
		if value := ts.Getenv(name); value != "" {
			command = append(command, option, name+"="+value)
		}
	}
	// act names its containers after the workflow; scripts run side by side.
	workflow := "name: " + ts.Name() + "\n" + ts.ReadFile("workflow.yml")
	ts.Check(os.WriteFile(ts.MkAbs("named.yml"), []byte(workflow), 0o600))
	err := ts.Exec("act", command...)
	if (err != nil) != neg {
		ts.Fatalf("act: %v, want failure: %v", err, neg)
	}
}

// runVariables are what a script may set for a run, and how act takes them.
// The last two are inputs of workflows that are pasted as they are.
func runVariables() map[string]string {
	return map[string]string{
		"GITHUB_TOKEN": "--secret", "GITHUB_API_URL": "--env", "GITHUB_RUN_ATTEMPT": "--env",
		"BUGSTER_API_URL": "--env", "AFTERDEPLOY_RESULT_SETTLE": "--env",
	}
}

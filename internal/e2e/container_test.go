//go:build e2e

package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The commands of docs/deploying.md, as they stand there: a read-only root, no
// capability, a user of its own, a health check, a stop in time.
func TestRelayInOneContainer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "relay.yaml"), rules)
	write(t, filepath.Join(dir, "relay.env"), "HOOK_SECRET="+hookSecret+"\n")
	text, err := os.ReadFile("../../docs/deploying.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "## One container\n\n```sh\n")
	commands, _, found := strings.Cut(rest, "```\n")
	start, list, found2 := strings.Cut(commands, "docker exec relay ")
	if !found || !found2 {
		t.Fatal("docs/deploying.md has no commands for one container any more")
	}
	t.Cleanup(func() {
		if out, err := exec.Command("docker", "rm", "--force", "--volumes", "relay").CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		if out, err := exec.Command("docker", "volume", "rm", "relay-data").CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	start = strings.NewReplacer("ghcr.io/afterdeploy/afterdeploy-relay:v1", "afterdeploy-relay:ci", "127.0.0.1:8080:", "127.0.0.1:"+freePorts(t, 1)[0]+":").Replace(start)
	shell(t, dir, start)

	health := ""
	for began := time.Now(); health != "healthy" && time.Since(began) < time.Minute; time.Sleep(200 * time.Millisecond) {
		health = strings.TrimSpace(string(docker(t, "inspect", "--format", "{{.State.Health.Status}}", "relay")))
	}
	if health != "healthy" {
		t.Errorf("after a minute the container is %q, want healthy: %s", health, docker(t, "logs", "relay"))
	}
	if got := shell(t, dir, "docker exec relay "+list); strings.Contains(got, "refused") {
		t.Errorf("the list of events is %q", got)
	}

	began := time.Now()
	docker(t, "stop", "relay")
	state := strings.TrimSpace(string(docker(t, "inspect", "--format", "{{.State.ExitCode}}", "relay")))
	if took := time.Since(began); state != "0" || took > 40*time.Second {
		t.Errorf("it stopped with %s after %v, want 0 in time", state, took)
	}
}

// shell runs commands in a directory.
func shell(t *testing.T, dir, commands string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", commands)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", commands, err, out)
	}
	return string(out)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil { // the relay has a user of its own
		t.Fatal(err)
	}
}

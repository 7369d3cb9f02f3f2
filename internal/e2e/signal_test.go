//go:build e2e

package e2e_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/sandbox"
)

// The runner sends SIGINT, waits 7.5 s and then grows rude; its container must
// not outlive that.
const grace = 7 * time.Second

func TestCancelledInTime(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string][]string{
		"SIGINT":      {"kill", "--signal", "INT"},
		"docker stop": {"stop", "--time", "60"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			silent := sandbox.New(sandbox.Script{Endpoint: []sandbox.Step{{Hang: true, Times: -1}}})
			server := httptest.NewServer(silent)
			t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
			files := t.TempDir()
			id := start(t, server.URL, files)
			for deadline := time.Now().Add(time.Minute); len(silent.Trigger.Requests()) == 0; time.Sleep(50 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("no request within a minute; the container says:\n%s", docker(t, "logs", id))
				}
			}

			began := time.Now()
			docker(t, append(stop, id)...)
			code := strings.TrimSpace(string(docker(t, "wait", id)))
			took := time.Since(began)

			if took >= grace {
				t.Errorf("ended after %v, want less than %v", took, grace)
			}
			if code != "130" {
				t.Errorf("exit code %s, want 130; the container says:\n%s", code, docker(t, "logs", id))
			}
			outputs, err := os.ReadFile(filepath.Join(files, "output"))
			if err != nil || !strings.Contains(string(outputs), "\ncancelled\n") {
				t.Errorf("outputs %q, %v; want an outcome cancelled", outputs, err)
			}
			summary, err := os.ReadFile(filepath.Join(files, "summary"))
			if err != nil || !strings.Contains(string(summary), "cancelled") {
				t.Errorf("summary %q, %v; want the word cancelled", summary, err)
			}
		})
	}
}

// start runs the action on a push as the runner does, detached, with its
// outputs and summary in a directory, and returns the container.
func start(t *testing.T, service, files string) string {
	t.Helper()
	for _, name := range []string{"output", "summary"} {
		if err := os.WriteFile(filepath.Join(files, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	account := sandbox.DefaultAccount()
	args := []string{"run", "--detach", "--network", "host", "--volume", files + ":/github/file_commands"}
	for _, variable := range []string{
		"GITHUB_ACTIONS=true",
		"GITHUB_EVENT_NAME=push",
		"GITHUB_OUTPUT=/github/file_commands/output",
		"GITHUB_STEP_SUMMARY=/github/file_commands/summary",
		"INPUT_API-KEY=" + account.Key,
		"INPUT_API-URL=" + service,
		"INPUT_COMMIT-SHA=1d2f3e4a5b6c7d8e9f0a1b2c3d4e5f60718293a4",
		"INPUT_ENVIRONMENT-URL=https://shop.example.app",
		"INPUT_ORGANIZATION-ID=" + account.Organization,
		"INPUT_PROJECT-ID=" + account.Projects[0],
	} {
		args = append(args, "--env", variable)
	}
	id := strings.TrimSpace(string(docker(t, append(args, image, "trigger")...)))
	t.Cleanup(func() { docker(t, "rm", "--force", id) })
	return id
}

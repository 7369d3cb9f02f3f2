// Package bench_test measures the programs against what a user would pick
// instead, side by side in one run, and reports ratios: those travel between
// machines, seconds do not.
package bench_test

import (
	"crypto/tls"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/sandbox"
)

// BenchmarkTrigger starts each program, lets it make the same POST over TLS
// with the same trust, and waits for its end. Programs take turns, so that a
// busy moment of the machine meets them all.
func BenchmarkTrigger(b *testing.B) {
	dir := b.TempDir()
	service := sandbox.New(sandbox.Script{})
	url := secure(b, service, dir)
	programs := []program{afterdeploy(b, dir, url), curl(dir, url), node(b, dir, url)}
	for _, p := range programs {
		p.run(b) // warms the page cache
	}
	walls := make([][]time.Duration, len(programs))
	for b.Loop() {
		for i, p := range programs {
			walls[i] = append(walls[i], p.run(b))
		}
	}
	if got, want := len(service.Trigger.Requests()), (b.N+1)*len(programs); got != want {
		b.Fatalf("the service received %d requests, want %d", got, want)
	}
	for _, r := range service.Trigger.Requests() {
		if r.Answered != 200 {
			b.Fatalf("a request was answered %d, want 200: %s", r.Answered, r.Body)
		}
	}

	ours := median(walls[0])
	b.ReportMetric(0, "ns/op") // the sum of three programs means nothing
	b.ReportMetric(float64(ours.Microseconds())/1000, "ms")
	b.ReportMetric(float64(ours)/float64(median(walls[1])), "×curl")
	b.ReportMetric(float64(ours)/float64(median(walls[2])), "×node")
	b.ReportMetric(programs[0].peak(b), "MiB")
}

// program is a command to start.
type program struct {
	args []string
	env  []string // beside PATH
}

func (p program) command(args ...string) *exec.Cmd {
	args = append(args, p.args...)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, p.env...)
	return cmd
}

// run returns how long the program took from start to end.
func (p program) run(b *testing.B) time.Duration {
	b.Helper()
	cmd := p.command()
	began := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		b.Fatalf("%s: %v\n%s", p.args[0], err, out)
	}
	return took
}

// peak returns the most memory that the program ever held, in MiB. GNU time
// starts it: Linux counts the memory of the process that forks as the
// program's, and this one is large.
func (p program) peak(b *testing.B) float64 {
	b.Helper()
	file := filepath.Join(b.TempDir(), "peak")
	if out, err := p.command("time", "--format=%M", "--output="+file).CombinedOutput(); err != nil {
		b.Fatalf("time %s: %v\n%s", p.args[0], err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	kib, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		b.Fatalf("time printed %q, want a number of KiB", text)
	}
	return float64(kib) / 1024
}

// secure serves the sandbox over TLS. It leaves ca.pem, its authority alone,
// and all.pem, the system's authorities beside it, in dir.
func secure(b *testing.B, service *sandbox.Sandbox, dir string) string {
	b.Helper()
	authority, leaf, err := sandbox.Certificate()
	if err != nil {
		b.Fatal(err)
	}
	system, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt")
	if err != nil {
		b.Fatal(err)
	}
	write(b, dir, "ca.pem", string(authority))
	write(b, dir, "all.pem", string(system)+string(authority))
	server := httptest.NewUnstartedServer(service)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{leaf}}
	server.StartTLS()
	b.Cleanup(server.Close)
	return server.URL
}

// afterdeploy is the program as the image has it, with the variables that the
// runner gives a container.
func afterdeploy(b *testing.B, dir, url string) program {
	b.Helper()
	binary := filepath.Join(dir, "afterdeploy")
	build := exec.Command("go", "build", "-trimpath", "-gcflags=all=-l", "-ldflags=-s -w", "-o", binary, "../../cmd/afterdeploy")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	account := sandbox.DefaultAccount()
	return program{
		args: []string{binary, "trigger"},
		env: []string{
			"GITHUB_ACTIONS=true",
			"GITHUB_EVENT_NAME=push",
			"GITHUB_OUTPUT=" + write(b, dir, "output", ""),
			"GITHUB_STEP_SUMMARY=" + write(b, dir, "summary", ""),
			"INPUT_API-KEY=" + account.Key,
			"INPUT_API-URL=" + url,
			"INPUT_CA-CERT=" + filepath.Join(dir, "ca.pem"),
			"INPUT_COMMIT-SHA=" + commit,
			"INPUT_ENVIRONMENT-URL=" + site,
			"INPUT_ORGANIZATION-ID=" + account.Organization,
			"INPUT_PROJECT-ID=" + account.Projects[0],
		},
	}
}

const (
	commit = "1d2f3e4a5b6c7d8e9f0a1b2c3d4e5f60718293a4"
	site   = "https://shop.example.com"
)

// curl is the command of the service's documentation.
func curl(dir, url string) program {
	return program{args: []string{
		"curl", "--silent", "--show-error", "--fail", "--cacert", filepath.Join(dir, "all.pem"),
		"--header", "Content-Type: application/json", "--header", "X-API-KEY: " + sandbox.DefaultAccount().Key,
		"--data", body(), url + sandbox.Path,
	}}
}

// node is the same call as a script for Node, which has authorities of its own.
func node(b *testing.B, dir, url string) program {
	b.Helper()
	script := write(b, dir, "trigger.mjs", `
const [url, key, body] = process.argv.slice(2);
const headers = { "Content-Type": "application/json", "X-API-KEY": key };
const answer = await fetch(url, { method: "POST", headers, body });
if (!answer.ok || (await answer.json()).status !== "processed") process.exitCode = 1;
`)
	return program{
		args: []string{"node", script, url + sandbox.Path, sandbox.DefaultAccount().Key, body()},
		env:  []string{"NODE_EXTRA_CA_CERTS=" + filepath.Join(dir, "ca.pem")},
	}
}

func body() string {
	account := sandbox.DefaultAccount()
	return `{"deployment_state":"success","project_id":"` + account.Projects[0] +
		`","organization_id":"` + account.Organization +
		`","commit_sha":"` + commit + `","environment_url":"` + site + `"}`
}

func write(b *testing.B, dir, name, text string) string {
	b.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func median(durations []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(durations))
	return sorted[len(sorted)/2]
}

//go:build e2e

package e2e_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The secrets of a stack that lives for a test.
const (
	hookSecret = "a secret of the stack"
	adminToken = "a token of the stack"
)

const rules = `
sources:
  code: {service: github, verify: {signature: env:HOOK_SECRET}}
targets:
  github: {service: github, token: env:HOOK_SECRET, repositories: [acme/shop]}
rules:
  - {name: dispatch, source: code, when: kind == "push", do: dispatch, to: github}
`

// stack is deploy/compose, with images that need no registry.
type stack struct {
	dir          string
	ports        []string // for HTTP, HTTPS and the admin page
	hooks, admin string
	client       *http.Client
}

// The compose file as it is documented: a certificate in front, two relays, one
// Postgres. One relay is killed while webhooks come in; none is refused and none
// is missing.
func TestComposeStack(t *testing.T) {
	t.Parallel()
	s := startStack(t)

	sent := map[string]bool{}
	for n := range 40 {
		if n == 20 {
			s.compose(t, "kill", "relay-a")
		}
		sent[s.send(t, n)] = true
	}
	if got := s.events(t); !maps.Equal(got, sent) {
		t.Errorf("kept %d events, acknowledged %d:\nkept         %v\nacknowledged %v", len(got), len(sent),
			slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(sent)))
	}
	if status, _ := s.get(t, s.hooks+"/api/events"); status != http.StatusNotFound {
		t.Errorf("the admin API answers %d from outside, want 404", status)
	}
	if status, _ := s.get(t, s.hooks+"/metrics"); status != http.StatusNotFound {
		t.Errorf("the metrics answer %d from outside, want 404", status)
	}
}

func startStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{dir: t.TempDir(), ports: freePorts(t, 3)}
	s.hooks, s.admin = "https://localhost:"+s.ports[1], "http://127.0.0.1:"+s.ports[2]
	if err := os.CopyFS(s.dir, os.DirFS("../../deploy/compose")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"relay.yaml":                rules,
		"secrets/relay.env":         "HOOK_SECRET=" + hookSecret + "\n",
		"secrets/admin-token":       adminToken + "\n",
		"secrets/postgres-password": "a-password-of-the-stack",
		"secrets/database-url":      "postgres://relay:a-password-of-the-stack@postgres/relay\n",
	} {
		write(t, filepath.Join(s.dir, name), text)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.compose(t, "logs", "--no-color", "--tail=40"))
		}
		s.compose(t, "down", "--volumes", "--timeout=20")
	})
	s.compose(t, "up", "--detach")
	s.client = &http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.authority(t)}, DisableKeepAlives: true},
	}
	return s
}

// freePorts returns ports that nobody listened on a moment ago.
func freePorts(t *testing.T, n int) []string {
	t.Helper()
	var ports []string
	for range n {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // at the end, so that no port is given twice
		_, port, _ := net.SplitHostPort(l.Addr().String())
		ports = append(ports, port)
	}
	return ports
}

// compose runs a command of docker-compose on the stack.
func (s *stack) compose(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute) // a clean-up has no context of its test
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker-compose", append([]string{"--project-name", "afterdeploy-e2e"}, args...)...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "RELAY_HOST=localhost",
		"HTTP_PORT="+s.ports[0], "HTTPS_PORT="+s.ports[1], "ADMIN_PORT="+s.ports[2],
		"CADDY_IMAGE=afterdeploy-ci/caddy", "POSTGRES_IMAGE=afterdeploy-ci/postgres", "RELAY_IMAGE=afterdeploy-relay:ci")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("docker-compose %s: %v\n%s", strings.Join(args, " "), err, &said)
	}
	return string(out)
}

// authority waits for the certificate authority that Caddy makes for localhost.
func (s *stack) authority(t *testing.T) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	container := strings.TrimSpace(s.compose(t, "ps", "--quiet", "caddy"))
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(200 * time.Millisecond) {
		pem, err := exec.CommandContext(t.Context(), "docker", "exec", container, "cat", "/data/caddy/pki/authorities/local/root.crt").Output()
		if err == nil && pool.AppendCertsFromPEM(pem) {
			return pool
		}
	}
	t.Fatal("Caddy has made no certificate after a minute")
	return nil
}

// send sends a webhook as GitHub does and returns the id that it is kept under.
func (s *stack) send(t *testing.T, n int) string {
	t.Helper()
	body := fmt.Sprintf(`{"zen": "Keep it logically awesome.", "hook_id": %d, "repository": {"full_name": "acme/shop"}}`, n)
	mac := hmac.New(sha256.New, []byte(hookSecret))
	mac.Write([]byte(body))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.hooks+"/hooks/code", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-GitHub-Event", "ping")
	req.Header.Set("X-GitHub-Delivery", fmt.Sprintf("00000000-0000-4000-8000-%012d", n))
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	var kept struct{ ID string }
	if status, answer := s.do(t, req); status != http.StatusOK || json.Unmarshal(answer, &kept) != nil || kept.ID == "" {
		t.Fatalf("webhook %d is answered %d %s", n, status, answer)
	}
	return kept.ID
}

// events returns the ids of what is kept, as the admin listener tells them.
func (s *stack) events(t *testing.T) map[string]bool {
	t.Helper()
	status, answer := s.get(t, s.admin+"/api/events?most=1000")
	var listed []struct{ ID string }
	if err := json.Unmarshal(answer, &listed); err != nil || status != http.StatusOK {
		t.Fatalf("the events are answered %d %s: %v", status, answer, err)
	}
	ids := map[string]bool{}
	for _, event := range listed {
		ids[event.ID] = true
	}
	return ids
}

func (s *stack) get(t *testing.T, url string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+adminToken)
	return s.do(t, req)
}

func (s *stack) do(t *testing.T, req *http.Request) (int, []byte) {
	t.Helper()
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}

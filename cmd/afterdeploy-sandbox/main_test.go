package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/sandbox"
)

func TestDemoShowsTheMainJob(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := demo(t.Context(), &out, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Outcome: triggered (processed)", `"commit_sha":"6dcb09b5b57875f334f61aebed695e2e4193db5e"`,
		"outcome = triggered", "## ✅ Tests triggered · `Preview – shop`", "Exit code 0",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo does not show %q:\n%s", want, out.String())
		}
	}
}

func TestDemoShowsAGatedRun(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := demo(t.Context(), &out, true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"1 result: 1 not complete (Bugster in_progress); waiting for results of bugster-dev named * on 6dcb09b",
		"Outcome: passed (tests-passed)", "result-summary = Bugster: success, 12 of 12 tests passed",
		"POST /repos/acme/shop/statuses/6dcb09b5b57875f334f61aebed695e2e4193db5e\n{\"state\":\"pending\"",
		"POST /repos/acme/shop/issues/12/comments\n", "{\"state\":\"success\"",
		"## ✅ Tests passed · `Preview – shop`", "Exit code 0",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo does not show %q:\n%s", want, out.String())
		}
	}
}

func TestGateDemoWaitsForTheResult(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := demo(t.Context(), &out, true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"outcome = passed", "result = passed", `"state":"pending"`, `"state":"success"`, "/comments"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo does not show %q:\n%s", want, out.String())
		}
	}
}

func TestRelayDemoShowsTheWayBack(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := demoRelay(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{
		`"branch":"feature/cart","environment_url":"https://staging.shop.example.com"`, // Bitrise → tests
		`"commit_sha":"6dcb09b5b57875f334f61aebed695e2e4193db5e"`,                      // GitHub → tests
		`"state":"failure"`, `"context":"afterdeploy/e2e"`, // Currents → commit status
		"GitHub gets POST /repos/acme/shop/issues", // BetterBugs, Gleap → issue
		"nothing was left undone",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo does not show %q:\n%s", want, out.String())
		}
	}
	if strings.Count(out.String(), "GitHub gets POST /repos/acme/shop/issues") != 2 {
		t.Errorf("want two issues:\n%s", out.String())
	}
}

func TestSendSaysWhatWasAnswered(t *testing.T) {
	t.Parallel()
	var received *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		received = req
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte("::error::x"))
	}))
	defer server.Close()
	cmd := sendCommand()
	var out strings.Builder
	cmd.SetOut(&out)
	cmd.SetErr(io.Discard)
	cmd.SetArgs([]string{"bitrise", "build/finished", "--to", server.URL})
	if err := cmd.ExecuteContext(t.Context()); err == nil {
		t.Error("send ends well where the webhook was not taken")
	}
	if got := received.Header.Get("Bitrise-Event-Type"); got != "build/finished" {
		t.Errorf("Bitrise-Event-Type is %q, want build/finished", got)
	}
	if got, want := out.String(), "418 | ::error::x\n"; !strings.HasPrefix(got, "418 ") || strings.Contains(got, "\n::") {
		t.Errorf("printed %q, want %q", got, want)
	}
	cmd = sendCommand()
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	cmd.SetArgs([]string{"bitrise", "build/started", "--to", server.URL})
	if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), "want one of build/finished") {
		t.Errorf("send of an event that Bitrise does not have: %v, want the events it has", err)
	}
}

// first gives the first line that is written to it.
type first struct{ line chan string }

func (f first) Write(p []byte) (int, error) {
	select {
	case f.line <- strings.TrimSpace(string(p)):
	default:
	}
	return len(p), nil
}

func TestServeWithACertificateOfItsOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	address, done := first{make(chan string, 1)}, make(chan error, 1)
	go func() { done <- serveOptions{listen: "127.0.0.1:0", tlsDir: dir}.serve(ctx, address) }()
	base := <-address.line
	authority, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+sandbox.Path, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a call without a key is answered %d, want 401", resp.StatusCode)
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("serve ended with %v", err)
	}
}

func TestServeNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]serveOptions{
		"read script": {script: filepath.Join(t.TempDir(), "none.yml")},
		"listen":      {listen: "nowhere"},
	} {
		if err := o.serve(t.Context(), first{make(chan string, 1)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("serve(%+v) = %v, want %q in it", o, err, want)
		}
	}
}

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"afterdeploy-relay": main})
}

// TestScript runs one behaviour per file: the whole program between senders and
// a GitHub that the script plays.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE") != "",
		Setup:               setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"asked":   asked,
			"github":  github,
			"happens": happens,
			"hangup":  hangup,
			"ready":   ready,
			"send":    send,
			"until":   until,
			"written": written,
		},
	})
}

// hub is the GitHub of one script.
type hub struct {
	mu     sync.Mutex
	status int
	asked  []string
}

// ServeHTTP implements [http.Handler].
func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, "[]")
		return
	}
	h.asked = append(h.asked, fmt.Sprintf("%d %s %s %s %s", h.status, r.Method, r.URL.Path, bytes.TrimSpace(body), r.Header.Get("Authorization")))
	w.WriteHeader(h.status)
	if h.status != http.StatusNoContent {
		_, _ = io.WriteString(w, `{"number":1}`)
	}
}

type hubKey struct{}

// setup gives each script its GitHub, its addresses and its secrets.
func setup(env *testscript.Env) error {
	h := &hub{status: http.StatusCreated}
	server := httptest.NewServer(h)
	env.Defer(server.Close)
	env.Values[hubKey{}] = h
	front, err := freeAddress()
	if err != nil {
		return err
	}
	back, err := freeAddress()
	if err != nil {
		return err
	}
	services, err := playServices(env)
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"FRONT": front, "BACK": back, "ADMIN": "http://" + back,
		"GITHUB_TOKEN": "t", "HOOK_SECRET": "s", tokenVariable: "token", "SERVICES": services,
	} {
		env.Setenv(name, value)
	}
	return addresses(env.WorkDir, strings.NewReplacer("${HUB}", server.URL, "${SERVICES}", services, "${FRONT}", front))
}

// addresses puts the services' addresses into the rules files.
func addresses(dir string, known *strings.Replacer) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(known.Replace(string(text))), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func playing(ts *testscript.TestScript) *hub { return ts.Value(hubKey{}).(*hub) }

// github sets the status that GitHub answers writes with: github STATUS.
func github(ts *testscript.TestScript, _ bool, args []string) {
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	h := playing(ts)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = status
}

// hangup sends SIGHUP to the relays that run.
func hangup(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(syscall.SIGHUP))
	}
}

// ready waits until the relay can keep events.
func ready(ts *testscript.TestScript, _ bool, _ []string) {
	eventually(ts, "the relay is ready", func() (string, bool) {
		resp, err := http.Get(ts.Getenv("ADMIN") + "/readyz")
		if err != nil {
			return err.Error(), false
		}
		defer resp.Body.Close()
		return resp.Status, resp.StatusCode == http.StatusOK
	})
}

// send posts a file to a source and compares the answer: send SOURCE FILE
// PATTERN.
func send(ts *testscript.TestScript, _ bool, args []string) {
	req, err := http.NewRequest(http.MethodPost, "http://"+ts.Getenv("FRONT")+"/hooks/"+args[0], strings.NewReader(ts.ReadFile(args[1])))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Relay-Secret", ts.Getenv("HOOK_SECRET"))
	req.Header.Set("Bitrise-Event-Type", "build/finished")
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if got := resp.Status + " " + string(body); !regexp.MustCompile(args[2]).MatchString(got) {
		ts.Fatalf("answered %q, want a match for %q", got, args[2])
	}
}

// until runs a command until its output matches: until PATTERN COMMAND...
func until(ts *testscript.TestScript, _ bool, args []string) {
	pattern := regexp.MustCompile(args[0])
	path, err := exec.LookPath(args[1])
	if err != nil {
		for _, dir := range strings.Split(ts.Getenv("PATH"), string(os.PathListSeparator)) {
			if _, err := os.Stat(dir + "/" + args[1]); err == nil {
				path = dir + "/" + args[1]
				break
			}
		}
	}
	eventually(ts, strings.Join(args[1:], " ")+" prints "+args[0], func() (string, bool) {
		cmd := exec.Command(path, args[2:]...)
		cmd.Dir, cmd.Env = ts.Getenv("WORK"), []string{tokenVariable + "=" + ts.Getenv(tokenVariable), "PATH=" + ts.Getenv("PATH")}
		out, _ := cmd.CombinedOutput()
		return string(out), pattern.Match(out)
	})
}

// written waits until GitHub was asked to write something that matches, or says
// that it never was: [!] written PATTERN [TIMES].
func written(ts *testscript.TestScript, neg bool, args []string) {
	pattern, want := regexp.MustCompile(args[0]), 1
	if len(args) > 1 {
		var err error
		want, err = strconv.Atoi(args[1])
		ts.Check(err)
	}
	h := playing(ts)
	count := func() (string, int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		n := 0
		for _, line := range h.asked {
			if pattern.MatchString(line) {
				n++
			}
		}
		return strings.Join(h.asked, "\n"), n
	}
	if neg {
		if all, n := count(); n > 0 {
			ts.Fatalf("written %d times: %s", n, all)
		}
		return
	}
	eventually(ts, "GitHub is asked", func() (string, bool) { all, n := count(); return all, n == want })
}

func eventually(ts *testscript.TestScript, what string, holds func() (string, bool)) {
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		state, ok := holds()
		if ok {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("waited for 30 s: %s; last seen: %s", what, state)
		}
	}
}

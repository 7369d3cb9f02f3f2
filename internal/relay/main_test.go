package relay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/relay"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// asRelay is set for the processes that tests start and kill.
const asRelay = "AFTERDEPLOY_TEST_RELAY"

// TestMain makes the test's program a relay where it is asked to be one.
func TestMain(m *testing.M) {
	if os.Getenv(asRelay) == "" {
		os.Exit(m.Run())
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	client, err := outbound.NewClient(outbound.Options{})
	if err != nil {
		return err
	}
	gone := func(name string) time.Duration { d, _ := time.ParseDuration(os.Getenv(name)); return d }
	dir := os.Getenv("DIR")
	r, err := relay.Open(ctx, relay.Options{
		Limit: gone("LIMIT"), Margin: gone("MARGIN"), Lease: gone("LEASE"),
		Rules: filepath.Join(dir, "relay.yaml"), Data: filepath.Join(dir, "data"), Database: secret.New(os.Getenv("DATABASE")),
		Listen: os.Getenv("LISTEN"), Admin: os.Getenv("ADMIN"), Token: secret.New("token"),
		Getenv: os.Getenv, ReadFile: os.ReadFile, Client: client, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Version: "test", Grace: 200 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	return r.Serve(ctx, hangups)
}

// process is a relay in a process of its own.
type process struct {
	dir, hooks, admin string
	env               []string
	wrap              []string // a command to run it under

	cmd  *exec.Cmd
	log  *log
	done chan error // what waiting for it returned
}

// log gathers what a relay says.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newProcess prepares a relay with a rules file. It is not started.
func newProcess(t *testing.T, rules string, env ...string) *process {
	t.Helper()
	p := &process{dir: t.TempDir(), log: &log{}}
	front, back := freeAddress(t), freeAddress(t)
	p.hooks, p.admin = "http://"+front+"/hooks/", "http://"+back
	p.env = append([]string{asRelay + "=1", "DIR=" + p.dir, "LISTEN=" + front, "ADMIN=" + back, "S=s"}, env...)
	p.write(t, rules)
	t.Cleanup(func() {
		p.kill(t)
		if t.Failed() {
			t.Logf("the relay said:\n%s", last(p.log.String(), 4000))
		}
	})
	return p
}

func last(text string, most int) string { return text[max(0, len(text)-most):] }

func (p *process) write(t *testing.T, rules string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, "relay.yaml"), []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
}

// freeAddress finds a port that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts the relay and waits until it can keep events.
func (p *process) start(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(append([]string{}, p.wrap...), self)
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.done = make(chan error, 1)
	go func(cmd *exec.Cmd, done chan<- error) { done <- cmd.Wait() }(p.cmd, p.done)
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if resp, err := http.Get(p.admin + "/readyz"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(end) {
			t.Fatal("the relay does not start")
		}
	}
}

// kill ends the relay as a power cut would end it.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if p.cmd == nil {
		return
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	if err := <-p.done; err == nil {
		t.Error("the relay ended well before it was killed")
	}
	p.cmd = nil
}

// stop ends it as an operator would.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.done:
		if err != nil {
			t.Errorf("the relay ended with %v", err)
		}
	case <-time.After(60 * time.Second):
		t.Error("the relay does not stop")
	}
	p.cmd = nil
}

// answer is what the front door says.
type answer struct {
	ID    string `json:"id"`
	State string `json:"state"`
}

// post sends a webhook. It returns status 0 where there was no answer.
func (p *process) post(source, body string, header ...string) (int, answer) {
	req, err := http.NewRequest(http.MethodPost, p.hooks+source, strings.NewReader(body))
	if err != nil {
		return 0, answer{}
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, answer{}
	}
	defer resp.Body.Close()
	var a answer
	if json.NewDecoder(resp.Body).Decode(&a) != nil {
		return 0, answer{} // it was cut off
	}
	return resp.StatusCode, a
}

// ask asks the admin listener.
func (p *process) ask(method, path string, value any) error {
	req, err := http.NewRequest(method, p.admin+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer token")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		return errors.New(string(text))
	}
	return json.NewDecoder(resp.Body).Decode(value)
}

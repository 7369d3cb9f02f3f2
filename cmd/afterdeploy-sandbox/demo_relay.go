package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/gha"
	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/poll"
	"github.com/afterdeploy/afterdeploy/internal/relay"
	"github.com/afterdeploy/afterdeploy/internal/sandbox"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

//go:embed demo/relay.yaml
var relayRules string

// act is one thing that a service reports in the demo, and what it leads to.
type act struct {
	says                   string
	source, service, event string
	// leads shows what the sandbox got so far on behalf of such an act.
	leads func(*sandbox.Sandbox) []string
}

// acts are the demo: five services come in, three kinds of delivery go out.
func acts() []act {
	return []act{
		{"A Bitrise build finishes: tests are triggered", "ci", "bitrise", "build/finished", testsStarted},
		{"A deployment is live on GitHub: tests are triggered, without a workflow run", "github", "github", "deployment_status", testsStarted},
		{"A Currents run fails: a red commit status", "e2e", "currents", "RUN_FINISH:failed", wrote("/statuses/")},
		{"A BetterBugs report comes in: an issue", "bugs", "betterbugs", "report", wrote("/issues")},
		{"A Gleap report comes in: an issue", "feedback", "gleap", "BUG_CREATED", wrote("/issues")},
	}
}

// demoRelay runs a relay between the sandbox's services, webhook by webhook.
func demoRelay(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "afterdeploy-demo-")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	defer os.RemoveAll(dir)
	played := sandbox.New(sandbox.Script{GitHub: &github.Script{Token: "sandbox-token", Repository: "acme/shop"}})
	base, stop, err := onLoopback(played)
	if err != nil {
		return err
	}
	defer stop()
	rules := filepath.Join(dir, "relay.yaml")
	if err := os.WriteFile(rules, []byte(strings.ReplaceAll(relayRules, "${SANDBOX}", base)), 0o600); err != nil {
		return fmt.Errorf("write the rules: %w", err)
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	hooks, stopped, err := startRelay(ctx, dir, rules)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The relay receives at %s and keeps what it receives in SQLite.\n", hooks)
	for i, a := range acts() {
		if err := a.play(ctx, out, i+1, hooks, played); err != nil {
			return err
		}
	}
	cancel()
	if err := <-stopped; err != nil {
		return fmt.Errorf("stop the relay: %w", err)
	}
	fmt.Fprintln(out, "\nThe relay stopped: the door closed first, nothing was left undone.")
	return nil
}

// secrets are those of the demo's rules file. None is worth keeping.
func secrets(name string) string {
	return map[string]string{
		"BITRISE_SECRET": "bitrise-demo-secret", "CURRENTS_SECRET": "currents-demo-secret", "BETTERBUGS_SECRET": "betterbugs-demo-secret",
		"GITHUB_SECRET": "github-demo-secret", "GLEAP_SECRET": "gleap-demo-secret",
		"BUGSTER_API_KEY": sandbox.DefaultAccount().Key, "GITHUB_TOKEN": "sandbox-token",
	}[name]
}

// startRelay serves a relay until the context ends, and returns where its hooks
// are.
func startRelay(ctx context.Context, dir, rules string) (hooks string, stopped <-chan error, err error) {
	client, err := outbound.NewClient(outbound.Options{UserAgent: "afterdeploy-relay/demo"})
	if err != nil {
		return "", nil, err
	}
	opened, ended := make(chan string, 1), make(chan error, 1)
	r, err := relay.Open(ctx, relay.Options{
		Rules: rules, Data: filepath.Join(dir, "data"), Listen: "127.0.0.1:0", Admin: "127.0.0.1:0",
		Token: secret.New("demo"), Getenv: secrets, ReadFile: os.ReadFile, Client: client,
		Log: slog.New(slog.DiscardHandler), Version: "demo",
		Opened: func(front, _ net.Addr) { opened <- "http://" + front.String() + "/hooks/" },
	})
	if err != nil {
		return "", nil, err
	}
	go func() { ended <- r.Serve(ctx, nil) }()
	select {
	case hooks = <-opened:
		return hooks, ended, nil
	case err := <-ended:
		return "", nil, errors.Join(errors.New("the relay did not open its doors"), err)
	}
}

// play sends one webhook and waits until something came of it.
func (a act) play(ctx context.Context, out io.Writer, number int, hooks string, played *sandbox.Sandbox) error {
	heading(out, fmt.Sprintf("%d. %s", number, a.says))
	m, err := services.Make(a.service, a.event, services.Options{
		Secret: secrets(strings.ToUpper(a.service) + "_SECRET"), Repository: "acme/shop", Branch: "feature/cart", Now: time.Now(),
	})
	if err != nil {
		return err
	}
	before := len(a.leads(played))
	status, answer, err := deliver(ctx, m, hooks+a.source)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s sends %s to /hooks/%s\n  %s\n", a.service, a.event, a.source, oneLine(string(m.Body)))
	fmt.Fprintf(out, "the relay has it on disk, and answers\n  %d %s\n", status, oneLine(answer))
	if status != http.StatusOK {
		return fmt.Errorf("the relay answered %d: want 200", status)
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return poll.Until(ctx, poll.Constant(20*time.Millisecond), func(context.Context) (bool, error) {
		led := a.leads(played)[before:]
		for _, line := range led {
			fmt.Fprintln(out, line)
		}
		return len(led) > 0, nil
	})
}

// testsStarted shows the calls of the trigger endpoint.
func testsStarted(s *sandbox.Sandbox) []string {
	var lines []string
	for _, req := range s.Trigger.Requests() {
		lines = append(lines, fmt.Sprintf("the test service gets %s %s, answered %d\n  %s", req.Method, req.Path, req.Answered, oneLine(string(req.Body))))
	}
	return lines
}

// wrote shows the requests that changed something on GitHub.
func wrote(path string) func(*sandbox.Sandbox) []string {
	return func(s *sandbox.Sandbox) []string {
		var lines []string
		for _, w := range s.GitHub.Writes() {
			if strings.Contains(w.Path, path) {
				lines = append(lines, fmt.Sprintf("GitHub gets %s %s\n  %s", w.Method, w.Path, oneLine(string(w.Body))))
			}
		}
		return lines
	}
}

// oneLine shortens text for the screen.
func oneLine(text string) string {
	const most = 400
	text = strings.Join(strings.Fields(gha.Plain(text)), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + " …"
	}
	return text
}

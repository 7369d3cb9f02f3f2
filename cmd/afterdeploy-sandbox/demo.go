package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/afterdeploy/afterdeploy/internal/gha"
	"github.com/afterdeploy/afterdeploy/internal/sandbox"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/runner"
	"github.com/afterdeploy/afterdeploy/internal/trigger"
)

//go:embed demo/deployment_status.json
var recorded []byte

// gated is a GitHub on which results of the recorded deployment's commit appear.
//
//go:embed demo/gate.yml
var gated []byte

func demoCommand() *cobra.Command {
	var gate, withRelay bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the main job on a recorded deployment_status event",
		Long: `Start the sandbox on the loopback, run the action on a recorded deployment_status
event exactly as a workflow would, and show its log, its outputs, its summary
and what the service received. Nothing leaves this machine.

With --gate, the run waits for the tests' result on the commit, and tells the
pull request. With --relay, the demo shows the way back instead: webhooks of
five services come in at a relay, and become test runs, a commit status and
issues.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if withRelay {
				return demoRelay(cmd.Context(), cmd.OutOrStdout())
			}
			return demo(cmd.Context(), cmd.OutOrStdout(), gate)
		},
	}
	cmd.Flags().BoolVar(&gate, "gate", false, "wait for the tests' result, too")
	cmd.Flags().BoolVar(&withRelay, "relay", false, "show the relay")
	cmd.MarkFlagsMutuallyExclusive("gate", "relay")
	return cmd
}

// demo runs the action against the sandbox, with its result waited for where
// gate is set. It is an error if the action does not succeed.
func demo(ctx context.Context, out io.Writer, gate bool) error {
	dir, err := os.MkdirTemp("", "afterdeploy-demo-")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	defer os.RemoveAll(dir)
	var script []byte
	if gate {
		script = gated
	}
	parsed, err := sandbox.ParseScript(script)
	if err != nil {
		return err
	}
	services := sandbox.New(parsed)
	base, stop, err := onLoopback(services)
	if err != nil {
		return err
	}
	defer stop()
	env, err := workflow(dir, base)
	if err != nil {
		return err
	}
	if gate {
		maps.Copy(env, gateInputs(base))
	}

	heading(out, "The step's log")
	host := trigger.Host{
		Version: "demo", Out: out, Random: rand.Float64, ReadFile: os.ReadFile,
		Getenv: func(name string) string { return env[name] },
	}
	code := host.Trigger(ctx)

	heading(out, "What the service received")
	for _, req := range services.Trigger.Requests() {
		fmt.Fprintf(out, "%s %s (key accepted: %t)\n%s\n", req.Method, req.Path, req.KeyAccepted, gha.Plain(string(req.Body)))
	}
	if gate {
		heading(out, "What GitHub was told")
		for _, w := range services.GitHub.Writes() {
			fmt.Fprintf(out, "%s %s\n%s\n", w.Method, w.Path, gha.Plain(string(w.Body)))
		}
	}
	if err := show(out, env["GITHUB_OUTPUT"], env["GITHUB_STEP_SUMMARY"]); err != nil {
		return err
	}
	heading(out, fmt.Sprintf("Exit code %d", code))
	if code != 0 {
		return fmt.Errorf("the action ended with exit code %d: want 0", code)
	}
	return nil
}

// onLoopback serves a handler on a free port.
func onLoopback(handler http.Handler) (base string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}

// workflow lays out what a runner gives a step: the environment and the files
// that it names.
func workflow(dir, base string) (map[string]string, error) {
	account := sandbox.DefaultAccount()
	env := map[string]string{
		"GITHUB_EVENT_NAME":     "deployment_status",
		"GITHUB_EVENT_PATH":     filepath.Join(dir, "event.json"),
		"GITHUB_OUTPUT":         filepath.Join(dir, "output"),
		"GITHUB_STEP_SUMMARY":   filepath.Join(dir, "summary.md"),
		"GITHUB_REPOSITORY":     "acme/shop",
		"GITHUB_SHA":            "6dcb09b5b57875f334f61aebed695e2e4193db5e",
		"GITHUB_RUN_ID":         "4242",
		"GITHUB_RUN_ATTEMPT":    "1",
		"GITHUB_SERVER_URL":     "https://github.com",
		"INPUT_API-KEY":         account.Key,
		"INPUT_PROJECT-ID":      account.Projects[0],
		"INPUT_ORGANIZATION-ID": account.Organization,
		"INPUT_API-URL":         base,
	}
	files := map[string][]byte{"event.json": recorded, "output": nil, "summary.md": nil}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
	}
	return env, nil
}

// gateInputs ask for the result, and for reports of it.
func gateInputs(base string) map[string]string {
	return map[string]string{
		"GITHUB_API_URL":        base + sandbox.GitHubPath,
		"INPUT_GITHUB-TOKEN":    "ghs_demo",
		"INPUT_WAIT-FOR-RESULT": "true",
		"INPUT_RESULT-SETTLE":   "1s",
		"INPUT_COMMIT-STATUS":   "e2e",
		"INPUT_COMMENT":         "true",
	}
}

func heading(out io.Writer, title string) {
	fmt.Fprintf(out, "\n── %s %s\n\n", title, strings.Repeat("─", max(3, 74-len(title))))
}

// show prints what later steps and people get.
func show(out io.Writer, outputFile, summaryFile string) error {
	written, err := os.ReadFile(outputFile)
	if err != nil {
		return fmt.Errorf("read the step's outputs: %w", err)
	}
	outputs, err := runner.Outputs(string(written))
	if err != nil {
		return fmt.Errorf("read the step's outputs: %w", err)
	}
	heading(out, "The step's outputs, as a later step reads them")
	for _, o := range outputs {
		fmt.Fprintf(out, "%s = %s\n", o.Name, gha.Plain(strings.TrimSpace(o.Value)))
	}
	summary, err := os.ReadFile(summaryFile)
	if err != nil {
		return fmt.Errorf("read the step's summary: %w", err)
	}
	heading(out, "The step's summary, in Markdown")
	fmt.Fprintln(out, gha.Plain(strings.TrimSpace(string(summary))))
	return nil
}

// Command afterdeploy tells a test service about a deployment that is live,
// as a step of a workflow on GitHub, on any other CI, or by hand.
package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/gha"
	"github.com/afterdeploy/afterdeploy/internal/input"
	"github.com/afterdeploy/afterdeploy/internal/trigger"
)

// version is set by the linker.
var version = "dev"

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // a log that nobody reads must not keep the outputs from being written
	code := 0
	root := command(&code)
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, gha.Plain("afterdeploy: "+err.Error()))
		return deploy.Invalid.ExitCode()
	}
	return code
}

// command builds the command line. The exit code of what ran goes to code.
func command(code *int) *cobra.Command {
	root := &cobra.Command{
		Use:           "afterdeploy",
		Short:         "Test what was just deployed",
		Long:          "afterdeploy tells Bugster about a deployment, so that tests run against it, and says how that went.",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(triggerCommand(code), explainCommand(code), versionCommand())
	return root
}

func triggerCommand(code *int) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trigger",
		Short: "Resolve the deployment and trigger its tests (what the action does)",
		Long: `Resolve what was deployed from the flags, the CI's event and its environment,
tell the service, and say how it went: in the log, the outputs, the step
summary and the exit code.

The API key comes from BUGSTER_API_KEY or --api-key-file. Every other input may
come from a variable too: BUGSTER_PROJECT_ID, BUGSTER_ORGANIZATION_ID,
BUGSTER_API_URL, GITHUB_TOKEN, and AFTERDEPLOY_<NAME> for the rest.

Exit codes: 0 triggered, passed, skipped, dry-run; 1 failed; 2 invalid;
3 rejected; 4 unreachable; 5 unknown; 6 not-ready; 7 timed-out; 130 cancelled.`,
		Args: cobra.NoArgs,
	}
	given := addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		*code = given.host().Trigger(cmd.Context())
		return nil
	}
	return cmd
}

func explainCommand(code *int) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Show what trigger would send and why, and call nobody",
		Args:  cobra.NoArgs,
	}
	given := addFlags(cmd)
	output := cmd.Flags().StringP("output", "o", "text", "text or json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *output != "text" && *output != "json" {
			return fmt.Errorf("--output is %q: want text or json", *output)
		}
		var err error
		*code, err = given.host().Explain(cmd.Context(), *output == "json")
		return err
	}
	return cmd
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintf(cmd.OutOrStdout(), "afterdeploy %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}

// flags are those of one command.
type flags struct {
	values                        map[string]*string
	keyFile, eventName, eventPath string
}

// addFlags declares a flag for every input that is no secret.
func addFlags(cmd *cobra.Command) *flags {
	f := &flags{values: map[string]*string{}}
	cmd.SetUsageFunc(usage)
	for _, spec := range input.Table() {
		if spec.Secret {
			continue
		}
		value := new(string)
		f.values[spec.Name] = value
		if spec.Switch {
			cmd.Flags().Var((*onOff)(value), spec.Name, spec.Text)
			cmd.Flags().Lookup(spec.Name).NoOptDefVal = "true"
			continue
		}
		cmd.Flags().StringVar(value, spec.Name, "", spec.Text)
	}
	cmd.Flags().StringVar(&f.keyFile, "api-key-file", "", "File that holds the API key.")
	cmd.Flags().StringVar(&f.eventName, "event-name", "", "GitHub event to resolve. Default: GITHUB_EVENT_NAME.")
	cmd.Flags().StringVar(&f.eventPath, "event-path", "", "File with the event's payload. Default: GITHUB_EVENT_PATH.")
	return f
}

// host is this machine, as the flags change it.
func (f *flags) host() trigger.Host {
	return trigger.Host{
		Version:  version,
		Getenv:   f.getenv,
		ReadFile: os.ReadFile,
		Out:      os.Stdout,
		Random:   rand.Float64,
		KeyFile:  f.keyFile,
		Flag: func(name string) string {
			if value := f.values[name]; value != nil {
				return *value
			}
			return ""
		},
	}
}

// getenv is the environment, where the event's flags win.
func (f *flags) getenv(name string) string {
	switch {
	case name == "GITHUB_EVENT_NAME" && f.eventName != "":
		return f.eventName
	case name == "GITHUB_EVENT_PATH" && f.eventPath != "":
		return f.eventPath
	}
	return os.Getenv(name)
}

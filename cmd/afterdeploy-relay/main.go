// Command afterdeploy-relay receives webhooks, keeps them, and does what its
// rules say: start tests, dispatch workflows, write commit statuses, keep
// issues.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// version is set by the linker.
var version = "dev"

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := command()
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		var code exitError
		if errors.As(err, &code) {
			return int(code)
		}
		fmt.Fprintln(os.Stderr, "afterdeploy-relay: "+err.Error())
		return 1
	}
	return 0
}

// exitError is an end with a code of its own, which needs no words.
type exitError int

// codePending tells that there is something to do.
const codePending = 2

// Error implements error.
func (c exitError) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "afterdeploy-relay",
		Short:         "Bring webhooks to tests, workflows, commit statuses and issues",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(serveCommand(), checkCommand(), tryCommand(), eventsCommand(), inspectCommand(), resumeCommand(), catchUpCommand(), hooksCommand(), backupCommand(), restoreCommand(),
		exportAllCommand(), importCommand(), versionCommand())
	return root
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintf(cmd.OutOrStdout(), "afterdeploy-relay %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}

// reveal reads a secret from a file, or else from the environment: never from a
// flag, which everybody on the machine can read.
func reveal(file, variable string) (secret.String, error) {
	if file == "" {
		return secret.New(os.Getenv(variable)), nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return secret.String{}, fmt.Errorf("read secret: %w", err)
	}
	return secret.New(trimLine(string(text))), nil
}

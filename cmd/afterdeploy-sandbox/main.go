// Command afterdeploy-sandbox plays the services that afterdeploy talks to, on
// the loopback and without an account, and shows the whole way in a demo.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/afterdeploy/afterdeploy/internal/gha"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := &cobra.Command{
		Use:           "afterdeploy-sandbox",
		Short:         "The services that afterdeploy talks to, to try it without them",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(serveCommand(), sendCommand(), demoCommand())
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, gha.Plain("afterdeploy-sandbox: "+err.Error()))
		return 1
	}
	return 0
}

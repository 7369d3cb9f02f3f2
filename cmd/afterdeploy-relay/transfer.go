package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/afterdeploy/afterdeploy/internal/relay"
	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
)

func exportAllCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export FILE",
		Short: "Write everything that is kept to a file, for import elsewhere",
		Long: `Write everything that is kept, events with their keys, deliveries, attempts, to
a file of JSON lines, which must not be there. It is as private as what people
sent. No relay may run on the data directory, or the database, meanwhile.`,
		Args: cobra.ExactArgs(1),
	}
	place := placeFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p, err := place()
		if err != nil {
			return err
		}
		out, err := os.OpenFile(args[0], os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
		if err := errors.Join(p.Export(cmd.Context(), out), out.Sync(), out.Close()); err != nil {
			return errors.Join(running(err), os.Remove(args[0]))
		}
		return nil
	}
	return cmd
}

func importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Add what export wrote",
		Long: `Add what export wrote to a data directory, or to a Postgres database. What is
there stays as it is, so an import that broke off can be done again.`,
		Args: cobra.ExactArgs(1),
	}
	place := placeFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p, err := place()
		if err != nil {
			return err
		}
		in, err := os.Open(args[0])
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		defer in.Close()
		moved, err := p.Import(cmd.Context(), in)
		if err != nil {
			return fmt.Errorf("import %s: %w", args[0], running(err))
		}
		return report(cmd.OutOrStdout(), moved)
	}
	return cmd
}

// placeFlags declares the flags of where things are kept.
func placeFlags(cmd *cobra.Command) func() (relay.Place, error) {
	data, database := dataFlag(cmd), databaseFlag(cmd.Flags())
	return func() (relay.Place, error) {
		at, err := database()
		return relay.Place{Data: *data, Database: at}, err
	}
}

// running says what to do about a relay that runs.
func running(err error) error {
	if errors.Is(err, inbox.ErrLocked) {
		return fmt.Errorf("%w: stop it first", err)
	}
	return err
}

func report(w io.Writer, moved map[string]relay.Moved) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TABLE\tADDED\tWERE THERE")
	for _, name := range slices.Sorted(maps.Keys(moved)) {
		m := moved[name]
		fmt.Fprintf(t, "%s\t%d\t%d\n", name, m.Added, m.Found-m.Added)
	}
	return t.Flush()
}

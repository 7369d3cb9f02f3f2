package main

import (
	"github.com/spf13/cobra"

	"github.com/afterdeploy/afterdeploy/internal/relay"
)

func backupCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup DIR",
		Short: "Copy the data directory to a new one, also while the relay runs",
		Long: `Copy what the relay keeps in its data directory to a new directory, which must
not be there. The relay may run, and goes on. Whatever was acknowledged before
is in the copy.

A Postgres has its own means, such as pg_dump.`,
		Args: cobra.ExactArgs(1),
	}
	data := dataFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return relay.Backup(cmd.Context(), *data, args[0])
	}
	return cmd
}

func restoreCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore DIR",
		Short: "Make a data directory of a backup",
		Long: `Make a data directory of one that backup made. Nothing is overwritten, and a
damaged copy is refused.

The relay may have gone on after the backup was made. So what was not done by
then, and must not be done twice, becomes unknown and waits for you: test
triggers and dispatches. Statuses and issues go on by themselves.`,
		Args: cobra.ExactArgs(1),
	}
	data := dataFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return relay.Restore(cmd.Context(), args[0], *data)
	}
	return cmd
}

func dataFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("data", "data", "Directory for what is kept.")
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
)

func redeliverCommand(p *place) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "redeliver [ID...]",
		Short: "Carry out again what failed: of an event, one delivery, or many",
		Long: `Carry out again: for an event its deliveries that are dead or unknown, and what
rules that are new to it want; for a delivery that one, however it ended.

Without identifiers, flags choose the events, at least one of them. Of these the
deliveries in --state are carried out again, without it those that are dead or
unknown: 1000 at once. --dry-run says what that would be, and does nothing.`,
	}
	choose := choice(cmd.Flags())
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "Say what would be carried out again, and do nothing.")
	cmd.RunE = func(cmd *cobra.Command, ids []string) error {
		q, err := choose()
		if err != nil {
			return err
		}
		chosen := chooses(cmd.Flags())
		switch {
		case len(ids) == 0 && !chosen:
			return errors.New("redeliver what? want identifiers, or flags that choose, such as --state dead --since 24h")
		case len(ids) > 0 && (chosen || dryRun):
			return errors.New("want identifiers, or flags that choose, not both")
		}
		return p.with(cmd.Context(), func(j journal.Journal) error {
			if len(ids) == 0 {
				return redeliverChosen(cmd, p, j, q, dryRun)
			}
			return redeliverNamed(cmd.Context(), cmd.OutOrStdout(), j, ids)
		})
	}
	return cmd
}

// chooses reports whether a flag narrows the events.
func chooses(f *pflag.FlagSet) bool {
	for _, name := range []string{"source", "service", "state", "text", "since", "until"} {
		if f.Changed(name) {
			return true
		}
	}
	return false
}

func redeliverNamed(ctx context.Context, w io.Writer, j journal.Journal, ids []string) error {
	for _, id := range ids {
		n, err := j.Redeliver(ctx, id)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s: %d to be delivered again\n", id, n)
	}
	return nil
}

// redeliverChosen says what it will do, and does that and nothing else.
func redeliverChosen(cmd *cobra.Command, p *place, j journal.Journal, q journal.Query, dryRun bool) error {
	plan, err := j.Plan(cmd.Context(), q)
	if err != nil {
		return err
	}
	if dryRun && p.output == "json" {
		return writeJSON(cmd.OutOrStdout(), plan)
	}
	if err := planned(cmd.OutOrStdout(), plan); err != nil || dryRun {
		return err
	}
	q.Until = plan.Until
	n, err := j.RedeliverAll(cmd.Context(), q, len(plan.Deliveries))
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%d to be delivered again\n", n)
	return nil
}

func planned(w io.Writer, plan journal.Plan) error {
	fmt.Fprintf(w, "%d deliveries of %d events, received until %s\n", len(plan.Deliveries), plan.Events, plan.Until.Format(time.RFC3339))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, one := range plan.Targets {
		twice := ""
		if !one.Idempotent {
			twice = "does harm where it was done already"
		}
		fmt.Fprintf(t, "  %d\t%s at %s\t%s\n", one.Deliveries, one.Do, plain(one.Target), twice)
	}
	if plan.More {
		fmt.Fprintln(t, "  there are more: these are the first")
	}
	return t.Flush()
}

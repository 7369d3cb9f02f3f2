package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/afterdeploy/afterdeploy/internal/relay/catchup"
)

func catchUpCommand() *cobra.Command {
	var (
		p     place
		q     catchup.Query
		since string
	)
	cmd := &cobra.Command{
		Use:   "catch-up",
		Short: "Bring in what the services sent while the relay could not take it",
		Long: `Ask GitHub, Bitrise and Currents what they sent in vain, and take it in as if it
had come. What is here already stays as it is, so doing it twice does nothing
twice. A source is asked if the rules file says whose webhook it receives.

Without --since it goes on where it ended the last time; the first time it
begins now. Currents' runs count by when they were made.

The relay has to run: it is asked through its admin listener; the token comes
from ` + tokenVariable + ` or --token-file. The exit code is 1 if something
could not be had.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if q.Since, err = moment("since", since); err != nil {
				return err
			}
			remote, err := p.remote()
			if err != nil {
				return err
			}
			report, err := remote.CatchUp(cmd.Context(), q)
			if err != nil {
				return err
			}
			if p.output == "json" {
				err = writeJSON(cmd.OutOrStdout(), report)
			} else {
				err = tell(cmd.OutOrStdout(), report)
			}
			if err == nil && report.Failed() {
				err = errors.New("something could not be had")
			}
			return err
		},
	}
	p.flags(cmd.Flags())
	f := cmd.Flags()
	f.StringVar(&since, "since", "", "Begin then: a time such as 2026-01-31T15:04:05Z, or an age such as 24h.")
	f.StringVar(&q.Source, "source", "", "Ask for this source only.")
	f.BoolVar(&q.All, "all", false, "Look also for what the services say was taken, after a restore; what was done for it then is done again.")
	f.BoolVar(&q.DryRun, "dry-run", false, "Say what is missing, and bring nothing in.")
	return cmd
}

// tell prints a table of sources, and then what is worth a line.
func tell(w io.Writer, report catchup.Report) error {
	brought := "BROUGHT IN"
	if report.DryRun {
		brought = "MISSING"
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "SOURCE\tSERVICE\tSINCE\tFOUND\t%s\tALREADY HERE\tFAILED\n", brought)
	for _, r := range report.Sources {
		if r.Note != "" {
			fmt.Fprintf(t, "%s\t%s\tnot asked: %s\n", r.Source, r.Service, r.Note)
			continue
		}
		n := r.Brought
		if report.DryRun {
			n = r.Found - r.Known - r.Failed
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%d\n", r.Source, r.Service, r.Since.Format(time.RFC3339), r.Found, n, r.Known, r.Failed)
	}
	err := t.Flush()
	for _, r := range report.Sources {
		for _, item := range r.Items {
			fmt.Fprintf(w, "%s: %s of %s%s\n", r.Source, plain(item.What), item.At.Format(time.RFC3339), became(item))
		}
		if r.Error != "" {
			fmt.Fprintf(w, "%s: %s\n", r.Source, plain(r.Error))
		}
	}
	return err
}

// became says what became of one event.
func became(i catchup.Item) string {
	switch {
	case i.Error != "":
		return ": " + plain(i.Error)
	case i.ID != "":
		return " is event " + i.ID
	}
	return " is missing"
}

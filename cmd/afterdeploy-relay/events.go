package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/afterdeploy/afterdeploy/internal/relay"
	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
)

// place says where the events are: at a relay that runs, or in the directory of
// one that does not.
type place struct{ admin, token, data, output string }

func eventsCommand() *cobra.Command {
	var p place
	cmd := &cobra.Command{
		Use:   "events",
		Short: "Look at what came and what became of it",
		Long: `Look at events and their deliveries, and redeliver them.

A relay that runs is asked through its admin listener; the token comes from
` + tokenVariable + ` or --token-file. With --data the directory of a relay that
does not run is opened instead.`,
	}
	p.flags(cmd.PersistentFlags())
	cmd.PersistentFlags().StringVar(&p.data, "data", "", "Data directory of a relay that does not run.")
	cmd.AddCommand(listCommand(&p), showCommand(&p), deliveryCommand(&p), redeliverCommand(&p), exportCommand(&p))
	return cmd
}

// flags declares what says where a relay is that runs.
func (p *place) flags(f *pflag.FlagSet) {
	f.StringVar(&p.admin, "admin", "http://127.0.0.1:8081", "Address of the admin listener.")
	f.StringVar(&p.token, "token-file", "", "File with the admin token.")
	f.StringVarP(&p.output, "output", "o", "text", "text or json.")
}

// remote asks the relay that runs.
func (p *place) remote() (*journal.Remote, error) {
	if p.output != "text" && p.output != "json" {
		return nil, fmt.Errorf("--output is %q: want text or json", p.output)
	}
	token, err := reveal(p.token, tokenVariable)
	// The answer of another than the relay would be followed nowhere.
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &journal.Remote{Client: client, Base: p.admin, Token: token}, err
}

// with opens the journal for as long as do takes.
func (p *place) with(ctx context.Context, do func(journal.Journal) error) error {
	remote, err := p.remote()
	switch {
	case err != nil:
		return err
	case p.data == "":
		return do(remote)
	}
	if _, err := os.Stat(filepath.Join(p.data, "inbox.db")); err != nil {
		return fmt.Errorf("--data %s: want the directory of a relay: %w", p.data, err)
	}
	local, closeStores, err := relay.OpenJournal(ctx, p.data)
	if errors.Is(err, inbox.ErrLocked) {
		return fmt.Errorf("--data %s: the relay runs: leave --data out to ask it", p.data)
	}
	if err != nil {
		return err
	}
	return errors.Join(do(local), closeStores())
}

// choice declares the flags that say which events.
func choice(f *pflag.FlagSet) func() (journal.Query, error) {
	var (
		q            journal.Query
		since, until string
	)
	f.StringVar(&q.Source, "source", "", "Only events of this source.")
	f.StringVar(&q.Service, "service", "", "Only events of this service.")
	f.StringVar(&q.State, "state", "", "Only events in this state, or with a delivery in it.")
	f.StringVar(&q.Text, "text", "", "Only events with this text in subject, name, note or key.")
	f.StringVar(&since, "since", "", "Only events since then: a time such as 2026-01-31T15:04:05Z, or an age such as 24h.")
	f.StringVar(&until, "until", "", "Only events before then.")
	return func() (journal.Query, error) {
		var err1, err2 error
		q.Since, err1 = moment("since", since)
		q.Until, err2 = moment("until", until)
		return q, errors.Join(err1, err2)
	}
}

// query declares the flags of a list of events.
func query(cmd *cobra.Command, most int) func() (journal.Query, error) {
	var page journal.Query
	f := cmd.Flags()
	choose := choice(f)
	f.StringVar(&page.Before, "before", "", "Only events older than the one with this identifier.")
	f.StringVar(&page.After, "after", "", "Only events newer than the one with this identifier, the oldest of them.")
	f.IntVar(&page.Most, "most", most, "How many at most; 0 means 100 in a list and all in an export.")
	cmd.MarkFlagsMutuallyExclusive("before", "after")
	return func() (journal.Query, error) {
		q, err := choose()
		q.Before, q.After, q.Most = page.Before, page.After, page.Most
		return q, err
	}
}

func moment(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if age, err := time.ParseDuration(text); err == nil {
		return time.Now().Add(-age), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("--%s is %q: want a time such as 2026-01-31T15:04:05Z, or an age such as 24h", flag, text)
	}
	return at, nil
}

func listCommand(p *place) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List events, newest first", Args: cobra.NoArgs}
	read := query(cmd, 100)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		q, err := read()
		if err != nil {
			return err
		}
		return p.with(cmd.Context(), func(j journal.Journal) error {
			events, err := j.Events(cmd.Context(), q)
			if err != nil {
				return err
			}
			if p.output == "json" {
				return writeJSON(cmd.OutOrStdout(), events)
			}
			return table(cmd.OutOrStdout(), events)
		})
	}
	return cmd
}

func table(w io.Writer, events []journal.Event) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tRECEIVED\tSOURCE\tEVENT\tSUBJECT\tSTATE\tDELIVERIES")
	for _, e := range events {
		var deliveries []string
		for _, d := range e.Deliveries {
			deliveries = append(deliveries, d.Action.Rule+": "+string(d.State))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.ID, e.Received.Format(time.RFC3339),
			plain(e.Source), plain(e.Name), plain(e.Subject), e.State, plain(strings.Join(deliveries, ", ")))
	}
	return t.Flush()
}

// plain keeps a stranger's words from moving the cursor or faking a column.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func showCommand(p *place) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show an event with its deliveries and attempts",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd.Context(), func(j journal.Journal) error {
				d, err := j.Event(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if p.output == "json" {
					return writeJSON(cmd.OutOrStdout(), d)
				}
				show(cmd.OutOrStdout(), d)
				return nil
			})
		},
	}
}

func show(w io.Writer, d journal.Detail) {
	fmt.Fprintf(w, "%s  %s %s  %s\n", d.ID, plain(d.Source), plain(d.Name), d.Received.Format(time.RFC3339))
	fmt.Fprintf(w, "  state %s (%s), subject %s, came %d times\n", d.State, plain(d.Note), plain(d.Subject), d.Arrivals)
	if d.Parsed.Title != "" {
		fmt.Fprintf(w, "  %s\n", plain(d.Parsed.Title))
	}
	for _, one := range d.Deliveries {
		fmt.Fprintf(w, "  delivery %s\n    %s: %s at %s: %s (%s)\n", one.ID, plain(one.Action.Rule), one.Action.Do, plain(one.Action.Target), one.State, plain(one.Note))
		for _, a := range d.Attempts[one.ID] {
			fmt.Fprintf(w, "    attempt %d  %s  %s  %s\n", a.Number, a.Started.Format(time.RFC3339), a.Outcome, plain(a.Note))
		}
	}
}

func exportCommand(p *place) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write events with all they are, one JSON object a line, newest first",
		Args:  cobra.NoArgs,
	}
	read := query(cmd, 0)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		q, err := read()
		if err != nil {
			return err
		}
		return p.with(cmd.Context(), func(j journal.Journal) error {
			return journal.Export(cmd.Context(), j, q, cmd.OutOrStdout())
		})
	}
	return cmd
}

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

func inspectCommand() *cobra.Command {
	var p place
	cmd := &cobra.Command{
		Use:   "inspect",
		Short: "Look at a relay that runs: its sources, rules, targets and health",
		Long: `Look at a relay that runs, through its admin listener; the token comes from
` + tokenVariable + ` or --token-file.`,
	}
	p.flags(cmd.PersistentFlags())
	cmd.AddCommand(
		inspect(&p, "sources", "Where events come from, and how to set that up", (*journal.Remote).Sources, sourcesText),
		inspect(&p, "rules", "The rules in force", (*journal.Remote).Rules, listText),
		inspect(&p, "targets", "Where deliveries go, and what is paused", (*journal.Remote).Targets, targetsText),
		inspect(&p, "health", "How the relay is, at a glance", (*journal.Remote).Health, healthText),
	)
	return cmd
}

// inspect makes a command that asks one question.
func inspect[T any](p *place, name, short string, ask func(*journal.Remote, context.Context) (T, error), text func(io.Writer, T) error) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			answer, err := ask(remote, cmd.Context())
			if err != nil {
				return err
			}
			if p.output == "json" {
				return writeJSON(cmd.OutOrStdout(), answer)
			}
			return text(cmd.OutOrStdout(), answer)
		},
	}
}

func sourcesText(w io.Writer, sources []journal.Source) error {
	for _, s := range sources {
		fmt.Fprintf(w, "%s (%s)\n", plain(s.Name), s.Service)
		if s.Loaded {
			fmt.Fprintf(w, "  %s\n  %s\n", s.URL, s.Verify)
		}
		fmt.Fprintf(w, "  %d events", s.Events)
		if s.Unverified > 0 {
			fmt.Fprintf(w, ", %d without the secret", s.Unverified)
		}
		if !s.LastEvent.IsZero() {
			fmt.Fprintf(w, ", the last at %s", s.LastEvent.Format(time.RFC3339))
		}
		fmt.Fprintln(w)
		for i, step := range s.Setup {
			fmt.Fprintf(w, "  %d. %s\n", i+1, step)
		}
	}
	return nil
}

// listText writes each item with the fields that say something.
func listText[T any](w io.Writer, items []T) error {
	text, err := json.Marshal(items)
	if err != nil {
		return err
	}
	var list []map[string]any
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	for _, item := range list {
		fmt.Fprintf(w, "%v\n", item["name"])
		for _, field := range slices.Sorted(maps.Keys(item)) {
			if line := said(item[field]); field != "name" && line != "" {
				fmt.Fprintf(w, "  %s: %s\n", strings.ReplaceAll(field, "_", " "), plain(line))
			}
		}
	}
	return nil
}

// said shows a value in one line, and nothing for one that is empty.
func said(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		words := make([]string, len(v))
		for i, one := range v {
			words[i] = fmt.Sprint(one)
		}
		return strings.Join(words, ", ")
	case map[string]any:
		if len(v) == 0 {
			return ""
		}
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

func targetsText(w io.Writer, targets []journal.Target) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TARGET\tSERVICE\tAS\tREPOSITORIES\tPAUSED")
	for _, one := range targets {
		paused := ""
		if one.Pause != nil {
			paused = "since " + one.Pause.Since.Format(time.RFC3339) + ": " + one.Pause.Note
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", plain(one.Name), one.Service, one.As, strings.Join(one.Repositories, ", "), plain(paused))
	}
	return t.Flush()
}

func healthText(w io.Writer, h journal.Health) error {
	if h.Commits {
		fmt.Fprintln(w, "the store commits: events are taken")
	} else {
		fmt.Fprintf(w, "the store does not commit: %s\n", h.Problem)
	}
	fmt.Fprintf(w, "events not routed: %d, the oldest %s\n", h.Unrouted, waits(h.OldestUnrouted))
	fmt.Fprintf(w, "the oldest delivery to attempt %s\n", waits(h.OldestReady))
	for _, state := range work.States() {
		if n := h.Deliveries[state]; n > 0 {
			fmt.Fprintf(w, "  %s: %d\n", state, n)
		}
	}
	fmt.Fprintf(w, "paused targets: %s\n", cmp.Or(strings.Join(h.Paused, ", "), "none"))
	free := "unknown"
	if h.FreeBytes >= 0 {
		free = fmt.Sprintf("%d bytes", h.FreeBytes)
	}
	fmt.Fprintf(w, "inbox: %d bytes, free on its disk: %s\n", h.InboxBytes, free)
	return nil
}

func waits(since time.Time) string {
	if since.IsZero() {
		return "does not wait"
	}
	return "waits since " + since.Format(time.RFC3339)
}

func resumeCommand() *cobra.Command {
	var p place
	cmd := &cobra.Command{
		Use:   "resume TARGET",
		Short: "End the pause of a target that refused our credentials",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			n, err := remote.Resume(cmd.Context(), args[0])
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %d go on\n", args[0], n)
			}
			return err
		},
	}
	p.flags(cmd.Flags())
	return cmd
}

func deliveryCommand(p *place) *cobra.Command {
	return &cobra.Command{
		Use:   "delivery ID",
		Short: "Show a delivery with what its attempts asked and were answered",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd.Context(), func(j journal.Journal) error {
				d, err := j.Delivery(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if p.output == "json" {
					return writeJSON(cmd.OutOrStdout(), d)
				}
				deliveryText(cmd.OutOrStdout(), d)
				return nil
			})
		},
	}
}

func deliveryText(w io.Writer, d journal.Delivery) {
	fmt.Fprintf(w, "%s  %s: %s at %s  %s (%s)\n", d.ID, plain(d.Action.Rule), d.Action.Do, plain(d.Action.Target), d.State, plain(d.Note))
	fmt.Fprintf(w, "  event %s\n", d.EventID)
	if d.State == work.Ready || d.State == work.Retry {
		fmt.Fprintf(w, "  next attempt at %s\n", d.Due.Format(time.RFC3339))
	}
	for _, a := range d.Attempts {
		fmt.Fprintf(w, "  attempt %d  %s  %s  %s\n", a.Number, a.Started.Format(time.RFC3339), a.Outcome, plain(a.Note))
		for _, x := range a.Exchanges {
			fmt.Fprintf(w, "    %s %s\n", x.Method, plain(x.URL))
			headerText(w, "> ", x.Header)
			fmt.Fprintf(w, "    > %s\n", plain(x.Body))
			fmt.Fprintf(w, "    < %d in %s %s\n", x.Status, x.Took.Round(time.Millisecond), plain(x.Error))
			headerText(w, "< ", x.Answer)
			fmt.Fprintf(w, "    < %s\n", plain(x.Content))
		}
	}
}

func headerText(w io.Writer, mark string, h http.Header) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		fmt.Fprintf(w, "    %s%s: %s\n", mark, plain(name), plain(strings.Join(h[name], ", ")))
	}
}

package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/afterdeploy/afterdeploy/internal/relay/hooks"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

func hooksListCommand(o *hookOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the webhooks of a project or an app",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			place, err := o.open(true, nil)
			if err != nil {
				return err
			}
			found, err := place.List(cmd.Context())
			if err != nil {
				return err
			}
			return o.list(cmd.OutOrStdout(), found)
		},
	}
	o.where(cmd)
	return cmd
}

func hooksGetCommand(o *hookOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "get ID",
		Short: "Show a webhook",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			place, err := o.open(false, nil)
			if err != nil {
				return err
			}
			found, err := place.Get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return o.one(cmd.OutOrStdout(), found)
		},
	}
	o.where(cmd)
	return cmd
}

func hooksCreateCommand(o *hookOptions) *cobra.Command {
	var fields hookFields
	cmd := &cobra.Command{
		Use:   "create --url URL",
		Short: "Make a webhook",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			headers, signs, unread := fields.read()
			w := hooks.Webhook{URL: fields.url, Events: fields.events, Label: fields.label, Headers: headers, Secret: signs}
			place, err := o.open(true, func(p hooks.Place) error { return errors.Join(unread, p.Check(w)) })
			if err != nil {
				return err
			}
			made, err := place.Create(cmd.Context(), w)
			if err != nil {
				return err
			}
			return o.one(cmd.OutOrStdout(), made)
		},
	}
	o.where(cmd)
	fields.declare(cmd.Flags())
	return cmd
}

func hooksUpdateCommand(o *hookOptions) *cobra.Command {
	var fields hookFields
	cmd := &cobra.Command{
		Use:   "update ID",
		Short: "Change a webhook; what is not given stays as it is",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			change, unread := fields.change(cmd)
			place, err := o.open(false, func(p hooks.Place) error { return errors.Join(unread, p.CheckChange(args[0], change)) })
			if err != nil {
				return err
			}
			changed, err := place.Update(cmd.Context(), args[0], change)
			if err != nil {
				return err
			}
			return o.one(cmd.OutOrStdout(), changed)
		},
	}
	o.where(cmd)
	f := cmd.Flags()
	fields.declare(f)
	f.BoolVar(&fields.noHeaders, "no-headers", false, "Take the headers away.")
	f.BoolVar(&fields.noSecret, "no-secret", false, "Sign no more. Bitrise wants --secret or --no-secret with every change, and its headers again.")
	cmd.MarkFlagsMutuallyExclusive("header", "no-headers")
	cmd.MarkFlagsMutuallyExclusive("secret", "no-secret")
	return cmd
}

// change is what the given flags change.
func (h *hookFields) change(cmd *cobra.Command) (hooks.Change, error) {
	headers, signs, err := h.read()
	c := hooks.Change{Events: h.events, Headers: headers}
	if cmd.Flags().Changed("url") {
		c.URL = &h.url
	}
	if cmd.Flags().Changed("label") {
		c.Label = &h.label
	}
	if h.noHeaders {
		c.Headers = map[string]secret.String{}
	}
	if h.noSecret || h.secret != "" {
		c.Secret = &signs
	}
	if c.URL == nil && c.Label == nil && c.Events == nil && c.Headers == nil && c.Secret == nil {
		err = errors.Join(err, errors.New("nothing is to change: want one of --url, --event, --label, --header, --no-headers, --secret, --no-secret"))
	}
	return c, err
}

func hooksDeleteCommand(o *hookOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete ID",
		Short: "Delete a webhook",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			place, err := o.open(false, nil)
			if err != nil {
				return err
			}
			if err := place.Delete(cmd.Context(), args[0]); err != nil {
				return err
			}
			if o.output == "json" {
				return writeJSON(cmd.OutOrStdout(), map[string]string{"deleted": args[0]})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "deleted %s\n", plain(args[0]))
			return nil
		},
	}
	o.where(cmd)
	return cmd
}

// list prints webhooks, with what may be secret only where that was asked for.
func (o *hookOptions) list(w io.Writer, found []hooks.Webhook) error {
	if !o.show {
		for i := range found {
			found[i] = found[i].Hidden()
		}
	}
	switch {
	case o.output == "json" && o.show:
		revealed := make([]hooks.Revealed, len(found))
		for i, one := range found {
			revealed[i] = hooks.Revealed(one)
		}
		return writeJSON(w, revealed)
	case o.output == "json":
		return writeJSON(w, append([]hooks.Webhook{}, found...))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tURL\tEVENTS\tLABEL\tHEADERS")
	for _, one := range found {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", plain(one.ID), plain(one.URL), plain(strings.Join(one.Events, ", ")), plain(one.Label), plain(o.headers(one)))
	}
	return t.Flush()
}

// one prints a webhook.
func (o *hookOptions) one(w io.Writer, found hooks.Webhook) error {
	if !o.show {
		found = found.Hidden()
	}
	switch {
	case o.output == "json" && o.show:
		return writeJSON(w, hooks.Revealed(found))
	case o.output == "json":
		return writeJSON(w, found)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, field := range [][2]string{
		{"id", found.ID}, {"url", found.URL}, {"events", strings.Join(found.Events, ", ")}, {"label", found.Label},
		{"headers", o.headers(found)}, {"created", moments(found.CreatedAt)}, {"updated", moments(found.UpdatedAt)},
	} {
		if field[1] != "" {
			fmt.Fprintf(t, "%s\t%s\n", field[0], plain(field[1]))
		}
	}
	return t.Flush()
}

func moments(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// headers writes a webhook's headers in one line. A text that is no object has
// no name.
func (o *hookOptions) headers(w hooks.Webhook) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(w.Headers)) {
		value := "***"
		if o.show {
			value = w.Headers[name].Reveal()
		}
		if name == "" {
			name = "(not readable)"
		}
		parts = append(parts, name+": "+value)
	}
	return strings.Join(parts, ", ")
}

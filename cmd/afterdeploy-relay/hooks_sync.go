package main

import (
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/spf13/cobra"

	"github.com/afterdeploy/afterdeploy/internal/relay/hooks"
)

func hooksSyncCommand(o *hookOptions) *cobra.Command {
	var dry, prune bool
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Have the webhooks at Currents and Bitrise match the rules file",
		Long: `For every source with a project-id or an app-slug, have exactly the webhook that
it needs: public-url/hooks/NAME, with the source's first secret. The plan is
printed, then carried out, unless --dry-run is given.

Only webhooks that an earlier sync made are changed or deleted: their address
begins with public-url and ends with ?rev= and the secret's revision.

Exit code 0: all is in sync, or was brought there. 1: something went wrong.
2: --dry-run, and there are changes.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			plan, err := o.plan(cmd, prune)
			if err != nil {
				return err
			}
			return o.carryOut(cmd, plan, dry)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "Only print the plan.")
	cmd.Flags().BoolVar(&prune, "prune", false, "Delete webhooks of ours that no source of the file wants.")
	return cmd
}

func (o *hookOptions) plan(cmd *cobra.Command, prune bool) (hooks.Plan, error) {
	rules, err := loadRules(o.config)
	if err != nil {
		return hooks.Plan{}, err
	}
	client, err := o.client()
	if err != nil {
		return hooks.Plan{}, err
	}
	open := func(a hooks.Account) (hooks.Place, error) { return hooks.Open(client, rand.Float64, a) }
	return hooks.Make(cmd.Context(), rules.File, open, prune)
}

// result is what --output json prints.
type result struct {
	hooks.Plan
	Done []doneStep `json:"done"`
}

type doneStep struct {
	Do    hooks.Verb `json:"do"`
	ID    string     `json:"id"`
	Error string     `json:"error,omitempty"`
}

func (o *hookOptions) carryOut(cmd *cobra.Command, plan hooks.Plan, dry bool) error {
	out, text := cmd.OutOrStdout(), o.output == "text"
	if text {
		printPlan(out, plan)
	}
	report := result{Plan: plan, Done: []doneStep{}}
	var err error
	if !dry {
		err = plan.Apply(cmd.Context(), func(d hooks.Done) {
			step := doneStep{Do: d.Do, ID: d.ID}
			if d.Err != nil {
				step.Error = d.Err.Error()
			}
			report.Done = append(report.Done, step)
			if text {
				printDone(out, d)
			}
		})
	}
	if !text {
		if err := writeJSON(out, report); err != nil {
			return err
		}
	}
	if dry && len(plan.Steps) > 0 {
		return exitError(codePending)
	}
	return err
}

func printPlan(w io.Writer, p hooks.Plan) {
	counts := map[hooks.Verb]int{}
	for _, s := range p.Steps {
		counts[s.Do]++
		sign := map[hooks.Verb]string{hooks.Create: "+", hooks.Update: "~", hooks.Delete: "-"}[s.Do]
		line := fmt.Sprintf("%s %s %s %s: source %s", sign, s.Do, s.Service, s.Holder, s.Source)
		if s.ID != "" {
			line += ", webhook " + s.ID
		}
		if s.Why != "" {
			line += ", since " + s.Why
		}
		fmt.Fprintln(w, plain(line))
		for _, d := range s.Differs {
			fmt.Fprintln(w, plain("    "+difference(d)))
		}
	}
	for _, note := range p.Notes {
		fmt.Fprintln(w, plain("! "+note))
	}
	fmt.Fprintf(w, "plan: %d to create, %d to update, %d to delete, %d in sync\n", counts[hooks.Create], counts[hooks.Update], counts[hooks.Delete], p.InSync)
}

// difference says what becomes of a field.
func difference(d hooks.Difference) string {
	switch {
	case d.From == "":
		return d.Field + ": " + d.To
	case d.To == "":
		return d.Field + ": " + d.From + " goes"
	case d.From == d.To:
		return d.Field + ": another one"
	}
	return d.Field + ": " + d.From + " -> " + d.To
}

func printDone(w io.Writer, d hooks.Done) {
	past := map[hooks.Verb]string{hooks.Create: "created", hooks.Update: "updated", hooks.Delete: "deleted"}[d.Do]
	line := fmt.Sprintf("%s webhook %s for source %s", past, d.ID, d.Source)
	if d.Err != nil {
		line = fmt.Sprintf("not %s for source %s: %v", past, d.Source, d.Err)
	}
	fmt.Fprintln(w, plain(line))
}

package main

import (
	"cmp"
	"fmt"
	"io"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
)

// trial is what would happen.
type trial struct {
	Event     event.Event     `json:"event"`
	Problem   string          `json:"problem,omitempty"`
	Ignored   string          `json:"ignored,omitempty"`
	Decisions []rule.Decision `json:"decisions"`
}

func (t trial) print(w io.Writer) {
	e := t.Event
	fmt.Fprintf(w, "%s %q: %s, %s\n", e.Service, e.Name, e.Kind, e.Status)
	for _, field := range [][2]string{
		{"subject", e.Subject}, {"title", e.Title}, {"repository", e.Repository}, {"commit", e.Commit}, {"branch", e.Branch},
		{"environment", e.Environment}, {"environment_url", e.EnvironmentURL},
	} {
		if field[1] != "" {
			fmt.Fprintf(w, "  %s: %q\n", field[0], field[1])
		}
	}
	if t.Problem != "" {
		fmt.Fprintf(w, "problem: %s\n", t.Problem)
	}
	if t.Ignored != "" {
		fmt.Fprintf(w, "no rule sees it: %s\n", t.Ignored)
	}
	for _, d := range t.Decisions {
		a := d.Action
		switch {
		case a == nil:
			fmt.Fprintf(w, "rule %s: no, %s\n", d.Rule, d.Reason)
		case a.Problem != "":
			fmt.Fprintf(w, "rule %s: would, but cannot: %s\n", d.Rule, a.Problem)
		default:
			fmt.Fprintf(w, "rule %s: %s at %s%s\n", d.Rule, a.Do, a.Target, about(*a))
		}
	}
}

// about says what would be done, in a line.
func about(a rule.Action) string {
	switch {
	case a.Trigger != nil:
		return fmt.Sprintf(" for %s on %s", cmp.Or(a.Trigger.Commit, a.Trigger.Branch), a.Trigger.EnvironmentURL)
	case a.Dispatch != nil:
		return fmt.Sprintf(" in %s, type %q", a.Repository, a.Dispatch.EventType)
	case a.Commit != nil:
		return fmt.Sprintf(" in %s, %s %q on %s", a.Repository, a.Commit.State, a.Commit.Context, a.Commit.Commit)
	case a.Issue != nil:
		return fmt.Sprintf(" in %s, %q", a.Repository, a.Issue.Title)
	}
	return ""
}

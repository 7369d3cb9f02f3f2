package rule

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/relay/event"
)

// Decision is what one rule makes of an event.
type Decision struct {
	Rule string
	// Action is what is to be done, nil where the rule does not match.
	Action *Action
	// Reason says why it does not match.
	Reason string
}

// Match returns what is to be done for an event, in the order of the rules.
func (f *File) Match(e event.Event) []Action {
	var actions []Action
	for _, d := range f.Decide(e) {
		if d.Action != nil {
			actions = append(actions, *d.Action)
		}
	}
	return actions
}

// Decide returns what every rule makes of an event. No rule sees an event that
// [File.Ignores].
func (f *File) Decide(e event.Event) []Decision {
	if f.Ignores(e) != "" {
		return nil
	}
	v := viewOf(e)
	decisions := make([]Decision, len(f.Rules))
	for i, r := range f.Rules {
		decisions[i] = f.decide(r, v)
	}
	return decisions
}

// Ignores says why no rule sees an event: "unverified" where nothing vouches
// for it, "own" where the relay itself caused it. It returns "" for the rest.
func (f *File) Ignores(e event.Event) string {
	switch {
	case e.Unverified:
		return "unverified"
	case f.Own.caused(e):
		return "own"
	}
	return ""
}

func (o Own) caused(e event.Event) bool {
	return slices.ContainsFunc(o.Senders, func(login string) bool { return strings.EqualFold(login, e.Sender) }) ||
		e.Kind == event.KindCheck && deploy.MatchAny(o.Contexts, e.Context) ||
		e.Kind == event.KindDispatch && e.Fields["delivery_id"] != ""
}

func (f *File) decide(r Rule, v view) Decision {
	d := Decision{Rule: r.Name}
	t := f.target(r.Target)
	if d.Reason = r.filter.misses(v); d.Reason != "" {
		return d
	}
	if r.Do == Trigger && ofTestService(v.Event) {
		d.Reason = "the test service's own bot made this branch or event"
		return d
	}
	repository, err := r.repository(t, v)
	if err != nil {
		d.Reason = err.Error()
		return d
	}
	d.Action = &Action{
		ID: deliveryID(v.ID, r.Name), Rule: r.Name, Target: t.Name, Do: r.Do,
		Repository: repository, Status: v.Event.Status, MaxAge: r.MaxAge,
	}
	if err := r.specify(d.Action, t, v); err != nil {
		d.Action.Problem = err.Error()
	}
	return d
}

func (f *File) target(name string) TargetConfig {
	for _, t := range f.Targets {
		if t.Name == name {
			return t
		}
	}
	return TargetConfig{}
}

// misses says why an event does not pass, or "".
func (f filter) misses(v view) string {
	if !slices.Contains(f.sources, v.Source) {
		return fmt.Sprintf("source is %q", v.Source)
	}
	if !f.passes(v.Event.Kind, v.Event.Status) {
		return fmt.Sprintf("kind is %q and status %q", v.Kind, v.Status)
	}
	for _, field := range []struct {
		what, value string
		globs       []deploy.Glob
	}{
		{"event", v.Name, f.events}, {"branch", v.Branch, f.branches},
		{"environment", v.Environment, f.environments}, {"workflow", v.Workflow, f.workflows},
	} {
		if len(field.globs) > 0 && !deploy.MatchAny(field.globs, field.value) {
			return fmt.Sprintf("%s is %q", field.what, field.value)
		}
	}
	if f.program == nil {
		return ""
	}
	switch holds, err := run(f.program, v); {
	case err != nil:
		return "when: " + err.Error()
	case holds != true:
		return "when is false"
	}
	return ""
}

// ofTestService reports whether testing an event would go in a circle: the test
// service opens pull requests of its own.
func ofTestService(e event.Event) bool {
	return e.Sender == "bugster-dev[bot]" || strings.HasPrefix(e.Branch, "bugster/tests/")
}

// repository returns where a rule acts for an event: what the rule says, else
// the event's, else the target's only one. The target has to list it.
func (r Rule) repository(t TargetConfig, v view) (string, error) {
	name, err := r.text("repository", v.Repository, v)
	if err != nil {
		return "", err
	}
	if name == "" {
		name = t.only()
	}
	if !t.Lists(name) {
		return "", fmt.Errorf("target %q does not list repository %q", t.Name, name)
	}
	return name, nil
}

// text returns a field of the delivery: what the rule says, else what follows
// from the event.
func (r Rule) text(key, otherwise string, v view) (string, error) {
	t, given := r.with.texts[key]
	if !given {
		return otherwise, nil
	}
	text, err := t.string(v)
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	return strings.TrimSpace(text), nil
}

// deliveryID names one rule's work for one event, the same each time.
func deliveryID(eventID, rule string) string {
	sum := sha256.Sum256([]byte(eventID + "\x00" + rule))
	return hex.EncodeToString(sum[:16])
}

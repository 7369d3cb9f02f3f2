package hooks

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
)

// Verb is what is done to a webhook.
type Verb string

// The verbs.
const (
	Create Verb = "create"
	Update Verb = "update"
	Delete Verb = "delete"
)

// Step is one thing to do.
type Step struct {
	Do      Verb   `json:"do"`
	Source  string `json:"source"`
	Service string `json:"service"`
	Holder  string `json:"holder"` // project or app
	ID      string `json:"id,omitempty"`
	// Differs says what becomes of each field. No value is secret.
	Differs []Difference `json:"differs,omitempty"`
	// Why tells the reason of a deletion.
	Why string `json:"why,omitempty"`

	want  Webhook
	place Place
}

// Difference is a field that is to change.
type Difference struct {
	Field string `json:"field"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
}

// Plan is what makes the services match the file.
type Plan struct {
	Steps []Step `json:"steps"`
	// InSync counts the webhooks that are as they should be.
	InSync int `json:"in_sync"`
	// Notes are for people: what is left alone, and why.
	Notes []string `json:"notes,omitempty"`
}

// Make compares the services with what a rules file wants. It changes nothing.
// With prune, webhooks of sources that are gone are to be deleted.
func Make(ctx context.Context, file *rule.File, open func(Account) (Place, error), prune bool) (Plan, error) {
	all, notes, err := want(file)
	if err != nil {
		return Plan{}, err
	}
	groups, err := grouped(all, open)
	if err != nil {
		return Plan{}, err
	}
	p := planner{public: file.PublicURL, prune: prune, plan: Plan{Steps: []Step{}, Notes: notes}}
	var errs []error
	for _, g := range groups {
		errs = append(errs, p.group(ctx, g))
	}
	if err := errors.Join(errs...); err != nil {
		return Plan{}, err
	}
	slices.SortStableFunc(p.plan.Steps, func(a, b Step) int { return order(a.Do) - order(b.Do) })
	return p.plan, nil
}

// order puts what is added before what is taken away.
func order(v Verb) int { return slices.Index([]Verb{Create, Update, Delete}, v) }

// group is what is wanted in one place.
type group struct {
	account Account
	place   Place
	wants   []wanted
}

// grouped puts what is wanted in one place together, in the order of the file,
// and checks it. Nobody is asked.
func grouped(all []wanted, open func(Account) (Place, error)) ([]*group, error) {
	var groups []*group
	var errs []error
	for _, w := range all {
		i := slices.IndexFunc(groups, func(g *group) bool { return same(g.account, w.account) })
		if i < 0 {
			place, err := open(w.account)
			if err != nil {
				return nil, err
			}
			i, groups = len(groups), append(groups, &group{account: w.account, place: place})
		}
		groups[i].wants = append(groups[i].wants, w)
		if err := groups[i].place.Check(w.webhook); err != nil {
			errs = append(errs, fmt.Errorf("source %s: %w", w.source, err))
		}
	}
	return groups, errors.Join(errs...)
}

// same reports whether two accounts are one place, whoever asks.
func same(a, b Account) bool {
	return a.Service == b.Service && a.Holder == b.Holder && a.APIURL == b.APIURL
}

type planner struct {
	public string
	prune  bool
	plan   Plan
}

// group plans one place.
func (p *planner) group(ctx context.Context, g *group) error {
	there, err := g.place.List(ctx)
	if err != nil {
		return fmt.Errorf("%s %s: %w", g.account.Service, g.account.Holder, err)
	}
	ours := p.sorted(there, g.account)
	for _, w := range g.wants {
		p.source(w, g, ours[w.source])
		delete(ours, w.source)
	}
	p.gone(g, ours, there)
	return nil
}

// sorted returns the webhooks that are ours, by source. One that leads to us and
// that somebody else set up is left alone, and told of.
func (p *planner) sorted(there []Webhook, a Account) map[string][]Webhook {
	ours := map[string][]Webhook{}
	for _, w := range there {
		name, revision, ok := Named(p.public, w.URL)
		switch {
		case !ok:
		case revision == "":
			p.note("webhook %s of %s %s leads to source %s and was not made here: it is left alone, and what it sends may come twice", w.ID, a.Service, a.Holder, name)
		default:
			ours[name] = append(ours[name], w)
		}
	}
	return ours
}

func (p *planner) note(format string, args ...any) {
	p.plan.Notes = append(p.plan.Notes, fmt.Sprintf(format, args...))
}

func (p *planner) add(s Step, g *group) {
	s.Service, s.Holder, s.place = g.account.Service, g.account.Holder, g.place
	p.plan.Steps = append(p.plan.Steps, s)
}

// source plans the webhook of one source: the best one there is, and no other.
func (p *planner) source(w wanted, g *group, there []Webhook) {
	change := func(from Webhook) []Difference { return differs(from, w.webhook, g.account.Service) }
	if len(there) == 0 {
		p.add(Step{Do: Create, Source: w.source, Differs: change(Webhook{}), want: w.webhook}, g)
		return
	}
	best := max(0, slices.IndexFunc(there, func(one Webhook) bool { return len(change(one)) == 0 }))
	if d := change(there[best]); len(d) > 0 {
		p.add(Step{Do: Update, Source: w.source, ID: there[best].ID, Differs: d, want: w.webhook}, g)
	} else {
		p.plan.InSync++
	}
	for i, one := range there {
		if i != best {
			p.add(Step{Do: Delete, Source: w.source, ID: one.ID, Why: "the source has another one"}, g)
		}
	}
}

// gone plans what is ours and wanted by no source.
func (p *planner) gone(g *group, ours map[string][]Webhook, there []Webhook) {
	for _, one := range there { // in their order
		name, revision, _ := Named(p.public, one.URL)
		if _, left := ours[name]; !left || revision == "" {
			continue
		}
		if p.prune {
			p.add(Step{Do: Delete, Source: name, ID: one.ID, Why: "the file wants none here"}, g)
		} else {
			p.note("webhook %s of %s %s was made for source %s, and the file wants none there: --prune deletes it", one.ID, g.account.Service, g.account.Holder, name)
		}
	}
}

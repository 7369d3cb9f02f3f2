package journal

import (
	"context"
	"strconv"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// Source is where events come from.
type Source struct {
	Name    string `json:"name"`
	Service string `json:"service"`
	// Loaded reports that it is in the rules file; else its events are of a
	// time when it was, or its service's is the relay itself.
	Loaded bool `json:"loaded"`
	// URL is what the service is given.
	URL string `json:"url"`
	// Verify says how a request proves where it comes from.
	Verify   string   `json:"verify"`
	Verified bool     `json:"verified"`
	Setup    []string `json:"setup"`

	Repository     string `json:"repository"`
	Environment    string `json:"environment"`
	EnvironmentURL string `json:"environment_url"`

	// Events counts what is kept, Unverified that which nothing vouches for.
	Events     int64     `json:"events"`
	Unverified int64     `json:"unverified"`
	LastEvent  time.Time `json:"last_event,omitzero"`
}

// Target is where deliveries go.
type Target struct {
	Name         string   `json:"name"`
	Service      string   `json:"service"`
	API          string   `json:"api"` // empty for the service's own
	As           string   `json:"as"`  // who we are there
	Repositories []string `json:"repositories"`
	// Pause is set while nothing goes there.
	Pause *work.Pause `json:"pause"`
}

// elsewhere stands for the relay's address where the rules file has none.
const elsewhere = "https://YOUR-HOST"

// Sources implements [Journal].
func (l *Local) Sources(ctx context.Context) ([]Source, error) {
	tallies, err := l.Inbox.Tallies(ctx)
	if err != nil {
		return nil, err
	}
	byName := map[string]inbox.Tally{}
	for _, t := range tallies {
		byName[t.Source] = t
	}
	list := []Source{}
	if rules := l.rulesInForce(); rules.File != nil {
		base := rules.File.PublicURL
		if base == "" {
			base = elsewhere
		}
		for _, c := range rules.File.Sources {
			list = append(list, sourceOf(rules.Sources[c.Name], base+"/hooks/"+c.Name).with(byName[c.Name]))
			delete(byName, c.Name)
		}
	}
	for _, t := range tallies {
		if _, left := byName[t.Source]; left {
			list = append(list, Source{Name: t.Source, Setup: []string{}}.with(t))
		}
	}
	return list, nil
}

func sourceOf(s *source.Source, address string) Source {
	c := s.Config()
	return Source{
		Name: c.Name, Service: c.Service, Loaded: true, URL: address,
		Verify: s.Proof(), Verified: !c.Verify.None, Setup: s.Setup(address),
		Repository: c.Repository, Environment: c.Environment, EnvironmentURL: c.EnvironmentURL,
	}
}

func (s Source) with(t inbox.Tally) Source {
	s.Events, s.Unverified, s.LastEvent = t.Events, t.Unverified, t.Last
	return s
}

// Rules implements [Journal].
func (l *Local) Rules(context.Context) ([]rule.Description, error) {
	list := []rule.Description{}
	if file := l.rulesInForce().File; file != nil {
		for _, r := range file.Rules {
			list = append(list, r.Describe())
		}
	}
	return list, nil
}

// Targets implements [Journal]. Where there is no rules file it knows those that
// are paused.
func (l *Local) Targets(ctx context.Context) ([]Target, error) {
	pauses, err := l.Work.Pauses(ctx)
	if err != nil {
		return nil, err
	}
	paused := map[string]*work.Pause{}
	for _, p := range pauses {
		paused[p.Target] = &p
	}
	list := []Target{}
	if file := l.rulesInForce().File; file != nil {
		for _, c := range file.Targets {
			list = append(list, Target{
				Name: c.Name, Service: c.Service, API: c.APIURL, As: identity(c), Repositories: c.Repositories, Pause: paused[c.Name],
			})
			delete(paused, c.Name)
		}
	}
	for _, p := range pauses {
		if _, left := paused[p.Target]; left {
			list = append(list, Target{Name: p.Target, Repositories: []string{}, Pause: &p})
		}
	}
	return list, nil
}

// identity says as whom a target is asked, without what proves it.
func identity(c rule.TargetConfig) string {
	switch {
	case c.Service == rule.TargetBugster:
		return "organization " + c.OrganizationID + ", project " + c.ProjectID
	case c.App.ID != 0:
		return "GitHub App " + strconv.FormatInt(c.App.ID, 10)
	}
	return "a token"
}

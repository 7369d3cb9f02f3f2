// Package catchup brings in what the services sent while the relay could not
// take it. They send once; what failed, their APIs still tell. It is kept under
// the key, or beside the subject, that it would have come with, so that what
// came is not doubled, and doing it again does nothing again.
package catchup

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// Catcher asks the services.
type Catcher struct {
	Inbox *inbox.Inbox
	// Sources returns the sources in force, in the order of the rules file.
	Sources func() []*source.Source
	// Kept is called after something was kept.
	Kept func()
	// HTTP leaves through the relay's proxy and certificates.
	HTTP *http.Client
	// Retry says how often and when to ask Bitrise and Currents again; nil asks
	// once.
	Retry *outbound.Poster
	Log   *slog.Logger
	// Most bounds how far back is looked: what is older is no longer known.
	Most time.Duration
	// Grace is how long a webhook may take to arrive after the service's API
	// says what it says; 0 means 15 s.
	Grace time.Duration
}

const (
	grace = 15 * time.Second
	// overlap is how far before the mark is looked again, for what a service
	// listed late.
	overlap = time.Hour
)

// Query says what to look for.
type Query struct {
	// Since is when to begin. Zero begins where the last time ended, and the
	// first time now.
	Since time.Time
	// All looks for what the services sent in vain and for what was taken: a
	// relay that was restored from a backup has lost some of that.
	All bool
	// Source, if set, is the only one asked.
	Source string
	// DryRun keeps nothing.
	DryRun bool
}

// Report tells what was found.
type Report struct {
	DryRun  bool     `json:"dry_run"`
	Sources []Result `json:"sources"`
}

// Result is what was found of one source.
type Result struct {
	Source  string `json:"source"`
	Service string `json:"service"`
	// Since is where the look began; it is zero where the service was not
	// asked.
	Since time.Time `json:"since,omitzero"`
	// Found is how many were looked for here: those that were brought in, that
	// are here already, and that could not be had.
	Found   int `json:"found"`
	Brought int `json:"brought"`
	Known   int `json:"known"`
	Failed  int `json:"failed"`
	// Items are those that were brought in, or would be, and that failed.
	Items []Item `json:"items"`
	// Note says why the service was not asked, Error why not for all.
	Note  string `json:"note,omitempty"`
	Error string `json:"error,omitempty"`
}

// Item is one event.
type Item struct {
	What string    `json:"what"`
	At   time.Time `json:"at"`
	// ID is the event's own, once it is kept.
	ID    string `json:"id,omitempty"`
	Error string `json:"error,omitempty"`
}

// Failed reports whether some source could not be caught up.
func (r Report) Failed() bool {
	for _, one := range r.Sources {
		if one.Error != "" || one.Failed > 0 {
			return true
		}
	}
	return false
}

// Run asks the services of all sources, or of one. What is wrong with one of
// them is in its result and stops none of the others.
func (c *Catcher) Run(ctx context.Context, q Query) (Report, error) {
	report := Report{DryRun: q.DryRun, Sources: []Result{}}
	var names []string
	for _, src := range c.Sources() {
		names = append(names, src.Name())
		if q.Source == "" || q.Source == src.Name() {
			report.Sources = append(report.Sources, c.source(ctx, src, q))
		}
	}
	if q.Source != "" && len(report.Sources) == 0 {
		return report, fmt.Errorf("%w %q: want one of %s", ErrUnknownSource, q.Source, strings.Join(names, ", "))
	}
	return report, nil
}

package github

import (
	"slices"
	"strings"
	"time"
)

// reached returns since when something is there, after it was asked for so
// many times.
func (f *Fake) reached(w When, asked int) (time.Time, bool) {
	from := f.start
	if w.Trigger {
		from = f.triggered
	}
	since := from.Add(w.After)
	return since, !from.IsZero() && !time.Now().Before(since) && asked > w.Requests
}

// step is one step of a timeline that was reached: its id, and when that was
// first seen.
type step struct {
	id    int64
	since time.Time
}

// advance adds the steps reached now. Steps come in their order: none before
// the one before it.
func (f *Fake) advance(steps []step, whens []When, asked int) []step {
	for _, w := range whens[len(steps):] {
		since, ok := f.reached(w, asked)
		if !ok {
			break
		}
		if w.Requests > 0 {
			since = time.Now()
		}
		steps = append(steps, step{f.nextID(), since})
	}
	return steps
}

type deployment struct {
	*Deployment
	id       int64
	since    time.Time
	asked    int // for it
	statuses []step
	reported int // asked for its statuses
}

// report adds the statuses that are reached now.
func (f *Fake) report(d *deployment) {
	d.reported++
	before := len(d.statuses)
	d.statuses = f.advance(d.statuses, whens(d.Statuses, func(s DeploymentStatus) When { return s.When }), d.reported)
	for n := before; n < len(d.statuses); n++ {
		if id := d.Statuses[n].ID; id != 0 {
			d.statuses[n].id = id
		}
	}
}

// listed returns the deployments of a commit that are there, newest first.
func (f *Fake) listed(sha, ref, environment string) []*deployment {
	var found []*deployment
	for _, d := range f.deployments {
		if sha != "" && d.SHA != sha || ref != "" && d.Ref != ref || environment != "" && d.Environment != environment {
			continue
		}
		d.asked++
		since, ok := f.reached(d.When, d.asked)
		if !ok {
			continue
		}
		d.since = since
		found = append(found, d)
	}
	slices.SortStableFunc(found, func(a, b *deployment) int { return b.since.Compare(a.since) })
	return found
}

type check struct {
	*Check
	steps []step
	asked int
}

// started returns the check runs of a commit that are there, oldest first. Of
// several with one App and name, "latest" leaves the last.
func (f *Fake) started(sha string, latest bool) []*check {
	var found []*check
	for _, c := range f.checks {
		if c.SHA != "" && !strings.EqualFold(c.SHA, sha) {
			continue
		}
		c.asked++
		c.steps = f.advance(c.steps, whens(c.Steps, func(s CheckStep) When { return s.When }), c.asked)
		if len(c.steps) == 0 {
			continue
		}
		if latest {
			found = slices.DeleteFunc(found, func(o *check) bool { return o.App == c.App && o.Name == c.Name })
		}
		found = append(found, c)
	}
	return found
}

type status struct {
	*Status
	steps []step
	asked int
}

func whens[T any](steps []T, when func(T) When) []When {
	found := make([]When, len(steps))
	for i, s := range steps {
		found[i] = when(s)
	}
	return found
}

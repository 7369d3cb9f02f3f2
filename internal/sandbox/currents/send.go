package currents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/rest"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
)

// Send lets something happen to a run of a project: the run is on record, and
// each webhook that wants the event is delivered, once, whatever comes of it.
// What is one of services.Events("currents"). The error tells of deliveries
// that failed, which the real service tells nobody.
func (f *Fake) Send(ctx context.Context, project, what string, o services.Options) error {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	m, err := services.Make("currents", what, o)
	if err != nil {
		return err
	}
	event, run, err := read(m.Body)
	if err != nil {
		return err
	}
	run.Project, run.Created = project, o.Now
	var hooks []hook
	f.Do(func() {
		f.addRun(run)
		for _, h := range f.hooks {
			if h.ProjectID == project && slices.Contains(h.Events, event) {
				hooks = append(hooks, *h)
			}
		}
	})
	var errs []error
	for _, h := range hooks {
		header := m.Header.Clone()
		if h.Headers != nil {
			var own map[string]string
			_ = json.Unmarshal([]byte(*h.Headers), &own) // it was checked as it came
			for name, value := range own {
				header.Set(name, value)
			}
		}
		if _, _, err := rest.Deliver(ctx, h.URL, header, m.Body); err != nil {
			errs = append(errs, fmt.Errorf("webhook %s: %w", h.ID, err))
		}
	}
	return errors.Join(errs...)
}

// read finds the run in what a webhook says of it.
func read(body []byte) (event string, r Run, err error) {
	var said struct {
		Event, RunURL, BuildID, GroupID           string
		Tags                                      []string
		Passes, Failures, Pending, Skipped, Flaky int
		Commit                                    Commit
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return "", r, err
	}
	completion, status := "complete", "passed"
	switch {
	case said.Event == "RUN_START":
		completion, status = "incomplete", "running"
	case said.Event == "RUN_TIMEOUT":
		completion, status = "timedOut", "timedOut"
	case said.Event == "RUN_CANCELED":
		completion, status = "cancelled", "cancelled"
	case said.Failures > 0:
		status = "failed"
	}
	return said.Event, Run{
		ID: said.RunURL[strings.LastIndex(said.RunURL, "/")+1:], Completion: completion, Status: status,
		Build: said.BuildID, Tags: said.Tags, Commit: said.Commit,
		Groups: []Group{{ID: said.GroupID, Passes: said.Passes, Failures: said.Failures, Pending: said.Pending, Skipped: said.Skipped, Flaky: said.Flaky}},
	}, nil
}

package route_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/route"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// The groups of a run share one order: what the service says of the whole run
// last is not undone by what it said before, whichever group's webhook came
// first.
func TestGroupsOfARunShareOneOrder(t *testing.T) {
	t.Parallel()
	r, run := start(t)
	loaded := load(t, strings.Replace(rules, "{service: currents, verify: none,", "{service: currents, verify: none, aggregate: true, api-token: env:S,", 1))
	r.Rules = func() route.Rules { return loaded }
	asked := make(chan string, 2)
	final := make(chan struct{})
	r.Enrich = func(_ context.Context, _ source.Config, e event.Event) (event.Event, error) {
		asked <- e.Subject
		if e.Fields["group"] == "b" {
			e.Status = event.StatusPending // the run goes on, the service says
			return e, nil
		}
		<-final
		e.Status = event.StatusSuccess
		return e, nil
	}
	run()
	first := r.put(t, "runs", "1", nil, grouped("a"))
	if subject := <-asked; strings.Contains(subject, "/") {
		t.Errorf("subject %q, want the run's", subject)
	}
	second := r.put(t, "runs", "2", nil, grouped("b"))
	r.awaitStates(t, second, "status done")
	close(final)
	r.awaitStates(t, first, "status done")
	if diff := cmp.Diff([]string{"status pending", "status success"}, r.delivered()); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
}

func grouped(group string) string {
	return strings.Replace(run("RUN_FINISH", "a", 0), "{", `{"groupId":"`+group+`",`, 1)
}

package route_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/route"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
)

// Several rules that tell of trouble, and are in trouble themselves, do not tell
// of each other: one death or one pause is told once.
func TestTellingOfTellingEnds(t *testing.T) {
	t.Parallel()
	const second = `
  - {name: siren, source: relay, do: dispatch, to: there, with: {repository: acme/web, event-type: trouble}}
`
	for name, verdict := range map[string]target.Verdict{"deaths": target.Dead, "pauses": target.Pause, "doubts": target.Unknown} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, begin := start(t)
			loaded := load(t, strings.TrimRight(rules, "\n")+second)
			r.deliverWith(func(a rule.Action) error {
				if a.Rule == "status" {
					return &target.Error{Verdict: target.Dead, Err: errors.New("all is lost")}
				}
				return &target.Error{Verdict: verdict, Err: errors.New("and this too")}
			})
			r.Rules = func() route.Rules { return loaded }
			begin()
			id := r.put(t, "runs", "1", nil, run("RUN_START", "a", 0))
			r.awaitStates(t, id, "status dead")
			var own []inbox.Stored
			await(t, "the death is told", func() bool {
				var err error
				if own, err = r.Inbox.List(t.Context(), inbox.Filter{Source: rule.Relay, State: inbox.Routed}); err != nil {
					t.Fatal(err)
				}
				return len(own) > 0
			})
			await(t, "both rules tried", func() bool {
				states := strings.Join(r.states(t, own[0].ID), " ")
				return strings.Count(states, "ready")+strings.Count(states, "running") == 0 && strings.Contains(states, "siren")
			})
			time.Sleep(200 * time.Millisecond)
			if list, err := r.Inbox.List(t.Context(), inbox.Filter{Source: rule.Relay}); err != nil || len(list) != 1 {
				t.Errorf("%d events of the relay's own, %v; want one", len(list), err)
			}
		})
	}
}

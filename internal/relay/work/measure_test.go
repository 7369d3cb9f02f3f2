package work_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

func measures(t *testing.T, open opener) {
	var (
		mu   sync.Mutex
		told []string
	)
	w := start(t, open, work.Options{Attempted: func(target, outcome string, took time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		if took <= 0 {
			t.Errorf("an attempt took %v", took)
		}
		told = append(told, target+" "+outcome)
	}}, func(a rule.Action) error {
		if a.ID == "bad" {
			return fails(target.Dead)
		}
		return nil
	})
	elsewhere := action("waits")
	elsewhere.Target = "gone"
	accept(t, w, work.Batch{Event: happened("e"), Actions: []rule.Action{action("a"), action("b"), action("bad")}})
	await(t, w, "a", work.Done)
	await(t, w, "b", work.Done)
	await(t, w, "bad", work.Dead)
	accept(t, w, work.Batch{Event: happened("f"), Actions: []rule.Action{elsewhere}})

	counts, err := w.Tally(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(counts, func(a, b work.Count) int { return b.N - a.N + 10*(len(b.Target)-len(a.Target)) })
	if diff := cmp.Diff([]work.Count{{"there", work.Done, 2}, {"there", work.Dead, 1}, {"gone", work.Ready, 1}}, counts); diff != "" {
		t.Errorf("Tally (-want +got):\n%s", diff)
	}
	jobs, err := w.Jobs(t.Context())
	if err != nil || jobs["available"] != 1 {
		t.Errorf("Jobs = %v, %v; want the one available that nobody works on", jobs, err)
	}
	if size, err := w.Size(t.Context()); err != nil || size <= 0 {
		t.Errorf("Size = %d, %v", size, err)
	}
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(told)
	if diff := cmp.Diff([]string{"there dead", "there done", "there done"}, told); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
}

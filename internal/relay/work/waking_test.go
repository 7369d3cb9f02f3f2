package work_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// Whatever makes a delivery ready also wakes whoever carries it out: nobody
// waits for the sweep that makes up for lost wakes.
func TestReadyIsWoken(t *testing.T) {
	t.Parallel()
	const beforeTheSweep = 9 * time.Second
	for name, tt := range map[string]struct {
		verdict target.Verdict
		state   work.State
		again   func(*testing.T, *work.Work, work.Batch) error
	}{
		"redelivered": {target.Dead, work.Dead, func(t *testing.T, w *work.Work, _ work.Batch) error { return w.Redeliver(t.Context(), "a") }},
		"its event redelivered": {target.Unknown, work.Unknown, func(t *testing.T, w *work.Work, _ work.Batch) error {
			_, err := w.RedeliverEvent(t.Context(), "e")
			return err
		}},
		"sent again": {target.Dead, work.Dead, func(t *testing.T, w *work.Work, b work.Batch) error {
			b.Again = true
			_, err := w.Accept(t.Context(), b)
			return err
		}},
		"resumed": {target.Pause, work.Paused, func(t *testing.T, w *work.Work, _ work.Batch) error {
			_, err := w.Resume(t.Context(), "there")
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mended atomic.Bool
			open := func(t *testing.T, o work.Options) *work.Work { return openSQLite(t, t.TempDir(), o) }
			w := start(t, open, work.Options{}, func(rule.Action) error {
				if mended.Load() {
					return nil
				}
				return fails(tt.verdict)
			})
			b := work.Batch{Event: happened("e"), Actions: []rule.Action{action("a")}}
			accept(t, w, b)
			await(t, w, "a", tt.state)
			mended.Store(true)
			began := time.Now()
			if err := tt.again(t, w, b); err != nil {
				t.Fatal(err)
			}
			await(t, w, "a", work.Done)
			if took := time.Since(began); took > beforeTheSweep {
				t.Errorf("carried out after %v, want at once", took)
			}
		})
	}
}

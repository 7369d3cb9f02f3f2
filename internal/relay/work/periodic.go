package work

import (
	"context"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// catchUpArgs is the job that looks for events that were missed. As with the
// sweep, one of several relays does it.
type catchUpArgs struct{}

// Kind implements [river.JobArgs].
func (catchUpArgs) Kind() string { return "catch-up" }

// InsertOpts implements [river.JobArgsWithInsertOpts]: one at a time, and what
// fails is done the next time.
func (catchUpArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
		rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
}

type catcher struct {
	river.WorkerDefaults[catchUpArgs]
	work *Work
}

// catchUpLimit bounds one look. What it did not come to is there the next time.
const catchUpLimit = 5 * time.Minute

// Timeout implements [river.Worker].
func (catcher) Timeout(*river.Job[catchUpArgs]) time.Duration { return catchUpLimit }

// Work implements [river.Worker].
func (c catcher) Work(ctx context.Context, _ *river.Job[catchUpArgs]) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-c.work.leaving: // who stops does not wait for other people's APIs
			cancel()
		case <-ctx.Done():
		}
	}()
	c.work.options.CatchUp(ctx)
	return nil
}

// SetCatchUp has [Options.CatchUp] called at once and then every so often, by
// one of the relays that share the store. 0 ends that.
func (w *Work) SetCatchUp(every time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if every == w.catchUpEvery {
		return nil
	}
	jobs := w.queue.PeriodicJobs()
	if w.catchUpEvery > 0 {
		jobs.Remove(w.catchUpJob)
	}
	w.catchUpEvery = every
	if every == 0 {
		return nil
	}
	var err error
	w.catchUpJob, err = jobs.AddSafely(river.NewPeriodicJob(
		river.PeriodicInterval(every),
		func() (river.JobArgs, *river.InsertOpts) { return catchUpArgs{}, nil },
		&river.PeriodicJobOpts{RunOnStart: true},
	))
	return errorf("schedule catch-up", err)
}

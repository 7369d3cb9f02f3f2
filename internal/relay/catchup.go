package relay

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/poll"
	"github.com/afterdeploy/afterdeploy/internal/relay/catchup"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// catcher looks for events that were missed.
func (r *Relay) catcher() *catchup.Catcher {
	return &catchup.Catcher{
		Inbox: r.inbox, Sources: r.sources, Kept: r.router.Wake,
		HTTP: r.options.Client, Retry: &outbound.Poster{
			// One that is silent must not take the time of the others.
			Tries: 3, Budget: 30 * time.Second, Sleep: poll.Sleep,
			Backoff: poll.Jitter(poll.Exponential(time.Second, 10*time.Second), rand.Float64),
		},
		Log: r.options.Log, Most: r.options.Bodies, Grace: r.options.Grace,
	}
}

// catchUp is what is done on schedule. It logs what goes wrong.
func (r *Relay) catchUp(ctx context.Context) {
	_, _ = r.catcher().Run(ctx, catchup.Query{}) // it refuses nothing but an unknown source
}

// sources returns the sources in force, in the order of the rules file.
func (r *Relay) sources() []*source.Source {
	rules := r.rules.Load()
	list := make([]*source.Source, len(rules.File.Sources))
	for i, config := range rules.File.Sources {
		list[i] = rules.Sources[config.Name]
	}
	return list
}

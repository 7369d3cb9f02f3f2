package relay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/admin"
	"github.com/afterdeploy/afterdeploy/internal/relay/receive"
)

// What the front door admits at once.
const (
	mostRequests = 1024
	mostBytes    = 256 << 20
)

// The limits of a request that comes in slowly, and of the end.
const (
	headerTime = 5 * time.Second
	bodyTime   = 30 * time.Second
	answerTime = 60 * time.Second
	idleTime   = 2 * time.Minute
	doorTime   = 10 * time.Second
)

// Serve opens the doors and works until ctx ends; reload has the rules read
// again. Then the front door closes first, attempts under way end, and the rest
// stays in the stores for the next start.
func (r *Relay) Serve(ctx context.Context, reload <-chan os.Signal) error {
	lanes, err := r.lanes(r.rules.Load().File)
	if err != nil {
		return errors.Join(err, r.Close())
	}
	front, err := listen(ctx, r.options.Listen)
	if err != nil {
		return errors.Join(err, r.Close())
	}
	back, err := listen(ctx, r.options.Admin)
	if err != nil {
		return errors.Join(err, front.Close(), r.Close())
	}
	start := []func(context.Context) error{
		func(ctx context.Context) error { return r.work.SetLanes(ctx, lanes) },
		r.work.Start,
		// A new start is a new look at the credentials.
		func(ctx context.Context) error { _, err := r.work.Resume(ctx, ""); return err },
		func(context.Context) error { return r.work.SetCatchUp(r.rules.Load().File.CatchUp) },
	}
	for _, step := range start {
		if err := step(ctx); err != nil {
			return errors.Join(err, front.Close(), back.Close(), r.Close())
		}
	}
	return r.serve(ctx, front, back, reload)
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return l, nil
}

func (r *Relay) serve(ctx context.Context, front, back net.Listener, reload <-chan os.Signal) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	door, house := r.server(r.frontDoor()), r.server(r.backDoor())

	var wg sync.WaitGroup
	for server, l := range map[*http.Server]net.Listener{door: front, house: back} {
		wg.Go(func() {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				stop(fmt.Errorf("serve %s: %w", l.Addr(), err))
			}
		})
	}
	var routing sync.WaitGroup
	routing.Go(func() { r.router.Run(ctx) })
	routing.Go(func() { r.housekeep(ctx) })
	if r.options.Opened != nil {
		r.options.Opened(front.Addr(), back.Addr())
	}
	r.options.Log.Info("serving", "hooks", "http://"+front.Addr().String()+"/hooks/", "admin", "http://"+back.Addr().String()+"/")

	for running := true; running; {
		select {
		case <-ctx.Done():
			running = false
		case <-reload:
			if err := r.Reload(ctx); err != nil {
				r.options.Log.Error("the rules stay as they were", "error", err)
			}
		}
	}
	cause := context.Cause(ctx)
	if errors.Is(cause, context.Canceled) {
		cause = nil
	}
	last := context.WithoutCancel(ctx) // a new name: what was started above holds ctx
	errs := []error{cause, shut(last, door)}
	routing.Wait()
	errs = append(errs, r.stopWork(), shut(last, house), r.Close())
	wg.Wait()
	return errors.Join(errs...)
}

// server has limits against slow senders.
func (r *Relay) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, WriteTimeout: answerTime, IdleTimeout: idleTime,
		MaxHeaderBytes: 64 << 10,
	}
}

// shut closes a door and waits for who is in it.
func shut(ctx context.Context, s *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, doorTime)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return errors.Join(err, s.Close())
	}
	return nil
}

func (r *Relay) frontDoor() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/hooks/{source}", &receive.Handler{
		Source: r.Source, Inbox: r.inbox, Failed: r.work.Failed, Kept: r.router.Wake,
		Observe: r.metrics.received, Log: r.options.Log, Room: receive.NewRoom(mostRequests, mostBytes),
	})
	return mux
}

func (r *Relay) backDoor() http.Handler {
	return admin.Handler(admin.Options{
		Journal: r.Journal(), Token: r.options.Token, Version: r.options.Version,
		CatchUp: r.catcher().Run, Ready: r.inbox.Ping, Metrics: r.metrics.handler(), Log: r.options.Log,
		Sources: func() []string { return slices.Sorted(maps.Keys(r.rules.Load().Sources)) },
	})
}

// How often the relay looks for what is old, and whether the inbox has room.
const (
	pruneEvery   = time.Hour
	relieveEvery = 10 * time.Second
)

// housekeep forgets what is old, now and then, and earlier what fills the inbox.
func (r *Relay) housekeep(ctx context.Context) {
	prune, relieve := time.NewTicker(pruneEvery), time.NewTicker(relieveEvery)
	defer prune.Stop()
	defer relieve.Stop()
	r.prune(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-prune.C:
			r.prune(ctx)
		case <-relieve.C:
			r.relieve(ctx)
		}
	}
}

func (r *Relay) prune(ctx context.Context) {
	now := time.Now()
	bodies, whole := now.Add(-r.options.Bodies), now.Add(-r.options.Keep)
	entries, err1 := r.inbox.Prune(ctx, bodies, whole)
	deliveries, err2 := r.work.Prune(ctx, bodies, whole)
	if err := errors.Join(err1, err2); err != nil && ctx.Err() == nil {
		r.options.Log.Error("forget what is old", "error", err)
	} else if entries+deliveries > 0 {
		r.options.Log.Info("forgot what is old", "events", entries, "deliveries", deliveries)
	}
}

func (r *Relay) relieve(ctx context.Context) {
	n, err := r.inbox.Relieve(ctx)
	if n > 0 {
		r.options.Log.Warn("the inbox is nearly as large as it may be: the oldest events lost their bodies, or are forgotten", "events", n)
	}
	if err != nil && ctx.Err() == nil {
		r.options.Log.Error("make room in the inbox", "error", err)
	}
}

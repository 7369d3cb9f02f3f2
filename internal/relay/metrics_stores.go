package relay

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// looked are the metrics that are looked up when somebody asks.
type looked struct{ relay *Relay }

// lookTime bounds looking them up.
const lookTime = 5 * time.Second

// Describe implements [prometheus.Collector]. What it sends is checked when it
// is collected.
func (looked) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector].
func (l looked) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	now := time.Now()
	l.collectInbox(ctx, now, out)
	l.collectWork(ctx, now, out)
	l.collectDeliveries(ctx, out)
	l.collectPauses(ctx, out)
}

func (l looked) collectInbox(ctx context.Context, now time.Time, out chan<- prometheus.Metric) {
	waiting, since, err := l.relay.inbox.Waiting(ctx)
	gauge("unrouted_events", "Events that are kept and not routed yet.").send(out, err, float64(waiting))
	gauge("oldest_unrouted_seconds", "How long the oldest of them has been waiting.").send(out, err, age(now, since))
	gauge("waiting_writes", "Writes that wait for the inbox's commit.").send(out, nil, float64(l.relay.inbox.Writing()))
	size, err := l.relay.inbox.Size(ctx)
	gauge("store_bytes", "Size of a store, its write-ahead log included.", "store").send(out, err, float64(size), "inbox")
}

func (l looked) collectWork(ctx context.Context, now time.Time, out chan<- prometheus.Metric) {
	size, err := l.relay.work.Size(ctx)
	gauge("store_bytes", "Size of a store, its write-ahead log included.", "store").send(out, err, float64(size), "work")
	oldest, err := l.relay.work.OldestReady(ctx, now)
	gauge("oldest_ready_seconds", "How long the delivery has been waiting that could have been attempted longest ago.").send(out, err, age(now, oldest))
	jobs, err := l.relay.work.Jobs(ctx)
	d := gauge("jobs", "Jobs of the queue that wakes deliveries, by state.", "state")
	for state, n := range jobs {
		d.send(out, nil, float64(n), state)
	}
	d.fail(out, err)
}

func (l looked) collectDeliveries(ctx context.Context, out chan<- prometheus.Metric) {
	d := gauge("deliveries", "Deliveries that are kept, by target and state.", "target", "state")
	counts, err := l.relay.work.Tally(ctx)
	if err != nil {
		d.fail(out, err)
		return
	}
	byState := map[string]map[work.State]int{}
	for _, config := range l.relay.rules.Load().File.Targets {
		byState[config.Name] = map[work.State]int{}
	}
	for _, c := range counts {
		if byState[c.Target] == nil {
			byState[c.Target] = map[work.State]int{}
		}
		byState[c.Target][c.State] = c.N
	}
	for target, n := range byState {
		for _, state := range work.States() {
			d.send(out, nil, float64(n[state]), target, string(state))
		}
	}
}

func (l looked) collectPauses(ctx context.Context, out chan<- prometheus.Metric) {
	d := gauge("target_paused", "1 for a target whose credentials were refused, else 0.", "target")
	pauses, err := l.relay.work.Pauses(ctx)
	if err != nil {
		d.fail(out, err)
		return
	}
	paused := map[string]float64{}
	for _, config := range l.relay.rules.Load().File.Targets {
		paused[config.Name] = 0
	}
	for _, p := range pauses {
		paused[p.Target] = 1
	}
	for target, is := range paused {
		d.send(out, nil, is, target)
	}
}

// gauges are the values of one name.
type gauges struct{ desc *prometheus.Desc }

func gauge(name, help string, labels ...string) gauges {
	return gauges{prometheus.NewDesc(prefix+name, help, labels, nil)}
}

// send sends a value, or why there is none.
func (g gauges) send(out chan<- prometheus.Metric, err error, value float64, labels ...string) {
	if err != nil {
		g.fail(out, err)
		return
	}
	out <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, value, labels...)
}

// fail sends why there is no value, if there is a reason.
func (g gauges) fail(out chan<- prometheus.Metric, err error) {
	if err != nil {
		out <- prometheus.NewInvalidMetric(g.desc, err)
	}
}

func age(now, since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return now.Sub(since).Seconds()
}

package relay

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// metrics are what the relay tells Prometheus.
type metrics struct {
	registry *prometheus.Registry
	answers  *prometheus.CounterVec
	acks     prometheus.Histogram
}

func newMetrics(r *Relay) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "afterdeploy_relay_requests_total",
			Help: "Webhook requests by source and by how they were answered.",
		}, []string{"source", "answer"}),
		acks: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "afterdeploy_relay_ack_seconds",
			Help:    "Time from the first byte of a request to its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}),
	}
	m.registry.MustRegister(m.answers, m.acks, stores{r})
	return m
}

// received counts one answer at the front door.
func (m *metrics) received(source, answer string, took time.Duration) {
	m.answers.WithLabelValues(source, answer).Inc()
	m.acks.Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// stores are the metrics that are looked up when somebody asks.
type stores struct{ relay *Relay }

// storesTime bounds looking them up.
const storesTime = 5 * time.Second

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("afterdeploy_relay_"+name, help, labels, nil)
}

// Describe implements [prometheus.Collector]. What it sends is checked when it
// is collected.
func (stores) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector].
func (s stores) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), storesTime)
	defer cancel()
	now := time.Now()
	gauge := func(d *prometheus.Desc, err error, value float64, labels ...string) {
		if err != nil {
			out <- prometheus.NewInvalidMetric(d, err)
			return
		}
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	waiting, since, err := s.relay.inbox.Waiting(ctx)
	gauge(describe("unrouted_events", "Events that are kept and not routed yet."), err, float64(waiting))
	gauge(describe("oldest_unrouted_seconds", "How long the oldest of them has been waiting."), err, age(now, since))
	size, err := s.relay.inbox.Size(ctx)
	gauge(describe("inbox_bytes", "Size of the inbox, its write-ahead log included."), err, float64(size))
	oldest, err := s.relay.work.OldestReady(ctx, now)
	gauge(describe("oldest_ready_seconds", "How long the delivery has been waiting that could have been attempted longest ago."), err, age(now, oldest))
	pauses, err := s.relay.work.Pauses(ctx)
	gauge(describe("paused_targets", "Targets whose credentials were refused."), err, float64(len(pauses)))
	counts, err := s.relay.work.Counts(ctx)
	for _, state := range work.States() {
		gauge(describe("deliveries", "Deliveries by state.", "state"), err, float64(counts[state]), string(state))
	}
}

func age(now, since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return now.Sub(since).Seconds()
}

package relay

import (
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// prefix begins the name of every metric that is the relay's own.
const prefix = "afterdeploy_relay_"

// metrics are what the relay tells Prometheus. Labels have the values of the
// rules file and of the program, never a stranger's.
type metrics struct {
	registry *prometheus.Registry
	answers  *prometheus.CounterVec
	acks     prometheus.Histogram
	commits  prometheus.Histogram
	failures prometheus.Counter
	attempts *prometheus.CounterVec
	lengths  *prometheus.HistogramVec
}

func newMetrics(r *Relay) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		answers: counters("requests_total",
			"Webhook requests by source and by how they were answered.", "source", "answer"),
		acks: histogram("ack_seconds",
			"Time from the first byte of a request to its answer."),
		commits: histogram("commit_seconds",
			"Time that the inbox takes to commit a group of writes."),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: prefix + "failed_writes_total",
			Help: "Writes that the inbox could not commit.",
		}),
		attempts: counters("attempts_total",
			"Attempts at deliveries by target and outcome.", "target", "outcome"),
		lengths: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "attempt_seconds", Help: "Time that an attempt takes, by target.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"target"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: prefix + "build_info", Help: "1, with the version that runs.",
		ConstLabels: prometheus.Labels{"version": r.options.Version, "go": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(m.answers, m.acks, m.commits, m.failures, m.attempts, m.lengths, build, looked{r},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + name, Help: help}, labels)
}

func histogram(name, help string) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: prefix + name, Help: help,
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
	})
}

// received counts one answer at the front door.
func (m *metrics) received(source, answer string, took time.Duration) {
	m.answers.WithLabelValues(source, answer).Inc()
	m.acks.Observe(took.Seconds())
}

// committed counts one commit of the inbox.
func (m *metrics) committed(took time.Duration, failed int) {
	m.commits.Observe(took.Seconds())
	m.failures.Add(float64(failed))
}

// attempted counts one attempt.
func (m *metrics) attempted(target, outcome string, took time.Duration) {
	m.attempts.WithLabelValues(target, outcome).Inc()
	m.lengths.WithLabelValues(target).Observe(took.Seconds())
}

// handler answers with what can be told, even where a store does not answer.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

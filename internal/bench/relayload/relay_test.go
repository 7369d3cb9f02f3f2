// Package relayload_test measures how fast the relay acknowledges webhooks, and
// what that costs, as a program of its own under load over HTTP. Stores and
// programs take turns, so that a busy moment of the machine meets them all.
package relayload_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/pgtest"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
)

// The variables that say how much is measured.
const (
	eventsVariable   = "EVENTS"       // in the filled inbox
	durationVariable = "DURATION"     // of one figure
	onlyVariable     = "ONLY"         // the contestants whose name has this, if it is set
	storeVariable    = "INBOX"        // a directory to keep the filled inbox in for the next time
	hookaidoVariable = "HOOKAIDO_BIN" // Hookaido's program
	earlierVariable  = "EARLIER_BIN"  // an earlier build of the relay, to see what a change does
)

// BenchmarkRelay prints one table. One iteration measures everything once; the
// table has the medians.
func BenchmarkRelay(b *testing.B) {
	hub := newHub(b)
	list := contestants(b, hub.URL)
	figures := map[cell][]figure{}
	var numbers serials
	for b.Loop() {
		for _, c := range cells() {
			for _, who := range list {
				c.name = who.name
				figures[c] = append(figures[c], measure(b, who, c, &numbers, hub))
			}
		}
	}
	b.ReportMetric(0, "ns/op") // the sum of all means nothing
	print(b, list, figures)
}

func contestants(b *testing.B, hub string) []contestant {
	b.Helper()
	binary := build(b)
	all := []contestant{
		afterdeployRelay(b, "SQLite", binary, b.TempDir(), "", hub),
	}
	if n := number(b, eventsVariable, 1_000_000); n > 0 && wanted("SQLite, filled") {
		all = append(all, afterdeployRelay(b, "SQLite, filled", binary, filled(b, n), "", hub))
	}
	if wanted("Postgres") {
		all = append(all, afterdeployRelay(b, "Postgres", binary, b.TempDir(), pgtest.Start(b), hub))
	}
	if binary := os.Getenv(earlierVariable); binary != "" {
		all = append(all, afterdeployRelay(b, "SQLite, earlier", binary, b.TempDir(), "", hub))
	}
	if binary := os.Getenv(hookaidoVariable); binary != "" {
		all = append(all, hookaido(b, binary, b.TempDir(), hub+"/sink"))
	}
	return slices.DeleteFunc(all, func(c contestant) bool { return !wanted(c.name) })
}

func wanted(name string) bool { return strings.Contains(name, os.Getenv(onlyVariable)) }

// cell is a place in the table.
type cell struct {
	name    string
	drains  bool
	senders int
}

func cells() []cell {
	var all []cell
	for _, drains := range []bool{false, true} {
		for _, senders := range []int{1, 16, 64} {
			all = append(all, cell{drains: drains, senders: senders})
		}
	}
	return all
}

// figure is what one measurement found.
type figure struct {
	acks, delivered float64 // a second
	p50, p99, p999  time.Duration
	cpu             time.Duration // of the program, for one acknowledgement and what follows from it
	peak            float64       // MiB
	bytes           int64         // of the store, for each event
	recovery        time.Duration // from the start after a kill until ready
}

// measure starts a program, loads it, kills it under load, and looks whether
// what it acknowledged is there.
func measure(b *testing.B, who contestant, c cell, numbers *serials, hub *counter) figure {
	b.Helper()
	lasting, err := time.ParseDuration(or(os.Getenv(durationVariable), "5s"))
	if err != nil {
		b.Fatalf("%s: %v", durationVariable, err)
	}
	address := freeAddress(b)
	s := who.prepare(b, address, c.drains)
	s.start(b)
	since := time.Now().Add(-time.Millisecond) // times are kept in whole ones
	warm := numbers.send(b, address, who.path, c.senders, lasting/8)
	before, used := hub.writes.Load(), s.cpu(b)
	t := numbers.send(b, address, who.path, c.senders, lasting)
	f := figure{
		acks:      float64(len(t.took)) / lasting.Seconds(),
		delivered: float64(hub.writes.Load()-before) / lasting.Seconds(),
		p50:       t.quantile(.5), p99: t.quantile(.99), p999: t.quantile(.999),
		cpu:  (s.cpu(b) - used) / time.Duration(max(1, len(t.took))),
		peak: s.peak(b),
	}
	s.kill(b)
	f.recovery = s.start(b)
	var kept map[string]bool
	if who.kept != nil {
		kept, f.bytes = who.kept(b, since)
	}
	s.kill(b)
	if refused := warm.refused + t.refused; refused > 0 {
		b.Errorf("%s %+v: %d events were refused", who.name, c, refused)
	}
	for _, id := range append(warm.acked, t.acked...) {
		if kept != nil && !kept[id] {
			b.Errorf("%s %+v: event %q was acknowledged and is lost", who.name, c, id)
		}
	}
	if c.drains && f.delivered == 0 {
		b.Errorf("%s %+v: nothing was delivered", who.name, c)
	}
	return f
}

// counter is a GitHub that counts what is written, and a sink for those who
// cannot write to GitHub.
type counter struct {
	*httptest.Server
	writes atomic.Int64
}

func newHub(b *testing.B) *counter {
	b.Helper()
	c := &counter{}
	fake := github.New(github.Script{Token: "t", Repository: "acme/web", Limit: 1 << 30})
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.writes.Add(1)
		if r.URL.Path != "/sink" {
			fake.ServeHTTP(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
	}))
	b.Cleanup(c.Close)
	return c
}

// print writes the table to the standard output.
func print(b *testing.B, list []contestant, figures map[cell][]figure) {
	b.Helper()
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\ndeliveries\tconnections\tstore\tacks/s\tp50 ms\tp99 ms\tp99.9 ms\tdelivered/s\tCPU ms\tMiB\tbytes\trecovery ms\t")
	for _, c := range cells() {
		state := "idle"
		if c.drains {
			state = "draining"
		}
		for _, who := range list {
			c.name = who.name
			f := func(of func(figure) float64) float64 { return median(figures[c], of) }
			fmt.Fprintf(t, "%s\t%d\t%s\t%.0f\t%.2f\t%.2f\t%.2f\t%.0f\t%.2f\t%.0f\t%.0f\t%.0f\t\n", state, c.senders, who.name,
				f(func(f figure) float64 { return f.acks }), f(func(f figure) float64 { return ms(f.p50) }),
				f(func(f figure) float64 { return ms(f.p99) }), f(func(f figure) float64 { return ms(f.p999) }),
				f(func(f figure) float64 { return f.delivered }), f(func(f figure) float64 { return ms(f.cpu) }), f(func(f figure) float64 { return f.peak }),
				f(func(f figure) float64 { return float64(f.bytes) }),
				f(func(f figure) float64 { return ms(f.recovery) }))
		}
	}
	if os.Getenv(hookaidoVariable) == "" {
		fmt.Fprintf(t, "\t\tHookaido\tnot at hand: %s does not name its program\n", hookaidoVariable)
	}
	if err := t.Flush(); err != nil {
		b.Error(err)
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func median(list []figure, of func(figure) float64) float64 {
	values := make([]float64, len(list))
	for i, f := range list {
		values[i] = of(f)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func number(b *testing.B, variable string, otherwise int) int {
	b.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		b.Fatalf("%s is %q: want a number of events", variable, text)
	}
	return n
}

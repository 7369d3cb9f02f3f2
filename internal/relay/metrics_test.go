package relay_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

const measuredRules = `
sources:
  bugs: {service: betterbugs, verify: {header: X-Relay-Secret, secret: env:S}}
targets:
  there: {service: github, token: env:S, api-url: %q, repositories: [acme/web]}
  idle: {service: github, token: env:S, repositories: [acme/web]}
rules:
  - {name: bug, source: bugs, do: issue, to: there, with: {repository: acme/web}}
  - {name: never, source: bugs, when: 'title == "never"', do: issue, to: idle, with: {repository: acme/web}}
`

// scrape is what a relay tells Prometheus after it has done something of
// everything: kept, refused, delivered, and failed.
func scrape(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	server := httptest.NewServer(newHub())
	t.Cleanup(server.Close)
	p := newProcess(t, fmt.Sprintf(measuredRules, server.URL))
	p.start(t)
	_, a := p.post("bugs", `{"bugId":"b1","title":"it broke"}`, "X-Relay-Secret", "s")
	p.awaitFinal(t, a.ID)
	p.post("bugs", `{"bugId":"b1","title":"it broke"}`, "X-Relay-Secret", "s")
	p.post("bugs", `{"bugId":"b1","title":"it broke"}`, "X-Relay-Secret", "wrong")
	p.post("stranger", `{}`)
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(p.see(t, "/metrics")))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// The metrics, the table of them and the dashboard are about the same names,
// types and labels.
func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	families := scrape(t)
	exported := map[string]string{}
	for name, f := range families {
		if strings.HasPrefix(name, "afterdeploy_relay_") {
			exported[name] = strings.ToLower(f.GetType().String()) + " " + strings.Join(labels(f), " ")
		}
	}
	if diff := cmp.Diff(exported, documented(t, "../../docs/metrics.md")); diff != "" {
		t.Errorf("docs/metrics.md (-exported +documented):\n%s", diff)
	}
	expressions := append(dashboard(t), alerts(t, "../../docs/metrics.md")...)
	if len(expressions) < 20 {
		t.Errorf("%d expressions, want those of the dashboard and of the alerts", len(expressions))
	}
	for _, e := range expressions {
		checkExpression(t, families, e)
	}
}

func labels(f *dto.MetricFamily) []string {
	names := []string{}
	for _, pair := range f.GetMetric()[0].GetLabel() {
		names = append(names, pair.GetName())
	}
	slices.Sort(names)
	return names
}

// documented reads the table: type and labels by name.
func documented(t *testing.T, path string) map[string]string {
	t.Helper()
	row := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\w+) \\|([^|]*)\\|")
	table := map[string]string{}
	for _, m := range row.FindAllStringSubmatch(page(t, path), -1) {
		names := []string{}
		for _, label := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(m[3], -1) {
			names = append(names, label[1])
		}
		slices.Sort(names)
		table[m[1]] = m[2] + " " + strings.Join(names, " ")
	}
	return table
}

// alerts are the expressions that the page shows.
func alerts(t *testing.T, path string) []string {
	t.Helper()
	m := regexp.MustCompile("(?s)```promql\n(.*?)```").FindStringSubmatch(page(t, path))
	if m == nil {
		t.Fatal("no expressions on the page")
	}
	return strings.Split(strings.TrimSpace(m[1]), "\n")
}

func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// dashboard returns the expressions of the panels.
func dashboard(t *testing.T) []string {
	t.Helper()
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(page(t, "../../deploy/grafana/afterdeploy-relay.json")), &board); err != nil {
		t.Fatal(err)
	}
	var expressions []string
	for _, panel := range board.Panels {
		if len(panel.Targets) == 0 {
			t.Errorf("panel %q shows nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			expressions = append(expressions, target.Expr)
		}
	}
	return expressions
}

// checkExpression looks up every metric of an expression, and its labels.
func checkExpression(t *testing.T, families map[string]*dto.MetricFamily, expression string) {
	t.Helper()
	names := regexp.MustCompile(`\b(?:afterdeploy_relay|go|process)_\w+`).FindAllString(expression, -1)
	if len(names) == 0 {
		t.Errorf("%s: no metric", expression)
	}
	known := []string{"le", "job", "instance"} // the last two are Prometheus's own
	for _, name := range names {
		base, isBucket := strings.CutSuffix(name, "_bucket")
		f := families[base]
		if f == nil || isBucket != (f.GetType() == dto.MetricType_HISTOGRAM) {
			t.Errorf("%s: there is no %s", expression, name)
			return
		}
		counts := f.GetType() == dto.MetricType_COUNTER || isBucket
		if rated := regexp.MustCompile(`\b(rate|increase)\(` + name + `\b`).MatchString(expression); rated != counts {
			t.Errorf("%s: %s is a %s", expression, name, f.GetType())
		}
		known = append(known, labels(f)...)
	}
	used := regexp.MustCompile(`(\w+)(?:=~|!~|!=|=)"`).FindAllStringSubmatch(expression, -1)
	for _, group := range regexp.MustCompile(`by \(([^)]*)\)`).FindAllStringSubmatch(expression, -1) {
		for label := range strings.SplitSeq(group[1], ", ") {
			used = append(used, []string{"", label})
		}
	}
	for _, label := range used {
		if !slices.Contains(known, label[1]) {
			t.Errorf("%s: no label %q", expression, label[1])
		}
	}
}

// Every state of every target is told, also where there is nothing, and no
// stranger's word is a label.
func TestMetricsCount(t *testing.T) {
	t.Parallel()
	families := scrape(t)
	got := map[string]float64{}
	for _, name := range []string{"requests_total", "attempts_total", "deliveries", "target_paused"} {
		for _, m := range families["afterdeploy_relay_"+name].GetMetric() {
			key := name
			for _, pair := range m.GetLabel() {
				key += " " + pair.GetValue()
			}
			got[key] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	want := map[string]float64{
		"requests_total accepted bugs": 1, "requests_total duplicate bugs": 1, "requests_total not verified bugs": 1,
		"requests_total unknown source ": 1, "attempts_total done there": 1, "target_paused there": 0, "target_paused idle": 0,
	}
	for _, target := range []string{"there", "idle"} {
		for _, state := range work.States() {
			want["deliveries "+string(state)+" "+target] = 0
		}
	}
	want["deliveries done there"] = 1
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	for _, name := range []string{"ack_seconds", "commit_seconds", "attempt_seconds"} {
		if n := families["afterdeploy_relay_"+name].GetMetric()[0].GetHistogram().GetSampleCount(); n == 0 {
			t.Errorf("%s counted nothing", name)
		}
	}
}

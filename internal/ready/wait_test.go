package ready_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/ready"
)

const home = "https://app.example/"

func TestWaitSeesAnApplicationComeUp(t *testing.T) {
	t.Parallel()
	app := inTurn(noSuchHost, noSuchHost, says(404, ""), says(503, ""), says(200, "hello"))
	report, took := wait(t, app, time.Hour, ready.Check{URL: parseURL(t, home)})
	if !report.Ready || report.Tries != 5 {
		t.Errorf("Ready = %v after %d tries, want true after 5", report.Ready, report.Tries)
	}
	if want := (1 + 2 + 4 + 8) * time.Second; took != want {
		t.Errorf("waited %v, want %v", took, want)
	}
	want := []ready.Step{
		{At: 0, Tries: 2, Seen: "resolve app.example: lookup app.example: no such host"},
		{At: 3 * time.Second, Tries: 1, Seen: "404 Not Found"},
		{At: 7 * time.Second, Tries: 1, Seen: "503 Service Unavailable"},
		{At: 15 * time.Second, Tries: 1, Seen: "200 OK"},
	}
	if diff := cmp.Diff(want, report.Timeline); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

func TestWaitWantsGoodAnswersInARow(t *testing.T) {
	t.Parallel()
	ok, bad := says(200, ""), says(502, "")
	report, _ := wait(t, inTurn(ok, ok, bad, ok, ok, ok), time.Hour, ready.Check{URL: parseURL(t, home), Times: 3})
	if !report.Ready || report.Tries != 6 {
		t.Errorf("Ready = %v after %d tries, want true after 6", report.Ready, report.Tries)
	}
	report, _ = wait(t, inTurn(append(times(8, bad), ok)...), 50*time.Second, ready.Check{URL: parseURL(t, home), Times: 50})
	if report.Ready || !strings.Contains(report.Ending.Sentence, "times in a row, not 50") {
		t.Errorf("Ready = %v, %q; want the count of good answers", report.Ready, report.Ending.Sentence)
	}
}

func TestWaitObeysRetryAfterWithinAMinute(t *testing.T) {
	t.Parallel()
	for asked, want := range map[string]time.Duration{
		"30":         30 * time.Second,
		"86400":      time.Minute,
		"0":          time.Second,
		"soon":       time.Second,
		"9999999999": time.Minute,
	} {
		app := inTurn(says(429, "", "Retry-After", asked), says(200, ""))
		if _, took := wait(t, app, time.Hour, ready.Check{URL: parseURL(t, home)}); took != want {
			t.Errorf("Retry-After %q: waited %v, want %v", asked, took, want)
		}
	}
}

func TestWaitEndsByTheDeadline(t *testing.T) {
	t.Parallel()
	for name, app := range map[string]app{
		"silent":             silent,
		"down":               says(500, ""),
		"asks for patience":  says(503, "", "Retry-After", "3600"),
		"refused, then dead": inTurn(noSuchHost, silent),
	} {
		report, took := wait(t, app, 5*time.Minute, ready.Check{URL: parseURL(t, home)})
		if report.Ready || report.Ending.Reason != deploy.ReasonNotAnswering || report.Ending.Outcome != deploy.NotReady {
			t.Errorf("%s: %+v, want not-answering", name, report.Ending)
		}
		if took > 5*time.Minute || took < 4*time.Minute {
			t.Errorf("%s: ended after %v, want about 5m", name, took)
		}
		if !strings.Contains(report.Ending.Sentence, report.Timeline[len(report.Timeline)-1].Seen) {
			t.Errorf("%s: %q does not tell what was seen last, %+v", name, report.Ending.Sentence, report.Timeline)
		}
	}
}

func TestWaitTellsASilentApplicationEvenWithoutTimeForASecondTry(t *testing.T) {
	t.Parallel()
	report, took := wait(t, silent, 5*time.Second, ready.Check{URL: parseURL(t, home)})
	want := "https://app.example/ did not answer with 2xx in 5s. Seen: after 5s no answer."
	if report.Ending.Sentence != want || took != 5*time.Second {
		t.Errorf("after %v %q, want %q", took, report.Ending.Sentence, want)
	}
}

func TestWaitLimitsEachTry(t *testing.T) {
	t.Parallel()
	app := inTurn(silent, says(200, ""))
	report, took := wait(t, app, time.Hour, ready.Check{URL: parseURL(t, home), Limit: 7 * time.Second})
	if !report.Ready || took != 8*time.Second {
		t.Errorf("Ready = %v after %v, want true after the limit and a pause, 8s", report.Ready, took)
	}
	// A chain of slow redirects is one try.
	slow := func(req *http.Request) (*http.Response, error) {
		time.Sleep(3 * time.Second)
		return says(302, "", "Location", "/next")(req)
	}
	report, _ = wait(t, inTurn(slow, slow, silent, says(200, "")), time.Hour, ready.Check{URL: parseURL(t, home), Limit: 7 * time.Second})
	if report.Took != 8*time.Second {
		t.Errorf("a slow chain took %v, want 8s", report.Took)
	}
}

func TestWaitReturnsTheCauseOfACancelledRun(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped from outside")
	for name, app := range map[string]app{"between tries": noSuchHost, "within a try": silent} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(90*time.Second, func() { cancel(stopped) })
			start := time.Now()
			report, err := ready.Wait(ctx, app.client(), ready.Check{URL: parseURL(t, home), Limit: time.Hour})
			if !errors.Is(err, stopped) || report.Ready || time.Since(start) != 90*time.Second {
				t.Errorf("%s: %v after %v, want %v after 90s", name, err, time.Since(start), stopped)
			}
		})
	}
}

func TestWaitTellsChangesAndMinutes(t *testing.T) {
	t.Parallel()
	var told []ready.Progress
	check := ready.Check{
		URL:     parseURL(t, home),
		Observe: func(p ready.Progress) { told = append(told, p) },
	}
	wait(t, inTurn(append(times(12, says(404, "")), says(200, ""))...), 10*time.Minute, check)
	want := []ready.Progress{
		{For: home, Seen: "404 Not Found", Left: 10 * time.Minute},
		{For: home, Seen: "404 Not Found", Took: 65 * time.Second, Left: 535 * time.Second},
		{For: home, Seen: "200 OK", Took: 95 * time.Second, Left: 505 * time.Second},
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestWaitAcceptsTheStatusesItIsTold(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		app    app
		expect string
		want   bool
	}{
		"204 by default":             {says(204, ""), "2xx", true},
		"418 by default":             {says(418, ""), "2xx", false},
		"201 but not 200":            {says(200, ""), "201", false},
		"a refusal, asked for":       {says(401, ""), "200, 401", true},
		"a redirect, asked for":      {says(302, "", "Location", "https://login.example.org/"), "302", true},
		"a redirect without address": {says(302, ""), "2xx", false},
	} {
		check := ready.Check{URL: parseURL(t, home), Expect: must(ready.ParseStatuses(tt.expect))}
		if report, _ := wait(t, tt.app, time.Minute, check); report.Ready != tt.want {
			t.Errorf("%s: Ready = %v, want %v", name, report.Ready, tt.want)
		}
	}
}

func TestWaitAsksThePageItIsTold(t *testing.T) {
	t.Parallel()
	var asked []string
	app := func(req *http.Request) (*http.Response, error) {
		asked = append(asked, req.Method+" "+req.URL.String())
		return says(200, "")(req)
	}
	check := ready.Check{URL: parseURL(t, "https://user:pass@app.example/preview?token=s3cret#top"), Page: must(ready.ParseAddress("/health"))}
	wait(t, app, time.Minute, check)
	check.Page = ready.Address{}
	wait(t, app, time.Minute, check)
	want := []string{"GET https://app.example/health", "GET https://app.example/preview?token=s3cret"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestWaitRefusesWhatCannotBeChecked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		check ready.Check
		want  string
	}{
		"no URL":       {ready.Check{}, "give environment-url"},
		"no web URL":   {ready.Check{URL: parseURL(t, "ftp://app.example/")}, "want a URL such as"},
		"other domain": {ready.Check{URL: parseURL(t, home), Page: must(ready.ParseAddress("https://app.example.org/"))}, "is not an address of app.example"},
		"to http":      {ready.Check{URL: parseURL(t, home), Page: must(ready.ParseAddress("http://app.example/"))}, "leaves https"},
		"two mistakes": {ready.Check{URL: parseURL(t, home), Page: must(ready.ParseAddress("https://evil.test/")), Version: ready.Version{Want: must(ready.ParseVersion("commit"))}}, "; expect-version is commit"},
		"no commit":    {ready.Check{URL: parseURL(t, home), Version: ready.Version{Want: must(ready.ParseVersion("commit"))}}, "give commit-sha"},
	} {
		report, _ := wait(t, silent, time.Hour, tt.check)
		if report.Ending.Outcome != deploy.Invalid || !strings.Contains(report.Ending.Sentence, tt.want) || report.Tries > 0 {
			t.Errorf("%s: %+v after %d tries, want invalid with %q at once", name, report.Ending, report.Tries, tt.want)
		}
	}
}

func TestWaitSurvivesHostilePages(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("\x00::error::x\r\n", 1<<18)
	version := ready.Version{Want: must(ready.ParseVersion("1.4.2"))}
	report, _ := wait(t, says(200, huge), time.Minute, ready.Check{URL: parseURL(t, home), Version: version})
	if report.Ending.Reason != deploy.ReasonOldVersion {
		t.Errorf("Ending = %+v, want old-version", report.Ending)
	}
	if text := report.Ending.Sentence; strings.ContainsAny(text, "\r\n\x00") || len(text) > 1000 {
		t.Errorf("the sentence is not short text on one line: %.200q", text)
	}
	report, _ = wait(t, says(200, huge), time.Minute, ready.Check{URL: parseURL(t, home)})
	if !report.Ready {
		t.Errorf("a large page is not ready: %+v", report.Ending)
	}
	n := 0
	restless := func(req *http.Request) (*http.Response, error) {
		n++
		return says(400+n%100, "")(req)
	}
	report, _ = wait(t, restless, time.Hour, ready.Check{URL: parseURL(t, home), Expect: must(ready.ParseStatuses("200"))})
	if len(report.Timeline) > 20 || len(report.Ending.Sentence) > 500 {
		t.Errorf("%d steps, a sentence of %d bytes: want both bounded", len(report.Timeline), len(report.Ending.Sentence))
	}
	if !slices.IsSortedFunc(report.Timeline, func(a, b ready.Step) int { return int(a.At - b.At) }) {
		t.Errorf("timeline out of order: %v", report.Timeline)
	}
}

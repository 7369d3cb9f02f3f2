package ready_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/ready"
)

const (
	deployed = "4f2a9c1be07d35886a1c9f3ed2b7046ce85a1f90"
	older    = "0d11c2e5aa97b3f46d8806e1b2c4f7795e3dab12"
)

func version(t *testing.T, want, from string) ready.Version {
	t.Helper()
	return ready.Version{Want: must(ready.ParseVersion(want)), From: must(ready.ParseVersionFrom(from))}
}

func TestVersionIsProven(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		want, from string
		app        app
		ready      bool
	}{
		"commit in a header":            {"commit", "header:x-app-version", says(200, "", "X-App-Version", deployed), true},
		"short commit":                  {"commit", "header:x-app-version", says(200, "", "X-App-Version", deployed[:7]), true},
		"commit in capitals":            {"commit", "header:x-app-version", says(200, "", "X-App-Version", strings.ToUpper(deployed)), true},
		"commit as git describes it":    {"commit", "header:x-app-version", says(200, "", "X-App-Version", "v1.4-2-g"+deployed[:8]), true},
		"commit after a branch":         {"commit", "header:x-app-version", says(200, "", "X-App-Version", "main@"+deployed[:8]), true},
		"six digits are too few":        {"commit", "header:x-app-version", says(200, "", "X-App-Version", deployed[:6]), false},
		"a digit more":                  {"commit", "header:x-app-version", says(200, "", "X-App-Version", deployed+"0"), false},
		"the middle of the commit":      {"commit", "header:x-app-version", says(200, "", "X-App-Version", deployed[3:20]), false},
		"older commit":                  {"commit", "header:x-app-version", says(200, "", "X-App-Version", older), false},
		"no header":                     {"commit", "header:x-app-version", says(200, deployed), false},
		"a whole hash is a commit":      {deployed, "header:x-app-version", says(200, "", "X-App-Version", deployed[:7]), true},
		"commit in JSON":                {"commit", "json:.git.sha", says(200, `{"git":{"sha":"`+deployed[:10]+`"}}`), true},
		"older commit in JSON":          {"commit", "json:.git.sha", says(200, `{"git":{"sha":"`+older+`"},"x":"`+deployed+`"}`), false},
		"JSON behind a BOM":             {"7", "json:.build", says(200, "\ufeff"+`{"build":7}`), true},
		"number in JSON":                {"12345678901234567890", "json:.builds[1].n", says(200, `{"builds":[{},{"n":12345678901234567890}]}`), true},
		"number in JSON, in part":       {"7", "json:.build", says(200, `{"build":77}`), false},
		"no such member":                {"7", "json:.build.n", says(200, `{"build":7}`), false},
		"no JSON":                       {"7", "json:.build", says(200, `<html>7`), false},
		"commit in the body":            {"commit", "body", says(200, `<meta name="v" content="`+deployed+`">`), true},
		"version in the body":           {"1.4.2", "body", says(200, `Version 1.4.2.`), true},
		"a longer version":              {"1.4.2", "body", says(200, `Version 1.4.20`), false},
		"a release candidate":           {"1.4.2", "body", says(200, `Version 1.4.2-rc1`), false},
		"the end of a version":          {"1.4.2", "body", says(200, `Version 11.4.2`), false},
		"the second of two":             {"1.4.2", "body", says(200, `from 1.4.2-rc1 to 1.4.2`), true},
		"a header's part":               {"1.4.2", "header:v", says(200, "", "V", "1.4.2 (old)"), false},
		"a header as it is":             {"1.4.2", "header:v", says(200, "", "V", " 1.4.2 "), true},
		"pattern in the body":           {`/build-[0-9]+\b/`, "body", says(200, "it is build-77"), true},
		"pattern not in the body":       {`/^build-[0-9]+$/`, "body", says(200, "it is build-77"), false},
		"proof on an unexpected status": {"1.4.2", "body", says(500, "1.4.2"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := ready.Check{
				URL: parseURL(t, home), Ref: must(deploy.ParseCommit(deployed)),
				Version: version(t, tt.want, tt.from),
			}
			report, _ := wait(t, tt.app, time.Minute, check)
			if report.Ready != tt.ready {
				t.Errorf("Ready = %v, want %v; %+v", report.Ready, tt.ready, report.Timeline)
			}
		})
	}
}

func TestVersionWaitsForTheNewOne(t *testing.T) {
	t.Parallel()
	old, fresh := says(200, "", "X-App-Version", older), says(200, "", "X-App-Version", deployed[:12])
	check := ready.Check{
		URL: parseURL(t, home), Ref: must(deploy.ParseCommit(deployed)), Times: 2,
		Version: version(t, "commit", "header:X-App-Version"),
	}
	// A roll-out answers now with the one, now with the other.
	report, _ := wait(t, inTurn(old, fresh, old, fresh, fresh), time.Hour, check)
	if !report.Ready || report.Tries != 5 || report.Version != `"`+deployed[:12]+`"` {
		t.Errorf("Ready = %v after %d tries with version %s, want true after 5 with %.12s", report.Ready, report.Tries, report.Version, deployed)
	}
}

func TestVersionQuotesTheOldOne(t *testing.T) {
	t.Parallel()
	check := ready.Check{
		URL: parseURL(t, home), Ref: must(deploy.ParseCommit(deployed)),
		Version: version(t, "commit", "json:.git.sha"),
	}
	check.Version.At = must(ready.ParseAddress("/version"))
	report, _ := wait(t, says(200, `{"git":{"sha":"`+older+`"}}`), time.Minute, check)
	want := `https://app.example/version did not show commit ` + deployed + ` in json:.git.sha for 59s. Seen: after 0s another version, .git.sha: "` + older + `" (10 tries).`
	if report.Ending.Sentence != want || report.Ending.Reason != deploy.ReasonOldVersion {
		t.Errorf("%s: %s\nwant %s", report.Ending.Reason, report.Ending.Sentence, want)
	}
}

func TestVersionHasAPageOfItsOwn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		page, version app
		want          deploy.Reason
	}{
		"both good":                {says(200, ""), says(200, deployed), ""},
		"the page is down":         {says(503, ""), says(200, deployed), deploy.ReasonNotAnswering},
		"an old one without it":    {says(200, ""), says(404, ""), deploy.ReasonOldVersion},
		"the version's is down":    {says(200, ""), says(500, ""), deploy.ReasonNotAnswering},
		"the version's has a wall": {says(200, ""), says(401, ""), deploy.ReasonWall},
		"the version is another":   {says(200, deployed), says(200, older), deploy.ReasonOldVersion},
	} {
		app := func(req *http.Request) (*http.Response, error) {
			if req.URL.Path == "/version" {
				return tt.version(req)
			}
			return tt.page(req)
		}
		check := ready.Check{URL: parseURL(t, home), Version: version(t, deployed, "body")}
		check.Version.At = must(ready.ParseAddress("https://app.example/version"))
		report, _ := wait(t, app, time.Minute, check)
		if report.Ending.Reason != tt.want || report.Ready != (tt.want == "") {
			t.Errorf("%s: Ready = %v, %+v; want %q", name, report.Ready, report.Ending, tt.want)
		}
	}
}

func FuzzParseVersion(f *testing.F) {
	f.Add("commit", "x")
	f.Add("1.4.2", "now 1.4.2-rc1, later 1.4.2")
	f.Add("/v[0-9]+/", "v7")
	f.Fuzz(func(t *testing.T, text, body string) {
		want, err := ready.ParseVersion(text)
		if err != nil {
			return
		}
		if want.IsZero() {
			t.Fatalf("ParseVersion(%q) wants nothing", text)
		}
		if text = strings.TrimSpace(text); strings.HasPrefix(text, "/") || text == "commit" || deploy.IsFullSHA(text) {
			return
		}
		// The version shown alone is proof; a longer word around it is not.
		for shown, ready := range map[string]bool{text: true, "v" + text + "9": false} {
			report := look(t, body+" "+shown+" ", want)
			if ready && !report {
				t.Errorf("%q is not found in %q", text, shown)
			}
			if !ready && report && !strings.Contains(body, text) {
				t.Errorf("%q is found in %q", text, body+shown)
			}
		}
	})
}

// look reports whether a page with that body proves the version.
func look(t *testing.T, body string, want ready.VersionWant) bool {
	t.Helper()
	check := ready.Check{URL: parseURL(t, home), Version: ready.Version{Want: want}}
	report, _ := wait(t, says(200, body), time.Second/2, check)
	return report.Ready
}

func FuzzParseVersionFrom(f *testing.F) {
	for _, text := range []string{"body", "header:X-App-Version", "json:.git.sha", `json:.a[3]["x\"y"].z`, "json:.", "json:[0]", "json:..", "header:"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		from, err := ready.ParseVersionFrom(text)
		if err != nil {
			return
		}
		again, err := ready.ParseVersionFrom(from.String())
		if err != nil || again.String() != from.String() {
			t.Errorf("ParseVersionFrom(%q) = %s, which reads as %s, %v", text, from, again, err)
		}
	})
}

func TestParseVersionFrom(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"body":                   "body",
		"header:x-app-version":   "header:X-App-Version",
		"json:.":                 "json:.",
		"json:.git.sha":          "json:.git.sha",
		"json:.builds[0].commit": "json:.builds[0].commit",
		`json:["odd.name"][2].x`: `json:.["odd.name"][2].x`,
		"":                       "",
		"json":                   "",
		"json:git.sha":           "json:.git.sha",
		"json:git-sha":           "json:.git-sha",
		"json:":                  "",
		"json:.git.":             "",
		"json:..sha":             "",
		"json:.a[-1]":            "",
		"json:.a[1":              "",
		"json:.a b":              "",
		"header:":                "",
		"header:no name":         "",
		"cookie:v":               "",
	} {
		from, err := ready.ParseVersionFrom(text)
		if got := from.String(); err == nil && got != want || (err != nil) != (want == "") {
			t.Errorf("ParseVersionFrom(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestParseVersionRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":          "want commit",
		"a\nb":      "one line",
		"/v[/":      "want RE2 syntax",
		"//":        "matches every version",
		"/v?/":      "matches every version",
		"-":         "neither letter nor digit",
		"/(?=now)/": "want RE2 syntax",
	} {
		if _, err := ready.ParseVersion(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseVersion(%q) = %v, want an error with %q", text, err, want)
		}
	}
}

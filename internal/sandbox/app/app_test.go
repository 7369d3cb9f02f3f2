package app_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/ready"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/app"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github/inmemory"
)

const (
	fresh = "4f2a9c1be07d35886a1c9f3ed2b7046ce85a1f90"
	old   = "0d11c2e5aa97b3f46d8806e1b2c4f7795e3dab12"
)

// wait runs the action's own check on a scripted application.
func wait(t *testing.T, c ready.Check, stages ...app.Stage) (report ready.Report) {
	t.Helper()
	script := app.Script{Stages: stages}
	err := script.Check()
	if err != nil {
		t.Fatal(err)
	}
	c.URL = &url.URL{Scheme: "https", Host: "shop.example", Path: "/"}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		report, err = ready.Wait(ctx, &http.Client{Transport: inmemory.Transport(app.New(script))}, c)
		if err != nil {
			t.Fatal(err)
		}
	})
	return report
}

func version(t *testing.T, from, at string) ready.Version {
	t.Helper()
	var v ready.Version
	var errs [3]error
	v.Want, errs[0] = ready.ParseVersion(fresh)
	v.From, errs[1] = ready.ParseVersionFrom(from)
	v.At, errs[2] = ready.ParseAddress(at)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func TestAppBecomesReady(t *testing.T) {
	t.Parallel()
	report := wait(t, ready.Check{Times: 2, Limit: 5 * time.Second},
		app.Stage{Requests: 1, Close: true},
		app.Stage{Requests: 1, Hang: true},
		app.Stage{Requests: 2, Status: 503, RetryAfter: "20"},
		app.Stage{For: 30 * time.Second, Status: 404},
		app.Stage{Redirect: "/en/"},
	)
	if !report.Ready || len(report.Timeline) != 5 || report.Tries != 9 {
		t.Errorf("Ready = %v, %+v", report.Ready, report.Timeline)
	}
}

func TestAppShowsItsVersionInThreePlaces(t *testing.T) {
	t.Parallel()
	for from, at := range map[string]string{"header:X-App-Version": "/", "json:git.sha": "/version", "body": "/"} {
		check := ready.Check{Version: version(t, from, at)}
		report := wait(t, check, app.Stage{For: time.Minute, Version: old}, app.Stage{Version: fresh[:8]})
		if !report.Ready || report.Took < time.Minute {
			t.Errorf("%s: Ready = %v after %v, %+v", from, report.Ready, report.Took, report.Timeline)
		}
		report = wait(t, check, app.Stage{Version: old})
		if report.Ending.Reason != deploy.ReasonOldVersion || !strings.Contains(report.Ending.Sentence, old) {
			t.Errorf("%s: %+v, want old-version and %s", from, report.Ending, old)
		}
	}
}

func TestAppBehindAWall(t *testing.T) {
	t.Parallel()
	headers, err := ready.ParseHeaders("X-Bypass: let-me-in")
	if err != nil {
		t.Fatal(err)
	}
	for wall, want := range map[app.Wall]string{
		app.Vercel:     "Vercel Deployment Protection",
		app.VercelPage: "Vercel Deployment Protection",
		app.VercelBot:  "Vercel's bot challenge",
		app.Cloudflare: "Cloudflare Access",
		app.Netlify:    "Netlify's site protection",
		app.Basic:      "basic authentication",
		app.SSO:        "the login of login.example.org",
	} {
		stage := app.Stage{Wall: wall, Opens: "X-Bypass: let-me-in"}
		report := wait(t, ready.Check{}, stage)
		if report.Ending.Reason != deploy.ReasonWall || !strings.Contains(report.Ending.Sentence, "is behind "+want+" (") {
			t.Errorf("%s: %+v, want %q", wall, report.Ending, want)
		}
		if report = wait(t, ready.Check{Headers: headers}, stage); !report.Ready {
			t.Errorf("%s with its header: %+v, want ready", wall, report.Ending)
		}
	}
}

func TestCheckRefusesWhatCannotBePlayed(t *testing.T) {
	t.Parallel()
	for want, stage := range map[string]app.Stage{
		"want one of vercel,":   {Wall: "versel"},
		"want a header such as": {Opens: "secret", Requests: 1},
		"stages[0] never ends":  {Status: 503},
	} {
		err := app.Script{Stages: []app.Stage{stage, {}}}.Check()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check of %+v = %v, want %q", stage, err, want)
		}
	}
}

func TestAppIsUpWithoutAScript(t *testing.T) {
	t.Parallel()
	if report := wait(t, ready.Check{}); !report.Ready || report.Tries != 1 {
		t.Errorf("%+v, want ready at once", report)
	}
}

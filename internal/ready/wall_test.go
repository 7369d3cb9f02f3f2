package ready_test

import (
	"strings"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/ready"
)

const (
	vercelSSO  = "https://vercel.com/sso-api?url=https%3A%2F%2Fapp.example%2F&nonce=aa11"
	accessPage = "https://team.cloudflareaccess.com/cdn-cgi/access/login/app.example?kid=1"
	bypass     = "x-vercel-protection-bypass: ${{ secrets.VERCEL_AUTOMATION_BYPASS_SECRET }}"
)

func TestWallsAreNamed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		app        app
		want, next string
	}{
		"Vercel redirects to its login": {says(302, "", "Location", vercelSSO, "Set-Cookie", "_vercel_sso_nonce=aa11; Path=/"), "Vercel Deployment Protection", bypass},
		"Vercel redirects with 307":     {says(307, "", "Location", vercelSSO), "Vercel Deployment Protection", bypass},
		"Vercel answers with a cookie":  {says(401, "", "Set-Cookie", "_vercel_sso_nonce=aa11; Path=/"), "Vercel Deployment Protection", bypass},
		"Vercel answers with a page":    {says(401, "<title>Authentication Required</title>", "X-Vercel-Id", "fra1::x"), "Vercel Deployment Protection", bypass},
		"Vercel answers with JSON":      {says(401, `{"protection":{"vercel_auth_callback":"x"}}`, "Server", "Vercel"), "Vercel Deployment Protection", bypass},
		"Vercel answers in a header":    {says(401, "", "X-Vercel-Error", "UNAUTHORIZED"), "Vercel Deployment Protection", bypass},
		"Vercel's login page as a 200":  {says(200, "<title>Login – Vercel</title>", "Server", "Vercel"), "Vercel Deployment Protection", bypass},
		"Vercel suspects a bot":         {says(429, "", "X-Vercel-Mitigated", "challenge", "Retry-After", "60"), "Vercel's bot challenge", bypass},
		"Vercel's firewall":             {says(403, "", "X-Vercel-Mitigated", "deny"), "Vercel's firewall", bypass},
		"Cloudflare Access":             {says(302, "", "Location", accessPage), "Cloudflare Access", "CF-Access-Client-Id: ${{ secrets.CF_ACCESS_CLIENT_ID }} and CF-Access-Client-Secret: ${{"},
		"Cloudflare Access, here":       {says(302, "", "Location", "/cdn-cgi/access/login/app.example"), "Cloudflare Access", "CF-Access-Client-Id"},
		"Cloudflare Access challenges":  {says(401, "", "Www-Authenticate", `Cloudflare-Access resource_metadata="x"`), "Cloudflare Access", "CF-Access-Client-Id"},
		"Cloudflare Access refuses":     {says(403, "", "Cf-Access-Domain", "app.example"), "Cloudflare Access", "CF-Access-Client-Id"},
		"Cloudflare suspects a bot":     {says(503, "", "Cf-Mitigated", "challenge"), "Cloudflare's bot challenge", "WAF rule"},
		"Netlify's password page":       {says(401, `<form><input type="password" name="password">`, "Server", "Netlify"), "Netlify's site protection", "Basic-Auth"},
		"Netlify's page as a 200":       {says(200, `<h1>Password protected site</h1><input type="password">`, "X-Nf-Request-Id", "1"), "Netlify's site protection", "Basic-Auth"},
		"Netlify's team login":          {says(302, "", "Location", "https://app.netlify.com/edge-access?x=1"), "Netlify's site protection", "Basic-Auth"},
		"basic authentication":          {says(401, "", "Www-Authenticate", `basic realm="staging"`), "basic authentication", "Authorization: Basic ${{ secrets."},
		"basic beside another":          {says(401, "", "Www-Authenticate", "Negotiate", "Www-Authenticate", "Basic"), "basic authentication", "base64"},
		"nobody's 401":                  {says(401, ""), "a protection that answers 401", "expect-status"},
		"nobody's 403":                  {says(403, ""), "a protection that answers 403", "expect-status"},
		"a company's login":             {says(302, "", "Location", "https://login.microsoftonline.com/t/oauth2/authorize"), "the login of login.microsoftonline.com", "/health"},
		"a private GitHub page":         {says(302, "", "Location", "https://github.com/pages/auth?page_id=1"), "the login of github.com", "/health"},
	} {
		report, took := wait(t, tt.app, time.Hour, ready.Check{URL: parseURL(t, home)})
		if report.Ending.Reason != deploy.ReasonWall || !strings.Contains(report.Ending.Sentence, "is behind "+tt.want+" (") {
			t.Errorf("%s: %+v, want %q", name, report.Ending, tt.want)
		}
		if !strings.Contains(report.Ending.Next, tt.next) {
			t.Errorf("%s: next is %q, want %q", name, report.Ending.Next, tt.next)
		}
		if report.Tries != 2 || took > 5*time.Second {
			t.Errorf("%s: %d tries in %v, want a second look and the end", name, report.Tries, took)
		}
	}
}

func TestWallsAreNotSeenWhereThereAreNone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		app  app
		want deploy.Reason
	}{
		"an application about Vercel":          {says(200, "Read about vercel.com/sso-api: Authentication Required", "Server", "Vercel"), ""},
		"an application's own login":           {says(200, `<input type="password">`, "Server", "Netlify"), ""},
		"its own login, redirected to":         {inTurn(says(302, "", "Location", "/login"), says(200, "")), ""},
		"another address of the same owner":    {inTurn(says(302, "", "Location", "https://auth.app.example/login"), says(200, "")), ""},
		"S3 before the object is there":        {says(403, "", "Server", "AmazonS3"), deploy.ReasonNotAnswering},
		"a redirect to a shop of another name": {says(302, "", "Location", "https://www.shop.example.org/"), deploy.ReasonNotAnswering},
		"Vercel before the deployment exists":  {says(404, "", "X-Vercel-Error", "DEPLOYMENT_NOT_FOUND"), deploy.ReasonNotAnswering},
		"Cloudflare's 403 in passing":          {inTurn(says(403, ""), says(502, ""), says(403, ""), says(200, "")), ""},
		"two different walls, then none":       {inTurn(says(403, ""), says(401, ""), says(200, "")), ""},
		"Access headers on a good answer":      {says(200, "", "Cf-Access-Domain", "app.example"), ""},
	} {
		report, _ := wait(t, tt.app, time.Minute, ready.Check{URL: parseURL(t, home)})
		if report.Ending.Reason != tt.want || report.Ready != (tt.want == "") {
			t.Errorf("%s: Ready = %v, %+v; want %q", name, report.Ready, report.Ending, tt.want)
		}
	}
}

func TestWallSeenOnceAtTheDeadlineIsNamed(t *testing.T) {
	t.Parallel()
	report, _ := wait(t, inTurn(says(502, ""), says(302, "", "Location", vercelSSO), silent), 2*time.Second, ready.Check{URL: parseURL(t, home)})
	if report.Ending.Reason != deploy.ReasonWall || !strings.Contains(report.Ending.Sentence, "Vercel") {
		t.Errorf("%+v, want wall", report.Ending)
	}
}

func TestWallSaysWhatBecameOfTheHeaders(t *testing.T) {
	t.Parallel()
	given := must(ready.ParseHeaders("x-vercel-protection-bypass: canary-1234"))
	for name, tt := range map[string]struct {
		check ready.Check
		want  string
	}{
		"none given": {ready.Check{URL: parseURL(t, home)}, "Give in request-headers: " + bypass},
		"sent":       {ready.Check{URL: parseURL(t, home), Headers: given}, "This time x-vercel-protection-bypass was sent and did not open it"},
		"empty":      {ready.Check{URL: parseURL(t, home), Headers: must(ready.ParseHeaders("x-vercel-protection-bypass:"))}, "was given without a value"},
		"by http":    {ready.Check{URL: parseURL(t, "http://app.example/"), Headers: given}, "by https only"},
		"by an event": {
			ready.Check{URL: parseURL(t, home), Headers: given, FromEvent: true},
			"its host app.example matches no pattern of allowed-hosts",
		},
	} {
		report, _ := wait(t, says(302, "", "Location", vercelSSO), time.Minute, tt.check)
		if !strings.Contains(report.Ending.Next, tt.want) || strings.Contains(report.Ending.Next, "canary") {
			t.Errorf("%s: %q, want %q", name, report.Ending.Next, tt.want)
		}
	}
}

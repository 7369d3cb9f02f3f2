package ready_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/ready"
)

const canary = "canary-b1f0"

// recorder redirects along a chain of locations, then answers 200, and notes
// every request with what it carried.
func recorder(locations []string, note func(req *http.Request)) app {
	n := 0
	return func(req *http.Request) (*http.Response, error) {
		note(req)
		if n++; n <= len(locations) {
			return says(http.StatusTemporaryRedirect, "", "Location", locations[n-1])(req)
		}
		return says(200, "")(req)
	}
}

func carries(req *http.Request) bool {
	for _, values := range req.Header {
		if strings.Contains(strings.Join(values, " "), canary) {
			return true
		}
	}
	return strings.Contains(req.URL.String(), canary)
}

func TestRedirectsAreFollowedWithinTheDomain(t *testing.T) {
	t.Parallel()
	const start = "https://app.acme-team.example/"
	for name, tt := range map[string]struct {
		start     string
		locations []string
		want      []string
		ready     bool
	}{
		"a path":             {start, []string{"/en/"}, []string{start + "*", "https://app.acme-team.example/en/*"}, true},
		"www":                {start, []string{"https://www.acme-team.example/"}, []string{start + "*", "https://www.acme-team.example/"}, true},
		"another port":       {start, []string{"https://app.acme-team.example:8443/"}, []string{start + "*", "https://app.acme-team.example:8443/"}, true},
		"there and back":     {start, []string{"https://acme-team.example/", start}, []string{start + "*", "https://acme-team.example/", start + "*"}, true},
		"up to https":        {"http://acme-team.example/", []string{"https://acme-team.example/"}, []string{"http://acme-team.example/", "https://acme-team.example/"}, true},
		"down to http":       {start, []string{"http://app.acme-team.example/"}, []string{start + "*"}, false},
		"another domain":     {start, []string{"https://acme-other.example/"}, []string{start + "*"}, false},
		"another user":       {"https://a.vercel.app/", []string{"https://b.vercel.app/"}, []string{"https://a.vercel.app/*"}, false},
		"another GitHub":     {"https://a.github.io/", []string{"https://b.github.io/"}, []string{"https://a.github.io/*"}, false},
		"beyond ASCII":       {"https://a.公司.cn/", []string{"https://b.公司.cn/", "/"}, []string{"https://a.%E5%85%AC%E5%8F%B8.cn/*"}, false},
		"the same in ASCII":  {"https://bücher.example/", []string{"https://xn--bcher-kva.example/"}, []string{"https://b%C3%BCcher.example/*", "https://xn--bcher-kva.example/"}, true},
		"a longer name":      {start, []string{"https://evilacme-team.example/"}, []string{start + "*"}, false},
		"another address":    {"https://10.0.0.1/", []string{"https://10.0.1.1/"}, []string{"https://10.0.0.1/*"}, false},
		"without scheme":     {start, []string{"//evil.test/"}, []string{start + "*"}, false},
		"no web address":     {start, []string{"javascript:alert(1)"}, []string{start + "*"}, false},
		"with a name":        {start, []string{"https://user:pw@acme-team.example/"}, []string{start + "*", "https://acme-team.example/"}, true},
		"six, which is much": {start, []string{"/1", "/2", "/3", "/4", "/5", "/6"}, []string{start + "*", start + "1*", start + "2*", start + "3*", start + "4*", start + "5*"}, false},
	} {
		var got []string
		app := recorder(tt.locations, func(req *http.Request) {
			line := req.URL.String()
			if carries(req) {
				line += "*"
			}
			got = append(got, line)
		})
		check := ready.Check{URL: parseURL(t, tt.start), Headers: must(ready.ParseHeaders("X-Bypass: " + canary))}
		report, _ := wait(t, app, time.Second/2, check)
		if diff := cmp.Diff(tt.want, got); diff != "" || report.Ready != tt.ready {
			t.Errorf("%s: Ready = %v, want %v; requests (-want +got):\n%s", name, report.Ready, tt.ready, diff)
		}
	}
}

func TestRedirectWithACookieIsNotACircle(t *testing.T) {
	t.Parallel()
	app := func(req *http.Request) (*http.Response, error) {
		if cookie, err := req.Cookie("seen"); err != nil || cookie.Value != "1" {
			return says(307, "", "Location", "/", "Set-Cookie", "seen=1; Path=/; Secure; HttpOnly")(req)
		}
		return says(200, "")(req)
	}
	report, _ := wait(t, app, time.Minute, ready.Check{URL: parseURL(t, home)})
	if !report.Ready || report.Tries != 1 {
		t.Errorf("Ready = %v after %d tries; %v", report.Ready, report.Tries, report.Timeline)
	}
}

func TestHeadersGoOnlyWhereTheyMay(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		url       string
		fromEvent bool
		allowed   string
		want      bool
	}{
		"the workflow's URL":            {"https://app.example/", false, "", true},
		"by http":                       {"http://app.example/", false, "", false},
		"by http to this machine":       {"http://localhost:3000/", false, "", false},
		"an event's URL":                {"https://app.example/", true, "", false},
		"an event's URL, allowed":       {"https://app-9.acme.vercel.app/", true, "app-*.acme.vercel.app", true},
		"an event's URL, other allowed": {"https://evil.test/", true, "*.acme.vercel.app", false},
		"the pattern in the path":       {"https://evil.test/x.acme.vercel.app", true, "*.acme.vercel.app", false},
		"the pattern as a user":         {"https://x.acme.vercel.app:x@evil.test/", true, "*.acme.vercel.app*", false},
	} {
		sent := false
		app := recorder(nil, func(req *http.Request) { sent = sent || carries(req) })
		check := ready.Check{
			URL: parseURL(t, tt.url), FromEvent: tt.fromEvent,
			Headers: must(ready.ParseHeaders("X-Bypass: " + canary)),
		}
		if tt.allowed != "" {
			check.AllowedHosts = []deploy.Glob{must(deploy.ParseGlob(tt.allowed))}
		}
		report, _ := wait(t, app, time.Minute, check)
		if sent != tt.want || (report.Withheld == "") != tt.want {
			t.Errorf("%s: sent = %v, withheld %q; want sent = %v", name, sent, report.Withheld, tt.want)
		}
	}
}

func TestHeadersAreNotSeenInWhatIsQuoted(t *testing.T) {
	t.Parallel()
	echo := func(req *http.Request) (*http.Response, error) {
		return says(200, "you sent "+req.Header.Get("Authorization"))(req)
	}
	check := ready.Check{
		URL: parseURL(t, home), Headers: must(ready.ParseHeaders("Authorization: Bearer " + canary)),
		Version: version(t, "1.4.2", "body"),
	}
	report, _ := wait(t, echo, time.Minute, check)
	if text := report.Ending.Sentence; strings.Contains(text, canary) || !strings.Contains(text, `"you sent ***"`) {
		t.Errorf("%q, want it without the header's value", text)
	}
}

// FuzzRedirects holds that no chain of redirects takes a header to another
// origin, leaves the registrable domain, or leaves https.
func FuzzRedirects(f *testing.F) {
	f.Add("/a\nhttps://www.acme.example/\nhttps://app.acme.example/back")
	f.Add("//evil.test/\nhttps://app.acme.example")
	f.Add("https:app.acme.example\n\\\\evil.test\nhttps://app.acme.example@evil.test/")
	f.Add("http://app.acme.example/\nhttps://app.acme.example:443/\nHTTPS://APP.acme.example.:8443/")
	f.Fuzz(func(t *testing.T, chain string) {
		app := recorder(strings.Split(chain, "\n"), func(req *http.Request) {
			host := strings.ToLower(strings.TrimSuffix(req.URL.Hostname(), "."))
			if req.URL.Scheme != "https" || host != "acme.example" && !strings.HasSuffix(host, ".acme.example") {
				t.Errorf("asked %s", req.URL)
			}
			atHome := strings.EqualFold(req.URL.Hostname(), "app.acme.example") && (req.URL.Port() == "" || req.URL.Port() == "443")
			if carries(req) != atHome {
				t.Errorf("%s: header sent = %v", req.URL, carries(req))
			}
			if req.URL.User != nil || req.Header.Get("Referer") != "" || req.Method != http.MethodGet {
				t.Errorf("%s %s with user %v and Referer %q", req.Method, req.URL, req.URL.User, req.Header.Get("Referer"))
			}
		})
		check := ready.Check{URL: parseURL(t, "https://app.acme.example/"), Headers: must(ready.ParseHeaders("X-Bypass: " + canary))}
		wait(t, app, time.Minute, check)
	})
}

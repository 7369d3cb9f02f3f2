package admin_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/afterdeploy/afterdeploy/internal/relay"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const browserRules = `
public-url: https://relay.example.com
sources:
  github: {service: github, verify: {signature: env:S}}
  ios: {service: bitrise, verify: {header: X-Relay-Secret, secret: env:S}, repository: acme/ios, environment-url: https://staging.example.com}
  e2e: {service: currents, verify: {header: X-Relay-Secret, secret: env:S}}
  feedback: {service: gleap, verify: {header: X-Relay-Secret, secret: env:S}, repository: acme/web}
  bugs: {service: betterbugs, verify: {header: X-Relay-Secret, secret: env:S}, repository: acme/web}
targets:
  github: {service: github, token: env:T, api-url: "%[1]s/hub", repositories: [acme/web, acme/ios]}
  tests: {service: bugster, api-key: env:T, api-url: "%[1]s/tests", organization-id: org_abc123def456ghi789jkl, project-id: my-project-1234567890, repositories: ["acme/*"]}
rules:
  - {name: test-ios, source: ios, to: tests, max-age: 2h}
  - {name: build-status, source: ios, do: status, to: github, with: {commit: "0123456789abcdef0123456789abcdef01234567"}}
  - {name: e2e-status, source: e2e, do: status, to: github}
  - name: report-bugs
    source: [bugs, feedback]
    do: issue
    to: github
    when: 'priority in ["high", "critical"] or "blocker" in tags'
    with: {title: "[${service}] ${title}", labels: ["bug", "priority: ${priority}"], update: false}
  - {name: announce, source: ios, status: success, do: dispatch, to: github, with: {event-type: built}}
`

// answers is the other side: it takes most, refuses a commit, breaks on a
// dispatch and knows no key for tests.
func answers(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	status, body := http.StatusCreated, `{"id":1,"state":"success"}`
	switch {
	case r.Method == http.MethodGet:
		status, body = http.StatusOK, `[]`
	case strings.HasPrefix(r.URL.Path, "/tests/"):
		status, body = http.StatusUnauthorized, `{"status":"error","message":"Invalid API key"}`
	case strings.HasSuffix(r.URL.Path, "/dispatches"):
		status, body = http.StatusBadGateway, `{"message":"Server Error"}`
	case strings.HasSuffix(r.URL.Path, "/issues"):
		body = `{"number":7,"html_url":"https://github.com/acme/web/issues/7"}`
	case strings.Contains(r.URL.Path, "/acme/web/statuses/"):
		status, body = http.StatusUnprocessableEntity, `{"message":"No commit found for SHA: 0123456789abcdef0123456789abcdef01234567"}`
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// hookSecret stands for every secret.
const hookSecret = "correct-horse"

// attack is what a report may hold.
const attack = `<script>window.pwned=1;alert(1)</script><img src=//evil.example/x onerror=alert(2)>`

// serveRelay starts a relay that has received a few events, and returns where
// its pages are.
func serveRelay(t *testing.T) string {
	t.Helper()
	there := httptest.NewServer(http.HandlerFunc(answers))
	t.Cleanup(there.Close)
	dir := t.TempDir()
	rules := filepath.Join(dir, "relay.yaml")
	if err := os.WriteFile(rules, fmt.Appendf(nil, browserRules, there.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	opened := make(chan [2]string, 1)
	r, err := relay.Open(t.Context(), relay.Options{
		Rules: rules, Data: filepath.Join(dir, "data"), Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", Token: secret.New("tok"),
		Getenv: func(string) string { return hookSecret }, ReadFile: os.ReadFile, Client: there.Client(), Log: slog.New(slog.DiscardHandler), Version: "v1.2.3",
		Opened: func(front, back net.Addr) {
			opened <- [2]string{"http://" + front.String() + "/hooks/", "http://" + back.String()}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Serve(ctx, nil) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case at := <-opened:
		send(t, at[0])
		return at[1]
	case err := <-ended:
		ended <- err
		t.Fatal("the relay does not start")
	}
	return ""
}

// send has the services say something.
func send(t *testing.T, hooks string) {
	t.Helper()
	const commit = "0123456789abcdef0123456789abcdef01234567"
	type hook struct{ source, body, header string }
	requests := []hook{
		{"bugs", `{"bugId":"64f0c0ffee64f0c0ffee64f0","title":"Pay button ` + attack + `","description":"<p>On a phone</p>","status":"OPEN","priority":"HIGH","sessionUrl":"https://app.betterbugs.io/session/1","customFields":{"` + attack + `":"` + attack + `"}}`, ""},
		{"feedback", `{"action":"BUG_CREATED","data":{"id":"g1","title":"Cart is empty after login","type":"BUG","status":"OPEN","priority":"LOW"}}`, ""},
		{"ios", `{"build_slug":"b9","app_slug":"a1b2c3","build_number":9,"build_status":2,"git":{"src_branch":"feature/cart"}}`, "build/finished"},
	}
	for i := range 3 {
		requests = append(requests, hook{"e2e", fmt.Sprintf(`{"event":"RUN_FINISH","runUrl":"https://app.currents.dev/run/%d","buildId":"%d","commit":{"sha":"%s",
			"branch":"main","remoteOrigin":"https://github.com/acme/web.git","message":"Checkout: fewer clicks"},"overall":12,"passes":11,"failures":1}`, i, i, commit), ""})
	}
	for i := range 4 {
		requests = append(requests, hook{"ios", fmt.Sprintf(`{"build_slug":"b%d","app_slug":"a1b2c3","build_number":%d,"build_status":1,
			"build_triggered_workflow":"deploy","git":{"src_branch":"main"}}`, i, i), "build/finished"})
	}
	for _, h := range requests {
		status, body, _ := ask(t, http.DefaultClient, "POST", hooks+h.source, h.body, "X-Relay-Secret", hookSecret, "Bitrise-Event-Type", h.header, "Content-Type", "application/json")
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", h.source, status, body)
		}
	}
}

// faults lists what makes a page hard to use: fields without a label, texts whose
// contrast with what is behind them is below 4.5 (WCAG 2.2, 1.4.3), headings of
// tables that do not say what they head, and what is wider than the window.
const faults = `(() => {
  const found = [];
  if ('pwned' in window) found.push('a script ran');
  for (const e of document.querySelectorAll('input:not([type=hidden]), select')) if (!e.labels.length) found.push('no label: ' + e.name);
  for (const e of document.querySelectorAll('th:not([scope])')) found.push('no scope: ' + e.textContent);
  if (document.querySelectorAll('h1').length != 1) found.push('not one h1');
  if (!document.querySelector('main')) found.push('no main');
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  for (const id of ids) if (ids.filter(i => i == id).length > 1) found.push('twice: ' + id);
  const parse = c => c.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => { const f = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; return .2126 * f(r) + .7152 * f(g) + .0722 * f(b); };
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType == 3 && n.textContent.trim()) || !e.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) found.push('faint ' + ratio.toFixed(2) + ': ' + e.tagName + ' ' + e.textContent.trim().slice(0, 40));
  }
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) found.push('wider than the window: ' + document.documentElement.scrollWidth);
  return found;
})()`

// A person's way through the pages, in a browser: everything works without a
// script, in light and dark, on a desk and on a phone, what strangers wrote is
// text, and nothing is fetched from anywhere else.
func TestInABrowser(t *testing.T) {
	t.Parallel()
	ctx := chromium(t)
	origin := serveRelay(t)
	v, w := visitor{t, ctx, origin}, &watch{}
	if err := chromedp.Listen(ctx, w.heard(ctx, origin)); err != nil {
		t.Fatal(err)
	}

	v.do("log in", chromedp.Navigate(origin+"/"), chromedp.WaitVisible(chromedp.ID("token")), chromedp.SendKeys(chromedp.ID("token"), "tok\r"), chromedp.WaitVisible(chromedp.CSS("table")))
	v.until("/health", "tbody tr", "unknown 4")
	v.until("/health", "tbody tr", "dead 3")
	v.until("/rules", ".alert", "Target tests is paused")

	v.open("/")
	v.do("filter", chromedp.SetValue(chromedp.CSS("select[name=state]"), "dead"), chromedp.SetValue(chromedp.CSS("select[name=service]"), "currents"))
	v.press(".filter button", "table")
	if rows := eval[int](v, `document.querySelectorAll("tbody tr").length`); rows != 3 {
		t.Errorf("the filter shows %d events, want 3", rows)
	}
	v.press("td.when a", "#payload")
	if text := v.text("h1"); text != "currents RUN_FINISH" {
		t.Errorf("the event is %q", text)
	}
	v.press("td a", "#attempts")
	v.do("look into an attempt", chromedp.Click(chromedp.CSS("summary")), chromedp.WaitVisible(chromedp.CSS("details pre")))
	if text := v.text("article"); !strings.Contains(text, "No commit found for SHA") || !strings.Contains(text, "Authorization: ***") {
		t.Errorf("the attempt says %q", text)
	}
	v.keep("delivery")
	v.press(`form[action^="/redeliver/"] button`, "#attempts")
	delivery := eval[string](v, `location.pathname`)
	v.until(delivery, "h3", "Attempt 2")

	v.open("/?state=unknown")
	v.press("a.end", `form[action^="/redeliver?"]`)
	if text := v.text("main"); !strings.Contains(text, "Redeliver 4 deliveries?") || !strings.Contains(text, "does harm when it is done twice") {
		t.Errorf("the preview says %q", text)
	}
	v.keep("preview")
	v.press(`form[action^="/redeliver?"] button`, ".notice")
	if text := v.text(".notice"); text != "4 deliveries go out again." {
		t.Errorf("the list says %q", text)
	}

	v.open("/?source=bugs")
	bug := eval[string](v, `document.querySelector("td.when a").pathname`)
	v.open(bug)
	if text := v.text("main"); !strings.Contains(text, `<script>window.pwned=1;alert(1)</script>`) {
		t.Errorf("the event's text is not shown: %q", text)
	}
	own := eval[string](v, `document.querySelector("td a").pathname`)

	pages := []string{"/?source=ios", "/", bug, own, delivery, "/redeliver?state=dead", "/sources", "/rules", "/health", "/?text=nothing+like+that"}
	v.look("light", "desk", pages)
	v.look("dark", "phone", pages)
	v.look("dark", "desk", pages[:1])
	v.look("light", "phone", pages[:1])
	v.press(`form[action="/logout"] button`, "#token")
	v.do("go back", chromedp.Navigate(origin+"/"), chromedp.WaitVisible(chromedp.ID("token")))
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, wrong := range w.wrong {
		t.Error(wrong)
	}
}

// look opens pages in a light and on a size of window, and fails where one is
// hard to use, or where a stranger's script ran.
func (v visitor) look(scheme, size string, pages []string) {
	v.t.Helper()
	width, height, how := int64(1280), int64(900), []chromedp.EmulateViewportOption(nil)
	if size == "phone" {
		width, height, how = 390, 844, []chromedp.EmulateViewportOption{chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait}
	}
	v.do("change the light and the size", chromedp.EmulateViewport(width, height, how...), prefer(scheme))
	for _, path := range pages {
		v.open(path)
		if found := eval[[]string](v, faults); len(found) > 0 {
			v.t.Errorf("%s, %s, %s: %q", path, scheme, size, found)
		}
		name, _, _ := strings.Cut(strings.Trim(path, "/"), "/")
		v.keep(fmt.Sprintf("%s-%s-%s", size, scheme, strings.Map(plainName, name)))
	}
	ground := eval[string](v, `getComputedStyle(document.body).backgroundColor`)
	if dark := ground != "rgb(255, 255, 255)"; dark != (scheme == "dark") {
		v.t.Errorf("%s: the ground is %s", scheme, ground)
	}
}

// plainName makes a file's name of a path.
func plainName(r rune) rune {
	if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
		return r
	}
	return '-'
}

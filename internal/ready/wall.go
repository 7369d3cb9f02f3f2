package ready

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

// wall is a protection in front of an application.
type wall struct {
	// name is what people call it, with its provider.
	name string
	// headers are the lines for request-headers that open it; none where no
	// header does.
	headers []string
	// hint says where the secret is made, or what to do without one.
	hint string
}

// known recognises the walls that tell who they are. To is where the answer
// redirects, or nil.
func known(a outbound.Answer, to *url.URL) (wall, bool) {
	for _, recognise := range []func(outbound.Answer, *url.URL) (wall, bool){vercel, cloudflare, netlify} {
		if w, ok := recognise(a, to); ok {
			return w, true
		}
	}
	return wall{}, false
}

// unnamed recognises the other walls by what HTTP says of them.
func unnamed(a outbound.Answer, to *url.URL) (wall, bool) {
	switch {
	case a.Status == http.StatusUnauthorized && strings.Contains(strings.ToLower(challenge(a)), "basic"):
		return wall{
			name:    "basic authentication",
			headers: []string{"Authorization: Basic ${{ secrets.SITE_BASIC_AUTH }}"},
			hint:    "The secret is user:password, encoded in base64.",
		}, true
	case a.Status == http.StatusForbidden && a.Header.Get("Server") == "AmazonS3":
		// S3 says 403 for an object that is not there, unless the asker
		// may list the bucket.
		return wall{}, false
	case a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden:
		return wall{
			name: fmt.Sprintf("a protection that answers %d", a.Status),
			hint: "Give the header that it asks for in request-headers; if this answer is the right one, name its status in expect-status.",
		}, true
	case to != nil && isLogin(to):
		return wall{
			name: "the login of " + to.Hostname(),
			hint: "Give the header that lets automation in in request-headers, or wait for a path that needs no login (wait-for-url: /health).",
		}, true
	}
	return wall{}, false
}

func vercel(a outbound.Answer, to *url.URL) (wall, bool) {
	w := wall{
		name:    "Vercel Deployment Protection",
		headers: []string{"x-vercel-protection-bypass: ${{ secrets.VERCEL_AUTOMATION_BYPASS_SECRET }}"},
		hint:    "The secret is made in Vercel, Project Settings > Deployment Protection > Protection Bypass for Automation.",
	}
	served := a.Header.Get("X-Vercel-Id") != "" || strings.EqualFold(a.Header.Get("Server"), "Vercel")
	switch mitigated := a.Header.Get("X-Vercel-Mitigated"); {
	case mitigated == "challenge":
		w.name = "Vercel's bot challenge"
		return w, true
	case mitigated == "deny":
		w.name = "Vercel's firewall"
		return w, true
	case to != nil && hostname(to) == "vercel.com" && (strings.HasPrefix(to.Path, "/sso-api") || strings.HasPrefix(to.Path, "/login")),
		setsCookie(a, "_vercel_sso_nonce"),
		a.Status == http.StatusUnauthorized && a.Header.Get("X-Vercel-Error") == "UNAUTHORIZED",
		a.Status == http.StatusUnauthorized && served && holdsAny(a, "Authentication Required", "vercel.com/sso-api", "vercel_auth_callback"),
		a.Status/100 == 2 && served && holdsAny(a, "<title>Authentication Required", "<title>Login – Vercel"):
		return w, true
	}
	return wall{}, false
}

func cloudflare(a outbound.Answer, to *url.URL) (wall, bool) {
	refused := a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden || to != nil
	switch {
	case to != nil && (strings.HasSuffix(hostname(to), ".cloudflareaccess.com") || strings.HasPrefix(to.Path, "/cdn-cgi/access/login")),
		strings.Contains(challenge(a), "Cloudflare-Access"),
		refused && (a.Header.Get("Cf-Access-Domain") != "" || a.Header.Get("Cf-Access-Aud") != ""):
		return wall{
			name: "Cloudflare Access",
			headers: []string{
				"CF-Access-Client-Id: ${{ secrets.CF_ACCESS_CLIENT_ID }}",
				"CF-Access-Client-Secret: ${{ secrets.CF_ACCESS_CLIENT_SECRET }}",
			},
			hint: "Both belong to a service token (Cloudflare Zero Trust, Access > Service credentials), and the application needs a policy with the action Service Auth for it.",
		}, true
	case a.Header.Get("Cf-Mitigated") == "challenge":
		return wall{
			name: "Cloudflare's bot challenge",
			hint: "Let a WAF rule skip the challenge for requests with a header of your own, and give that header in request-headers.",
		}, true
	}
	return wall{}, false
}

// netlify knows the password page by its form: Netlify documents no mark of
// its own for it.
func netlify(a outbound.Answer, to *url.URL) (wall, bool) {
	served := a.Header.Get("X-Nf-Request-Id") != "" || strings.EqualFold(a.Header.Get("Server"), "Netlify")
	asks := holdsAny(a, `type="password"`, `type=password`, `name="password"`)
	switch {
	case to != nil && hostname(to) == "app.netlify.com",
		served && asks && a.Status == http.StatusUnauthorized && challenge(a) == "",
		served && asks && a.Status/100 == 2 && holdsAny(a, "Password protected", "Password-protected", "Protected site", "Protected page"):
		return wall{
			name: "Netlify's site protection",
			hint: "Netlify has no header that opens it. Protect the deploys with Basic-Auth in _headers instead and give Authorization: Basic ${{ secrets.SITE_BASIC_AUTH }} in request-headers, or leave them open.",
		}, true
	}
	return wall{}, false
}

func challenge(a outbound.Answer) string {
	return strings.Join(a.Header.Values("Www-Authenticate"), ", ")
}

func setsCookie(a outbound.Answer, name string) bool {
	for _, line := range a.Header.Values("Set-Cookie") {
		if strings.HasPrefix(line, name+"=") {
			return true
		}
	}
	return false
}

// holdsAny looks at the beginning of a page, in any case of letters.
func holdsAny(a outbound.Answer, marks ...string) bool {
	const head = 64 << 10
	page := strings.ToLower(string(a.Body[:min(len(a.Body), head)]))
	for _, mark := range marks {
		if strings.Contains(page, strings.ToLower(mark)) {
			return true
		}
	}
	return false
}

// isLogin reports whether an address reads like a login, by the words of its
// host and path.
func isLogin(u *url.URL) bool {
	text := strings.ReplaceAll(strings.ToLower(u.Hostname()+" "+u.Path), "-", "")
	for word := range strings.FieldsFuncSeq(text, notAlphanumeric) {
		switch word {
		case "login", "signin", "sso", "auth", "oauth", "oauth2", "saml", "saml2", "authorize", "accounts", "idp", "okta", "auth0":
			return true
		}
	}
	return false
}

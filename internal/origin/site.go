package origin

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// site accepts the address of a deployed application. Its errors show neither
// user name nor password.
func site(text string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil:
		return "", errors.New("not a URL: want one such as https://shop.example.com")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("scheme %q: want https or http", u.Scheme)
	case u.Hostname() == "" || strings.ContainsAny(u.Host, " <>\"'`\\"):
		return "", errors.New("no host: want a URL such as https://shop.example.com")
	case u.User != nil:
		return "", fmt.Errorf("the URL of host %q carries a user name or password, which would be shown and sent: give environment-url without it", u.Hostname())
	}
	return u.String(), nil
}

// withScheme completes an address as Vercel gives it, without a scheme.
func withScheme(c claim) claim {
	if c.gap == "" && !strings.Contains(c.value, "://") {
		c.value = "https://" + strings.TrimSpace(c.value)
	}
	return c
}

// page drops the claim if it leads to a log or a host's dashboard. GitHub's
// target_url is an old name of log_url, which some hosts fill with the site.
func page(c claim, server string) claim {
	u, err := url.Parse(strings.TrimSpace(c.value))
	if err != nil || !dashboard(u, server) {
		return c
	}
	return c.unless(fmt.Sprintf("a log or dashboard on %q, not the site", u.Hostname()))
}

func dashboard(u *url.URL, server string) bool {
	host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	switch host {
	case "github.com", "gitlab.com", "bitbucket.org", "dev.azure.com",
		"vercel.com", "app.netlify.com", "railway.app", "railway.com", "dash.cloudflare.com", "fly.io",
		"dashboard.render.com", "dashboard.heroku.com",
		"circleci.com", "app.circleci.com", "app.travis-ci.com", "travis-ci.com", "travis-ci.org",
		"buildkite.com", "app.bitrise.io", "ci.appveyor.com":
		return true
	}
	if own, err := url.Parse(server); err == nil && host != "" && strings.EqualFold(own.Hostname(), u.Hostname()) {
		return !strings.HasPrefix(u.Path, "/pages/") // a GitHub Enterprise Server may serve Pages there
	}
	return strings.HasSuffix(host, "console.aws.amazon.com") || strings.Contains(u.Path, "/actions/runs/") || strings.Contains(u.Path, "/runs/")
}

// Package hub is GitHub's API, as far as this project needs it: go-github
// behind our own few methods, with a token that goes to one origin only,
// conditional requests, all pages, and errors that a caller can decide by.
// It never waits; when to ask again is the caller's business.
package hub

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/google/go-github/v60/github"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Options are what a client cannot guess.
type Options struct {
	// HTTP leaves through the run's proxy and certificates.
	HTTP *http.Client
	// BaseURL is the API's address as the run knows it, GITHUB_API_URL:
	// https://api.github.com, https://HOST/api/v3 on GitHub Enterprise
	// Server, https://api.SUB.ghe.com.
	BaseURL string
	// Auth gives the tokens. Without it, requests are anonymous.
	Auth Auth
}

// Auth gives the token for calls about a repository, "owner/name".
type Auth interface {
	Token(ctx context.Context, repository string) (secret.String, error)
}

// Token is an [Auth] that always gives the same token.
type Token secret.String

// Token implements [Auth].
func (t Token) Token(context.Context, string) (secret.String, error) { return secret.String(t), nil }

// Client calls one GitHub. It is safe for concurrent use.
type Client struct {
	http    *http.Client
	base    *url.URL
	auth    Auth
	cache   cache
	limits  limits
	counted atomic.Int64
}

// New makes a client. It refuses a base URL that is not http or https, or that
// holds a user name, query or fragment.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Hostname() == "" || base.Scheme != "https" && base.Scheme != "http" ||
		base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("%q is not the address of a GitHub API: want a URL such as https://api.github.com", o.BaseURL)
	}
	// go-github's WithEnterpriseURLs would add /api/v3 where it does not
	// belong; it wants the slash at the end.
	base.Path = strings.TrimSuffix(base.Path, "/") + "/"
	direct := http.Client{CheckRedirect: noRedirect}
	if o.HTTP != nil {
		direct.Transport, direct.Timeout = o.HTTP.Transport, o.HTTP.Timeout
	}
	return &Client{http: &direct, base: base, auth: o.Auth}, nil
}

// noRedirect leaves it to [wire] which redirects are followed.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Counted is how many requests counted against the rate limit so far: all but
// those answered by 304 (not modified).
func (c *Client) Counted() int { return int(c.counted.Load()) }

// operation is what a call is for, in the words of an error.
type operation struct {
	name  string
	needs Permission
}

// call makes the requests of one operation on a repository. Every error is an
// [*Error].
func (c *Client) call(ctx context.Context, op operation, repository string, do func(api *github.Client, owner, name string) error) error {
	owner, name, err := split(repository)
	if err != nil {
		return &Error{Kind: KindValidation, Op: op.name, Err: err}
	}
	return c.ask(ctx, op, repository, func(api *github.Client) error { return do(api, owner, name) })
}

// ask makes the requests of one operation, with the token for a repository, or
// for whatever else the token is not asked about.
func (c *Client) ask(ctx context.Context, op operation, about string, do func(api *github.Client) error) error {
	var (
		token secret.String
		err   error
	)
	if c.auth != nil {
		if token, err = c.auth.Token(ctx, about); err != nil {
			return within(op, err)
		}
	}
	w := &wire{client: c, token: token}
	err = do(c.github(w))
	if w.failed != nil { // go-github hides it behind the context's error
		err = w.failed
	}
	if err == nil {
		return nil
	}
	if drop, ok := c.auth.(interface{ forget(repository string) }); ok && KindOf(err) == KindUnauthorized {
		drop.forget(about)
	}
	return within(op, err)
}

// github makes a go-github client for one call.
func (c *Client) github(w *wire) *github.Client {
	api := github.NewClient(&http.Client{Transport: w, CheckRedirect: noRedirect})
	api.BaseURL, api.UploadURL, api.UserAgent = c.base, c.base, ""
	return api
}

var repositoryForm = regexp.MustCompile(`^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$`)

// split takes "owner/name" apart. Since both become parts of a URL's path,
// nothing else passes.
func split(repository string) (owner, name string, err error) {
	owner, name, _ = strings.Cut(repository, "/")
	if !repositoryForm.MatchString(repository) || strings.Trim(owner, ".") == "" || strings.Trim(name, ".") == "" {
		return "", "", fmt.Errorf("%q is not a repository: want owner/name", repository)
	}
	return owner, name, nil
}

// perPage is the most that GitHub gives at once.
const perPage = 100

// mostPages ends a list that does not end by itself.
const mostPages = 100

// all collects a list's pages.
func all[T any](page func(github.ListOptions) ([]T, *github.Response, error)) ([]T, error) {
	var items []T
	at := github.ListOptions{Page: 1, PerPage: perPage}
	for range mostPages {
		some, resp, err := page(at)
		if err != nil {
			return nil, err
		}
		items = append(items, some...)
		if resp.NextPage <= at.Page {
			return items, nil
		}
		at.Page = resp.NextPage
	}
	return nil, fmt.Errorf("the list has more than %d entries, and no more are read", mostPages*perPage)
}

// clip cuts text to what GitHub takes.
func clip(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}

package ready

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

const (
	// mostRedirects is how many are followed in one visit.
	mostRedirects = 5
	// mostBody is how much of a page is read.
	mostBody = 1 << 20
)

// visitor asks for pages of one deployment.
type visitor struct {
	client *http.Client
	// home is the deployment's URL. Redirects do not leave its registrable
	// domain, headers not its origin.
	home    *url.URL
	headers Headers
	limit   time.Duration
}

// newVisitor starts without cookies. It keeps those it gets, as a browser
// would: some applications redirect in a circle until theirs comes back.
func newVisitor(client *http.Client, home *url.URL, headers Headers, limit time.Duration) (visitor, error) {
	jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	if err != nil {
		return visitor{}, err
	}
	own := *client
	own.Jar = jar
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return visitor{&own, home, headers, limit}, nil
}

// page is where a visit ended: with an answer, behind a wall, or with a
// problem.
type page struct {
	at      *url.URL
	answer  outbound.Answer
	wall    *wall
	problem string
}

// visit asks for a page and follows redirects. It returns an error only when
// the run is over.
func (v visitor) visit(ctx context.Context, at *url.URL, expect StatusSet) (page, error) {
	end := time.Now().Add(v.limit)
	for hop := 0; ; hop++ {
		p, err := v.get(ctx, at, end)
		if err != nil || p.problem != "" {
			return p, err
		}
		if p.answer.Status/100 != 2 && expect.Has(p.answer.Status) {
			return p, nil // a redirect or a refusal is what is asked for
		}
		to := target(p)
		if p.wall = v.wallAt(p.answer, to); p.wall != nil || to == nil {
			return p, nil
		}
		if p.problem = v.refuse(at, to); p.problem == "" && hop == mostRedirects {
			p.problem = fmt.Sprintf("more than %d redirects", mostRedirects)
		}
		if p.problem != "" {
			return p, nil
		}
		at = to
	}
}

// get makes one request.
func (v visitor) get(ctx context.Context, at *url.URL, end time.Time) (page, error) {
	req := (&http.Request{Method: http.MethodGet, URL: at, Header: http.Header{}}).WithContext(ctx)
	req.Header.Set("Accept", "*/*")
	req.Header.Set("Cache-Control", "no-cache") // a cache would show the old version
	if at.Scheme == "https" && sameOrigin(at, v.home) {
		v.headers.set(req.Header)
	}
	answer, err := outbound.Fetch(ctx, v.client, req, max(time.Until(end), time.Nanosecond), mostBody)
	var failure *outbound.Failure
	switch {
	case err == nil:
		return page{at: at, answer: answer}, nil
	case !errors.As(err, &failure):
		return page{}, err
	case failure.Kind == outbound.KindStopped:
		return page{}, failure.Err
	case failure.Kind == outbound.KindTooLarge:
		return page{at: at, answer: answer}, nil // its beginning is enough
	}
	return page{at: at, problem: described(failure)}, nil
}

// wallAt recognises what stands in the way.
func (v visitor) wallAt(a outbound.Answer, to *url.URL) *wall {
	w, ok := known(a, to)
	if !ok {
		if to != nil && sameSite(v.home, to) {
			to = nil // the application's own pages
		}
		w, ok = unnamed(a, to)
	}
	if !ok {
		return nil
	}
	return &w
}

// target is where a page redirects, or nil.
func target(p page) *url.URL {
	switch p.answer.Status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil
	}
	location := p.answer.Header.Get("Location")
	to, err := p.at.Parse(location)
	if err != nil || location == "" {
		return nil
	}
	return plain(to)
}

// refuse says why a redirect is not followed, or "".
func (v visitor) refuse(from, to *url.URL) string {
	switch {
	case !isWeb(to) || to.Hostname() == "":
		return "a redirect to something that is no web address, which is not followed"
	case !sameSite(v.home, to):
		return fmt.Sprintf("a redirect to another domain, %s, which is not followed", to.Host)
	case from.Scheme == "https" && to.Scheme != "https":
		return fmt.Sprintf("a redirect from https to http, to %s, which is not followed", to.Host)
	}
	return ""
}

// described says a failure so that it reads the same each time: the address of
// our own end, which net.OpError names, changes with every try.
func described(f *outbound.Failure) string {
	bare := *f
	var op *net.OpError
	if errors.As(f.Err, &op) {
		bare.Err = op.Err
	}
	return bare.Error()
}

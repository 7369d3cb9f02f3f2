package github

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// route is one call and the permission it needs.
type route struct {
	handle        func(req *http.Request, body []byte) answer
	scope, access string
}

// answer is what a call says, before paging and conditions.
type answer struct {
	status int
	body   any
	// list, if not nil, is paged; in names the field that holds it, "" where
	// the list is the whole body.
	list []any
	in   string
	// location is a redirect's.
	location string
	// cursor continues a list that is not paged by numbers.
	cursor string
	// changed marks a write that was carried out.
	changed bool
}

const mostBody = 1 << 20

// serve answers one request in the order in which GitHub does: limits, who
// asks, what they may do, the call itself.
func (f *Fake) serve(w http.ResponseWriter, req *http.Request, r route) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, mostBody))
	if err != nil {
		write(w, problem(http.StatusRequestEntityTooLarge, "Request body too large"))
		return
	}
	f.mu.Lock()
	fault, bad := f.fault(req)
	a := f.refusal(req, r)
	if a.status == 0 && (!bad || fault.CarryOut) {
		a = r.handle(req, body)
	}
	if a.changed {
		f.writes = append(f.writes, Write{Method: req.Method, Path: req.URL.Path, Body: body, Time: time.Now()})
	}
	f.mu.Unlock()

	if bad {
		misbehave(w, req, fault)
		return
	}
	f.finish(w, req, a)
}

// refusal is the answer to a request that may not be made, or none.
func (f *Fake) refusal(req *http.Request, r route) answer {
	f.asked++
	f.used++
	switch {
	case f.used > f.limit():
		return problem(http.StatusForbidden, "API rate limit exceeded for installation.")
	case !f.knows(bearer(req)):
		return problem(http.StatusUnauthorized, "Bad credentials")
	}
	if owner, name := req.PathValue("owner"), req.PathValue("repo"); owner != "" {
		if to, renamed := f.script.Renamed[owner+"/"+name]; renamed {
			return moved(req, owner+"/"+name, to)
		}
		if f.script.Repository != "" && !strings.EqualFold(f.script.Repository, owner+"/"+name) {
			return notFound()
		}
	}
	if r.scope != "" && !f.permits(r.scope, r.access) {
		return problem(http.StatusForbidden, "Resource not accessible by integration")
	}
	return answer{}
}

func (f *Fake) limit() int {
	if f.script.Limit == 0 {
		return 5000
	}
	return f.script.Limit
}

func bearer(req *http.Request) string {
	token, _ := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	return token
}

// knows reports whether a token is good. An App's own token is looked at where
// it is used.
func (f *Fake) knows(token string) bool {
	if i, ok := f.tokens[token]; ok {
		return time.Now().Before(i.expires)
	}
	return f.script.Token == "" || token == f.script.Token || strings.Count(token, ".") == 2
}

func (f *Fake) permits(scope, access string) bool {
	if f.script.Permissions == nil {
		return true
	}
	has := f.script.Permissions[scope]
	return has == "write" || has == access
}

// moved is what GitHub says of a renamed repository: its reads are redirected
// by 301, its writes by 307.
func moved(req *http.Request, from, to string) answer {
	a := problem(http.StatusMovedPermanently, "Moved Permanently")
	if req.Method != http.MethodGet {
		a = problem(http.StatusTemporaryRedirect, "Temporary Redirect")
	}
	a.location = strings.Replace(req.RequestURI, from, to, 1)
	return a
}

// finish sends an answer, a page of it, or word that it has not changed.
func (f *Fake) finish(w http.ResponseWriter, req *http.Request, a answer) {
	if a.list != nil {
		f.page(w, req, &a)
	}
	var body []byte
	if a.body != nil {
		body, _ = json.Marshal(a.body)
	}
	if a.location != "" {
		w.Header().Set("Location", a.location)
	}
	if a.cursor != "" {
		query := req.URL.Query()
		query.Set("cursor", a.cursor)
		w.Header().Set("Link", pageLink(req, query, "next"))
	}
	tag := fmt.Sprintf(`W/"%x"`, sha256.Sum256(body))
	fresh := req.Method != http.MethodGet || a.status != http.StatusOK || f.script.NoETags
	if !fresh {
		w.Header().Set("ETag", tag)
		fresh = req.Header.Get("If-None-Match") != tag
	}
	f.limits(w.Header(), fresh)
	if !fresh {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if body != nil {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body)
}

// limits writes the rate limit's headers. What has not changed is not counted.
func (f *Fake) limits(h http.Header, counts bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !counts {
		f.used--
		f.unchanged++
	}
	hours := time.Since(f.start) / time.Hour
	h.Set("X-RateLimit-Limit", strconv.Itoa(f.limit()))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, f.limit()-f.used)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(f.start.Add((hours+1)*time.Hour).Unix(), 10))
	h.Set("X-RateLimit-Resource", "core")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
}

// page cuts a list down to the page asked for and links to the others.
func (f *Fake) page(w http.ResponseWriter, req *http.Request, a *answer) {
	query := req.URL.Query()
	size := number(query.Get("per_page"), 30, 100)
	if f.script.Page > 0 {
		size = min(size, f.script.Page)
	}
	at := number(query.Get("page"), 1, 1<<20)
	last := max(1, (len(a.list)+size-1)/size)
	var links []string
	link := func(page int, rel string) {
		query.Set("page", strconv.Itoa(page))
		links = append(links, pageLink(req, query, rel))
	}
	if at > 1 {
		link(at-1, "prev")
	}
	if at < last {
		link(at+1, "next")
		link(last, "last")
	}
	if len(links) > 0 {
		w.Header().Set("Link", strings.Join(links, ", "))
	}
	from := min((at-1)*size, len(a.list))
	some := a.list[from:min(from+size, len(a.list))]
	if a.in == "" {
		a.body = some
		return
	}
	a.body = object{"total_count": len(a.list), a.in: some}
}

// pageLink is one of the Link header.
func pageLink(req *http.Request, query url.Values, rel string) string {
	path, _, _ := strings.Cut(req.RequestURI, "?")
	to := url.URL{Scheme: "https", Host: req.Host, Path: path, RawQuery: query.Encode()}
	return fmt.Sprintf(`<%s>; rel="%s"`, to.String(), rel)
}

// number reads a count, with GitHub's tolerance for what is none.
func number(text string, otherwise, most int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return otherwise
	}
	return min(n, most)
}

// fault finds the misbehaviour due for a request.
func (f *Fake) fault(req *http.Request) (Fault, bool) {
	for i, fault := range f.script.Faults {
		if fault.Method != "" && fault.Method != req.Method || !covers(fault.Path, req.URL.Path) {
			continue
		}
		f.faults[i]++
		n := f.faults[i] - fault.Skip
		if n >= 1 && (fault.Times < 0 || n <= max(1, fault.Times)) {
			return fault, true
		}
	}
	return Fault{}, false
}

func covers(pattern, path string) bool {
	glob, err := deploy.ParseGlob(or(pattern, "*"))
	return err == nil && glob.Match(path)
}

// misbehave answers as the fault says.
func misbehave(w http.ResponseWriter, req *http.Request, fault Fault) {
	if fault.Stall != 0 {
		var over <-chan time.Time
		if fault.Stall > 0 {
			over = time.After(fault.Stall)
		}
		select {
		case <-over:
		case <-req.Context().Done():
		}
	}
	if fault.Secondary {
		a := problem(http.StatusForbidden, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
		a.body.(object)["documentation_url"] = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
		if fault.Status != 0 {
			a.status = fault.Status
		}
		retryAfter(w, fault)
		write(w, a)
		return
	}
	if fault.Status == 0 {
		panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's way to close a connection without an answer
	}
	retryAfter(w, fault)
	write(w, problem(fault.Status, or(fault.Message, http.StatusText(fault.Status))))
}

func retryAfter(w http.ResponseWriter, fault Fault) {
	if fault.RetryAfter != "" {
		w.Header().Set("Retry-After", fault.RetryAfter)
	}
}

func write(w http.ResponseWriter, a answer) {
	var body bytes.Buffer
	_ = json.NewEncoder(&body).Encode(a.body)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(a.status)
	_, _ = w.Write(body.Bytes())
}

// problem is GitHub's form of an error.
func problem(status int, message string) answer {
	return answer{status: status, body: object{
		"message": message, "status": strconv.Itoa(status),
		"documentation_url": "https://docs.github.com/rest",
	}}
}

func notFound() answer { return problem(http.StatusNotFound, "Not Found") }

// invalid is GitHub's form of an error about a field.
func invalid(resource, field, code string) answer {
	a := problem(http.StatusUnprocessableEntity, "Validation Failed")
	a.body.(object)["errors"] = []any{object{"resource": resource, "field": field, "code": code}}
	return a
}

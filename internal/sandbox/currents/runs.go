package currents

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/rest"
)

// addRun keeps a run; a later one with the same ID takes its place.
func (f *Fake) addRun(r Run) {
	r.Project = cmp.Or(r.Project, f.script.Projects[0])
	if r.Created.IsZero() {
		r.Created = f.start.Add(-r.Ago)
	}
	f.runs = slices.DeleteFunc(f.runs, func(old Run) bool { return old.ID == r.ID })
	f.runs = append(f.runs, r)
	slices.SortStableFunc(f.runs, func(a, b Run) int { return b.Created.Compare(a.Created) })
}

// AddRun makes a run known, or changes one.
func (f *Fake) AddRun(r Run) { f.Do(func() { f.addRun(r) }) }

// object is the run as the API shows it.
func (r Run) object() object {
	groups := []object{}
	for _, g := range r.Groups {
		groups = append(groups, object{"groupId": g.ID, "tests": object{
			"overall": g.Passes + g.Failures + g.Pending + g.Skipped, "passes": g.Passes, "failures": g.Failures,
			"pending": g.Pending, "skipped": g.Skipped, "flaky": g.Flaky,
		}})
	}
	var took *int64
	if r.Duration > 0 {
		took = new(r.Duration.Milliseconds())
	}
	return object{
		"runId": r.ID, "projectId": r.Project, "createdAt": rest.Stamp(r.Created), "durationMs": took,
		"tags": append([]string{}, r.Tags...), "groups": groups, "cancellation": nil,
		"timeout":         object{"isTimeout": strings.HasPrefix(strings.ToLower(r.Completion), "time"), "timeoutValueMs": nil},
		"completionState": r.Completion, "status": r.Status,
		"meta": object{"ciBuildId": r.Build, "commit": r.Commit},
	}
}

func (f *Fake) getRun(req *http.Request, _ []byte) rest.Answer {
	for _, r := range f.runs {
		if r.ID == req.PathValue("id") {
			return ok(http.StatusOK, r.object())
		}
	}
	return refuse(http.StatusNotFound, "Run not found")
}

func (f *Fake) findRun(req *http.Request, _ []byte) rest.Answer {
	if err := rest.Query(req, "projectId", "ciBuildId", "branch"); err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	q := req.URL.Query()
	for _, r := range f.runs {
		if r.Project == q.Get("projectId") && strings.EqualFold(r.Completion, "complete") &&
			(q.Get("ciBuildId") == "" || r.Build == q.Get("ciBuildId")) && (q.Get("branch") == "" || r.Commit.Branch == q.Get("branch")) {
			return ok(http.StatusOK, r.object())
		}
	}
	return refuse(http.StatusNotFound, "Run not found")
}

// listRuns lists a project's runs, newest first, from a cursor on.
func (f *Fake) listRuns(req *http.Request, _ []byte) rest.Answer {
	if !f.hasProject(req.PathValue("id")) {
		return refuse(http.StatusNotFound, "Project not found")
	}
	limit, since, err := readList(req)
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	after := req.URL.Query().Get("starting_after")
	found, more := []object{}, false
	for _, r := range f.runs {
		switch {
		case r.Project != req.PathValue("id") || r.Created.Before(since):
		case after != "": // still before the cursor
			if r.ID == strings.TrimPrefix(after, "after-") {
				after = ""
			}
		case len(found) == limit:
			more = true
		default:
			item := r.object()
			item["cursor"] = "after-" + r.ID
			found = append(found, item)
		}
	}
	return rest.Answer{Status: http.StatusOK, Body: object{"status": "OK", "has_more": more, "data": found}}
}

// readList reads the parameters of a list that the sandbox plays.
func readList(req *http.Request) (limit int, since time.Time, err error) {
	err = rest.Query(req, "limit", "starting_after", "date_start")
	q := req.URL.Query()
	limit, err1 := strconv.Atoi(cmp.Or(q.Get("limit"), "10"))
	if err1 != nil || limit < 1 || limit > 50 {
		err = errors.Join(err, errors.New("limit must be 1 to 50"))
	}
	if text := q.Get("date_start"); text != "" {
		var err2 error
		if since, err2 = time.Parse(time.RFC3339, text); err2 != nil {
			err = errors.Join(err, errors.New("date_start must be a date-time"))
		}
	}
	return limit, since, err
}

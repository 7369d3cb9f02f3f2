package github

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func repo(req *http.Request) string { return req.PathValue("owner") + "/" + req.PathValue("repo") }

func listing(in string, objects []object) answer {
	list := make([]any, len(objects))
	for i, o := range objects {
		list[i] = o
	}
	return answer{status: http.StatusOK, list: list, in: in}
}

func (f *Fake) listDeployments(req *http.Request, _ []byte) answer {
	query := req.URL.Query()
	objects := []object{}
	for _, d := range f.listed(query.Get("sha"), query.Get("ref"), query.Get("environment")) {
		objects = append(objects, d.object(repo(req)))
	}
	return listing("", objects)
}

func (f *Fake) listDeploymentStatuses(req *http.Request, _ []byte) answer {
	for _, d := range f.deployments {
		if strconv.FormatInt(d.id, 10) != req.PathValue("id") {
			continue
		}
		f.report(d)
		objects := []object{}
		for n := len(d.statuses) - 1; n >= 0; n-- {
			objects = append(objects, d.statusObject(repo(req), n))
		}
		return listing("", objects)
	}
	return notFound()
}

func (f *Fake) listStatuses(req *http.Request, _ []byte) answer {
	objects := []object{}
	for _, s := range f.statuses {
		if s.SHA != "" && !strings.EqualFold(s.SHA, req.PathValue("ref")) {
			continue
		}
		s.asked++
		s.steps = f.advance(s.steps, whens(s.Steps, func(s StatusStep) When { return s.When }), s.asked)
		for n := len(s.steps) - 1; n >= 0; n-- {
			objects = append(objects, s.object(repo(req), req.PathValue("ref"), n))
		}
	}
	slices.SortFunc(objects, func(a, b object) int { return cmp.Compare(b["id"].(int64), a["id"].(int64)) }) // the newest first
	return listing("", objects)
}

func (f *Fake) listChecks(req *http.Request, _ []byte) answer {
	objects := []object{}
	for _, c := range f.started(req.PathValue("ref"), req.URL.Query().Get("filter") != "all") {
		objects = append(objects, c.object(repo(req), req.PathValue("ref")))
	}
	return listing("check_runs", objects)
}

func (f *Fake) listPulls(req *http.Request, _ []byte) answer {
	objects := []object{}
	for _, p := range f.script.Pulls {
		if slices.ContainsFunc(append(p.Commits, p.SHA), func(sha string) bool { return strings.EqualFold(sha, req.PathValue("ref")) }) {
			objects = append(objects, p.object(repo(req)))
		}
	}
	return listing("", objects)
}

func (f *Fake) getPull(req *http.Request, _ []byte) answer {
	for _, p := range f.script.Pulls {
		if strconv.Itoa(p.Number) == req.PathValue("number") {
			return answer{status: http.StatusOK, body: p.whole(repo(req))}
		}
	}
	return notFound()
}

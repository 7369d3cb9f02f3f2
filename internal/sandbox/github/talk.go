package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// mostText is how long a comment or an issue may be, in characters.
const mostText = 65536

type comment struct {
	id               int64
	issue            int
	author, body     string
	created, updated time.Time
}

func (c *comment) object(repository string) object {
	at := fmt.Sprintf("%s/repos/%s/issues", api, repository)
	return object{
		"id": c.id, "node_id": "IC_1", "body": c.body, "user": creator(c.author),
		"url":       fmt.Sprintf("%s/comments/%d", at, c.id),
		"html_url":  fmt.Sprintf("%s/%s/issues/%d#issuecomment-%d", site, repository, c.issue, c.id),
		"issue_url": fmt.Sprintf("%s/%d", at, c.issue), "author_association": "NONE",
		"created_at": stamp(c.created), "updated_at": stamp(c.updated),
	}
}

func (f *Fake) listComments(req *http.Request, _ []byte) answer {
	objects := []object{}
	for _, c := range f.comments {
		if strconv.Itoa(c.issue) == req.PathValue("number") {
			objects = append(objects, c.object(repo(req)))
		}
	}
	return listing("", objects)
}

// text reads the body field of a comment.
func text(body []byte) (string, bool) {
	var said struct {
		Body string `json:"body"`
	}
	err := json.Unmarshal(body, &said)
	return said.Body, err == nil && said.Body != "" && utf8.RuneCountInString(said.Body) <= mostText
}

func (f *Fake) createComment(req *http.Request, body []byte) answer {
	said, ok := text(body)
	number, err := strconv.Atoi(req.PathValue("number"))
	if !ok || err != nil {
		return invalid("IssueComment", "body", "unprocessable")
	}
	c := &comment{id: f.nextID(), issue: number, author: "github-actions[bot]", body: said, created: time.Now(), updated: time.Now()}
	f.comments = append(f.comments, c)
	return answer{status: http.StatusCreated, body: c.object(repo(req)), changed: true}
}

func (f *Fake) updateComment(req *http.Request, body []byte) answer {
	said, ok := text(body)
	if !ok {
		return invalid("IssueComment", "body", "unprocessable")
	}
	for _, c := range f.comments {
		if strconv.FormatInt(c.id, 10) == req.PathValue("id") {
			c.body, c.updated = said, time.Now()
			return answer{status: http.StatusOK, body: c.object(repo(req)), changed: true}
		}
	}
	return notFound()
}

type issue struct {
	id                 int64
	number             int
	title, body, state string
	labels, assignees  []string
	pull               bool
	created, updated   time.Time
}

func (i *issue) object(repository string) object {
	at := fmt.Sprintf("%s/repos/%s/issues/%d", api, repository, i.number)
	labels, assignees := []any{}, []any{}
	for _, name := range i.labels {
		labels = append(labels, object{"id": 1, "node_id": "LA_1", "url": api, "name": name, "color": "ededed", "default": false, "description": nil})
	}
	for _, login := range i.assignees {
		assignees = append(assignees, user(login))
	}
	o := links(object{
		"id": i.id, "node_id": "I_1", "number": i.number, "title": i.title, "body": i.body, "state": i.state,
		"user": user("github-actions[bot]"), "labels": labels, "assignee": nil, "assignees": assignees,
		"milestone": nil, "locked": false, "comments": 0, "closed_at": nil, "author_association": "NONE",
		"url": at, "html_url": fmt.Sprintf("%s/%s/issues/%d", site, repository, i.number),
		"repository_url": api + "/repos/" + repository,
		"created_at":     stamp(i.created), "updated_at": stamp(i.updated),
	}, at, "comments", "events", "labels")
	if i.pull {
		o["pull_request"] = object{"url": at, "html_url": at, "diff_url": at, "patch_url": at}
	}
	return o
}

func (f *Fake) listIssues(req *http.Request, _ []byte) answer {
	query := req.URL.Query()
	state, label := or(query.Get("state"), "open"), query.Get("labels")
	objects := []object{}
	for _, i := range f.issues {
		if (state == "all" || i.state == state) && (label == "" || slices.ContainsFunc(i.labels, func(l string) bool { return strings.EqualFold(l, label) })) {
			objects = append(objects, i.object(repo(req)))
		}
	}
	if query.Get("direction") != "asc" {
		slices.Reverse(objects)
	}
	return listing("", objects)
}

// draft is what a request says about an issue; nil leaves it as it is.
type draft struct {
	Title     *string   `json:"title"`
	Body      *string   `json:"body"`
	State     *string   `json:"state"`
	Labels    *[]string `json:"labels"`
	Assignees *[]string `json:"assignees"`
}

func (d draft) apply(i *issue) {
	for from, to := range map[*string]*string{d.Title: &i.title, d.Body: &i.body, d.State: &i.state} {
		if from != nil {
			*to = *from
		}
	}
	for from, to := range map[*[]string]*[]string{d.Labels: &i.labels, d.Assignees: &i.assignees} {
		if from != nil {
			*to = *from
		}
	}
	i.updated = time.Now()
}

// readDraft refuses what GitHub refuses.
func readDraft(body []byte) (draft, bool) {
	var d draft
	if json.Unmarshal(body, &d) != nil {
		return d, false
	}
	tooLong := d.Body != nil && utf8.RuneCountInString(*d.Body) > mostText || d.Title != nil && utf8.RuneCountInString(*d.Title) > 256
	odd := d.State != nil && *d.State != "open" && *d.State != "closed"
	return d, !tooLong && !odd
}

func (f *Fake) createIssue(req *http.Request, body []byte) answer {
	d, ok := readDraft(body)
	if !ok || d.Title == nil || *d.Title == "" {
		return invalid("Issue", "title", "missing_field")
	}
	i := &issue{id: f.nextID(), number: len(f.issues) + 1, state: "open", created: time.Now()}
	for _, other := range f.issues {
		i.number = max(i.number, other.number+1)
	}
	d.apply(i)
	f.issues = append(f.issues, i)
	return answer{status: http.StatusCreated, body: i.object(repo(req)), changed: true}
}

func (f *Fake) updateIssue(req *http.Request, body []byte) answer {
	d, ok := readDraft(body)
	if !ok {
		return invalid("Issue", "body", "invalid")
	}
	for _, i := range f.issues {
		if strconv.Itoa(i.number) == req.PathValue("number") {
			d.apply(i)
			return answer{status: http.StatusOK, body: i.object(repo(req)), changed: true}
		}
	}
	return notFound()
}

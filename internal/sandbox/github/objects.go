package github

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// object is a JSON object in the form that GitHub describes.
type object map[string]any

const (
	api  = "https://api.github.com"
	site = "https://github.com"
)

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// stampOrNull is null for no time.
func stampOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

// orNull is null for no text.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// links adds the fields NAME_url for an address.
func links(o object, at string, names ...string) object {
	for _, name := range names {
		o[name+"_url"] = at + "/" + name
	}
	return o
}

func user(login string) object {
	kind := "User"
	if strings.HasSuffix(login, "[bot]") {
		kind = "Bot"
	}
	at := api + "/users/" + login
	return links(object{
		"id": 1, "node_id": "U_1", "login": login, "type": kind, "site_admin": false,
		"url": at, "html_url": site + "/" + login, "gravatar_id": nil,
	}, at, "avatar", "events", "followers", "following", "gists", "organizations", "received_events", "repos", "starred", "subscriptions")
}

func creator(login string) any {
	if login == "" {
		return nil
	}
	return user(login)
}

func app(slug string) object {
	return object{
		"id": 1, "node_id": "A_1", "slug": slug, "name": slug, "owner": user(slug), "description": nil,
		"external_url": site + "/apps/" + slug, "html_url": site + "/apps/" + slug,
		"created_at": stamp(time.Unix(0, 0)), "updated_at": stamp(time.Unix(0, 0)),
		"permissions": object{"checks": "write", "statuses": "write"}, "events": []any{},
	}
}

func repository(full string) object {
	owner, name, _ := strings.Cut(full, "/")
	at := api + "/repos/" + full
	o := object{
		"id": 1, "node_id": "R_1", "name": name, "full_name": full, "owner": user(owner),
		"private": false, "fork": false, "archived": false, "disabled": false,
		"url": at, "html_url": site + "/" + full, "description": nil, "homepage": nil, "language": nil, "license": nil,
		"default_branch": "main", "size": 1,
		"forks": 0, "open_issues": 0, "watchers": 0,
		"forks_count": 0, "open_issues_count": 0, "watchers_count": 0, "stargazers_count": 0,
		"has_downloads": true, "has_issues": true, "has_projects": true, "has_wiki": true, "has_pages": false,
		"pushed_at": stamp(time.Unix(0, 0)), "created_at": stamp(time.Unix(0, 0)), "updated_at": stamp(time.Unix(0, 0)),
	}
	return links(o, at, "archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare",
		"contents", "contributors", "deployments", "downloads", "events", "forks", "git_commits", "git_refs", "git_tags",
		"hooks", "issue_comment", "issue_events", "issues", "keys", "labels", "languages", "merges", "milestones",
		"notifications", "pulls", "releases", "stargazers", "statuses", "subscribers", "subscription", "tags", "teams",
		"trees", "clone", "git", "mirror", "ssh", "svn")
}

func (d *deployment) object(repository string) object {
	at := fmt.Sprintf("%s/repos/%s/deployments/%d", api, repository, d.id)
	return object{
		"id": d.id, "node_id": "D_1", "sha": d.SHA, "ref": or(d.Ref, d.SHA), "task": "deploy",
		"environment": d.Environment, "original_environment": d.Environment,
		"transient_environment": false, "production_environment": false,
		"creator": creator(d.Creator), "payload": object{}, "description": nil,
		"url": at, "statuses_url": at + "/statuses", "repository_url": api + "/repos/" + repository,
		"created_at": stamp(d.since), "updated_at": stamp(d.since),
	}
}

func (d *deployment) statusObject(repository string, n int) object {
	s, reached := d.Statuses[n], d.statuses[n]
	at := fmt.Sprintf("%s/repos/%s/deployments/%d", api, repository, d.id)
	return object{
		"id": reached.id, "node_id": "DS_1", "state": s.State, "creator": creator(d.Creator),
		"description": s.Description, "environment": or(s.Environment, d.Environment),
		"environment_url": s.EnvironmentURL, "log_url": s.LogURL, "target_url": s.LogURL,
		"url": fmt.Sprintf("%s/statuses/%d", at, reached.id), "deployment_url": at,
		"repository_url": api + "/repos/" + repository,
		"created_at":     stamp(reached.since), "updated_at": stamp(reached.since),
	}
}

func (c *check) object(repository, sha string) object {
	now := c.Steps[len(c.steps)-1]
	id, completed := c.steps[0].id, time.Time{}
	if now.Conclusion != "" {
		now.Status, completed = "completed", c.steps[len(c.steps)-1].since
	}
	at := fmt.Sprintf("%s/repos/%s/check-runs/%d", api, repository, id)
	page := fmt.Sprintf("%s/%s/runs/%d", site, repository, id)
	return object{
		"id": id, "node_id": "CR_1", "head_sha": sha, "name": c.Name, "external_id": "",
		"url": at, "html_url": page, "details_url": or(c.URL, page),
		"status": or(now.Status, "queued"), "conclusion": orNull(now.Conclusion),
		"started_at": stamp(c.steps[0].since), "completed_at": stampOrNull(completed),
		"output": object{
			"title": orNull(now.Title), "summary": orNull(now.Summary), "text": nil,
			"annotations_count": 0, "annotations_url": at + "/annotations",
		},
		"check_suite": object{"id": 1}, "app": app(c.App), "pull_requests": []any{},
	}
}

func (s *status) object(repository, sha string, n int) object {
	now, reached := s.Steps[n], s.steps[n]
	return object{
		"id": reached.id, "node_id": "SC_1", "context": s.Context, "state": now.State,
		"description": orNull(now.Description), "target_url": orNull(now.URL), "avatar_url": nil,
		"url": fmt.Sprintf("%s/repos/%s/statuses/%s", api, repository, sha), "creator": creator(s.Creator),
		"created_at": stamp(reached.since), "updated_at": stamp(reached.since),
	}
}

func (p Pull) object(repo string) object {
	at := fmt.Sprintf("%s/repos/%s/pulls/%d", api, repo, p.Number)
	issues := fmt.Sprintf("%s/repos/%s/issues/%d", api, repo, p.Number)
	owner, _, _ := strings.Cut(repo, "/")
	link := object{"href": at}
	branch := func(ref, sha string) object {
		return object{"label": owner + ":" + ref, "ref": ref, "sha": sha, "repo": repository(repo), "user": user(owner)}
	}
	return object{
		"id": p.Number, "node_id": "PR_1", "number": p.Number, "state": or(p.State, "open"), "locked": false,
		"title": "Pull request", "body": nil, "user": user(owner), "author_association": "OWNER",
		"labels": []any{}, "assignee": nil, "milestone": nil, "auto_merge": nil, "active_lock_reason": nil,
		"url": at, "html_url": fmt.Sprintf("%s/%s/pull/%d", site, repo, p.Number),
		"diff_url": at + ".diff", "patch_url": at + ".patch", "issue_url": issues,
		"comments_url": issues + "/comments", "commits_url": at + "/commits", "statuses_url": at + "/statuses",
		"review_comment_url": at + "/comments{/number}", "review_comments_url": at + "/comments",
		"merge_commit_sha": nil, "merged_at": nil, "closed_at": nil,
		"created_at": stamp(time.Unix(0, 0)), "updated_at": stamp(time.Unix(0, 0)),
		"head": branch(or(p.Ref, "feature"), p.SHA), "base": branch("main", strings.Repeat("b", 40)),
		"_links": object{
			"comments": link, "commits": link, "statuses": link, "html": link, "issue": link,
			"review_comments": link, "review_comment": link, "self": link,
		},
	}
}

// whole adds what GitHub tells only about a single pull request.
func (p Pull) whole(repo string) object {
	o := p.object(repo)
	more := object{
		"additions": 1, "deletions": 0, "changed_files": 1, "comments": 0, "commits": 1, "review_comments": 0,
		"mergeable": true, "mergeable_state": "clean", "merged": false, "merged_by": nil, "maintainer_can_modify": false,
	}
	maps.Copy(o, more)
	return o
}

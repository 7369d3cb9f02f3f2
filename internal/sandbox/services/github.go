package services

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
)

func github() map[string]func(Options) event {
	played := map[string]func(Options) event{}
	for what, content := range map[string]func(Options) payload{
		"ping":                       func(Options) payload { return payload{"zen": "Keep it logically awesome.", "hook_id": 1} },
		"push":                       push,
		"deployment":                 func(o Options) payload { return payload{"action": "created", "deployment": deployment(o)} },
		"deployment_status":          deploymentStatus("success"),
		"deployment_status:failed":   deploymentStatus("failure"),
		"deployment_status:pending":  deploymentStatus("in_progress"),
		"workflow_run":               workflowRun,
		"check_run":                  func(o Options) payload { return payload{"action": "completed", "check_run": check(o)} },
		"check_suite":                func(o Options) payload { return payload{"action": "completed", "check_suite": check(o)} },
		"status":                     status,
		"pull_request":               pull,
		"release":                    release,
		"repository_dispatch":        func(Options) payload { return dispatch("deploy", payload{"environment": "staging"}) },
		"repository_dispatch:vercel": vercel,
		"issues":                     func(Options) payload { return payload{"action": "opened", "issue": payload{"number": 1}} },
	} {
		played[what] = hook(what, content)
	}
	return played
}

// hook adds what every event of GitHub's has. Each way in which an event is
// played is a delivery of its own.
func hook(what string, content func(Options) payload) func(Options) event {
	name, _, _ := strings.Cut(what, ":")
	return func(o Options) event {
		owner, repo, _ := strings.Cut(o.Repository, "/")
		body := payload{
			"repository": payload{
				"id": 1296269, "name": repo, "full_name": o.Repository, "private": true,
				"owner": payload{"login": owner}, "html_url": "https://github.com/" + o.Repository, "default_branch": "main",
			},
			"sender": payload{"login": "octocat", "id": 583231, "type": "User"},
		}
		maps.Copy(body, content(o))
		id := hexID("github delivery "+what, o.Serial, 32)
		return event{
			header: http.Header{
				"User-Agent":        {"GitHub-Hookshot/abc1234"},
				"X-Github-Event":    {name},
				"X-Github-Delivery": {fmt.Sprintf("%s-%s-%s-%s-%s", id[:8], id[8:12], id[12:16], id[16:20], id[20:32])},
				"X-Github-Hook-Id":  {"42"},
			},
			body: body,
		}
	}
}

func seconds(o Options) string { return o.Now.UTC().Format("2006-01-02T15:04:05Z") }

func push(o Options) payload {
	return payload{
		"ref": "refs/heads/" + o.Branch, "before": hexID("commit", o.Serial, 40), "after": o.Commit, "deleted": false,
		"compare": "https://github.com/" + o.Repository + "/compare/main",
		"pusher":  payload{"name": "octocat", "email": "octocat@example.com"},
		"head_commit": payload{
			"id": o.Commit, "message": "feat: a cart that remembers",
			"author": payload{"name": "Ada", "email": "ada@example.com", "username": "ada"},
		},
	}
}

func deployment(o Options) payload {
	return payload{
		"id": 1000 + o.Serial, "sha": o.Commit, "ref": o.Branch, "task": "deploy", "payload": payload{},
		"environment": "production", "original_environment": "production", "description": nil,
		"creator": payload{"login": "acme-deployer[bot]"}, "created_at": seconds(o), "updated_at": seconds(o),
	}
}

func deploymentStatus(state string) func(Options) payload {
	return func(o Options) payload {
		log := "https://github.com/" + o.Repository + "/actions/runs/9"
		return payload{
			"action": "created", "deployment": deployment(o),
			"deployment_status": payload{
				"id": 2000 + o.Serial, "state": state, "environment": "production", "environment_url": o.URL,
				"log_url": log, "target_url": log, "description": "", "created_at": seconds(o), "updated_at": seconds(o),
			},
		}
	}
}

func workflowRun(o Options) payload {
	return payload{
		"action": "completed",
		"workflow_run": payload{
			"id": 3000 + o.Serial, "name": "Deploy", "event": "push", "status": "completed", "conclusion": "success",
			"head_sha": o.Commit, "head_branch": o.Branch, "run_attempt": 1, "updated_at": seconds(o),
			"html_url": "https://github.com/" + o.Repository + "/actions/runs/9", "pull_requests": []any{},
			"head_repository": payload{"full_name": o.Repository},
		},
	}
}

func check(o Options) payload {
	return payload{
		"id": 4000 + o.Serial, "name": "unit tests", "status": "completed", "conclusion": "failure",
		"head_sha": o.Commit, "head_branch": o.Branch, "completed_at": seconds(o),
		"html_url": "https://github.com/" + o.Repository + "/runs/4", "app": payload{"slug": "acme-ci", "name": "Acme CI"},
		"pull_requests": []any{payload{"number": 12}},
	}
}

func status(o Options) payload {
	return payload{
		"id": 5000 + o.Serial, "sha": o.Commit, "state": "success", "context": "netlify/acme/deploy-preview",
		"description": "Deploy Preview ready!", "target_url": o.URL,
		"branches": []any{payload{"name": o.Branch}}, "updated_at": seconds(o),
	}
}

func pull(o Options) payload {
	return payload{
		"action": "opened", "number": o.Serial,
		"pull_request": payload{
			"number": o.Serial, "state": "open", "title": "A cart that remembers", "draft": false, "merged": false,
			"html_url": "https://github.com/" + o.Repository + "/pull/1", "updated_at": seconds(o),
			"user": payload{"login": "octocat"}, "labels": []any{payload{"name": "checkout"}},
			"head": payload{"sha": o.Commit, "ref": o.Branch, "repo": payload{"full_name": o.Repository}}, "base": payload{"ref": "main"},
		},
	}
}

func release(o Options) payload {
	return payload{
		"action": "published",
		"release": payload{
			"id": 6000 + o.Serial, "tag_name": "v1.0.0", "name": "One", "target_commitish": "main", "prerelease": false,
			"html_url": "https://github.com/" + o.Repository + "/releases/tag/v1.0.0", "published_at": seconds(o),
		},
	}
}

func dispatch(what string, client payload) payload {
	return payload{"action": what, "branch": "main", "client_payload": client}
}

func vercel(o Options) payload {
	return dispatch("vercel.deployment.success", payload{
		"environment": "preview", "id": hexID("vercel deployment", o.Serial, 28), "url": o.URL,
		"git":     payload{"ref": o.Branch, "sha": o.Commit, "shortSha": o.Commit[:min(7, len(o.Commit))]},
		"project": payload{"id": "prj_1", "name": "web"}, "state": payload{"type": "success"},
	})
}

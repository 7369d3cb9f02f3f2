// Package bitrise stands in for Bitrise's API: outgoing webhooks, their
// deliveries, builds and apps, as strict as it is documented, and misbehaviour
// by script. It sends its webhooks, too.
package bitrise

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/rest"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
)

// Fake is the stand-in, an [http.Handler]. Make it with [New].
type Fake struct {
	rest.Server
	script Script
	start  time.Time
	last   int // of the slugs that were given out
	hooks  []*hook
	builds map[string]object // by app/build
}

type object = map[string]any

// New makes a stand-in. Its clock starts now.
func New(s Script) *Fake {
	s.Token, s.Repository, s.Page = cmp.Or(s.Token, DefaultToken), cmp.Or(s.Repository, "acme/ios"), cmp.Or(s.Page, 50)
	if len(s.Apps) == 0 {
		s.Apps = []string{services.BitriseApp()}
	}
	f := &Fake{script: s, start: time.Now(), builds: map[string]object{}}
	f.Allow, f.Refuse, f.Faults = f.allow, refuse, s.Faults
	for _, w := range s.Webhooks {
		h := &hook{
			Slug: f.slug(w.Slug), app: cmp.Or(w.App, s.Apps[0]), URL: w.URL, Events: w.Events, Headers: w.Headers,
			CreatedAt: rest.Stamp(f.start), UpdatedAt: rest.Stamp(f.start), secret: w.Secret,
		}
		for _, d := range w.Deliveries {
			at := rest.Stamp(f.start.Add(-d.Ago))
			h.deliveries = append(h.deliveries, &delivery{
				Slug: f.slug(d.Slug), URL: w.URL, Payload: d.Payload, CreatedAt: at, UpdatedAt: at,
				header: h.header(cmp.Or(d.Event, "build/finished"), []byte(d.Payload)), status: d.Status,
			})
		}
		f.hooks = append(f.hooks, h)
	}
	const hooks = "/apps/{app}/outgoing-webhooks"
	f.Handle("GET "+hooks, f.inApp(f.listWebhooks))
	f.Handle("POST "+hooks, f.inApp(f.createWebhook))
	f.Handle("PUT "+hooks+"/{hook}", f.inHook(f.updateWebhook))
	f.Handle("DELETE "+hooks+"/{hook}", f.inHook(f.deleteWebhook))
	f.Handle("GET "+hooks+"/{hook}/delivery-items", f.inHook(f.listDeliveries))
	f.Handle("GET "+hooks+"/{hook}/delivery-items/{item}", f.inHook(f.getDelivery))
	f.Handle("POST "+hooks+"/{hook}/delivery-items/{item}/redeliver", f.inHook(f.redeliver))
	f.Handle("GET /apps/{app}", f.inApp(f.getApp))
	f.Handle("GET /apps/{app}/builds/{build}", f.inApp(f.getBuild))
	return f
}

// slug gives out the next identifier, in the form of a ULID, where none is
// wanted.
func (f *Fake) slug(wanted string) string {
	if wanted != "" {
		return wanted
	}
	f.last++
	return fmt.Sprintf("01J%023d", f.last)
}

// allow checks who asks. The token comes as it is, or, as older documents have
// it, behind a word.
func (f *Fake) allow(req *http.Request) rest.Answer {
	if strings.TrimPrefix(req.Header.Get("Authorization"), "token ") != f.script.Token {
		return refuse(http.StatusUnauthorized, "Unauthorized")
	}
	return rest.Answer{}
}

func refuse(status int, message string) rest.Answer {
	return rest.Answer{Status: status, Body: object{"message": message}}
}

// answer wraps what was asked for, unless the script has it plain.
func (f *Fake) answer(status int, data any) rest.Answer {
	if f.script.Plain {
		return rest.Answer{Status: status, Body: data}
	}
	return rest.Answer{Status: status, Body: object{"data": data}}
}

type handler = func(req *http.Request, body []byte) rest.Answer

// inApp refuses apps that there are not.
func (f *Fake) inApp(do handler) handler {
	return func(req *http.Request, body []byte) rest.Answer {
		if !slices.Contains(f.script.Apps, req.PathValue("app")) {
			return refuse(http.StatusNotFound, "Not Found")
		}
		return do(req, body)
	}
}

// inHook refuses webhooks that the app has not.
func (f *Fake) inHook(do func(h *hook, req *http.Request, body []byte) rest.Answer) handler {
	return f.inApp(func(req *http.Request, body []byte) rest.Answer {
		for _, h := range f.hooks {
			if h.app == req.PathValue("app") && h.Slug == req.PathValue("hook") {
				return do(h, req, body)
			}
		}
		return refuse(http.StatusNotFound, "Not Found")
	})
}

// listed is one page of a list, from the entry that next names.
func listed[T any](f *Fake, req *http.Request, all []T, slug func(T) string) rest.Answer {
	if err := rest.Query(req, "next", "limit"); err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	q := req.URL.Query()
	limit, err := strconv.Atoi(cmp.Or(q.Get("limit"), "50"))
	if err != nil || limit < 1 || limit > 50 {
		return refuse(http.StatusBadRequest, "limit must be 1 to 50")
	}
	limit = min(limit, f.script.Page)
	from := 0
	if next := q.Get("next"); next != "" {
		if from = slices.IndexFunc(all, func(one T) bool { return slug(one) == next }); from < 0 {
			return refuse(http.StatusBadRequest, "next is unknown")
		}
	}
	to := min(from+limit, len(all))
	paging := object{"total_item_count": len(all), "page_item_limit": limit}
	if to < len(all) {
		paging["next"] = slug(all[to])
	}
	return rest.Answer{Status: http.StatusOK, Body: object{"data": append([]T{}, all[from:to]...), "paging": paging}}
}

func (f *Fake) getApp(req *http.Request, _ []byte) rest.Answer {
	owner, name, _ := strings.Cut(f.script.Repository, "/")
	return rest.Answer{Status: http.StatusOK, Body: object{"data": object{
		"slug": req.PathValue("app"), "title": name, "provider": "github", "repo_owner": owner, "repo_slug": name,
	}}}
}

func (f *Fake) getBuild(req *http.Request, _ []byte) rest.Answer {
	build, ok := f.builds[req.PathValue("app")+"/"+req.PathValue("build")]
	if !ok {
		return refuse(http.StatusNotFound, "Not Found")
	}
	return rest.Answer{Status: http.StatusOK, Body: object{"data": build}}
}

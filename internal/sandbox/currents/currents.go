// Package currents stands in for Currents' API: webhooks and runs, as strict as
// it is documented, and misbehaviour by script. It sends its webhooks, too.
package currents

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/rest"
)

// Fake is the stand-in, an [http.Handler]. Make it with [New].
type Fake struct {
	rest.Server
	script Script
	start  time.Time
	hooks  []*hook
	runs   []Run // newest first
}

type object = map[string]any

// New makes a stand-in. Its clock starts now.
func New(s Script) *Fake {
	s.Key = cmp.Or(s.Key, DefaultKey)
	if len(s.Projects) == 0 {
		s.Projects = []string{DefaultProject}
	}
	f := &Fake{script: s, start: time.Now()}
	f.Allow, f.Refuse, f.Faults = f.allow, refuse, s.Faults
	for _, w := range s.Webhooks {
		f.hooks = append(f.hooks, &hook{
			ID: cmp.Or(w.ID, uuid.NewString()), ProjectID: cmp.Or(w.Project, s.Projects[0]), URL: w.URL,
			Headers: orNil(w.Headers), Events: append([]string{}, w.Events...), Label: orNil(w.Label), CreatedAt: rest.Stamp(f.start),
		})
	}
	for _, r := range s.Runs {
		f.addRun(r)
	}
	f.Handle("GET /webhooks", f.listWebhooks)
	f.Handle("POST /webhooks", f.createWebhook)
	f.Handle("GET /webhooks/{id}", f.getWebhook)
	f.Handle("PUT /webhooks/{id}", f.updateWebhook)
	f.Handle("DELETE /webhooks/{id}", f.deleteWebhook)
	f.Handle("GET /runs/find", f.findRun)
	f.Handle("GET /runs/{id}", f.getRun)
	f.Handle("GET /projects/{id}/runs", f.listRuns)
	return f
}

func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// allow checks who asks. A key that may only read is refused its writes.
func (f *Fake) allow(req *http.Request) rest.Answer {
	key, isBearer := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	switch {
	case isBearer && key == f.script.Key:
		return rest.Answer{}
	case !isBearer || key == "" || key != f.script.ReadOnlyKey:
		return refuse(http.StatusUnauthorized, "Unauthorized")
	case req.Method != http.MethodGet:
		return refuse(http.StatusForbidden, "API key is read-only")
	}
	return rest.Answer{}
}

func refuse(status int, message string) rest.Answer {
	return rest.Answer{Status: status, Body: object{"status": "FAILED", "error": message}}
}

func ok(status int, data any) rest.Answer {
	return rest.Answer{Status: status, Body: object{"status": "OK", "data": data}}
}

func (f *Fake) hasProject(id string) bool { return slices.Contains(f.script.Projects, id) }

// Package admin is the relay's back door: pages, JSON and metrics for whoever
// runs it. Everything but the two health checks wants the token.
package admin

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/catchup"
	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Options of the back door.
type Options struct {
	Journal journal.Journal
	Token   secret.String
	Version string
	// Sources names the configured sources, to choose from in a list.
	Sources func() []string
	// CatchUp looks for events that were missed.
	CatchUp func(context.Context, catchup.Query) (catchup.Report, error)
	// Ready proves that the store commits.
	Ready   func(context.Context) error
	Metrics http.Handler
	Log     *slog.Logger
	// Slow is how long a wrong token waits for its answer; 0 means a second.
	Slow time.Duration
}

//go:embed page
var files embed.FS

// readyTime bounds the proof that the store commits.
const readyTime = 3 * time.Second

// mostBody is the largest request: a form of a few fields.
const mostBody = 64 << 10

// Handler serves the back door. It refuses all but the health checks where
// there is no token.
func Handler(o Options) http.Handler {
	if o.Slow == 0 {
		o.Slow = time.Second
	}
	h := &handler{
		Options: o,
		pages:   template.Must(template.New("").Funcs(functions()).ParseFS(files, "page/*.html")),
		wrong:   make(chan struct{}, mostWrong),
	}
	public, private := http.NewServeMux(), http.NewServeMux()
	for pattern, handle := range h.public() {
		public.HandleFunc(pattern, handle)
	}
	for pattern, handle := range h.private() {
		private.HandleFunc(pattern, handle)
	}
	public.Handle("/", h.guard(private))
	return secure(http.NewCrossOriginProtection().Handler(public))
}

// public is what wants no token.
func (h *handler) public() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /healthz":   healthy,
		"GET /readyz":    h.ready,
		"GET /style.css": file("page/style.css", "text/css; charset=utf-8"),
		"GET /icon.svg":  file("page/icon.svg", "image/svg+xml"),
		"GET /login":     h.loginPage,
		"POST /login":    h.login,
	}
}

// private is what wants the token. What is under /api is described in
// docs/relay-api.yaml.
func (h *handler) private() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /{$}":              h.list,
		"GET /events/{id}":      h.event,
		"GET /deliveries/{id}":  h.delivery,
		"GET /redeliver":        h.preview,
		"POST /redeliver":       h.redeliverAll,
		"POST /redeliver/{id}":  h.redeliver,
		"GET /sources":          h.sources,
		"GET /rules":            h.rules,
		"GET /health":           h.health,
		"POST /resume/{target}": h.resume,
		"POST /logout":          h.logout,
		"GET /metrics":          h.Metrics.ServeHTTP,

		"GET /api/events":           h.apiEvents,
		"GET /api/events/{id}":      h.apiEvent,
		"GET /api/deliveries/{id}":  h.apiDelivery,
		"GET /api/redeliver":        h.apiPlan,
		"POST /api/redeliver":       h.apiRedeliverAll,
		"POST /api/redeliver/{id}":  h.apiRedeliver,
		"GET /api/sources":          h.apiSources,
		"GET /api/rules":            h.apiRules,
		"GET /api/targets":          h.apiTargets,
		"POST /api/resume/{target}": h.apiResume,
		"GET /api/health":           h.apiHealth,
		"POST /api/catch-up":        h.apiCatchUp,
	}
}

type handler struct {
	Options
	pages *template.Template
	wrong chan struct{} // a place for each wrong token that waits
}

// secure sets the headers that keep a page with strangers' words in it what it
// is: no script at all, no frame, no guess at types.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy":      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cache-Control":                "no-store",
		} {
			w.Header().Set(name, value)
		}
		r.Body = http.MaxBytesReader(w, r.Body, mostBody)
		next.ServeHTTP(w, r)
	})
}

func healthy(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) }

// ready says whether an event could be kept now, by keeping something.
func (h *handler) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTime)
	defer cancel()
	if err := h.Ready(ctx); err != nil {
		h.Log.Error("not ready", "error", err)
		http.Error(w, "the store does not commit", http.StatusServiceUnavailable)
		return
	}
	healthy(w, r)
}

// file serves one of the files in the program.
func file(name, contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		http.ServeFileFS(w, r, files, name)
	}
}

// statusOf is the HTTP status that says what an error says.
func statusOf(err error) int {
	switch {
	case errors.As(err, new(*journal.ParameterError)):
		return http.StatusBadRequest
	case errors.Is(err, journal.ErrNotFound), errors.Is(err, work.ErrNotFound), errors.Is(err, catchup.ErrUnknownSource):
		return http.StatusNotFound
	case errors.Is(err, work.ErrUnderway), errors.Is(err, journal.ErrChanged):
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

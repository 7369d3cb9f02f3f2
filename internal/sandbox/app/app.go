// Package app stands in for a deployed application: one that comes up, serves
// an old version first, or is behind a wall, stage by stage as a script says.
package app

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Script is the "app:" section of a sandbox script. The zero Script is an
// application that is up and shows no version.
type Script struct {
	// Stages follow one another; the last one stays.
	Stages []Stage `yaml:"stages"`
}

// Stage is how the application behaves for a while: for a number of requests,
// or for a time that begins with its first request.
type Stage struct {
	Requests int           `yaml:"requests"`
	For      time.Duration `yaml:"for"`

	// Status is answered; 0 means 200.
	Status     int    `yaml:"status"`
	RetryAfter string `yaml:"retry-after"`
	// Redirect is the Location that everything not below it is sent to.
	Redirect string `yaml:"redirect"`
	// Version is shown in the header X-App-Version, as git.sha at /version,
	// and on the page.
	Version string `yaml:"version"`
	// Wall stands before everything, to whom does not bring Opens.
	Wall Wall `yaml:"wall"`
	// Opens is the header that opens the wall, "Name: value".
	Opens string `yaml:"opens"`
	// Hang answers nothing until the caller gives up, Close breaks the
	// connection.
	Hang  bool `yaml:"hang"`
	Close bool `yaml:"close"`
}

// App is the application, an [http.Handler]. Make it with [New].
type App struct {
	mu       sync.Mutex
	stages   []Stage
	answered int       // in this stage
	began    time.Time // this stage, zero before its first request
}

// Check reports what cannot be played.
func (s Script) Check() error {
	for i, stage := range s.Stages {
		if !stage.Wall.known() {
			return fmt.Errorf("app: stages[%d]: wall is %q: want one of %s", i, stage.Wall, strings.Join(wallNames(), ", "))
		}
		if _, _, ok := strings.Cut(stage.Opens, ": "); stage.Opens != "" && !ok {
			return fmt.Errorf("app: stages[%d]: opens is %q: want a header such as X-Bypass: secret", i, stage.Opens)
		}
		if i < len(s.Stages)-1 && stage.Requests == 0 && stage.For == 0 {
			return fmt.Errorf("app: stages[%d] never ends: want requests or for", i)
		}
	}
	return nil
}

// New makes an application of a script that can be played.
func New(s Script) *App {
	if len(s.Stages) == 0 {
		return &App{stages: []Stage{{}}}
	}
	return &App{stages: s.Stages}
}

// stage returns the one that a request meets.
func (a *App) stage() Stage {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.stages) > 1 && a.over(a.stages[0]) {
		a.stages, a.answered, a.began = a.stages[1:], 0, time.Time{}
	}
	if a.began.IsZero() {
		a.began = time.Now()
	}
	a.answered++
	return a.stages[0]
}

func (a *App) over(s Stage) bool {
	return s.Requests > 0 && a.answered >= s.Requests ||
		s.For > 0 && !a.began.IsZero() && time.Since(a.began) >= s.For
}

// ServeHTTP implements [http.Handler].
func (a *App) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s := a.stage()
	switch {
	case s.Hang:
		<-req.Context().Done()
	case s.Close:
		panic(http.ErrAbortHandler) //nolint:forbidigo // this is how net/http is asked to close
	case s.Wall != "" && !s.opened(req):
		s.Wall.serve(w, req)
	case s.Redirect != "" && !strings.HasPrefix(req.URL.Path, s.Redirect):
		http.Redirect(w, req, s.Redirect, http.StatusFound)
	default:
		s.serve(w, req)
	}
}

// opened reports whether a request brings the header that opens the wall.
func (s Stage) opened(req *http.Request) bool {
	name, value, ok := strings.Cut(s.Opens, ": ")
	return ok && req.Header.Get(name) == value
}

func (s Stage) serve(w http.ResponseWriter, req *http.Request) {
	status := s.Status
	if status == 0 {
		status = http.StatusOK
	}
	if s.RetryAfter != "" {
		w.Header().Set("Retry-After", s.RetryAfter)
	}
	if s.Version != "" {
		w.Header().Set("X-App-Version", s.Version)
	}
	if req.URL.Path == "/version" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"git": map[string]string{"sha": s.Version}})
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<!doctype html><title>Shop</title><p>%d. Version %s.\n", status, html.EscapeString(s.Version))
}

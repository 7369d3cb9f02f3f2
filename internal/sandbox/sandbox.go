package sandbox

import (
	"net/http"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/app"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/currents"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
)

// Where the APIs are.
const (
	GitHubPath   = "/api/v3"
	CurrentsPath = "/currents/v1"
	BitrisePath  = "/bitrise/v0.1"
)

// Sandbox is all the services behind one address.
type Sandbox struct {
	// Trigger is the custom trigger endpoint.
	Trigger *Endpoint
	// GitHub is the GitHub API, nil where the script has none.
	GitHub *github.Fake
	// Currents and Bitrise are those services' APIs.
	Currents *currents.Fake
	Bitrise  *bitrise.Fake

	mux *http.ServeMux
}

// New makes the services as a script says. The zero Script is honest.
func New(script Script) *Sandbox {
	s := &Sandbox{Trigger: NewEndpoint(script), mux: http.NewServeMux()}
	if script.App != nil {
		s.mux.Handle("/", app.New(*script.App))
	}
	s.mux.Handle(Path, s.Trigger)
	if script.GitHub != nil {
		s.GitHub = github.New(*script.GitHub)
		s.mux.Handle(GitHubPath+"/", http.StripPrefix(GitHubPath, s.GitHub))
		s.Trigger.started = s.GitHub.Triggered
	}
	s.Currents, s.Bitrise = currents.New(script.Currents), bitrise.New(script.Bitrise)
	s.mux.Handle(CurrentsPath+"/", http.StripPrefix(CurrentsPath, s.Currents))
	s.mux.Handle(BitrisePath+"/", http.StripPrefix(BitrisePath, s.Bitrise))
	s.mux.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) {
		received := s.Trigger.Requests()
		if received == nil {
			received = []Request{}
		}
		writeJSON(w, http.StatusOK, received)
	})
	return s
}

// ServeHTTP implements [http.Handler].
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, req *http.Request) { s.mux.ServeHTTP(w, req) }

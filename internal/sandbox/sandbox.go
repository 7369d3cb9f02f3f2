package sandbox

import (
	"net/http"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/app"
)

// Sandbox is all the services behind one address.
type Sandbox struct {
	// Trigger is the custom trigger endpoint.
	Trigger *Endpoint

	mux *http.ServeMux
}

// New makes the services as a script says. The zero Script is honest.
func New(script Script) *Sandbox {
	s := &Sandbox{Trigger: NewEndpoint(script), mux: http.NewServeMux()}
	if script.App != nil {
		s.mux.Handle("/", app.New(*script.App))
	}
	s.mux.Handle(Path, s.Trigger)
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

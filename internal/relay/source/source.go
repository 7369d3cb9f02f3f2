// Package source receives: for each service it knows who really sent a
// request, which requests are the same, and what happened, in the relay's one
// form. It keeps nothing, asks nobody and never lets a private field through.
package source

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Request is what arrived, whole.
type Request struct {
	Method     string
	Header     http.Header
	Body       []byte
	RemoteAddr string
	Received   time.Time
}

// The services that can send, by the names they have in a rules file.
const (
	GitHub     = "github"
	Bitrise    = "bitrise"
	Currents   = "currents"
	Gleap      = "gleap"
	BetterBugs = "betterbugs"
)

// Services lists every service.
func Services() []string { return []string{GitHub, Bitrise, Currents, Gleap, BetterBugs} }

// Config is one configured source.
type Config struct {
	// Name is the last part of the source's address, /hooks/{name}.
	Name string
	// Service is one of [Services].
	Service string
	// Verify says how a request proves where it comes from.
	Verify Verification
	// MaxBody caps the body in bytes; 0 takes the service's own cap.
	MaxBody int64
	// Tolerance is how far Currents' x-timestamp may be from now; 0 does not
	// look at it.
	Tolerance time.Duration

	// Repository, Environment and EnvironmentURL fill in what the service does
	// not tell.
	Repository     string
	Environment    string
	EnvironmentURL string

	// APIToken lets the relay ask Bitrise or Currents for what their webhooks
	// leave out, and all three services for what was missed.
	APIToken secret.String
	// APIURL replaces the address of the service's API.
	APIURL string
	// Aggregate makes one event of all groups of a Currents run.
	Aggregate bool
	// ProjectID is the Currents project, AppSlug the Bitrise app whose webhook
	// the source receives.
	ProjectID string
	AppSlug   string
	// HooksOf are the GitHub repositories and organizations whose webhooks the
	// source receives, AppID and AppKey the GitHub App whose webhook it is.
	HooksOf []string
	AppID   int64
	AppKey  secret.String
}

// Source is one configured source. Make it with [New].
type Source struct {
	config  Config
	service service
}

// service is what differs between the services.
type service struct {
	// limit is the largest body the service is known to send.
	limit int64
	// signature is the header that carries an HMAC of the body, if the service
	// can sign.
	signature string
	// name is the header that names the event, if there is one.
	name string
	// forms tells that the service also sends HTML forms.
	forms bool
	// probes tells that the service tries the address before a secret can be
	// set, by any method and with any body.
	probes bool
	// payload finds the event in the decoded body.
	payload func(object) object
	// parse reads a redacted payload. It is total: what it does not know it
	// leaves out or keeps as it is.
	parse func(http.Header, object) event.Event
}

const (
	mebibyte = 1 << 20
	// GitHub sends no larger payload than 25 MB.
	githubLimit = 25 * mebibyte
	limit       = 2 * mebibyte
)

func lookup(name string) (service, bool) {
	switch name {
	case GitHub:
		return service{limit: githubLimit, signature: "X-Hub-Signature-256", name: "X-GitHub-Event", forms: true, payload: githubPayload, parse: parseGitHub}, true
	case Bitrise:
		return service{limit: limit, signature: "Bitrise-Hook-Signature", name: "Bitrise-Event-Type", payload: itself, parse: parseBitrise}, true
	case Currents:
		return service{limit: limit, payload: itself, parse: parseCurrents}, true
	case Gleap:
		return service{limit: limit, payload: itself, parse: parseGleap}, true
	case BetterBugs:
		return service{limit: limit, forms: true, probes: true, payload: betterBugsPayload, parse: parseBetterBugs}, true
	}
	return service{}, false
}

// itself takes the body for the payload.
func itself(body object) object { return body }

// New makes a source. It refuses an unknown service, a missing verification
// and an empty secret.
func New(config Config) (*Source, error) {
	s, ok := lookup(config.Service)
	if !ok {
		return nil, fmt.Errorf("service %q: want one of %s", config.Service, strings.Join(Services(), ", "))
	}
	return &Source{config: config, service: s}, errors.Join(config.Verify.check(config.Service, s)...)
}

// Name is the source's name in the rules file.
func (s *Source) Name() string { return s.config.Name }

// Service is the service that sends.
func (s *Source) Service() string { return s.config.Service }

// Config is what the source was made from.
func (s *Source) Config() Config { return s.config }

// Limit caps the body, in bytes.
func (s *Source) Limit() int64 {
	if s.config.MaxBody > 0 {
		return s.config.MaxBody
	}
	return s.service.limit
}

// Allows reports whether the service sends with this method. A request with
// another answers 405.
func (s *Source) Allows(method string) bool {
	return method == http.MethodPost || s.service.probes
}

// Accepts reports whether the service sends bodies of this content type. A
// request with another type answers 415. A service that tries an address may do
// so with anything.
func (s *Source) Accepts(contentType string) bool {
	if s.service.probes {
		return true
	}
	switch mediaType(contentType) {
	case "application/json", "":
		return true
	case formType, multipartType:
		return s.service.forms
	}
	return strings.HasSuffix(mediaType(contentType), "+json")
}

package bugster_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"syscall"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/bugster"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const (
	apiKey   = "bugster_0123456789abcdef"
	endpoint = "https://api.bugster.app/webhooks/integrations/custom"
)

// The documented answers.
const (
	processed      = `{"status":"processed","message":"Custom integration event processed for org: org_1, project: shop-1"}`
	invalidProject = `{"status":"error","message":"Invalid project_id","code":"INVALID_PROJECT"}`
	noFolder       = "Skipping event: Repository does not have .bugster configuration folder"
)

// step is what one try meets.
type step func(*http.Request) (*http.Response, error)

// service stands in for the endpoint without a socket, so that time can be
// fake. The last step is repeated.
type service struct {
	steps    []step
	requests []*http.Request
	bodies   []string
}

func (s *service) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	next := s.steps[min(len(s.requests), len(s.steps)-1)]
	s.requests, s.bodies = append(s.requests, req), append(s.bodies, string(body))
	return next(req)
}

// client is one of the service, with waits that chance does not shorten.
func (s *service) client(ambiguous int) *bugster.Client {
	return &bugster.Client{
		HTTP: &http.Client{
			Transport:     s,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Endpoint: endpoint, Key: secret.New(apiKey),
		AmbiguousRetries: ambiguous, Random: func() float64 { return 0 },
	}
}

// says answers; the headers are pairs of name and value.
func says(status int, body string, header ...string) step {
	return func(req *http.Request) (*http.Response, error) {
		connect(req)
		resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}
		for i := 0; i < len(header); i += 2 {
			resp.Header.Set(header[i], header[i+1])
		}
		return resp, nil
	}
}

func connect(req *http.Request) {
	httptrace.ContextClientTrace(req.Context()).GotConn(httptrace.GotConnInfo{})
}

// silent takes the request and says nothing.
func silent(req *http.Request) (*http.Response, error) {
	connect(req)
	<-req.Context().Done()
	return nil, context.Cause(req.Context())
}

// refused makes no connection, reset breaks it off.
func refused(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

func reset(req *http.Request) (*http.Response, error) {
	connect(req)
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}

// fails is a step that makes no connection.
func fails(err error) step {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// trigger tells the service about a deployment.
func trigger(t *testing.T, ambiguous int, steps ...step) (bugster.Result, *service) {
	t.Helper()
	s := &service{steps: steps}
	result, err := s.client(ambiguous).Trigger(t.Context(), event(t))
	if err != nil {
		t.Fatal(err)
	}
	return result, s
}

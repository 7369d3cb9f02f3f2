// Package openapi holds calls against an OpenAPI description. Only tests use
// it.
package openapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// Transport lets requests through and checks each and its answer. It implements
// [http.RoundTripper].
type Transport struct {
	// Next makes the calls.
	Next http.RoundTripper
	// Report is told what is not as described.
	Report func(error)

	document *openapi3.T
	router   routers.Router
	mu       sync.Mutex
	seen     map[string]bool
}

// Load reads a description, which has to be valid itself, for a server at this
// address.
func Load(ctx context.Context, file, address string) (*Transport, error) {
	document, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, fmt.Errorf("load the description: %w", err)
	}
	if err := document.Validate(ctx); err != nil {
		return nil, fmt.Errorf("validate the description: %w", err)
	}
	document.Servers = openapi3.Servers{{URL: address}}
	router, err := legacy.NewRouter(document)
	if err != nil {
		return nil, fmt.Errorf("route by the description: %w", err)
	}
	return &Transport{document: document, router: router, seen: map[string]bool{}}, nil
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	input, err := t.request(req)
	if err != nil {
		t.Report(fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err))
	}
	resp, err := t.Next.RoundTrip(req)
	if err != nil || input == nil {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: resp.StatusCode, Header: resp.Header, Options: input.Options,
	}
	answer.SetBodyBytes(body)
	if invalid := openapi3filter.ValidateResponse(req.Context(), answer); invalid != nil {
		t.Report(fmt.Errorf("%s %s answered %d: %w", req.Method, req.URL.Path, resp.StatusCode, invalid))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen[called(input.Route.Operation, fmt.Sprint(resp.StatusCode))] = true
	return resp, err
}

// request checks a request. The input is nil where it is none that is
// described.
func (t *Transport) request(req *http.Request) (*openapi3filter.RequestValidationInput, error) {
	route, parameters, err := t.router.FindRoute(req)
	if err != nil {
		return nil, err
	}
	clone := req.Clone(req.Context())
	if req.GetBody != nil {
		if clone.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	input := &openapi3filter.RequestValidationInput{
		Request: clone, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, MultiError: true, RejectWhenRequestBodyNotSpecified: true,
			AuthenticationFunc: authenticated,
		},
	}
	errs := []error{openapi3filter.ValidateRequest(req.Context(), input)}
	for name := range req.URL.Query() {
		all := append(slices.Clone(route.Operation.Parameters), route.PathItem.Parameters...)
		if all.GetByInAndName("query", name) == nil {
			errs = append(errs, fmt.Errorf("query parameter %q is not described", name))
		}
	}
	return input, errors.Join(errs...)
}

// authenticated checks that a key goes along, whichever it is.
func authenticated(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	if in.RequestValidationInput.Request.Header.Get("Authorization") == "" {
		return errors.New("no Authorization header")
	}
	return nil
}

func called(op *openapi3.Operation, status string) string { return op.OperationID + " " + status }

// Unseen lists the described answers that no call got, as "operation status".
func (t *Transport) Unseen() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var missing []string
	for _, item := range t.document.Paths.Map() {
		for _, op := range item.Operations() {
			for status := range op.Responses.Map() {
				if !t.got(op, status) {
					missing = append(missing, called(op, status))
				}
			}
		}
	}
	slices.Sort(missing)
	return missing
}

// got reports whether an answer came. The default is every status that has no
// entry of its own.
func (t *Transport) got(op *openapi3.Operation, status string) bool {
	if status != "default" {
		return t.seen[called(op, status)]
	}
	for code := http.StatusBadRequest; code < 600; code++ {
		if text := fmt.Sprint(code); op.Responses.Value(text) == nil && t.seen[called(op, text)] {
			return true
		}
	}
	return false
}

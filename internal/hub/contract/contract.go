// Package contract holds calls against GitHub's own description of its API
// (OpenAPI, cut to the calls of internal/hub). Only tests use it.
package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Description is what GitHub says about the calls.
type Description struct {
	Version string                          `json:"version"`
	Paths   map[string]map[string]operation `json:"paths"`
	Schemas map[string]*schema              `json:"schemas"`
}

type operation struct {
	Parameters map[string]*schema `json:"parameters"` // of the query
	Request    *schema            `json:"request"`
	Responses  map[string]*schema `json:"responses"`
}

// Load reads a description that internal/hub/testdata/cut.mjs wrote.
func Load(file string) (*Description, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("load the description: %w", err)
	}
	var d Description
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("load the description: %w", err)
	}
	return &d, nil
}

// Request reports how a request differs from what GitHub describes: an unknown
// path, a query parameter or field that it does not know, a value of another
// type or outside the list.
func (d *Description) Request(method, path string, query url.Values, body []byte) error {
	op, err := d.find(method, path)
	if err != nil {
		return err
	}
	var errs []error
	for name, values := range query {
		parameter, known := op.Parameters[name]
		if !known {
			errs = append(errs, fmt.Errorf("query parameter %q is not described", name))
			continue
		}
		for _, text := range values {
			errs = append(errs, d.check(parameter, scalar(text), "query "+name, true))
		}
	}
	if op.Request == nil {
		if len(body) > 0 {
			errs = append(errs, fmt.Errorf("a body of %d bytes: want none", len(body)))
		}
	} else {
		errs = append(errs, d.checkText(op.Request, body, true))
	}
	return at(method, path, errors.Join(errs...))
}

// Answer reports how an answer differs from what GitHub describes for the
// call. Answers that every call may give (401, 403, 404, 429, redirects,
// failures) need not be listed.
func (d *Description) Answer(method, path string, status int, body []byte) error {
	op, err := d.find(method, path)
	if err != nil {
		return err
	}
	described, listed := op.Responses[strconv.Itoa(status)]
	switch {
	case !listed && anywhere(status):
		return nil
	case !listed:
		return at(method, path, fmt.Errorf("status %d is not described", status))
	case described == nil && status == http.StatusNoContent && len(body) > 0:
		return at(method, path, fmt.Errorf("a body of %d bytes with 204: want none", len(body)))
	case described == nil:
		return nil
	}
	return at(method, path, d.checkText(described, body, false))
}

func anywhere(status int) bool {
	return slices.Contains([]int{301, 302, 304, 307, 308, 401, 403, 404, 429}, status) || status >= 500
}

func at(method, path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", method, path, err)
}

// find returns the operation whose path, with its {names}, matches.
func (d *Description) find(method, path string) (operation, error) {
	for template, methods := range d.Paths {
		op, described := methods[strings.ToLower(method)]
		if described && matches(template, path) {
			return op, nil
		}
	}
	return operation{}, fmt.Errorf("%s %s is not described", method, path)
}

func matches(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, got, func(w, g string) bool {
		return w == g || strings.HasPrefix(w, "{") && g != ""
	})
}

// scalar reads a query parameter's value as JSON would have it.
func scalar(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return json.Number(strconv.FormatInt(n, 10))
	}
	if text == "true" || text == "false" {
		return text == "true"
	}
	return text
}

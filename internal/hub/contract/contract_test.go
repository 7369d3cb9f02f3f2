package contract_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/hub/contract"
)

func load(t *testing.T) *contract.Description {
	t.Helper()
	d, err := contract.Load("../testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRequest(t *testing.T) {
	t.Parallel()
	d := load(t)
	tests := map[string]struct {
		method, path, query, body string
		want                      string // part of the error, "" for none
	}{
		"good read":         {"GET", "/repos/o/r/deployments", "sha=abc&per_page=100&page=2", "", ""},
		"sha of digits":     {"GET", "/repos/o/r/deployments", "sha=1234567", "", ""},
		"good write":        {"POST", "/repos/o/r/statuses/abc", "", `{"state":"pending","context":"x"}`, ""},
		"null where it may": {"POST", "/repos/o/r/statuses/abc", "", `{"state":"pending","target_url":null}`, ""},
		"path":              {"GET", "/repos/o/r/deployment", "", "", "not described"},
		"method":            {"DELETE", "/repos/o/r/deployments", "", "", "not described"},
		"parameter":         {"GET", "/repos/o/r/deployments", "per-page=100", "", `"per-page" is not described`},
		"parameter's type":  {"GET", "/repos/o/r/deployments", "page=two", "", "want integer"},
		"parameter's value": {"GET", "/repos/o/r/issues", "state=every", "", "want one of"},
		"missing field":     {"POST", "/repos/o/r/statuses/abc", "", `{"context":"x"}`, "state is missing"},
		"unknown field":     {"POST", "/repos/o/r/statuses/abc", "", `{"state":"pending","url":"x"}`, "url is not described"},
		"unknown word":      {"POST", "/repos/o/r/statuses/abc", "", `{"state":"passed"}`, "want one of"},
		"type":              {"POST", "/repos/o/r/issues/1/comments", "", `{"body":1}`, "want string"},
		"too long":          {"POST", "/repos/o/r/dispatches", "", `{"event_type":"` + strings.Repeat("x", 101) + `"}`, "101 characters"},
		"too many":          {"POST", "/repos/o/r/dispatches", "", `{"event_type":"x","client_payload":{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1}}`, "11 fields"},
		"body of a read":    {"GET", "/repos/o/r/deployments", "", `{}`, "want none"},
		"no JSON":           {"POST", "/repos/o/r/issues", "", `title`, "not JSON"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query, err := url.ParseQuery(tt.query)
			if err != nil {
				t.Fatal(err)
			}
			err = d.Request(tt.method, tt.path, query, []byte(tt.body))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Request(%s %s) = %v, want %q", tt.method, tt.path, err, tt.want)
			}
		})
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	d := load(t)
	tests := map[string]struct {
		status int
		body   string
		want   string
	}{
		"list":           {200, `[]`, ""},
		"object":         {200, `{}`, "want array"},
		"missing fields": {200, `[{"id":1}]`, "sha is missing"},
		"anywhere":       {403, `{"message":"no"}`, ""},
		"failure":        {502, `<html>`, ""},
		"not described":  {201, `{}`, "201 is not described"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := d.Answer("GET", "/repos/o/r/deployments", tt.status, []byte(tt.body))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Answer(%d %s) = %v, want %q", tt.status, tt.body, err, tt.want)
			}
		})
	}
}

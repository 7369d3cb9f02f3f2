package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/afterdeploy/afterdeploy/internal/sandbox"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/currents"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
)

type servicesKey struct{}

// playServices gives a script its Currents and Bitrise, as its sandbox.yaml
// says, and returns where they are.
func playServices(env *testscript.Env) (string, error) {
	text, err := os.ReadFile(filepath.Join(env.WorkDir, "sandbox.yaml"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	script, err := sandbox.ParseScript(text)
	if err != nil {
		return "", err
	}
	s := sandbox.New(script)
	server := httptest.NewServer(s)
	env.Defer(server.Close)
	env.Values[servicesKey{}] = s
	env.Setenv(currentsVariable, currents.DefaultKey)
	env.Setenv(bitriseVariable, bitrise.DefaultToken)
	return server.URL, nil
}

// happens has a service send its webhooks, each of which has to be taken:
// happens currents|bitrise PROJECT|APP EVENT.
func happens(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value(servicesKey{}).(*sandbox.Sandbox)
	send := s.Currents.Send
	if args[0] == "bitrise" {
		send = s.Bitrise.Send
	}
	ts.Check(send(context.Background(), args[1], args[2], services.Options{Now: time.Now()}))
}

// asked writes everything that a service was asked: asked
// currents|bitrise FILE.
func asked(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value(servicesKey{}).(*sandbox.Sandbox)
	requests := s.Currents.Requests
	if args[0] == "bitrise" {
		requests = s.Bitrise.Requests
	}
	var lines strings.Builder
	for _, r := range requests() {
		fmt.Fprintf(&lines, "%d %s %s %s\n", r.Status, r.Method, r.Path, r.Body)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(lines.String()), 0o600))
}

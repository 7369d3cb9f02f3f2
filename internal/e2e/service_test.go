//go:build e2e

package e2e_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/afterdeploy/afterdeploy/internal/sandbox"
)

// services are a script's, by the name of the variable with their address.
type services map[string]*sandbox.Sandbox

// servicesKey finds them among a script's values.
type servicesKey struct{}

// serve starts a service on the loopback:
//
//	service NAME [SCRIPT.yml]
//	service -tls=CA.pem NAME [SCRIPT.yml]
//
// $NAME becomes its address. SCRIPT.yml says how it misbehaves; variables in it
// are replaced by their values.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	var ca string
	if len(args) > 0 && strings.HasPrefix(args[0], "-tls=") {
		ca, args = strings.TrimPrefix(args[0], "-tls="), args[1:]
	}
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: service [-tls=ca.pem] name [script.yml]")
	}
	var script sandbox.Script
	if len(args) == 2 {
		var err error
		script, err = sandbox.ParseScript([]byte(os.Expand(ts.ReadFile(args[1]), ts.Getenv)))
		ts.Check(err)
	}
	service := sandbox.New(script)
	server := httptest.NewUnstartedServer(service)
	if ca == "" {
		server.Start()
	} else {
		authority, leaf, err := sandbox.Certificate()
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(ca), authority, 0o600))
		server.TLS = &tls.Config{Certificates: []tls.Certificate{leaf}}
		server.StartTLS()
	}
	ts.Defer(func() {
		server.CloseClientConnections() // a script may keep one waiting
		server.Close()
	})
	ts.Setenv(args[0], server.URL)
	ts.Value(servicesKey{}).(services)[args[0]] = service
}

// sent prints what a service received, for cmp:
//
//	sent NAME
func sent(ts *testscript.TestScript, neg bool, args []string) {
	requests := named(ts, neg, args).Trigger.Requests()
	for _, request := range requests {
		var body bytes.Buffer
		ts.Check(json.Indent(&body, request.Body, "", "  "))
		fmt.Fprintf(ts.Stdout(), "%s %s, key accepted: %v, answered: %d\n%s\n",
			request.Method, request.Path, request.KeyAccepted, request.Answered, &body)
	}
	fmt.Fprintf(ts.Stdout(), "%d requests\n", len(requests))
}

// written prints what was written to a service's GitHub, one write a line:
//
//	written NAME
func written(ts *testscript.TestScript, neg bool, args []string) {
	service := named(ts, neg, args)
	if service.GitHub == nil {
		ts.Fatalf("the script of service %q has no section github", args[0])
	}
	writes := service.GitHub.Writes()
	for _, write := range writes {
		var body bytes.Buffer
		ts.Check(json.Compact(&body, write.Body))
		fmt.Fprintf(ts.Stdout(), "%s %s %s\n", write.Method, write.Path, &body)
	}
	fmt.Fprintf(ts.Stdout(), "%d writes\n", len(writes))
}

// named returns the service that a command's only argument names.
func named(ts *testscript.TestScript, neg bool, args []string) *sandbox.Sandbox {
	if neg || len(args) != 1 {
		ts.Fatalf("got %q, want the name of a service and no negation", args)
	}
	service, ok := ts.Value(servicesKey{}).(services)[args[0]]
	if !ok {
		ts.Fatalf("no service %q was started", args[0])
	}
	return service
}

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/afterdeploy/afterdeploy/internal/sandbox"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/currents"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
)

func serveCommand() *cobra.Command {
	account := sandbox.DefaultAccount()
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the services until interrupted",
		Long: fmt.Sprintf(`Serve the custom trigger endpoint at %s. GET /requests
returns what it received. Unless the script says otherwise it accepts the key
%q, the organization %q and the projects %s.

The APIs for webhooks are at %s (key %q, project
%q) and %s (token %q, app %q).`,
			sandbox.Path, account.Key, account.Organization, strings.Join(account.Projects, ", "),
			sandbox.CurrentsPath, currents.DefaultKey, currents.DefaultProject,
			sandbox.BitrisePath, bitrise.DefaultToken, services.BitriseApp()),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.serve(cmd.Context(), cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8787", "address to listen on; port 0 takes a free one")
	cmd.Flags().StringVar(&o.tlsDir, "tls", "", "serve HTTPS, and write the authority's certificate to ca.pem in this directory")
	cmd.Flags().StringSliceVar(&o.names, "tls-name", nil, "further host names and addresses for the certificate")
	cmd.Flags().StringVar(&o.script, "script", "", "YAML file that says how to misbehave")
	return cmd
}

type serveOptions struct {
	listen, tlsDir, script string
	names                  []string
}

// serve prints the address as its first line, so that others can wait for it.
func (o serveOptions) serve(ctx context.Context, out io.Writer) error {
	services, err := o.services()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	scheme := "http"
	if o.tlsDir != "" {
		scheme = "https"
		if listener, err = o.withTLS(listener); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "%s://%s\n", scheme, listener.Addr())
	server := &http.Server{Handler: services, ReadHeaderTimeout: 10 * time.Second}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

func (o serveOptions) services() (*sandbox.Sandbox, error) {
	if o.script == "" {
		return sandbox.New(sandbox.Script{}), nil
	}
	text, err := os.ReadFile(o.script)
	if err != nil {
		return nil, fmt.Errorf("read script: %w", err)
	}
	script, err := sandbox.ParseScript(text)
	if err != nil {
		return nil, err
	}
	return sandbox.New(script), nil
}

func (o serveOptions) withTLS(listener net.Listener) (net.Listener, error) {
	authority, leaf, err := sandbox.Certificate(o.names...)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(o.tlsDir, "ca.pem"), authority, 0o644); err != nil {
		return nil, fmt.Errorf("write the authority's certificate: %w", err)
	}
	return tls.NewListener(listener, &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{leaf}, NextProtos: []string{"http/1.1"},
	}), nil
}

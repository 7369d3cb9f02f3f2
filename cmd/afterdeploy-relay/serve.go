package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/relay"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// tokenVariable holds the admin token.
const tokenVariable = "AFTERDEPLOY_RELAY_TOKEN"

// tokenFile is where a token is kept that nobody chose.
const tokenFile = "admin-token"

func serveCommand() *cobra.Command {
	var (
		o          relay.Options
		token, pem string
	)
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Receive webhooks and carry out deliveries until told to stop",
		Long: `Receive webhooks at /hooks/{source} and do what the rules file says.

A webhook is answered with 200 once it is on disk, in DATA/inbox.db, or in
Postgres if ` + databaseVariable + ` or --database names one.

The admin listener wants a token: ` + tokenVariable + ` or --token-file, else
one is made and kept in DATA/` + tokenFile + `.

SIGHUP reads the rules file again and resumes paused targets. SIGTERM and
SIGINT close the door, let attempts under way end, and keep the rest.`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&o.Rules, "config", "relay.yaml", "Rules file.")
	f.StringVar(&o.Data, "data", "data", "Directory for what is kept.")
	f.StringVar(&o.Listen, "listen", ":8080", "Address for webhooks.")
	f.StringVar(&o.Admin, "admin", "127.0.0.1:8081", "Address for the admin page, its JSON and metrics.")
	f.DurationVar(&o.Bodies, "keep-bodies", 30*24*time.Hour, "How long bodies of events are kept, and what attempts asked and were answered.")
	f.DurationVar(&o.Keep, "keep", 60*24*time.Hour, "How long events, their keys, deliveries and attempts are kept.")
	f.Int64Var(&o.MostBytes, "max-bytes", 0, "Size the inbox's file may grow to; 0 leaves that to the disk.")
	f.StringVar(&token, "token-file", "", "File with the admin token.")
	f.StringVar(&pem, "ca-cert", "", "File with PEM certificates to trust beside the system's.")
	database, logger := databaseFlag(f), logFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		var errs [3]error
		o.Log, errs[0] = logger()
		o.Token, errs[1] = reveal(token, tokenVariable)
		o.Database, errs[2] = database()
		if err := errors.Join(errs[:]...); err != nil {
			return err
		}
		if o.Token.IsZero() {
			if o.Token, err = ownToken(o.Data, o.Log); err != nil {
				return err
			}
		}
		return serve(cmd.Context(), o, pem)
	}
	return cmd
}

func serve(ctx context.Context, o relay.Options, pem string) error {
	var trusted []byte
	if pem != "" {
		var err error
		if trusted, err = os.ReadFile(pem); err != nil {
			return fmt.Errorf("read --ca-cert: %w", err)
		}
	}
	client, err := outbound.NewClient(outbound.Options{
		CA: trusted, Getenv: os.Getenv, UserAgent: "afterdeploy-relay/" + version,
	})
	if err != nil {
		return err
	}
	o.Client, o.Version, o.Getenv, o.ReadFile = client, version, os.Getenv, os.ReadFile
	// From here on: a SIGHUP that nobody waits for ends a program.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	r, err := relay.Open(ctx, o)
	if err != nil {
		return err
	}
	return r.Serve(ctx, hangups)
}

// ownToken reads the token of an earlier start, or makes one.
func ownToken(dir string, log *slog.Logger) (secret.String, error) {
	path := filepath.Join(dir, tokenFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text = []byte(rand.Text() + "\n")
		if err = os.MkdirAll(dir, 0o700); err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
	}
	if err != nil {
		return secret.String{}, fmt.Errorf("keep admin token: %w", err)
	}
	log.Info("no admin token was given", "token-file", path)
	return secret.New(trimLine(string(text))), nil
}

// trimLine drops the line end that editors leave.
func trimLine(text string) string { return strings.TrimRight(text, "\r\n") }

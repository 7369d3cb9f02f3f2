package main

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/relay/hooks"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// The variables that hold the services' tokens, as their own tools name them.
const (
	currentsVariable = "CURRENTS_API_KEY"
	bitriseVariable  = "BITRISE_TOKEN"
)

// hookOptions say where webhooks are, and how they are shown.
type hookOptions struct {
	config, output, pem string
	name                string // of a source
	account             hooks.Account
	project, app        string
	token               string // file
	show                bool
}

func hooksCommand() *cobra.Command {
	var o hookOptions
	cmd := &cobra.Command{
		Use:   "hooks",
		Short: "Keep the webhooks at Currents and Bitrise",
		Long: `List, make, change and delete webhooks at the services that send them, or have
all of them match the rules file (sync).

Where: --source takes service, project or app, API token and address from a
source of the rules file. Else --service with --project-id or --app-slug, and
the token from ` + currentsVariable + ` or ` + bitriseVariable + `, or --token-file.`,
	}
	f := cmd.PersistentFlags()
	f.StringVar(&o.config, "config", "relay.yaml", "Rules file.")
	f.StringVarP(&o.output, "output", "o", "text", "text or json.")
	f.StringVar(&o.pem, "ca-cert", "", "File with PEM certificates to trust beside the system's.")
	cmd.PersistentPreRunE = func(*cobra.Command, []string) error {
		if o.output != "text" && o.output != "json" {
			return fmt.Errorf("--output is %q: want text or json", o.output)
		}
		return nil
	}
	cmd.AddCommand(hooksListCommand(&o), hooksGetCommand(&o), hooksCreateCommand(&o), hooksUpdateCommand(&o), hooksDeleteCommand(&o), hooksSyncCommand(&o))
	return cmd
}

// where declares the flags that name a place.
func (o *hookOptions) where(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.name, "source", "", "Source, by its name in the rules file.")
	f.StringVar(&o.account.Service, "service", "", "currents or bitrise, without a source.")
	f.StringVar(&o.project, "project-id", "", "Project of Currents.")
	f.StringVar(&o.app, "app-slug", "", "App of Bitrise.")
	f.StringVar(&o.account.APIURL, "api-url", "", "Another address of the service's API.")
	f.StringVar(&o.token, "token-file", "", "File with the API token.")
	f.BoolVar(&o.show, "show-secrets", false, "Show the values of headers, and users and queries of addresses.")
	for _, other := range []string{"service", "project-id", "app-slug", "api-url", "token-file"} {
		cmd.MarkFlagsMutuallyExclusive("source", other)
	}
}

// open finds the place. What is wrong with it, and what check says of the rest,
// is reported at once, before anybody is asked.
func (o *hookOptions) open(needsHolder bool, check func(hooks.Place) error) (hooks.Place, error) {
	a, err := o.find()
	if err != nil {
		return nil, err
	}
	client, err := o.client()
	if err != nil {
		return nil, err
	}
	err = a.Check(needsHolder)
	if a.Token.IsZero() {
		err = errors.Join(err, fmt.Errorf("no API token: want %s, %s, --token-file or api-token in the source", currentsVariable, bitriseVariable))
	}
	place, unknown := hooks.Open(client, rand.Float64, a)
	if check != nil && unknown == nil {
		err = errors.Join(err, check(place))
	}
	return place, err
}

func (o *hookOptions) find() (hooks.Account, error) {
	if o.name == "" {
		a, variable := o.account, currentsVariable
		a.Holder = o.project
		if a.Service == source.Bitrise {
			a.Holder, variable = o.app, bitriseVariable
		}
		var err error
		a.Token, err = reveal(o.token, variable)
		return a, err
	}
	rules, err := loadRules(o.config)
	if err != nil {
		return hooks.Account{}, err
	}
	src, ok := rules.Sources[o.name]
	if !ok {
		return hooks.Account{}, fmt.Errorf("--source is %q: want a source of %s", o.name, o.config)
	}
	return hooks.AccountOf(src.Config()), nil
}

func (o *hookOptions) client() (*http.Client, error) {
	options := outbound.Options{Getenv: os.Getenv, UserAgent: "afterdeploy-relay/" + version}
	if o.pem != "" {
		var err error
		if options.CA, err = os.ReadFile(o.pem); err != nil {
			return nil, fmt.Errorf("read --ca-cert: %w", err)
		}
	}
	return outbound.NewClient(options)
}

// hookFields are the flags that say what a webhook is to be.
type hookFields struct {
	url, label, secret  string
	events, headers     []string
	noHeaders, noSecret bool
}

func (h *hookFields) declare(f *pflag.FlagSet) {
	f.StringVar(&h.url, "url", "", "Address to send to.")
	f.StringArrayVar(&h.events, "event", nil, "Event to send; may be repeated. Currents: without it all; Bitrise: build or all.")
	f.StringVar(&h.label, "label", "", "Label, for people. Currents only.")
	f.StringArrayVar(&h.headers, "header", nil, "Header that goes along, as Name=env:NAME or Name=file:PATH; may be repeated.")
	f.StringVar(&h.secret, "secret", "", "Secret that signs, as env:NAME or file:PATH. Bitrise only.")
}

// read resolves the secrets. No flag holds one: everybody on the machine could
// read it.
func (h *hookFields) read() (headers map[string]secret.String, signs secret.String, err error) {
	const want = "env:NAME or file:PATH; a secret itself does not belong in a flag"
	lookup := rule.Lookup(os.Getenv, os.ReadFile)
	resolve := func(flag, ref string) (secret.String, error) {
		if scheme, name, _ := strings.Cut(ref, ":"); scheme != "env" && scheme != "file" || name == "" {
			return secret.String{}, fmt.Errorf("--%s: want %s", flag, want)
		}
		value, err := lookup(ref)
		if err != nil {
			return value, fmt.Errorf("--%s: %w", flag, err)
		}
		return value, nil
	}
	var errs []error
	for _, text := range h.headers {
		name, ref, _ := strings.Cut(text, "=")
		value, err := resolve("header "+cmp.Or(name, "Name"), ref)
		errs = append(errs, err)
		if headers == nil {
			headers = map[string]secret.String{}
		}
		headers[name] = value
	}
	if h.secret != "" {
		signs, err = resolve("secret", h.secret)
		errs = append(errs, err)
	}
	return headers, signs, errors.Join(errs...)
}

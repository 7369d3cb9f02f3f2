package trigger

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/bugster"
	"github.com/afterdeploy/afterdeploy/internal/ci"
	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/input"
	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

// read parses the inputs and makes what calls need. All mistakes come together.
func (r *run) read(context.Context) *deploy.Ending {
	var errs []error
	note := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	key, err := r.keyFromFile()
	note(err)
	in, err := input.Parse(r.lookup(key))
	note(err)
	r.in = in
	r.runner.Mask(in.APIKey.Reveal())
	r.runner.Mask(in.GitHubToken.Reveal())

	if err := bugster.CheckKey(in.APIKey); err != nil {
		note(fmt.Errorf("input %q: %w", "api-key", err))
	}
	base := in.APIURL
	if base == "" {
		base = bugster.DefaultBase
	}
	r.endpoint, err = bugster.Endpoint(base)
	if err != nil {
		note(fmt.Errorf("input %q: %w", "api-url", err))
	}
	r.client, err = r.newClient(in.CACert)
	if err != nil {
		note(fmt.Errorf("input %q: %w", "ca-cert", err))
	}
	if in.OutputFile != "" {
		r.format, err = ci.ParseFormat(in.OutputFormat, in.OutputFile)
		if err != nil {
			note(fmt.Errorf("input %q: %w", "output-file", err))
		}
	}
	note(r.readCheck())
	if len(errs) > 0 {
		return wrong(deploy.ReasonInvalidInput, strings.Split(errors.Join(errs...).Error(), "\n"))
	}
	if bugster.OtherOrganization(in.APIKey, in.OrganizationID) {
		r.warn(fmt.Sprintf("api-key looks like the key of another organization than organization-id %s. If the service refuses the call, that is why.", in.OrganizationID))
	}
	return nil
}

// keyFromFile reads the file that holds the API key, if one is named.
func (r *run) keyFromFile() (string, error) {
	if r.KeyFile == "" {
		return "", nil
	}
	text, err := r.ReadFile(r.KeyFile)
	if err != nil {
		return "", fmt.Errorf("read --api-key-file: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if key == "" {
		return "", fmt.Errorf("read --api-key-file: %q is empty: want the API key in it", r.KeyFile)
	}
	return key, nil
}

// lookup finds an input: a flag, else the action's input, else the variable
// that may hold it. A key from a file goes before both.
func (r *run) lookup(key string) func(name string) string {
	variables := map[string]string{}
	for _, spec := range input.Table() {
		variables[spec.Name] = spec.Env
	}
	return func(name string) string {
		if name == "api-key" && key != "" {
			return key
		}
		if r.Flag != nil {
			if value := r.Flag(name); value != "" {
				return value
			}
		}
		if value := r.runner.Input(name); value != "" {
			return value
		}
		if variable := variables[name]; variable != "" {
			return r.Getenv(variable)
		}
		return ""
	}
}

// newClient makes the run's one HTTP client.
func (r *run) newClient(caCert string) (*http.Client, error) {
	ca := []byte(caCert)
	if caCert != "" && !strings.Contains(caCert, "-----BEGIN") {
		var err error
		if ca, err = r.ReadFile(caCert); err != nil {
			return nil, fmt.Errorf("want PEM text or the path of a PEM file: %w", err)
		}
	}
	client, err := outbound.NewClient(outbound.Options{
		CA: ca, Getenv: r.Getenv, UserAgent: "afterdeploy/" + r.Version + " (+https://github.com/afterdeploy/afterdeploy)",
	})
	if err != nil {
		return nil, err
	}
	if r.Transport != nil {
		client.Transport = r.Transport
	}
	return client, nil
}

// wrong is the ending for mistakes, one or all of them.
func wrong(reason deploy.Reason, mistakes []string) *deploy.Ending {
	if len(mistakes) == 1 {
		return ending(reason, deploy.Sentence(mistakes[0]))
	}
	end := ending(deploy.ReasonInvalidInput, fmt.Sprintf("%d things are wrong.", len(mistakes)))
	end.Details = mistakes
	return end
}

func (r *run) warn(text string) {
	if !slices.Contains(r.warnings, text) {
		r.warnings = append(r.warnings, text)
	}
}

package hooks

import (
	"errors"
	"fmt"

	"github.com/afterdeploy/afterdeploy/internal/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/currents"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// wanted is the webhook of a source.
type wanted struct {
	source  string
	account Account
	webhook Webhook
}

// want says which webhooks a rules file wants, and which of its sources it
// leaves to people.
func want(file *rule.File) (all []wanted, notes []string, err error) {
	var errs []error
	for _, c := range file.Sources {
		if c.Service != source.Currents && c.Service != source.Bitrise {
			continue
		}
		a, key := AccountOf(c), "project-id"
		if c.Service == source.Bitrise {
			key = "app-slug"
		}
		if a.Holder == "" {
			notes = append(notes, fmt.Sprintf("source %s has no %s: its webhook is left to you", c.Name, key))
			continue
		}
		w, err := wantedOf(file.PublicURL, c)
		errs = append(errs, err)
		all = append(all, wanted{c.Name, a, w})
	}
	if len(all) > 0 && file.PublicURL == "" {
		errs = append(errs, errors.New("public-url is missing: want the relay's own address, such as https://relay.example.com"))
	}
	return all, notes, errors.Join(errs...)
}

// AccountOf returns the place of a source's webhook. The holder is empty where
// the file names none.
func AccountOf(c source.Config) Account {
	a := Account{Service: c.Service, Holder: c.ProjectID, Token: c.APIToken, APIURL: c.APIURL}
	if c.Service == source.Bitrise {
		a.Holder = c.AppSlug
	}
	return a
}

func wantedOf(public string, c source.Config) (Webhook, error) {
	revision, err := revise(public, c.Name, c.Verify)
	w := Webhook{URL: address(public, c.Name, revision)}
	switch v := c.Verify; {
	case v.None:
	case v.Header == "":
		w.Secret = v.Secrets[0]
	default:
		w.Headers = map[string]secret.String{v.Header: v.Secrets[0]}
	}
	if c.Service == source.Bitrise {
		w.Events = bitrise.Events()[:1]
	} else {
		w.Events, w.Label = currents.Events(), "afterdeploy "+c.Name
	}
	return w, err
}

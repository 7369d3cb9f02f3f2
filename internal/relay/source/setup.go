package source

import (
	"fmt"
	"net/http"
)

// Proof says in words how a request proves where it comes from.
func (s *Source) Proof() string {
	v := s.config.Verify
	switch {
	case v.None:
		return "not verified: anybody may send"
	case v.Header == "":
		return "signature in " + s.service.signature + " (HMAC-SHA256)"
	}
	return "secret in header " + http.CanonicalHeaderKey(v.Header)
}

// Setup says, step by step, what to do in the service so that it sends to an
// address.
func (s *Source) Setup(address string) []string {
	switch s.config.Service {
	case GitHub:
		return []string{
			"In the repository or organization: Settings > Webhooks > Add webhook.",
			"Payload URL: " + address,
			"Content type: application/json (a form works, too).",
			"Secret: " + s.value() + ".",
			"Choose the events that you have rules for, and Add webhook. The ping appears as an event.",
		}
	case Bitrise:
		return []string{
			"In the project: Project settings > Integrations > Webhooks > Add webhook. Event: Build.",
			"URL: " + address,
			s.bitriseProof(),
			"Save. A finished build appears as build/finished; Bitrise sends it once and never again by itself.",
		}
	case Currents:
		return []string{
			"In the project's integrations: add an HTTP webhook.",
			"URL: " + address,
			s.header("Header"),
			"Choose all four events and save.",
		}
	case Gleap:
		return []string{
			"In the project's integrations: add a webhook.",
			"URL: " + address,
			s.header("Header"),
			"Choose the events and save. A new ticket appears as BUG_CREATED.",
		}
	case BetterBugs:
		return []string{
			"Workspace settings (the gear) > Integrations > Webhook: for all projects, or Connect for one.",
			"URL: " + address,
			"Verify. That request comes before any header can be set, and is kept as unverified.",
			s.header("Custom header"),
			"Payload format: JSON or Form Data, then Add Webhook.",
		}
	}
	return nil
}

func (s *Source) bitriseProof() string {
	if s.config.Verify.Header == "" && !s.config.Verify.None {
		return "A signature needs a webhook made through Bitrise's API, with " + s.value() + " as its secret; a webhook made in the browser has headers only."
	}
	return s.header("Header")
}

func (s *Source) header(where string) string {
	if s.config.Verify.None {
		return where + ": none, since this source is not verified."
	}
	return fmt.Sprintf("%s: %s with %s.", where, http.CanonicalHeaderKey(s.config.Verify.Header), s.value())
}

// value names the secret, which is nowhere shown.
func (s *Source) value() string {
	if s.config.Verify.None {
		return "none, since this source is not verified"
	}
	return "the secret that the rules file names for this source"
}

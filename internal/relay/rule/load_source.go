package rule

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

func (l *loader) sources(top mapping) {
	for _, e := range l.named(top, "sources", "ci: {service: bitrise, verify: {…}}") {
		m := l.mapping(e.at, e.value, "a mapping with service and verify",
			"service", "verify", "max-body", "timestamp-tolerance", "repository", "environment", "environment-url", "api-token", "api-url", "aggregate", "project-id", "app-slug", "hooks-of", "app")
		if e.key == Relay {
			l.report(e.at, "source name %q is taken: it is where the relay's own events come from", Relay)
		}
		config := source.Config{
			Name:           e.key,
			Service:        l.oneOf(m, "service", source.Services()),
			Verify:         l.verification(m),
			MaxBody:        m.size("max-body"),
			Tolerance:      m.duration("timestamp-tolerance"),
			Repository:     l.repository(m, "repository"),
			Environment:    m.text("environment"),
			EnvironmentURL: l.url(m, "environment-url"),
			APIToken:       m.secret("api-token"),
			APIURL:         l.apiURL(m),
			Aggregate:      m.flag("aggregate", false),
			ProjectID:      m.text("project-id"),
			AppSlug:        m.text("app-slug"),
			HooksOf:        l.hooksOf(m),
		}
		app := l.app(m)
		config.AppID, config.AppKey = app.ID, app.PrivateKey
		l.checkSource(m, config)
		l.file.Sources = append(l.file.Sources, config)
		l.places[e.key] = m.node("repository")
	}
}

// checkSource reports what does not go together in one source.
func (l *loader) checkSource(m mapping, c source.Config) {
	if !slices.Contains(source.Services(), c.Service) || !m.has("verify") {
		return // said already
	}
	if c.Verify.None || len(c.Verify.Secrets) > 0 {
		if _, err := source.New(c); err != nil {
			l.report(m.node("verify"), "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	if c.Service != source.Currents {
		l.only(m, source.Currents, "timestamp-tolerance", "aggregate")
	}
	for key, service := range map[string]string{"project-id": source.Currents, "app-slug": source.Bitrise} {
		switch {
		case !m.has(key):
		case c.Service != service:
			l.only(m, service, key)
		case c.APIToken.IsZero():
			l.report(m.node(key), "%s needs api-token: it is for what the relay asks and sets up through the API", key)
		}
	}
	if c.Aggregate && c.Service == source.Currents && c.APIToken.IsZero() {
		l.report(m.node("aggregate"), "aggregate needs api-token: only the API knows all groups of a run")
	}
	if m.has("api-token") && !slices.Contains([]string{source.GitHub, source.Bitrise, source.Currents}, c.Service) {
		l.report(m.node("api-token"), "api-token is for github, bitrise and currents only")
	}
	l.checkHooks(m, c)
}

// only reports keys that belong to another service.
func (l *loader) only(m mapping, service string, keys ...string) {
	for _, key := range keys {
		if m.has(key) {
			l.report(m.node(key), "%s is for %s only", key, service)
		}
	}
}

// verification reads none, {signature: …} or {header: …, secret: …}.
func (l *loader) verification(m mapping) source.Verification {
	const want = "verify: {signature: env:NAME}, {header: NAME, secret: env:NAME} or none"
	if !m.has("verify") {
		l.report(m.at, "verify is missing: want %s", want)
		return source.Verification{}
	}
	if text, ok := m.values["verify"].(*ast.StringNode); ok {
		if text.Value != "none" {
			l.report(text, "verify %q: want %s", text.Value, want)
		}
		return source.Verification{None: text.Value == "none"}
	}
	v := l.mapping(m.node("verify"), m.values["verify"], want, "signature", "header", "secret")
	switch {
	case v.has("signature") && (v.has("header") || v.has("secret")):
		l.report(v.at, "signature and header are two ways: want one")
		return source.Verification{}
	case v.has("signature"):
		return source.Verification{Secrets: v.secrets("signature")}
	}
	v.demand("secret", wantSecret)
	return source.Verification{
		Header:  v.required("header", "the name of the header that carries the secret, or signature"),
		Secrets: v.secrets("secret"),
	}
}

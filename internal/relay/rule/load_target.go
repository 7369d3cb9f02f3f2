package rule

func (l *loader) targets(top mapping) {
	for _, e := range l.named(top, "targets", "github: {service: github, token: env:GITHUB_TOKEN, repositories: [owner/name]}") {
		m := l.mapping(e.at, e.value, "a mapping with service and repositories",
			"service", "repositories", "concurrency", "api-url", "api-key", "organization-id", "project-id", "token", "app")
		t := TargetConfig{
			Name:         e.key,
			Service:      l.oneOf(m, "service", []string{TargetBugster, TargetGitHub}),
			Repositories: l.repositories(m),
			Concurrency:  int(m.whole("concurrency", 100)),
			APIURL:       l.apiURL(m),
		}
		switch t.Service {
		case TargetBugster:
			l.foreign(m, "token", "app")
			m.demand("api-key", wantSecret)
			t.APIKey = m.secret("api-key")
			t.OrganizationID = m.required("organization-id", "the identifier from Settings > Organization")
			t.ProjectID = m.required("project-id", "the identifier from Project Settings > General")
		case TargetGitHub:
			l.foreign(m, "api-key", "organization-id", "project-id")
			t.Token, t.App = m.secret("token"), l.app(m, "installation-id")
			if m.has("token") == m.has("app") {
				l.report(m.at, "target %q: want either token or app", t.Name)
			}
		}
		l.file.Targets = append(l.file.Targets, t)
	}
}

// foreign reports keys that belong to another service.
func (l *loader) foreign(m mapping, keys ...string) {
	for _, key := range keys {
		if m.has(key) {
			l.report(m.node(key), "%s does not belong to service %s", key, m.text("service"))
		}
	}
}

// app reads an App's identity, and the further keys that mean something there.
func (l *loader) app(m mapping, further ...string) App {
	if !m.has("app") {
		return App{}
	}
	a := l.mapping(m.node("app"), m.values["app"], "a mapping with id and private-key", append([]string{"id", "private-key"}, further...)...)
	a.demand("id", "the App's id")
	a.demand("private-key", wantSecret)
	const most = 1 << 53
	return App{ID: a.whole("id", most), Installation: a.whole("installation-id", most), PrivateKey: a.secret("private-key")}
}

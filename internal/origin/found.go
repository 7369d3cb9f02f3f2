package origin

import (
	"maps"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// Found is a deployment that GitHub's API told of, after the event.
type Found struct {
	// From names it for people: "deployment 12".
	From string
	// Environment may be empty where only a site was found.
	Environment string
	// EnvironmentURL is the site; TargetURL is taken for it if it leads to no
	// log or dashboard.
	EnvironmentURL, TargetURL string
}

// With completes a resolution by what was found. What was given stays.
func (r Resolution) With(found Found, given Given) Resolution {
	r.Reasons = maps.Clone(r.Reasons)
	if given.URL == "" {
		at := first(site, found.claim("environment_url", found.EnvironmentURL),
			page(found.claim("target_url", found.TargetURL), r.Context.ServerURL))
		r.Deployment.URL, r.Reasons[deploy.FieldURL] = at.value, at.reason
	}
	if found.Environment != "" {
		name := field[string]{found.Environment, "environment of " + found.From}
		r.settleEnvironment(findings{environment: name}, given)
	}
	return r
}

func (f Found) claim(name, value string) claim {
	if value == "" {
		return nothing(f.From + " has no " + name)
	}
	return claim{from: name + " of " + f.From, value: value}
}

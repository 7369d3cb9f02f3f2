package origin_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/origin"
)

func TestWith(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		found origin.Found
		given origin.Given
		want  [3]string // URL, environment, its name
		why   string    // the URL is that one
	}{
		"a deployment": {
			origin.Found{From: "deployment 12", Environment: "Preview – web", EnvironmentURL: "https://web.example", TargetURL: "https://log.example/runs/1"}, origin.Given{},
			[3]string{"https://web.example", "preview", "Preview – web"}, "environment_url of deployment 12",
		},
		"a status": {
			origin.Found{From: `status "netlify/shop/deploy-preview"`, TargetURL: "https://preview.example"}, origin.Given{},
			[3]string{"https://preview.example", "", ""}, `target_url of status "netlify/shop/deploy-preview" (status "netlify/shop/deploy-preview" has no environment_url)`,
		},
		"a dashboard": {
			origin.Found{From: "status", TargetURL: "https://app.netlify.com/sites/shop"}, origin.Given{},
			[3]string{"", "", ""}, `none: status has no environment_url; target_url of status: a log or dashboard on "app.netlify.com", not the site`,
		},
		"what is given stays": {
			origin.Found{From: "deployment 12", Environment: "Preview – web", EnvironmentURL: "https://web.example"},
			origin.Given{URL: "https://given.example", Environment: "qa"},
			[3]string{"https://given.example", "qa", "Preview – web"}, "input environment-url",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := origin.Resolve(func(string) string { return "" }, nil, tt.given)
			reasons := before.Reasons[deploy.FieldURL]
			got := before.With(tt.found, tt.given)
			d := got.Deployment
			if diff := cmp.Diff(tt.want, [3]string{d.URL, d.Environment, d.EnvironmentName}); diff != "" {
				t.Errorf("With (-want +got):\n%s", diff)
			}
			if got.Reasons[deploy.FieldURL] != tt.why || before.Reasons[deploy.FieldURL] != reasons {
				t.Errorf("reason of the URL = %q, before %q; want %q and no change", got.Reasons[deploy.FieldURL], before.Reasons[deploy.FieldURL], tt.why)
			}
		})
	}
}

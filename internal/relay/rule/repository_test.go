package rule_test

import (
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
)

func TestTargetListsRepositories(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		listed, repository string
		want               bool
	}{
		{"acme/shop", "acme/shop", true},
		{"acme/shop", "Acme/Shop", true},
		{"acme/shop", "acme/shop2", false},
		{"acme/*", "acme/shop", true},
		{"acme/*", "acme/", false},
		{"acme/*", "acme2/shop", false},
		{"acme/shop-*", "acme/shop-web", true},
		{"acme/shop-*", "acme/shop", false},
		{"*", "acme/shop", false},
		{"acme*", "acme-evil/shop", false},
	} {
		target := rule.TargetConfig{Repositories: []string{"other/one", tt.listed}}
		if got := target.Lists(tt.repository); got != tt.want {
			t.Errorf("a target for %q lists %q: %t, want %t", tt.listed, tt.repository, got, tt.want)
		}
	}
}

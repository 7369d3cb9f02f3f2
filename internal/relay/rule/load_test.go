package rule_test

import (
	"os"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

func lookup(string) (secret.String, error) { return secret.New("value of a secret"), nil }

func TestLoadExample(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../../docs/examples/relay.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rule.Load(data, lookup); err != nil {
		t.Error(err)
	}
}

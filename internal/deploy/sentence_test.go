package deploy_test

import (
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

func TestSentence(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "no connection": "No connection.", "it ended.": "It ended.", "was it copied?": "Was it copied?", "état": "État.",
	} {
		if got := deploy.Sentence(text); got != want {
			t.Errorf("Sentence(%q) = %q, want %q", text, got, want)
		}
	}
}

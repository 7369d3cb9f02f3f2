//go:build e2e

package e2e_test

import (
	"strings"
	"testing"
)

// GitLab, CircleCI and Jenkins run a step's commands in the image, with the
// shell that it has.
func TestShellOfTheImageReadsOutputs(t *testing.T) {
	t.Parallel()
	const commit = "4f1d2c9a7b30e58d6c41f0a92b7e35d8c6a1904e"
	const script = `set -e
afterdeploy trigger --dry-run --project-id shop --organization-id org_abc123 --environment "it's \$(id)" \
    --environment-url https://shop.example.com --output-file /tmp/outputs.sh >/dev/null
for file in /tmp/outputs.sh "$BASH_ENV"; do
    unset AFTERDEPLOY_OUT_OUTCOME
    . "$file"
    echo "$AFTERDEPLOY_OUT_OUTCOME, $AFTERDEPLOY_OUT_COMMIT_SHA, $AFTERDEPLOY_OUT_ENVIRONMENT_NAME"
done`
	got := docker(t, "run", "--rm", "--network", "none", "--entrypoint", "sh",
		"-e", "BUGSTER_API_KEY=key", "-e", "CIRCLECI=true", "-e", "CIRCLE_SHA1="+commit, "-e", "BASH_ENV=/tmp/bash_env",
		image, "-c", script)
	if want := strings.Repeat("dry-run, "+commit+", it's $(id)\n", 2); string(got) != want {
		t.Errorf("later commands read %q, want %q", got, want)
	}
}

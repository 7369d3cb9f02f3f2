package e2e_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/input"
	"github.com/afterdeploy/afterdeploy/internal/trigger"
)

// The workflow that users call takes what the action takes and gives what it
// gives. UPDATE=1 writes it.
func TestReusableWorkflowPassesEverythingOn(t *testing.T) {
	t.Parallel()
	const path = "../../.github/workflows/trigger.yml"
	want := reusable()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s differs from the code; UPDATE=1 go test ./internal/e2e writes it (-want +got):\n%s", path, diff)
	}
}

// reusable is the workflow. Booleans are strings there, as they are in the
// action, so that what is not given stays so.
func reusable() string {
	var inputs, secrets, with, outputs, jobOutputs strings.Builder
	for _, spec := range input.Table() {
		from, value := &inputs, "${{ inputs."+spec.Name+" }}"
		if spec.Secret {
			from, value = &secrets, "${{ secrets."+spec.Name+" }}"
		}
		if spec.ActionDefault != "" {
			value = "${{ secrets." + spec.Name + " || " + strings.TrimPrefix(spec.ActionDefault, "${{ ")
		}
		fmt.Fprintf(from, "      %s:\n        description: %s\n        required: false\n", spec.Name, strconv.Quote(spec.Text))
		if !spec.Secret {
			fmt.Fprint(from, "        type: string\n")
		}
		fmt.Fprintf(&with, "          %s: %s\n", spec.Name, value)
	}
	for _, output := range trigger.Outputs() {
		fmt.Fprintf(&outputs, "      %s:\n        description: %s\n        value: ${{ jobs.trigger.outputs.%s }}\n",
			output.Name, strconv.Quote(output.Text), output.Name)
		fmt.Fprintf(&jobOutputs, "      %s: ${{ steps.trigger.outputs.%s }}\n", output.Name, output.Name)
	}
	return `# The action as a workflow to call, with the same names:
#
#   jobs:
#     test:
#       uses: afterdeploy/afterdeploy/.github/workflows/trigger.yml@v1
#       with: {project-id: …, organization-id: …}
#       secrets: {api-key: "${{ secrets.BUGSTER_API_KEY }}"}
#
# Generated from internal/input and internal/trigger.
name: trigger

# No permissions here: a called workflow may not ask for more than its caller
# has, so the caller's job says what the inputs need.
on:
  workflow_call:
    inputs:
      runs-on:
        description: "Label of the runner. Default: ubuntu-latest."
        required: false
        type: string
` + inputs.String() + `    secrets:
` + secrets.String() + `    outputs:
` + outputs.String() + `
jobs:
  trigger:
    runs-on: ${{ inputs.runs-on || 'ubuntu-latest' }}
    timeout-minutes: 75
    outputs:
` + jobOutputs.String() + `    steps:
      - uses: afterdeploy/afterdeploy@v1
        id: trigger
        with:
` + with.String()
}

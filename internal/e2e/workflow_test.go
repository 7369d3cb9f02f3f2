package e2e_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/golden"
	"github.com/afterdeploy/afterdeploy/internal/input"
	"github.com/afterdeploy/afterdeploy/internal/trigger"
)

// reusable is a workflow that users call. It takes what the action takes, with
// types, and gives what the action gives.
type reusable struct {
	name, comment string
	// head is what the job has before its steps: a condition, concurrency.
	head string
	// defaults are where they differ from the action's.
	defaults map[string]string
	// left are the inputs that the event decides, or that no later step of the
	// job could make use of; decided those that the workflow decides.
	left    []string
	decided map[string]string
}

func reusables() []reusable {
	return []reusable{{
		name: "trigger",
		comment: `# The action as a workflow to call, such as after a job that deploys. It takes
# and gives the same.
`,
		left: []string{"output-file", "output-format"},
	}, {
		name: "deployment",
		comment: `# Tests what a host reports as deployed, to call on: deployment_status. A status
# other than success starts no job, and so costs nothing.
`,
		head: `    if: github.event.deployment_status.state == 'success'
    concurrency:
      group: afterdeploy-${{ github.event.deployment.id }}-${{ github.event.deployment_status.id }}-${{ inputs.project-id }}-${{ inputs.environments }}
      cancel-in-progress: false
`,
		left: []string{"output-file", "output-format", "deployment-state", "commit-sha", "branch", "send-states", "find-deployment", "find-status"},
	}, {
		name: "preview",
		comment: `# Tests a pull request's preview, to call on: pull_request. It finds the preview,
# waits until it answers, starts the tests, waits for their result, fails when
# they fail, and keeps one comment. Runs of forks have no key and are skipped.
`,
		head: `    if: github.event.action != 'closed'
`,
		defaults: map[string]string{"wait-for-url": "true", "wait-for-result": "true", "comment": "true"},
		left:     []string{"output-file", "output-format", "deployment-state", "commit-sha", "branch", "send-states", "once"},
		decided:  map[string]string{"find-deployment": "${{ inputs.environment-url == '' && inputs.find-status == '' }}"},
	}}
}

// The workflows that users call keep in step with the action. They use the
// action of their own commit: a release says which, and main its tag.
func TestReusableWorkflowsPassEverythingOn(t *testing.T) {
	t.Parallel()
	checkout := first(read(t, "../../.github/workflows/check.yml"), `uses: (actions/checkout@[0-9a-f]{40} # v\S+)`)
	for _, w := range reusables() {
		path := "../../.github/workflows/" + w.name + ".yml"
		action := first(read(t, path), `uses: (afterdeploy/afterdeploy@.+)`)
		golden.File(t, path, []byte(w.text(checkout, action)))
	}
}

// Every permission that an input needs is in the table, for every workflow.
func TestReusableWorkflowsNameTheirPermissions(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("\n| For | Permissions |")
	for _, w := range reusables() {
		b.WriteString(" `" + w.name + ".yml` |")
	}
	b.WriteString("\n| --- | --- | --- | --- | --- |\n| neither `project-id` nor `projects` | `contents: read` | if so | if so | if so |\n")
	for _, spec := range input.Table() {
		needs := first(spec.Text, `Needs (\S+: \w+(?: and \S+: \w+)*)\.`)
		if needs == "" {
			if strings.Contains(spec.Text, "Needs ") {
				t.Errorf("the text of %s does not say what it needs as the others do: %q", spec.Name, spec.Text)
			}
			continue
		}
		fmt.Fprintf(&b, "| `%s` | `%s` |", spec.Name, strings.ReplaceAll(needs, " and ", "`, `"))
		for _, w := range reusables() {
			b.WriteString(" " + w.asks(spec) + " |")
		}
		b.WriteString("\n")
	}
	const page = "../../docs/reusable-workflows.md"
	before, rest, _ := strings.Cut(read(t, page), "<!-- generated -->\n")
	_, after, _ := strings.Cut(rest, "<!-- end -->")
	golden.File(t, page, []byte(before+"<!-- generated -->\n"+b.String()+"\n<!-- end -->"+after))
}

// asks says when a workflow uses an input.
func (w reusable) asks(spec input.Spec) string {
	switch {
	case slices.Contains(w.left, spec.Name):
		return "never"
	case w.decided[spec.Name] != "", w.value(spec) == "true":
		return "by default"
	}
	return "if given"
}

// text is the workflow. No permissions stand in it: a called workflow may not
// ask for more than its caller has, so the caller's job says what the inputs
// need.
func (w reusable) text(checkout, action string) string {
	var inputs, secrets, with, outputs, jobOutputs strings.Builder
	for _, spec := range input.Table() {
		value, decided := w.decided[spec.Name]
		switch {
		case slices.Contains(w.left, spec.Name):
			continue
		case decided:
		case spec.Secret:
			value = "${{ secrets." + spec.Name + " }}"
			if spec.ActionDefault != "" {
				value = "${{ secrets." + spec.Name + " || " + strings.TrimPrefix(spec.ActionDefault, "${{ ")
			}
			fmt.Fprintf(&secrets, "      %s:\n        description: %s\n        required: false\n", spec.Name, strconv.Quote(spec.Text))
		default:
			value = "${{ inputs." + spec.Name + " }}"
			inputs.WriteString(w.input(spec))
		}
		fmt.Fprintf(&with, "          %s: %s\n", spec.Name, value)
	}
	for _, output := range trigger.Outputs() {
		fmt.Fprintf(&outputs, "      %s:\n        description: %s\n        value: ${{ jobs.trigger.outputs.%s }}\n",
			output.Name, strconv.Quote(output.Text), output.Name)
		fmt.Fprintf(&jobOutputs, "      %s: ${{ steps.trigger.outputs.%s }}\n", output.Name, output.Name)
	}
	return w.comment + `#
# docs/reusable-workflows.md has callers to paste, and the permissions: those of
# the caller's job hold here. Generated from internal/input and internal/trigger.
name: ` + w.name + `

on:
  workflow_call:
    inputs:
      runs-on:
        description: "Label of the runner. Default: ubuntu-latest."
        required: false
        type: string
        default: ubuntu-latest
      timeout-minutes:
        description: "Minutes after which GitHub ends the job, outputs or not: more than timeout, if that is more than an hour. Default: 75."
        required: false
        type: number
        default: 75
` + inputs.String() + `    secrets:
` + secrets.String() + `    outputs:
` + outputs.String() + `
jobs:
  trigger:
` + w.head + `    runs-on: ${{ inputs.runs-on }}
    timeout-minutes: ${{ inputs.timeout-minutes }}
    outputs:
` + jobOutputs.String() + `    steps:
      - name: Look for .bugster/config.yaml
        if: inputs.project-id == '' && inputs.projects == ''
        uses: ` + checkout + `
        with:
          persist-credentials: false
          sparse-checkout: .bugster
      - uses: ` + action + `
        id: trigger
        with:
` + with.String()
}

// input declares an input. What is not given has to be the action's default, so
// types that cannot be empty state it.
func (w reusable) input(spec input.Spec) string {
	value, kind := w.value(spec), "string"
	_, err := strconv.Atoi(value)
	switch {
	case spec.Switch:
		kind = "boolean\n        default: " + value
	case err == nil:
		kind = "number\n        default: " + value
	case w.defaults[spec.Name] != "":
		kind += "\n        default: " + strconv.Quote(value)
	}
	text := strings.TrimSuffix(spec.Text, standard(spec)+".") + value + "."
	return fmt.Sprintf("      %s:\n        description: %s\n        required: false\n        type: %s\n", spec.Name, strconv.Quote(text), kind)
}

// value is an input's default here, standard the action's, "" where that takes
// more than a word to say.
func (w reusable) value(spec input.Spec) string {
	if value, differs := w.defaults[spec.Name]; differs {
		return value
	}
	return standard(spec)
}

func standard(spec input.Spec) string { return first(spec.Text, `Default: (\S+)\.$`) }

// first returns a pattern's first group, "" without a match.
func first(text, pattern string) string {
	parts := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if parts == nil {
		return ""
	}
	return parts[1]
}

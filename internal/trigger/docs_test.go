package trigger_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/golden"
	"github.com/afterdeploy/afterdeploy/internal/input"
	"github.com/afterdeploy/afterdeploy/internal/trigger"
)

// replaced puts text between a file's begin and end marks.
func replaced(t *testing.T, path, begin, end, text string) string {
	t.Helper()
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(old), begin)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		t.Fatalf("%s: want %q … %q around what is generated", path, begin, end)
	}
	return before + begin + "\n" + text + end + after
}

func TestActionDeclaresEveryInputAndOutput(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("inputs:\n")
	for _, spec := range input.Table() {
		fmt.Fprintf(&b, "  %s:\n    description: %s\n    required: false\n", spec.Name, strconv.Quote(spec.Text))
		if spec.ActionDefault != "" {
			fmt.Fprintf(&b, "    default: %s\n", spec.ActionDefault)
		}
	}
	for _, spec := range input.Table() {
		for _, alias := range spec.Aliases {
			fmt.Fprintf(&b, "  %s:\n    description: %s\n    required: false\n    deprecationMessage: %s\n",
				alias.Name, strconv.Quote("Older name of "+spec.Name+"."), strconv.Quote(spec.Deprecation(alias)))
		}
	}
	b.WriteString("\noutputs:\n")
	for _, output := range trigger.Outputs() {
		fmt.Fprintf(&b, "  %s:\n    description: %s\n", output.Name, strconv.Quote(output.Text))
	}
	b.WriteString("\n")
	golden.File(t, "../../action.yml", []byte(replaced(t, "../../action.yml", "# Generated from internal/input and internal/trigger.", "runs:", b.String())))
}

func TestActionRunsOneProgramAndIsReadyForTheMarketplace(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var action struct {
		Name, Description string
		Branding          struct{ Icon, Color string }
		Runs              struct {
			Using, Image, Entrypoint string
			Args                     []string
		}
	}
	if err := yaml.Unmarshal(text, &action); err != nil {
		t.Fatal(err)
	}
	// Without both, "with: entrypoint" and "with: args" of a workflow change
	// what runs (actions/runner, ContainerActionHandler.cs).
	if action.Runs.Using != "docker" || action.Runs.Entrypoint != "/usr/local/bin/afterdeploy" || !cmp.Equal(action.Runs.Args, []string{"trigger"}) {
		t.Errorf("runs is %+v, want docker, /usr/local/bin/afterdeploy and trigger", action.Runs)
	}
	if action.Name == "" || len(action.Description) == 0 || len(action.Description) > 125 {
		t.Errorf("the Marketplace wants a name and a description of at most 125 characters: %+v", action)
	}
	if !slices.Contains(strings.Fields("white black yellow blue green orange red purple gray-dark"), action.Branding.Color) {
		t.Errorf("the colour is %q, want one that the Marketplace has", action.Branding.Color)
	}
	// Of Feather's icons the Marketplace has all but these. That it is one of
	// Feather's is actionlint's to say.
	missing := strings.Fields("coffee columns divide-circle divide-square divide frown hexagon key meh mouse-pointer smile tool x-octagon")
	if action.Branding.Icon == "" || slices.Contains(missing, action.Branding.Icon) {
		t.Errorf("the icon is %q, want one that the Marketplace has", action.Branding.Icon)
	}
}

func TestDocsListEveryInputAndOutput(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	topic := ""
	for _, spec := range input.Table() {
		if spec.Topic != topic {
			topic = spec.Topic
			b.WriteString("\n### " + topic + "\n\n| Input | Meaning | Outside GitHub |\n| --- | --- | --- |\n")
		}
		flag := "`--" + spec.Name + "`, "
		switch {
		case spec.Name == "api-key":
			flag = "`--api-key-file`, "
		case spec.Secret:
			flag = ""
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s`%s` |\n", spec.Name, cell(spec.Text), flag, spec.Env)
	}
	b.WriteString("\n### Older names\n\nThe names of the vendor's own action are taken too. A name and its alias with different values are an error.\n\n| Alias | Use instead |\n| --- | --- |\n")
	for _, spec := range input.Table() {
		for _, alias := range spec.Aliases {
			fmt.Fprintf(&b, "| `%s` | %s |\n", alias.Name, cell(spec.Deprecation(alias)))
		}
	}
	b.WriteString("\n## Outputs\n\n| Output | Meaning |\n| --- | --- |\n")
	for _, output := range trigger.Outputs() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", output.Name, cell(output.Text))
	}
	b.WriteString("\n")
	golden.File(t, "../../docs/inputs.md", []byte(replaced(t, "../../docs/inputs.md", "<!-- generated -->", "<!-- end -->", b.String())))
}

func TestDocsListEveryOutcomeAndReason(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("\n| Outcome | Exit code | Meaning |\n| --- | --: | --- |\n")
	for _, outcome := range deploy.Outcomes() {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %d | %s |\n", outcome, outcome, outcome.ExitCode(), outcome.Meaning())
	}
	for _, outcome := range deploy.Outcomes() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| Reason | Meaning | What to do |\n| --- | --- | --- |\n", outcome, outcome.Meaning())
		for _, entry := range deploy.Catalogue() {
			if entry.Outcome == outcome {
				next := entry.Next
				if next == "" {
					next = "–"
				}
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", entry.Reason, cell(entry.Meaning), cell(next))
			}
		}
	}
	b.WriteString("\n")
	golden.File(t, "../../docs/outcomes.md", []byte(replaced(t, "../../docs/outcomes.md", "<!-- generated -->", "<!-- end -->", b.String())))
}

// cell shows our own text in a table.
func cell(text string) string {
	text = strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;").Replace(text)
	return strings.ReplaceAll(text, "${{ secrets.BUGSTER_API_KEY }}", "`${{ secrets.BUGSTER_API_KEY }}`")
}

func TestEveryInputIsRead(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	_, err := input.Parse(func(name string) string { asked[name] = true; return "" })
	if err != nil {
		t.Fatalf("Parse with nothing given: %v", err)
	}
	declared := map[string]bool{}
	for _, spec := range input.Table() {
		declared[spec.Name] = true
		for _, alias := range spec.Aliases {
			declared[alias.Name] = true
		}
	}
	if diff := cmp.Diff(declared, asked); diff != "" {
		t.Errorf("declared and read inputs differ (-declared +read):\n%s", diff)
	}
}

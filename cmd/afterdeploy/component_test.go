package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// declared is an input that a component declares.
type declared struct {
	Description string
	Default     *string
}

// readComponent reads a component: what it declares, and its text with $[[ … ]].
func readComponent(path string) (inputs map[string]declared, body string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, "", err
	}
	head, body, ok := strings.Cut(string(text), "\n---\n")
	if !ok {
		return nil, "", fmt.Errorf("%s: want a spec, a line ---, and jobs", path)
	}
	var spec struct {
		Spec struct{ Inputs map[string]declared }
	}
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(head)), yaml.Strict())
	return spec.Spec.Inputs, body, decoder.Decode(&spec)
}

// rendered puts inputs into a component's text, as GitLab does before it reads
// the text as YAML.
func rendered(inputs map[string]declared, body string, given map[string]string) (string, error) {
	var missing error
	text := inBrackets().ReplaceAllStringFunc(body, func(hole string) string {
		name := inBrackets().FindStringSubmatch(hole)[1]
		value, ok := given[name]
		switch in := inputs[name]; {
		case ok:
			return value
		case in.Default != nil:
			return *in.Default
		}
		missing = fmt.Errorf("no value for the input %q", name)
		return ""
	})
	return text, missing
}

func inBrackets() *regexp.Regexp { return regexp.MustCompile(`\$\[\[ inputs\.([a-z-]+) \]\]`) }

func TestComponentUsesWhatItDeclares(t *testing.T) {
	t.Parallel()
	inputs, body, err := readComponent("../../ci/gitlab/templates/trigger.yml")
	if err != nil {
		t.Fatal(err)
	}
	names, used := map[string]bool{}, map[string]bool{}
	for name, in := range inputs {
		names[name] = true
		if in.Description == "" {
			t.Errorf("input %s has no description", name)
		}
	}
	for _, found := range inBrackets().FindAllStringSubmatch(body, -1) {
		used[found[1]] = true
	}
	if diff := cmp.Diff(names, used); diff != "" {
		t.Errorf("inputs (-declared +used):\n%s", diff)
	}
	if strings.Count(body, "$[[") != len(inBrackets().FindAllString(body, -1)) {
		t.Error("the component has a $[[ that is no input")
	}
}

// TestGitLabTakesTheComponent holds the component, and what the page shows of
// GitLab, against GitLab's own schema.
func TestGitLabTakesTheComponent(t *testing.T) {
	t.Parallel()
	compiler := jsonschema.NewCompiler()
	schema, err := compiler.Compile("testdata/gitlab/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	const path = "../../ci/gitlab/templates/trigger.yml"
	inputs, body, err := readComponent(path)
	if err != nil {
		t.Fatal(err)
	}
	body, err = rendered(inputs, body, map[string]string{"project-id": "shop", "organization-id": "org_abc123", "environment-url": "$REVIEW_URL"})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(whole), "\n---\n")
	page, err := os.ReadFile("../../docs/other-ci.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{head, body}
	_, section, _ := strings.Cut(string(page), "\n## GitLab\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, found := range regexp.MustCompile("(?s)```yml\n(.*?)```").FindAllStringSubmatch(section, -1) {
		texts = append(texts, found[1])
	}
	if len(texts) != 4 {
		t.Errorf("there are %d files of GitLab's, want the component's two parts and the page's two", len(texts))
	}
	for _, text := range texts {
		if err := schema.Validate(tree(t, text)); err != nil {
			t.Errorf("GitLab refuses this: %v\n%s", err, text)
		}
		for right, wrong := range map[string]string{"artifacts:": "artifact:", "inputs:": "input:"} {
			bad := strings.Replace(text, right, wrong, 1)
			if bad != text && schema.Validate(tree(t, bad)) == nil {
				t.Errorf("GitLab's schema takes %q for %q:\n%s", wrong, right, bad)
			}
		}
	}
}

// tree is YAML as the validator wants it, of the types that JSON has.
func tree(t *testing.T, text string) any {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// component renders GitLab's component with the inputs that the page gives it,
// writes its script to component.sh, and sets its job's variables.
func component(ts *testscript.TestScript, _ bool, _ []string) {
	page, err := os.ReadFile(root(ts, "docs/other-ci.md"))
	ts.Check(err)
	_, after, _ := strings.Cut(string(page), "```yml\ninclude:")
	text, _, _ := strings.Cut("include:"+after, "\n```")
	var including struct {
		Include []struct{ Inputs map[string]string }
	}
	ts.Check(yaml.Unmarshal([]byte(text), &including))
	inputs, body, err := readComponent(root(ts, "ci/gitlab/templates/trigger.yml"))
	ts.Check(err)
	if len(including.Include) != 1 {
		ts.Fatalf("other-ci.md includes %d components, want one", len(including.Include))
	}
	body, err = rendered(inputs, body, including.Include[0].Inputs)
	ts.Check(err)
	var jobs map[string]struct {
		Script    []string
		Variables map[string]string
	}
	ts.Check(yaml.Unmarshal([]byte(body), &jobs))
	job, ok := jobs["test-deployment"]
	if !ok {
		ts.Fatalf("the component has the jobs %v, want test-deployment", jobs)
	}
	for name, value := range job.Variables {
		ts.Setenv(name, value)
	}
	ts.Check(os.WriteFile(ts.MkAbs("component.sh"), []byte(strings.Join(job.Script, "\n")), 0o600))
}

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

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/afterdeploy/afterdeploy/internal/sandbox"
)

// as CASE [SCRIPT] makes the environment that of a CI, as origin's case has it,
// with the documents' account at a service in place of the real one, and with a
// docker that runs the program here.
func as(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 1 {
		ts.Fatalf("usage: as case [script.yml]")
	}
	script := sandbox.Script{}
	if len(args) > 1 {
		var err error
		script, err = sandbox.ParseScript([]byte(ts.ReadFile(args[1])))
		ts.Check(err)
	}
	account := sandbox.DefaultAccount()
	account.Organization = "org_abc123"
	script.Account = &account
	start(ts, script)
	for _, name := range []string{
		"GITHUB_ACTIONS", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "GITHUB_SHA", "GITHUB_REF",
		"GITHUB_REF_NAME", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "INPUT_API-KEY", "INPUT_PROJECT-ID", "INPUT_ORGANIZATION-ID",
	} {
		ts.Setenv(name, "")
	}
	data, err := os.ReadFile(root(ts, "internal/origin/testdata/cases", args[0]+".txtar"))
	ts.Check(err)
	for _, f := range txtar.Parse(data).Files {
		if f.Name == "env" {
			for line := range strings.Lines(string(f.Data)) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
				ts.Setenv(name, value)
			}
		}
	}
	ts.Setenv("BUGSTER_API_KEY", account.Key)
	ts.Setenv("BUGSTER_API_URL", ts.Getenv("INPUT_API-URL"))
	ts.Setenv("INPUT_API-URL", "")
	ts.Setenv("PATH", root(ts, "cmd/afterdeploy/testdata/bin")+string(os.PathListSeparator)+ts.Getenv("PATH"))
}

// root is a path of the repository.
func root(ts *testscript.TestScript, parts ...string) string {
	return filepath.Join(append([]string{ts.Getenv("EVENTS"), "../../../.."}, parts...)...)
}

// snippet HEADING [KEY] takes the commands of the page's snippet under a
// heading: all of it, or what stands in Jenkins' quotes or under a key of its
// YAML. They go to snippet.sh, the second to snippet.1.sh and so on. What the
// snippet says about our variables becomes the environment.
func snippet(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: snippet heading [key]")
	}
	page, err := os.ReadFile(root(ts, "docs/other-ci.md"))
	ts.Check(err)
	language, text := fence(string(page), args[0])
	var commands []string
	switch {
	case language == "sh" && len(args) == 1:
		commands = []string{text}
	case language == "groovy" && len(args) == 1:
		for _, found := range regexp.MustCompile(`(?s)sh '''(.*?)'''`).FindAllStringSubmatch(text, -1) {
			commands = append(commands, found[1])
		}
	case language == "yml" && len(args) == 2:
		var tree any
		ts.Check(yaml.UnmarshalWithOptions([]byte(text), &tree, yaml.UseOrderedMap()))
		commands = under(tree, args[1])
	}
	if len(commands) == 0 {
		ts.Fatalf("other-ci.md has no commands for %q", args)
	}
	for i, command := range commands {
		name := "snippet.sh"
		if i > 0 {
			name = fmt.Sprintf("snippet.%d.sh", i)
		}
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(command+"\n"), 0o600))
	}
	for _, found := range regexp.MustCompile(`(BUGSTER_[A-Z]+_ID)\s*[:=]\s*'?([a-z0-9_-]+)`).FindAllStringSubmatch(text, -1) {
		ts.Setenv(found[1], found[2])
	}
}

// fence is the first code block under a heading, with its language.
func fence(page, heading string) (language, text string) {
	_, rest, _ := strings.Cut(page, "\n## "+heading+"\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	_, rest, _ = strings.Cut(rest, "\n```")
	language, rest, _ = strings.Cut(rest, "\n")
	text, _, _ = strings.Cut(rest, "\n```")
	return language, text
}

// under collects the texts at every place of the tree with that key; lists of
// texts are one.
func under(tree any, key string) []string {
	var found []string
	switch node := tree.(type) {
	case yaml.MapSlice:
		for _, item := range node {
			if item.Key != key {
				found = append(found, under(item.Value, key)...)
				continue
			}
			switch value := item.Value.(type) {
			case string:
				found = append(found, value)
			case yaml.MapSlice:
				found = append(found, action(value))
			case []any:
				if words := texts(value); len(words) > 0 {
					found = append(found, strings.Join(words, separator(key)))
				}
			}
		}
	case []any:
		for _, item := range node {
			found = append(found, under(item, key)...)
		}
	}
	return found
}

func texts(list []any) []string {
	var words []string
	for _, item := range list {
		if word, ok := item.(string); ok {
			words = append(words, word)
		}
	}
	return words
}

// action is a step of the action with these inputs, as a command: a runner puts
// them into variables.
func action(with yaml.MapSlice) string {
	var b strings.Builder
	b.WriteString("env")
	for _, input := range with {
		value := strings.ReplaceAll(fmt.Sprint(input.Value), "${{ secrets.BUGSTER_API_KEY }}", "$BUGSTER_API_KEY")
		fmt.Fprintf(&b, " \"INPUT_%s=%s\"", strings.ToUpper(fmt.Sprint(input.Key)), value)
	}
	return b.String() + " afterdeploy trigger"
}

// separator is what stands between the words of a command, or between commands.
func separator(key string) string {
	if key == "args" {
		return " "
	}
	return "\n"
}

// TestEverySnippetIsRun holds that each code block of the page is run by a
// script, and that no script takes one that is gone.
func TestEverySnippetIsRun(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/other-ci.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, found := range regexp.MustCompile(`(?m)^## (.*)$`).FindAllStringSubmatch(string(page), -1) {
		if _, text := fence(string(page), found[1]); text != "" {
			documented = append(documented, found[1])
		}
	}
	var run []string
	scripts, err := filepath.Glob("testdata/script/ci_*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range scripts {
		script, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^snippet (?:'([^']+)'|(\S+))`).FindAllStringSubmatch(string(script), -1) {
			run = append(run, found[1]+found[2])
		}
	}
	slices.Sort(documented)
	slices.Sort(run)
	if diff := cmp.Diff(documented, slices.Compact(run)); diff != "" {
		t.Errorf("snippets of other-ci.md and those that scripts run (-documented +run):\n%s", diff)
	}
}

package ci_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/ci"
)

// Values that would be something else than text if they were not escaped.
func hostile() []string {
	return []string{
		"", "processed", "$KEY ${KEY} $$KEY $(KEY) $", "%KEY% %%KEY%%", "%C3%A9%KEY%", "https://shop.example.com/caf%C3%A9%20%C3%A9", "100%", "%0A%AZP25%5D", "a;b]c", "a\r\nb\n", "x\n##vso[task.setvariable variable=PATH]y",
		"'; touch /tmp/x; '", "$(id) `id` $HOME \\", "'\\''", "a=b", "\"quoted\"", " # no comment ", "x\nPATH=/evil", "ü ✅ \u2028",
	}
}

// possible makes any text one that an output may have: UTF-8 without NUL.
func possible(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "")
}

func FuzzAzureSetsEachVariableToItsValue(f *testing.F) {
	for _, value := range hostile() {
		f.Add(value, value)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		outputs := []ci.Output{{Name: "api-message", Value: possible(a)}, {Name: "response", Value: possible(b)}}
		var log bytes.Buffer
		if err := (ci.Host{Name: "azure", Log: &log}).SetOutputs(t.Context(), outputs); err != nil {
			t.Fatal(err)
		}
		for i := range outputs { // else a later job would put a variable in
			outputs[i].Value = strings.ReplaceAll(outputs[i].Value, "$(", "$ (")
		}
		if diff := cmp.Diff(outputs, azureVariables(t, log.String())); diff != "" {
			t.Errorf("the agent reads %q as other outputs (-want +got):\n%s", log.String(), diff)
		}
	})
}

// azureVariables reads a log as the agent of Azure Pipelines does: line by line,
// a command from the first "##vso[" to the first "]" after it, its properties
// between semicolons, and all behind for the value. See CommandStringConvertor
// and Command in microsoft/azure-pipelines-agent.
func azureVariables(t *testing.T, log string) []ci.Output {
	t.Helper()
	unescape := func(s string) string {
		for _, pair := range [][2]string{{"%3B", ";"}, {"%0D", "\r"}, {"%0A", "\n"}, {"%5D", "]"}, {"%AZP25", "%"}} {
			s = strings.ReplaceAll(s, pair[0], pair[1])
		}
		return s
	}
	var found []ci.Output
	for _, line := range regexp.MustCompile(`\r\n|\r|\n`).Split(log, -1) {
		_, rest, ok := strings.Cut(line, "##vso[")
		if !ok {
			if line != "" {
				t.Errorf("the log has the line %q, which is no command", line)
			}
			continue
		}
		head, value, ok := strings.Cut(rest, "]")
		command, properties, spaced := strings.Cut(head, " ")
		if !ok || !spaced || command != "task.setvariable" {
			t.Fatalf("the log has the command %q, want task.setvariable", line)
		}
		set := map[string]string{}
		for property := range strings.SplitSeq(properties, ";") {
			name, value, _ := strings.Cut(property, "=")
			set[name] = unescape(value)
		}
		if set["isOutput"] != "true" || len(set) != 2 {
			t.Errorf("the properties are %v, want variable and isOutput", set)
		}
		found = append(found, ci.Output{Name: nameOf(t, set["variable"]), Value: unescape(value)})
	}
	return found
}

// nameOf is the output that a variable is for.
func nameOf(t *testing.T, variable string) string {
	t.Helper()
	name := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(variable, "AFTERDEPLOY_OUT_"), "_", "-"))
	if ci.Variable(name) != variable {
		t.Errorf("%q is no output's variable", variable)
	}
	return name
}

func FuzzDotenvKeepsToItsLine(f *testing.F) {
	for _, value := range hostile() {
		f.Add(value, value)
	}
	f.Add(strings.Repeat("x", 5000), "kept")
	f.Fuzz(func(t *testing.T, a, b string) {
		outputs := []ci.Output{{Name: "api-message", Value: possible(a)}, {Name: "response", Value: possible(b)}}
		text, left := ci.Dotenv(outputs)
		got := dotenv(t, text)
		want := map[string]string{}
		for _, o := range outputs {
			// Ruby's strip and the line breaks that GitLab splits at.
			value := strings.Trim(strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ").Replace(o.Value), " \t\v\f\x00")
			if value = strings.TrimSpace(value); value != "" && !strings.Contains(strings.Join(left, " "), o.Name) {
				want[o.Name] = value
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q holds other outputs (-want +got):\n%s", text, diff)
		}
	})
}

// dotenv reads a report as GitLab does: at most 5 KiB in UTF-8, no empty lines,
// each a name of letters, digits and underscores, "=", and text that is
// stripped of white space and else taken as it stands. See
// ParseDotenvArtifactService and HasVariable in GitLab's source.
func dotenv(t *testing.T, text string) map[string]string {
	t.Helper()
	if len(text) >= 5*1024 || !utf8.ValidString(text) {
		t.Errorf("the report has %d bytes (UTF-8: %t), want fewer than 5120", len(text), utf8.ValidString(text))
	}
	found := map[string]string{}
	for line := range strings.Lines(text) {
		parts := regexp.MustCompile(`^(.*?)=(.*)$`).FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if parts == nil || !regexp.MustCompile(`^[a-zA-Z0-9_]{1,255}$`).MatchString(parts[1]) {
			t.Fatalf("line %q: want NAME=value", line)
		}
		name := nameOf(t, parts[1])
		if _, twice := found[name]; twice {
			t.Errorf("%s is there twice", name)
		}
		found[name] = expanded(strings.Trim(parts[2], " \t\v\f\r\x00"))
	}
	if len(found) > 20 {
		t.Errorf("the report has %d variables, want at most 20", len(found))
	}
	return found
}

// expanded is what a later job has for a value: GitLab puts variables in, then
// its runner does. See Collection#expand_value in GitLab's source and
// JobVariables in the runner's. Here every name is that of a variable, but two
// hexadecimal digits.
func expanded(value string) string {
	const leaked = "LEAKED"
	reference := regexp.MustCompile(`\$\$|%%|\$[a-zA-Z_]\w*|\$\{([a-zA-Z_]\w*)?\}|%[a-zA-Z_]\w*%`)
	value = reference.ReplaceAllStringFunc(value, func(found string) string {
		if found == "$$" || found == "%%" || regexp.MustCompile(`^%[A-Fa-f][0-9A-Fa-f]%$`).MatchString(found) {
			return found
		}
		return leaked
	})
	return os.Expand(value, func(name string) string {
		if name == "$" {
			return name
		}
		return leaked
	})
}

func TestDotenvKeepsDollarsAndAddresses(t *testing.T) {
	t.Parallel()
	for value, kept := range map[string]bool{
		"$KEY ${KEY} $$": true,
		"%KEY%":          false,
		"%%KEY%%":        false,
		"a%KEY":          true,
		"%C3%A9%KEY%":    false,
		"https://shop.example.com/caf%C3%A9%20%C3%A9": true,
	} {
		text, left := ci.Dotenv([]ci.Output{{Name: "response", Value: value}})
		if got := dotenv(t, text)["response"]; kept && got != value || (len(left) == 0) != kept {
			t.Errorf("%q is %q in a later job, left out: %v; want it kept: %t", value, got, left, kept)
		}
	}
}

func TestDotenvSaysWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	var outputs []ci.Output
	for i := range 22 {
		outputs = append(outputs, ci.Output{Name: fmt.Sprintf("x%d", i), Value: "v"})
	}
	outputs[1].Value = strings.Repeat("x", 1001)
	text, left := ci.Dotenv(outputs)
	if diff := cmp.Diff([]string{"x1", "x21"}, left); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
	if got := len(dotenv(t, text)); got != 20 {
		t.Errorf("the report has %d variables, want 20", got)
	}
}

func FuzzAShellTakesTextForText(f *testing.F) {
	for _, value := range hostile() {
		f.Add(value, value)
	}
	shell := shells()[0]
	f.Fuzz(func(t *testing.T, a, b string) {
		outputs := []ci.Output{{Name: "api-message", Value: possible(a)}, {Name: "response", Value: possible(b)}}
		if diff := cmp.Diff(outputs, sourced(t, shell, ci.Shell(outputs))); diff != "" {
			t.Errorf("%s reads %q as other outputs (-want +got):\n%s", shell, ci.Shell(outputs), diff)
		}
	})
}

func TestEveryShellTakesTextForText(t *testing.T) {
	t.Parallel()
	for _, shell := range shells() {
		for _, value := range hostile() {
			outputs := []ci.Output{{Name: "api-message", Value: value}, {Name: "response", Value: "{}"}}
			if diff := cmp.Diff(outputs, sourced(t, shell, ci.Shell(outputs))); diff != "" {
				t.Errorf("%s reads %q as other outputs (-want +got):\n%s", shell, ci.Shell(outputs), diff)
			}
		}
	}
}

// shells are those of this machine, bash first, for which CircleCI's file is
// meant. One is always there.
func shells() []string {
	var found []string
	for _, name := range []string{"bash", "dash", "sh"} {
		if _, err := exec.LookPath(name); err == nil {
			found = append(found, name)
		}
	}
	return found
}

// sourced lets a shell read the text from its standard input, and asks env for
// all variables that it has then: there is no other than the outputs.
func sourced(t *testing.T, shell, text string) []ci.Output {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), shell)
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	cmd.Stdin = strings.NewReader(text + "exec env -0 -u PWD -u SHLVL -u _ -u OLDPWD -u PATH\n")
	got, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", shell, err, got)
	}
	var found []ci.Output
	for pair := range strings.SplitSeq(strings.TrimSuffix(string(got), "\x00"), "\x00") {
		variable, value, _ := strings.Cut(pair, "=")
		found = append(found, ci.Output{Name: nameOf(t, variable), Value: value})
	}
	if len(found) == 2 && found[0].Name > found[1].Name {
		found[0], found[1] = found[1], found[0]
	}
	return found
}

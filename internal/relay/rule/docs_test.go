package rule_test

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/relay.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks returns the fenced blocks with this info string.
func blocks(text, info string) []string {
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+info+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

const (
	docSources = `
sources:
  bugs: {service: betterbugs, verify: none}
`
	docSource  = "  e2e: {service: currents, verify: none}\n"
	docTargets = "targets:\n  github: {service: github, token: env:T, repositories: [acme/web]}\n"
)

// TestPageLoads loads every YAML block of docs/relay.md, the parts of files in a
// file around them.
func TestPageLoads(t *testing.T) {
	t.Parallel()
	text := page(t)
	files := slices.Clone(blocks(text, "yaml"))
	for info, around := range map[string][2]string{
		"yaml sources": {docSources, docTargets + "rules: []\n"},
		"yaml targets": {docSources + docSource + docTargets, "rules: []\n"},
		"yaml rules":   {docSources + docSource + docTargets + "rules:\n", ""},
		"yaml own":     {docSources + docSource + docTargets + "rules: []\n", ""},
	} {
		parts := blocks(text, info)
		if len(parts) == 0 {
			t.Errorf("no block %s", info)
		}
		for _, part := range parts {
			files = append(files, around[0]+part+around[1])
		}
	}
	if want := strings.Count(text, "```yaml"); len(files) != want {
		t.Errorf("%d blocks were tried, the page has %d", len(files), want)
	}
	for _, file := range files {
		if _, err := rule.Load([]byte(file), lookup); err != nil {
			t.Errorf("%v in\n%s", err, file)
		}
	}
}

// TestPageExpressions compiles every expression of the page.
func TestPageExpressions(t *testing.T) {
	t.Parallel()
	for _, block := range blocks(page(t), "expr") {
		for line := range strings.Lines(block) {
			load(t, head+"  - name: x\n    do: dispatch\n    to: hub\n    with: {repository: acme/web}\n    when: |\n      "+line)
		}
	}
}

// TestPageDispatch holds the payload that the page shows to the one that is sent.
func TestPageDispatch(t *testing.T) {
	t.Parallel()
	var want map[string]any
	if err := json.Unmarshal([]byte(blocks(page(t), "json")[0]), &want); err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../../../docs/examples/relay.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f := load(t, string(example))
	for _, a := range f.Match(arrived(t, f, "e2e", "RUN_FINISH:failed", services.Options{})) {
		if a.Do != rule.Dispatch {
			continue
		}
		delete(a.Dispatch.ClientPayload, "run")
		sent, err := json.Marshal(a.Dispatch.ClientPayload)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(sent, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("payload (-on the page +sent):\n%s", diff)
		}
		return
	}
	t.Error("nothing was dispatched")
}

// TestPageFields holds the table of fields to the fields there are.
func TestPageFields(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(page(t), "| field | type | |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var got, want []string
	for line := range strings.Lines(table) {
		got = append(got, strings.Split(line, "`")[1])
	}
	fields := reflect.TypeFor[event.Event]()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		want = append(want, name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-there are +in the table):\n%s", diff)
	}
}

// TestPageKinds holds the table of kinds to what check lets pass.
func TestPageKinds(t *testing.T) {
	t.Parallel()
	for _, service := range append(source.Services(), rule.Relay) {
		row := regexp.MustCompile("(?m)^\\| `" + service + "` \\| (.*?) \\|").FindStringSubmatch(page(t))
		if row == nil {
			t.Errorf("no row for %s", service)
			continue
		}
		for _, kind := range event.Kinds() {
			name, sources := "s", "  s: {service: "+service+", verify: none, repository: acme/web}\n"
			if service == rule.Relay {
				name, sources = rule.Relay, "  s: {service: github, verify: none, repository: acme/web}\n"
			}
			_, err := rule.Load([]byte("sources:\n"+sources+docTargets+
				"rules:\n  - {name: x, source: "+name+", kind: "+string(kind)+", do: dispatch, to: github}\n"), lookup)
			if listed := strings.Contains(row[1], "`"+string(kind)+"`"); listed != (err == nil) {
				t.Errorf("%s, kind %s: in the table %v, check says %v", service, kind, listed, err)
			}
		}
	}
}

// TestPageKeys holds the tables of keys to the keys that check knows.
func TestPageKeys(t *testing.T) {
	t.Parallel()
	text := page(t)
	for section, nested := range map[string]string{
		"## Sources\n": "sources: {x: {zzzzzz: 1}}", "## Targets\n": "targets: {x: {zzzzzz: 1}}", "## Rules\n": "sources: {}\ntargets: {}\nrules: [{zzzzzz: 1}]",
	} {
		_, err := rule.Load([]byte(nested), lookup)
		if err == nil {
			t.Fatalf("%s: an unknown key was taken", section)
		}
		known := regexp.MustCompile(`unknown key "\w+": want one of (.*)`).FindStringSubmatch(err.Error())
		if known == nil {
			t.Fatalf("%s: %v", section, err)
		}
		_, part, _ := strings.Cut(text, section)
		part, _, _ = strings.Cut(part, "\n\n#")
		for key := range strings.SplitSeq(known[1], ", ") {
			if !strings.Contains(part, "`"+key+"`") {
				t.Errorf("%s does not tell of key %s", strings.TrimSpace(section), key)
			}
		}
	}
}

package main

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/sandbox"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/currents"
)

// block returns the fenced blocks of a page with this info string.
func block(page, info string) []string {
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+info+"\n(.*?)^```$").FindAllStringSubmatch(page, -1) {
		found = append(found, m[1])
	}
	return found
}

// TestWebhooksPage runs every command of docs/webhooks.md against the sandbox,
// with the file that the page shows, and compares the plan that it shows.
func TestWebhooksPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	const app = "4e5a1b8a1f2c3d4e"
	server := httptest.NewServer(sandbox.New(sandbox.Script{
		Currents: currents.Script{Projects: []string{"Ij0RfK", currents.DefaultProject}}, Bitrise: bitrise.Script{Apps: []string{app}},
	}))
	defer server.Close()
	api := map[string]string{
		"project-id: Ij0RfK": server.URL + sandbox.CurrentsPath, "app-slug: " + app: server.URL + sandbox.BitrisePath,
	}
	file := block(page, "yaml")[0]
	for key, address := range api {
		file = strings.Replace(file, "    "+key+"\n", "    "+key+"\n    api-url: "+address+"\n", 1)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "relay.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(command, id string) (string, error) {
		command = strings.Replace(command, "--service bitrise", "--api-url "+server.URL+sandbox.BitrisePath+" --service bitrise", 1)
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "ID="+id, "CURRENTS_SECRET=swordfish", "BITRISE_SECRET=trout", "OTHER_SECRET=carp",
			currentsVariable+"="+currents.DefaultKey, bitriseVariable+"="+bitrise.DefaultToken)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	id, n := "", 0
	for _, commands := range block(page, "sh") {
		for command := range strings.Lines(commands) {
			n++
			out, err := run(command, id)
			switch {
			case strings.Contains(command, "--dry-run"):
				if diff := cmp.Diff(block(page, "text")[0], out); diff != "" || err == nil || err.Error() != "exit status 2" {
					t.Errorf("%s: %v (-on the page +printed):\n%s", command, err, diff)
				}
			case err != nil || strings.Contains(out, "swordfish"):
				t.Errorf("%s: %v\n%s", command, err, out)
			}
			if m := regexp.MustCompile(`created webhook (\S+) for source e2e`).FindStringSubmatch(out); m != nil {
				id = m[1]
			}
		}
	}
	if n != 9 {
		t.Errorf("%d commands were run, want 9", n)
	}
	tried := strings.Split(strings.TrimSpace(block(page, "console")[0]), "\n")
	out, err := run(strings.ReplaceAll(strings.TrimPrefix(tried[3], "$ "), "http://127.0.0.1:8787", server.URL), "")
	if err != nil || out != tried[4]+"\n" {
		t.Errorf("%s: %v\n%s", tried[3], err, out)
	}
}

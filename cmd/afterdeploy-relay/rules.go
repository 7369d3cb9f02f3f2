package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/afterdeploy/afterdeploy/internal/relay"
	"github.com/afterdeploy/afterdeploy/internal/relay/route"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

func loadRules(path string) (route.Rules, error) {
	return relay.LoadRules(relay.Options{Rules: path, Getenv: os.Getenv, ReadFile: os.ReadFile})
}

func checkCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Read the rules file and say everything that is wrong with it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rules, err := loadRules(path)
			var wrong *rule.Error
			if errors.As(err, &wrong) {
				for _, p := range wrong.Problems {
					fmt.Fprintf(cmd.OutOrStdout(), "%s:%s\n", path, p)
				}
				return fmt.Errorf("%s has %d faults", path, len(wrong.Problems))
			}
			if err != nil {
				return err
			}
			if err := relay.CheckTargets(rules.File); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d sources, %d targets, %d rules: good\n",
				path, len(rules.Sources), len(rules.File.Targets), len(rules.File.Rules))
			return nil
		},
	}
	cmd.Flags().StringVar(&path, "config", "relay.yaml", "Rules file.")
	return cmd
}

func tryCommand() *cobra.Command {
	var (
		path, name, file, output string
		headers                  []string
	)
	cmd := &cobra.Command{
		Use:   "try --source NAME --event FILE",
		Short: "Say what would happen with an event, and do nothing",
		Long: `Parse the body in FILE as if it had come to /hooks/NAME, and print what each
rule makes of it. Services that name the event in a header need it:
--header 'X-GitHub-Event: deployment_status'.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "text" && output != "json" {
				return fmt.Errorf("--output is %q: want text or json", output)
			}
			t, err := try(path, name, file, headers)
			if err != nil {
				return err
			}
			if output == "json" {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetIndent("", "  ")
				return encoder.Encode(t)
			}
			t.print(cmd.OutOrStdout())
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&path, "config", "relay.yaml", "Rules file.")
	f.StringVar(&name, "source", "", "Source, by its name in the rules file.")
	f.StringVar(&file, "event", "", "File with the request's body.")
	f.StringArrayVar(&headers, "header", nil, "Header of the request, as Name: value; may be repeated.")
	f.StringVarP(&output, "output", "o", "text", "text or json.")
	return cmd
}

func try(path, name, file string, headers []string) (trial, error) {
	rules, err := loadRules(path)
	if err != nil {
		return trial{}, err
	}
	src, ok := rules.Sources[name]
	if !ok {
		return trial{}, fmt.Errorf("--source is %q: want a source of %s", name, path)
	}
	body, err := os.ReadFile(file)
	if err != nil {
		return trial{}, fmt.Errorf("read --event: %w", err)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for _, h := range headers {
		key, value, ok := strings.Cut(h, ":")
		if !ok {
			return trial{}, fmt.Errorf("--header is %q: want Name: value", h)
		}
		header.Set(strings.TrimSpace(key), strings.TrimSpace(value))
	}
	// The secret is somebody else's; here nobody has to prove anything.
	if v := src.Config().Verify; v.Header != "" {
		header.Set(v.Header, "given")
	}
	e, err := src.Parse(source.Request{Method: http.MethodPost, Header: header, Body: body, Received: time.Now()})
	t := trial{Event: e, Ignored: rules.File.Ignores(e), Decisions: rules.File.Decide(e)}
	if err != nil {
		t.Problem = err.Error()
	}
	return t, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/afterdeploy/afterdeploy/internal/gha"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
)

// secretVariable holds the secret that a sent webhook vouches with.
const secretVariable = "AFTERDEPLOY_SANDBOX_SECRET"

func sendCommand() *cobra.Command {
	var o services.Options
	var to string
	var long strings.Builder
	for _, name := range services.Names() {
		fmt.Fprintf(&long, "\n  %-11s %s", name, strings.Join(services.Events(name), ", "))
	}
	cmd := &cobra.Command{
		Use:   "send SERVICE EVENT --to URL",
		Short: "Send a webhook as a service would",
		Long: `Send one webhook as its service sends it, signed or with a secret header where ` + secretVariable + `
holds the secret, and print the answer. Services and their events:
` + long.String(),
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Secret, o.Now = os.Getenv(secretVariable), time.Now()
			m, err := services.Make(args[0], args[1], o)
			if err != nil {
				return err
			}
			status, answer, err := deliver(cmd.Context(), m, to)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d %s\n", status, gha.Plain(answer))
			if status/100 != 2 {
				return errors.New("the webhook was not taken")
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&to, "to", "", "address to send to, such as http://127.0.0.1:8080/hooks/ci")
	f.StringVar(&o.Header, "header", "", "header that carries the secret, instead of a signature")
	f.StringVar(&o.Form, "form", "", "urlencoded or multipart, instead of JSON")
	f.StringVar(&o.Repository, "repository", "", "owner/name that the webhook is about")
	f.StringVar(&o.Commit, "commit", "", "commit that the webhook is about")
	f.StringVar(&o.Branch, "branch", "", "branch that the webhook is about")
	f.StringVar(&o.URL, "url", "", "URL of the deployed application")
	f.IntVar(&o.Serial, "serial", 0, "number of the build, run, bug or delivery; another one is another subject")
	if err := cmd.MarkFlagRequired("to"); err != nil {
		panic(err) // the flag is declared above
	}
	return cmd
}

// mostAnswer is how much of an answer is shown, in bytes.
const mostAnswer = 64 << 10

// deliver sends a webhook once, as the services do.
func deliver(ctx context.Context, m services.Message, to string) (status int, answer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := m.Request(ctx, to)
	if err != nil {
		return 0, "", fmt.Errorf("make the webhook: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", fmt.Errorf("send the webhook: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return 0, "", fmt.Errorf("read the answer: %w", err)
	}
	return resp.StatusCode, strings.TrimSpace(string(body)), nil
}

package ci

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// setByEnvman sets environment variables by Bitrise's envman. It reads a value
// from a pipe, and would put variables in for $NAME in it unless told not to
// (github.com/bitrise-io/envman, cli/add.go).
func setByEnvman(ctx context.Context, outputs []Output) error {
	for _, o := range outputs {
		if err := help(ctx, o.Value, "envman", "add", "--key", Variable(o.Name), "--no-expand"); err != nil {
			return err
		}
	}
	return nil
}

// setMetaData sets meta-data of a Buildkite build, afterdeploy:NAME for each
// output. The agent reads a value from standard input where there is no
// argument, and refuses one that is blank (buildkite.com/docs/agent/cli/reference/meta-data).
func setMetaData(ctx context.Context, outputs []Output) error {
	for _, o := range outputs {
		if strings.TrimSpace(o.Value) == "" {
			continue
		}
		if err := help(ctx, o.Value, "buildkite-agent", "meta-data", "set", "afterdeploy:"+o.Name); err != nil {
			return err
		}
	}
	return nil
}

// annotate puts Markdown above a Buildkite build, once for each of its steps: a
// step that runs again replaces what it said.
func annotate(ctx context.Context, step string, style Style, markdown string) error {
	return help(ctx, markdown, "buildkite-agent", "annotate", "--style", string(style), "--context", "afterdeploy-"+step)
}

// The most that a helper program's complaint is quoted with, in bytes, and how
// long one may still hold its streams open once it was stopped.
const (
	mostSaid = 500
	grace    = time.Second
)

// help runs a program that the CI puts into the PATH of its steps. What foreign
// text there is goes in by a pipe: arguments show in the list of processes.
func help(ctx context.Context, stdin, name string, args ...string) error {
	program, err := exec.LookPath(name)
	if err != nil {
		return fmt.Errorf("%s is not there: want it in PATH, as in steps that run in no container of their own", name)
	}
	said := new(bytes.Buffer)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin, cmd.Stderr, cmd.WaitDelay = strings.NewReader(stdin), said, grace
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s took too long: %w", name, context.Cause(ctx))
	case errors.As(err, new(*exec.ExitError)):
		text := strings.TrimSpace(strings.ToValidUTF8(said.String(), "\ufffd"))
		return fmt.Errorf("%s: %w: %s", strings.Join(append([]string{name}, args[:min(2, len(args))]...), " "), err, text[max(0, len(text)-mostSaid):])
	}
	return err
}

// Command tool does the release's own work; the workflow of that name and
// docs/releasing.md say in which order.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/release"
)

const usage = `usage, in the directory of the tree:

  tool go                                    print the release of Go to build with
  tool check [VERSION]                       does the tree fit together, is it ready for VERSION
  tool notes VERSION                         print what the change log says of it
  tool build VERSION DIR [PROGRAM]           write archives and SHA256SUMS into DIR
  tool push [flags] VERSION DIR REGISTRY     assemble images from DIR, print their digests
  tool pin VERSION DIGEST DIR                name the image and the archives in the tree
  tool point VERSION COMMIT                  have the reusable workflows use COMMIT`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release: "+err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	commands := map[string]func(context.Context, []string, io.Writer) error{
		"go": goVersion, "check": check, "notes": notes, "build": build, "push": push, "pin": pin, "point": point,
	}
	command, found := commands[args[0]]
	if !found {
		return fmt.Errorf("command %q\n%s", args[0], usage)
	}
	return command(ctx, args[1:], out)
}

const here = release.Tree(".")

// words checks how many arguments there are, and reads the first as a version.
func words(args []string, least, most int) (release.Version, error) {
	if len(args) < least || len(args) > most {
		return "", fmt.Errorf("%d arguments\n%s", len(args), usage)
	}
	return release.ParseVersion(args[0])
}

func goVersion(_ context.Context, _ []string, out io.Writer) error {
	dockerfile, err := os.ReadFile("Dockerfile")
	if err != nil {
		return err
	}
	version, err := release.GoVersion(string(dockerfile))
	if err != nil {
		return err
	}
	fmt.Fprintln(out, version)
	return nil
}

func check(_ context.Context, args []string, _ io.Writer) error {
	if len(args) == 0 {
		return here.Check()
	}
	version, err := words(args, 1, 1)
	if err != nil {
		return err
	}
	return here.CheckBefore(version)
}

func notes(_ context.Context, args []string, out io.Writer) error {
	version, err := words(args, 1, 1)
	if err != nil {
		return err
	}
	text, err := here.Notes(version)
	fmt.Fprint(out, text)
	return err
}

func build(ctx context.Context, args []string, _ io.Writer) error {
	version, err := words(args, 2, 3)
	if err != nil {
		return err
	}
	programs := release.Programs()
	if len(args) == 3 {
		program, err := release.ProgramNamed(args[2])
		if err != nil {
			return err
		}
		programs = []release.Program{program}
	}
	return release.Builder{Tree: ".", Version: version, Env: os.Environ()}.Archives(ctx, programs, args[1])
}

func push(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("push", flag.ContinueOnError)
	commit := flags.String("commit", "", "`hash` of the commit")
	created := flags.Int64("created", 0, "time of the commit, in `seconds` since 1970")
	if err := flags.Parse(args); err != nil {
		return err
	}
	version, err := words(flags.Args(), 3, 3)
	if err != nil {
		return err
	}
	dockerfile, err := os.ReadFile("Dockerfile")
	if err != nil {
		return err
	}
	base, certificates, err := release.Images(string(dockerfile))
	if err != nil {
		return err
	}
	pusher := release.Pusher{
		Version: version, Archive: flags.Arg(1), Base: base, Certificates: certificates,
		Commit: *commit, Created: time.Unix(*created, 0),
	}
	for _, recipe := range release.Recipes() {
		digest, err := pusher.Push(ctx, recipe, fmt.Sprintf("%s/%s:%s", flags.Arg(2), recipe.Program, version))
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s=%s\n", recipe.Program, digest)
	}
	return nil
}

func pin(_ context.Context, args []string, _ io.Writer) error {
	version, err := words(args, 3, 3)
	if err != nil {
		return err
	}
	checksums, err := release.Verify(args[2])
	if err != nil {
		return err
	}
	return here.Pin(version, args[1], checksums)
}

func point(_ context.Context, args []string, _ io.Writer) error {
	version, err := words(args, 2, 2)
	if err != nil {
		return err
	}
	return here.Point(version, args[1])
}

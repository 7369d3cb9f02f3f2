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
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/release"
)

const usage = `usage, in the directory of the tree:

  tool prepare VERSION                       write the change that goes before a release
  tool check [VERSION]                       does the tree fit together, is it ready for VERSION
  tool notes VERSION                         print what the change log says of it
  tool build VERSION DIR [PROGRAM]           write what is released into DIR
  tool push [flags] VERSION DIR REGISTRY [PROGRAM]
                                             assemble images from DIR, print their digests
  tool pin VERSION DIGEST DIR                name the image and the archives in the tree
  tool move VERSION REGISTRY PROGRAM=DIGEST...
                                             point the images' tag of the major version at
                                             what push printed`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release: "+err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	commands := map[string]func(context.Context, []string, io.Writer) error{
		"check": check, "notes": notes, "build": build, "push": push, "pin": pin, "move": move, "prepare": prepare,
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

func prepare(_ context.Context, args []string, _ io.Writer) error {
	version, err := words(args, 1, 1)
	if err != nil {
		return err
	}
	return here.Prepare(version, time.Now().UTC().Format(time.DateOnly))
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
	dockerfile, err := os.ReadFile("Dockerfile")
	if err != nil {
		return err
	}
	want, err := release.GoVersion(string(dockerfile))
	if err != nil {
		return err
	}
	if got := runtime.Version(); got != "go"+want {
		return fmt.Errorf("this is %s, and a release is built with what the Dockerfile names: set GOTOOLCHAIN=go%s", got, want)
	}
	programs := slices.DeleteFunc(release.Programs(), func(p release.Program) bool { return !chosen(args[2:], p.Name) })
	return release.Builder{Tree: ".", Version: version, Env: os.Environ()}.Release(ctx, programs, args[1])
}

// chosen reports whether a program is meant: the one that the last argument
// names, or all where there is none.
func chosen(last []string, name string) bool { return len(last) == 0 || last[0] == name }

func push(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("push", flag.ContinueOnError)
	commit := flags.String("commit", "", "`hash` of the commit")
	created := flags.Int64("created", 0, "time of the commit, in `seconds` since 1970")
	if err := flags.Parse(args); err != nil {
		return err
	}
	version, err := words(flags.Args(), 3, 4)
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
		if !chosen(flags.Args()[3:], recipe.Program) {
			continue
		}
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

func move(ctx context.Context, args []string, _ io.Writer) error {
	version, err := words(args, 3, 2+len(release.Recipes()))
	if err != nil {
		return err
	}
	for _, pushed := range args[2:] {
		program, digest, _ := strings.Cut(pushed, "=")
		if err := release.Move(ctx, args[1]+"/"+program, digest, version.Major()); err != nil {
			return err
		}
	}
	return nil
}

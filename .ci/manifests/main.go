// Command manifests reads compose files and Kubernetes manifests as the
// programs that use them do, and refuses what they would not understand.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/loader"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: manifests FILE...")
		os.Exit(2)
	}
	var errs []error
	for _, path := range os.Args[1:] {
		check := kubernetes
		if filepath.Base(path) == "compose.yaml" {
			check = compose
		}
		said, err := check(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
			continue
		}
		fmt.Printf("%s: %s\n", path, said)
	}
	if err := errors.Join(errs...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// compose loads a compose file with the loader of docker compose, which checks
// it against the specification's schema.
func compose(path string) (string, error) {
	options, err := cli.NewProjectOptions([]string{path}, cli.WithOsEnv, cli.WithEnv([]string{"RELAY_HOST=hooks.example.com"}), withoutEnvFiles)
	if err != nil {
		return "", err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return "", err
	}
	return fmt.Sprint("services ", project.ServiceNames()), nil
}

// withoutEnvFiles leaves files with secrets alone, which stand beside the
// compose file of a user only.
func withoutEnvFiles(o *cli.ProjectOptions) error {
	return cli.WithLoadOptions(func(l *loader.Options) { l.SkipResolveEnvironment = true })(o)
}

// kubernetes decodes every document into its own type, and takes a field that
// the type does not have for a mistake, as a strict API server does.
func kubernetes(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{apps.AddToScheme, core.AddToScheme, networking.AddToScheme, policy.AddToScheme} {
		if err := add(scheme); err != nil {
			return "", err
		}
	}
	strict := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	var kinds []string
	documents := yaml.NewDocumentDecoder(file)
	defer documents.Close()
	buffer := make([]byte, 1<<20)
	for {
		n, err := documents.Read(buffer)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		_, kind, err := strict.Decode(buffer[:n], nil, nil)
		if err != nil {
			return "", err
		}
		kinds = append(kinds, kind.Kind)
	}
	if len(kinds) == 0 {
		return "", errors.New("holds no document")
	}
	return fmt.Sprint(kinds), nil
}

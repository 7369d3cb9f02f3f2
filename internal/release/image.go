package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// bundle is where the certificates of authorities lie, in an image.
const bundle = "etc/ssl/certs/ca-certificates.crt"

// Pusher assembles images from the programs in a release's archives, so that an
// image holds the very bytes that the archive of its platform holds. Each image
// is one layer on its base, and the index is the same for the same archives.
type Pusher struct {
	Version Version
	Archive string // directory with the archives
	// Base is the image below, Certificates one that holds the bundle; both are
	// references with a digest.
	Base, Certificates string
	// Commit and Created say what the image was made from.
	Commit  string
	Created time.Time
}

// Push publishes the index of a program's images under a tag, such as
// ghcr.io/afterdeploy/afterdeploy:v1.2.3, and returns its digest.
func (p Pusher) Push(ctx context.Context, recipe Recipe, tag string) (string, error) {
	ref, err := name.NewTag(tag, name.StrictValidation)
	if err != nil {
		return "", err
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
	index, err := p.index(recipe, options)
	if err != nil {
		return "", err
	}
	if err := remote.WriteIndex(ref, index, options...); err != nil {
		return "", err
	}
	digest, err := index.Digest()
	return digest.String(), err
}

func (p Pusher) index(recipe Recipe, options []remote.Option) (v1.ImageIndex, error) {
	certificates, err := certificates(p.Certificates, options)
	if err != nil {
		return nil, fmt.Errorf("certificates of %s: %w", p.Certificates, err)
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, platform := range platforms("linux") {
		image, err := p.image(recipe, platform, certificates, options)
		if err != nil {
			return nil, fmt.Errorf("image of %s for %v: %w", recipe.Program, platform, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: platform.OS, Architecture: platform.Arch},
		}})
	}
	return index, nil
}

func (p Pusher) image(recipe Recipe, platform Platform, certificates []byte, options []remote.Option) (v1.Image, error) {
	program, err := p.program(recipe.Program, platform)
	if err != nil {
		return nil, err
	}
	ref, err := name.NewDigest(p.Base)
	if err != nil {
		return nil, err
	}
	base, err := remote.Image(ref, append(options, remote.WithPlatform(v1.Platform{OS: platform.OS, Architecture: platform.Arch}))...)
	if err != nil {
		return nil, err
	}
	layer, err := newLayer(recipe.layer(program, certificates))
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(base, layer)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = platform.OS, platform.Arch
	config.Created = v1.Time{Time: p.Created.UTC()}
	config.History = nil // it would tell of times and builders
	config.Config = recipe.config(p.Version, p.Commit, config.Config.Env)
	return mutate.ConfigFile(image, config)
}

// program reads a program out of its archive.
func (p Pusher) program(program string, platform Platform) ([]byte, error) {
	packed, err := os.ReadFile(filepath.Join(p.Archive, archive(program, p.Version, platform)))
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return member(z, program)
}

// certificates reads the bundle from the topmost layer of an image that has it.
func certificates(image string, options []remote.Option) ([]byte, error) {
	ref, err := name.NewDigest(image)
	if err != nil {
		return nil, err
	}
	from, err := remote.Image(ref, options...)
	if err != nil {
		return nil, err
	}
	content := mutate.Extract(from)
	defer content.Close()
	return member(content, bundle)
}

// member returns the content of a file in a tar archive.
func member(archive io.Reader, name string) ([]byte, error) {
	r := tar.NewReader(archive)
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("no file %q", name)
		}
		if err != nil {
			return nil, err
		}
		if filepath.Clean(header.Name) == name && header.Typeflag == tar.TypeReg {
			return io.ReadAll(r)
		}
	}
}

// newLayer compresses a tar archive into a layer.
func newLayer(entries []entry) (v1.Layer, error) {
	var content bytes.Buffer
	if err := writeTar(&content, entries); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.BestCompression))
}

package release

import (
	"context"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Move points a tag of a repository, such as v1, at an index that is there, by
// its digest: whatever has become of other tags, it is what was verified.
func Move(ctx context.Context, repository, digest, tag string) error {
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
	from, err := name.NewDigest(repository+"@"+digest, name.StrictValidation)
	if err != nil {
		return err
	}
	to, err := name.NewTag(repository+":"+tag, name.StrictValidation)
	if err != nil {
		return err
	}
	index, err := remote.Get(from, options...)
	if err != nil {
		return err
	}
	return remote.Tag(to, index, options...)
}

package release

import (
	"context"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Move points a tag of a repository, such as v1, at the very index that another
// one names.
func Move(ctx context.Context, repository string, version Version, tag string) error {
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
	from, err := name.NewTag(repository+":"+string(version), name.StrictValidation)
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

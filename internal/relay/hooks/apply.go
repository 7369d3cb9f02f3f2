package hooks

import (
	"context"
	"fmt"
)

// Done is what became of a step.
type Done struct {
	Step
	Err error
}

// Apply carries out a plan, step by step, and goes on where one fails. Tell is
// called after each.
func (p Plan) Apply(ctx context.Context, tell func(Done)) error {
	failed := 0
	for _, s := range p.Steps {
		id, err := s.apply(ctx)
		if err != nil {
			failed++
		}
		if s.ID == "" {
			s.ID = id
		}
		tell(Done{s, err})
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d changes were not made: what was made stays, and the next sync makes the rest", failed, len(p.Steps))
	}
	return nil
}

// apply carries out one step and returns the webhook's identifier.
func (s Step) apply(ctx context.Context) (string, error) {
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	switch s.Do {
	case Create:
		made, err := s.place.Create(ctx, s.want)
		return made.ID, err
	case Update:
		_, err := s.place.Update(ctx, s.ID, whole(s.want))
		return s.ID, err
	case Delete:
		return s.ID, s.place.Delete(ctx, s.ID)
	}
	return "", fmt.Errorf("verb %q: want create, update or delete", s.Do)
}

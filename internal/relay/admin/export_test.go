package admin

import (
	"maps"
	"net/http"
	"slices"
)

// Patterns lists what the back door answers.
func Patterns() []string {
	h := &handler{Options: Options{Metrics: http.NotFoundHandler()}}
	return append(slices.Sorted(maps.Keys(h.public())), slices.Sorted(maps.Keys(h.private()))...)
}

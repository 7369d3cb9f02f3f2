package release

import (
	"encoding/json"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
)

// The parts of CycloneDX 1.6 that say what a program is made of. There is no
// serial number and no time, so that the same program has the same bill.
type (
	bill struct {
		Format     string      `json:"bomFormat"`
		Spec       string      `json:"specVersion"`
		Version    int         `json:"version"`
		Metadata   metadata    `json:"metadata"`
		Components []component `json:"components"`
	}
	metadata struct {
		Component component `json:"component"`
	}
	component struct {
		Type    string `json:"type"`
		Ref     string `json:"bom-ref"`
		Name    string `json:"name"`
		Version string `json:"version"`
		URL     string `json:"purl"`
	}
)

// Bill returns the software bill of materials of a program: the modules that
// the linker wrote into it, for any platform, Go's own library, and the image
// below its own, "" for none.
func Bill(program string, version Version, builds []*debug.BuildInfo, base string) ([]byte, error) {
	parts := map[string]component{}
	add := func(kind, name, version, url string) {
		parts[url] = component{kind, url, name, version, url}
	}
	for _, info := range builds {
		toolchain := strings.TrimPrefix(info.GoVersion, "go")
		add("library", "std", toolchain, "pkg:golang/std@"+toolchain)
		for _, m := range info.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			add("library", m.Path, m.Version, "pkg:golang/"+m.Path+"@"+m.Version)
		}
	}
	if base != "" {
		named, digest, _ := strings.Cut(base, "@")
		image, tag, _ := strings.Cut(named, ":")
		add("container", image, tag, "pkg:oci/"+image+"@"+strings.Replace(digest, ":", "%3A", 1))
	}
	const module = "github.com/afterdeploy/afterdeploy"
	self := "pkg:golang/" + module + "@" + string(version) + "#cmd/" + program
	b := bill{"CycloneDX", "1.6", 1, metadata{component{"application", self, program, string(version), self}}, nil}
	for _, url := range slices.Sorted(maps.Keys(parts)) {
		b.Components = append(b.Components, parts[url])
	}
	text, err := json.MarshalIndent(b, "", "  ")
	return append(text, '\n'), err
}

package bugster

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

// ProjectID reads the project from a repository's .bugster/config.yaml. It
// returns "" where the file names none. An error has line and column, and no
// text of the file, which may hold the credentials of test users.
func ProjectID(config []byte) (string, error) {
	var file struct {
		ProjectID string `yaml:"project_id"`
	}
	if err := yaml.Unmarshal(config, &file); err != nil {
		return "", fmt.Errorf("read .bugster/config.yaml: %w", errors.New(yaml.FormatError(err, false, false)))
	}
	return strings.TrimSpace(file.ProjectID), nil
}

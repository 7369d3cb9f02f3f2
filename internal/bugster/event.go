package bugster

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// Event is one deployment to tell the service about.
type Event struct {
	Deployment     deploy.Deployment
	ProjectID      string
	OrganizationID string
	// CorrelationID goes with every attempt, so that the service's operators
	// can see which belong together.
	CorrelationID string
}

// payload is the documented JSON, in the documented order.
type payload struct {
	State          string `json:"deployment_state"`
	ProjectID      string `json:"project_id"`
	OrganizationID string `json:"organization_id"`
	Commit         string `json:"commit_sha,omitempty"`
	Branch         string `json:"branch,omitempty"`
	URL            string `json:"environment_url,omitempty"`
	Environment    string `json:"environment,omitempty"`
}

// Body is the request's body for an event: exactly one of commit_sha and
// branch, and no field that is not known. It refuses a deployment that names
// neither, and one without a state, which the service takes for a success.
func Body(e Event) ([]byte, error) {
	switch {
	case e.Deployment.Ref.IsZero():
		return nil, errors.New("the deployment names no commit and no branch: want one of them")
	case e.Deployment.State == "":
		return nil, errors.New("the deployment has no state: want one to send")
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(payload{
		State:          string(e.Deployment.State),
		ProjectID:      e.ProjectID,
		OrganizationID: e.OrganizationID,
		Commit:         e.Deployment.Ref.Commit(),
		Branch:         e.Deployment.Ref.Branch(),
		URL:            e.Deployment.URL,
		Environment:    e.Deployment.Environment,
	})
	return bytes.TrimSpace(out.Bytes()), err
}

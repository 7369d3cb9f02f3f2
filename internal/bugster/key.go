package bugster

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// CheckKey refuses a key that cannot be a header's value, before anything is
// sent. The key itself is not part of the error.
func CheckKey(key secret.String) error {
	for i, r := range key.Reveal() {
		switch {
		case unicode.IsSpace(r):
			return fmt.Errorf("the key has white space at character %d: want the key alone; was more than the key copied?", i+1)
		case r < 0x21 || r > 0x7e:
			return fmt.Errorf("the key has a character that no key has, at %d: want printable ASCII; was it copied from formatted text?", i+1)
		}
	}
	return nil
}

// OtherOrganization reports whether the key seems to be made for another
// organization than the given one. A key is "bugster_", 16 characters, the
// organization without "org_", and 16 characters more (Bugster's command line
// reads it so). Since the form is not documented, the finding is good for a
// warning only; and since what stands in the middle may as well be secret, it
// is not returned.
func OtherOrganization(key secret.String, organization string) bool {
	const edge = 16
	rest, isKey := strings.CutPrefix(key.Reveal(), "bugster_")
	given, isID := strings.CutPrefix(organization, "org_")
	if !isKey || !isID || given == "" || len(rest) != edge+len(given)+edge {
		return false
	}
	embedded := rest[edge : len(rest)-edge]
	return embedded != given && !strings.HasPrefix(rest, "org_") && !strings.ContainsFunc(embedded, notAlphanumeric)
}

func notAlphanumeric(r rune) bool {
	return !('0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
}

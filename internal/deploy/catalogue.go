package deploy

// Catalogue describes every reason, grouped by outcome.
func Catalogue() []Entry {
	return []Entry{
		{ReasonProcessed, Triggered, "The service answered that it processed the event.", ""},

		{ReasonTestsPassed, Passed, "All results that appeared on the commit are good, and at least one is a success.", ""},

		{ReasonStateNotSent, Skipped, "The deployment is in a state that is not sent.", "Nothing to do: the run for the final state follows. To send other states too, list them in send-states."},
		{ReasonUnknownState, Skipped, "The event carries a state that is missing or that nobody documents, so it is not taken for a success.", "Give deployment-state if you know what the word means, and tell us about it."},
		{ReasonEnvironmentNotListed, Skipped, "The environment matches no pattern of the environments input.", "To test it too, add a pattern that matches its name."},
		{ReasonNoKey, Skipped, "There is no API key, as is usual for runs of forks and of Dependabot: GitHub gives them no secrets.", "Nothing to do. For Dependabot, the key can be added as a Dependabot secret. To fail instead, set on-missing-key: fail."},
		{ReasonBotBranch, Skipped, "The test service's own bot made this branch or event; testing it would go in a circle.", "To test it all the same, set skip-bot-branches: false."},
		{ReasonBranchDeleted, Skipped, "The event tells of a branch or tag that was deleted; there is nothing to test.", ""},
		{ReasonNoProject, Skipped, "No line of the projects input matches the environment, and there is no project-id to fall back to.", "Add a line that matches, or set project-id."},
		{ReasonServiceSkipped, Skipped, "The service accepted the event and says that it skips it.", "Look at the service's message, and at Project Settings > Integrations."},
		{ReasonAlreadyLive, Skipped, "This deployment already had a success with the same URL; hosts repeat statuses.", "To test it again, re-run this workflow run, or set once: false."},
		{ReasonNoted, Skipped, "The service took note of a state other than success; it runs tests on success only.", ""},

		{ReasonDryRun, DryRun, "dry-run is on: what would be sent is shown, and nothing was sent.", "Remove dry-run to send it."},
		{ReasonEventRead, DryRun, "dry-run is on, and the event passes on what a service reported: the outputs tell it, and nothing was sent.", ""},

		{ReasonTestsFailed, Failed, "A result on the commit is not a success.", "Open the result and look at the failing tests."},

		{ReasonInvalidInput, Invalid, "One or more inputs are wrong.", "Correct the inputs named above; all mistakes are listed at once."},
		{ReasonKeyMissing, Invalid, "There is no API key.", "Give api-key: ${{ secrets.BUGSTER_API_KEY }}, and check that the secret exists in this repository, organization or environment (Bugster: Settings > API Keys)."},
		{ReasonNoRef, Invalid, "The event names no deployed commit or branch.", "Give commit-sha or branch."},
		{ReasonNoURL, Invalid, "No URL of the deployed application is known.", "Give environment-url, or let find-deployment: true look for it."},
		{ReasonPermission, Invalid, "The workflow's token may not read what this run was asked to read.", "Add the permissions shown above to the job."},

		{ReasonRefused, Rejected, "The service refused the request.", "Look at the service's message and code."},
		{ReasonUnauthorized, Rejected, "The service does not accept the API key.", "Check the secret behind api-key: Bugster, Settings > API Keys. A key that was rotated or copied in part looks like this."},
		{ReasonForbidden, Rejected, "The API key may not do this.", "Check that the key belongs to the organization in organization-id (Bugster: Settings > API Keys)."},
		{ReasonInvalidProject, Rejected, "The service does not know the project in this organization.", "Compare project-id and organization-id with Project Settings > General in Bugster."},
		{ReasonNoBugsterFolder, Rejected, "The service found no .bugster folder in the repository, so it has no tests to run.", "Commit the .bugster folder on the branch that is deployed, and check that the Bugster GitHub App may read this repository."},
		{ReasonRedirected, Rejected, "The service answered with a redirect. It was not followed: the API key goes to one host only, and a redirected POST may lose its body.", "Put the final address into api-url."},

		{ReasonDNS, Unreachable, "The service's host name could not be resolved.", "Check api-url, and the runner's network."},
		{ReasonConnect, Unreachable, "No connection to the service could be made.", "Check api-url, the runner's network and proxy, and the service's status."},
		{ReasonTLS, Unreachable, "The encrypted connection to the service could not be set up.", "Check that api-url is an https address, and that no proxy breaks the connection."},
		{ReasonCertificate, Unreachable, "The service's certificate is not trusted.", "If a proxy or a private CA signed it, give its certificate in ca-cert."},
		{ReasonRateLimited, Unreachable, "The service asked to slow down, for longer than this run may wait.", "Run again later."},
		{ReasonBusy, Unreachable, "The service asked to come back later, and later is after this run's time.", "Run again later."},

		{ReasonNoAnswer, Unknown, "The request was sent, and no answer came back. Tests may have started.", "Look at the service's dashboard before running again. To allow or forbid a second try, see retry-ambiguous."},
		{ReasonServerError, Unknown, "The service failed while it handled the request. Tests may have started.", "Look at the service's dashboard before running again."},
		{ReasonUnrecognisedAnswer, Unknown, "The service answered with something that is not in its documented form.", "Check that api-url is the service's API and not a web page or a proxy."},
		{ReasonAnswerTooLarge, Unknown, "The service's answer is larger than any answer it documents.", "Check that api-url is the service's API and not a web page or a proxy."},
		{ReasonFault, Unknown, "A fault in afterdeploy ended the run. Tests may have started.", "Look at the service's dashboard before running again, and please report the fault with this step's log."},

		{ReasonNotAnswering, NotReady, "The application did not answer as expected in time.", "Open the URL; check wait-for-url, expect-status and the host's deployment log."},
		{ReasonWall, NotReady, "The application is behind a login or another protection.", "Give the protection's bypass secret in request-headers."},
		{ReasonOldVersion, NotReady, "The application answers, and to the end with another version than the one deployed.", "Check the host's deployment, and that version-url shows the version that expect-version names."},
		{ReasonDeploymentFailed, NotReady, "The host reported that the deployment failed.", "Look at the host's deployment log."},
		{ReasonDeploymentNotFound, NotReady, "No deployment of this commit became live in time.", "Check environments (or find-status) against the deployments listed above."},
		{ReasonSeveralDeployments, NotReady, "Several deployments of this commit match, and nothing says which to test.", "Narrow environments so that one of the deployments listed above is left."},

		{ReasonDeadline, TimedOut, "The run's timeout passed.", "Give a longer timeout if the wait was not yet hopeless."},
		{ReasonNoResult, TimedOut, "No result appeared on the commit in time.", "Check result-app and result-name against what appears on the commit, or give a longer result-appear."},

		{ReasonSignal, Interrupted, "The run was cancelled from outside.", ""},
	}
}

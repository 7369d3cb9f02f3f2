package origin

// services lists the CI services that are known, each with the variables that
// it documents, and where. GitHub, Gitea and Forgejo are not among them: they
// send events.
func services() []service {
	return []service{
		{ // docs.gitlab.com/ci/variables/predefined_variables
			name: "gitlab", mark: []string{"GITLAB_CI"},
			commit: []string{"CI_COMMIT_SHA"}, branch: []string{"CI_COMMIT_BRANCH"}, tag: "CI_COMMIT_TAG",
			pull:       []string{"CI_MERGE_REQUEST_IID", "CI_EXTERNAL_PULL_REQUEST_IID"},
			pullCommit: []string{"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA"},
			pullBranch: []string{"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME"},
			head:       "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", base: "CI_MERGE_REQUEST_PROJECT_PATH",
			environment: "CI_ENVIRONMENT_NAME", site: "CI_ENVIRONMENT_URL", status: "CI_JOB_STATUS",
			event: "CI_PIPELINE_SOURCE", actor: "GITLAB_USER_LOGIN", defaultBranch: "CI_DEFAULT_BRANCH",
			runID: "CI_JOB_ID", runURL: "CI_JOB_URL",
		},
		{ // circleci.com/docs/reference/variables
			name: "circleci", mark: []string{"CIRCLECI"},
			commit: []string{"CIRCLE_SHA1"}, branch: []string{"CIRCLE_BRANCH"}, tag: "CIRCLE_TAG",
			pull:       []string{"CIRCLE_PULL_REQUEST", "CIRCLE_PR_NUMBER"},
			pullCommit: []string{"CIRCLE_SHA1"}, pullBranch: []string{"CIRCLE_BRANCH"}, fork: "CIRCLE_PR_REPONAME",
			clone: "CIRCLE_REPOSITORY_URL", actor: "CIRCLE_USERNAME",
			runID: "CIRCLE_WORKFLOW_JOB_ID", runURL: "CIRCLE_BUILD_URL",
		},
		{ // support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets
			name: "bitbucket", mark: []string{"BITBUCKET_BUILD_NUMBER"},
			commit: []string{"BITBUCKET_COMMIT"}, branch: []string{"BITBUCKET_BRANCH"}, tag: "BITBUCKET_TAG",
			pull: []string{"BITBUCKET_PR_ID"}, pullCommit: []string{"BITBUCKET_COMMIT"}, pullBranch: []string{"BITBUCKET_BRANCH"},
			environment: "BITBUCKET_DEPLOYMENT_ENVIRONMENT", good: "BITBUCKET_EXIT_CODE=0",
			runID: "BITBUCKET_STEP_UUID",
		},
		{ // learn.microsoft.com/azure/devops/pipelines/build/variables
			name: "azure", mark: []string{"TF_BUILD"},
			commit: []string{"BUILD_SOURCEVERSION"}, branch: []string{"BUILD_SOURCEBRANCH"},
			pull:       []string{"SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "SYSTEM_PULLREQUEST_PULLREQUESTID"},
			pullCommit: []string{"SYSTEM_PULLREQUEST_SOURCECOMMITID"}, pullBranch: []string{"SYSTEM_PULLREQUEST_SOURCEBRANCH"},
			fork:        "SYSTEM_PULLREQUEST_ISFORK",
			environment: "ENVIRONMENT_NAME", clone: "BUILD_REPOSITORY_URI", status: "AGENT_JOBSTATUS",
			event: "BUILD_REASON", actor: "BUILD_REQUESTEDFOR", runID: "BUILD_BUILDID",
		},
		{ // buildkite.com/docs/pipelines/configure/environment-variables
			name: "buildkite", mark: []string{"BUILDKITE"},
			commit: []string{"BUILDKITE_COMMIT"}, branch: []string{"BUILDKITE_BRANCH"}, tag: "BUILDKITE_TAG",
			pull:       []string{"BUILDKITE_PULL_REQUEST"},
			pullCommit: []string{"BUILDKITE_COMMIT"}, pullBranch: []string{"BUILDKITE_BRANCH"},
			head: "BUILDKITE_PULL_REQUEST_REPO", base: "BUILDKITE_REPO",
			environment: "BUILDKITE_GITHUB_DEPLOYMENT_ENVIRONMENT",
			clone:       "BUILDKITE_REPO", good: "BUILDKITE_COMMAND_EXIT_STATUS=0",
			event: "BUILDKITE_SOURCE", actor: "BUILDKITE_BUILD_CREATOR", defaultBranch: "BUILDKITE_PIPELINE_DEFAULT_BRANCH",
			runID: "BUILDKITE_JOB_ID", runURL: "BUILDKITE_BUILD_URL",
		},
		{ // docs.bitrise.io/en/bitrise-ci/references/available-environment-variables.html
			name: "bitrise", mark: []string{"BITRISE_BUILD_SLUG"},
			commit: []string{"BITRISE_GIT_COMMIT", "GIT_CLONE_COMMIT_HASH"}, branch: []string{"BITRISE_GIT_BRANCH"}, tag: "BITRISE_GIT_TAG",
			pull:       []string{"BITRISE_PULL_REQUEST"},
			pullCommit: []string{"BITRISE_GIT_COMMIT"}, pullBranch: []string{"BITRISE_GIT_BRANCH"},
			head: "BITRISEIO_PULL_REQUEST_REPOSITORY_URL", base: "GIT_REPOSITORY_URL",
			clone: "GIT_REPOSITORY_URL", good: "BITRISE_BUILD_STATUS=0",
			runID: "BITRISE_BUILD_SLUG", runURL: "BITRISE_BUILD_URL",
		},
		{ // docs.travis-ci.com/user/environment-variables
			name: "travis", mark: []string{"TRAVIS"},
			commit: []string{"TRAVIS_COMMIT"}, branch: []string{"TRAVIS_BRANCH"}, tag: "TRAVIS_TAG",
			pull:       []string{"TRAVIS_PULL_REQUEST"},
			pullCommit: []string{"TRAVIS_PULL_REQUEST_SHA"}, pullBranch: []string{"TRAVIS_PULL_REQUEST_BRANCH"},
			head: "TRAVIS_PULL_REQUEST_SLUG", base: "TRAVIS_REPO_SLUG", good: "TRAVIS_TEST_RESULT=0",
			event: "TRAVIS_EVENT_TYPE", runID: "TRAVIS_JOB_ID", runURL: "TRAVIS_JOB_WEB_URL",
		},
		{ // woodpecker-ci.org/docs/usage/environment; before Drone, whose variables older versions set too
			name: "woodpecker", mark: []string{"CI=woodpecker"},
			commit: []string{"CI_COMMIT_SHA"}, branch: []string{"CI_COMMIT_BRANCH"}, tag: "CI_COMMIT_TAG",
			pull:       []string{"CI_COMMIT_PULL_REQUEST"},
			pullCommit: []string{"CI_COMMIT_SHA"}, pullBranch: []string{"CI_COMMIT_SOURCE_BRANCH"},
			environment: "CI_PIPELINE_DEPLOY_TARGET", clone: "CI_REPO_CLONE_URL", status: "CI_PIPELINE_STATUS",
			event: "CI_PIPELINE_EVENT", actor: "CI_COMMIT_AUTHOR", defaultBranch: "CI_REPO_DEFAULT_BRANCH",
			runID: "CI_PIPELINE_NUMBER", runURL: "CI_PIPELINE_URL",
		},
		{ // docs.drone.io/pipeline/environment/reference
			name: "drone", mark: []string{"DRONE"},
			commit: []string{"DRONE_COMMIT_SHA"}, branch: []string{"DRONE_COMMIT_BRANCH"}, tag: "DRONE_TAG",
			pull:       []string{"DRONE_PULL_REQUEST"},
			pullCommit: []string{"DRONE_COMMIT_SHA"}, pullBranch: []string{"DRONE_SOURCE_BRANCH"},
			environment: "DRONE_DEPLOY_TO", clone: "DRONE_GIT_HTTP_URL", status: "DRONE_BUILD_STATUS",
			event: "DRONE_BUILD_EVENT", actor: "DRONE_BUILD_TRIGGER", defaultBranch: "DRONE_REPO_BRANCH",
			runID: "DRONE_BUILD_NUMBER", runURL: "DRONE_BUILD_LINK",
		},
		{ // docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
			name: "codebuild", mark: []string{"CODEBUILD_BUILD_ID"},
			commit: []string{"CODEBUILD_RESOLVED_SOURCE_VERSION"}, branch: []string{"CODEBUILD_WEBHOOK_HEAD_REF"},
			pull:       []string{"CODEBUILD_WEBHOOK_TRIGGER", "CODEBUILD_SOURCE_VERSION"},
			pullCommit: []string{"CODEBUILD_RESOLVED_SOURCE_VERSION"}, pullBranch: []string{"CODEBUILD_WEBHOOK_HEAD_REF"},
			clone: "CODEBUILD_SOURCE_REPO_URL", good: "CODEBUILD_BUILD_SUCCEEDING=1", event: "CODEBUILD_WEBHOOK_EVENT", actor: "CODEBUILD_INITIATOR",
			runID: "CODEBUILD_BUILD_ID", runURL: "CODEBUILD_PUBLIC_BUILD_URL",
		},
		{ // jetbrains.com/help/teamcity/predefined-build-parameters.html
			name: "teamcity", mark: []string{"TEAMCITY_VERSION"},
			commit: []string{"BUILD_VCS_NUMBER"}, runID: "BUILD_NUMBER", runURL: "BUILD_URL",
		},
		// jenkins.io/doc/book/pipeline/jenkinsfile, plugins.jenkins.io/git and
		// plugins.jenkins.io/branch-api. GIT_COMMIT of a pull request may be its
		// merge with the target.
		{
			name: "jenkins", mark: []string{"JENKINS_URL"},
			commit: []string{"GIT_COMMIT"}, branch: []string{"BRANCH_NAME", "GIT_BRANCH"}, tag: "TAG_NAME",
			pull: []string{"CHANGE_ID"}, pullBranch: []string{"CHANGE_BRANCH"}, fork: "CHANGE_FORK",
			clone: "GIT_URL", actor: "CHANGE_AUTHOR", runID: "BUILD_NUMBER", runURL: "BUILD_URL",
		},
		// cloud.google.com/build/docs/configuring-builds/substitute-variable-values.
		// These are variables of a step only where automapSubstitutions is on; what
		// builders write their output to always is one.
		{
			name: "cloudbuild", mark: []string{"BUILDER_OUTPUT", "PROJECT_NUMBER"},
			commit: []string{"COMMIT_SHA"}, branch: []string{"BRANCH_NAME"}, tag: "TAG_NAME",
			pull: []string{"_PR_NUMBER"}, pullCommit: []string{"COMMIT_SHA"}, pullBranch: []string{"_HEAD_BRANCH"},
			head: "_HEAD_REPO_URL", base: "REPO_FULL_NAME", event: "TRIGGER_NAME", runID: "BUILD_ID",
		},
	}
}

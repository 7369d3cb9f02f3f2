# shellcheck shell=bash
# What the documents show has to work when it is pasted.

: "${scratch:?want a directory for files that go away}"

# pasted_workflows runs actionlint on every workflow in README.md and docs. Our
# action is taken for a local one, with its inputs and nothing to run, so that a
# wrong input or output is found too. Older names are shown on purpose.
pasted_workflows() {
    local dir=$scratch/pasted
    mkdir -p "$dir/.github/workflows"
    git -C "$dir" init -q
    sed '/^runs:/,$d' action.yml >"$dir/action.yml"
    printf 'runs:\n  using: composite\n  steps: []\n' >>"$dir/action.yml"
    awk -v dir="$dir/.github/workflows" '
        FNR == 1      { name = FILENAME; gsub(/[^A-Za-z0-9]/, "-", name) }
        /^```yaml$/   { file = dir "/" name "-line-" FNR ".yml"; text = ""; jobs = 0; next }
        /^```$/ && file { if (jobs) { printf "%s", text > file; close(file) } file = ""; next }
        file          { text = text $0 "\n"; if ($0 == "jobs:") jobs = 1 }
    ' README.md docs/*.md
    cp .github/workflows/{trigger,deployment,preview}.yml "$dir/.github/workflows/"
    sed -i 's#afterdeploy/afterdeploy@v1#./#; s#afterdeploy/afterdeploy/\(.*\)@v1#./\1#' "$dir"/.github/workflows/*.yml
    (cd "$dir" && actionlint -ignore 'avoid using deprecated input')
    printf '%d workflows\n' "$(find "$dir/.github/workflows" -name '*.yml' | wc -l)"
}

# The recipes of docs/ci.md, as they stand there.

load ../support/common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    mkdir bin
    ln -s "$CONC_BENCH" bin/conc-bench
    # Every block of shell, in order, each in a file of its own.
    awk '/^```sh$/ { file = sprintf("block%d.sh", ++count); next } /^```$/ { file = "" } file { print >file }' \
        "$PROJECT_ROOT/docs/ci.md"
    awk '/^```yaml$/ { file = sprintf("block%d.yaml", ++count); next } /^```$/ { file = "" } file { print >file }' \
        "$PROJECT_ROOT/docs/ci.md"
}

setup() {
    cd "$BATS_FILE_TMPDIR" || exit 1
    export PATH=$PWD/bin:$PATH
}

@test "the shell recipes run, in their order" {
    [ "$(ls block*.sh | wc -l)" -eq 5 ]
    # An assertion that the machine is too busy to decide ends in 4, here and in the workflows.
    run bash -eu block1.sh
    [[ $status == [04] ]]
    xmllint --noout junit.xml
    [ -s summary.md ]
    [ -s report.html ]
    # Whether this machine is as fast as a moment ago is not what is tested.
    run bash -eu block2.sh
    [[ $status == [014] ]]
    says "at most 10 % slower"
    [ -s next.json ]
    # The history begins, and then goes on with one that says little.
    bash -eu block3.sh
    run bash -eu block3.sh
    [[ $status == [014] ]]
    says "at most 10 % slower"
    [ "$(ls history/*.json | wc -l)" -ge 1 ]
    bash -eu block4.sh
    bash -eu block5.sh
}

@test "what github-action-benchmark gets is what it reads" {
    # Its readme: a list of objects with name, value and unit; range and extra are text.
    holds benchmark.json 'length == 3 and all(.[]; (.name | type) == "string" and (.value | type) == "number" and .value > 0
        and .unit == "s" and (.range | type) == "string" and (.extra | type) == "string")'
}

@test "what Bencher gets is what it reads" {
    holds bencher.json 'length == 3 and all(.[]; all(.[]; (.value | type) == "number")
        and .latency.lower_value <= .latency.value and .latency.value <= .latency.upper_value)'
    # The adapter for hyperfine's document needs these.
    holds result.json 'all(.results[]; (.command | type) == "string" and (.exit_codes | type) == "array"
        and all([.mean, .median, .user, .system, .min, .max][]; type == "number"))'
}

@test "the workflows are YAML, and the shell in them is shell" {
    /usr/bin/python3 - <<'PYTHON'
import glob, os, shutil, subprocess, yaml
def scripts(value, key=None):
    if isinstance(value, dict):
        for name, part in value.items():
            yield from scripts(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from scripts(part, key)
    elif key in ("run", "script"):
        yield value
found = 0
for path in sorted(glob.glob("block*.yaml")):
    for script in scripts(yaml.safe_load(open(path))):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        found += 1
        if script.startswith("conc-bench"):
            open("sites.txt", "w").write("http://a.test/ x20\n")
            shutil.rmtree("history", ignore_errors=True) # of another list
            os.mkdir("history")
            assert subprocess.run(["bash", "-eu"], input=script, text=True).returncode in (0, 4)
assert found == 12, found
PYTHON
}

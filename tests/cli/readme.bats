# The README says what is so.

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
}

# The text of a picture, a line for each of its rows.
text_of() {
    python3 -c '
import collections, re, sys
from html import unescape
rows = collections.defaultdict(list)
for x, y, text in re.findall(r"x=\"([0-9.]+)\" y=\"([0-9]+)\"[^>]*>([^<]*)<", sys.stdin.read()):
    rows[int(y)].append((float(x), unescape(text)))
for y in sorted(rows):
    print(" ".join(text for _, text in sorted(rows[y])))' <"$1"
}

# Figures, which modes stand where, and whether rounds are enough for an interval differ from run to run; where there is
# none, there is room for another column.
shape() {
    sed -E 's/ +/ /g; s/ (95 % interval|range) / /; s/(MiB) failed/\1/; s/(event-loop|threads|hybrid|processes|sync)/MODE/g; s/[0-9][0-9.]*/0/g; s/rounds?/rounds/' | sort -u
}

@test "the picture shows the table and the lines that its command prints" {
    COLUMNS=80 "$CONC_BENCH" --mode all --origin=latency=5ms --time-budget 10s --no-progress "$PROJECT_ROOT/sites.txt" >report.txt
    text_of "$PROJECT_ROOT/docs/run.svg" >picture.txt
    grep -qF 'conc-bench --mode all --origin sites.txt' picture.txt
    for line in '^mode +workers .*' '^160 downloads of 2 URLs in [0-9]+ rounds?' 'More: --details$'; do
        grep -oE "$line" report.txt | shape >expected.txt
        grep -oE "$line" picture.txt | shape | diff expected.txt -
    done
    [ "$(grep -cE '^(event-loop|threads|hybrid|processes|sync) +[0-9]' picture.txt)" -eq 5 ]
    [ "$(wc -l <picture.txt)" -le 21 ]
}

@test "the README has at most 900 words, and every file it names is there" {
    [ "$(wc -w <"$PROJECT_ROOT/README.md")" -le 900 ]
    grep -oE '\]\([^)#:]+\)' "$PROJECT_ROOT"/README.md "$PROJECT_ROOT"/docs/*.md | sed -E 's/^([^:]*):\]\((.*)\)$/\1 \2/' |
        while read -r document link; do
            [ -e "$(dirname "$document")/$link" ] || { echo "$document: no $link"; exit 1; }
        done
}

# Help, manual page and completions: all of them know every option, and no other.

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    # Name, letter and the rest of each option, which may go over several lines.
    "$CONC_BENCH" --help | sed '/^Modes:/,$d' | awk '/^(  -[a-zA-Z0-9],|     ) --/ { print "" } { printf "%s ", $0 }' | tr -s ' ' |
        sed -nE 's/^ (-([a-zA-Z0-9]), )?--([a-z0-9.-]+)(.*)$/\3\t\2\t\4/p' >options
    names=$(cut -f 1 options)
    [ "$(wc -w <<<"$names")" -gt 40 ]
}

@test "the manual page is clean" {
    run mandoc -T lint -W warning "$PROJECT_ROOT/docs/conc-bench.1"
    exits_with 0
    [ "$output" = "" ]
}

@test "the manual page has every option of the table, with its letter and its default, and no other" {
    sed -nE 's/^\.It (Fl ([a-zA-Z0-9]) , )?Fl Fl ([a-z0-9.-]+).*/\3\t\2/p' "$PROJECT_ROOT/docs/conc-bench.1" | sort >in_page
    diff <(cut -f 1,2 options | sort) in_page
    local name letter rest default
    while IFS=$'\t' read -r name letter rest; do
        [[ "$rest" =~ \(default\ ([^\ ,()]+)\) ]] || continue
        default=${BASH_REMATCH[1]}
        sed -nE "/^\.It .*Fl Fl $name( |$)/,/^\.(It|El)/p" "$PROJECT_ROOT/docs/conc-bench.1" | sed '$d' >entry
        grep -q default entry && grep -qF -- "$default" entry || { echo "--$name: no default $default"; return 1; }
    done <options
}

@test "completions for bash offer every option, modes, words and files" {
    "$CONC_BENCH" --completion bash >completion
    complete_line() {
        bash --norc -c 'source ./completion; compopt() { :; }; COMP_WORDS=(conc-bench "$@"); COMP_CWORD=$#
            _conc_bench conc-bench "${@: -1}" "${COMP_WORDS[$#-1]}"; printf "%s\n" "${COMPREPLY[@]}"' - "$@"
    }
    for name in $names; do
        complete_line "--$name" | grep -qx -- "--$name"
    done
    [ "$(complete_line --mode 'sync,th')" = "sync,threads" ]
    [ "$(complete_line --connections fr)" = fresh ]
    [ "$(complete_line --reference ev)" = event-loop ]
    [ "$(complete_line --assert threads.mem)" = threads.memory ]
    touch 'my list.txt'
    # The text behind "=" is a word of its own to bash, or not yet one.
    complete_words() {
        bash --norc -c 'source ./completion; compopt() { :; }; COMP_WORDS=(conc-bench "$@"); COMP_CWORD=$#
            _conc_bench conc-bench "$WORD" "${COMP_WORDS[$#-1]}"; printf "%s\n" "${COMPREPLY[@]}"' - "$@"
    }
    [ -z "$(WORD=my complete_words --origin = my)" ]
    [ -z "$(WORD='' complete_words --origin =)" ]
    [ "$(WORD=my complete_words --export-json = my)" = "my list.txt" ]
    [ "$(WORD=my complete_words --origin my)" = "my list.txt" ]
    [ "$(WORD=fr complete_words --connections = fr)" = fresh ]
    [ "$(complete_line my)" = "my list.txt" ]
    [ "$(complete_line --export-json my)" = "my list.txt" ]
    [ -z "$(complete_line --seed m)" ]
    complete_line -- -- | grep -vx -- '--[a-z0-9.-]*' && return 1
    true
}

@test "completions for zsh and fish are valid and offer every option" {
    "$CONC_BENCH" --completion zsh >_conc-bench
    zsh -n _conc-bench
    "$CONC_BENCH" --completion fish >conc-bench.fish
    fish --no-execute conc-bench.fish
    for name in $names; do
        grep -q -- "--$name[=[}]" _conc-bench
        grep -q -- " -l $name " conc-bench.fish
    done
    run env HOME="$PWD" fish --no-config -c 'source conc-bench.fish; complete --do-complete "conc-bench --connections w"'
    says warm
    run env HOME="$PWD" fish --no-config -c 'source conc-bench.fish; complete --do-complete "conc-bench --export-h"'
    says --export-html
    # zsh takes its own function: what it would show for "--connections ".
    run zsh -f -c 'autoload -U compinit; fpath=($PWD $fpath); compinit -u -d dump; whence -w _conc-bench; print $_comps[conc-bench]'
    says "_conc-bench: function"
}

@test "hidden options stay hidden" {
    for text in "$("$CONC_BENCH" --help)" "$("$CONC_BENCH" --completion bash)" "$(cat "$PROJECT_ROOT/docs/conc-bench.1")"; do
        [[ "$text" != *handicap* && "$text" != *--script* ]]
    done
}

@test "mistyped options, modes and words are met with what was probably meant" {
    run -2 "$CONC_BENCH" --export-htm x --origin
    says 'did you mean "--export-html"'
    run -2 "$CONC_BENCH" --colour always --origin
    says 'did you mean "--color"'
    run -2 "$CONC_BENCH" --mode thraeds --origin
    says 'did you mean "threads"'
    run -2 "$CONC_BENCH" --completion tcsh
    says "bash, zsh or fish"
    run -2 "$CONC_BENCH" --samples some --origin
    says "auto, all or none"
}

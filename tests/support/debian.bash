# For scripts that make a Debian of their own.

# Where this machine has its own release of Debian from, a URI: the first source in use that serves its suite.
debian_mirror() {
    local suite
    # shellcheck disable=SC1091  # it belongs to the system
    suite=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
    awk -v suite="$suite" -v RS= -F '\n' '
        {
            split("", field)
            for (i = 1; i <= NF; i++)
                if (match($i, /^[A-Za-z-]+:/))
                    field[tolower(substr($i, 1, RLENGTH - 1))] = substr($i, RLENGTH + 1) " "
            if (tolower(field["enabled"]) !~ /no/ && index(" " field["suites"], " " suite " ") &&
                    index(" " field["components"], " main ")) {
                split(field["uris"], uri, " ")
                print uri[1]
                exit
            }
        }
    ' /etc/apt/sources.list.d/*.sources | grep . || {
        echo "no file in /etc/apt/sources.list.d has URIs: of a source with $suite and main" >&2
        return 1
    }
}

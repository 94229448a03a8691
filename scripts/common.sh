# shellcheck shell=bash
# What every launcher needs: where things are cached, how to say something, how to give up. Sourced, never run.

# ENMESH_CACHE moves everything that is downloaded or made once: the SDK, the Erlang roots, the published command.
cache=${ENMESH_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/enmesh}

# Exit codes of the launchers, from sysexits.h: a person or a script can tell "broken here" from "failed there".
readonly EX_USAGE=64 EX_UNAVAILABLE=69 EX_SOFTWARE=70 EX_NOPERM=77

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# die CODE MESSAGE...
die() {
    local code=$1
    shift
    say "$@"
    exit "$code"
}

# Runs the command while holding an exclusive lock on FILE. Call it as a plain command: in a condition, set -e is off.
with_lock() (
    file=$1
    shift
    mkdir -p "$(dirname "$file")"
    if command -v flock >/dev/null; then
        exec 9>"$file"
        flock 9
    else
        # macOS has no flock; a directory is the lock, and a holder that is gone has left it behind.
        until mkdir "$file.d" 2>/dev/null; do
            [ ! -s "$file.d/pid" ] || kill -0 "$(cat "$file.d/pid")" 2>/dev/null || rm -rf "$file.d"
            sleep 0.2
        done
        echo "$BASHPID" >"$file.d/pid"
        trap 'rm -rf "$file.d"' EXIT
    fi
    "$@"
)

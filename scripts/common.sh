# shellcheck shell=bash
# What every launcher needs: where things are cached, how to say something, how to give up, which packages there have to
# be. Sourced, never run.

# ENMESH_CACHE moves everything that is downloaded or made once per machine: the SDK and the Erlang roots.
cache=${ENMESH_CACHE:-${XDG_CACHE_HOME:-${HOME:?set HOME or ENMESH_CACHE}/.cache}/enmesh}

# Exit codes of the launchers, from sysexits.h: usage, a service or program that cannot be had, a defect, permission.
EX_USAGE=64 EX_UNAVAILABLE=69 EX_SOFTWARE=70 EX_NOPERM=77

# Debian packages: what a downloaded SDK needs to run, and what the tests use beside it. The one list of each.
sdk_packages=(ca-certificates curl libgcc-s1 libstdc++6 openssl)
test_packages=(debian-archive-keyring debootstrap dnsmasq-base gcc iproute2 libc6-dev nftables procps shellcheck util-linux)
# What deploy/images/trial makes images and containers with. crun is not among them: it wants a cgroup of its own.
image_packages=(buildah debootstrap dnsmasq-base golang-github-containers-common iproute2 jq openssh-client runc)

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1
# The SDK does not start without ICU unless it is told to do without cultures.
[ "$(uname -s)" != Linux ] || compgen -G '/usr/lib/*/libicuuc.so.*' >/dev/null ||
    export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

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
        # The lock must not live on in a compiler server that the command leaves behind.
        "$@" 9>&-
    else
        # macOS has no flock; a directory is the lock, and a holder that is gone has left it behind.
        until mkdir "$file.d" 2>/dev/null; do
            [ ! -s "$file.d/pid" ] || kill -0 "$(cat "$file.d/pid")" 2>/dev/null || rm -rf "$file.d"
            sleep 0.2
        done
        echo $$ >"$file.d/pid"
        trap 'rm -rf "$file.d"' EXIT
        "$@"
    fi
)

# Sets rid to .NET's name of this platform; gives up on one that nothing here is made for.
find_platform() {
    case "$(uname -s)/$(uname -m)" in
        Linux/x86_64) rid=linux-x64 ;;
        Linux/aarch64) rid=linux-arm64 ;;
        Darwin/x86_64) rid=osx-x64 ;;
        Darwin/arm64) rid=osx-arm64 ;;
        *) die "$EX_UNAVAILABLE" "runs on Linux and macOS, x64 and arm64; this is $(uname -s) on $(uname -m)." ;;
    esac
}

# Installs those of the packages that are missing; without root it says the line to run and gives up.
need_packages() {
    local missing=() package
    command -v dpkg-query >/dev/null ||
        die "$EX_UNAVAILABLE" "needs Debian 12 or later or Ubuntu, to have these packages at hand: $*"
    for package in "$@"; do
        # Lists may overlap.
        [[ " ${missing[*]-} " != *" $package "* ]] || continue
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] ||
        die "$EX_NOPERM" "packages are missing. Run: sudo apt-get install -y --no-install-recommends ${missing[*]}"
    say "installing ${missing[*]}"
    local log
    log=$(mktemp)
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
        </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        die "$EX_UNAVAILABLE" "apt-get could not install ${missing[*]}, see above."
    fi
    rm -f "$log"
}

# The mirror this machine already uses, when it is a Debian; otherwise nothing, and debootstrap takes its default.
debian_mirror() {
    if [ -n "${ENMESH_DEBIAN_MIRROR:-}" ]; then
        echo "$ENMESH_DEBIAN_MIRROR"
        return
    fi
    local codename
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Codename: $codename" \
        2>/dev/null | grep -E '^https?://' | head -n 1 || true
}

# shellcheck shell=bash
# Images without a registry: a base by debootstrap, and the Dockerfile's steps on it by buildah. Sourced by trial, never run.

suite=trixie

# Raise it when the way the base is made changes.
base_version=1
base=$cache/images/base-$suite-$(uname -m)-$base_version.tar

# The base, once for each machine.
make_base() {
    [ ! -s "$base" ] || return 0
    step "a base of Debian $suite by debootstrap"
    local proxy='' from
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    [ -z "$proxy" ] || export http_proxy=$proxy
    for from in $(debian_mirror | tail -n 1) ''; do
        rm -rf --one-file-system "$work/base"
        if DPKG_FORCE=unsafe-io debootstrap --variant=minbase "$suite" "$work/base" ${from:+"$from"} >"$work/debootstrap.log" 2>&1; then break; fi
        [ -n "$from" ] || { tail -n 5 "$work/debootstrap.log" >&2; die "$EX_UNAVAILABLE" "debootstrap of $suite failed."; }
    done
    rm -rf "$work"/base/var/cache/apt/archives/*.deb "$work"/base/usr/share/{doc,locale,man}/*
    tar -C "$work/base" --one-file-system -cf "$base.new" .
    mv "$base.new" "$base"
    rm -rf --one-file-system "$work/base"
}

load_base() {
    local container
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$base" / >/dev/null
    buildah commit --quiet --rm "$container" enmesh-base >/dev/null
}

# make_image PROGRAM VARIABLE: the image with this program, by the Dockerfile; the variable gets the directory of its root.
make_image() {
    local from=$1 container at proxy='' name=enmesh-$2
    step "the image, by the Dockerfile"
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    mkdir -p "$work/$name"
    cp -R "$from" "$work/$name/out"
    buildah build --quiet --pull-never -f "$here/deploy/images/Dockerfile" --target "$target" -t "$name" --build-arg BASE=localhost/enmesh-base \
        --build-arg SDK=localhost/enmesh-base ${proxy:+--build-arg "http_proxy=$proxy"} --build-context "build=$work/$name" "$here/deploy/images" >"$work/build.log" 2>&1 ||
        { tail -n 20 "$work/build.log" >&2; die "$EX_SOFTWARE" "buildah did not make the image."; }
    container=$(buildah from --pull-never "$name")
    containers+=("$container")
    at=$(buildah mount "$container")
    step "$target: $(du -sm "$at" | cut -f1) MB, of which $(du -sm "$at/app" | cut -f1) MB are the program"
    printf -v "$2" %s "$at"
}

# The profile of containers-common, as runc wants it: what no capability is needed for.
make_seccomp_profile() {
    jq --arg architecture "$architecture" --arg own "$seccomp_architecture" '
        {defaultAction, defaultErrnoRet, architectures: [$own], syscalls: [.syscalls[]
            | select(((.includes.caps // []) | length) == 0 and ((.includes.arches // [$architecture]) | index($architecture)))
            | select((.excludes.arches // []) | index($architecture) | not)
            | {names, action, args: (.args // []), errnoRet} | with_entries(select(.value != null))]}' \
        /usr/share/containers/seccomp.json >"$work/seccomp.json"
}

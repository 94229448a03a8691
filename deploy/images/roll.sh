# shellcheck shell=bash
# A rolling update of pods while they are called, as the Deployment does it: the new one first, ready and known to all, then the old one is told to end.
# Sourced by trial, never run.

callers=()

# settings VERSION: of pods, as an object of JSON. What the manifests ship, and less patience.
settings() {
    shipped_settings | jq -R . | jq -s --arg version "$1" --arg drain "$drain" '
        map(split("=") | {key: .[0], value: (.[1:] | join("="))}) | from_entries
        + {Enmesh__DrainDelay: $drain, Enmesh__Discovery__pods__Interval: "1", Erlclu__Version: $version}'
}

# A certificate for a member that is no pod, from the same issuer. certify NAME NUMBER
certify() {
    mkdir -p "$work/callers/$1"
    ip netns exec "$id-$1" env KUBERNETES_SERVICE_HOST=10.78.0.250 KUBERNETES_SERVICE_PORT=6443 HOME="$work" "$program/enmesh" certs request --issuer enmesh-ca \
        --kubeconfig "$work/kubeconfig" --without-pod --host "10.78.0.$2" --dir "$work/callers/$1/tls" --trust "$work/trust/ca.crt" >/dev/null 2>"$work/callers/$1/request.log" ||
        { cat "$work/callers/$1/request.log" >&2; die "$EX_SOFTWARE" "$1 got no certificate."; }
}

# Members of the mesh that call the pods in turn: one of .NET, and a BEAM if there is one. They say `calling' when they have begun.
begin_callers() {
    members=("$@")
    jq -n --arg ca "$work/account/ca.crt" --arg token "$(cat "$work/account/token")" '{"current-context": "trial",
        contexts: [{name: "trial", context: {cluster: "trial", user: "trial", namespace: "enmesh"}}],
        clusters: [{name: "trial", cluster: {server: "https://10.78.0.250:6443", "certificate-authority": $ca}}], users: [{name: "trial", user: {token: $token}}]}' >"$work/kubeconfig"
    printf 'nameserver 10.78.0.250\nsearch %s\n' "$domain" >"$work/resolv.conf"
    add_host dotnet 101
    members+=(101)
    certify dotnet 101
    [ -z "$beam" ] || { add_host beam 102; members+=(102); certify beam 102; }
    name_members "${members[@]}"
    call_from_dotnet &
    callers+=($!)
    if [ -n "$beam" ]; then
        call_from_beam &
        callers+=($!)
    fi
    local name
    for name in dotnet ${beam:+beam}; do
        until_holds 120 "$name does not call" grep -q '^calling' "$work/callers/$name/out"
    done
    step "calls begin: $rate a second from each of: dotnet${beam:+, beam}"
}

call_from_dotnet() {
    local at=$work/callers/dotnet
    # In a mount namespace of its own: its name server is the cluster's.
    exec ip netns exec "$id-dotnet" unshare --mount sh -euc 'mount --bind "$0" /etc/resolv.conf; exec "$@"' "$work/resolv.conf" env \
        HOME="$work" POD_IP=10.78.0.101 ENMESH_COOKIE_FILE="$work/cookie/cookie" Enmesh__Name=enmesh Enmesh__ListenAddresses=0.0.0.0 \
        Enmesh__Tls__CertificateFile="$at/tls/tls.crt" Enmesh__Tls__KeyFile="$at/tls/tls.key" Enmesh__Tls__CaFile="$work/trust/ca.crt" \
        Enmesh__Discovery__pods__Strategy=dns Enmesh__Discovery__pods__Domains=enmesh-headless Enmesh__Discovery__pods__Interval=1 \
        "$trial/Enmesh.Trial" calls "$rate" 2 "$work/callers/end" >"$at/out" 2>"$at/log" </dev/null
}

call_from_beam() {
    local at=$work/callers/beam
    (umask 077 && cp "$work/cookie/cookie" "$at/.erlang.cookie")
    cp "$here/deploy/trial/trial_calls.erl" "$work/trust/ca.crt" "$at/"
    "$program/enmesh" certs optfile /srv/tls --release 27 --ca /srv/ca.crt >"$at/ssl_dist.conf"
    # The other members dial it, as they find it in the name server; OTP has no discovery of its own.
    # shellcheck disable=SC2016 # the inner shell expands it
    exec ip netns exec "$id-beam" unshare --mount sh -euc '
        mount --bind "$1" "$0/srv"
        mount --bind "$2" "$0/opt"
        exec chroot "$0" env -i HOME=/srv PATH=/usr/bin:/bin LANG=C.UTF-8 sh -euc "cd /srv; erlc trial_calls.erl; exec erl -noinput -name enmesh@10.78.0.102 \
            -proto_dist inet_tls -ssl_dist_optfile /srv/ssl_dist.conf -start_epmd false -erl_epmd_port 4370 -run trial_calls main $3 2 /opt/end"' \
        "$beam" "$at" "$work/callers" "$rate" >"$at/out" 2>"$at/log" </dev/null
}

# end_pod NAME: SIGTERM to its PID 1, and its end within the grace period of the Deployment.
end_pod() {
    local began=$SECONDS
    runc kill "$id-$1" TERM
    until_holds 60 "$1 goes on after SIGTERM" has_ended "$1"
    step "$1 has ended, $((SECONDS - began)) s after SIGTERM"
}

# replace OLD NUMBER NEW NUMBER [OTHER NUMBER]...: a surge of one and nobody unavailable.
replace() {
    local old=$1 old_number=$2 new=$3 new_number=$4 pod remaining=()
    shift 4
    members+=("$new_number")
    name_members "${members[@]}"
    root=$new_root
    pod "$new" "$new_number" "$version2" "$service"
    until_holds 120 "$new is not ready" is_ready "$new_number"
    # What minReadySeconds is for: nobody goes before everybody knows the new one.
    for pod in "$old" $(printf '%s\n' "$@" | grep '[a-z]'); do until_holds 120 "$pod does not see $new" sees "$pod" "$new_number"; done
    step "$new is ready, and all others see it"
    for pod in "${members[@]}"; do [ "$pod" = "$old_number" ] || remaining+=("$pod"); done
    members=("${remaining[@]}")
    name_members "${members[@]}"
    end_pod "$old"
}

# Has the callers end, and says how their calls went. One that failed fails the trial.
count_calls() {
    local pid name failed=false
    : >"$work/callers/end"
    for pid in "${callers[@]}"; do wait "$pid" || failed=true; done
    callers=()
    for name in dotnet ${beam:+beam}; do step "$name: $(grep -e ' calls in ' -e '^failed ' "$work/callers/$name/out")"; done
    [ "$failed" = false ] || { tail -n 20 "$work"/callers/*/log >&2; die "$EX_SOFTWARE" "calls have failed."; }
}

end_callers() { [ ${#callers[@]} = 0 ] || kill "${callers[@]}" 2>/dev/null; }

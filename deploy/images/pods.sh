# shellcheck shell=bash
# Pods on one machine: hosts of network namespaces on a switch, a name server that knows the headless Service, an API server with an issuer, and containers by
# runc, with what a kubelet mounts and sets. Sourced by trial, which sets id, work, here, root, target and the seccomp profile; never run.

domain=enmesh.svc.cluster.local
hosts=()

# Settings of pods as the manifests have them: those of the overlay ip, without comments.
shipped_settings() {
    local components=$here/deploy/components
    local files=("$here"/deploy/base/{settings,discovery}.env "$components/tls-issuer/tls.env" "$components/tls-cert-manager/renewal.env")
    [ "$target" != ssh ] || files+=("$components/ssh/ssh.env")
    grep -hv -e '^#' -e '^$' "${files[@]}"
}

begin_network() {
    ip netns add "$id-switch"
    ip -n "$id-switch" link add bridge type bridge
    ip -n "$id-switch" link set bridge up
    add_host services 250
    name_members
    ip netns exec "$id-services" dnsmasq --conf-file=/dev/null --user=root --pid-file="$work/dnsmasq.pid" --no-resolv --no-hosts --local=/#/ \
        --bind-interfaces --addn-hosts="$work/members"
}

# add_host NAME NUMBER: 10.78.0.NUMBER on the switch.
add_host() {
    hosts+=("$1")
    ip netns add "$id-$1"
    ip link add eth0 netns "$id-$1" type veth peer name "port$2" netns "$id-switch"
    ip -n "$id-switch" link set "port$2" master bridge up
    ip -n "$id-$1" address add "10.78.0.$2/24" dev eth0
    ip -n "$id-$1" link set lo up
    ip -n "$id-$1" link set eth0 up
}

# name_members NUMBER...: whom the headless Service's name leads to from now on.
name_members() {
    local number
    for number in "$@"; do printf '10.78.0.%s enmesh-headless.%s\n' "$number" "$domain"; done >"$work/members.new"
    mv "$work/members.new" "$work/members"
    [ ! -s "$work/dnsmasq.pid" ] || kill -HUP "$(cat "$work/dnsmasq.pid")"
}

# What the cluster has: an API server with an issuer, the Secret with the cookie, the ConfigMap with the operators' keys.
begin_cluster() {
    (umask 077 && mkdir "$work/cookie" && od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$work/cookie/cookie")
    chown -R 0:10000 "$work/cookie"
    chmod 750 "$work/cookie"
    chmod 440 "$work/cookie/cookie"
    ssh-keygen -q -t ed25519 -N '' -f "$work/operator"
    mkdir "$work/keys"
    cp "$work/operator.pub" "$work/keys/authorized_keys"
    chmod 1777 "$work/keys"
    ip netns exec "$id-services" "$trial/Enmesh.Trial" api 10.78.0.250:6443 "$work" >"$work/api.log" 2>&1 &
    api=$!
    until_holds 60 "the API server does not serve" grep -q '^serving' "$work/api.log"
}

# The name, address and mounts of a container; its command, settings and bounds are said by who starts it.
# bundle DIRECTORY POD NUMBER HEAP COMMAND SETTINGS
bundle() {
    local at=$1 pod=$2 number=$3 heap=$4 command=$5 settings=$6
    (cd "$at" && runc spec)
    jq --arg pod "$pod" --arg address "10.78.0.$number" --arg heap "$heap" --argjson command "$command" --argjson settings "$settings" --arg work "$work" \
        --arg tls "$work/pods/$pod/tls" --arg root "$root" --arg net "/run/netns/$id-$pod" --slurpfile seccomp "$work/seccomp.json" '
        def memory($path; $mode; $size): {destination: $path, type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "mode=" + $mode, "size=" + $size]};
        def own($path; $size): memory($path; "700"; $size) | .options += ["uid=10000", "gid=10000"];
        def mounted($path; $source): {destination: $path, type: "bind", source: $source, options: ["bind", "ro"]};
        .root = {path: $root, readonly: true} | .hostname = $pod
        | .process.terminal = false | .process.user = {uid: 10000, gid: 10000} | .process.noNewPrivileges = true
        | .process.capabilities = {bounding: [], effective: [], permitted: [], inheritable: [], ambient: []}
        | .process.cwd = "/home/enmesh" | .process.args = $command
        | .process.env = ({PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/bin", HOME: "/home/enmesh", XDG_RUNTIME_DIR: "/run/user",
            DOTNET_EnableDiagnostics: "0", DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1", DOTNET_GCHeapHardLimit: $heap,
            POD_IP: $address, POD_NAME: ("enmesh-" + $pod), POD_UID: ("uid-enmesh-" + $pod), POD_NAMESPACE: "enmesh",
            KUBERNETES_SERVICE_HOST: "10.78.0.250", KUBERNETES_SERVICE_PORT: "6443"} + $settings | to_entries | map(.key + "=" + .value))
        | .mounts += [memory("/run"; "755"; "1m"), own("/run/user"; "1m"), own("/home/enmesh"; "8m"), memory("/tmp"; "1777"; "16m"),
            memory("/etc/enmesh"; "755"; "1m"), mounted("/etc/enmesh/cookie"; $work + "/cookie"), mounted("/etc/enmesh/trust"; $work + "/trust"),
            mounted("/etc/enmesh/ssh"; $work + "/keys"), mounted("/run/secrets/kubernetes.io/serviceaccount"; $work + "/account"),
            {destination: "/run/enmesh/tls", type: "bind", source: $tls, options: ["bind", "rw"]},
            (memory("/run/enmesh/ssh"; "2777"; "1m") | .options += ["gid=10000"]),
            mounted("/etc/resolv.conf"; $work + "/pods/" + $pod + "/resolv.conf"), mounted("/etc/hosts"; $work + "/pods/" + $pod + "/hosts")]
        | .linux.namespaces = [.linux.namespaces[] | if .type == "network" then .path = $net else . end]
        | .linux.seccomp = $seccomp[0]' "$at/config.json" >"$at/config.new"
    mv "$at/config.new" "$at/config.json"
}

# pod NAME NUMBER SETTINGS [COMMAND]: its init container, which requests the certificate, to its end; then its node.
pod() {
    local name=$1 number=$2 settings=$3 command=${4:-'["/usr/bin/tini", "--", "/app/enmesh", "node"]'} at=$work/pods/$1
    add_host "$name" "$number"
    mkdir -p "$at/tls" "$at/init" "$at/node"
    # The volume in memory that both containers have.
    mount -t tmpfs -o mode=2777,gid=10000,size=1m tmpfs "$at/tls"
    printf 'nameserver 10.78.0.250\nsearch %s svc.cluster.local cluster.local\noptions ndots:5\n' "$domain" >"$at/resolv.conf"
    printf '127.0.0.1 localhost\n10.78.0.%s %s\n' "$number" "$name" >"$at/hosts"
    bundle "$at/init" "$name" "$number" 0x4000000 \
        '["/usr/bin/tini", "--", "/app/enmesh", "certs", "request", "--issuer", "enmesh-ca", "--dir", "/run/enmesh/tls", "--trust", "/etc/enmesh/trust/ca.crt"]' "$settings"
    runc run --bundle "$at/init" "$id-$name-init" >"$at/init.log" 2>&1 </dev/null ||
        { cat "$at/init.log" >&2; die "$EX_SOFTWARE" "$name got no certificate."; }
    bundle "$at/node" "$name" "$number" 0x12C00000 "$command" "$settings"
    runc run --detach --bundle "$at/node" "$id-$name" >"$at/log" 2>&1 </dev/null || { cat "$at/log" >&2; die "$EX_SOFTWARE" "$name does not start."; }
}

# in_pod NAME COMMAND...: as kubectl exec.
in_pod() { runc exec "$id-$1" "${@:2}"; }

evaluate() { in_pod "$1" /app/enmesh eval "$2"; }

# As the kubelet asks.
is_ready() { ip netns exec "$id-services" curl --silent --fail --output /dev/null --max-time 5 "http://10.78.0.$1:8081/readyz"; }

sees() { [ "$(evaluate "$1" "lists:member('enmesh@10.78.0.$2', nodes()).")" = true ]; }

sees_number() { [ "$(evaluate "$1" 'length(nodes()).')" = "$2" ]; }

has_ended() { [ "$(runc state "$id-$1" | jq -r .status)" = stopped ]; }

# until_holds SECONDS COMPLAINT COMMAND...
until_holds() {
    local limit=$((SECONDS + $1)) complaint=$2
    shift 2
    until "$@" 2>"$work/complaint"; do
        if [ $SECONDS -ge $limit ]; then
            tail -n 20 "$work"/pods/*/log "$work/api.log" "$work/complaint" >&2 || true
            die "$EX_SOFTWARE" "$complaint: not within the time that there is."
        fi
        sleep 0.2
    done
}

end_pods() {
    local name
    for name in "${hosts[@]}"; do
        runc delete --force "$id-$name" 2>/dev/null
        runc delete --force "$id-$name-init" 2>/dev/null
        umount "$work/pods/$name/tls" 2>/dev/null
    done
    [ -z "${api:-}" ] || kill "$api"
    [ ! -s "$work/dnsmasq.pid" ] || kill "$(cat "$work/dnsmasq.pid")"
    for name in "${hosts[@]}" switch; do ip netns delete "$id-$name" 2>/dev/null; done
}

# shellcheck shell=bash
# A console over SSH, and what PID 1 makes of what is left behind. Sourced by trial, never run.

ssh_to() {
    ip netns exec "$id-services" ssh -F none -p 10022 -i "$work/operator" -o BatchMode=yes -o "UserKnownHostsFile=$work/known_hosts" \
        -o StrictHostKeyChecking=yes "enmesh@10.78.0.$1" "${@:2}"
}

logs_in() { [ "$(ssh_to "$1" 'node().')" = "'enmesh@10.78.0.$1'" ]; }

# What sshd has started for a session, the program behind its forced command.
has_session() { in_pod "$1" /bin/sh -c 'grep -lsa "[-]-socket" /proc/[0-9]*/cmdline' >/dev/null; }

has_no_session() { ! has_session "$1"; }

# Who has ended and was not asked how stays in the table of processes.
has_no_zombies() { ! in_pod "$1" /bin/sh -c 'grep -ls "^State:.Z" /proc/[0-9]*/status' >/dev/null; }

is_gone() { ! in_pod "$1" test -e "/proc/$2"; }

try_ssh() {
    local session orphan
    in_pod a /app/enmesh ssh known-hosts >"$work/known_hosts"
    until_holds 60 "b lets nobody log in" logs_in 2
    step "over SSH: $(ssh_to 2 'node().')"

    # A child whose parent has ended belongs to PID 1, and so does the end of it.
    # shellcheck disable=SC2016 # the pod's shell expands it
    orphan=$(in_pod b /bin/sh -c 'sleep 1000 >/dev/null 2>&1 </dev/null & echo $!')
    in_pod b grep -q '^PPid:.1$' "/proc/$orphan/status" || die "$EX_SOFTWARE" "an orphan in b does not belong to its PID 1."
    in_pod b /bin/sh -c "kill -9 $orphan"
    until_holds 60 "b keeps an orphan that has ended" is_gone b "$orphan"

    # And what a session leaves when all of sshd is killed at once.
    mkfifo "$work/session"
    ssh_to 2 <>"$work/session" >"$work/session.log" 2>&1 &
    session=$!
    until_holds 60 "the session does not begin" has_session b
    # shellcheck disable=SC2016
    in_pod b /bin/sh -c 'for one in /proc/[0-9]*; do case $(cat "$one/comm" 2>/dev/null) in sshd*) kill -9 "${one#/proc/}" ;; esac; done'
    wait "$session" || true
    until_holds 60 "what sshd has started goes on without it" has_no_session b
    until_holds 60 "b keeps what a session has left" has_no_zombies b
    until_holds 60 "sshd does not come back" logs_in 2
    step "b: sshd was killed with a session open; nothing of it is left, and it listens again"
}

# Sourced by the containers of Erlang and Elixir releases, before the release starts. The name is that of the mesh and the pod's address, as the others
# make it of the Service's records.
umask 077
# OTP wants a file for its owner alone; the Secret's is for the pod's group.
rm -f "$HOME/.erlang.cookie"
cp /etc/enmesh/cookie/cookie "$HOME/.erlang.cookie"
chmod 400 "$HOME/.erlang.cookie"
# Erlang (relx): flags from here, the name among them; the cookie from the home directory.
export VMARGS_PATH=/run/user/vm.args RELX_OUT_FILE_PATH=/run/user
{ echo "-name enmesh@$POD_IP"; cat /etc/enmesh/beam/vm.args; } >"$VMARGS_PATH"
# Elixir: its script hands name and cookie to the emulator itself, on a command line that only this pod sees.
RELEASE_COOKIE=$(cat "$HOME/.erlang.cookie")
export RELEASE_COOKIE RELEASE_DISTRIBUTION=name RELEASE_NODE="enmesh@$POD_IP" RELEASE_VM_ARGS=/etc/enmesh/beam/vm.args RELEASE_TMP=/tmp

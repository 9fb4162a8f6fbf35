# The peer step-ca with an ACME provisioner for attestd's root; sourced behind lib.sh by tests that
# have set $peers, $build_status and $cases.
#
#   peers_required        ends the script when the peers could not be built: skipped, failed where CI=true
#   cases_fail            each case that is left fails, and the script ends
#   step_ca_configure     makes its CA below $STEPPATH; $state_dir/root.pem is its attestation root
#   step_ca_start         sets $acme, its directory's URL

peers_required() {
	if [ "$build_status" -eq 77 ] && [ "${CI:-}" != true ]; then
		for name in "${cases[@]}"; do
			skip "$name" "$peers"
		done
		finish
	elif [ "$build_status" -ne 0 ]; then
		note "${peers:-step and step-ca could not be built}"
		cases_fail
	fi
}

cases_fail() {
	for name in "${cases[@]:case_count}"; do
		check "$name" false
	done
	finish
}

export STEPPATH=$scratch/step
step=$peers/step

step_ca_configure() {
	head -c 24 /dev/urandom | base64 >"$scratch/password"
	run "$step" ca init --deployment-type standalone --name interop --dns 127.0.0.1 \
		--address 127.0.0.1:0 --provisioner admin --password-file "$scratch/password"
	[ "$status" -eq 0 ] || return 1
	run "$step" ca provisioner add acme --type ACME --challenge device-attest-01 \
		--attestation-format tpm --attestation-roots "$state_dir/root.pem" \
		--ca-config "$STEPPATH/config/ca.json"
	[ "$status" -eq 0 ]
}

# The kernel chooses the port, and step-ca does not say which.
step_ca_port_read() {
	local inodes

	inodes=$(readlink "/proc/${pid[step-ca]}/fd/"* | sed -n 's/^socket:\[\(.*\)\]$/\1/p')
	step_ca_port=$(awk -v inodes="$inodes" '
		BEGIN { n = split(inodes, list); for (i = 1; i <= n; i++) ours[list[i]] = 1 }
		$4 == "0A" && $10 in ours { sub(/.*:/, "", $2); print $2; exit }
	' "/proc/${pid[step-ca]}/net/tcp")
	[ -n "$step_ca_port" ] && step_ca_port=$((16#$step_ca_port))
}

step_ca_start() {
	daemon_start step-ca "$peers/step-ca" "$STEPPATH/config/ca.json" \
		--password-file "$scratch/password"
	wait_for 'step_ca_port_read || ! daemon_runs step-ca'
	acme=https://127.0.0.1:$step_ca_port/acme/acme/directory
	wait_for 'curl --silent --fail --cacert "$STEPPATH/certs/root_ca.crt" "$acme" >/dev/null' ||
		{ note "$(cat "${log[step-ca]}")"; return 1; }
}

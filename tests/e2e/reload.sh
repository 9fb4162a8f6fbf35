# What the tests of reloads share; sourced after lib.sh.
#
#   conf LINE…            writes $scratch/daemon.conf, in one step
#   reload_ok NAME REGEX  the daemon takes everything over, and says this
#   reload_fails NAME REGEX  it takes nothing over, and says why
#   load_begin COMMAND…   runs it over and over in the background, until load_end
#   load_end              sets $load_done and $load_failed, how often it succeeded and failed
#   reload_often DAEMON   SIGHUP two hundred times under that load, and what that costs

# In a build with sanitizers freed memory would be kept for a while, and count here.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1:thread_local_quarantine_size_kb=16
export ASAN_OPTIONS

reload_daemon=

conf() {
	printf '%s\n' "$@" >"$scratch/daemon.conf.new"
	mv "$scratch/daemon.conf.new" "$scratch/daemon.conf"
}

reload_ok() {
	daemon_reload "$reload_daemon" || reloaded="no answer"
	case_matches "$1" "$reloaded" "info $reload_daemon_program/keeper event=reload .*$2"
}

reload_fails() {
	daemon_reload "$reload_daemon" || reloaded="no answer"
	case_matches "$1" "$reloaded" \
		"error $reload_daemon_program/keeper event=reload-failed consequence=\"nothing has changed\" remedy=.* reason=.*$2"
}

load_begin() {
	rm -f "$scratch/load.end"
	: >"$scratch/load"
	(
		while [ ! -e "$scratch/load.end" ]; do
			if "$@" >"$scratch/load.out" 2>&1; then echo done; else echo failed; fi >>"$scratch/load"
			pause 0.1 # leaves the processors to the reloads and to other tests
		done
	) &
	load=$!
}

load_end() {
	: >"$scratch/load.end"
	wait "$load"
	load_done=$(grep -c done "$scratch/load")
	load_failed=$(grep -c failed "$scratch/load")
}

children() { pgrep -P "${pid[$reload_daemon]}"; }
descriptors() { ls "/proc/$1/fd" | wc -l; }
rss() { sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB.*/\1/p' "/proc/$1/status"; }

# Sets $lost, of so many reloads how many were not answered.
reload_times() {
	local i

	lost=0
	for ((i = 0; i < $1; i++)); do
		daemon_reload "$reload_daemon" && [[ $reloaded == *event=reload\ * ]] || lost=$((lost + 1))
	done
}

reload_often() {
	local before after child processes more

	processes=$(children | xargs)
	reload_times 40 # until everything that grows once has grown
	before=$(for child in $processes; do printf '%s ' "$(descriptors "$child")" "$(rss "$child")"; done)
	reload_times 200
	case_equal "200 reloads are answered, each with success" "$lost" 0
	# On a busy machine there are more, until there were requests enough beside them.
	wait_for 'reload_times 1; [ "$lost" -ne 0 ] || [ "$(wc -l <"$scratch/load")" -ge 10 ]' 60
	load_end
	case_equal "none of the requests meanwhile was lost" "$load_failed" 0 || note "$(tail -n 3 "$scratch/load.out")"
	check "and there were some" '[ "$load_done" -ge 10 ]'
	case_equal "the same processes serve" "$(children | xargs)" "$processes"
	after=$(for child in $processes; do printf '%s ' "$(descriptors "$child")" "$(rss "$child")"; done)
	note "descriptors and kB, keeper and front: $before before, $after after 200 reloads and $load_done rounds"
	read -r fds1 rss1 fds2 rss2 <<<"$before"
	read -r now_fds1 now_rss1 now_fds2 now_rss2 <<<"$after"
	if [ "$(id -u)" -eq 0 ]; then
		check "no descriptor is left open" '[ "$now_fds1" -le $((fds1 + 2)) ] && [ "$now_fds2" -le $((fds2 + 4)) ]'
	else
		skip "no descriptor is left open" "only root sees those of a hidden process"
	fi
	more=2048
	# With sanitizers each place that allocates keeps its stack, and the end reports what is lost.
	! grep -q '^HARDENING_CFLAGS = .*-fsanitize' "$top_builddir/Makefile" || more=16384
	check "no memory is lost" '[ "$now_rss1" -le $((rss1 + more)) ] && [ "$now_rss2" -le $((rss2 + more)) ]'
}

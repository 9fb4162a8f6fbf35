# A test that hangs fails after its deadline, and so does one whose tools are missing.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

needs make pgrep

# The build directory's own way of running a test, on a test of ours.
driver() { # NAME SECONDS [SECONDS UNTIL IT IS KILLED]
	make -s -C "$top_builddir" -f Makefile -f "$scratch/one.mk" one NAME="$1" TEST_DEADLINE="$2" \
		TEST_GRACE="${3:-20}"
}
cat >"$scratch/one.mk" <<END
one:
	\$(AM_TESTS_ENVIRONMENT) \$(SH_LOG_DRIVER) --test-name \$(NAME) --log-file $scratch/\$(NAME).log \\
		--trs-file $scratch/\$(NAME).trs --color-tests no --enable-hard-errors yes \\
		--expect-failure no -- \$(SH_LOG_COMPILER) $scratch/\$(NAME)
END

cat >"$scratch/hangs" <<END
. $top_srcdir/tests/e2e/lib.sh
daemon_start sleeper sleep 1000
echo "ok 1 - begun"
wait_for false 1000
END
before=$SECONDS
case_ok "a test that hangs is ended" driver hangs 2
check "before long" '[ $((SECONDS - before)) -lt 60 ]'
check "and has failed" 'grep -q "^:test-result: ERROR" "$scratch/hangs.trs"'
check "nothing of it is left" '! pgrep -f "^sleep 1000$" >/dev/null'

# It neither ends when it is told, nor does its child.
cat >"$scratch/deaf" <<END
trap '' TERM
echo "ok 1 - begun"
while :; do sleep 1; done
END
case_ok "a test that does not listen is killed" driver deaf 1 1
check "and has failed" 'grep -q "^:test-result: ERROR" "$scratch/deaf.trs"'

cat >"$scratch/lacks" <<END
. $top_srcdir/tests/e2e/lib.sh
needs bash no-such-tool
check "something" true
finish
END
case_ok "a test whose tool is missing" driver lacks 60
check "has failed" 'grep -q "^:test-result: ERROR" "$scratch/lacks.trs"'
check "and says which" 'grep -q "not installed: no-such-tool;" "$scratch/lacks.log"'

cat >"$scratch/passes" <<END
. $top_srcdir/tests/e2e/lib.sh
check "something" true
finish
END
case_ok "a test that passes" driver passes 60
check "has passed" '! grep -vq "^:test-result: PASS" <(grep "^:test-result" "$scratch/passes.trs")'

finish

# What libFuzzer's logs say, a line for each fuzzer and one for all.
FNR == 1 { name = FILENAME; sub(/.*\//, "", name); sub(/_fuzz\.log$/, "", name); names[++n] = name }
/inline 8-bit counters/ { edges[name] = $0; sub(/.*\(/, "", edges[name]); sub(/ .*/, "", edges[name]) }
/ cov: / { cover[name] = $0; sub(/.* cov: /, "", cover[name]); sub(/ .*/, "", cover[name]) }
/^stat::number_of_executed_units:/ { runs[name] = $2 }
END {
	for (i = 1; i <= n; i++) {
		name = names[i]
		sum += runs[name]
		printf "fuzz %-18s %12d executions, %5d of %5d edges\n", name, runs[name], cover[name], edges[name]
	}
	printf "fuzz %-18s %12d executions\n", "all", sum
}

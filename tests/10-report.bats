load lib/servers
teardown() { end_servers; }

# ---- the histogram: lib/histogram ----

# said_of FILE: what the histogram says of the numbers in it, beside what a sort and sums say.
# Each figure that is wrong is a line; nothing else is printed.
said_of() {
    sort -n "$1" >"$1.sorted"
    "$BUILD/tests/histogram" <"$1" >"$1.said"
    awk '
        function wrong(what, said, exact) {
            print what " is " exact ", not " said
            bad = 1
        }
        function up_to(said, exact) {
            return said >= exact && said <= exact * 1.001
        }
        function kth(tenthousandths,    k) { # the smallest value that so many do not exceed
            k = int((tenthousandths * n + 9999) / 10000)
            return value[k]
        }
        NR == FNR { value[++n] = $1; sum += $1; next }
        FNR == 1 {
            mean = n ? sum / n : 0
            for (i = 1; i <= n; i++)
                squares += (value[i] - mean) ^ 2
            stdev = n ? sqrt(squares / n) : 0
        }
        $1 == "p99.99" { if (!up_to($2, kth(9999))) wrong($1, $2, kth(9999)); next }
        $1 == "min" { if ($2 != value[1] + 0) wrong($1, $2, value[1]); next }
        $1 == "max" { if ($2 != value[n] + 0) wrong($1, $2, value[n]); next }
        $1 == "count" { if ($2 != n + 0) wrong($1, $2, n); next }
        $1 == "mean" { if ($2 > mean || $2 < mean - 1 - mean / 1e12) wrong($1, $2, mean); next }
        $1 == "stdev" {
            if ($2 > stdev + (stdev + mean) / 1000 || $2 < stdev - 1 - (stdev + mean) / 1000)
                wrong($1, $2, stdev)
            next
        }
        $1 == "bucket" { # the values that are in it, in order
            for (i = seen + 1; i <= seen + $4; i++)
                if (value[i] < $2 || value[i] > $3)
                    wrong("in the bucket from " $2 " to " $3, value[i], "none else")
            seen += $4
            if (seen != $5)
                wrong("the number seen", $5, seen)
            if ($3 - $2 > $2 / 1024)
                wrong("bucket " $2 " to " $3, "as wide", "narrower")
            next
        }
        !up_to($1, kth(FNR * 10)) { wrong("the percentile " FNR / 10, $1, kth(FNR * 10)) }
        END {
            if (seen != n)
                wrong("the sum of the buckets", seen, n)
        }' "$1.sorted" "$1.said"
}

@test "percentiles, mean, deviation and buckets of the histogram are those of the sorted values" {
    local values=$BATS_TEST_TMPDIR/values
    # 20,000 values from 0 to 10^12, as many of each magnitude; the k-th smallest is exact.
    awk 'BEGIN { srand(7); for (i = 0; i < 20000; i++) printf "%.0f\n", exp(rand() * log(1e12)) - 1 }' >"$values"
    run -0 said_of "$values"
    [ ! "$output" ]
    # Nearly alike, as a server's that always waits a second: what deviates is 10,000 ns.
    awk 'BEGIN { srand(7); for (i = 0; i < 2000; i++) printf "%.0f\n", 1e9 + 2e4 * (rand() - 0.5) }' >"$values"
    run -0 said_of "$values"
    [ ! "$output" ]
}

@test "of 1,000 values the 999 are not more than 99.9 %, whatever a double makes of 0.999" {
    local values=$BATS_TEST_TMPDIR/values n
    for n in 1 2 3 1000 1001 41000; do
        seq "$n" >"$values"
        "$BUILD/tests/histogram" <"$values" >"$values.said"
        # The last of them is also the last in its bucket: it cannot be rounded up any further.
        awk -v n="$n" 'FNR == 999 { exit $1 != int((999 * n + 999) / 1000) }' "$values.said"
    done
}

@test "the largest number there is has a bucket too, and an empty histogram says 0" {
    run -0 "$BUILD/tests/histogram" <<<"18446744073709551615 0 18446744073709551615 5"
    [ "${lines[499]}" = 5 ]
    [ "${lines[500]}" = 18446744073709551615 ]
    [ "${lines[1001]}" = "min 0" ]
    [ "${lines[1002]}" = "max 18446744073709551615" ]
    run -0 "$BUILD/tests/histogram" <<<"7777 7777"
    [ "$(tail -n 7 <<<"$output" | xargs)" = "p99.99 7777 min 7777 max 7777 mean 7777 stdev 0 count 2 bucket 7777 7777 2 2" ]
    run -0 "$BUILD/tests/histogram" </dev/null
    [ "$(sort -u <<<"$output" | xargs)" = "0 count 0 max 0 mean 0 min 0 p99.99 0 stdev 0" ]
}

# ---- the report of load, on runs that never were: tests/10-webbench/report.c ----

load lib/compile

setup_file() {
    local objects=("$BUILD"/objects/10-webbench/load/{figures,report,report-html,report-json,report-svg}.o)
    # shellcheck disable=SC2086 # COMPILE is a command with its options
    (cd "$TOP" && $COMPILE -O0 -o "$BATS_FILE_TMPDIR/report" \
        tests/10-webbench/report.c "${objects[@]}" "$LIBREADY" $WATCH) 3>&- 4>&-
}

# report FORM [NAME=NUMBER]...
report() {
    "$BATS_FILE_TMPDIR/report" "$@"
}

# fits: what `run` has got is at most 24 lines of 78 columns.
fits() {
    local line
    ((${#lines[@]} <= 24)) || { echo "${#lines[@]} lines: $output" && return 1; }
    for line in "${lines[@]}"; do
        ((${#line} <= 78)) || { echo "too long: $line" && return 1; }
    done
}

@test "the report tells what was asked, who was answered, what failed, how long it took, and the cost" {
    run -0 report text in_flight=10 cpu=500000000
    diff - <(echo "$output") <<'END'
10 connections to 127.0.0.1:8000, messages of 100 bytes, 1.00 s measured
  answered   10 of 10 connections, 100 to 100 times each
  requests   1,000, 1,000 a second, 0.2 MB/s both ways together
  in flight  10 of 1,010 sent at the end, the oldest for 2.50 ms
  failures   none
  time           latency     connect
         min     1.00 us     50.0 us
  half (p50)      500 us     50.0 us
         p75      750 us     50.0 us
         p90      900 us     50.0 us
         p99      990 us           -  needs 100
       p99.9      999 us           -  needs 1,000
      p99.99           -           -  needs 10,000
         max     1.00 ms     50.0 us
        mean      500 us     50.0 us
       stdev      289 us        0 ns
  client     500 us of CPU a request, 50 % of 1 CPU
END
    fits
    run -0 report text url=http://a/b url=http://a/c rate=2000 due=1000 unsent=1 refused=1 \
        pipeline=4 warm_up_ns=500000000 warm_up=1234
    diff - <(head -n 11 <<<"$output") <<'END'
10 connections to 127.0.0.1:8000, 1.00 s measured
  asked      GET http://a/b and 1 more, 4 at once on each
  warm-up    0.50 s before, with 1,234 requests that do not count
  answered   10 of 10 connections, 100 to 100 times each
  requests   1,000, 1,000 a second, 0.2 MB/s both ways together
  rate       2,000 a second asked for, 999 sent; 1 overdue
  statuses   2xx 1,000
  failures   1
            1 refused: nobody listens there
  time          response     service     connect
         min     10.0 us     1.00 us     50.0 us
END
    fits
}

@test "where everything goes wrong at once, the report still has 24 lines of 78 columns" {
    run -0 report text url="http://$(printf 'x%.0s' {1..200})" url=http://b rate=1000000 status=404 \
        clients=1000000 answered=10 threads=16 cpu=16000000000 warm_up_ns=99000000000 warm_up=99999999 pipeline=99 due=99999999 unsent=10000000 in_warm_up_reset=9999999 \
        requests=100000 in_flight=999999 wrong_status=7 refused=123456789 timeout=1 reset=1 truncated=1
    fits
    [[ $output = *"failures   123,456,799"*"123,456,799 of 5 kinds: --output tells which"* ]]
    [[ $output = *"  ! no answer had a status of 2xx"*"  ! 999,990 clients got no answer"* ]]
    run -0 report text url=http://a.long.name.of.a.host:18731/a/page pipeline=4
    [[ $output = *"  GET http://a.long.name.of.a.host:18731/a/page, 4 at once on each"* ]]
    run -0 report text url="http://$(printf 'x%.0s' {1..200})"
    [[ $output = *"xxx..."* ]]
    run -0 report text url=http://a answered=0 requests=0 wrong_status=7 refused=1 timeout=2 reset=3 truncated=4
    fits
    [[ $output = *"no answer was what was wanted"* ]]
    [[ $output != *"half"* ]]
    run -0 report text refused=1 timeout=20 reset=300 closed_early=4000 wrong_bytes=50000
    [ "$(sed -n '/failures/,/kinds/p' <<<"$output" | xargs)" = "failures 54,321 1 refused: nobody listens there \
20 not answered in time 300 reset by the server 54,000 of 2 other kinds: --output tells which" ]
}

@test "a percentile is only told of as many answers as it takes: 10,000 for p99.99" {
    run -0 report text requests=9999
    [[ $output = *"p99.99           -"* ]]
    run -0 report text requests=10000 clients=10000
    [[ $output = *"p99.99     10.0 ms"* ]]
    [[ $output != *needs* ]]
    run -0 report json requests=9
    [[ $output = *'"p75_us": 7.00'* ]]
    [[ $output != *'"p90_us": 9'* ]]
}

@test "the report warns of what it cannot be trusted for, and of nothing else" {
    local ok=(url=http://a cpu=800000000 rate=1000 due=1000 in_flight=9)
    run -0 report text "${ok[@]}"
    [[ $output != *"!"* ]]
    warns() {
        run -0 report text "${ok[@]}" "${@:2}"
        [[ $(grep -c '  ! ' <<<"$output") = 1 && $output = *"  ! $1"* ]] || { echo "$output" && return 1; }
    }
    warns "no answer had a status of 2xx" status=404
    warns "no answer had a status of 2xx" status=302
    warns "1 client got no answer" answered=9
    warns "this client used 95 % of its CPU" cpu=950000000
    warns "the times leave out requests: 1 not sent, 0 failed" unsent=1
    warns "the times leave out requests: 0 not sent, 2 failed" reset=2
    warns "requests never begun: 19 of 1,019" unbegun=19 planned_requests=1019
    warns "5 failed during the warm-up: 3 reset, 2 bad_response" in_warm_up_bad_response=2 in_warm_up_reset=3
    warns "33,333,332 failed during the warm-up: 11,111,111 refused..." in_warm_up_refused=11111111 \
        in_warm_up_connect_error=11111111 in_warm_up_truncated=11111110
    warns "of 2.00 s planned no connection was left after 1.00 s" planned=2000000000
    run -0 report text cpu=950000000 threads=2 reset=2
    [[ $output != *"!"* ]]
    ok=(url=http://a requests=0 answered=0)
    warns "nothing was answered: there is nothing to compare" timeout=5
    run -0 report text "${ok[@]}" wrong_status=5
    [[ $output = *"  ! no answer was what was wanted: there is nothing to compare"* ]]
    [[ $output != *"nothing was answered"* ]]
}

@test "requests and responses are told in the form of other echo benchmarks" {
    run -0 report classic in_flight=10 timeout=3 refused=100 wrong_body=2
    diff - <(echo "$output") <<'END'
Benchmarking: 127.0.0.1:8000
10 clients, running 100 bytes, 1 sec.

Speed: 1015 request/sec, 1002 response/sec
Requests: 1015
Responses: 1002
END
}

@test "the distribution has 20 lines at most, and counts every answer once" {
    local requests
    for requests in 1 2 3 100 30000; do
        run -0 report distribution requests="$requests"
        ((${#lines[@]} <= 21))
        [[ ${lines[-1]} = *" 100.00 %"* ]]
        awk -v n="$requests" '
            NR > 1 {
                gsub(/,/, "")
                sum += $3
                bar = $3 > most ? length($6) : bar
                most = $3 > most ? $3 : most
            }
            END { exit sum != n || bar != 36 }' <<<"$(grep . <<<"$output")"
        fits
    done
}

@test "a second is a line" {
    run -0 report samples requests=500 timeout=7
    diff - <(echo "$output") <<'END'

   until    answered    failures        mean     longest
    1.00         500           0     2.00 us     1.00 ms
    1.00           0           7           -           -
END
}

@test "the file for scripts has all of its keys once, and whole numbers but for two" {
    local prefix figure
    report values url=http://a rate=1000 >"$BATS_TEST_TMPDIR/values"
    {
        for prefix in '' response_ first_byte_ connect_; do
            for figure in min p50 p75 p90 p99 p999 p9999 max mean stdev; do
                echo "$prefix${figure}_us"
            done
        done
        printf 'status_%s\n' 1xx 2xx 3xx 4xx 5xx
        tr ' ' '\n' <<<"mode connections bytes seconds threads asked_rate answered fewest most rate \
in_flight requests wrong_status wrong_body refused connect_error no_port no_descriptor timeout reset \
closed_early truncated wrong_bytes bad_response sent responses due unsent unbegun late warm_up \
warm_up_failures oldest_us \
failures client_cpu_us bytes_sent bytes_received bytes_moved"
    } | sort >"$BATS_TEST_TMPDIR/keys"
    cut -d= -f1 "$BATS_TEST_TMPDIR/values" | sort | diff "$BATS_TEST_TMPDIR/keys" -
    run grep -Evx '[a-z0-9_]+=[0-9]+' "$BATS_TEST_TMPDIR/values"
    [ "$output" = $'mode=stays\nseconds=1.000' ]
}

# ---- JSON, SVG and HTML ----

# well_formed FILE: as XML, which a page may be as well. Where there is no xmllint, nobody knows.
well_formed() {
    if command -v xmllint >/dev/null; then
        xmllint --noout "$1"
    fi
}

# documented_keys: those of the JSON object, as the comment above write_json() has them.
documented_keys() {
    sed -n '/^ \* One object\. /,/^ \*\//p' "$TOP/chapters/10-webbench/load/report-json.c"
}

@test "the JSON is JSON, has the keys that are documented, and says what the run was" {
    command -v jq >/dev/null || skip "there is no jq here (Debian: jq)"
    local json=$BATS_TEST_TMPDIR/report.json key
    report json url=$'http://a/"<\\\x01\xff' url=http://b rate=1000 refused=2 in_flight=3 status=404 \
        in_warm_up_timeout=4 >"$json"
    jq -e '.requests_answered == 1000 and .requests_sent == 1003 and .requests_in_flight == 3
        and .failures == {"refused": 2} and .warm_up_failures == {"timeout": 4} and .statuses == {"404": 1000} and .urls[1] == "http://b"
        and .urls[0] == "http://a/\"<\\%01%FF" and .asked_requests_per_second == 1000
        and .times.response.count == 1000 and .times.response.max_us == 10000
        and .times.service.mean_us == 500.5 and .times.connect.count == 10
        and .times.first_byte == {"count": 0} and (.seconds | length) == 2
        and .warnings == ["no answer had a status of 2xx: an error page may be quick to send",
            "the times leave out requests: 0 not sent, 2 failed",
            "4 failed during the warm-up: 4 timeout"]' "$json"
    for key in $(jq -r 'keys[], .times.response != null, (.seconds[0] | keys[])' "$json" | grep -v true); do
        documented_keys | grep -qw -- "$key" || { echo "not documented: $key" && return 1; }
    done
    report json requests=0 clients=10 answered=0 | jq -e '.protocol == "echo" and .times.service == {"count": 0}'
}

@test "the picture is well-formed, stands alone, and has a curve for each of the two times" {
    local svg=$BATS_TEST_TMPDIR/report.svg
    report svg url='http://a/<&"' rate=1000 requests=20000 >"$svg"
    well_formed "$svg"
    [ "$(grep -c '<path class="curve .*L464 ' "$svg")" -eq 2 ]
    grep -q 'class="curve response" d="M48\.0 304\.0L' "$svg" # the least of 200 ms is on the axis
    grep -q '.response { stroke: #[0-9a-f]*; stroke-dasharray' "$svg"
    grep -q 'Service time: half of the answers took at most 10\.0 ms, 99 % at most 19\.8 ms, the longest 20\.0 ms' "$svg"
    run grep -c '>99.99<\|>99.999<' "$svg" # no percentile of which there are too few
    [ "$output" = 1 ]
    report svg requests=20 >"$svg"
    run grep -c 'class="curve response"' "$svg"
    [ "$output" = 0 ]
    report svg requests=0 answered=0 >"$svg"
    well_formed "$svg"
}

@test "the page is well-formed, needs no other file, and tells how to repeat the run" {
    local page=$BATS_TEST_TMPDIR/report.html
    report html url='http://a/<&"' requests=20000 status=404 rate=1000 timeout=3 >"$page"
    well_formed "$page"
    run grep -oE '(src|href)="[^"]*"|@import|url\([^)]*\)' "$page"
    [ "$output" = 'href="data:,"' ]
    grep -qF "<pre>$BATS_FILE_TMPDIR/report html \$'url=http://a/&#60;&#38;&#34;' requests=20000 " "$page"
    grep -q '<li>no answer had a status of 2xx' "$page"
    [[ $(<"$page") = *"<td>-</td></tr>"*"</table>"*"<p class=\"note\">A - stands where"*"</section>"* ]]
    run grep -c caption "$page"
    [ "$output" = 0 ]
    grep -q '<dd>3 not answered in time</dd>' "$page"
    grep -q '<tr><th scope="row">p99</th><td>198 ms</td><td>19.8 ms</td><td>-</td></tr>' "$page"
}

@test "of one run all forms tell the same" {
    local tmp=$BATS_TEST_TMPDIR requests
    command -v jq >/dev/null || skip "there is no jq here (Debian: jq)"
    all_forms() {
        run "$BUILD/10-webbench/load" -c 4 -t 0.2 -R 500 -o "$tmp/values" --json "$tmp/json" --svg "$tmp/svg" \
            --html "$tmp/html" --distribution --samples "$ADDRESS" "$PORT"
        ((status == 0))
    }
    start_server 11-models/epoll
    poll_until 20 all_forms
    requests=$(sed -n 's/^requests=//p' "$tmp/values")
    ((requests > 0))
    [[ $output = *"requests   $requests, "*"response up to"*"service up to"*"until "* ]]
    jq -e --argjson n "$requests" '.requests_answered == $n and .times.response.count == $n
        and ([.seconds[].answered] | add) == $n and .protocol == "echo" and .message_bytes == 100' "$tmp/json"
    grep -q "<dt>answered</dt><dd>$requests</dd>" "$tmp/html"
    grep -q 'class="curve response"' "$tmp/svg"
    run -0 "$BUILD/10-webbench/load" -C -c 1 -n 3 "$ADDRESS" "$PORT"
    [[ $output = "Benchmarking: $ADDRESS:$PORT"$'\n'"1 clients, running 100 bytes, "*$'\n'"Requests: 3"$'\n'"Responses: 3" ]]
}

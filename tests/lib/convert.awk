# convert.awk - results (see tests/lib/grading.bash) in the formats of others: variable `format`
BEGIN {
    FS = "\t"
}

$1 == "results" {
    edition = $2
    student = $3
}

$1 == "about" {
    ids[++exercises] = $2
    kind[$2] = $3
    section[$2] = $4
    title[$2] = $5
}

$1 == "exercise" {
    hash[$2] = $3
    points[$2] = $4
    of[$2] = $5
    outcome[$2] = $6
    reason[$2] = $7
    sum += $4
    total += $5
    solved += $6 == "passed"
}

$1 == "test" {
    tests[$2] = $3
    earned[$2, $3] = $4
    worth[$2, $3] = $5
    how[$2, $3] = $6
    name[$2, $3] = $7
}

$1 == "story" {
    story[$2, $3, ++lines[$2, $3]] = $4
}

# ---- strings ----

# Control characters have been taken out by the judge.
function json(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    gsub(/\n/, "\\n", text)
    return "\"" text "\""
}

function xml(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    gsub(/"/, "\\&quot;", text)
    return text
}

function csv(text) {
    gsub(/"/, "\"\"", text)
    return "\"" text "\""
}

function field(key, text) {
    return json(key) ": " json(text)
}

function whole_story(id, t,    l, text) {
    for (l = 1; l <= lines[id, t]; l++)
        text = text (l > 1 ? "\n" : "") story[id, t, l]
    return text
}

function skipped(how) {
    return how == "not-run" || how == "not-gradable"
}

# ---- one function a format ----

function to_json(    e, id, t, l) {
    print "{"
    print "  " field("format", "ready-or-not results 1") ","
    print "  " field("edition", edition) ","
    print "  " field("student", student) ","
    print "  \"points\": " sum + 0 ","
    print "  \"of\": " total + 0 ","
    print "  \"solved\": " solved + 0 ","
    print "  \"exercises\": ["
    for (e = 1; e <= exercises; e++) {
        id = ids[e]
        print "    {"
        print "      " field("id", id) ", " field("kind", kind[id]) ", " \
            field("title", title[id]) ","
        print "      " field("grader", hash[id]) ", \"points\": " points[id] ", \"of\": " of[id] ","
        print "      " field("outcome", outcome[id]) ","
        print "      " field("reason", reason[id]) ","
        print "      " field("section", section[id]) ","
        print "      " "\"story\": " json(whole_story(id, 0)) ","
        print "      \"tests\": ["
        for (t = 1; t <= tests[id]; t++) {
            print "        {" field("name", name[id, t]) ", " field("outcome", how[id, t]) \
                ", \"points\": " earned[id, t] ", \"of\": " worth[id, t] \
                ", \"story\": " json(whole_story(id, t)) "}" (t < tests[id] ? "," : "")
        }
        print "      ]"
        print "    }" (e < exercises ? "," : "")
    }
    print "  ]"
    print "}"
}

function tap_line(ok, text, directive) {
    gsub(/#/, "\\#", text)
    print (ok ? "ok " : "not ok ") ++taps " - " text directive
}

function to_tap(    e, id, t, l) {
    print "TAP version 13"
    for (e = 1; e <= exercises; e++) {
        id = ids[e]
        if (!tests[id])
            tap_line(skipped(outcome[id]), id " " title[id] ": " outcome[id], \
                skipped(outcome[id]) ? " # SKIP " reason[id] : "")
        for (l = 1; l <= lines[id, 0]; l++)
            print "# " story[id, 0, l]
        for (t = 1; t <= tests[id]; t++) {
            tap_line(how[id, t] == "passed" || skipped(how[id, t]), id " " name[id, t], \
                skipped(how[id, t]) ? " # SKIP " how[id, t] : "")
            for (l = 1; l <= lines[id, t]; l++)
                print "# " story[id, t, l]
        }
    }
    print "1.." taps + 0
}

function junit_case(id, text, how_it_went, why, t,    l) {
    print "    <testcase classname=\"" id "\" name=\"" xml(text) "\">"
    if (skipped(how_it_went)) {
        print "      <skipped message=\"" xml(why) "\"/>"
    } else if (how_it_went != "passed") {
        print "      <failure type=\"" how_it_went "\" message=\"" xml(why) "\">"
        for (l = 1; l <= lines[id, t]; l++)
            print xml(story[id, t, l])
        print "      </failure>"
    }
    print "    </testcase>"
}

function to_junit(    e, id, t, failures, skips) {
    print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
    print "<testsuites name=\"ready-or-not " xml(edition) "\">"
    for (e = 1; e <= exercises; e++) {
        id = ids[e]
        failures = skips = 0
        for (t = 1; t <= tests[id]; t++) {
            skips += skipped(how[id, t])
            failures += how[id, t] != "passed" && !skipped(how[id, t])
        }
        if (!tests[id]) {
            skips = skipped(outcome[id])
            failures = !skips
        }
        print "  <testsuite name=\"" id " " xml(title[id]) "\" tests=\"" \
            (tests[id] ? tests[id] : 1) "\" failures=\"" failures "\" skipped=\"" skips "\">"
        if (!tests[id])
            junit_case(id, title[id], outcome[id], reason[id], 0)
        for (t = 1; t <= tests[id]; t++)
            junit_case(id, name[id, t], how[id, t], how[id, t], t)
        print "  </testsuite>"
    }
    print "</testsuites>"
}

function to_csv(    e, id) {
    print "student,exercise,title,points,of,outcome,reason,edition,grader"
    for (e = 1; e <= exercises; e++) {
        id = ids[e]
        print csv(student) "," id "," csv(title[id]) "," points[id] "," of[id] "," outcome[id] "," \
            csv(reason[id]) "," edition "," hash[id]
    }
}

# One of its tests is one exercise of ours: a condition that fails takes away all of its points.
function to_gradescope(    e, id, t, sep) {
    print "{\"score\": " sum + 0 ","
    print " \"output\": " json("edition " edition) ","
    print " \"tests\": ["
    for (e = 1; e <= exercises; e++) {
        id = ids[e]
        print sep "  {\"name\": " json(id " " title[id]) ", \"score\": " points[id] \
            ", \"max_score\": " of[id] ", \"status\": \"" \
            (outcome[id] == "passed" ? "passed" : "failed") "\"," \
            " \"output\": " json(everything_of(id)) "}"
        sep = ","
    }
    print " ]}"
}

function everything_of(id,    t, text) {
    text = outcome[id] (reason[id] != "" ? ": " reason[id] : "") "\n" whole_story(id, 0)
    for (t = 1; t <= tests[id]; t++)
        text = text "\n" how[id, t] ": " name[id, t] "\n" whole_story(id, t)
    return text
}

END {
    if (format == "json")
        to_json()
    else if (format == "tap")
        to_tap()
    else if (format == "junit")
        to_junit()
    else if (format == "csv")
        to_csv()
    else
        to_gradescope()
}

# transcripts.awk - takes ```console blocks apart; used with text.awk by transcripts
#
# Makes a file NNNNN.block in `folder` for the block on that line. It holds for each line of the
# block what it is (command, output), where it stands, for output the pattern of bash that it
# is, and its text, with \037 between.

function part(kind, text, line,    n, row, rows, i, figures) {
    if (kind != "fence" || info !~ /^console/)
        return
    figures = info ~ /^console figures$/
    if (info != "console" && !figures)
        problem(line, "this fence is \"console\" or \"console figures\", not \"" info "\"")
    block = sprintf("%s/%05d.block", folder, line)
    printf "" >block
    n = split(text, rows, "\n") - 1
    for (i = 1; i <= n; i++) {
        row = rows[i]
        sub(/[ \t]+$/, "", row)
        if (row ~ /^\$ /)
            say("command", line + i, "", substr(row, 3))
        else
            say("output", line + i, as_pattern(row, figures), row)
    }
    close(block)
}

function as_pattern(row, figures,    out, token) {
    if (!figures)
        return literal(row)
    out = ""
    while (match(row, /[0-9][0-9.,]*| +/)) {
        token = substr(row, RSTART, RLENGTH)
        out = out literal(substr(row, 1, RSTART - 1))
        row = substr(row, RSTART + RLENGTH)
        if (token ~ /^ /)
            out = out "+( )"
        else {
            out = out "+([0-9.,])"
            if (match(row, /^ *(ns|us|ms|s)([^A-Za-z]|$)/)) {
                out = out "*( )@(ns|us|ms|s)"
                sub(/^ *[a-z]+/, "", row)
            }
        }
    }
    return out literal(row)
}

function literal(row) {
    gsub(/[^A-Za-z0-9_\200-\377]/, "\\\\&", row)
    gsub(/…/, "*", row)
    return row
}

function say(kind, line, pattern, text) {
    print kind "\037" line "\037" pattern "\037" text >block
}

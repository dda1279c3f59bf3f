# links.awk - finds what a text names; used with text.awk by links
#
# Prints "KIND LINE VALUE" with \037 between, where KIND is
#
#   link       the target of a link or an image
#   path       a word in code font, or of a command line, that looks like a path of the project
#   program    a word in code font that is a file's name, "foo.c"
#   target     of make
#   exercise, chapter    that such a command names
#   heading    its text, and `anchor` its anchor

function part(kind, text, line) {
    if (kind == "fence")
        command_lines(text, line)
    else if (kind != "comment") {
        if (kind == "heading")
            heading(text, line)
        spans(text, line)
        links(without_code(text), line)
    }
}

function say(kind, line, value) {
    print kind "\037" line "\037" value
}

function heading(text, line,    anchor) {
    sub(/^#+ */, "", text)
    anchor = slug(text)
    if (text ~ /^(Real world|Further reading)/ || !elsewhere)
        elsewhere = text ~ /^(Real world|Further reading)/ # programs of others are named there
    else if (text !~ /^###/)
        elsewhere = 0
    say("heading", line, text)
    say("anchor", line, anchor (seen[file, anchor]++ ? "-" seen[file, anchor] - 1 : ""))
}

function links(text, line,    at, start, target) {
    for (start = 1; (at = match(substr(text, start), /\]\([^)]*\)/)) > 0; start = at + 1) {
        at += start - 1
        target = substr(text, at + 2, RLENGTH - 3)
        sub(/ ".*/, "", target)
        say("link", line_of(text, at, line), target)
    }
    if (match(text, /(^|\n)\[[^]]+\]: */)) {
        target = substr(text, RSTART + RLENGTH)
        sub(/[ \n].*/, "", target)
        say("link", line_of(text, RSTART + 1, line), target)
    }
}

# Everything in code font.
function spans(text, line,    at, ticks, offset, close_at) {
    for (offset = 0; (at = match(substr(text, offset + 1), /`+/)) > 0;) {
        ticks = substr(text, offset + at, RLENGTH)
        offset += at + length(ticks) - 1
        close_at = index(substr(text, offset + 1), ticks)
        if (!close_at)
            return
        code(substr(text, offset + 1, close_at - 1), line_of(text, offset, line))
        offset += close_at + length(ticks) - 1
    }
}

function command_lines(text, line,    n, i, rows) {
    n = split(text, rows, "\n")
    for (i = 1; i <= n; i++)
        if (info ~ /^sh/ || (info ~ /^(console|text)/ && sub(/^\$ /, "", rows[i])))
            code(rows[i], line + i)
}

function code(text, line,    n, i, words, making) {
    gsub(/="[^"]*"/, "=", text) # MODELS="mine epoll"
    n = split(text, words, /[ \n\t]+/)
    if (n == 1 && text ~ /^[a-z][a-z0-9-]*\.(c|bats)$/ && !elsewhere)
        say("program", line, text)
    for (i = 1; i <= n; i++) {
        gsub(/^[("'$<]+|[)"';:,.]+$/, "", words[i])
        sub(/^\.\//, "", words[i])
        if (words[i] ~ /^(chapters|lib|tests|exercises|solutions|book|build|work)\/./)
            say("path", line, words[i])
        if (words[i] == "make")
            making = 1
        else if (making && words[i] ~ /^EX=[0-9]/)
            say("exercise", line, substr(words[i], 4))
        else if (making && words[i] ~ /^CHAPTER=[0-9]/)
            say("chapter", line, substr(words[i], 9))
        else if (making && words[i] ~ /^[a-z][a-z-]*$/)
            say("target", line, words[i])
        else if (words[i] !~ /^([A-Z_]+=.*|-.*)$/)
            making = 0
    }
}

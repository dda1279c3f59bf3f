# html-links.awk - finds dead links in a site; the first file lists what there is

FILENAME == ARGV[1] {
    there[$0] = 1
    next
}

{
    rest = $0
    while (match(rest, /(href|src|id)="[^"]*"/)) {
        what = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        kind = substr(what, 1, index(what, "=") - 1)
        value = substr(what, length(kind) + 3)
        sub(/"$/, "", value)
        if (kind == "id")
            there[FILENAME "#" value] = 1
        else if (kind == "src" && value ~ /^[a-z]+:/)
            print FILENAME ": fetches " value
        else if (value !~ /^[a-z]+:/)
            links[FILENAME "\t" value] = FILENAME ":" FNR
    }
}

END {
    for (link in links) {
        split(link, half, "\t")
        if (!(resolved(half[1], half[2]) in there))
            print "build/book/" links[link] ": dead link " half[2]
    }
}

function resolved(from, target,    folder) {
    if (target ~ /^#/)
        return from target
    folder = from
    sub(/[^\/]*$/, "", folder)
    while (sub(/^\.\.\//, "", target))
        sub(/[^\/]*\/$/, "", folder)
    return folder target
}

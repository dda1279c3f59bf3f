# html.awk - mends what pandoc or lowdown has made of one page; used with slug.awk by html
#
# Variables: source, the page's file in the project (book/01-blocking.md); up, the way from the
# page to the top of the site ("" or "../../"); contents, needed: files that get the table of
# contents and the files of the project that the page links to, one a line.

# ---- code ----

/^(<div class="sourceCode"[^>]*>)?<pre/ {
    language = $0
    sub(/^<div[^>]*>/, "", language)
    if (!match(language, /class="(sourceCode |language-)?[^" ]*"/))
        language = "text"
    else {
        language = substr(language, RSTART + 7, RLENGTH - 8)
        sub(/^(sourceCode |language-)/, "", language)
    }
    sub(/^(<div[^>]*>)?<pre[^>]*>(<code[^>]*>)?/, "")
    printf "<pre class=\"%s\" tabindex=\"0\"><code>", language
    in_code = 1
}

in_code {
    closing = sub(/<\/code><\/pre>(<\/div>)?$/, "")
    gsub(/<span id="[^"]*"><a href="#[^"]*"[^>]*><\/a>/, "<span>")
    if (language == "console" && sub(/^\$ /, "")) {
        goes_on = /(&lt;&lt;|&#60;&#60;|\\$)/ # to the next line
        $0 = "<span class=\"prompt\">$ </span><b>" $0 "</b>"
    } else if (goes_on && sub(/^(&gt;|&#62;) /, ""))
        $0 = "<span class=\"prompt\">&gt; </span><b>" $0 "</b>"
    else
        goes_on = 0
    if (closing) {
        print $0 "</code></pre>"
        in_code = 0
    } else
        print
    next
}

# ---- text ----

/^<h[1-6]/ {
    level = substr($0, 3, 1)
    text = $0
    gsub(/<[^>]*>/, "", text)
    id = slug(plain(text))
    if (seen[id]++)
        id = id "-" seen[id] - 1
    sub(/^<h[1-6][^>]*>/, "<h" level " id=\"" id "\">")
    if (level == 2 || level == 3)
        print "<li class=\"level" level "\"><a href=\"#" id "\">" text "</a></li>" >contents
}

{
    while (/<strong>[^<]*$/ && (getline rest) > 0) # a term that is broken at the end of a line
        $0 = $0 " " rest
    gsub(/<table[^>]*>/, "<div class=\"table\" tabindex=\"0\"><table>")
    gsub(/<\/table>/, "</table></div>")
    gsub(/<tr class="[a-z]*">/, "<tr>")
    mark_terms()
    mend_links()
    print
}

# Without the characters that are written as entities, which no anchor has.
function plain(text) {
    gsub(/&[a-z0-9#]+;/, "", text)
    return text
}

# What is bold is a term where it is defined; the glossary links to it.
function mark_terms(    out, at, term) {
    out = ""
    while ((at = match($0, /<strong>[^<]*<\/strong>/)) > 0) {
        term = substr($0, at + 8, RLENGTH - 17)
        out = out substr($0, 1, at - 1) "<strong id=\"term-" slug(plain(term)) "\">" term "</strong>"
        $0 = substr($0, at + RLENGTH)
    }
    $0 = out $0
}

function mend_links(    out, at, target, quote) {
    out = ""
    while ((at = match($0, /(href|src)="[^"]*"/)) > 0) {
        quote = index(substr($0, at), "\"")
        target = substr($0, at + quote, RLENGTH - quote - 1)
        out = out substr($0, 1, at + quote - 1) mended(target) "\""
        $0 = substr($0, at + RLENGTH)
    }
    $0 = out $0
}

function mended(target,    path, anchor) {
    if (target ~ /^([a-z]+:|#)/)
        return target
    anchor = ""
    path = target
    if (index(target, "#")) {
        anchor = substr(target, index(target, "#"))
        path = substr(target, 1, index(target, "#") - 1)
    }
    path = resolved(path)
    if (path == "book/README.md")
        return up "index.html" anchor
    if (path == "book/terms.tsv")
        return up "glossary.html" anchor
    if (path ~ /^book\/[0-9][0-9]-[^\/]*\.md$/) {
        sub(/^book\//, "", path)
        sub(/\.md$/, ".html", path)
        return up path anchor
    }
    if (path != "") # else the top of the project, which has no page
        print path >>needed
    if (path ~ /\.(svg|png)$/) {
        sub(/^book\//, "", path)
        return up path
    }
    return up "source/" path ".html" anchor
}

# A path relative to the folder of `source` as one from the top of the project.
function resolved(path,    n, i, words, kept, whole) {
    whole = source
    sub(/[^\/]*$/, path, whole)
    n = split(whole, words, "/")
    kept = 0
    whole = ""
    for (i = 1; i <= n; i++)
        if (words[i] == "..")
            kept--
        else if (words[i] != "" && words[i] != ".")
            words[++kept] = words[i]
    for (i = 1; i <= kept; i++)
        whole = whole (i > 1 ? "/" : "") words[i]
    return whole
}

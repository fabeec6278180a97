# Reads the ABI's headers and writes a C program that prints their layout: for each structure its size, for each member its offset, size
# and declaration, for each enumerator its value. So no structure can be forgotten, and a changed signature shows too.
BEGIN {
    print "#include <stddef.h>\n#include <stdio.h>\n#include \"slipway/plugin.h\"\n"
    print "int main(void) {"
}

function quoted(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return text
}

# Name of what a declaration declares: of a function pointer, an array, or a plain member.
function declared(text) {
    if (match(text, /\(\*[a-z_0-9]+\)/))
        return substr(text, RSTART + 2, RLENGTH - 3)
    sub(/\[.*/, "", text)
    match(text, /[A-Za-z_0-9]+$/)
    return substr(text, RSTART, RLENGTH)
}

function member(text,   name) {
    gsub(/[ \t\n]+/, " ", text)
    sub(/^ /, "", text)
    sub(/ $/, "", text)
    if (text == "")
        return
    name = declared(text)
    printf "    printf(\"%s.%s %%zu %%zu %s\\n\", offsetof(struct %s, %s), sizeof(((struct %s *)0)->%s));\n", owner, name, quoted(text), owner, name, owner, name
}

function enumerator(text) {
    gsub(/[ \t\n]+/, "", text)
    sub(/=.*/, "", text)
    if (text != "")
        printf "    printf(\"%s %%lld\\n\", (long long)%s);\n", text, text
}

{
    line = line $0 "\n"
}

END {
    text = line
    while ((start = index(text, "/*")) > 0) {
        rest = substr(text, start)
        text = substr(text, 1, start - 1) substr(rest, index(rest, "*/") + 2)
    }
    while (match(text, /(struct|enum) [a-z_0-9]+ \{/)) {
        head = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        close_at = index(text, "}")
        body = substr(text, 1, close_at - 1)
        text = substr(text, close_at + 1)
        split(head, words, " ")
        owner = words[2]
        if (words[1] == "struct") {
            printf "    printf(\"struct %s %%zu\\n\", sizeof(struct %s));\n", owner, owner
            count = split(body, parts, ";")
            for (i = 1; i <= count; i++)
                member(parts[i])
        } else {
            count = split(body, parts, ",")
            for (i = 1; i <= count; i++)
                enumerator(parts[i])
        }
    }
    print "    return 0;\n}"
}

# compare.awk RECORDED CURRENT: says what of the recorded layout is no longer so. Structures may have grown, at their ends; new ones
# and new enumerators may have come; nothing else may differ.
FNR == NR {
    recorded[FNR] = $0
    count = FNR
    next
}
{
    if ($1 == "struct")
        size[$2] = $3
    else
        have[$0] = 1
}
END {
    broken = 0
    for (i = 1; i <= count; i++) {
        split(recorded[i], words, " ")
        good = words[1] == "struct" ? size[words[2]] >= words[3] + 0 : recorded[i] in have
        if (!good) {
            print "changed since it was recorded: " recorded[i]
            broken++
        }
    }
    if (!count || !length(size)) {
        print "nothing to compare"
        broken++
    }
    exit broken > 0
}

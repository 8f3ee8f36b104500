# attach_check: in the events of a trace of victim joined, out its contradictions. Sizes of a thread's blocks count up: none may be missing, and of none the end.
/ thread id=/ { split($3, who, "/"); match($0, /name=.*/); name[who[2]] = substr($0, RSTART + 5, RLENGTH - 5) }
/ resize_begin / { match($0, / address=0x[0-9a-f]+/); delete live[substr($0, RSTART + 9, RLENGTH - 9)] }
/ alloc | resize_end / {
    events++
    split($3, who, "/")
    match($0, / address=0x[0-9a-f]+/); address = substr($0, RSTART + 9, RLENGTH - 9)
    match($0, / size=[0-9]+/); size = substr($0, RSTART + 6, RLENGTH - 6) + 0
    if ($4 == "alloc" && address in live) { bad++; if (bad < 5) print "given twice: " $0 }
    live[address] = who[2]
    if ($4 == "alloc" && /api=malloc / && name[who[2]] == "load" && size >= 16 && size < 16 + 997) {
        seen++
        if ((who[2] in last) && size != 16 + (last[who[2]] - 16 + 1) % 997) { bad++; if (bad < 5) print "missing after " last[who[2]] ": " $0 }
        last[who[2]] = size
    }
}
/ free / { events++; match($0, / address=0x[0-9a-f]+/); delete live[substr($0, RSTART + 9, RLENGTH - 9)] }
/ gap / { bad++; print }
END {
    for (address in live) kept[live[address]]++
    for (thread in kept) if (name[thread] == "load" && kept[thread] > 19) { bad++; print "thread " thread " keeps " kept[thread] " blocks" }
    print events + 0, seen + 0, bad + 0
}

# Makes the entries of PTX take their arguments from the device's memory, so that a CUDA graph, which keeps the
# parameters of its launches, serves batches of every size. A launch has one parameter, the address of
#
#     grid x, grid y [u32]    argument 0, 1, … [a word of 8 bytes each, little-endian]
#
# It may have more blocks than the grid that lies there: those beyond return at once, and the others see that grid.
/^\.visible \.entry / {
    name = $3
    sub(/\(.*/, "", name)
    count = 0
    while ((getline line) > 0 && line !~ /^\)/) {
        if (line !~ /^\t\.param \.[usbf](8|16|32|64) /) { print name ": not a number: " line > "/dev/stderr"; exit 1 }
        count++
    }
    print ".visible .entry " name "( // " count " arguments"
    print "\t.param .u64 " name "_launch"
    print ")"
    inside = 1
    next
}
inside && /^{/ {
    print
    print "\t.reg .pred \t%beyond<2>;"
    print "\t.reg .b32 \t%grid<2>, %block<2>;"
    print "\t.reg .b64 \t%launch;"
    print "\tld.param.u64 \t%launch, [" name "_launch];"
    print "\tcvta.to.global.u64 \t%launch, %launch;"
    print "\tld.global.nc.v2.u32 \t{%grid0, %grid1}, [%launch];"
    print "\tmov.u32 \t%block0, %ctaid.x;"
    print "\tmov.u32 \t%block1, %ctaid.y;"
    print "\tsetp.ge.u32 \t%beyond0, %block0, %grid0;"
    print "\tsetp.ge.or.u32 \t%beyond1, %block1, %grid1, %beyond0;"
    print "\t@%beyond1 ret;"
    inside = 0
    next
}
/ld\.param\./ && match($0, name "_param_[0-9]+\\]") {
    number = substr($0, RSTART + length(name) + 7, RLENGTH - length(name) - 8)
    $0 = substr($0, 1, RSTART - 1) "%launch+" 8 + 8 * number substr($0, RSTART + RLENGTH - 1)
    sub(/ld\.param\./, "ld.global.nc.")
}
/%nctaid\./ { sub(/%nctaid\.x/, "%grid0"); sub(/%nctaid\.y/, "%grid1") }
/_param_[0-9]|%nctaid/ && !/^\t*\/\// { print name ": an argument of another use: " $0 > "/dev/stderr"; exit 1 }
{ print }

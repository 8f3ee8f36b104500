/* walk_lx106: in a reset, out the call of main. */
    .section .reset, "ax"
    .align 4
    j 1f
    .align 4
    .literal_position
1:  movi a0, _start
    jx a0

    .text
    .literal_position
    .global _start
    .align 4
_start:
    movi a1, __stack
    movi a2, 0x20
    wsr.ps a2
    rsync
    call0 main
1:  j 1b

/* sym_bomb: in nothing, out a small file whose debug data swells: 20,000 functions that all claim the same 20,000 ranges. */
        .text
        .globl  bombed, _start
        .type   bombed, %function
bombed:
_start:
        .skip   64
        .size   bombed, . - bombed
.Lend:
        .section .debug_abbrev, "", %progbits
.Labbrev:
        .uleb128 1, 0x11        /* DW_TAG_compile_unit, children */
        .byte   1
        .uleb128 0x11, 0x01     /* DW_AT_low_pc, DW_FORM_addr */
        .uleb128 0x12, 0x07     /* DW_AT_high_pc, DW_FORM_data8 */
        .uleb128 0, 0
        .uleb128 2, 0x2e        /* DW_TAG_subprogram */
        .byte   0
        .uleb128 0x55, 0x17     /* DW_AT_ranges, DW_FORM_sec_offset */
        .uleb128 0, 0
        .byte   0
        .section .debug_ranges, "", %progbits
        .rept   20000
        .8byte  0, 32
        .endr
        .8byte  0, 0
        .section .debug_info, "", %progbits
        .4byte  .Linfo_end - .Lversion
.Lversion:
        .2byte  4
        .4byte  .Labbrev
        .byte   8
        .uleb128 1
        .8byte  bombed
        .8byte  .Lend - bombed
        .rept   20000
        .uleb128 2
        .4byte  0
        .endr
        .byte   0
.Linfo_end:
        .section .note.GNU-stack, "", %progbits

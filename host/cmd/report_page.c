/* report_page: the page of a report, taken into the program as it is. */
#include "report_page.h"

__asm__(".section .rodata\n"
        ".global report_page, report_page_end\n"
        "report_page: .incbin \"" HT_REPORT_PAGE "\"\n"
        "report_page_end: .byte 0\n"
        ".previous\n");

/* report_page: the page of a report as it is built in web/: one HTML file with a place for the data. */
#ifndef HOST_CMD_REPORT_PAGE_H
#define HOST_CMD_REPORT_PAGE_H

extern const char report_page[], report_page_end[];
#define REPORT_PAGE_DATA "@HEAPTRACER_DATA@"

#endif

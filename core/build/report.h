/* report.h - the build report: JSON or env lines in the shape that werf writes and its users parse. */
#ifndef CORE_BUILD_REPORT_H
#define CORE_BUILD_REPORT_H

#include "core/base/buf.h"
#include "core/build/build.h"

enum sw_report_form { SW_REPORT_JSON, SW_REPORT_ENV };

struct sw_report {
    const char *backend; /* name of the backend plugin */
    const char *repo;    /* as in image names */
    const char *commit;  /* hex */
    bool remote;         /* stages are in a registry */
    const struct sw_image_report *images;
    size_t count;
};

void sw_report_write(struct sw_buf *out, enum sw_report_form form, const struct sw_report *report);

/* The form that a path's extension asks for. SW_ERROR_USAGE for one that is neither .json, .env nor none. */
bool sw_report_form_of(const char *path, enum sw_report_form *form, struct sw_error **error);

#endif

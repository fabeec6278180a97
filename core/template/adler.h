/* adler.h - the Adler-32 checksum. */
#ifndef CORE_TEMPLATE_ADLER_H
#define CORE_TEMPLATE_ADLER_H

#include "core/template/value.h"

uint32_t sw_adler32(struct sw_str data);

#endif

/* One place for the name and number of what is built. */
#ifndef ACF_BASE_VERSION_H
#define ACF_BASE_VERSION_H

#define ACF_VERSION "0.1.0"

#endif

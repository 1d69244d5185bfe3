/* version.h - the program's version, as --version, /metrics and the manual say it. */
#ifndef AISLE_CONFIG_VERSION_H
#define AISLE_CONFIG_VERSION_H

#define AISLE_VERSION "0.1.0"

#endif

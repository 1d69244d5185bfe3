/* The JSON writer lives in schemas, so that views can print rows with it too. */
#include "schemas/json_out.h"

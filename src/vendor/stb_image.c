/* stb_image 2.27 as Debian's libstb-dev installs it: PNG, JPEG and BMP from memory, nothing else.
 */
/* Its assertions end the program.  A file reaches none: image/probe.c refuses what would. */
#include "base/assert.h"
#include "image/budget.h"

#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_MAX_DIMENSIONS 8192
#define STBI_ASSERT(x)      ACF_ASSERT(x)
#define STBI_MALLOC(n)      acf_image_budget_take(n)
#define STBI_REALLOC(p, n)  acf_image_budget_resize((p), (n))
#define STBI_FREE(p)        acf_image_budget_give(p)
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>

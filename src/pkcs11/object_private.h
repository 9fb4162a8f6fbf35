/* What an object consists of; private to object.c and object_make.c. */
#ifndef PKCS11_OBJECT_PRIVATE_H
#define PKCS11_OBJECT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include <p11-kit/pkcs11.h>

#include "util/bytes.h"

#define OBJECT_ATTRIBUTES_MAX 40U

struct object {
	CK_OBJECT_HANDLE   handle;
	bool               is_private_key;
	struct device_key *key;
	size_t             count;
	struct object_attribute {
		CK_ATTRIBUTE_TYPE type;
		struct bytes      value;
	} attributes[OBJECT_ATTRIBUTES_MAX];
};

#endif

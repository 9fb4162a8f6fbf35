/* Owns the lists of attributes: comparing, finding, handing out. object_make.c fills them. */
#include "config.h"

#include "pkcs11/object.h"

#include <stdlib.h>
#include <string.h>

#include "device/tpm/key_file.h"
#include "pkcs11/object_private.h"

/* Those by which a caller names one object that it has seen before. */
static const CK_ATTRIBUTE_TYPE identifying[] = {CKA_ID, CKA_VALUE, CKA_SERIAL_NUMBER, CKA_MODULUS,
    CKA_EC_POINT, CKA_PUBLIC_KEY_INFO};

/* Those of a private key that nobody learns. */
static const CK_ATTRIBUTE_TYPE secret[] = {CKA_VALUE, CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
    CKA_PRIME_2, CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_COEFFICIENT};

void
object_free(struct object *object)
{
	if (object == NULL)
		return;
	for (size_t i = 0; i < object->count; i++)
		bytes_clear(&object->attributes[i].value);
	free(object->key);
	free(object);
}

CK_OBJECT_HANDLE
object_handle(const struct object *object)
{
	return object->handle;
}

void
object_handle_set(struct object *object, CK_OBJECT_HANDLE handle)
{
	object->handle = handle;
}

const struct device_key *
object_key(const struct object *object)
{
	return object->key;
}

static const struct object_attribute *
attribute_find(const struct object *object, CK_ATTRIBUTE_TYPE type)
{
	for (size_t i = 0; i < object->count; i++) {
		if (object->attributes[i].type == type)
			return &object->attributes[i];
	}
	return NULL;
}

struct view
object_value(const struct object *object, CK_ATTRIBUTE_TYPE type)
{
	const struct object_attribute *attribute = attribute_find(object, type);

	return attribute != NULL ? bytes_view(&attribute->value) : (struct view){0};
}

/* Private areas are encrypted anew each time, so that a key that was replaced is another one. */
static bool
key_equal(const struct device_key *a, const struct device_key *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->parent == b->parent && a->private.size == b->private.size &&
	    memcmp(a->private.buffer, b->private.buffer, a->private.size) == 0;
}

bool
object_equal(const struct object *a, const struct object *b)
{
	if (a->count != b->count || !key_equal(a->key, b->key))
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (a->attributes[i].type != b->attributes[i].type ||
		    !view_equal(bytes_view(&a->attributes[i].value), bytes_view(&b->attributes[i].value)))
			return false;
	}
	return true;
}

bool
object_matches(const struct object *object, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++) {
		const struct object_attribute *attribute = attribute_find(object, template[i].type);
		const struct view wanted = {template[i].pValue, template[i].ulValueLen};

		if (attribute == NULL || !view_equal(bytes_view(&attribute->value), wanted))
			return false;
	}
	return true;
}

static bool
type_is_in(CK_ATTRIBUTE_TYPE type, const CK_ATTRIBUTE_TYPE *types, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (types[i] == type)
			return true;
	}
	return false;
}

bool
object_template_is_of_one(const CK_ATTRIBUTE *template, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++) {
		if (type_is_in(template[i].type, identifying, sizeof identifying / sizeof identifying[0]))
			return true;
	}
	return false;
}

static CK_RV
attribute_get(const struct object *object, CK_ATTRIBUTE *out)
{
	const struct object_attribute *attribute = attribute_find(object, out->type);
	CK_RV                          rv = CKR_OK;

	if (attribute == NULL)
		rv = object->is_private_key && type_is_in(out->type, secret, sizeof secret / sizeof secret[0])
		    ? CKR_ATTRIBUTE_SENSITIVE
		    : CKR_ATTRIBUTE_TYPE_INVALID;
	else if (out->pValue != NULL && out->ulValueLen < attribute->value.size)
		rv = CKR_BUFFER_TOO_SMALL;
	if (rv != CKR_OK) {
		out->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return rv;
	}
	if (out->pValue != NULL && attribute->value.size != 0)
		memcpy(out->pValue, attribute->value.data, attribute->value.size);
	out->ulValueLen = attribute->value.size;
	return CKR_OK;
}

CK_RV
object_get(const struct object *object, CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_RV result = CKR_OK;

	for (CK_ULONG i = 0; i < count; i++) {
		CK_RV rv = attribute_get(object, &template[i]);

		if (rv != CKR_OK)
			result = rv;
	}
	return result;
}

CK_ULONG
object_size(const struct object *object)
{
	CK_ULONG size = 0;

	for (size_t i = 0; i < object->count; i++)
		size += object->attributes[i].value.size;
	return size;
}

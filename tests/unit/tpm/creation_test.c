#include "config.h"

#include "forge.h"
#include "tpm/ak.h"
#include "tpm/creation.h"
#include "unit.h"

static struct tpm_creation
creation_of(const struct forge_ak *forged)
{
	return (struct tpm_creation){.create_data = bytes_view(&forged->create_data),
	    .attestation = bytes_view(&forged->attestation),
	    .signature = bytes_view(&forged->signature)};
}

START_TEST(verify_each_kind_is_accepted)
{
	struct forge_ak     forged;
	struct tpm_creation creation;
	struct tpm_ak       ak;
	struct error        err = {0};

	forge_ak_make((enum forge_ak_kind)_i, FORGE_FLAW_NONE, &forged);
	creation = creation_of(&forged);
	unit_ok(tpm_ak_decode(bytes_view(&forged.public), &ak, &err), &err);
	unit_ok(tpm_creation_verify(&ak, &creation, &err), &err);
	tpm_ak_clear(&ak);
	forge_ak_clear(&forged);
}
END_TEST

START_TEST(verify_flaw_is_refused_by_its_own_rule)
{
	const struct forge_flaw_row *row = forge_flaw_row((enum forge_flaw)_i);
	struct forge_ak              forged;
	struct tpm_creation          creation;
	struct tpm_ak                ak;
	struct error                 err = {0};

	if (row->judge != FORGE_BY_CREATION)
		return; /* ak_test has those */
	forge_ak_make(row->ak, (enum forge_flaw)_i, &forged);
	creation = creation_of(&forged);
	unit_ok(tpm_ak_decode(bytes_view(&forged.public), &ak, &err), &err);
	unit_fails(tpm_creation_verify(&ak, &creation, &err), &err, row->kind, row->detail);
	tpm_ak_clear(&ak);
	forge_ak_clear(&forged);
}
END_TEST

START_TEST(verify_evidence_of_another_ak_is_refused)
{
	struct forge_ak     forged;
	struct forge_ak     other;
	struct tpm_creation creation;
	struct tpm_ak       ak;
	struct error        err = {0};

	forge_ak_make(FORGE_AK_RSASSA, FORGE_FLAW_NONE, &forged);
	forge_ak_make(FORGE_AK_P256, FORGE_FLAW_NONE, &other);
	creation = creation_of(&forged);
	unit_ok(tpm_ak_decode(bytes_view(&other.public), &ak, &err), &err);
	unit_fails(tpm_creation_verify(&ak, &creation, &err), &err, ERROR_BAD_ATTESTATION,
	    "the attested objectName is not the Name of the AK's public area");
	tpm_ak_clear(&ak);
	forge_ak_clear(&forged);
	forge_ak_clear(&other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("creation");
	TCase *tc = tcase_create("creation");

	(void)forge_key(FORGE_RSA2048, 0); /* once, before Check forks */
	(void)forge_key(FORGE_RSA2048, 1);
	(void)forge_key(FORGE_RSA3072, 0);
	tcase_add_loop_test(tc, verify_each_kind_is_accepted, 0, FORGE_AK_COUNT);
	tcase_add_loop_test(tc, verify_flaw_is_refused_by_its_own_rule, 0, FORGE_FLAW_COUNT);
	tcase_add_test(tc, verify_evidence_of_another_ak_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}

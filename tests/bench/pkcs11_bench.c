/*
 * What a signature by the PKCS #11 module costs beside TPM2_Load, TPM2_Sign and TPM2_FlushContext
 * alone, on a connection that stays open: pkcs11_bench MODULE TCTI KEY-FILE COUNT. The figures are the
 * medians of rounds, in which both take turns. The module's environment names the same TPM and key.
 * Nothing is asserted.
 */
#include "config.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <p11-kit/pkcs11.h>

#include "bench.h"
#include "device/tpm/key_file.h"
#include "device/tpm/key_sign.h"
#include "device/tpm/tpm.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define ROW "PKCS #11: P-256 with the SRK"
#define ROUNDS 11

static const uint8_t digest[32] = {1};

static void
must(int good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "pkcs11_bench: %s\n", what);
	exit(EXIT_FAILURE);
}

static double
seconds(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double
bare(const char *tcti, const char *file, int count)
{
	AUTO_TPM                   tpm = NULL;
	AUTO_BYTES                 pem = {0};
	struct device_parent_known known = {0};
	struct device_key          key;
	struct error               err = {0};
	TPMT_SIGNATURE             signature;
	double                     began = 0;

	must(file_read(file, 65536, &pem, &err) == 0 &&
	        device_key_decode(bytes_view(&pem), &key, &err) == 0 &&
	        device_tpm_open(tcti, &tpm, &err) == 0, err.detail);
	for (int i = -1; i < count; i++) { /* the first finds the parent */
		if (i == 0)
			began = seconds();
		must(device_key_sign(tpm, &key, &known, TPM2_ALG_ECDSA, TPM2_ALG_SHA256,
		         (struct view){digest, sizeof digest}, &signature, &err) == 0, err.detail);
	}
	device_parent_known_clear(&known);
	return (seconds() - began) / count;
}

static double
by_module(const char *path, int count)
{
	void                *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get = NULL;
	CK_FUNCTION_LIST_PTR p11 = NULL;
	CK_OBJECT_CLASS      class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE         template = {CKA_CLASS, &class, sizeof class};
	CK_MECHANISM         mechanism = {CKM_ECDSA, NULL, 0};
	CK_SESSION_HANDLE    session;
	CK_OBJECT_HANDLE     key;
	CK_ULONG             found = 0;
	double               began = 0;

	must(library != NULL, "the module does not load");
	*(void **)&get = dlsym(library, "C_GetFunctionList");
	must(get != NULL && get(&p11) == CKR_OK && p11->C_Initialize(NULL) == CKR_OK &&
	        p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK &&
	        p11->C_FindObjectsInit(session, &template, 1) == CKR_OK &&
	        p11->C_FindObjects(session, &key, 1, &found) == CKR_OK && found == 1 &&
	        p11->C_FindObjectsFinal(session) == CKR_OK, "the module has no key");
	for (int i = -1; i < count; i++) {
		uint8_t  signature[64];
		CK_ULONG size = sizeof signature;

		if (i == 0)
			began = seconds();
		must(p11->C_SignInit(session, &mechanism, key) == CKR_OK &&
		        p11->C_Sign(session, (CK_BYTE_PTR)(uintptr_t)digest, sizeof digest, signature, &size) ==
		            CKR_OK, "the module does not sign");
	}
	began = (seconds() - began) / count;
	must(p11->C_Finalize(NULL) == CKR_OK, "the module does not end");
	return began;
}

static int
compare_cb(const void *a, const void *b)
{
	const double left = *(const double *)a;
	const double right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Sorts the numbers. */
static double
median(double *numbers, size_t count)
{
	qsort(numbers, count, sizeof *numbers, compare_cb);
	return numbers[count / 2];
}

/* In turns, since a machine that is busy is busier at one time than at another. */
int
main(int argc, char **argv)
{
	int    count = argc == 5 ? atoi(argv[4]) / ROUNDS : 0; /* NOLINT(cert-err34-c) */
	double alone[ROUNDS];
	double module[ROUNDS];
	double times[ROUNDS];
	double ratio;

	must(count > 0, "usage: pkcs11_bench MODULE TCTI KEY-FILE COUNT");
	for (int i = 0; i < ROUNDS; i++) {
		alone[i] = bare(argv[2], argv[3], count);
		module[i] = by_module(argv[1], count);
		times[i] = module[i] / alone[i];
	}
	ratio = median(times, ROUNDS);
	bench_figure(ROW, "beside Load, Sign and Flush", ratio, "");
	bench_figure(ROW, "time", median(module, ROUNDS) * 1000, "ms");
	(void)printf("P-256 with the SRK: Load, Sign and Flush alone %.2f ms, by the module %.2f ms, %.2f times (%.2f to %.2f)\n",
	    median(alone, ROUNDS) * 1000, median(module, ROUNDS) * 1000, ratio, times[0], times[ROUNDS - 1]);
	return EXIT_SUCCESS;
}

/*
 * Finalizing: RFC 8555 §7.4. Checks the CSR against the order and signs the
 * certificate; then one transaction makes the order valid and records the
 * certificate, or does neither if another request was first.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "acme/keeper/keeper_parts.h"
#include "acme/keeper/operation.h"
#include "acme/keeper/order.h"
#include "acme/keeper/policy.h"
#include "acme/keeper/revision.h"
#include "acme/keeper/snapshot.h"
#include "acme/keeper/standing.h"
#include "acme/keeper/transition.h"
#include "pki/certificate.h"
#include "pki/csr.h"
#include "pki/device_certificate.h"
#include "util/log.h"

/* Checks that the order is ready, not expired, and attested. */
static int
check_ready(const struct call *call, const struct store_order *order, struct error *err)
{
	enum status status = transition_order_status(order, call->now);

	if (status == STATUS_VALID)
		return error_set(err, ERROR_ORDER_NOT_READY,
		    "the order was finalized already; its certificate can be downloaded");
	if (status == STATUS_INVALID)
		return error_set(err, ERROR_ORDER_NOT_READY, "the order is invalid: %s",
		    order->problem.detail != NULL ? order->problem.detail : "it was not finalized in time");
	if (status != STATUS_READY)
		return error_set(err, ERROR_ORDER_NOT_READY,
		    "the order is %s: its device-attest-01 challenge has not been answered",
		    status_name(status));
	for (size_t i = 0; i < order->authorization_count; i++) {
		if (transition_authorization_status(&order->authorizations[i], call->now) != STATUS_VALID)
			return error_set(err, ERROR_UNAUTHORIZED, "the authorization for %s is no longer valid",
			    order->authorizations[i].value);
	}
	return 0;
}

static int
issued_sign(struct call *call, const struct store_order *order, EVP_PKEY *key,
    struct error *err)
{
	struct store_issued       *issued = call->state;
	const struct acme_revision *revision = operation_revision(call);
	const struct acme_policy *policy = &revision->settings.policy;
	const char               *identifier = order->authorizations[0].value;
	char                     *names[POLICY_DNS_MAX] = {NULL};
	struct device_profile     profile = {
	        .key = key,
	        .identifier = identifier,
	        .dns_names = (const char *const *)names,
	        .usages = DEVICE_USAGE_CLIENT | (policy->server_auth ? DEVICE_USAGE_SERVER : 0U),
	        .crl_url = revision->crl_url,
        };
	int rc;

	profile.dns_count = policy_dns_names(policy, identifier, names);
	rc = policy_validity(policy,
	    certificate_begin(revision->issuing.ca.certificate, call->now,
	        revision->settings.service.backdate),
	    order->not_before, order->not_after, call->now,
	    &profile.not_before, &profile.not_after, err);
	if (rc == 0 &&
	    (rc = device_certificate_issue(&revision->issuing.ca, &profile, issued->serial,
	         &issued->not_after, &issued->der, err)) != 0)
		error_wrap(err, "signing the certificate");
	issued->serial_size = CERTIFICATE_SERIAL_SIZE;
	issued->not_before = profile.not_before;
	for (size_t i = 0; i < profile.dns_count; i++)
		free(names[i]);
	return rc;
}

static int
issued_fill(struct call *call, const struct store_order *order, struct error *err)
{
	struct store_issued              *issued = call->state;
	const struct store_authorization *authorization = &order->authorizations[0];

	if (store_id_draw(issued->id, err) != 0)
		return -1;
	(void)snprintf(issued->account, STORE_ID_SIZE, "%s", order->account);
	(void)snprintf(issued->order, STORE_ID_SIZE, "%s", order->id);
	issued->names = memory_strdup(authorization->value);
	issued->witness = memory_strdup(authorization->witness != NULL ? authorization->witness : "");
	/* Kept with the certificate, which is revoked with its AK certificate. */
	if (issued->ak_serial.size != 0)
		bytes_append(&issued->chain, authorization->chain.data, authorization->chain.size);
	if (EVP_Digest(authorization->key.data, authorization->key.size, issued->key_hash, NULL,
	        EVP_sha256(), NULL) != 1)
		return error_set(err, ERROR_INTERNAL, "hashing the key of a certificate");
	return 0;
}

/* Logs what the CSR asked for and does not get, if that is no reason to refuse it. */
static void
issued_log_left_out(const struct call *call, const struct store_order *order,
    const char *left_out)
{
	char reason[256];

	(void)snprintf(reason, sizeof reason,
	    "the CSR asks for keyUsage %s, which no certificate here has", left_out);
	LOG(INFO, {"request", call->asker.request}, {"event", "left-out"}, {"id", order->id},
	    {"name", order->authorizations[0].value}, {"reason", reason});
}

/* The CSR may only repeat what the order allows, and the policy may have changed since that. */
static int
issued_make(struct call *call, const struct store_order *order, struct error *err)
{
	const struct store_authorization *authorization = &order->authorizations[0];
	const struct acme_policy         *policy = &operation_revision(call)->settings.policy;
	struct csr                        csr = {0};
	int                               rc = -1;

	if (csr_decode(operation_asked(call)->csr, &csr, err) != 0) {
		if (err->kind == ERROR_MALFORMED)
			err->kind = ERROR_BAD_CSR;
		return -1;
	}
	if (policy_check_csr(policy, &csr, authorization->value, bytes_view(&authorization->key), err) == 0 &&
	    policy_check_key(policy, csr.key, err) == 0 && issued_sign(call, order, csr.key, err) == 0)
		rc = issued_fill(call, order, err);
	if (rc == 0 && csr.left_out != NULL)
		issued_log_left_out(call, order, csr.left_out);
	csr_clear(&csr);
	return rc;
}

static int
finalize_look(struct call *call, struct store *store, struct error *err)
{
	struct store_issued *issued = call->state;
	struct store_order   order = {0};
	int                  rc = order_load(call, store, &order, err);

	if (rc == 0)
		rc = check_ready(call, &order, err);
	for (size_t i = 0; rc == 0 && i < order.authorization_count; i++)
		rc = standing_check(call, &order.authorizations[i], &issued->ak_serial, err);
	if (rc == 0)
		rc = issued_make(call, &order, err);
	store_order_clear(&order);
	return rc;
}

static int
finalize_change(struct call *call, struct store *store, struct error *err)
{
	struct store_issued *issued = call->state; /* signed in the look step */
	struct store_order   order = {0};
	int                  rc = order_load(call, store, &order, err);

	if (rc == 0 && (rc = check_ready(call, &order, err)) == 0 &&
	    (rc = store_issued_add(store, issued, err)) == 0) {
		(void)snprintf(order.certificate, sizeof order.certificate, "%s", issued->id);
		rc = transition_order_update(store, &order, STATUS_VALID, err);
	}
	if (rc == 0) {
		operation_note(call, "issued", order.certificate, order.authorizations[0].value,
		    issued->witness);
		snapshot_order(&order, call->now, &call->answer);
	}
	store_order_clear(&order);
	return rc;
}

static void
issued_clear_cb(void *state)
{
	store_issued_clear(state);
}

const struct call_operation operation_finalize = {
    .name = "finalize",
    .state_size = sizeof(struct store_issued),
    .clear = issued_clear_cb,
    .look = finalize_look,
    .change = finalize_change,
};

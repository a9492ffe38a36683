/*-------------------------------------------------------------------------
 *
 * endpoint.c
 *	  The RingCentral Call Log API as data: resources, columns, filters.
 *
 * To support another field or parameter, add a row.
 *
 *-------------------------------------------------------------------------
 */
#include "endpoint.h"

const char *const clf_level_names[CLF_LEVELS] = {
	[CLF_LEVEL_ACCOUNT] = "account",
	[CLF_LEVEL_EXTENSION] = "extension",
};

/*
 * The fields of CallLogRecord, in the order of the API reference.  All text
 * and no enums: values that the reference does not list do occur.
 *
 * "Detailed" marks what the reference returns in that view only; transport is
 * among them because older records carry it only there.
 */
static const ClfColumn call_log_columns[] = {
	{"id", "text", "id", false},
	{"uri", "text", "uri", false},
	{"session_id", "text", "sessionId", false},
	{"telephony_session_id", "text", "telephonySessionId", false},
	{"sip_uuid_info", "text", "sipUuidInfo", false},
	{"party_id", "text", "partyId", false},
	{"start_time", "timestamptz", "startTime", false},
	{"duration", "bigint", "duration", false},
	{"duration_ms", "bigint", "durationMs", false},
	{"type", "text", "type", false},
	{"internal_type", "text", "internalType", false},
	{"direction", "text", "direction", false},
	{"action", "text", "action", false},
	{"result", "text", "result", false},
	{"reason", "text", "reason", false},
	{"reason_description", "text", "reasonDescription", false},
	{"from_phone_number", "text", "from.phoneNumber", false},
	{"from_extension_number", "text", "from.extensionNumber", false},
	{"from_extension_id", "text", "from.extensionId", false},
	{"from_name", "text", "from.name", false},
	{"from_location", "text", "from.location", false},
	{"from_device_id", "text", "from.device.id", false},
	{"from_device_uri", "text", "from.device.uri", false},
	{"from_dialer_phone_number", "text", "from.dialerPhoneNumber", false},
	{"to_phone_number", "text", "to.phoneNumber", false},
	{"to_extension_number", "text", "to.extensionNumber", false},
	{"to_extension_id", "text", "to.extensionId", false},
	{"to_name", "text", "to.name", false},
	{"to_location", "text", "to.location", false},
	{"to_device_id", "text", "to.device.id", false},
	{"to_device_uri", "text", "to.device.uri", false},
	{"to_dialed_phone_number", "text", "to.dialedPhoneNumber", false},
	{"extension_id", "bigint", "extension.id", false},
	{"extension_uri", "text", "extension.uri", false},
	{"transport", "text", "transport", true},
	{"last_modified_time", "timestamptz", "lastModifiedTime", true},
	{"billing_cost_included", "numeric", "billing.costIncluded", true},
	{"billing_cost_purchased", "numeric", "billing.costPurchased", true},
	{"recording_id", "text", "recording.id", false},
	{"recording_uri", "text", "recording.uri", false},
	{"recording_type", "text", "recording.type", false},
	{"recording_content_uri", "text", "recording.contentUri", false},
	{"short_recording", "boolean", "shortRecording", false},
	{"message_id", "text", "message.id", false},
	{"message_type", "text", "message.type", false},
	{"message_uri", "text", "message.uri", false},
	{"delegate_id", "text", "delegate.id", false},
	{"delegate_name", "text", "delegate.name", false},
	{"delegation_type", "text", "delegationType", false},
	{"transfer_target_telephony_session_id", "text",
	"transferTarget.telephonySessionId", false},
	{"transferee_telephony_session_id", "text",
	"transferee.telephonySessionId", false},
	{"metadata_categories", "text[]", "metadataCategories", false},
	{"finished", "boolean", "finished", false},
	{"deleted", "boolean", "deleted", false},
	{"legs", "jsonb", "legs", true},
	{"attrs", "jsonb", CLF_WHOLE_RECORD, true},
	{0}
};

/* What session ids are made of */
#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const char *const type_values[] = {"Voice", "Fax", NULL};
static const char *const direction_values[] = {"Inbound", "Outbound", NULL};
static const char *const transport_values[] = {"PSTN", "VoIP", NULL};
static const char *const recording_type_values[] = {
	"Automatic", "OnDemand", NULL
};

/*
 * The parameters of readCompanyCallLog and readUserCallLog that filter.
 *
 * Left out on purpose: phoneNumber, since its matching depends on how a number
 * happens to be formatted, so that it loses rows which no recheck brings back;
 * metadataCategory, since how it matches is not documented.
 */
static const ClfFilter call_log_filters[] = {
	{
		.json_path = "startTime",
		.parameter = "dateFrom",
		.operators = CLF_OP_RANGE,
		.levels = CLF_AT_BOTH
	},
	{
		.json_path = "telephonySessionId",
		.parameter = "telephonySessionId",
		.operators = CLF_OP_EQUAL,
		.levels = CLF_AT_BOTH,
		.characters = LETTERS DIGITS "-_.~+/=",
		.rivals = CLF_SESSION_RIVALS
	},
	{
		.json_path = "sessionId",
		.parameter = "sessionId",
		.operators = CLF_OP_EQUAL,
		.levels = CLF_AT_BOTH,
		.characters = DIGITS,
		.rivals = CLF_SESSION_RIVALS
	},
	{
		.json_path = "type",
		.parameter = "type",
		.operators = CLF_OP_EQUAL,
		.levels = CLF_AT_BOTH,
		.values = type_values,
		.repeatable = true
	},
	{
		.json_path = "direction",
		.parameter = "direction",
		.operators = CLF_OP_EQUAL,
		.levels = CLF_AT_BOTH,
		.values = direction_values,
		.repeatable = true
	},
	{
		.json_path = "transport",
		.parameter = "transport",
		.operators = CLF_OP_EQUAL,
		.levels = CLF_AT_EXTENSION,
		.values = transport_values,
		.repeatable = true
	},
	{
		.json_path = "recording.type",
		.parameter = "recordingType",
		.operators = CLF_OP_EQUAL | CLF_OP_PRESENT,
		.levels = CLF_AT_BOTH,
		.values = recording_type_values,
		.any_value = "All"
	},
	{
		.json_path = "recording.id",
		.parameter = "recordingType",
		.operators = CLF_OP_PRESENT,
		.levels = CLF_AT_BOTH,
		.values = recording_type_values,
		.any_value = "All"
	},
	{0}
};

const ClfResource clf_resources[] = {
	{
		.name = "call_log",
		.levels = CLF_AT_BOTH,
		.path = {
			[CLF_LEVEL_ACCOUNT] =
			"/restapi/v1.0/account/{account}/call-log",
			[CLF_LEVEL_EXTENSION] =
			"/restapi/v1.0/account/{account}/extension/{extension}/call-log",
		},
		.options = {
			[CLF_LEVEL_ACCOUNT] =
			CLF_HAS_SHOW_DELETED | CLF_HAS_EXTENSION_NUMBER,
			[CLF_LEVEL_EXTENSION] =
			CLF_HAS_SHOW_DELETED | CLF_HAS_EXTENSION_NUMBER |
			CLF_HAS_SHOW_BLOCKED,
		},
		.throttling_group = "heavy",
		.id_path = "id",
		.time_path = "startTime",
		.max_per_page = 1000,
		.max_page = 1000,
		.columns = call_log_columns,
		.filters = call_log_filters
	},
	{0}
};

/*
 * clf_find_resource
 *		The resource of that name, or NULL.
 */
const ClfResource *
clf_find_resource(const char *name)
{
	for (const ClfResource *r = clf_resources; r->name != NULL; r++)
	{
		if (strcmp(r->name, name) == 0)
			return r;
	}
	return NULL;
}

/*
 * clf_find_column
 *		The column of that SQL name, or NULL.
 */
const ClfColumn *
clf_find_column(const ClfResource *resource, const char *name)
{
	for (const ClfColumn *c = resource->columns; c->name != NULL; c++)
	{
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

/* Is one path the other, or an object that holds the other? */
static bool
paths_touch(const char *a, const char *b)
{
	size_t		len_a = strlen(a);
	size_t		len_b = strlen(b);
	size_t		shorter = Min(len_a, len_b);

	if (strncmp(a, b, shorter) != 0)
		return false;
	return len_a == len_b || (len_a > len_b ? a : b)[shorter] == '.';
}

/*
 * clf_path_needs_detailed
 *		Must a request say view=Detailed for this field to be complete?
 *
 * A path that no column touches is one that a later version of the API added:
 * Detailed carries everything, so it is asked for.
 */
bool
clf_path_needs_detailed(const ClfResource *resource, const char *json_path)
{
	bool		known = false;

	for (const ClfColumn *c = resource->columns; c->name != NULL; c++)
	{
		if (!paths_touch(c->json_path, json_path))
			continue;
		if (c->detailed)
			return true;
		known = true;
	}
	return !known;
}

/*-------------------------------------------------------------------------
 *
 * resource.c
 *	  The RingCentral Call Log API as data: resources, columns, filters.
 *
 * A new field or parameter needs only a new line in these tables.  In addition to
 * calls, they describe the company directory,
 * https://developers.ringcentral.com/api-reference/Internal-Contacts/listDirectoryEntries
 * and the message store,
 * https://developers.ringcentral.com/api-reference/Message-Store/listMessages
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/resource.h"

const char *const clf_level_names[CLF_LEVELS] = {
	[CLF_LEVEL_ACCOUNT] = "account",
	[CLF_LEVEL_EXTENSION] = "extension",
};

/*
 * The fields of CallLogRecord and CallLogRecordLegInfo, in the order of the API
 * reference.  They are text, not enums, because values not listed in the
 * reference occur.
 *
 * "detailed" marks fields that are returned in that view only; transport is one
 * of them because older records contain it only there.
 */
#define PARTY_COLUMNS(party) \
	{party "_phone_number", "text", party ".phoneNumber", false}, \
	{party "_extension_number", "text", party ".extensionNumber", false}, \
	{party "_extension_id", "text", party ".extensionId", false}, \
	{party "_name", "text", party ".name", false}, \
	{party "_location", "text", party ".location", false}, \
	{party "_device_id", "text", party ".device.id", false}, \
	{party "_device_uri", "text", party ".device.uri", false}

/* BaseCallLogRecord, in two parts, since a record has columns in between */
#define CALL_COLUMNS \
	{"start_time", "timestamptz", "startTime", false}, \
	{"duration", "bigint", "duration", false}, \
	{"duration_ms", "bigint", "durationMs", false}, \
	{"type", "text", "type", false}, \
	{"internal_type", "text", "internalType", false}, \
	{"direction", "text", "direction", false}, \
	{"action", "text", "action", false}, \
	{"result", "text", "result", false}, \
	{"reason", "text", "reason", false}, \
	{"reason_description", "text", "reasonDescription", false}, \
	PARTY_COLUMNS("from"), \
	{"from_dialer_phone_number", "text", "from.dialerPhoneNumber", false}, \
	PARTY_COLUMNS("to"), \
	{"to_dialed_phone_number", "text", "to.dialedPhoneNumber", false}, \
	{"extension_id", "bigint", "extension.id", false}, \
	{"extension_uri", "text", "extension.uri", false}, \
	{"transport", "text", "transport", true}

#define MORE_CALL_COLUMNS \
	{"billing_cost_included", "numeric", "billing.costIncluded", true}, \
	{"billing_cost_purchased", "numeric", "billing.costPurchased", true}, \
	{"recording_id", "text", "recording.id", false}, \
	{"recording_uri", "text", "recording.uri", false}, \
	{"recording_type", "text", "recording.type", false}, \
	{"recording_content_uri", "text", "recording.contentUri", false}, \
	{"short_recording", "boolean", "shortRecording", false}, \
	{"message_id", "text", "message.id", false}, \
	{"message_type", "text", "message.type", false}, \
	{"message_uri", "text", "message.uri", false}, \
	{"delegate_id", "text", "delegate.id", false}, \
	{"delegate_name", "text", "delegate.name", false}, \
	{"delegation_type", "text", "delegationType", false}, \
	{"transfer_target_telephony_session_id", "text", \
	"transferTarget.telephonySessionId", false}, \
	{"transferee_telephony_session_id", "text", \
	"transferee.telephonySessionId", false}, \
	{"metadata_categories", "text[]", "metadataCategories", false}, \
	{"finished", "boolean", "finished", false}

/* CallLogRecord */
#define RECORD_COLUMNS \
	{"id", "text NOT NULL", "id", false}, \
	{"uri", "text", "uri", false}, \
	{"session_id", "text", "sessionId", false}, \
	{"telephony_session_id", "text", "telephonySessionId", false}, \
	{"sip_uuid_info", "text", "sipUuidInfo", false}, \
	{"party_id", "text", "partyId", false}, \
	CALL_COLUMNS, \
	{"last_modified_time", "timestamptz", "lastModifiedTime", true}, \
	MORE_CALL_COLUMNS, \
	{"deleted", "boolean", "deleted", false}, \
	{"legs", "jsonb", "legs", true}, \
	{"attrs", "jsonb", CLF_WHOLE_ROW, true}

static const ClfColumn call_columns[] = {
	RECORD_COLUMNS,
	{0}
};

/* A change, after the starting point of the query and the next token */
static const ClfColumn change_columns[] = {
	{"since", "timestamptz", "?since", true},
	{"since_token", "text", "?sinceToken", true},
	{"sync_token", "text", "%syncInfo.syncToken", true},
	{"sync_time", "timestamptz", "%syncInfo.syncTime", true},
	RECORD_COLUMNS,
	{0}
};

/* A record found, after the number searched for */
static const ClfColumn search_columns[] = {
	{"search_phone_number", "text", "?searchPhoneNumber", false},
	{"search_extension_number", "text", "?searchExtensionNumber", false},
	RECORD_COLUMNS,
	{0}
};

/* A leg, after identifiers and date of its call */
static const ClfColumn leg_columns[] = {
	{"call_id", "text NOT NULL", "^id", true},
	{"leg_number", "bigint NOT NULL", "#", true},
	{"call_start_time", "timestamptz", "^startTime", true},
	{"session_id", "text", "^sessionId", true},
	{"telephony_session_id", "text", "^telephonySessionId", true},
	{"call_type", "text", "^type", true},
	{"call_direction", "text", "^direction", true},
	CALL_COLUMNS,
	MORE_CALL_COLUMNS,
	{"leg_telephony_session_id", "text", "telephonySessionId", true},
	{"sip_uuid_info", "text", "sipUuidInfo", true},
	{"party_id", "text", "partyId", true},
	{"leg_type", "text", "legType", true},
	{"master", "boolean", "master", true},
	{"attrs", "jsonb", CLF_WHOLE_ROW, true},
	{0}
};

/*
 * A recording, with identifiers and date of its call, then the fields of
 * readCallRecording and readCallRecordingContent.
 */
static const ClfColumn recording_columns[] = {
	{"id", "text NOT NULL", "id", true},
	{"call_id", "text NOT NULL", "^id", true},
	{"session_id", "text", "^sessionId", true},
	{"telephony_session_id", "text", "^telephonySessionId", true},
	{"call_start_time", "timestamptz", "^startTime", true},
	{"type", "text", "type", true},
	{"uri", "text", "uri", true},
	{"content_uri", "text", "contentUri", true},
	{"content_type", "text", "&contentType", true},
	{"duration", "bigint", "&duration", true},
	{"content", "bytea", "@", true},
	{0}
};

/*
 * ContactResource of the directory, where extensions are named contacts.  The ids
 * are text there and numbers in calls; they are numbers here, for joins.
 */
static const ClfColumn extension_columns[] = {
	{"id", "bigint NOT NULL", "id", false},
	{"type", "text", "type", false},
	{"status", "text", "status", false},
	{"extension_number", "text", "extensionNumber", false},
	{"name", "text", "name|firstName+lastName", false},
	{"first_name", "text", "firstName", false},
	{"last_name", "text", "lastName", false},
	{"department", "text", "department", false},
	{"job_title", "text", "jobTitle", false},
	{"email", "text", "email", false},
	{"phone_numbers", "jsonb", "phoneNumbers", false},
	{"site_id", "text", "site.id", false},
	{"site_name", "text", "site.name", false},
	{"site_code", "text", "site.code", false},
	{"hidden", "boolean", "hidden", false},
	{"profile_image_uri", "text", "profileImage.uri", false},
	{"profile_image_etag", "text", "profileImage.etag", false},
	{"custom_fields", "jsonb", "customFields", false},
	{"integration", "jsonb", "integration", false},
	{"attrs", "jsonb", CLF_WHOLE_ROW, false},
	{0}
};

/*
 * GetMessageInfoResponse.  The id is a number there and a text in calls that
 * reference a message; it is a text here, for joins.
 */
static const ClfColumn message_columns[] = {
	{"id", "text NOT NULL", "id", false},
	{"uri", "text", "uri", false},
	{"extension_id", "bigint", "extensionId", false},
	{"type", "text", "type", false},
	{"direction", "text", "direction", false},
	{"availability", "text", "availability", false},
	{"read_status", "text", "readStatus", false},
	{"message_status", "text", "messageStatus", false},
	{"priority", "text", "priority", false},
	{"creation_time", "timestamptz", "creationTime", false},
	{"last_modified_time", "timestamptz", "lastModifiedTime", false},
	{"conversation_id", "text", "conversationId", false},
	{"subject", "text", "subject", false},
	{"from_phone_number", "text", "from.phoneNumber", false},
	{"from_extension_number", "text", "from.extensionNumber", false},
	{"from_extension_id", "text", "from.extensionId", false},
	{"from_name", "text", "from.name", false},
	{"from_location", "text", "from.location", false},
	{"to", "jsonb", "to", false},
	{"attachments", "jsonb", "attachments", false},
	{"fax_page_count", "bigint", "faxPageCount", false},
	{"fax_resolution", "text", "faxResolution", false},
	{"cover_index", "bigint", "coverIndex", false},
	{"cover_page_text", "text", "coverPageText", false},
	{"delivery_error_code", "text", "deliveryErrorCode", false},
	{"segment_count", "bigint", "segmentCount", false},
	{"sms_delivery_time", "timestamptz", "smsDeliveryTime", false},
	{"sms_sending_attempts_count", "bigint", "smsSendingAttemptsCount", false},
	{"pg_to_department", "boolean", "pgToDepartment", false},
	{"vm_transcription_status", "text", "vmTranscriptionStatus", false},
	{"private", "boolean", "private", false},
	{"owner_extension_id", "text", "owner.extensionId", false},
	{"owner_extension_type", "text", "owner.extensionType", false},
	{"owner_name", "text", "owner.name", false},
	{"forwarding", "jsonb", "forwarding", false},
	{"attrs", "jsonb", CLF_WHOLE_ROW, false},
	{0}
};

static const char *const leg_rows[] = {"legs.*", NULL};
static const char *const recording_rows[] = {
	"recording", "legs.*.recording", NULL
};
static const char *const recording_details[] = {"id", "contentUri", NULL};

static const char *const type_values[] = {"Voice", "Fax", NULL};
static const char *const direction_values[] = {"Inbound", "Outbound", NULL};
static const char *const transport_values[] = {"PSTN", "VoIP", NULL};
static const char *const recording_type_values[] = {
	"Automatic", "OnDemand", NULL
};

/*
 * Types supported as a filter of the directory, except User: other types are
 * returned as User as well, and it is not documented whether the filter matches
 * them.
 */
static const char *const extension_type_values[] = {
	"Department", "Announcement", "Voicemail", "SharedLinesGroup",
	"PagingOnly", "IvrMenu", "ParkLocation", "Limited", "External",
	"DelegatedLinesGroup", "TieLine", NULL
};

static const char *const message_type_values[] = {
	"Fax", "SMS", "VoiceMail", "Pager", NULL
};
static const char *const read_status_values[] = {"Read", "Unread", NULL};
static const char *const availability_values[] = {
	"Alive", "Deleted", "Purged", NULL
};
static const char *const undeleted_values[] = {"Alive", NULL};

/* Filter parameters, with the path of their column */
#define IDS_FILTER(path) \
	{ \
		.json_path = path, \
		.parameter = "callRecordId", \
		.operators = CLF_OP_EQUAL | CLF_OP_IDS, \
		.levels = CLF_AT_BOTH \
	}
#define WINDOW_FILTER(path) \
	{ \
		.json_path = path, \
		.parameter = "dateFrom", \
		.operators = CLF_OP_RANGE, \
		.levels = CLF_AT_BOTH \
	}
#define SESSION_FILTER(path, name, allowed) \
	{ \
		.json_path = path, \
		.parameter = name, \
		.operators = CLF_OP_EQUAL, \
		.levels = CLF_AT_BOTH, \
		.characters = allowed, \
		.exclusion = CLF_EXCLUSIVE_SESSION \
	}
#define ENUM_FILTER(path, name, at, allowed) \
	{ \
		.json_path = path, \
		.parameter = name, \
		.operators = CLF_OP_EQUAL, \
		.levels = at, \
		.values = allowed, \
		.repeatable = true \
	}
#define RECORDING_FILTER(path, ops) \
	{ \
		.json_path = path, \
		.parameter = "recordingType", \
		.operators = ops, \
		.levels = CLF_AT_BOTH, \
		.values = recording_type_values, \
		.any_value = "All" \
	}

/*
 * readCompanyCallLog and readUserCallLog, readCompanyCallRecord and
 * readUserCallRecord.
 *
 * Not used: phoneNumber, because its matching depends on the format of the number,
 * so rows could be lost, which a local recheck cannot detect; metadataCategory,
 * because its matching is not documented.
 */
static const ClfFilter call_log_filters[] = {
	IDS_FILTER("id"),
	WINDOW_FILTER("startTime"),
	SESSION_FILTER("telephonySessionId", "telephonySessionId",
				   CLF_LETTERS CLF_DIGITS "-_.~+/="),
	SESSION_FILTER("sessionId", "sessionId", CLF_DIGITS),
	ENUM_FILTER("type", "type", CLF_AT_BOTH, type_values),
	ENUM_FILTER("direction", "direction", CLF_AT_BOTH, direction_values),
	ENUM_FILTER("transport", "transport", CLF_AT_EXTENSION, transport_values),
	RECORDING_FILTER("recording.type", CLF_OP_EQUAL | CLF_OP_PRESENT),
	RECORDING_FILTER("recording.id", CLF_OP_PRESENT),
	{0}
};

/*
 * The same endpoints, with a number to search for.  It is not documented which
 * formats of a phone number match, nor which fields are compared with an extension
 * number, so neither is used as a filter of other columns.  Session ids are not
 * sent with a number: the API rejects the combination (CLG-110).  A number has at
 * most 15 digits (E.164).
 */
static const ClfFilter search_filters[] = {
	{
		.json_path = "?searchPhoneNumber",
		.parameter = "phoneNumber",
		.operators = CLF_OP_SEARCH,
		.levels = CLF_AT_BOTH,
		.punctuation = " ()-./",
		.characters = CLF_DIGITS,
		.max_length = 15
	},
	{
		.json_path = "?searchExtensionNumber",
		.parameter = "extensionNumber",
		.operators = CLF_OP_SEARCH,
		.levels = CLF_AT_BOTH,
		.characters = CLF_DIGITS,
		.max_length = 10
	},
	WINDOW_FILTER("startTime"),
	ENUM_FILTER("type", "type", CLF_AT_BOTH, type_values),
	ENUM_FILTER("direction", "direction", CLF_AT_BOTH, direction_values),
	ENUM_FILTER("transport", "transport", CLF_AT_EXTENSION, transport_values),
	RECORDING_FILTER("recording.type", CLF_OP_EQUAL | CLF_OP_PRESENT),
	RECORDING_FILTER("recording.id", CLF_OP_PRESENT),
	{0}
};

/* The same endpoints; the parameters filter calls, not legs */
#define CALL_FILTERS \
	IDS_FILTER("^id"), \
	WINDOW_FILTER("^startTime"), \
	SESSION_FILTER("^telephonySessionId", "telephonySessionId", \
				   CLF_LETTERS CLF_DIGITS "-_.~+/="), \
	SESSION_FILTER("^sessionId", "sessionId", CLF_DIGITS)

static const ClfFilter leg_filters[] = {
	CALL_FILTERS,
	ENUM_FILTER("^type", "type", CLF_AT_BOTH, type_values),
	ENUM_FILTER("^direction", "direction", CLF_AT_BOTH, direction_values),
	{0}
};

/*
 * The same endpoints, for calls with recordings.  "Call records with recordings of
 * particular type" (API reference) are assumed to be calls where the call or a
 * leg has one.
 */
static const ClfFilter recording_filters[] = {

	/* account level only: would find recordings of other extensions */
	{
		.json_path = "id",
		.parameter = "callRecordingId",
		.operators = CLF_OP_EQUAL | CLF_OP_IDS | CLF_OP_DETAILS,
		.levels = CLF_AT_ACCOUNT
	},
	CALL_FILTERS,
	{
		.json_path = "type",
		.parameter = "recordingType",
		.operators = CLF_OP_EQUAL,
		.levels = CLF_AT_BOTH,
		.values = recording_type_values,
		.any_value = "All",
		.always = true
	},
	{0}
};

/* listCompanyActiveCalls and listExtensionActiveCalls */
static const ClfFilter active_call_filters[] = {
	ENUM_FILTER("type", "type", CLF_AT_BOTH, type_values),
	ENUM_FILTER("direction", "direction", CLF_AT_BOTH, direction_values),
	ENUM_FILTER("transport", "transport", CLF_AT_BOTH, transport_values),
	{0}
};

/* extractSyncAccountCallLog, syncAccountCallLog and syncUserCallLog */
static const ClfFilter change_filters[] = {
	{
		.json_path = "?since",
		.parameter = "dateFrom",
		.operators = CLF_OP_SINCE,
		.levels = CLF_AT_BOTH
	},
	{
		.json_path = "?sinceToken",
		.parameter = "syncToken",
		.operators = CLF_OP_SINCE_TOKEN,
		.levels = CLF_AT_BOTH
	},

	/* not a parameter, but no request is needed for an empty range */
	{
		.json_path = "startTime",
		.parameter = "",
		.operators = CLF_OP_RANGE,
		.levels = CLF_AT_BOTH
	},
	{0}
};

/* listDirectoryEntries */
static const ClfFilter extension_filters[] = {
	{
		.json_path = "type",
		.parameter = "type",
		.operators = CLF_OP_EQUAL,
		.levels = CLF_AT_ACCOUNT,
		.values = extension_type_values
	},
	{
		.json_path = "site.id",
		.parameter = "siteId",
		.operators = CLF_OP_EQUAL,
		.levels = CLF_AT_ACCOUNT,
		.characters = CLF_DIGITS
	},
	{0}
};

/*
 * listMessages.  The default of availability is not documented, so it is always
 * sent.  Not used: phoneNumber, as for calls.
 */
static const ClfFilter message_filters[] = {
	WINDOW_FILTER("creationTime"),
	{
		.json_path = "extensionId",
		.parameter = "extensionId",
		.operators = CLF_OP_EXTENSION,
		.levels = CLF_AT_ACCOUNT,
		.characters = CLF_DIGITS,
		.max_length = 19
	},
	{
		.json_path = "type",
		.parameter = "messageType",
		.operators = CLF_OP_EQUAL,
		.levels = CLF_AT_BOTH,
		.values = message_type_values,
		.repeatable = true
	},
	ENUM_FILTER("direction", "direction", CLF_AT_BOTH, direction_values),
	ENUM_FILTER("readStatus", "readStatus", CLF_AT_BOTH, read_status_values),
	{
		.json_path = "availability",
		.parameter = "availability",
		.operators = CLF_OP_EQUAL,
		.levels = CLF_AT_BOTH,
		.values = availability_values,
		.undeleted = undeleted_values,
		.repeatable = true,
		.always = true
	},
	{
		.json_path = "conversationId",
		.parameter = "conversationId",
		.operators = CLF_OP_EQUAL,
		.levels = CLF_AT_BOTH,
		.characters = CLF_DIGITS
	},
	{0}
};

#define CALL_LOG_PATHS \
	[CLF_LEVEL_ACCOUNT] = "/restapi/v1.0/account/{account}/call-log", \
	[CLF_LEVEL_EXTENSION] = \
	"/restapi/v1.0/account/{account}/extension/{extension}/call-log"

#define ACTIVE_CALLS_PATHS \
	[CLF_LEVEL_ACCOUNT] = "/restapi/v1.0/account/{account}/active-calls", \
	[CLF_LEVEL_EXTENSION] = \
	"/restapi/v1.0/account/{account}/extension/{extension}/active-calls"

#define CALL_LOG_SYNC_OF_EXTENSION \
	"/restapi/v1.0/account/{account}/extension/{extension}/call-log-sync"

#define MESSAGE_STORE_OF_EXTENSION \
	"/restapi/v1.0/account/{account}/extension/{extension}/message-store"

#define CALL_LOG_OPTIONS \
	[CLF_LEVEL_ACCOUNT] = \
	CLF_HAS_SHOW_DELETED | CLF_HAS_EXTENSION_NUMBER | CLF_HAS_HISTORY, \
	[CLF_LEVEL_EXTENSION] = \
	CLF_HAS_SHOW_DELETED | CLF_HAS_EXTENSION_NUMBER | CLF_HAS_HISTORY | \
	CLF_HAS_SHOW_BLOCKED

/* readCompanyCallLog and readUserCallLog, and the same by id */
#define CALL_LOG_ENDPOINTS \
	.path = {CALL_LOG_PATHS}, \
	.options = {CALL_LOG_OPTIONS}, \
	.has_views = true, \
	.windowed = true, \
	.max_ids = 50

/* A list of call records with numbered pages */
#define PAGED_RECORDS \
	.frame_path = "navigation", \
	.next_path = "navigation.nextPage", \
	.throttling_group = "heavy", \
	.id_path = "id", \
	.time_path = "startTime", \
	.max_page = 1000

const ClfResource clf_resources[] = {
	{
		.name = "call_log",
		.rows_per_record = 1,
		.order_path = "startTime",
		.levels = CLF_AT_BOTH,
		CALL_LOG_ENDPOINTS,
		PAGED_RECORDS,
		.columns = call_columns,
		.filters = call_log_filters
	},
	{
		.name = "call_log_legs",
		.rows_per_record = 3,
		.order_path = "^startTime",
		.levels = CLF_AT_BOTH,
		CALL_LOG_ENDPOINTS,
		.rows_paths = leg_rows,
		PAGED_RECORDS,
		.columns = leg_columns,
		.filters = leg_filters
	},
	{
		.name = "active_calls",
		.rows_per_record = 1,
		.order_path = "startTime",
		.levels = CLF_AT_BOTH,
		.path = {ACTIVE_CALLS_PATHS},
		.has_views = true,
		.records = 50,
		PAGED_RECORDS,
		.columns = call_columns,
		.filters = active_call_filters
	},
	{
		.name = "recordings",
		.rows_per_record = 1,
		.order_path = "^startTime",
		.levels = CLF_AT_BOTH,
		CALL_LOG_ENDPOINTS,
		.rows_paths = recording_rows,
		.row_id_path = "id",
		.details_path = "/restapi/v1.0/account/{account}/recording",
		.details_fields = recording_details,
		PAGED_RECORDS,
		.columns = recording_columns,
		.filters = recording_filters
	},
	{
		.name = "call_log_changes",
		.rows_per_record = 1,
		.levels = CLF_AT_BOTH,
		.path = {
			[CLF_LEVEL_ACCOUNT] =
			"/restapi/v1.0/account/{account}/call-log-extract-sync",
			[CLF_LEVEL_EXTENSION] = CALL_LOG_SYNC_OF_EXTENSION
		},
		.options = {
			[CLF_LEVEL_ACCOUNT] = CLF_HAS_SHOW_DELETED,
			[CLF_LEVEL_EXTENSION] = CLF_HAS_SHOW_DELETED
		},
		.has_views = true,
		.changes = true,
		.cached_in_statement = true,

		/*
		 * Only call-log-sync has showDeleted.  Its responses have at most 250
		 * records and do not indicate whether more exist.
		 */
		.deletions_path = {
			[CLF_LEVEL_ACCOUNT] =
			"/restapi/v1.0/account/{account}/call-log-sync",
			[CLF_LEVEL_EXTENSION] = CALL_LOG_SYNC_OF_EXTENSION
		},
		.deletions_count = 250,
		.frame_path = "syncInfo",
		.next_path = "syncInfo.newerRecordsExist",
		.throttling_group = "heavy",
		.id_path = "id",
		.version_path = "lastModifiedTime",
		.time_path = "startTime",
		.columns = change_columns,
		.filters = change_filters
	},
	{
		.name = "call_log_search",
		.rows_per_record = 1,
		.order_path = "startTime",
		.levels = CLF_AT_BOTH,
		.path = {CALL_LOG_PATHS},
		.options = {
			[CLF_LEVEL_ACCOUNT] = CLF_HAS_SHOW_DELETED | CLF_HAS_HISTORY,
			[CLF_LEVEL_EXTENSION] = CLF_HAS_SHOW_DELETED | CLF_HAS_HISTORY |
			CLF_HAS_SHOW_BLOCKED
		},
		.has_views = true,
		.windowed = true,
		.search = true,
		PAGED_RECORDS,
		.columns = search_columns,
		.filters = search_filters
	},
	{
		.name = "extensions",
		.rows_per_record = 1,
		.levels = CLF_AT_ACCOUNT,
		.path = {
			[CLF_LEVEL_ACCOUNT] =
			"/restapi/v1.0/account/{account}/directory/entries",
		},
		.constant_parameters = "showFederated=false",
		.records = 200,
		.frame_path = "paging",
		.pages_path = "paging.totalPages",
		.all_records = "all",
		.cached_in_statement = true,
		.throttling_group = "medium",
		.id_path = "id",
		.max_page = 1000,
		.columns = extension_columns,
		.filters = extension_filters
	},
	{
		.name = "messages",
		.rows_per_record = 1,
		.order_path = "creationTime",
		.levels = CLF_AT_BOTH,
		.path = {
			[CLF_LEVEL_ACCOUNT] = MESSAGE_STORE_OF_EXTENSION,
			[CLF_LEVEL_EXTENSION] = MESSAGE_STORE_OF_EXTENSION
		},
		.options = {
			[CLF_LEVEL_ACCOUNT] = CLF_HAS_SHOW_DELETED | CLF_HAS_HISTORY,
			[CLF_LEVEL_EXTENSION] = CLF_HAS_SHOW_DELETED | CLF_HAS_HISTORY
		},
		.windowed = true,
		.frame_path = "navigation",
		.next_path = "navigation.nextPage",
		.throttling_group = "light",
		.id_path = "id",
		.time_path = "creationTime",
		.max_page = 1000,
		.columns = message_columns,
		.filters = message_filters
	},
	{0}
};

/*
 * clf_find_resource
 *		Find a resource by name; NULL if none.
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
 *		Find a column by its SQL name; NULL if none.
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

/*
 * clf_is_first_of_parameter
 *		Is it the first of the resource's filters with its parameter?  The
 *		conditions on all of them are sent as one.
 */
bool
clf_is_first_of_parameter(const ClfResource *resource, const ClfFilter *filter)
{
	const ClfFilter *f = resource->filters;

	while (strcmp(f->parameter, filter->parameter) != 0)
		f++;
	return f == filter;
}

/*
 * clf_path_needs_detailed
 *		Does the value of the path require view=Detailed?
 *
 * Parts of records, and the version of a record, are returned in that view only.
 * A path unrelated to all columns was probably added by a later version of the
 * API; the detailed view contains all fields.
 */
bool
clf_path_needs_detailed(const ClfResource *resource, const ClfPath *path)
{
	bool		known = path->origin == CLF_FROM_CONSTANT;

	if (resource->rows_paths || resource->version_path)
		return true;
	for (const ClfColumn *c = resource->columns; c->name != NULL; c++)
	{
		ClfPath		other = clf_path(c->json_path);

		if (other.origin != path->origin ||
			!clf_keys_touch(other.keys, path->keys))
			continue;
		if (c->detailed)
			return true;
		known = true;
	}
	return !known;
}

/*
 * clf_path_in_details
 *		Does the details resource contain the value of the path?
 */
bool
clf_path_in_details(const ClfResource *resource, const ClfPath *path)
{
	if (resource->details_path == NULL)
		return false;
	for (const char *const *f = resource->details_fields; *f != NULL; f++)
	{
		if (strcmp(*f, path->text) == 0)
			return true;
	}
	return CLF_IS_PER_ROW(path->origin) || path->origin == CLF_FROM_CONSTANT;
}

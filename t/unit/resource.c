/*-------------------------------------------------------------------------
 *
 * resource.c
 *	  Unit tests of api/resource.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/resource.h"
#include "unit.h"

void
test_views(void)
{
	static const struct
	{
		const char *path;
		bool		detailed;
	}			cases[] = {
		{"id", false}, {"from", false}, {"from.name", false},
		{"recording", false}, {"legs", true}, {"legs.0.legType", true},
		{"billing", true}, {"billing.costIncluded", true}, {"$", true},
		{"transport", true}, {"aFieldOfTomorrow", true}, {"fro", true},
		{"fromage", true}, {"lastModifiedTime", true},
	};
	const ClfResource *resource = clf_find_resource("call_log");

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		ClfPath		path = clf_path(cases[i].path);

		unit_check(cases[i].path,
				   clf_path_needs_detailed(resource, &path) ? "Detailed" : "Simple",
				   cases[i].detailed ? "Detailed" : "Simple");
	}
	unit_check_true("no such resource", clf_find_resource("call-log") == NULL);
	unit_check_true("no such column", clf_find_column(resource, "Id") == NULL);
}

/* Every filter has a column; check the assumptions of bind_filters */
void
test_tables(void)
{
	for (const ClfResource *r = clf_resources; r->name; r++)
	{
		for (const ClfFilter *f = r->filters; f->json_path; f++)
		{
			bool		found = false;

			for (const ClfColumn *c = r->columns; c->name; c++)
				found |= strcmp(c->json_path, f->json_path) == 0;
			unit_check_true(f->json_path, found);
			unit_check_true(f->parameter, (f->operators & CLF_OP_RANGE) ||
							(f->operators & (CLF_OP_IDS | CLF_OP_INPUT)) ||
							(f->values != NULL) != (f->characters != NULL));
			unit_check_true(f->parameter, !f->always || f->any_value != NULL ||
							f->undeleted != NULL);
		}
	}
}

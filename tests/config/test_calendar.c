#include "config/calendar.h"

#include <criterion/criterion.h>

#define DAY(year, day_of_year) (((year)-1970) * 365 + ((year)-1969) / 4 + (day_of_year)-1)
#define AT(year, day_of_year) (INT64_C(1) * DAY(year, day_of_year) * MS_PER_DAY)

Test(calendar, a_day_lies_in_its_seasons)
{
	struct calendar c;

	cr_assert_null(
		calendar_parse(" Winter = 12-01/02-29 , late=12-31/12-31,christmas=11-15/12-24,winter=06-01/06-02",
			       &c));
	cr_assert_eq(c.n, 4);
	cr_assert_eq(calendar_named(&c, STR("winter")), 9);
	cr_assert_eq(calendar_named(&c, STR("Late")), 2);
	cr_assert_eq(calendar_named(&c, STR("wint")), 0);
	cr_assert_eq(calendar_named(&c, (struct str){ NULL, 0 }), 0);
	cr_assert_eq(calendar_at(&c, AT(2026, 1)), 1);
	cr_assert_eq(calendar_at(&c, AT(2026, 59)), 1);  /* 28 February */
	cr_assert_eq(calendar_at(&c, AT(2026, 60)), 0);  /* 1 March */
	cr_assert_eq(calendar_at(&c, AT(2028, 60)), 1);  /* 29 February */
	cr_assert_eq(calendar_at(&c, AT(2026, 152)), 8); /* 1 June */
	cr_assert_eq(calendar_at(&c, AT(2026, 152) - 1), 0);
	cr_assert_eq(calendar_at(&c, AT(2026, 335)), 5);   /* 1 December */
	cr_assert_eq(calendar_at(&c, AT(2027, 1) - 1), 3); /* the last moment of 31 December */
	cr_assert_eq(calendar_at(&c, 0), 1);
	cr_assert_eq(calendar_at(&c, -1), 3);
}

Test(calendar, no_seasons_are_fine)
{
	struct calendar c;

	cr_assert_null(calendar_parse("", &c));
	cr_assert_eq(calendar_at(&c, 0), 0);
	cr_assert_null(calendar_parse(" ", &c));
	cr_assert_eq(c.n, 0);
}

Test(calendar, what_is_no_calendar_is_refused)
{
	static const char *const bad[] = {
		"winter",
		"=12-01/02-01",
		"winter=12-01",
		"winter=12-01/",
		"winter=13-01/02-01",
		"winter=00-01/02-01",
		"winter=12-32/02-01",
		"winter=12-01/02-01 x",
		"winter=12-01-02-01",
		"winter=1-1/2-1",
		",",
		"a=12-01/02-01,,",
		"winter=12-0a/02-01",
		"a,b=12-01/02-01",
	};
	char many[33 * 16 + 1] = "";
	struct calendar c;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert_not_null(calendar_parse(bad[i], &c), "%s", bad[i]);
	for (int i = 0; i < 33; i++)
		memcpy(many + i * 14, "a=01-01/01-02,", 15);
	cr_assert_not_null(calendar_parse(many, &c));
	many[32 * 14] = '\0';
	cr_assert_null(calendar_parse(many, &c));
}

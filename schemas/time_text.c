#include "schemas/decode.h"

#define TIME_BEGIN_MS (-INT64_C(62167219200000)) /* the year 0 */

static bool leap_year(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int year, int month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && leap_year(year));
}

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar, years 0..9999. */
static int64_t days_of(int year, int month, int day)
{
	static const uint16_t before_month[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	int64_t y = year + 399; /* whole years behind us, counted from year -399 to stay positive */

	return y * 365 + y / 4 - y / 100 + y / 400 - 146097 - 719162 + before_month[month - 1] +
	       (month > 2 && leap_year(year)) + day - 1;
}

static bool take_number(const char **p, const char *end, int digits, int *ret)
{
	int v = 0;

	if (end - *p < digits)
		return false;
	for (int i = 0; i < digits; i++) {
		unsigned d = (unsigned char)(*p)[i] - (unsigned)'0';

		if (d > 9)
			return false;
		v = v * 10 + (int)d;
	}
	*p += digits;
	*ret = v;
	return true;
}

static bool take_char(const char **p, const char *end, char c)
{
	if (*p >= end || **p != c)
		return false;
	++*p;
	return true;
}

/* "full-date" of RFC 3339. */
static bool take_date(const char **p, const char *end, int64_t *ret_days)
{
	int year, month, day;

	if (!take_number(p, end, 4, &year) || !take_char(p, end, '-') || !take_number(p, end, 2, &month) ||
	    !take_char(p, end, '-') || !take_number(p, end, 2, &day))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return false;
	*ret_days = days_of(year, month, day);
	return true;
}

/* "partial-time": a second of 60 is allowed here and judged when the offset is known. */
static bool take_time(const char **p, const char *end, int64_t *ret_ms, bool *ret_leap)
{
	int hour, minute, second, ms = 0, scale = 100;

	if (!take_number(p, end, 2, &hour) || !take_char(p, end, ':') || !take_number(p, end, 2, &minute) ||
	    !take_char(p, end, ':') || !take_number(p, end, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	if (take_char(p, end, '.')) {
		int digit;

		if (!take_number(p, end, 1, &digit))
			return false;
		do {
			ms += digit * scale;
			scale /= 10;
		} while (take_number(p, end, 1, &digit));
	}
	*ret_ms = (hour * 60 + minute) * MS_PER_MINUTE + second * MS_PER_SECOND + ms;
	*ret_leap = second == 60;
	return true;
}

/* "time-offset": Z, or +hh:mm, -hh:mm. */
static bool take_offset(const char **p, const char *end, int64_t *ret_ms)
{
	int hour, minute, sign;

	*ret_ms = 0;
	if (take_char(p, end, 'Z') || take_char(p, end, 'z'))
		return true;
	sign = take_char(p, end, '+') ? 1 : -1;
	if (sign < 0 && !take_char(p, end, '-'))
		return false;
	if (!take_number(p, end, 2, &hour) || !take_char(p, end, ':') || !take_number(p, end, 2, &minute))
		return false;
	if (hour > 23 || minute > 59)
		return false;
	*ret_ms = sign * (hour * 60 + minute) * MS_PER_MINUTE;
	return true;
}

bool parse_rfc3339(struct str text, int64_t *ret_ms)
{
	const char *p = text.p, *end = text.p + text.n;
	int64_t days, ms, offset, t;
	bool leap;

	if (!text.n || !take_date(&p, end, &days))
		return false;
	if (!take_char(&p, end, 'T') && !take_char(&p, end, 't'))
		return false;
	if (!take_time(&p, end, &ms, &leap) || !take_offset(&p, end, &offset) || p != end)
		return false;
	t = days * MS_PER_DAY + ms - offset;
	/* A leap second ends a UTC day; it becomes the first second of the next one, as in POSIX. */
	if (leap && time_bucket(t, MS_PER_SECOND) * MS_PER_SECOND % MS_PER_DAY != 0)
		return false;
	*ret_ms = t;
	return true;
}

static char *put_number(char *at, int v, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		at[i] = (char)('0' + v % 10);
		v /= 10;
	}
	return at + digits;
}

void format_rfc3339(int64_t t_ms, char buf[32])
{
	int64_t days;
	int year, month = 1, ms;
	char *at = buf;

	/* Beyond the years 0..9999 there is no text: show the nearest one. */
	if (t_ms < TIME_BEGIN_MS)
		t_ms = TIME_BEGIN_MS;
	else if (t_ms >= TIME_END_MS)
		t_ms = TIME_END_MS - 1;
	days = time_bucket(t_ms, MS_PER_DAY);
	ms = (int)(t_ms - days * MS_PER_DAY);
	year = (int)(1970 + time_bucket(days * 400, 146097)); /* at most one too many or too few */
	while (days < days_of(year, 1, 1))
		year--;
	while (year < 9999 && days >= days_of(year + 1, 1, 1))
		year++;
	while (month < 12 && days >= days_of(year, month + 1, 1))
		month++;
	at = put_number(at, year, 4);
	*at++ = '-';
	at = put_number(at, month, 2);
	*at++ = '-';
	at = put_number(at, (int)(days - days_of(year, month, 1)) + 1, 2);
	*at++ = 'T';
	at = put_number(at, ms / (int)MS_PER_HOUR, 2);
	*at++ = ':';
	at = put_number(at, ms / (int)MS_PER_MINUTE % 60, 2);
	*at++ = ':';
	at = put_number(at, ms / (int)MS_PER_SECOND % 60, 2);
	*at++ = '.';
	at = put_number(at, ms % 1000, 3);
	*at++ = 'Z';
	*at = '\0';
}

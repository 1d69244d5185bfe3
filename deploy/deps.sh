#!/bin/sh
# deps.sh PACKAGE... - a PACKAGE may be COMMAND:PACKAGE: not missing where that command is there, whoever installed it.
# Install those Debian packages that are missing; as root, or with sudo that asks nothing.
# Otherwise print the command to run and fail. Nothing missing: no network, no privilege.
set -eu

missing=
for package in "$@"; do
	case "$package" in
	*:*)
		! command -v "${package%%:*}" >/dev/null || continue
		package=${package#*:}
		;;
	esac
	case "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)" in
	*"ok installed") ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "make deps: no apt-get here; install the equivalents of:$missing" >&2
	exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
	as_root=
elif sudo -n true 2>/dev/null; then
	as_root="sudo -n"
else
	echo "make deps: packages are missing; as root, run:" >&2
	echo "  apt-get update && apt-get install -y --no-install-recommends$missing" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing

# The dashboard in a headless browser, on a running demo. BROWSER="rules people" runs only those stories.
BROWSER ?=

.PHONY: test-browser
test-browser: $(OUT)/aisle
	AISLE=$(OUT)/aisle /usr/bin/python3 tests/browser/dashboard.py $(BROWSER)

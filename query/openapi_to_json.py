"""openapi.yaml on stdin, the same as one line of JSON on stdout. Dates must be quoted: JSON has none."""
import json
import sys

import yaml

json.dump(yaml.safe_load(sys.stdin), sys.stdout, separators=(",", ":"), ensure_ascii=False)
